// doctor: a box that is well, then everything that is broken on purpose is named, with what to do about it.
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { authority } from './lib/evil.mjs';
import { tempDir } from './lib/programs.mjs';
import { run, startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

let upstream, s, key, temp;
before(async () => {
  temp = tempDir('doctor');
  upstream = await startUpstream();
  s = await startServer({ apis: [{ name: 'echo', document: echoDocument, environments: [{ name: 'sandbox', base_url: upstream.url }] }] });
  key = await s.key('doctor');
});
after(async () => { await s?.stop(); await upstream?.stop(); temp?.remove(); });

const doctor = (args, input = '') => run(['doctor', ...args], { input, env: { MCPGATED_KEY: undefined } });
const line = (r, mark, step, words) => assert.match(r.out, new RegExp(`^${mark} +${step} .*${words}`, 'm'), r.out + r.err);

test('a box that is well, as every client', async () => {
  const clients = /--as takes (.*)/.exec((await doctor(['--as', 'nobody', s.url()])).err)[1].split(/[ ;]+/);
  assert.ok(clients.length >= 12);
  for (const as of clients) {
    const r = await doctor(['--as', as, '--key-stdin', s.url()], key);
    for (const step of ['reach', 'names', 'challenge', 'metadata', 'issuer', 'hello']) line(r, 'ok', step, '');
    assert.ok([0, 3].includes(r.code), as + r.out + r.err);
    assert.doesNotMatch(r.out + r.err, new RegExp(key));
  }
});

test('from its configuration; without a key up to the login page', async () => {
  const r = await doctor(['-c', s.config, '--as', 'claude-code']);
  for (const step of ['data', 'server', 'clock|jail', 'reach', 'upstream']) line(r, '(ok|warn)', `(${step})`, '');
  line(r, 'ok', 'register', 'a person would log in now');
  line(r, 'warn', 'key', 'none was given');
  assert.equal(r.code, 3, r.out + r.err);
});

test('wrong usage', async () => {
  assert.equal((await doctor(['--as', 'claud-code', s.url()])).code, 2);
  assert.match((await doctor(['--as', 'claud-code', s.url()])).err, /did you mean 'claude-code'/);
  assert.equal((await doctor(['ftp://x/mcp'])).code, 2);
});

test('nobody there, no such path, a wrong key', async () => {
  let r = await doctor(['http://127.0.0.1:1/mcp']);
  line(r, 'FAIL', 'reach', 'refused'); assert.match(r.out, /-> nothing listens there/); assert.equal(r.code, 1);
  r = await doctor([s.origin + '/nothing/mcp']);
  line(r, 'FAIL', 'challenge', 'no MCP endpoint'); assert.match(r.out, /-> paths are/);
  r = await doctor(['--key-stdin', s.url()], 'sk-' + 'A'.repeat(43));
  line(r, 'FAIL', 'hello', '401'); assert.match(r.out, /-> the key is wrong/); assert.equal(r.code, 1);
});

test('reached by another name than public_url', async () => {
  const r = await doctor([`http://localhost:${s.port}/mcp`]);
  line(r, 'FAIL', 'metadata', ''); assert.match(r.out, /public_url/); assert.equal(r.code, 1);
});

test('a tool that is refused, an API that is down', async () => {
  let r = await doctor(['--key-stdin', '--call', 'no_such_tool', s.url()], key);
  line(r, 'FAIL', 'call', ''); assert.equal(r.code, 1);
  for (const name of ['x'.repeat(300), 'a"b', 'a\r\nb', '']) line(await doctor(['--key-stdin', '--call', name, s.url()], key), 'FAIL', 'call', "is no tool's name");
  const down = await startServer({ apis: [{ name: 'echo', document: echoDocument, environments: [{ name: 'sandbox', base_url: 'http://127.0.0.1:1' }] }] });
  try {
    r = await doctor(['-c', down.config]);
    line(r, 'FAIL', 'upstream', 'refused'); assert.match(r.out, /-> is the API up/); assert.equal(r.code, 1);
  } finally { await down.stop(); }
  r = await doctor(['-c', down.config]);
  assert.equal(r.code, 1);
});

// A server that does what it is told to do wrong.
async function wrong(how, tls) {
  const server = (tls ? https : http).createServer(tls ?? {}, async (q, a) => {
    let text = '';
    for await (const c of q) text += c;
    const at = `${tls ? 'https' : 'http'}://localhost:${server.address().port}`, m = text ? JSON.parse(text) : {};
    const say = (status, o, headers = {}) => { a.writeHead(status, { 'Content-Type': 'application/json', ...headers }); a.end(JSON.stringify(o)); };
    if (how.status) return say(how.status, { error: 'no' });
    if (q.url === '/healthz') return say(200, {});
    if (q.url.startsWith('/.well-known/oauth-protected')) return say(200, { resource: at + '/mcp', authorization_servers: [at] });
    if (q.url.startsWith('/.well-known/')) return say(200, { issuer: how.issuer ?? at, authorization_endpoint: at + '/a', code_challenge_methods_supported: how.methods ?? ['S256'] });
    if (!q.headers.authorization) return say(401, {}, { 'WWW-Authenticate': how.challenge ?? `Bearer resource_metadata="${at}/.well-known/oauth-protected-resource/mcp"` });
    if (m.method === 'initialize') return say(200, { jsonrpc: '2.0', id: m.id, result: { protocolVersion: m.params.protocolVersion, serverInfo: { name: 'wrong', version: '1' }, capabilities: {} } });
    if (m.method === 'notifications/initialized') return say(202, {});
    return say(200, { jsonrpc: '2.0', id: m.id, result: { tools: how.tools ?? [] } });
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  return { url: `${tls ? 'https' : 'http'}://localhost:${server.address().port}/mcp`, stop: () => { server.closeAllConnections(); server.close(); } };
}
const against = async (how, args, input, tls) => {
  const w = await wrong(how, tls);
  try { return await doctor([...args, w.url], input); } finally { w.stop(); }
};

test('wrong Host, a proxy without a server, wrong issuer, no S256, no metadata', async () => {
  line(await against({ status: 403 }, []), 'FAIL', 'reach', '403');
  assert.match((await against({ status: 403 }, [])).out, /-> .*allow_host/);
  assert.match((await against({ status: 502 }, [])).out, /-> a proxy stands/);
  line(await against({ issuer: 'https://elsewhere.example' }, []), 'FAIL', 'issuer', "calls itself 'https://elsewhere.example'");
  line(await against({ methods: ['plain'] }, []), 'FAIL', 'issuer', 'no login with S256');
  line(await against({ challenge: 'Bearer' }, []), 'FAIL', 'challenge', 'names no resource_metadata');
});

test('tools that a client would not take', async () => {
  const plain = { type: 'object' };
  const tools = [{ name: 'a.b', inputSchema: plain }, { name: 'any', inputSchema: { ...plain, anyOf: [] } }, { name: 'n'.repeat(60), inputSchema: plain }, { name: 'fine', inputSchema: plain }];
  const r = await against({ tools }, ['--as', 'cursor', '--key-stdin'], 'sk-x');
  line(r, 'warn', 'tools', 'a.b: its name has other characters');
  line(r, 'warn', 'tools', 'any: its schema is no plain object');
  line(r, 'warn', 'tools', 'nnn.*too long');
  assert.match(r.out, /4 tools, .* 3 that cursor would not take whole/);
  line(await against({ tools: [] }, ['--key-stdin'], 'sk-x'), 'FAIL', 'tools', 'empty');
});

test('certificates: fine, expired, of another name, of an unknown authority', async () => {
  const own = authority(temp.dir);
  const shown = (c) => ({ cert: fs.readFileSync(c.cert), key: fs.readFileSync(c.key) });
  const fine = shown(own.make('fine'));
  line(await against({}, ['--ca', own.ca], '', fine), 'ok', 'reach', 'certificate is good');
  let r = await against({}, ['--ca', own.ca], '', shown(own.make('expired', { to: '20250201000000Z' })));
  line(r, 'FAIL', 'reach', 'expired'); assert.match(r.out, /-> renew the certificate/);
  r = await against({}, ['--ca', own.ca], '', shown(own.make('other', { san: 'DNS:other.example' })));
  line(r, 'FAIL', 'reach', 'hostname does not match'); assert.match(r.out, /-> use a name of the certificate/);
  const self = own.make('self', { self: true });
  r = await against({}, ['--ca', self.cert], '', fine);
  line(r, 'FAIL', 'reach', 'unknown issuer'); assert.match(r.out, /-> clients must trust its authority/);
});
