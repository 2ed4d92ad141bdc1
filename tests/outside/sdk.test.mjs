// The official SDK clients, one version of 1.x for each legacy revision and 2.x in its three ways of choosing an era.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import path from 'node:path';
import { here } from './lib/programs.mjs';
import { startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

let upstream, server, key;
before(async () => {
  upstream = await startUpstream();
  server = await startServer({ apis: [{ name: 'echo', document: echoDocument, environments: [{ name: 'production', base_url: upstream.url }] }] });
  key = await server.key('sdk', 'echo');
});
after(async () => {
  const code = await server?.stop();
  await upstream?.stop();
  assert.equal(code ?? 0, 0, 'SIGTERM ends it with 0');
});

const load = (file) => import(pathToFileURL(path.join(here, 'node_modules', file)).href);
const bearer = (secret) => (secret ? { requestInit: { headers: { Authorization: `Bearer ${secret}` } } } : {});

async function sdk1(revision, secret) {
  const { Client } = await load(`sdk-${revision}/dist/esm/client/index.js`);
  const { StreamableHTTPClientTransport } = await load(`sdk-${revision}/dist/esm/client/streamableHttp.js`);
  return { client: new Client({ name: 'sdk-1', version: '1' }, {}), transport: new StreamableHTTPClientTransport(new URL(server.url('echo')), bearer(secret)) };
}
async function sdk2(mode, secret) {
  const { Client, StreamableHTTPClientTransport } = await load('@modelcontextprotocol/client/dist/index.mjs');
  return {
    client: new Client({ name: 'sdk-2', version: '1' }, { versionNegotiation: { mode } }),
    transport: new StreamableHTTPClientTransport(new URL(server.url('echo')), bearer(secret)),
  };
}

// What every client must get: the tools, a read, a write with a body, and an upstream error as a result that says so.
async function use({ client, transport }, version) {
  await client.connect(transport);
  const spoken = client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion;
  if (spoken !== undefined) assert.equal(spoken, version);
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map((t) => t.name).filter((n) => ['echo', 'get_item', 'fail'].includes(n)).sort(), ['echo', 'fail', 'get_item']);
  const read = await client.callTool({ name: 'get_item', arguments: { id: 'a b', q: 'x&y' } });
  assert.deepEqual(JSON.parse(read.content[0].text), { path: '/items/a%20b?q=x%26y', id: 'a b', query: [['q', 'x&y']] });
  const wrote = await client.callTool({ name: 'echo', arguments: { text: 'grüße', count: 3 } });
  assert.deepEqual(JSON.parse(JSON.parse(wrote.content[0].text).got), { text: 'grüße', count: 3 });
  const bad = await client.callTool({ name: 'fail', arguments: {} });
  assert.equal(bad.isError, true);
  assert.match(bad.content[0].text, /500/);
  if (version < '2026') await client.ping();
  if (transport.sessionId) await transport.terminateSession();
  await client.close();
}

for (const revision of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])
  test(`SDK 1.x of revision ${revision}`, async () => use(await sdk1(revision, key), revision));

test('SDK 2.x, its default: the newest legacy revision', async () => use(await sdk2('legacy', key), '2025-11-25'));
test('SDK 2.x, choosing by itself: the modern era', async () => use(await sdk2('auto', key), '2026-07-28'));
test('SDK 2.x, pinned to 2026-07-28', async () => use(await sdk2({ pin: '2026-07-28' }, key), '2026-07-28'));

for (const [name, make] of [['1.x', (k) => sdk1('2025-11-25', k)], ['2.x', (k) => sdk2('auto', k)]])
  for (const [what, secret] of [['a wrong key', 'sk-' + 'w'.repeat(43)], ['no key', '']])
    test(`SDK ${name} notices ${what}`, async () => {
      const { client, transport } = await make(secret);
      await assert.rejects(client.connect(transport), (e) => e.code === 401 || /401|unauthor/i.test(e.message));
    });
