// A store that is lost, with the master key or without: a client that registered before is recognised, or gets a clean
// invalid_client and registers once more. No login loop: the SDKs' own clients are logged in again after one consent.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client as Client1 } from 'sdk-2025-11-25/client/index.js';
import { StreamableHTTPClientTransport as Transport1 } from 'sdk-2025-11-25/client/streamableHttp.js';
import { Client as Client2, StreamableHTTPClientTransport as Transport2 } from '@modelcontextprotocol/client';
import { ask, Person, sdkProvider } from './lib/oauth.mjs';
import { startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

const PASSWORD = 'correct horse battery 7';
let upstream;
before(async () => { upstream = await startUpstream(); });
after(async () => { await upstream?.stop(); });

async function alice(s) {
  const r = await s.command(['user', 'add', 'alice', '--role', 'member', '--password-stdin'], { input: PASSWORD + '\n' });
  assert.equal(r.code, 0, r.err);
}
// What a program does at its start: connect; where it is sent, its user goes; connect again. At most so many times.
async function connect(s, p, [Client, Transport], most) {
  for (let n = 0; ; n++) {
    const client = new Client({ name: 'wiped', version: '1' }), transport = new Transport(new URL(s.url('one')), { authProvider: p });
    const was = p.redirects ?? 0;
    try {
      await client.connect(transport);
      assert.ok((await client.listTools()).tools.length);
      await client.close();
      return n;
    } catch (e) {
      assert.ok(n < most, `sent to log in ${n + 1} times: ${e}`);
      assert.equal(p.redirects, was + 1, String(e));
      const back = await new Person(s, 'alice', PASSWORD).login().then((who) => who.allow(Object.fromEntries(p.to.searchParams)));
      await transport.finishAuth(Transport === Transport2 ? new URLSearchParams(back) : back.code);
      await client.close().catch(() => {});
    }
  }
}

for (const [sdk, parts] of [['1.32', [Client1, Transport1]], ['2.4', [Client2, Transport2]]])
  for (const [what, all] of [['its store', false], ['its store and its master key', true]])
    test(`SDK ${sdk}: the box loses ${what}`, async () => {
      const s = await startServer({ apis: [{ name: 'one', document: echoDocument, environments: [{ name: 'sandbox', base_url: upstream.url }] }], server: {} });
      const p = sdkProvider(), data = path.join(s.dir, 'data');
      try {
        await alice(s);
        assert.equal(await connect(s, p, parts, 1), 1);
        assert.equal(await connect(s, p, parts, 0), 0, 'logged in');
        const id = p.info.client_id;
        await s.crash(() => { for (const f of all ? ['store', 'master.key'] : ['store']) fs.rmSync(path.join(data, f), { recursive: true, force: true }); });
        await alice(s);
        const old = await ask(s, '/oauth/token', { form: { grant_type: 'refresh_token', refresh_token: p.got.refresh_token, client_id: id } });
        assert.deepEqual([old.status, old.json.error], all ? [401, 'invalid_client'] : [400, 'invalid_grant']);
        assert.equal(await connect(s, p, parts, 1), 1, 'one consent, and in');
        assert.equal(await connect(s, p, parts, 0), 0);
        assert.equal(p.info.client_id === id, !all);
        assert.equal(p.registered, all ? 2 : 1);
      } finally { assert.equal(await s.stop(), 0); }
    });
