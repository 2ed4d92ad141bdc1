// Tokens of another issuer: every token of ../shared/data/jwt, the cases J.. of tests/data/oauth, and what they are mapped to.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './lib/oauth.mjs';
import { lacksShared, shared, tempDir } from './lib/programs.mjs';
import { rawRequest } from './lib/raw.mjs';
import { modernRequest } from './lib/rpc.mjs';
import { run, startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

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

for (const c of cases) test(`${c.id}`, async () => {
  const q = modernRequest('tools/list', {}, {});
  const r = await rawRequest(given.port, { method: 'POST', path: '/mcp', host: HOST, headers: [...q.headers, ['Authorization', `Bearer ${c.token}`]], body: q.body });
  if (c.want === 'accept') assert.equal(r.status, 200, r.body);
  else assert.ok([401, 400, 431].includes(r.status), `HTTP ${r.status}`);
  if (r.status === 401) assert.match(r.headers['www-authenticate'], /error="(invalid_token|invalid_request)".*resource_metadata=/);
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
