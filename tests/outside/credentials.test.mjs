// What is sent for `security`, judged by what arrives: AND, OR, per operation, several credentials on one request, and
// none of them anywhere else.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { tempDir } from './lib/programs.mjs';
import { caller } from './lib/rpc.mjs';
import { section, startServer } from './lib/server.mjs';
import { startUpstream } from './lib/upstream.mjs';

const secrets = { APP: 'app-secret-0001', QUERY: 'query&secret=0002', COOKIE: 'cookie-secret-0003', USER: 'basic-secret-0004', TOKEN: 'bearer-secret-0005', OWN: 'own-secret-0006' };
const get = (operationId, security, parameters = []) => ({ get: { operationId, parameters, ...(security ? { security } : {}), responses: { 200: { description: 'ok' } } } });
const document = {
  openapi: '3.1.0', info: { title: 'Locks', version: '1' }, servers: [{ url: 'http://locks.test' }],
  security: [{ app: [], 'query-key': [] }],
  components: { securitySchemes: {
    app: { type: 'apiKey', in: 'header', name: 'X-App' }, 'query-key': { type: 'apiKey', in: 'query', name: 'key' },
    sid: { type: 'apiKey', in: 'cookie', name: 'sid' }, user: { type: 'http', scheme: 'basic' }, token: { type: 'http', scheme: 'bearer' },
    never: { type: 'http', scheme: 'digest' },
  } },
  paths: {
    '/both': get('both'), '/basic': get('basic', [{ user: [] }]), '/bearer': get('bearer', [{ never: [] }, { token: [] }]),
    '/cookie': get('cookie', [{ sid: [] }], [{ name: 'lang', in: 'cookie', schema: { type: 'string' } }]),
    '/all': get('all', [{ app: [], 'query-key': [], sid: [], user: [] }]), '/open': get('open', []), '/never': get('never', [{ never: [] }]),
    '/maybe': get('maybe', [{ never: [] }, {}]),
    '/else': { ...get('else_where'), servers: [{ url: 'http://elsewhere.test' }] },
  },
};
const ways = {
  app: ['header', 'X-App', 'APP'], 'query-key': ['query', 'key', 'QUERY'], sid: ['cookie', 'sid', 'COOKIE'], user: ['basic', null, 'USER', 'ann:{secret}'], token: ['bearer', null, 'TOKEN'],
};
let up, server, call, own, temp;

before(async () => {
  temp = tempDir('credentials');
  const file = path.join(temp.dir, 'locks.json');
  fs.writeFileSync(file, JSON.stringify(document));
  up = await startUpstream();
  up.answer = (q, s) => { s.writeHead(200, { 'Content-Type': 'text/plain' }); s.end(`${q.target} ${JSON.stringify(q.headers)}`); return true; };
  const extra = Object.entries(ways).map(([scheme, [place, name, from, value]], i) => section('credential', i ? scheme.replaceAll('-', '_') : 'app',
    { api: 'locks', environment: 'one', ...(scheme.includes('-') ? { scheme } : {}), credential_in: place, credential_name: name ?? undefined, credential_value: value, credential_from: `env:${from}` })).join('');
  server = await startServer({ env: secrets, extra, apis: [{ name: 'locks', document: file, environments: [
    { name: 'one', base_url: up.url }, { name: 'two', base_url: up.url, credential_from: 'env:OWN' }] }] });
  const key = await server.key('k', null, ['--environment', 'one', '--environment', 'two']);
  call = caller(server, { key, path: '/locks/one/mcp' });
  own = caller(server, { key, path: '/locks/two/mcp' });
});
after(async () => {
  assert.equal(await server?.stop() ?? 0, 0);
  await up?.stop();
  temp?.remove();
});

// What arrived at the API: the secrets in it, by name, and the request.
async function arrives(who, tool, args) {
  const n = up.seen.length, r = await who.tool(tool, args);
  assert.equal(r.isError, false, r.text);
  assert.equal(up.seen.length, n + 1);
  const q = up.seen[n];
  const text = q.target + JSON.stringify(q.headers) + Buffer.from(/^Basic (.*)/.exec(q.headers.authorization ?? '')?.[1] ?? '', 'base64');
  for (const s of Object.values(secrets)) assert.ok(!r.text.includes(s) && !r.text.includes(encodeURIComponent(s)), `in the answer: ${r.text}`);
  return { ...q, holds: Object.keys(secrets).filter((k) => text.includes(secrets[k]) || text.includes(encodeURIComponent(secrets[k]))).sort().join() };
}

test('schemes that are needed together go together', async () => {
  const q = await arrives(call, 'both');
  assert.equal(q.headers['x-app'], secrets.APP);
  assert.equal(q.query.get('key'), secrets.QUERY);
  assert.equal(q.holds, 'APP,QUERY');
  assert.equal((await arrives(call, 'all')).holds, 'APP,COOKIE,QUERY,USER');
});
test('an operation has its own', async () => {
  assert.equal((await arrives(call, 'basic')).headers.authorization, `Basic ${Buffer.from('ann:' + secrets.USER).toString('base64')}`);
  assert.equal((await arrives(call, 'bearer')).headers.authorization, `Bearer ${secrets.TOKEN}`, 'the alternative that can be satisfied');
  assert.equal((await arrives(call, 'cookie', { lang: 'de' })).headers.cookie, `lang=de; sid=${secrets.COOKIE}`, 'one Cookie field');
  assert.equal((await arrives(call, 'open')).holds, '');
  assert.equal((await arrives(call, 'maybe')).holds, '');
});
test('without any for its schemes nothing is sent, and what is missing is said', async () => {
  const n = up.seen.length, r = await call.tool('never');
  assert.equal(r.isError, true);
  assert.match(r.text, /no credential.*security scheme 'never'/);
  assert.equal(up.seen.length, n);
});
test('credentials are an environment\'s own', async () => {
  const q = await arrives(own, 'both');
  assert.equal(q.holds, 'OWN');
  assert.equal(q.headers.authorization, `Bearer ${secrets.OWN}`);
});
test('keys are no arguments, and other servers get nothing', async () => {
  const tools = await call.tools();
  assert.deepEqual(tools.find((t) => t.name === 'both').inputSchema.properties ?? {}, {});
  assert.ok(!tools.some((t) => t.name === 'else_where'), 'a server that the configuration does not name: off');
});
