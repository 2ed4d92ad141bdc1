// Credentials of users: who has given none is led to a page, by whatever way the client can; then the agent has exactly
// that user's rights at the API, and nobody else has them. SDK clients of both eras.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { browser } from './lib/browser.mjs';
import { here, tempDir } from './lib/programs.mjs';
import { caller } from './lib/rpc.mjs';
import { startServer } from './lib/server.mjs';
import { startUpstream } from './lib/upstream.mjs';

const password = 'correct horse battery';
const keys = { ann: 'ann-key-7Hq2mYVw91', bob: 'bob-key-93kfLs02Qz' };
const rights = { [keys.ann]: ['ann', 'projects'], [keys.bob]: ['bob', 'invoices'], 'ann-new-key-44Lm': ['ann anew', 'projects'] };
const get = (operationId) => ({ get: { operationId, responses: { 200: { description: 'ok', content: { 'application/json': {} } } } } });
const document = { openapi: '3.1.0', info: { title: 'Desk', version: '1' }, servers: [{ url: 'http://desk.test' }],
  paths: { '/projects': get('projects'), '/invoices': get('invoices'), '/file': get('file'),
    '/projects/{id}': { delete: { operationId: 'delete_project', parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }], responses: { 200: { description: 'gone' } } } } } };
let up, server, temp, tokens = {}, people = {};
before(async () => {
  temp = tempDir('connections');
  const file = path.join(temp.dir, 'desk.json');
  fs.writeFileSync(file, JSON.stringify(document));
  up = await startUpstream();
  up.answer = (q, s) => {
    const given = q.headers.apikey, who = rights[given], what = q.target.split('/')[1];
    const json = (status, v) => { s.writeHead(status, { 'Content-Type': 'application/json' }); s.end(JSON.stringify(v)); return true; };
    if (!who) return json(401, { error: `unknown: ${given}` });
    if (what === 'file') { s.writeHead(200, { 'Content-Type': 'application/zip' }); s.end(`${who[0]} ${'z'.repeat(40000)}`); return true; }
    return what === who[1] ? json(200, { who: who[0], sent: given }) : json(403, { error: 'no rights' });
  };
  const mine = { base_url: up.url, credential_name: 'apikey', credential_from: 'user' };
  server = await startServer({ apis: [{ name: 'desk', document: file, environments: [{ name: 'sandbox', ...mine }, { name: 'production', ...mine }] },
    { name: 'plain', document: file, environments: [{ name: 'live', base_url: up.url }] }] });
  for (const name of ['ann', 'bob']) {
    const r = await server.command(['user', 'add', name, '--password-stdin'], { input: password });
    assert.equal(r.code, 0, r.err);
    people[name] = await browser(server).login(name, password);
    await people[name].get('/keys');
    const made = await people[name].post('/keys', { name: 'agent', api: '', access: 'destructive', expires: '30' });
    tokens[name] = /sk-[\w-]{43}/.exec(made.body)[0];
  }
});
after(async () => {
  assert.equal(await server?.stop() ?? 0, 0);
  for (const s of [...Object.values(keys), 'ann-new-key-44Lm']) assert.ok(!server?.log().includes(s), 'a credential is in the log');
  await up?.stop();
  temp?.remove();
});

const load = (file) => import(pathToFileURL(path.join(here, 'node_modules', file)).href);
async function connect(era, key, capabilities = {}, onUrl) {
  const legacy = era === 'legacy';
  const { Client } = await load(legacy ? 'sdk-2025-11-25/dist/esm/client/index.js' : '@modelcontextprotocol/client/dist/index.mjs');
  const { StreamableHTTPClientTransport } = await load(legacy ? 'sdk-2025-11-25/dist/esm/client/streamableHttp.js' : '@modelcontextprotocol/client/dist/index.mjs');
  const client = legacy ? new Client({ name: 'sdk', version: '1' }, { capabilities }) : new Client({ name: 'sdk', version: '2' }, { capabilities, versionNegotiation: { mode: { pin: '2026-07-28' } } });
  if (onUrl && !legacy) client.setRequestHandler('elicitation/create', onUrl);
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url('desk')), { requestInit: { headers: { Authorization: `Bearer ${key}` } } }));
  return client;
}
const textOf = (r) => r.content.map((c) => c.text).join('\n');
const linkIn = (text) => new RegExp(`${server.origin}(/connect/[\\w-]+)`).exec(text)?.[1];
const give = async (who, secret, where = 'sandbox') => { await people[who].get('/connections'); return people[who].post('/connections', { api: 'desk', where, secret }); };
const remove = async (who, where = 'sandbox') => { await people[who].get('/connections'); return people[who].post('/connections/remove', { api: 'desk', where }); };

for (const era of ['legacy', 'modern']) test(`${era}: without one, a client that opens no pages gets the address, which is this user's alone`, async () => {
  const client = await connect(era, tokens.ann), r = await client.callTool({ name: 'projects', arguments: {} });
  assert.equal(r.isError, true);
  const link = linkIn(textOf(r));
  assert.ok(link, textOf(r));
  assert.match((await people.ann.get(link)).body, /name="where" value="sandbox"/);
  const other = await people.bob.get(link);
  assert.equal(other.status, 403);
  assert.match(other.body, /made for another user/);
  assert.doesNotMatch(other.body, /name="secret"/);
  assert.match((await browser(server).get(link)).body, /name="password"/, 'nobody in particular logs in first');
  for (const forged of [link.slice(0, -2) + 'AA', '/connect/AAAA', '/connect/' + 'a'.repeat(300)]) assert.equal((await people.ann.get(forged)).status, 404, forged);
  await client.close();
});
test('legacy: a client that opens pages gets error -32042', async () => {
  const client = await connect('legacy', tokens.ann, { elicitation: { url: {} } });
  await assert.rejects(client.callTool({ name: 'projects', arguments: {} }), (e) => {
    assert.equal(e.code, -32042);
    const [one] = e.data.elicitations;
    assert.equal(one.mode, 'url');
    assert.ok(linkIn(one.url) && one.elicitationId && one.message, JSON.stringify(one));
    return true;
  });
  await client.close();
});
test('modern: a client that opens pages is asked to; then the call goes on', async () => {
  const asked = [];
  const client = await connect('modern', tokens.ann, { elicitation: { url: {} } }, async (q) => {
    asked.push(q.params);
    assert.equal((await give('ann', keys.ann)).status, 303);
    return { action: 'accept' };
  });
  const r = await client.callTool({ name: 'projects', arguments: {} });
  assert.match(textOf(r), /"who":"ann","sent":"\[redacted\]"/);
  assert.equal(asked.length, 1);
  assert.equal(asked[0].mode, 'url');
  assert.ok(linkIn(asked[0].url));
  await client.close();
  await remove('ann');
  const liar = await connect('modern', tokens.ann, { elicitation: { url: {} } }, async () => ({ action: 'accept' }));
  assert.ok(linkIn(textOf(await liar.callTool({ name: 'projects', arguments: {} }))), 'accept without a key given: words, not for ever');
  await liar.close();
});
for (const era of ['legacy', 'modern']) test(`${era}: each has exactly his own rights there`, async () => {
  await give('ann', keys.ann);
  await give('bob', keys.bob);
  for (const [who, may, mayNot] of [['ann', 'projects', 'invoices'], ['bob', 'invoices', 'projects']]) {
    const client = await connect(era, tokens[who]);
    assert.match(textOf(await client.callTool({ name: may, arguments: {} })), new RegExp(`"who":"${who}","sent":"\\[redacted\\]"`));
    const no = await client.callTool({ name: mayNot, arguments: {} });
    assert.equal(no.isError, true);
    assert.match(textOf(no), /API error \(HTTP 403\)/);
    assert.ok(!textOf(await client.callTool({ name: may, arguments: {} })).includes(keys[who]));
    await client.close();
  }
});
test('given for one environment, not for another; replaced; removed', async () => {
  const ann = caller(server, { key: tokens.ann, path: '/desk/mcp' });
  assert.match((await ann.tool('projects')).text, /"who":"ann"/);
  const made = await people.ann.get('/keys').then(() => people.ann.post('/keys', { name: 'wide', api: '', access: 'destructive', production: 'yes', expires: '30' }));
  const wide = caller(server, { key: /sk-[\w-]{43}/.exec(made.body)[0], path: '/desk/mcp' });
  assert.ok(linkIn((await wide.tool('projects', { environment: 'production' })).text));
  await give('ann', 'ann-new-key-44Lm');
  assert.match((await ann.tool('projects')).text, /"who":"ann anew","sent":"\[redacted\]"/);
  const file = await ann.tool('file');
  const once = /\/files\/(\w+)/.exec(file.text);
  assert.ok(once, file.text);
  assert.match((await ann.post({ method: 'GET', at: once[0], headers: [] })).body, /^ann anew/, 'a link acts as who asked for it');
  await remove('ann');
  assert.ok(linkIn((await ann.tool('projects')).text));
  const rest = await ann.post({ method: 'GET', at: '/rest/desk/sandbox/projects', headers: [['Authorization', `Bearer ${tokens.ann}`]] });
  assert.equal(rest.status, 403);
  assert.match(rest.body, /\/connections/);
});
test('what destroys asks for the key before it is described, and acts with it', async () => {
  const bob = caller(server, { key: tokens.bob, path: '/desk/mcp' });
  await remove('bob');
  assert.ok(linkIn((await bob.tool('delete_project', { id: '1' })).text));
  await give('bob', keys.bob);
  assert.match((await bob.tool('delete_project', { id: '1' })).text, /Nothing was done yet/);
});
test('a key of the box acts for no user', async () => {
  const box = caller(server, { key: await server.key('box'), path: '/desk/mcp' });
  assert.match((await box.tool('projects')).text, /acts for no user/);
});
test('what is no key is not taken; a form needs its session', async () => {
  for (const secret of ['', 'short', 'x'.repeat(1025), 'with\r\nX-Admin: 1 break', 'with\0nul-in-it']) assert.equal((await give('ann', secret)).status, 400, JSON.stringify(secret.slice(0, 20)));
  assert.equal((await people.ann.post('/connections', { api: 'plain', where: 'live', secret: keys.ann })).status, 404, 'an environment that wants none');
  assert.equal((await people.ann.post('/connections', { api: 'desk', where: 'sandbox', secret: keys.ann, csrf: 'forged' })).status, 403);
  assert.equal((await browser(server).post('/connections', { api: 'desk', where: 'sandbox', secret: keys.ann })).status, 403);
  assert.ok(!up.seen.some((q) => q.headers['x-admin']));
});
test('an environment that leaves the configuration, by mistake perhaps, takes no key along', async () => {
  await give('ann', keys.ann);
  const shown = async (want) => {
    for (const end = Date.now() + 5000; Date.now() < end; await sleep(20)) if (/sandbox/.test((await people.ann.get('/connections')).body) === want) return;
    assert.fail(`sandbox ${want ? 'is not' : 'is still'} shown`);
  };
  let gone;
  server.reload(({ apis }) => { [gone] = apis[0].environments.splice(0, 1); });
  await shown(false);
  const { base_url } = gone;
  gone.base_url = base_url.replace('127.0.0.1', 'localhost');
  server.reload(({ apis }) => { apis[0].environments.unshift(gone); });
  await shown(true);
  assert.ok(linkIn((await caller(server, { key: tokens.ann, path: '/desk/mcp' }).tool('projects')).text), 'another host is not given the key');
  const before = server.log().length;
  server.reload(() => { gone.base_url = base_url; });
  for (let i = 0; i < 100 && !/is in force/.test(server.log().slice(before)); i++) await sleep(20);
  assert.match((await caller(server, { key: tokens.ann, path: '/desk/mcp' }).tool('projects')).text, /"who":"ann"/);
});
test('it lies sealed, is no credential of the box, and does not revive for a later user of that name', async () => {
  await give('ann', keys.ann);
  const list = await server.command(['credential', 'list']);
  assert.equal(list.code, 0, list.err);
  assert.doesNotMatch(list.out, /@/);
  const walk = (dir) => fs.readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? walk(path.join(dir, e.name)) : e.isFile() ? [path.join(dir, e.name)] : []));
  for (const f of walk(path.join(server.dir, 'data'))) for (const s of Object.values(keys)) assert.ok(!fs.readFileSync(f).includes(s), f);
  const audit = await server.command(['audit', 'tail']);
  assert.match(audit.out, /connection/);
  await server.crash();
  assert.match((await caller(server, { key: tokens.ann, path: '/desk/mcp' }).tool('projects')).text, /"who":"ann"/, 'after a restart');
  assert.equal((await server.command(['user', 'remove', 'ann'])).code, 0);
  assert.equal((await server.command(['user', 'add', 'ann', '--password-stdin'], { input: password })).code, 0);
  people.ann = await browser(server).login('ann', password);
  assert.doesNotMatch((await people.ann.get('/connections')).body, /Connected:/);
});
