// Callers who bring the API's own credential along, over the SDK clients of both eras: each has exactly its owner's rights
// there, a session belongs to the credential it began with, and ours never reach the API.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { here, tempDir } from './lib/programs.mjs';
import { caller } from './lib/rpc.mjs';
import { startServer } from './lib/server.mjs';
import { startUpstream } from './lib/upstream.mjs';

const ann = 'ann-key-7Hq2mYVw91', bob = 'bob-key-93kfLs02Qz', jwt = `eyJhbGciOiJub25lIn0.${'YW5u'.repeat(300)}.c2lnbmF0dXJl`;
const people = { [ann]: 'ann', [bob]: 'bob', [`Bearer ${jwt}`]: 'ann by jwt', [`Basic ${btoa('ann:pa55-w0rd-ann')}`]: 'ann by password' };
const get = (operationId, parameters = []) => ({ get: { operationId, parameters, responses: { 200: { description: 'ok', content: { 'application/json': {} } } } } });
const document = {
  openapi: '3.1.0', info: { title: 'Desk', version: '1' }, servers: [{ url: 'http://desk.test' }],
  paths: {
    '/mine': get('mine'), '/all': get('all_things'), '/file': get('file'),
    '/trick': get('trick', [{ name: 'apikey', in: 'header', schema: { type: 'string' } }]),
    '/things/{id}': { delete: { operationId: 'delete_thing', parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }], responses: { 204: { description: 'gone' } } } },
  },
};
let up, server, temp, gone = new Set(), checks = 0, at;
before(async () => {
  temp = tempDir('passthrough');
  const file = path.join(temp.dir, 'desk.json');
  fs.writeFileSync(file, JSON.stringify(document));
  up = await startUpstream();
  up.answer = (q, s) => {
    const given = q.headers.apikey ?? q.headers.authorization, who = gone.has(given) ? undefined : people[given];
    const json = (status, v) => { s.writeHead(status, { 'Content-Type': 'application/json' }); s.end(JSON.stringify(v)); return true; };
    if (q.target === '/me') checks++;
    if (given === 'redirect-key-1') { s.writeHead(302, { Location: '/login' }); s.end(); return true; }
    if (given === 'broken-key-01') return json(500, {});
    if (!who) return json(401, { error: `unknown: ${given}` });
    if (q.target === '/file') { s.writeHead(200, { 'Content-Type': 'application/zip' }); s.end(Buffer.alloc(40000, 1)); return true; }
    if (q.target === '/all' && who === 'bob') return json(403, { error: `bob may not, though he sent ${given}` });
    return json(200, { who, sent: given, as: btoa(given), headers: q.headers });
  };
  server = await startServer({ apis: [{ name: 'desk', document: file, environments: [{ name: 'live', kind: 'production', base_url: up.url, credential_from: 'passthrough',
    passthrough_header: ['apikey', 'Authorization'], passthrough_check: 'GET /me', session_credential: 'capture' }] }] });
  at = caller(server, { path: '/desk/mcp' });
});
after(async () => {
  assert.equal(await server?.stop() ?? 0, 0);
  for (const s of [ann, bob, jwt, 'pa55-w0rd-ann', btoa('ann:pa55-w0rd-ann')]) assert.ok(!server?.log().includes(s), 'a credential is in the log');
  await up?.stop();
  temp?.remove();
});

const load = (file) => import(pathToFileURL(path.join(here, 'node_modules', file)).href);
async function connect(era, headers) {
  const legacy = era === 'legacy';
  const { Client } = await load(legacy ? 'sdk-2025-11-25/dist/esm/client/index.js' : '@modelcontextprotocol/client/dist/index.mjs');
  const { StreamableHTTPClientTransport } = await load(legacy ? 'sdk-2025-11-25/dist/esm/client/streamableHttp.js' : '@modelcontextprotocol/client/dist/index.mjs');
  const client = legacy ? new Client({ name: 'sdk', version: '1' }, {}) : new Client({ name: 'sdk', version: '2' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url('desk')), { requestInit: { headers } }));
  return client;
}
const textOf = (r) => r.content.map((c) => c.text).join('\n');
const status = async (headers, o = {}) => (await at.modern('tools/list', {}, { headers, ...o })).status;

for (const era of ['legacy', 'modern']) for (const [headers, who] of [[{ apikey: ann }, 'ann'], [{ apikey: bob }, 'bob'], [{ Authorization: `Bearer ${jwt}` }, 'ann by jwt'], [{ Authorization: `Basic ${btoa('ann:pa55-w0rd-ann')}` }, 'ann by password']])
  test(`${era}: ${who} acts as ${who}, and the credential does not come back`, async () => {
    const client = await connect(era, headers), text = textOf(await client.callTool({ name: 'mine', arguments: {} }));
    assert.match(text, new RegExp(`"who":"${who}"`));
    for (const s of [ann, bob, jwt.slice(0, 600), 'pa55-w0rd-ann']) assert.ok(!text.includes(s), text.slice(0, 300));
    assert.match(text, /\[redacted\]/);
    const r = await client.callTool({ name: 'all_things', arguments: {} });
    assert.equal(r.isError === true, who === 'bob');
    if (who === 'bob') assert.match(textOf(r), /^API error \(HTTP 403\): \{"error":"bob may not, though he sent \[redacted\]"\}/);
    await client.close();
  });

test('the API is asked once a minute, never with what is ours', async () => {
  checks = 0;
  up.seen.length = 0;
  for (let i = 0; i < 5; i++) assert.equal(await status({ apikey: bob }), 200);
  assert.equal(checks, 0);
  const own = await server.key('mine', 'desk');
  for (const headers of [{ apikey: own }, { Authorization: `Bearer ${own}` }]) assert.equal(await status(headers), 200);
  for (const headers of [{ apikey: 'mcpg_abcdefghijklmnop' }, { apikey: 'Bearer mcpg_abcdefghijklmnop' }, { apikey: `Bearer ${own}` }, { Authorization: `Basic ${btoa(`u:${own}`)}` },
    { Authorization: 'Bearer mcpg_abcdefghijklmnop' }, { apikey: `sk-${'a'.repeat(43)}` }, { apikey: 'short' }, { apikey: 'x'.repeat(3100) }, { Authorization: 'Digest aaaaaaaaaaaaa' }])
    assert.equal(await status(headers), 401, JSON.stringify(headers));
  assert.deepEqual(up.seen.filter((q) => !/Digest/.test(q.headers.authorization)), [], 'only what cannot be ours was asked about');
  const r = await caller(server, { key: own, path: '/desk/mcp' }).tool('mine');
  assert.ok(r.isError);
  assert.match(r.text, /caller's own credential.*header apikey or header Authorization/);
});
test('a key that was brought in from elsewhere is ours, too', async () => {
  const foreign = 'foreign-key-of-the-gate-0123456789';
  const r = await server.command(['key', 'add', 'old', '--secret-stdin'], { input: foreign + '\n' });
  assert.equal(r.code, 0, r.err);
  up.seen.length = 0;
  assert.equal(await status({ apikey: foreign }), 200);
  assert.equal(up.seen.length, 0);
});
test('one credential, where it belongs', async () => {
  assert.equal(await status({ apikey: ann, Authorization: `Bearer ${jwt}` }), 400);
  assert.equal(await status({ apikey: [ann, bob] }), 400);
  assert.equal(await status({ apikey: ann, 'X-API-Key': 'whatever-it-is-1234' }), 400);
  assert.equal(await status({}), 401);
  assert.equal(await status({ 'X-API-Key': ann }), 401, 'a header that is not listed');
  assert.equal(await status({}, { send: { at: `/desk/mcp?apikey=${ann}` } }), 401);
  assert.equal(await status({ apikey: `${ann}\r\nX-Admin: 1` }), 200, 'another header of the request, which stays here');
  for (const forged of [`${ann}\nX-Admin: 1`, `${ann}\rX-Admin: 1`, `${ann}\0`]) assert.equal(await status({ apikey: forged }), 400, JSON.stringify(forged));
  assert.ok(!up.seen.some((q) => q.headers['x-admin']));
});
test('arguments do not stand in for it', async () => {
  up.seen.length = 0;
  const r = await at.tool('trick', { apikey: bob }, { headers: { apikey: ann } });
  assert.ok(r.isError, r.text);
  assert.equal(up.seen.filter((q) => q.target === '/trick').length, 0);
});
test('what the API does not say is not taken for a yes', async () => {
  assert.equal(await status({ apikey: 'redirect-key-1' }), 401);
  const r = await at.modern('tools/list', {}, { headers: { apikey: 'broken-key-01' } });
  assert.equal(r.status, 503);
  assert.ok(r.headers['retry-after']);
  assert.equal(await status({ apikey: 'unknown-key-01' }), 401);
});
test('a session is of the credential that began it, and keeps it to its end', async () => {
  const mine = { headers: { apikey: ann } }, call = { name: 'mine', arguments: {} };
  const begun = await at.legacy('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } }, mine);
  const session = begun.headers['mcp-session-id'];
  assert.match((await at.legacy('tools/call', call, { session, ...mine })).body, /\\"who\\":\\"ann\\"/);
  const alone = await at.legacy('tools/call', call, { session });
  assert.match(alone.body, /\\"who\\":\\"ann\\"/, 'without the credential');
  assert.ok(!alone.body.includes(ann));
  assert.equal((await at.legacy('tools/call', call, { session, headers: { apikey: bob } })).status, 404, "another's credential");
  assert.equal((await at.legacy('tools/call', call, { session: session.slice(0, -2) + 'AA' })).status, 404, 'a forged id');
  assert.equal((await at.legacy('tools/call', call, { session: 'x'.repeat(50) })).status, 401);
  assert.equal((await at.modern('tools/call', call, { headers: { 'Mcp-Session-Id': session } })).status, 401, 'an era without sessions');
  const rest = await at.post({ method: 'GET', at: '/rest/desk/live/mine', headers: [['Mcp-Session-Id', session]] });
  assert.equal(rest.status, 401);
  await server.crash();
  assert.match((await at.legacy('tools/call', call, { session })).body, /\\"who\\":\\"ann\\"/, 'after a restart');
  assert.equal((await at.post({ method: 'DELETE', headers: [['Mcp-Session-Id', session]] })).status, 204);
  assert.equal((await at.legacy('tools/call', call, { session })).status, 404, 'ended');
  assert.equal((await at.legacy('tools/call', call, { session, ...mine })).status, 404);
});
test('a credential that was revoked opens nothing', async () => {
  const begun = await at.legacy('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } }, { headers: { apikey: bob } });
  gone.add(bob);
  const r = await at.legacy('tools/call', { name: 'mine', arguments: {} }, { session: begun.headers['mcp-session-id'] });
  assert.match(r.body, /API error \(HTTP 401\): .*unknown: \[redacted\]/);
  await server.crash(); // forgets that it was good a moment ago
  assert.equal(await status({ apikey: bob }), 401);
  assert.equal((await at.legacy('ping', undefined, { session: begun.headers['mcp-session-id'] })).status, 401);
});
test('REST, approvals and files as for everybody', async () => {
  const rest = await at.post({ method: 'GET', at: '/rest/desk/live/mine', headers: [['apikey', ann]] });
  assert.equal(rest.status, 200);
  assert.match(rest.body, /"who":"ann"/);
  assert.ok(!rest.body.includes(ann));
  const headers = { apikey: ann };
  assert.match((await at.tool('delete_thing', { id: '1' }, { headers })).text, /Nothing was done yet/);
  assert.equal((await at.confirmed('delete_thing', { id: '1' }, { headers })).isError, false);
  assert.match((await at.tool('file', {}, { headers })).text, /application\/zip.*not shown/, 'a link would have no credential with it');
});
test('nothing of it stands in the data or the audit, where each caller has a name of its own', async () => {
  const r = await server.command(['audit', 'search', '--json']).then((x) => (x.code ? server.command(['audit', 'tail']) : x));
  assert.match(r.out, /own-[0-9a-f]{8}/);
  for (const s of [ann, bob, jwt]) assert.ok(!r.out.includes(s));
  const walk = (dir) => fs.readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? walk(path.join(dir, e.name)) : e.isFile() ? [path.join(dir, e.name)] : []));
  for (const f of walk(path.join(server.dir, 'data'))) for (const s of [ann, bob]) assert.ok(!fs.readFileSync(f).includes(s), f);
});
