// Calls that take longer than a client may be made to wait: handles, get_result, progress, who may fetch, and what
// happens to them when clients, workers or everything end.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { here } from './lib/programs.mjs';
import { caller, meta, modernRequest } from './lib/rpc.mjs';
import { rawRequest, requestBytes } from './lib/raw.mjs';
import { startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

const options = { answer_within: '400ms' };
let upstream, server, key, call;
before(async () => {
  upstream = await startUpstream();
  const environments = [{ name: 'production', base_url: upstream.url }];
  server = await startServer({ apis: [
    { name: 'echo', document: echoDocument, options, environments },
    { name: 'other', document: echoDocument, options: { answer_within: '2s' }, environments }, // told every half second,
    { name: 'usual', document: echoDocument, environments },
    { name: 'turns', document: echoDocument, environments: [{ ...environments[0], concurrency: 1 }] },
    { name: 'briefly', document: echoDocument, options, environments: [{ ...environments[0], concurrency: 1 }] },
    { name: 'brief', document: echoDocument, environments: [{ ...environments[0], first_timeout: '30s' }] },
  ] });
  key = await server.key('later');
  call = caller(server, { key });
});
after(async () => {
  const code = await server?.stop();
  await upstream?.stop();
  assert.equal(code ?? 0, 0, 'SIGTERM ends it with 0');
});
const handleOf = (text) => /handle "([0-9a-f]{32})"/.exec(text ?? '')?.[1];
const fetched = async (handle, by = call) => {
  for (const end = Date.now() + 10000; Date.now() < end;) {
    const r = await by.tool('get_result', { handle });
    if (!/^Still under way/.test(r.text)) return r;
  }
  assert.fail('no result');
};
const until = async (f, what) => { for (let i = 0; i < 500 && !f(); i++) await sleep(10); assert.ok(f(), what); };
const asked = (text) => upstream.seen.filter((q) => q.body.includes(text) || q.target.includes(text));

test('get_result is listed where a call can take that long, by default too, and nowhere else', async () => {
  assert.ok((await caller(server, { key, path: '/usual/mcp' }).tools()).some((t) => t.name === 'get_result'));
  assert.ok((await call.tools()).some((t) => t.name === 'get_result' && t.annotations.readOnlyHint));
  const brief = caller(server, { key, path: '/brief/mcp' });
  assert.ok(!(await brief.tools()).some((t) => t.name === 'get_result'));
  assert.equal((await brief.modern('tools/call', { name: 'get_result', arguments: { handle: 'a'.repeat(32) } })).json.error.code, -32602);
});

for (const era of ['modern', 'legacy'])
  test(`${era}: a call that takes long answers with a handle, and its result can be fetched, more than once`, async () => {
    const post = (name, args) => call[era]('tools/call', { name, arguments: args });
    const first = (await post('slow', { ms: 1200 })).json.result;
    assert.ok(!asked('ms=1200').at(-1).done, 'it is answered before the API has answered');
    assert.equal(first.isError, false);
    const handle = handleOf(first.content[0].text);
    assert.ok(handle, first.content[0].text);
    for (let i = 0; i < 2; i++) {
      const { result } = (await post('get_result', { handle })).json;
      assert.deepEqual([JSON.parse(result.content[0].text), result.isError], [{ slept: '1200' }, false]);
      if (era === 'modern') assert.equal(result.resultType, 'complete');
    }
    assert.equal(asked('ms=1200').length, era === 'modern' ? 1 : 2);
  });

test('an error, and a large answer in several parts, come as they are; a larger one is cut', async () => {
  const body = JSON.stringify({ list: Array.from({ length: 1500 }, (_, i) => ({ i, text: `"${'x'.repeat(20)}"` })) });
  upstream.answer = (entry, s) => {
    const kind = /kind-(\w+)/.exec(entry.target)?.[1];
    if (!kind) return false;
    setTimeout(() => {
      s.writeHead(kind === 'bad' ? 409 : 200, { 'Content-Type': kind === 'huge' ? 'text/plain' : 'application/json' });
      s.end(kind === 'bad' ? '{"error":"taken"}' : kind === 'big' ? body : '\u0001'.repeat(80000));
    }, 700);
    return true;
  };
  try {
    const get = async (id) => fetched(handleOf((await call.tool('get_item', { id })).text));
    const bad = await get('kind-bad');
    assert.ok(bad.isError);
    assert.match(bad.text, /409.*taken/);
    const big = await get('kind-big');
    assert.equal(big.text, body);
    const huge = await get('kind-huge');
    assert.match(huge.blocks.at(-1).text, /was cut/);
    assert.match(huge.text, /^\u0001{1000}/);
  } finally { upstream.answer = undefined; }
});

test('a handle is for its principal and its api; others, made-up ones and odd ones are unknown', async () => {
  const handle = handleOf((await call.tool('slow', { ms: 601 })).text);
  const strangers = [caller(server, { key: await server.key('stranger') }), caller(server, { key, path: '/other/mcp' })];
  for (const s of strangers) assert.match((await s.tool('get_result', { handle })).text, /unknown or has expired/);
  assert.match((await call.tool('get_result', { handle: handle.replace(/./, (c) => (c === 'a' ? 'b' : 'a')) })).text, /unknown or has expired/);
  for (const odd of ['', 'x', handle.toUpperCase() + '1', 7, null, { a: 1 }]) {
    const r = await call.tool('get_result', { handle: odd });
    assert.ok(r.isError && !/slept/.test(r.text), r.text);
  }
  assert.deepEqual(JSON.parse((await fetched(handle)).text), { slept: '601' });
});

test('the client leaves after it got its handle: the call goes on; a write is sent once', async () => {
  const handle = handleOf((await call.tool('echo', { text: 'wait 900' })).text);
  const other = caller(server, { key }); // a new connection
  assert.equal(JSON.parse(JSON.parse((await fetched(handle, other)).text).got).text, 'wait 900');
  assert.equal(asked('wait 900').length, 1);
  assert.equal(asked('wait 900')[0].cancelled, undefined);
});

const load = (file) => import(pathToFileURL(path.join(here, 'node_modules', file)).href);
const bearer = () => ({ requestInit: { headers: { Authorization: `Bearer ${key}` } } });
const clients = {
  'SDK 1.x, 2025-06-18': async () => {
    const { Client } = await load('sdk-2025-06-18/dist/esm/client/index.js');
    const { StreamableHTTPClientTransport } = await load('sdk-2025-06-18/dist/esm/client/streamableHttp.js');
    const client = new Client({ name: 'sdk-1', version: '1' }, {});
    await client.connect(new StreamableHTTPClientTransport(new URL(server.url('other')), bearer()));
    return { client, ask: (q, o) => client.callTool(q, undefined, o) };
  },
  'SDK 2.x, 2026-07-28': async () => {
    const { Client, StreamableHTTPClientTransport } = await load('@modelcontextprotocol/client/dist/index.mjs');
    const client = new Client({ name: 'sdk-2', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    await client.connect(new StreamableHTTPClientTransport(new URL(server.url('other')), bearer()));
    return { client, ask: (q, o) => client.callTool(q, o) };
  },
};
for (const [name, make] of Object.entries(clients))
  test(`${name}: progress while it waits, then the answer, or the handle`, async () => {
    const { client, ask } = await make();
    try {
      const told = [];
      const onprogress = (p) => told.push(p.progress);
      const quick = await ask({ name: 'slow', arguments: { ms: 1350 } }, { onprogress });
      assert.deepEqual(JSON.parse(quick.content[0].text), { slept: '1350' });
      assert.ok(told.length >= 2 && told.every((v, i) => v === i + 1), `progress ${told}`);
      const long = await ask({ name: 'slow', arguments: { ms: 2900 } }, { onprogress: () => {} });
      const handle = handleOf(long.content[0].text);
      assert.ok(handle, long.content[0].text);
      const r = await ask({ name: 'get_result', arguments: { handle } }, { onprogress });
      assert.deepEqual(JSON.parse(r.content[0].text), { slept: '2900' });
    } finally { await client.close(); }
  });

test('progress by hand: an event stream, the token as it was given, the answer last; none where Accept does not take it', async () => {
  const ask = (token, o = {}) => {
    const { headers, body } = modernRequest('tools/call', { name: 'slow', arguments: { ms: 1200 } }, { key, ...o,
      message: (m) => ({ ...m, params: { ...m.params, _meta: { ...meta(), progressToken: token } } }) });
    return rawRequest(server.port, { method: 'POST', path: '/other/mcp', host: server.host, headers, body });
  };
  for (const token of ['a "token"', 7]) {
    const r = await ask(token);
    assert.match(r.headers['content-type'], /^text\/event-stream/);
    const events = r.body.split('\n').filter((l) => l.startsWith('data:')).map((l) => JSON.parse(l.slice(5)));
    assert.ok(events.length >= 3, r.body);
    assert.deepEqual(events.slice(0, -1).map((e) => [e.method, e.params.progressToken]), events.slice(0, -1).map(() => ['notifications/progress', token]));
    assert.equal(JSON.parse(events.at(-1).result.content[0].text).slept, '1200');
  }
  for (const [token, o] of [[{ a: 1 }, {}], ['x'.repeat(100), {}], ['t', { headers: { Accept: 'application/json' } }]]) {
    const r = await ask(token, o);
    assert.match(r.headers['content-type'], /^application\/json/, String(token));
  }
});

test('a modern client that leaves while it is told of progress cancels its read; a write goes on', async () => {
  const leave = async (name, args) => {
    const { headers, body } = modernRequest('tools/call', { name, arguments: args }, { key,
      message: (m) => ({ ...m, params: { ...m.params, _meta: { ...meta(), progressToken: 1 } } }) });
    let text = '';
    const s = net.connect(server.port, '127.0.0.1', () => s.write(requestBytes({ method: 'POST', path: '/other/mcp', host: server.host, headers, body })));
    s.on('data', (d) => { text += d; });
    s.on('error', () => {});
    for (let i = 0; !/notifications\/progress/.test(text); i++) { assert.ok(i < 300, 'progress'); await sleep(10); }
    s.destroy();
  };
  await Promise.all([leave('slow', { ms: 3777 }), leave('echo', { text: 'wait 1278' })]);
  await until(() => asked('ms=3777')[0].done && asked('wait 1278')[0].done, 'both end');
  assert.equal(asked('ms=3777')[0].cancelled, true);
  assert.equal(asked('wait 1278')[0].cancelled, undefined);
});

test('in a batch there is no handle, and get_result says how it stands', async () => {
  const handle = handleOf((await call.tool('slow', { ms: 900 })).text);
  const { session } = await call.session('2025-03-26');
  const batch = [{ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'get_result', arguments: { handle } } },
    { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'slow', arguments: { ms: 700 } } },
    { jsonrpc: '2.0', id: 3, method: 'tools/call', params: { name: 'get_result', arguments: { handle } } }];
  const r = await call.legacy('x', undefined, { session, version: '2025-03-26', send: { body: JSON.stringify(batch) } });
  const [a, b, c] = r.json.map((m) => m.result.content[0].text);
  assert.match(a, /^Still under way/);
  assert.deepEqual([JSON.parse(b), JSON.parse(c)], [{ slept: '700' }, { slept: '900' }]);
});

const worker = () => Number(execFileSync('pgrep', ['-P', String(server.pid)]).toString().trim().split('\n')[0]);
test('kill -9 of the worker: finished results stay, the others are lost and say so; nothing is sent twice', async () => {
  const done = handleOf((await call.tool('slow', { ms: 500 })).text);
  await fetched(done);
  const [read, write] = await Promise.all([call.tool('slow', { ms: 5001 }), call.tool('echo', { text: 'wait 5002' })]);
  process.kill(worker(), 'SIGKILL');
  await sleep(300);
  for (let i = 0; (await call.modern('tools/list', {}).catch(() => ({}))).status !== 200; i++) { assert.ok(i < 50); await sleep(100); }
  assert.deepEqual(JSON.parse((await fetched(done)).text), { slept: '500' });
  const lost = [await fetched(handleOf(read.text)), await fetched(handleOf(write.text))];
  assert.match(lost[0].text, /was lost.*Call the tool again/);
  assert.match(lost[1].text, /was lost.*not repeated/);
  assert.ok(lost.every((r) => r.isError));
  assert.equal(asked('wait 5002').length, 1);
});

test('a switch: what is under way and off by now is cut, its handle says so; what others do goes on', async () => {
  const mine = await server.key('cut');
  const id = JSON.parse((await server.command(['key', 'list', '--json'])).out).find((k) => k.name === 'cut').id;
  const slow = (k, era, ms) => caller(server, { key: k, path: '/usual/mcp' })[era]('tools/call', { name: 'slow', arguments: { ms } });
  const rest = fetch(`${server.origin}/rest/usual/production/slow?ms=3004`, { headers: { Authorization: `Bearer ${mine}` } });
  const going = [slow(mine, 'modern', 3001), slow(mine, 'legacy', 3002), rest, slow(key, 'modern', 3003)];
  const me = caller(server, { key: mine }), handle = handleOf((await me.tool('slow', { ms: 3005 })).text);
  assert.ok(handle);
  while (['3001', '3002', '3003', '3004'].some((ms) => !asked(`ms=${ms}`).length)) await sleep(20);
  assert.equal((await server.command(['switch', `key:${id}`, 'off'])).code, 0);
  for (const r of await Promise.all(going.slice(0, 3))) assert.equal(r.status, 503);
  for (const ms of ['3001', '3002', '3004', '3005']) await until(() => asked(`ms=${ms}`)[0].cancelled, ms); // cut, not awaited
  assert.equal((await server.command(['switch', `key:${id}`, 'on'])).code, 0);
  assert.match((await fetched(handle, me)).text, /has ended, but its answer could not be kept/);
  assert.equal((await going[3]).json.result.isError, false);
});

test('a write that waits for its turn when it is turned off, or its modern client leaves, is never sent', async () => {
  const mine = await server.key('waits'), id = JSON.parse((await server.command(['key', 'list', '--json'])).out).find((k) => k.name === 'waits').id;
  const write = (n, era = 'modern', api = 'turns') => caller(server, { key: mine, path: `/${api}/mcp` })[era]('tools/call', { name: 'echo', arguments: { text: `turn ${n}` } });
  let go;
  const held = new Promise((resolve) => { go = resolve; }); // as long as this test wants
  upstream.answer = (q, s) => { if (q.query.get('ms') !== '1501') return false; held.then(() => { s.writeHead(200, { 'Content-Length': 2 }); s.end('{}'); }); return true; };
  const before = caller(server, { key, path: '/turns/mcp' }).modern('tools/call', { name: 'slow', arguments: { ms: 1501 } });
  while (!asked('ms=1501').length) await sleep(20);
  const { headers, body } = modernRequest('tools/call', { name: 'echo', arguments: { text: 'turn 1' } }, { key });
  const leaves = net.connect(server.port, '127.0.0.1', () => leaves.write(requestBytes({ method: 'POST', path: '/turns/mcp', host: server.host, headers, body })));
  const going = [write(2), write(3, 'legacy')];
  assert.ok(handleOf((await write(4, 'modern', 'briefly')).json.result.content[0].text));
  leaves.destroy();
  assert.equal((await server.command(['switch', `key:${id}`, 'off'])).code, 0);
  for (const r of await Promise.all(going)) assert.equal(r.status, 503);
  go();
  upstream.answer = undefined;
  assert.equal((await before).json.result.isError, false);
  await sleep(300);
  assert.deepEqual(asked('turn ').map((q) => q.body), []);
  assert.equal((await server.command(['switch', `key:${id}`, 'on'])).code, 0);
});

test('stop-all: reads are cut, a write that was sent is awaited, handles are void', async () => {
  const made = [await call.tool('slow', { ms: 2001 }), await call.tool('echo', { text: 'wait 1502' })].map((r) => handleOf(r.text));
  const r = await server.command(['stop-all']);
  assert.equal(r.code, 0, r.err);
  for (let i = 0; !asked('ms=2001')[0].cancelled; i++) { assert.ok(i < 40, 'the read is cut'); await sleep(50); }
  await until(() => asked('wait 1502')[0].done, 'the write is answered');
  assert.equal(asked('wait 1502')[0].cancelled, undefined);
  const lines = () => fs.readdirSync(path.join(server.dir, 'data/audit')).map((f) => fs.readFileSync(path.join(server.dir, 'data/audit', f), 'latin1')).join('');
  await until(() => lines().split('\n').some((l) => /"outcome":"done".*"operation":"echo".*"bytes":58/.test(l)), 'the write is in the audit');
  const input = 'correct horse battery';
  assert.equal((await server.command(['user', 'add', 'ada', '--role', 'admin', '--password-stdin'], { input })).code, 0);
  assert.equal((await server.command(['stop-all', '--resume', '--user', 'ada', '--password-stdin'], { input })).code, 0);
  for (const handle of made) assert.match((await call.tool('get_result', { handle })).text, /unknown or has expired/);
});
