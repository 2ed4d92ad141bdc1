// Tokens of another issuer: every token of ../shared/data/jwt, the cases J.. of tests/data/oauth, and what they are mapped to.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { authority } from './lib/authority.mjs';
import { ask } from './lib/oauth.mjs';
import { lacksShared, shared, tempDir, top } from './lib/programs.mjs';
import { rawRequest } from './lib/raw.mjs';
import { modernRequest } from './lib/rpc.mjs';
import { run, startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

const clocked = path.join(top, 'build/native-test/mcpgated');
const skip = lacksShared('data/jwt');
const cases = skip ? [] : fs.readFileSync(path.join(shared, 'data/jwt/jwt_cases.jsonl'), 'utf8').trim().split('\n').map((l) => JSON.parse(l));
const ISSUER = 'https://as.example', R = 'https://box.example/mcp', HOST = 'box.example';
const { dir, remove } = tempDir('issuer');
const jwks = path.join(dir, 'jwks.json');
const pairs = { r1: crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }), e1: crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }), r2: crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }) };
const jwk = (kid, alg) => ({ ...pairs[kid].publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' });
const write = (keys) => fs.writeFileSync(jwks, JSON.stringify({ keys }));
const b64 = (v) => Buffer.from(v).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);

function token(over = {}, { kid = 'r1', head = {}, key = pairs[kid].privateKey } = {}) {
  const alg = key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256';
  const claims = { iss: ISSUER, aud: R, sub: 'ann', client_id: 'c1', scope: 'read write', iat: now(), exp: now() + 300, ...over };
  const said = `${b64(JSON.stringify({ alg, kid, typ: 'at+jwt', ...head }))}.${b64(JSON.stringify(claims))}`;
  return `${said}.${b64(crypto.sign('sha256', Buffer.from(said), { key, dsaEncoding: 'ieee-p1363' }))}`;
}

let upstream, server, given;
const apis = () => ['one', 'two'].map((name) => ({ name, document: echoDocument, environments: [{ name: 'production', base_url: upstream.url }] }));
const options = { public_url: `https://${HOST}`, issuer: ISSUER, issuer_keys: jwks, claim_role: 'role', claim_team: 'org', issuer_role: 'member' };
before(async () => {
  upstream = await startUpstream();
  write([jwk('r1', 'RS256'), jwk('e1', 'ES256')]);
  server = await startServer({ apis: apis(), server: options, host: HOST });
  if (!skip) given = await startServer({ apis: apis(), server: { ...options, issuer_keys: path.join(shared, 'data/jwt/jwks.json'), log_level: 'warn' }, host: HOST });
});
after(async () => {
  const codes = [await server?.stop(), await given?.stop()];
  await upstream?.stop();
  remove();
  assert.deepEqual(codes.filter((c) => c), [], 'SIGTERM ends them with 0');
});
const call = (bearer, { on = server, at = '/mcp', method = 'tools/list', params = {} } = {}) => {
  const q = modernRequest(method, params, { key: bearer });
  return ask(on, at, { method: 'POST', headers: Object.fromEntries(q.headers), body: q.body });
};
const is = (r, want) => assert.equal(r.status, want, r.text.slice(0, 300));
const tools = (r) => JSON.parse(r.text).result.tools.map((t) => t.name);

const verdicts = {};
for (const c of cases) test(`${c.id}`, async () => {
  const q = modernRequest('tools/list', {}, {});
  const r = await rawRequest(given.port, { method: 'POST', path: '/mcp', host: HOST, headers: [...q.headers, ['Authorization', `Bearer ${c.token}`]], body: q.body });
  verdicts[c.id] = r.status;
  if (c.want === 'accept') assert.equal(r.status, 200, r.body);
  else assert.ok([401, 400, 431].includes(r.status), `HTTP ${r.status}`);
  if (r.status === 401) assert.match(r.headers['www-authenticate'], /error="(invalid_token|invalid_request)".*resource_metadata=/);
});

// The cases of tests/data/oauth that are lines of data/jwt, and what more they ask.
const lines = { J01: /^alg-"none|^alg-"n[Oo]|^alg-"None|^alg-"NONE|^alg-null|^alg-""/, J02: /^hs/, J03: /^alg-swap|^es-alg|^rs-alg/, J04: /^sig-/, J05: /^kid-/, J07: /^evil-/, J08: /^crit/, J09: /^exp-/, J10: /^nbf-|^iat-/, J11: /^aud-|^ok-aud/,
  J12: /^iss-/, J13: /^typ-/, J14: /^sub-/, J15: /^dup-|^exp-dup/, J16: /^form-/, J17: /^form-.*(huge|deep)/, J18: /^es-/, J20: /^b64|^zip/ };
const more = {
  J09: async () => { for (const exp of [1.5e300, now() + 0.5, '9999999999', -1]) is(await call(token({ exp })), 401); },
  J14: async () => { for (const over of [{ client_id: undefined }, { client_id: '' }, { client_id: 5 }, { sub: undefined }, { sub: '' }, { sub: 5 }]) is(await call(token(over)), 401); },
  J17: async () => { for (const over of [{ pad: 'x'.repeat(1 << 20) }]) assert.ok([401, 431].includes((await call(token(over)).catch(() => ({ status: 431 }))).status)); },
};
for (const [id, which] of Object.entries(lines)) test(id, { skip }, async () => {
  const mine = cases.filter((c) => which.test(c.id));
  assert.ok(mine.length);
  for (const c of mine) assert.ok(c.want === 'accept' ? verdicts[c.id] === 200 : [400, 401, 431].includes(verdicts[c.id]), `${c.id}: ${verdicts[c.id]}`);
  await more[id]?.();
});
test('both kinds of key, and what a token is for', async () => {
  is(await call(token()), 200);
  is(await call(token({}, { kid: 'e1' })), 200);
  is(await call(token({ aud: ['https://x.example', R] })), 200);
  is(await call(token({ aud: `https://${HOST}/one/mcp` })), 200); // another name of the same endpoint
  is(await call(token(), { at: '/mcp/readonly' }), 200); // a view narrows
  is(await call(token({ aud: `${R}/readonly` })), 401); // never back
  is(await call(token(), { at: '/two/mcp' }), 401);
  is(await call(token({ aud: `https://${HOST}/two/mcp` }), { at: '/two/mcp' }), 200);
});
test('times have a minute of leeway', async () => {
  is(await call(token({ exp: now() - 30 })), 200);
  is(await call(token({ exp: now() - 70 })), 401);
  is(await call(token({ nbf: now() + 30 })), 200);
  is(await call(token({ nbf: now() + 600 })), 401);
  is(await call(token({ iat: now() + 600 })), 401);
});
test('scopes, roles, and who acts for another', async () => {
  assert.ok(tools(await call(token())).includes('echo'));
  assert.ok(!tools(await call(token({ role: 'viewer' }))).includes('echo'));
  assert.deepEqual(tools(await call(token({ role: 'nobody' }))), []);
  const write = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'hi' } } };
  is(await call(token(), write), 200);
  for (const t of [token({ scope: 'read' }), token({ act: { sub: 'eve' } }), token({ scope: undefined }), token({ role: 'viewer' })]) {
    const n = upstream.seen.length, r = await call(t, write);
    assert.ok(r.status !== 200 || JSON.parse(r.text).result?.isError || JSON.parse(r.text).error, r.text);
    assert.equal(upstream.seen.length, n);
  }
  is(await call(token({ role: 5 })), 401);
});
test('the token goes nowhere', async () => {
  const t = token(), n = upstream.seen.length;
  is(await call(t, { method: 'tools/call', params: { name: 'echo', arguments: { text: 'hi' } } }), 200);
  assert.ok(!JSON.stringify(upstream.seen.slice(n)).includes(t.split('.')[1]));
  assert.ok(!server.log().includes(t.split('.')[2]));
});
test('metadata names the issuer', async () => assert.ok((await ask(server, '/.well-known/oauth-protected-resource/mcp')).json.authorization_servers.includes(ISSUER)));
test('J24 key rotation: a new set counts from the reload, an old key no more', async () => {
  is(await call(token({}, { kid: 'r2' })), 401);
  write([jwk('r2', 'RS256')]);
  server.reload();
  for (let i = 0; i < 100 && (await call(token({}, { kid: 'r2' }))).status !== 200; i++) await sleep(50);
  is(await call(token({}, { kid: 'r2' })), 200);
  is(await call(token()), 401);
});
test('J22 a set that is none is refused, and the old one stays', async () => {
  for (const bad of ['<html>', '{}', '{"keys":[]}', JSON.stringify({ keys: Array.from({ length: 1000 }, () => jwk('r1', 'RS256')) }), JSON.stringify({ keys: [jwk('r1', 'RS256'), { ...jwk('r2', 'RS256'), kid: 'r1' }] }), 'x'.repeat(1 << 20)]) {
    fs.writeFileSync(jwks, bad);
    const r = await run(['check', '-c', server.config]);
    assert.notEqual(r.code, 0, bad.slice(0, 40));
    assert.match(r.out + r.err, /issuer_keys|larger than/);
    server.reload();
  }
  await sleep(300);
  is(await call(token({}, { kid: 'r2' })), 200);
});
test('J19 weak keys are refused at load', async () => {
  const weak = crypto.generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  for (const k of [{ ...weak, kid: 'w' }, { ...jwk('r1', 'RS256'), e: 'AQ' }, { ...jwk('r1', 'RS256'), e: 'Aw' }, { ...jwk('e1', 'ES256'), x: jwk('e1').y }]) {
    write([k]);
    const r = await run(['check', '-c', server.config]);
    assert.notEqual(r.code, 0);
    assert.match(r.out + r.err, /too weak/);
  }
});

// ---- keys that are fetched, and tokens that the issuer is asked about -------------------------------------------
const own = authority(dir);
// What another issuer is: its keys, what it says of opaque tokens, how it is asked.
async function issuer(o = {}) {
  const i = { keys: [jwk('r1', 'RS256')], said: {}, got: [], asked: [], delay: 0, ...o };
  const answer = (q, s) => {
    let body = '';
    q.on('data', (d) => { body += d; });
    q.on('end', async () => {
      const json = (status, v, headers = {}) => { s.writeHead(status, { 'Content-Type': 'application/json', ...headers }); s.end(typeof v === 'string' ? v : JSON.stringify(v)); };
      await i.hold;
      await sleep(i.delay);
      if (q.url === '/keys') { i.got.push(q); return i.broken ? i.broken(json, s) : json(200, { keys: i.keys }); }
      if (q.url !== '/introspect') return json(404, {});
      const form = new URLSearchParams(body);
      i.asked.push({ token: form.get('token'), hint: form.get('token_type_hint'), authorization: q.headers.authorization, method: q.method, type: q.headers['content-type'] });
      if (i.mute) return i.mute(json, s);
      if (q.headers.authorization !== 'Basic ' + Buffer.from('our%20gate:p%3Ass%20word').toString('base64')) return json(401, { error: 'invalid_client' });
      const c = i.said[form.get('token')];
      return json(200, c ? { active: true, iss: ISSUER, sub: 'ann', client_id: 'c1', aud: R, scope: 'read write', exp: now() + 300, token_type: 'Bearer', ...c } : { active: false });
    });
  };
  i.server = await own.serve('srv', answer, { port: o.port });
  i.url = i.server.url;
  i.stop = () => new Promise((r) => { i.server.close(r); i.server.closeAllConnections(); });
  return i;
}
const secretFile = path.join(dir, 'secret');
fs.writeFileSync(secretFile, 'p:ss word\n', { mode: 0o600 });
const box = (o) => startServer({ apis: apis(), server: { ...options, issuer_ca: own.ca, ...o }, host: HOST });
const asking = (i, o = {}) => ({ issuer_introspect: `${i.url}/introspect`, issuer_client: 'our gate', issuer_secret: `file:${secretFile}`, ...o });
const until = async (f) => { for (let i = 0; i < 100 && !(await f()); i++) await sleep(30); assert.ok(await f()); };

test('J06 keys are fetched by https, once for many; a new one when a token names it, rarely; the last good ones stay', async () => {
  const i = await issuer({ delay: 200 }), s = await box({ issuer_keys: `${i.url}/keys` });
  try {
    for (const r of await Promise.all(Array.from({ length: 20 }, () => call(token(), { on: s })))) is(r, 200);
    assert.equal(i.got.length, 1);
    assert.deepEqual([i.got[0].method, i.got[0].headers['accept-encoding'], i.got[0].headers.authorization], ['GET', 'identity', undefined]);
    i.delay = 0;
    for (const r of await Promise.all(Array.from({ length: 20 }, (_, n) => call(token({}, { kid: 'r2', head: { kid: `made-up-${n}` } }), { on: s })))) is(r, 401);
    assert.equal(i.got.length, 1, 'within 30 s nobody makes us ask again');
    is(await call(token(), { on: s }), 200);
  } finally { assert.equal(await s.stop(), 0); await i.stop(); }
});
// A box whose clock is ours to move. wall and mono: seconds added to each.
async function clockBox(o) {
  const file = path.join(dir, `clock-${Math.random()}`), set = (wall, mono) => { const b = Buffer.alloc(16); b.writeBigInt64LE(BigInt(wall), 0); b.writeBigInt64LE(BigInt(mono * 1000), 8); fs.writeFileSync(file, b, { flag: fs.existsSync(file) ? 'r+' : 'w' }); };
  set(0, 0);
  const s = await startServer({ apis: apis(), server: { ...options, issuer_ca: own.ca, ...o }, host: HOST, program: clocked, env: { MCPGATED_TEST_CLOCK: file } });
  s.at = s.wall = 0;
  s.move = async (n, wall = n) => { set(s.wall += wall, s.at += n); await sleep(60); };
  return s;
}
const noClock = fs.existsSync(clocked) ? false : 'no test binary (make testbuild)';
test('J21 J22 J23 J24 keys that are fetched: rotation, redirects, sets that are none, an issuer that is away for a day', { skip: noClock }, async () => {
  const i = await issuer(), s = await clockBox({ issuer_keys: `${i.url}/keys` });
  const t = (kid) => token({ exp: now() + s.at + 300 }, { kid }), ready = async () => (await ask(s, '/readyz')).status;
  try {
    is(await call(t('r1'), { on: s }), 200);
    i.keys = [jwk('r2', 'RS256')]; // J24: the issuer changes its key
    is(await call(t('r2'), { on: s }), 401);
    await s.move(60);
    is(await call(t('r2'), { on: s }), 200); // asked for because it was not known
    is(await call(t('r1'), { on: s }), 401);
    const evil = await own.serve('srv', (q, r) => { evil.hit = true; r.end(JSON.stringify({ keys: [jwk('e1', 'ES256')] })); });
    const wrong = [(j) => j(302, '', { Location: `${evil.url}/keys` }), (j) => j(301, '', { Location: evil.url.replace('https', 'http') }), (j) => j(307, '', { Location: '/other' }), // J21
      (j) => j(500, {}), (j) => j(200, '<html>'), (j) => j(200, { keys: [] }), (j) => j(200, { keys: Array.from({ length: 10000 }, (_, n) => ({ ...jwk('r1', 'RS256'), kid: `k${n}` })) }), (j) => j(200, { keys: Array.from({ length: 33 }, () => jwk('r1', 'RS256')) }),
      (j) => j(200, 'x'.repeat(10 << 20)), (j, r) => { r.writeHead(200, { 'Content-Length': 1000 }); r.write('{'); setTimeout(() => r.destroy(), 50); }, (j) => j(200, { keys: [jwk('e1', 'ES256'), jwk('e1', 'ES256')] })]; // J22
    for (const w of wrong) {
      i.broken = w;
      await s.move(60);
      const n = i.got.length, said = s.log().split('last good ones are kept').length;
      is(await call(t('e1'), { on: s }), 401);
      assert.equal(i.got.length, n + 1, String(w));
      await until(() => s.log().split('last good ones are kept').length === said + 1); // by another pipe than the answer
      is(await call(t('r2'), { on: s }), 200);
    }
    assert.ok(!evil.hit);
    evil.close();
    await i.stop();
    await s.move(3600); // J23
    is(await call(t('r2'), { on: s }), 200);
    assert.equal(await ready(), 200);
    await s.move(86400);
    is(await call(t('r2'), { on: s }), 401);
    assert.equal(await ready(), 503);
    const back = await issuer({ port: Number(new URL(i.url).port), keys: [jwk('r2', 'RS256')] });
    await s.move(60);
    is(await call(t('r2'), { on: s }), 200);
    assert.equal(await ready(), 200);
    await s.move(700); // stale, yet good: nobody waits for the new ones, and one fetch serves all
    const n = back.got.length;
    let go;
    back.hold = new Promise((resolve) => { go = resolve; });
    for (const r of await Promise.all(Array.from({ length: 20 }, () => call(t('r2'), { on: s })))) is(r, 200);
    assert.equal(back.got.length, n);
    go();
    await until(() => back.got.length > n);
    await sleep(100);
    assert.equal(back.got.length, n + 1);
    await back.stop();
  } finally { assert.equal(await s.stop(), 0); await i.stop().catch(() => {}); }
});
test('J25 a clock set back revives no token', { skip: noClock }, async () => {
  const i = await issuer(), s = await clockBox({ issuer_keys: `${i.url}/keys` }), t = token({ exp: now() + 3600 });
  try {
    is(await call(t, { on: s }), 200);
    await s.move(7200);
    is(await call(t, { on: s }), 401);
    const u = token({ exp: now() + 7200 + 300 });
    is(await call(u, { on: s }), 200);
    await s.move(10, -86400);
    is(await call(t, { on: s }), 401);
    is(await call(u, { on: s }), 200);
  } finally { assert.equal(await s.stop(), 0); await i.stop(); }
});
test('an issuer that is not there, or not who it says: not ready, and the log says so', async () => {
  const self = await own.serve('self', (q, r) => r.end(JSON.stringify({ keys: [jwk('r1', 'RS256')] })));
  for (const url of [self.url, 'https://localhost:9']) {
    const e = await startServer({ apis: apis(), server: { ...options, issuer_ca: own.ca, issuer_keys: `${url}/keys` }, host: HOST, startup: 1000 }).then(async (s) => { await s.stop(); }, (x) => String(x));
    assert.match(e, /not ready.*503/);
    assert.match(e, /could not be fetched from localhost.*none of its tokens is taken/);
  }
  self.close();
});
test('opaque tokens: the issuer is asked, briefly believed, and only once for the same', async () => {
  const i = await issuer(), s = await box({ issuer_keys: undefined, ...asking(i, { issuer_cache: '1s' }) });
  try {
    i.said.good = {};
    for (let n = 0; n < 5; n++) is(await call('good', { on: s }), 200);
    assert.equal(i.asked.length, 1);
    assert.deepEqual({ ...i.asked[0], authorization: undefined }, { token: 'good', hint: 'access_token', method: 'POST', type: 'application/x-www-form-urlencoded', authorization: undefined });
    is(await call('good', { on: s, at: '/mcp/readonly' }), 200);
    is(await call('good', { on: s, at: '/two/mcp' }), 401);
    delete i.said.good; // revoked there
    await until(async () => (await call('good', { on: s })).status === 401);
    is(await call('good', { on: s, at: '/two/mcp' }), 401);
    is(await call(token(), { on: s }), 401); // without issuer_keys a JWT is asked about as well
    assert.equal(i.asked.at(-1).token.split('.').length, 3);
    const hard = 'a+b/c=&x=%20"\\~'; // sent as it is
    i.said[hard] = {};
    is(await call(hard, { on: s }), 200);
    assert.equal(i.asked.at(-1).token, hard);
    const n = i.asked.length;
    is(await call('sk-' + 'x'.repeat(43), { on: s }), 401); // keys are ours
    is(await call('mcpg_' + 'x'.repeat(90), { on: s }), 401); // and so is that
    is(await call('', { on: s }), 401);
    assert.equal(i.asked.length, n);
    assert.ok(!s.log().includes('p:ss'));
  } finally { assert.equal(await s.stop(), 0); await i.stop(); }
});
test('opaque tokens: what an answer must say', async () => {
  const i = await issuer(), s = await box({ issuer_keys: undefined, ...asking(i, { issuer_audience: 'urn:box', claim_user: 'username' }) });
  const write = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'hi' } } };
  try {
    const judge = async (name, c, want, o = {}) => { i.said[name] = { username: 'ann', ...c }; is(await call(name, { on: s, ...o }), want); };
    await judge('ok', {}, 200, write);
    await judge('by-name', { aud: ['x', 'urn:box'] }, 200);
    await judge('no-iss', { iss: undefined }, 200);
    await judge('no-exp', { exp: undefined }, 200);
    for (const [name, c] of Object.entries({ iss: { iss: 'https://evil.example' }, aud: { aud: 'https://other.example/mcp' }, 'no-aud': { aud: undefined }, 'empty-aud': { aud: [] }, old: { exp: now() - 100 }, young: { nbf: now() + 600 }, 'exp-text': { exp: '99999999999' },
      inactive: { active: false }, 'active-text': { active: 'true' }, refresh: { token_type: 'refresh_token' }, bound: { cnf: { jkt: 'x' } }, 'no-user': { username: undefined }, 'user-number': { username: 5 }, 'role-number': { role: 5 } })) {
      await judge(name, c, name === 'active-text' ? 503 : 401);
    }
    for (const [name, c] of Object.entries({ act: { act: { sub: 'eve' } }, 'read-only': { scope: 'read' }, viewer: { role: 'viewer' } })) { // J: impersonation gets no writes
      i.said[name] = { username: 'ann', ...c };
      const n = upstream.seen.length, r = await call(name, { on: s, ...write });
      assert.ok(r.status !== 200 || JSON.parse(r.text).result?.isError || JSON.parse(r.text).error, r.text);
      assert.equal(upstream.seen.length, n);
      is(await call(name, { on: s }), 200);
    }
  } finally { assert.equal(await s.stop(), 0); await i.stop(); }
});
test('opaque tokens: no answer is a no; guesses are counted; nothing is held up', async () => {
  const i = await issuer(), s = await box({ issuer_keys: undefined, ...asking(i) });
  try {
    i.said.good = {};
    for (const m of [(j) => j(500, {}), (j) => j(401, {}), (j) => j(200, '{'), (j) => j(200, []), (j) => j(200, { active: 1 }), (j) => j(200, '{"active":true,"active":false}'), (j) => j(200, JSON.stringify({ active: true, pad: 'x'.repeat(9000) })), (j) => j(302, '', { Location: '/introspect' }), (j, r) => r.destroy(), (j, r) => r.writeHead(200, { 'Content-Type': 'application/json' }).write('{"active":')]) {
      i.mute = m;
      const began = Date.now();
      is(await call('good', { on: s }), 503);
      assert.ok(Date.now() - began < 7000);
    }
    i.mute = undefined;
    let go, over = false;
    i.hold = new Promise((resolve) => { go = resolve; }); // while it thinks, others are served
    const k = await s.key('k'), slow = call('good', { on: s }).finally(() => { over = true; });
    is(await call(k, { on: s }), 200);
    assert.ok(!over);
    go();
    is(await slow, 200);
    i.hold = undefined;
    const c = await new Promise((resolve) => { const x = rawRequest(s.port, { method: 'POST', path: '/mcp', host: HOST, headers: [['Authorization', 'Bearer leaves'], ['Content-Type', 'application/json']], body: '{}', timeout: 1 }).catch(resolve); return x; });
    assert.ok(c);
    let limited;
    for (let n = 0; n < 700 && !limited; n += 50) limited = (await Promise.all(Array.from({ length: 50 }, (_, m) => call(`guess-${n + m}`, { on: s })))).find((r) => r.status === 429);
    assert.ok(Number(limited?.headers['retry-after']) > 0, 'guessing is never limited');
    is(await call(k, { on: s }), 200);
  } finally { assert.equal(await s.stop(), 0); await i.stop(); }
});
test('the configuration: what is asked must be https, and the secret no text of it', async () => {
  for (const [o, why] of [[{ issuer_keys: 'http://as.example/keys' }, /issuer_keys must begin with https/], [{ issuer_introspect: 'http://10.0.0.1/x', issuer_keys: undefined }, /issuer_introspect must begin with https/], [{ issuer_keys: undefined }, /issuer needs issuer_keys/],
    [{ issuer_introspect: 'https://localhost/x', issuer_client: 'a', issuer_secret: 'plain' }, /issuer_secret is env:NAME/], [{ issuer_introspect: 'https://localhost/x', issuer_client: 'a' }, /belong together/]]) {
    const e = await box(o).then(async (s) => { await s.stop(); }, (x) => x);
    assert.match(String(e), why);
  }
});
