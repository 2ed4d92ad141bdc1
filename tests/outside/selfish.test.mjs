// Nobody rises by way of the gate: its own switches, users, roles, keys, clients and credentials are never a matter of MCP, not
// even where the configuration says that an API lies at our own address. And each switch: set in every way there is,
// in force at the next request, over a kill -9.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { browser } from './lib/browser.mjs';
import { tempDir } from './lib/programs.mjs';
import { caller } from './lib/rpc.mjs';
import { Client, Person } from './lib/oauth.mjs';
import { startServer } from './lib/server.mjs';

const password = 'correct horse battery';
// What somebody would write who wants the gate to serve itself.
const operations = { add_key: ['post', '/control/keys'], list_keys: ['get', '/control/keys'], turn: ['post', '/control/switches'], people: ['post', '/control/people'],
  clients: ['post', '/control/clients'], set_credential: ['post', '/control/credentials'], list_credentials: ['get', '/control/credentials'], approve: ['get', '/control/approvals'],
  admin_page: ['get', '/admin'], login: ['post', '/login'], mcp: ['post', '/mcp'], token: ['post', '/oauth/token'], health: ['get', '/healthz'] };
const document = { openapi: '3.0.3', info: { title: 'The gate itself', version: '1' }, paths: {} };
for (const [operationId, [method, at]] of Object.entries(operations))
  (document.paths[at] ??= {})[method] = { operationId, responses: { 200: { description: 'ok' } },
    ...(method === 'post' ? { requestBody: { content: { 'application/json': { schema: { type: 'object', additionalProperties: true } } } } } : {}) };

let dir, remove, upstream, seen = [];
before(async () => {
  ({ dir, remove } = tempDir('selfish'));
  fs.writeFileSync(path.join(dir, 'self.json'), JSON.stringify(document));
  upstream = http.createServer((q, s) => { seen.push(q.url); s.writeHead(200, { 'Content-Type': 'application/json' }); s.end('{"ok":true}'); });
  await new Promise((there) => { upstream.listen(0, '127.0.0.1', there); });
});
after(() => { upstream.close(); remove(); });

test('an API at our own address is never reached', async () => {
  const lan = Object.values(os.networkInterfaces()).flat().find((i) => i.family === 'IPv4' && !i.internal)?.address;
  for (const any of [false, true]) {
    const api = { name: 'self', document: path.join(dir, 'self.json'), options: { mode: 'tools' }, environments: [{ name: 'sandbox', base_url: 'http://127.0.0.1:1/' }] };
    const s = await startServer({ apis: [api], server: any ? (port) => ({ listen: `0.0.0.0:${port}`, workers: 2 }) : {} });
    const at = [`http://127.0.0.1:${s.port}`, `http://localhost:${s.port}`, `http://[::ffff:127.0.0.1]:${s.port}`, `http://0.0.0.0:${s.port}`, `http://0:${s.port}`, `http://127.1:${s.port}`,
      ...(lan && any ? [`http://${lan}:${s.port}`] : []), `unix:${s.dir}/data/control`, `unix:${s.dir}/data/./control`, `unix:${s.dir}/../${path.basename(s.dir)}/data/control`];
    fs.symlinkSync(path.join(s.dir, 'data'), path.join(s.dir, 'link'));
    at.push(`unix:${s.dir}/link/control`);
    const key = await s.key('everything', null, ['--destructive', '--role', 'admin']), call = caller(s, { key, path: '/self/mcp' });
    for (const base_url of at) {
      const log = s.log().length;
      s.reload(({ apis }) => { apis[0].environments[0].base_url = base_url; });
      for (let i = 0; i < 200 && !/is in force|stays in force/.test(s.log().slice(log)); i++) await sleep(10);
      for (const [name, [method]] of Object.entries(operations)) {
        const r = await call.tool(name, method === 'post' ? { body: {} } : {});
        assert.equal(r.isError, true, `${base_url} ${name}: ${r.text}`);
        assert.doesNotMatch(r.text, /API error|"key"|"off"|"ok"/, `${base_url} ${name}`);
      }
    }
    assert.equal(await s.stop(), 0);
  }
});

test('no tool, resource or name of ours is about the gate itself', async () => {
  const s = await startServer({ apis: [{ name: 'self', document: path.join(dir, 'self.json'), options: { mode: 'tools' }, environments: [{ name: 'sandbox', base_url: `http://127.0.0.1:${upstream.address().port}` }] }] });
  const key = await s.key('everything', null, ['--destructive', '--role', 'admin']), call = caller(s, { key, path: '/self/mcp' });
  assert.deepEqual((await call.tools()).map((t) => t.name).sort(), [...Object.keys(operations), 'get_result'].sort()); // of the document, and answers that came late
  for (const name of ['switch', 'stop-all', 'key_add', 'user_add', 'set_role', 'approve_call', 'credential_add', 'list_switches'])
    assert.equal((await call.modern('tools/call', { name, arguments: {} })).json.error.code, -32602, name);
  for (const at of ['/control/keys', '/control/people', '/control/switches', '/control/clients', '/control/credentials', '/control/approvals', '/control/status'])
    for (const method of ['GET', 'POST', 'DELETE']) { // nor with the best of keys, outside of the control socket
      const r = await fetch(s.origin + at, { method, headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, ...(method === 'POST' ? { body: '{}' } : {}) });
      assert.ok([404, 405].includes(r.status), `${method} ${at}: ${r.status}`);
    }
  for (const at of ['/admin', '/admin/people', '/admin/keys', '/keys', '/account', '/approvals']) { // a key or token is no login
    const r = await fetch(s.origin + at, { headers: { Authorization: `Bearer ${key}` } });
    assert.match(await r.text(), /action="\/login"/, at);
  }
  assert.equal(await s.stop(), 0);
});

// --- each switch, in every way --------------------------------------------------------------------------------------
test('each switch and kill switch: by page, command and control socket; at the next request; over a kill -9', async () => {
  const s = await startServer({ apis: [{ name: 'echo', document: path.join(dir, 'self.json'), options: { mode: 'tools' }, environments: ['sandbox', 'production'].map((name) => ({ name, base_url: `http://127.0.0.1:${upstream.address().port}` })) }] });
  const ok = async (...args) => { const r = await s.command(args, { input: password }); assert.equal(r.code, 0, r.err); return r.out; };
  await ok('team', 'add', 'red');
  await ok('user', 'add', 'ada', '--role', 'admin', '--password-stdin');
  await ok('user', 'add', 'bob', '--team', 'red', '--password-stdin');
  const ada = await browser(s).login('ada', password), bob = await browser(s).login('bob', password);
  await bob.get('/keys');
  const key = /sk-[A-Za-z0-9_-]{20,}/.exec((await bob.post('/keys', { name: 'agent', access: 'destructive', production: 'yes', expires: '30' })).body)[0];
  const id = JSON.parse(await ok('key', 'list', '--json')).find((k) => k.name === 'agent').id;
  const ben = await new Person(s, 'bob', password).login(), client = await Client.register(s);
  client.resource = `${s.origin}/echo/mcp`;
  const grant = await client.connect(ben, { scope: 'read write production' }, { change: (f) => [...f, ['environment', 'sandbox'], ['environment', 'production']] });
  const as = { key: caller(s, { key, path: '/echo/mcp' }), token: caller(s, { key: grant.access_token, path: '/echo/mcp' }) };
  const may = async (who, args = {}, name = 'list_keys') => { const r = await as[who].modern('tools/call', { name, arguments: args }); return r.status === 200 && r.json.result?.isError === false; };
  const posts = (who) => may(who, { body: {} }, 'add_key'), production = (who) => may(who, { environment: 'production' });
  const ways = {
    page: async (target, word, way) => { await ada.get('/admin'); assert.equal((await ada.post('/admin', { target, switch: word, way }).catch((e) => { throw new Error(`${e.message} ${target} ${word} ${way} ${s.log().slice(-600)}`); })).status, 303); },
    command: async (target, word, way) => { await ok('switch', target, word, way); },
    socket: (target, word, way) => new Promise((done, fail) => {
      const q = http.request({ socketPath: path.join(s.dir, 'data/control'), path: '/control/switches', method: 'POST', headers: { Host: 'localhost', 'Content-Type': 'application/json' } }, (a) => { a.resume(); a.on('end', () => (a.statusCode === 200 ? done() : fail(new Error(`HTTP ${a.statusCode}`)))); });
      q.end(JSON.stringify({ target, switch: word, on: way === 'on' }));
    }),
  };
  // target, switch, what it takes away, what stays
  const all = [
    ['server', 'enabled', () => may('key'), null], ['server', 'write', () => posts('key'), () => may('key')], ['server', 'production', () => production('key'), () => may('key')],
    ['team:red', 'enabled', () => may('token'), null], ['team:red', 'write', () => posts('token'), () => may('token')], ['team:red', 'production', () => production('key'), () => posts('key')],
    ['api:echo', 'enabled', () => may('key'), null], ['api:echo', 'write', () => posts('key'), () => may('token')], ['api:echo', 'production', () => production('token'), () => may('token')],
    ['tool:echo/list_keys', 'enabled', () => may('key'), () => posts('key')], [`client:${client.id ?? client.client_id}`, 'enabled', () => may('token'), () => may('key')],
    [`key:${id}`, 'enabled', () => may('key'), () => may('token')], ['user:bob', 'enabled', () => may('key'), null], ['user:bob', 'enabled', () => may('token'), null],
  ];
  let n = 0;
  for (const [target, word, gone, stays] of all) {
    const [off, on] = [Object.keys(ways)[n % 3], Object.keys(ways)[(n + 1) % 3]], what = `${target} ${word} by ${off}, back by ${on}`;
    n++;
    assert.equal(await gone(), true, `${what}: before`);
    await ways[off](target, word, 'off');
    assert.equal(await gone(), false, `${what}: off`);
    if (stays) assert.equal(await stays(), true, `${what}: what stays`);
    if (n % 4 === 0) {
      await s.crash();
      assert.equal(await gone(), false, `${what}: after kill -9`);
    }
    await ways[on](target, word, 'on');
    assert.equal(await gone(), true, `${what}: on again`);
  }
  for (const target of ['stop']) for (const off of ['page', 'command', 'socket']) {
    if (off === 'command') await ok('stop-all');
    else await ways[off](target, 'enabled', 'off').catch(() => null); // its own connection may be cut
    assert.equal((await as.key.modern('tools/list')).status, 503, off);
    if (off === 'socket') await s.crash();
    assert.equal((await as.key.modern('tools/list')).status, 503, off);
    await assert.rejects(() => ways.socket('stop', 'enabled', 'on'), /403/);
    await ok('stop-all', '--resume', '--user', 'ada', '--password-stdin');
    assert.equal(await may('key'), true, `${off}: resumed`);
  }
  const file = path.join(s.dir, 'data', 'stop'); // and the file
  fs.writeFileSync(file, '');
  for (let i = 0; i < 60 && await may('key'); i++) await sleep(50);
  assert.equal(await may('key'), false);
  fs.unlinkSync(file);
  for (let i = 0; i < 60 && !await may('key'); i++) await sleep(50);
  assert.equal(await may('key'), true);
  assert.equal(await s.stop(), 0);
});
