// The behaviours of WorkOS, with its own document, in front of a server that behaves like it, over the SDK clients of both
// eras; and what the shipped deny lists keep from everybody, by name, for the four systems.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { here, lacksShared, shared, top } from './lib/programs.mjs';
import { caller, handleOf } from './lib/rpc.mjs';
import { binary, startServer } from './lib/server.mjs';

const skip = lacksShared('data/openapi');
const documents = {
  awork: path.join(shared, 'data/openapi/awork/swagger.json'), workos: path.join(shared, 'data/openapi/workos/open-api-spec.yaml'),
  worken: path.join(top, 'fs/etc/examples/worken.yaml'), proworkflow: path.join(top, 'fs/etc/examples/proworkflow.yaml'),
};
const roles = `config role 'support'
	list allow 'read'
	list allow 'write,destructive env:sandbox'
config role 'agent'
	list allow '*'
	list approve 'destructive env:production'
`;
let upstream, seen = [], server, keys = {};
before(async () => {
  if (skip) return;
  upstream = http.createServer(async (q, s) => {
    let body = '';
    for await (const c of q) body += c;
    const live = q.headers.authorization === 'Bearer sk_live_abcdefgh';
    if (!live && q.headers.authorization !== 'Bearer sk_test_abcdefgh') { s.writeHead(401); s.end('{"message":"Unauthorized"}'); return; }
    seen.push(`${q.method} ${q.url}${body ? ' ' + body : ''} ${live ? 'live' : 'test'}`);
    s.writeHead(200, { 'Content-Type': 'application/json' });
    s.end(JSON.stringify({ object: 'thing', id: q.url.split('/').pop(), name: 'Acme', client_secret: 'cs_7Hq2mYVw91', note: `my key is ${q.headers.authorization.slice(7)}`, got: body && JSON.parse(body) }));
  });
  await new Promise((ready) => { upstream.listen(0, '127.0.0.1', ready); });
  const base_url = `http://127.0.0.1:${upstream.address().port}`;
  server = await startServer({
    apis: [{ name: 'workos', document: documents.workos, options: { deny_list: 'workos' }, environments: [
      { name: 'sandbox', base_url, credential_from: 'env:TEST_KEY' }, { name: 'production', base_url, credential_from: 'env:LIVE_KEY' }] }],
    extra: roles, env: { TEST_KEY: 'sk_test_abcdefgh', LIVE_KEY: 'sk_live_abcdefgh' },
  });
  const both = ['--environment', 'sandbox', '--environment', 'production', '--destructive'];
  keys = { agent: await server.key('agent', 'workos', ['--role', 'agent', ...both]), support: await server.key('support', 'workos', ['--role', 'support', ...both]),
    viewer: await server.key('viewer', 'workos', ['--role', 'viewer', ...both]), sandbox: await server.key('sandbox', 'workos', ['--role', 'agent', '--destructive']) };
});
after(async () => {
  const code = await server?.stop();
  upstream?.close();
  assert.equal(code ?? 0, 0);
});

const load = (file) => import(pathToFileURL(path.join(here, 'node_modules', file)).href);
async function connect(era, key, at = server.url('workos')) {
  const options = { requestInit: { headers: { Authorization: `Bearer ${key}` } } };
  const legacy = era === 'legacy';
  const { Client } = await load(legacy ? 'sdk-2025-11-25/dist/esm/client/index.js' : '@modelcontextprotocol/client/dist/index.mjs');
  const { StreamableHTTPClientTransport } = await load(legacy ? 'sdk-2025-11-25/dist/esm/client/streamableHttp.js' : '@modelcontextprotocol/client/dist/index.mjs');
  const client = legacy ? new Client({ name: 'sdk', version: '1' }, {}) : new Client({ name: 'sdk', version: '2' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await client.connect(new StreamableHTTPClientTransport(new URL(at), options));
  return {
    close: () => client.close(),
    async names() {
      const all = [];
      let cursor;
      do { const r = await client.listTools(cursor ? { cursor } : undefined); all.push(...r.tools.map((t) => t.name)); cursor = r.nextCursor; } while (cursor);
      return all;
    },
    // { text, isError }; unknown: there is no such tool for this caller.
    async call(name, args = {}) {
      seen.length = 0;
      try {
        const r = await client.callTool({ name, arguments: args });
        return { text: r.content.map((c) => c.text).join('\n'), isError: r.isError === true, unknown: /^unknown tool/i.test(r.content[0]?.text ?? '') };
      } catch (e) { return { text: e.message, isError: true, unknown: e.code === -32602 || /-32602|unknown tool/i.test(e.message) }; }
    },
  };
}
const inBoth = (name, f) => { for (const era of ['legacy', 'modern']) test(`${name} (${era})`, { skip }, () => f(era)); };
const DELETE = 'OrganizationDomainsController_delete', GET = 'OrganizationsController_find', CREATE = 'OrganizationsController_create';

inBoth('sandbox unless told otherwise; production named, and allowed', async (era) => {
  const agent = await connect(era, keys.agent), sandbox = await connect(era, keys.sandbox);
  await agent.call(GET, { id: 'org_1' });
  assert.deepEqual(seen, ['GET /organizations/org_1 test']);
  const live = await agent.call(GET, { id: 'org_1', environment: 'production' });
  assert.deepEqual(seen, ['GET /organizations/org_1 live']);
  assert.match(live.text, /production/, 'every result says so');
  const no = await sandbox.call(GET, { id: 'org_1', environment: 'production' });
  assert.deepEqual([no.isError, seen.length], [true, 0]);
  assert.match((await agent.call('list_environments')).text, /"sandbox".*"production"/s);
  await agent.close();
  await sandbox.close();
});

inBoth('irreversible calls are described, then confirmed; in production a person says yes', async (era) => {
  const agent = await connect(era, keys.agent);
  const said = await agent.call(DELETE, { id: 'dom_1' });
  assert.match(said.text, /DELETE http:\S+\/organization_domains\/dom_1/);
  assert.match(said.text, /Acme/, 'what it is about');
  assert.doesNotMatch(said.text, /cs_7Hq2mYVw91|sk_test_abcdefgh/, 'without its secrets');
  assert.ok(!seen.some((l) => l.startsWith('DELETE')));
  const done = await agent.call(DELETE, { id: 'dom_1', approval: handleOf(said.text) });
  assert.equal(done.isError, false);
  assert.ok(seen.includes('DELETE /organization_domains/dom_1 test'));
  const asked = await agent.call(DELETE, { id: 'dom_1', environment: 'production' });
  const handle = handleOf(asked.text);
  await agent.call(DELETE, { id: 'dom_1', environment: 'production', approval: handle });
  assert.ok(!seen.some((l) => l.startsWith('DELETE')));
  assert.equal((await server.command(['approve', /approve\/([0-9a-f]{32})/.exec(asked.text)[1]])).code, 0);
  await agent.call(DELETE, { id: 'dom_1', environment: 'production', approval: handle });
  assert.ok(seen.includes('DELETE /organization_domains/dom_1 live'));
  await agent.close();
});

inBoth('exactly the rights of the role, in each environment', async (era) => {
  const support = await connect(era, keys.support), viewer = await connect(era, keys.viewer);
  assert.ok((await support.names()).includes(CREATE) && !(await viewer.names()).includes(CREATE));
  assert.equal((await support.call(CREATE, { name: 'x' })).isError, false);
  const no = await support.call(CREATE, { name: 'x', environment: 'production' }); // a role is looked up per environment
  assert.deepEqual([no.isError, seen.length], [true, 0]);
  assert.equal((await support.call(GET, { id: 'o', environment: 'production' })).isError, false);
  const hidden = await viewer.call(CREATE, { name: 'x' });
  assert.deepEqual([hidden.unknown, seen.length], [true, 0]);
  await support.close();
  await viewer.close();
});

inBoth('secrets are stripped from answers and can be set', async (era) => {
  const agent = await connect(era, keys.agent);
  const r = await agent.call('UserlandUsersController_create_0', { email: 'a@example.com', password: 'set by the agent' });
  assert.match(seen[0], /"password":"set by the agent"/);
  assert.doesNotMatch(r.text, /cs_7Hq2mYVw91|sk_test_abcdefgh|set by the agent/);
  assert.match(r.text, /Acme/);
  await agent.close();
});

inBoth('switches: production, write, enabled; in force at once', async (era) => {
  const turn = async (word, way) => assert.equal((await server.command(['switch', 'api:workos', word, way])).code, 0);
  const agent = await connect(era, keys.agent);
  await turn('production', 'off');
  assert.equal((await agent.call(GET, { id: 'o', environment: 'production' })).isError, true);
  assert.equal(seen.length, 0);
  assert.equal((await agent.call(GET, { id: 'o' })).isError, false);
  await turn('write', 'off');
  assert.ok(!(await agent.names()).includes(CREATE));
  assert.deepEqual([(await agent.call(CREATE, { name: 'x' })).isError, seen.length], [true, 0]);
  await turn('enabled', 'off');
  const anew = await connect(era, keys.agent); // the other one may keep its list for a while, as its ttl says
  assert.deepEqual(await anew.names(), []);
  await anew.close();
  for (const word of ['enabled', 'write', 'production']) await turn(word, 'on');
  assert.equal((await agent.call(GET, { id: 'o', environment: 'production' })).isError, false);
  await agent.close();
});

inBoth('pinned to one environment there is no other', async (era) => {
  const pinned = await connect(era, keys.agent, `${server.origin}/workos/sandbox/mcp`);
  assert.ok(!(await pinned.names()).includes('list_environments'));
  await pinned.call(GET, { id: 'o', environment: 'production' });
  assert.ok(!seen.some((l) => l.endsWith('live')));
  const closed = caller(server, { key: keys.sandbox, path: '/workos/production/mcp' });
  assert.deepEqual(await closed.tools(), []);
  await pinned.close();
});

// By name, so that nothing falls out of a list, and nothing into it, unnoticed. (SsoController_logout: another origin.)
const never = {
  awork: `DeleteApiUserById DeleteClientApplication DeleteUserById GenerateApiKey GenerateClientApplicationSecret PostApiUser PostClientApplication PostProjectRolePermissionsByProjectRoleId
    PostRolePermissionsByRoleId PostRoleUserActivateByRoleIdAndUserId PostRoleUserDeactivateByRoleIdAndUserId PutAccount PutApiUserById PutClientApplication RegisterClientApplication`,
  workos: `ApiKeysController_delete ApiKeysController_expire ApiKeysController_validateApiKey ApplicationCredentialsController_create ApplicationCredentialsController_delete
    ApplicationCredentialsController_list ClientApiTokenController_issueClientApiToken DataIntegrationsController_getUserlandUserToken DataIntegrationsController_upsertApiKey
    JumpWireWeb_KeyController_create_data_key JumpWireWeb_KeyController_decrypt JumpWireWeb_KeyController_rekey OrganizationApiKeysController_create
    OrganizationsController_deleteOrganization PortalSessionsController_create SsoController_logout SsoController_logoutAuthorize SsoController_token UserApiKeysController_create
    UserlandMagicAuthController_get UserlandMagicAuthController_sendMagicAuthCodeAndReturn UserlandSessionsController_authenticate_0 UserlandUsersController_createPasswordResetToken
    UserlandUsersController_delete_0 UserlandUsersController_resetPassword_0 WidgetsPublicController_issueWidgetSessionToken`,
  worken: '', // keys are made in its own pages alone; what its API has is judged by arguments: below
  proworkflow: 'create_token create_webhook',
};
test('what is never offered, whoever asks', { skip }, async () => {
  const apis = Object.entries(documents).map(([name, document]) => ({ name, document, options: { deny_list: name, ...(name === 'awork' ? { mode: 'tools' } : {}) }, environments: [{ name: 'production', base_url: 'http://127.0.0.1:1/' }] }));
  const all = await startServer({ apis });
  const key = await all.key('everything', null, ['--destructive', '--role', 'admin']);
  for (const [name, document] of Object.entries(documents)) {
    const there = execFileSync(binary, ['catalog', 'show', document], { maxBuffer: 64 << 20 }).toString().trim().split('\n').filter((l) => l.split('\t').length >= 4 && !/elsewhere/.test(l)).map((l) => l.split('\t')[0]);
    const offered = new Set((await caller(all, { key, path: `/${name}/mcp` }).tools()).map((t) => t.name));
    const kept = there.filter((t) => !offered.has(t)).sort();
    assert.deepEqual(kept, never[name].split(/\s+/).filter(Boolean).sort(), name);
  }
  const refused = async (api, name, args) => (await caller(all, { key, path: `/${api}/mcp` }).tool(name, args)).text;
  assert.match(await refused('worken', 'update_bot_settings', { bot_id: 'b', ai: { tools: { mail: 'user_approve', pay: 'auto' } } }), /not allowed with these arguments \(ai\.tools\.\*\)/);
  assert.doesNotMatch(await refused('worken', 'update_bot_settings', { bot_id: 'b', ai: { tools: { mail: 'user_approve' } } }), /not allowed/);
  const person = { firstname: 'A', lastname: 'B', type: 'staff' };
  assert.match(await refused('proworkflow', 'create_contact', { ...person, allowlogin: true }), /not allowed with these arguments \(allowlogin\)/);
  assert.doesNotMatch(await refused('proworkflow', 'create_contact', { ...person, allowlogin: false }), /not allowed/);
  await all.stop();
});
