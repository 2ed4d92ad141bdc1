// The API without MCP for clients with OAuth tokens: a token is for that URL or it is nothing there; scopes, approvals and
// the guard against repeated writes are those of tool calls.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, Person, ask } from './lib/oauth.mjs';
import { startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

const PASSWORD = 'correct horse battery 7';
let upstream, server, person, client;
before(async () => {
  upstream = await startUpstream();
  const environments = [{ name: 'sandbox', base_url: upstream.url, repeat_guard: '30s', first_timeout: '600ms' }];
  server = await startServer({ apis: ['one', 'two'].map((name) => ({ name, document: echoDocument, environments })) });
  assert.equal((await server.command(['user', 'add', 'alice', '--role', 'member', '--password-stdin'], { input: PASSWORD + '\n' })).code, 0);
  person = await new Person(server, 'alice', PASSWORD).login();
  client = await Client.register(server, {});
});
after(async () => {
  const code = await server?.stop();
  await upstream?.stop();
  assert.equal(code ?? 0, 0, 'SIGTERM ends it with 0');
});

const tokenFor = async (at, scope = 'read write') => {
  client.resource = server.origin + at;
  return (await client.connect(person, { scope })).access_token;
};
const rest = (token, at, o = {}) => ask(server, at, { ...o, headers: { Authorization: `Bearer ${token}`, ...o.headers } });
const mcp = (token, at) => ask(server, at, { json: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }, headers: { Authorization: `Bearer ${token}`, Accept: 'application/json, text/event-stream' } });

test('a token for the URL of the facade: good there, not at MCP, not at another API; and the other way round', async () => {
  const token = await tokenFor('/rest/one/sandbox'), other = await tokenFor('/one/mcp');
  const r = await rest(token, '/rest/one/sandbox/items/7?q=x');
  assert.equal(r.status, 200, r.text);
  assert.equal(r.json.path, '/items/7?q=x');
  assert.equal(r.headers['x-content-type-options'], 'nosniff');
  assert.equal((await mcp(token, '/one/mcp')).status, 401);
  assert.equal((await rest(token, '/rest/two/sandbox/items/7')).status, 401);
  assert.equal((await rest(other, '/rest/one/sandbox/items/7')).status, 401);
  const none = await ask(server, '/rest/one/sandbox/items/7');
  assert.equal(none.status, 401);
  assert.match(none.headers['www-authenticate'], /resource_metadata="[^"]*\/rest\/one\/sandbox/);
});

test('scopes: what the token lacks is asked for; what destroys is described first', async () => {
  const read = await tokenFor('/rest/one/sandbox', 'read');
  const no = await rest(read, '/rest/one/sandbox/echo', { json: { text: 'a' } });
  assert.equal(no.status, 403, no.text);
  assert.match(no.headers['www-authenticate'], /insufficient_scope.*scope="[^"]*write/);
  const write = await tokenFor('/rest/one/sandbox', 'read write destructive');
  assert.equal((await rest(write, '/rest/one/sandbox/echo', { json: { text: 'a' } })).status, 200);
  const described = await rest(write, '/rest/one/sandbox/items/7/delete-all', { method: 'DELETE' });
  assert.equal(described.status, 428, described.text);
  assert.match(described.json.error, /Nothing was done yet/);
  const done = await rest(write, '/rest/one/sandbox/items/7/delete-all', { method: 'DELETE', headers: { 'X-Approval': described.json.handle } });
  assert.equal(done.status, 200, done.text);
});

test('a write without an answer is not repeated unseen; with an Idempotency-Key of its own it is', async () => {
  const token = await tokenFor('/rest/one/sandbox');
  const write = (headers = {}) => rest(token, '/rest/one/sandbox/echo', { json: { text: 'wait 900' }, headers });
  const sent = () => upstream.seen.filter((q) => q.body.includes('wait 900')).length;
  assert.equal((await write()).status, 502);
  const again = await write();
  assert.equal(again.status, 429, again.text);
  assert.match(again.json.error, /nobody knows whether it was carried out/);
  assert.ok(Number(again.headers['retry-after']) > 0);
  assert.equal(sent(), 1);
  assert.equal((await write({ 'Idempotency-Key': 'once more' })).status, 502);
  assert.equal((await write({ 'Idempotency-Key': 'once more' })).status, 429);
  assert.equal(sent(), 2);
});
