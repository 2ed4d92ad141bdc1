// Both eras by hand, beyond what SDKs exercise: version negotiation, sessions, batches, paging, streams, keys, and where
// an api is served.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { rawRequest, requestBytes } from './lib/raw.mjs';
import { LEGACY, caller, modernRequest } from './lib/rpc.mjs';
import { startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

let upstream, server, key, call;
before(async () => {
  upstream = await startUpstream();
  const environments = [{ name: 'production', base_url: upstream.url }];
  server = await startServer({
    apis: [
      { name: 'echo', document: echoDocument, environments },
      { name: 'open', document: echoDocument, options: { auth: 'none', path: '/api/v4/mcp', page: 2 }, environments },
      { name: 'two', document: echoDocument, environments: [{ name: 'sandbox', base_url: upstream.url + '/items/s' }, { name: 'production', base_url: upstream.url + '/items/p' }] },
    ],
  });
  key = await server.key('eras', 'echo');
  call = caller(server, { key });
});
after(async () => {
  const code = await server?.stop();
  await upstream?.stop();
  assert.equal(code ?? 0, 0, 'SIGTERM ends it with 0');
});
const hello = (protocolVersion) => ({ protocolVersion, capabilities: {}, clientInfo: { name: 'raw', version: '1' } });

for (const version of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])
  test(`legacy ${version}: initialize, initialized, list, ping, end`, async () => {
    const began = await call.legacy('initialize', hello(version));
    assert.equal(began.status, 200);
    assert.equal(began.json.result.protocolVersion, version);
    assert.ok(began.json.result.serverInfo.name && began.json.result.capabilities.tools);
    const session = began.headers['mcp-session-id'];
    const told = await call.legacy('notifications/initialized', undefined, { session, version, id: null });
    assert.equal(told.status, 202);
    assert.equal(told.body, '');
    const bare = version < '2025-06-18' ? { 'MCP-Protocol-Version': null } : {}; // the header came with 2025-06-18
    const listed = await call.legacy('tools/list', {}, { session, version, headers: bare });
    assert.ok(listed.json.result.tools.length >= 5);
    const pong = await call.legacy('ping', undefined, { session, version, id: 'a string' });
    assert.equal(pong.json.id, 'a string');
    assert.deepEqual(pong.json.result, {});
    if (session) {
      const ended = await call.legacy('', undefined, { session, version, send: { method: 'DELETE', body: undefined } });
      assert.ok([200, 202, 204].includes(ended.status), `DELETE: HTTP ${ended.status}`);
      assert.equal((await call.legacy('tools/list', {}, { session, version })).status, 404);
    }
  });
test('an unknown version: the newest legacy one is offered', async () => {
  assert.equal((await call.legacy('initialize', hello('1999-01-01'))).json.result.protocolVersion, LEGACY);
  assert.equal((await call.legacy('initialize', hello('2099-01-01'))).json.result.protocolVersion, LEGACY);
});
test('batches where the revision has them, nowhere else', async () => {
  const batch = JSON.stringify([{ jsonrpc: '2.0', id: 1, method: 'ping' }, { jsonrpc: '2.0', method: 'notifications/initialized' }, { jsonrpc: '2.0', id: 2, method: 'tools/list' }]);
  const send = async (version) => {
    const { session } = await call.session(version);
    return call.legacy('x', undefined, { session, version, send: { body: batch } });
  };
  const two = await send('2025-03-26');
  assert.equal(two.status, 200);
  assert.deepEqual(two.json.map((m) => m.id).sort(), [1, 2]);
  assert.equal((await send('2025-11-25')).status, 400);
});
test('a batch whose calls wait, beside requests of the other era on other connections', async () => {
  const { session } = await call.session('2025-03-26');
  const slow = (id) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'slow', arguments: { ms: 60 } } });
  const batch = [slow('a'), { jsonrpc: '2.0', id: 'b', method: 'ping' }, { jsonrpc: '2.0', method: 'notifications/initialized' }, slow('c'), 7,
    { jsonrpc: '2.0', id: 'd', method: 'nobody' }, { jsonrpc: '2.0', id: 'e', method: 'tools/call', params: { name: 'echo', arguments: { text: 'x', count: 'many' } } },
    { jsonrpc: '2.0', id: 'f', method: 'tools/list' }];
  let over = false;
  const others = (async () => { for (let i = 0; !over; i++) assert.equal((await call.modern('tools/list', {}, { id: i })).status, 200); })();
  const r = await call.legacy('x', undefined, { session, version: '2025-03-26', send: { body: JSON.stringify(batch) } });
  over = true;
  await others;
  assert.equal(r.status, 200, r.body);
  assert.deepEqual(r.json.map((m) => m.id), ['a', 'b', 'c', null, 'd', 'e', 'f']);
  assert.match(r.json[0].result.content[0].text, /slept/);
  assert.match(r.json[2].result.content[0].text, /slept/);
  assert.deepEqual([r.json[1].result, r.json[3].error.code, r.json[4].error.code, r.json[5].result.isError], [{}, -32600, -32601, true]);
  assert.equal(r.json[6].result.tools.length, (await call.tools()).length);
});
test('batches that cannot be taken: empty, too long, of the other era, of an ended session', async () => {
  const send = (list, o = {}) => call.legacy('x', undefined, { version: '2025-03-26', ...o, send: { body: JSON.stringify(list) } });
  const ping = (id) => ({ jsonrpc: '2.0', id, method: 'ping' });
  assert.equal((await send([])).status, 400);
  assert.equal((await send(Array.from({ length: 33 }, (_, i) => ping(i)))).status, 400);
  assert.equal((await send(Array.from({ length: 32 }, (_, i) => ping(i)))).json.length, 32);
  assert.equal((await send([JSON.parse(modernRequest('tools/list', {}, {}).body)], { headers: { 'MCP-Protocol-Version': null } })).status, 400);
  const { session } = await call.session('2025-11-25');
  assert.equal((await send([ping(1)], { session, headers: { 'MCP-Protocol-Version': null } })).status, 400, 'the session says which version');
  await call.legacy('', undefined, { session, send: { method: 'DELETE', body: undefined } });
  assert.equal((await send([ping(1)], { session })).status, 404);
  assert.equal((await send([{ jsonrpc: '2.0', method: 'notifications/initialized' }])).status, 202);
});
test('errors before any method: JSON, version, size', async () => {
  const bad = await call.legacy('x', undefined, { send: { body: '{not json' } });
  assert.equal(bad.status, 400);
  assert.equal(bad.json.error.code, -32700);
  const version = await call.legacy('ping', undefined, { headers: { 'MCP-Protocol-Version': '1999-01-01' } });
  assert.equal(version.status, 400);
  const huge = await call.legacy('ping', undefined, { send: { body: ' '.repeat(300 * 1024) } });
  assert.equal(huge.status, 413);
  const put = await rawRequest(server.port, { method: 'PUT', path: '/mcp', host: server.host, headers: { Authorization: `Bearer ${key}` }, body: '{}' });
  assert.equal(put.status, 405);
});
test('server/discover says what there is', async () => {
  const { result } = (await call.modern('server/discover', {})).json;
  assert.equal(result.resultType, 'complete');
  assert.ok(result.supportedVersions.includes('2026-07-28'));
  assert.ok(result.capabilities.tools);
  assert.ok(Number.isInteger(result.ttlMs) && ['public', 'private'].includes(result.cacheScope));
  assert.ok(result._meta['io.modelcontextprotocol/serverInfo'].version);
});
test('tools/list: the same bytes each time, with lifetime and scope', async () => {
  const a = await call.modern('tools/list', {}), b = await call.modern('tools/list', {});
  assert.equal(a.body, b.body);
  assert.ok(a.json.result.ttlMs <= 60000 && ['public', 'private'].includes(a.json.result.cacheScope));
  for (const t of a.json.result.tools) {
    assert.match(t.name, /^[A-Za-z0-9_-]{1,64}$/);
    assert.equal(t.inputSchema.type, 'object');
    for (const h of ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint']) assert.equal(typeof t.annotations[h], 'boolean', `${t.name} ${h}`);
  }
});
test('pages of two, by cursor, and a cursor nobody gave', async () => {
  const open = caller(server, { path: '/open/mcp' });
  const first = await open.modern('tools/list', {});
  assert.equal(first.json.result.tools.length, 2);
  assert.deepEqual((await open.tools()).map((t) => t.name), (await call.tools()).map((t) => t.name));
  const wrong = await open.modern('tools/list', { cursor: 'bm9uc2Vuc2U' });
  assert.equal(wrong.json.error.code, -32602);
});
test('where an api is served: its name, a path of its own, the first also at /mcp', async () => {
  for (const at of ['/open/mcp', '/api/v4/mcp']) assert.equal((await caller(server, { path: at }).modern('tools/list', {})).status, 200, at);
  assert.equal((await call.modern('tools/list', {}, { send: { at: '/echo/mcp' } })).status, 200);
  assert.equal((await call.modern('tools/list', {}, { send: { at: '/nobody/mcp' } })).status, 404);
});
test('arguments: what is unambiguous is coerced, the rest explained', async () => {
  const echo = async (args) => { const r = await call.tool('echo', args); return r.isError ? r.text : JSON.parse(JSON.parse(r.text).got); };
  assert.deepEqual(await echo({ text: 'a', count: '5' }), { text: 'a', count: 5 });
  const wrong = await echo({ text: 'a', count: 'many' });
  assert.match(wrong, /count/);
  assert.match(wrong, /integer|number/);
  assert.match(await echo({ count: 1 }), /text/);
});
test('large numbers and odd strings arrive as they were written', async () => {
  const { headers, body } = modernRequest('tools/call', { name: 'echo', arguments: { text: 'x', data: 7 } }, { key });
  const r = await call.post({ headers, body: body.replace('"data":7', '"data":[12345678901234567890,1.10,1e400,"\\ud83d\\ude00"]') });
  const got = JSON.parse(r.json.result.content[0].text).got;
  assert.match(got, /\[12345678901234567890,1\.10,1e400,/);
  assert.equal(JSON.parse(got).data[3], '😀');
});

test('401 with a challenge; a key in the query is refused, not used', async () => {
  const none = await rawRequest(server.port, { method: 'POST', path: '/mcp', host: server.host, ...modernRequest('tools/list', {}, {}) });
  assert.equal(none.status, 401);
  assert.match(none.headers['www-authenticate'], /^Bearer/i);
  const wrong = await call.modern('tools/list', {}, { headers: { Authorization: 'Bearer sk-' + 'x'.repeat(43) } });
  assert.equal(wrong.status, 401);
  assert.match(wrong.headers['www-authenticate'], /invalid_token/);
  for (const name of ['key', 'api_key', 'apikey', 'access_token', 'token']) {
    const q = await rawRequest(server.port, { method: 'POST', path: `/mcp?${name}=${key}`, host: server.host, ...modernRequest('tools/list', {}, {}) });
    assert.ok([400, 401].includes(q.status), `?${name}: HTTP ${q.status}`);
    assert.doesNotMatch(q.body, new RegExp(key));
  }
  assert.doesNotMatch(server.log(), new RegExp(key));
});
test('a key of one api is no key of another; a revoked one ends within a second', async () => {
  const other = await server.key('for two', 'two');
  assert.ok([401, 403].includes((await caller(server, { key: other }).modern('tools/list', {})).status));
  const two = caller(server, { key: other, path: '/two/mcp' });
  assert.equal((await two.modern('tools/list', {})).status, 200);
  const gone = await server.revoke('for two');
  assert.equal(gone.code, 0, gone.err);
  await sleep(1000);
  assert.equal((await two.modern('tools/list', {})).status, 401);
});
test('a new key where there are several environments: the sandbox, and nothing destructive', async () => {
  const two = caller(server, { key: await server.key('careful', 'two'), path: '/two/mcp' });
  assert.ok(!(await two.tools()).some((t) => t.name === 'dangerous'));
  const r = await two.tool('get_item', { id: '1' });
  assert.match(r.text, /\/items\/s\/items\/1/);
  const gone = await two.modern('tools/call', { name: 'dangerous', arguments: { id: '1' } });
  assert.equal(gone.json.error.code, -32602);
});
test('keys are listed without their secret', async () => {
  const r = await server.command(['key', 'list', '--json']);
  assert.equal(r.code, 0, r.err);
  const list = JSON.parse(r.out);
  assert.ok(list.some((k) => k.name === 'eras'));
  assert.doesNotMatch(r.out, new RegExp(key));
  const store = path.join(server.dir, 'data/store');
  for (const f of fs.readdirSync(store)) assert.ok(!fs.readFileSync(path.join(store, f)).includes(key.slice(3)), `${f} holds the key itself`);
});

test('subscriptions/listen: acknowledged, tagged, and told of a reload', async () => {
  const { headers, body } = modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } }, { key, id: 'sub-1' });
  const s = net.connect(server.port, '127.0.0.1', () => s.write(requestBytes({ method: 'POST', path: '/mcp', host: server.host, headers, body })));
  let text = '';
  s.on('data', (d) => { text += d; });
  s.on('error', () => {});
  const until = async (re, what) => { for (let i = 0; i < 60 && !re.test(text); i++) await sleep(50); assert.match(text, re, what); };
  try {
    await until(/notifications\/subscriptions\/acknowledged/, 'an acknowledgement');
    assert.match(text, /content-type: text\/event-stream/i);
    server.reload(({ apis }) => { apis[0].options = { instructions: 'changed' }; });
    await until(/notifications\/tools\/list_changed/, 'list_changed after a reload');
    const messages = text.split('\n').filter((l) => l.startsWith('data:')).map((l) => JSON.parse(l.slice(5)));
    for (const m of messages) assert.equal(m.params._meta['io.modelcontextprotocol/subscriptionId'], 'sub-1');
  } finally { s.destroy(); }
});
test('a configuration with a mistake is refused on reload, and the old one goes on', async () => {
  const good = fs.readFileSync(server.config, 'utf8');
  fs.writeFileSync(server.config, good + "config nonsense 'x'\n\toption y 'z'\n");
  const checked = await server.command(['check']);
  assert.equal(checked.code, 1);
  assert.match(checked.out + checked.err, /nonsense/);
  process.kill(server.pid, 'SIGHUP');
  await sleep(300);
  assert.equal((await call.modern('tools/list', {})).status, 200);
  fs.writeFileSync(server.config, good);
});
