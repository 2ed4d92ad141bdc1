// Where the gate stands for others: behind a reverse proxy that takes a path away, with an issuer on another host or with a
// path. The SDKs discover, register, log in, and step up, from nothing but the URL of the endpoint.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { auth as auth1 } from 'sdk-2025-11-25/client/auth.js';
import { auth as auth2 } from '@modelcontextprotocol/client';
import { ask, fieldsOf, Person, sdkProvider } from './lib/oauth.mjs';
import { modernRequest } from './lib/rpc.mjs';
import { freePort, startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

const PASSWORD = 'correct horse battery 7';
let upstream;
before(async () => { upstream = await startUpstream(); });
after(async () => { await upstream?.stop(); });

// Takes prefix away wherever it stands, as nginx does with "location /gate/ { proxy_pass http://box/; }" and two more for the
// well-known names; anything else is another program's.
function proxy(port, prefix, to) {
  const seen = [];
  const s = http.createServer((q, r) => {
    seen.push(q.url);
    const m = /^(\/\.well-known\/[a-z-]+)?(\/.*)?$/.exec(q.url);
    if (prefix && !`${m?.[2] ?? ''}/`.replace('?', '/').startsWith(prefix + '/')) { r.writeHead(404).end('not the gate'); return; }
    const path = !prefix || m[1] ? q.url : q.url.slice(prefix.length) || '/';
    const up = http.request({ host: '127.0.0.1', port: to(), path, method: q.method, headers: { ...q.headers, 'x-forwarded-for': '192.0.2.7' } }, (u) => { r.writeHead(u.statusCode, u.headers); u.pipe(r); });
    up.on('error', () => r.writeHead(502).end());
    q.pipe(up);
  });
  return new Promise((resolve) => { s.listen(port, '127.0.0.1', () => resolve({ seen, stop: () => { s.close(); s.closeAllConnections(); } })); });
}

// A browser at one origin: every path it asks for goes there, whatever the gate is called inside.
const browser = (origin) => new Person({ port: Number(origin.port), host: origin.host }, 'alice', PASSWORD);

// Log in, consent, and back, by the pages' own forms; prefix stands before every path of a page.
async function consent(url, prefix) {
  const who = browser(url), login = await who.ask(prefix + '/login');
  assert.match(login.text, new RegExp(`action="${prefix}/login"`));
  assert.match(login.text, new RegExp(`href="${prefix}/style.css`));
  const r = await who.ask(prefix + '/login', { form: { name: 'alice', password: PASSWORD }, headers: { Origin: url.origin } });
  assert.equal(r.status, 303, r.text);
  assert.ok(r.location.startsWith(prefix + '/'), r.location);
  const page = await who.ask(url.pathname + url.search);
  assert.equal(page.status, 200, page.text);
  assert.match(page.text, new RegExp(`action="${prefix}/oauth/authorize"`));
  const form = new URLSearchParams([...fieldsOf(page.text, prefix + '/oauth/authorize').filter(([n, v]) => v !== 'write'), ['action', 'allow']]).toString();
  const back = await who.ask(prefix + '/oauth/authorize', { form, headers: { Origin: url.origin } });
  assert.equal(back.status, 303, back.text);
  return new URL(back.location).searchParams;
}

async function box(server) {
  const s = await startServer({ apis: [{ name: 'one', document: echoDocument, environments: [{ name: 'sandbox', base_url: upstream.url }] }], server });
  const r = await s.command(['user', 'add', 'alice', '--role', 'member', '--password-stdin'], { input: PASSWORD + '\n' });
  assert.equal(r.code, 0, r.err);
  return s;
}

const metadataOf = (r) => /resource_metadata="([^"]*)"/.exec(r.headers['www-authenticate'])?.[1];

// The whole way, with both SDKs: the endpoint's URL, the prefix that pages have, the issuer that must come back.
async function through(endpoint, prefix, issuer) {
  const at = { port: Number(new URL(endpoint).port), host: new URL(endpoint).host };
  const call = (token, method, params) => { const q = modernRequest(method, params, { key: token }); return ask(at, new URL(endpoint).pathname, { method: 'POST', headers: Object.fromEntries(q.headers), body: q.body }); };
  const none = await call(undefined, 'tools/list', {});
  assert.equal(none.status, 401);
  const meta = new URL(metadataOf(none));
  const named = await ask({ port: Number(meta.port), host: meta.host }, meta.pathname);
  assert.equal(named.json?.resource, endpoint, named.text);
  for (const auth of [auth1, auth2]) {
    const p = sdkProvider();
    assert.equal(await auth(p, { serverUrl: endpoint }), 'REDIRECT');
    const back = await consent(p.to, prefix);
    assert.equal(back.get('iss'), issuer);
    assert.equal(await auth(p, { serverUrl: endpoint, authorizationCode: back.get('code'), iss: back.get('iss') }), 'AUTHORIZED');
    assert.equal((await call(p.got.access_token, 'tools/list', {})).status, 200);
    const up = await call(p.got.access_token, 'tools/call', { name: 'echo', arguments: { text: 'hi' } });
    assert.equal(up.status, 403, up.text);
    assert.match(up.headers['www-authenticate'], /^Bearer error="insufficient_scope".* scope="read write"/);
    assert.equal(metadataOf(up), meta.href);
  }
}

test('public_url with a path, a proxy that takes it away', async () => {
  const port = await freePort(), origin = `http://127.0.0.1:${port}`;
  let s;
  const front = await proxy(port, '/gate', () => s.port);
  s = await box({ public_url: origin + '/gate' });
  try {
    for (const at of ['/gate/mcp', '/gate/one/mcp', '/gate/one/sandbox/mcp', '/gate/one/mcp/readonly'])
      assert.equal((await ask({ port, host: `127.0.0.1:${port}` }, `/.well-known/oauth-protected-resource${at}`)).json.resource, origin + at);
    assert.equal((await ask({ port, host: `127.0.0.1:${port}` }, '/.well-known/oauth-authorization-server/gate')).json.issuer, origin + '/gate');
    await through(origin + '/gate/one/mcp', '/gate', origin + '/gate');
    const k = await s.key('k', 'one'), rest = await ask({ port, host: `127.0.0.1:${port}` }, '/gate/rest/one/sandbox/nothing', { headers: { Authorization: `Bearer ${k}x` } });
    assert.equal(metadataOf(rest), `${origin}/.well-known/oauth-protected-resource/gate/rest/one/sandbox/nothing`);
    assert.deepEqual(front.seen.filter((p) => !p.includes('/gate') && !p.startsWith('/.well-known/')), []);
  } finally { front.stop(); assert.equal(await s.stop(), 0); }
});
// The issuer's address is another one in front of the same gate; the endpoint's is the gate's own, or that one, too.
for (const [name, path, same] of [['on another host', ''], ['on another host, with a path', '/as'], ['on the same host, with a path', '/as', true]])
  test(`an issuer ${name}`, async () => {
    const port = await freePort(), origin = `http://127.0.0.1:${port}`;
    let s;
    const front = await proxy(port, '', () => s.port);
    try {
      s = await box({ issuer_url: origin + path, ...(same ? { public_url: origin } : {}) });
      await through(same ? origin + '/one/mcp' : s.url('one'), '', origin + path);
    } finally { front.stop(); assert.equal(await s?.stop(), 0); }
  });
test('public_url with a path, an issuer on another host: the pages have one path', async () => {
  const [port, other] = [await freePort(), await freePort()];
  let s;
  const fronts = await Promise.all([port, other].map((p) => proxy(p, p === port ? '/gate' : '', () => s.port)));
  try {
    s = await box({ public_url: `http://127.0.0.1:${port}/gate`, issuer_url: `http://127.0.0.1:${other}` });
    const meta = (await ask({ port: other, host: `127.0.0.1:${other}` }, '/.well-known/oauth-authorization-server')).json;
    assert.equal(meta.issuer, `http://127.0.0.1:${other}`);
    assert.equal(meta.token_endpoint, `http://127.0.0.1:${other}/gate/oauth/token`);
  } finally { for (const f of fronts) f.stop(); assert.equal(await s?.stop(), 0); }
});

test('behind a trusted proxy what is counted is counted for whom it tells of; what others put into the header is not', async () => {
  const s = await box({ trusted_proxy: ['127.0.0.0/8', '10.0.0.0/8'] }), plain = await box({});
  const register = (from, on = s) => ask(on, '/oauth/register', { json: { redirect_uris: ['https://x.example/cb'], token_endpoint_auth_method: 'none' }, headers: from ? { 'X-Forwarded-For': from } : {} });
  try {
    for (let i = 0; i < 60; i++) assert.equal((await register('198.51.100.1')).status, 201);
    for (const mine of ['198.51.100.1', '203.0.113.9, 198.51.100.1', '198.51.100.1, 10.1.2.3', '198.51.100.1:4711', 'nonsense, 198.51.100.1']) assert.equal((await register(mine)).status, 429, mine);
    for (const other of ['198.51.100.2', '198.51.100.1, 198.51.100.2', '2001:db8::1', '[2001:db8:0:1::1]:80', undefined]) assert.equal((await register(other)).status, 201, other);
    for (let i = 0; i < 62; i++) assert.equal((await register('198.51.100.1', plain)).status, 201); // not trusted: this machine, which may ask more often
  } finally { assert.deepEqual([await s.stop(), await plain.stop()], [0, 0]); }
  assert.match(String(await box({ trusted_proxy: ['10.0.0.0/33'] }).then((x) => x.stop(), (e) => e)), /trusted_proxy is an address or a network/);
});
