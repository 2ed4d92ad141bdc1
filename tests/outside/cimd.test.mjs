// Client-id metadata documents that are fetched: the cases D09 to D16 of tests/data/oauth against a server with cimd 'on',
// documents on https://localhost under an authority of ours, and the SDKs' login with such an id.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { authority } from './lib/authority.mjs';
import { Client, Person, words } from './lib/oauth.mjs';
import { here, lacksShared, shared, tempDir } from './lib/programs.mjs';
import { freePort, startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

const { dir, remove } = tempDir('cimd');
const PASSWORD = 'correct horse battery 7';
const { serve } = authority(dir);
let server, upstream, alice, documents, hits = [];
const answers = {}; // path → (request, response)

before(async () => {
  documents = await serve('srv', (q, s) => { hits.push(q.url); (answers[q.url] ?? ((_, r) => { r.statusCode = 404; r.end(); }))(q, s); });
  upstream = await startUpstream();
  server = await startServer({
    apis: [{ name: 'one', document: echoDocument, environments: [{ name: 'sandbox', base_url: upstream.url }] }],
    server: { cimd: 'on', cimd_host: ['localhost'] }, env: { SSL_CERT_FILE: path.join(dir, 'ca.pem') },
  });
  const r = await server.command(['user', 'add', 'alice', '--password-stdin'], { input: PASSWORD + '\n' });
  assert.equal(r.code, 0, r.err);
  alice = await new Person(server, 'alice', PASSWORD).login();
});
after(async () => {
  const code = await server?.stop();
  documents?.closeAllConnections();
  documents?.close();
  await upstream?.stop();
  remove();
  assert.equal(code ?? 0, 0, 'SIGTERM ends it with 0');
});

const json = (v, headers = {}, status = 200) => (_, s) => { s.writeHead(status, { 'Content-Type': 'application/json', ...headers }); s.end(typeof v === 'string' ? v : JSON.stringify(v)); };
const good = (id, o = {}) => ({ client_id: id, client_name: 'Documented', redirect_uris: ['http://127.0.0.1/cb'], token_endpoint_auth_method: 'none', ...o });
const client = (id, redirect = 'http://127.0.0.1:7777/cb') => new Client(server, { id, redirect, resource: `${server.origin}/one/mcp` });
const shows = async (c) => { const p = await alice.page(c.query()); assert.equal(p.status, 200, words(p.text)); return p; };
async function refused(id, status = 400) {
  const p = await alice.page(client(id).query());
  assert.equal(p.status, status, words(p.text));
  assert.equal(p.location, undefined);
}

test('a document that is fetched: consent, tokens, a refresh; fetched once', async () => {
  const id = `${documents.url}/good.json`, c = client(id);
  answers['/good.json'] = json(good(id));
  const p = await shows(c);
  assert.match(p.text, /<dd>localhost:\d+<\/dd>/);
  const t = await c.connect(alice);
  assert.equal((await c.refresh(t.refresh_token)).status, 200);
  assert.equal(hits.filter((h) => h === '/good.json').length, 1);
});
test('D09 special addresses and names: no connection', async () => {
  const trap = net.createServer((s) => { trap.hit = true; s.destroy(); });
  await new Promise((resolve) => { trap.listen(0, '127.0.0.1', resolve); });
  const port = trap.address().port;
  for (const h of ['127.0.0.1', '[::1]', '0.0.0.0', '10.0.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1', '[fe80::1]', '[::ffff:127.0.0.1]', '0177.0.0.1', '2130706433', '127.1', 'ip6-localhost', 'box.local', 'x.internal'])
    await refused(`https://${h}:${port}/x`);
  trap.close();
  assert.ok(!trap.hit);
});
test('D11 a redirect is not followed', async () => {
  for (const status of [301, 302, 307]) { answers[`/r${status}`] = json('', { Location: `${documents.url}/good.json` }, status); await refused(`${documents.url}/r${status}`); }
});
test('D12 size, time and status', async () => {
  const id = `${documents.url}/big.json`;
  answers['/big.json'] = json(good(id, { pad: 'x'.repeat(5200) }));
  await refused(id);
  answers['/endless.json'] = (_, s) => { s.writeHead(200, { 'Content-Type': 'application/json' }); const t = setInterval(() => s.write(' '.repeat(1000)), 5); s.on('close', () => clearInterval(t)); };
  await refused(`${documents.url}/endless.json`);
  answers['/heads.json'] = json(good(`${documents.url}/heads.json`), { 'X-Long': 'x'.repeat(100000) });
  await refused(`${documents.url}/heads.json`);
  answers['/zip.json'] = json('x', { 'Content-Encoding': 'gzip' });
  await refused(`${documents.url}/zip.json`);
  answers['/html.json'] = json(JSON.stringify(good(`${documents.url}/html.json`)), { 'Content-Type': 'text/html' });
  await refused(`${documents.url}/html.json`);
  for (const status of [204, 206, 404, 500]) { answers[`/s${status}`] = json(status === 204 ? '' : good(`${documents.url}/s${status}`), {}, status); await refused(`${documents.url}/s${status}`); }
  answers['/slow.json'] = (_, s) => { s.writeHead(200, { 'Content-Type': 'application/json' }); const t = setInterval(() => s.write(' '), 500); s.on('close', () => clearInterval(t)); };
  const began = Date.now();
  await refused(`${documents.url}/slow.json`);
  assert.ok(Date.now() - began < 7000);
});
test('D13 what a document must say', async () => {
  const id = `${documents.url}/what.json`;
  for (const v of [good(id + 'x'), { ...good(id), client_id: undefined }, good([id]), [good(id)], JSON.stringify(good(id)).replace('{', `{"client_id":"${id}",`), good(id, { token_endpoint_auth_method: 'client_secret_basic' }), good(id, { client_secret: 'x' }), good(id, { redirect_uris: ['http://evil.example/cb'] }), '{oops']) {
    answers['/what.json'] = json(v);
    await refused(id);
  }
});
test('D14 what is kept: no error, a good copy for an hour; consent is asked again', async () => {
  const id = `${documents.url}/kept.json`;
  for (const a of [json('', {}, 500), json('{oops'), json(good(id + 'x'))]) { answers['/kept.json'] = a; await refused(id); }
  answers['/kept.json'] = json(good(id), { 'Cache-Control': 'max-age=315360000' });
  await shows(client(id));
  await client(id).connect(alice);
  answers['/kept.json'] = json(good(id, { redirect_uris: ['http://127.0.0.1/other'] }));
  await shows(client(id)); // the copy, and a page again: nothing remembers a consent
  await server.crash();
  await shows(client(id));
});
test('D15 certificates', async () => {
  const self = await serve('self', (q, s) => json(good(`${self.url}/c.json`))(q, s));
  await refused(`${self.url}/c.json`);
  self.close();
  const old = await serve('srv', (q, s) => json(good(`${old.url}/c.json`))(q, s), { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' });
  await refused(`${old.url}/c.json`);
  old.close();
});
test('D16 a flood: four at once, the others 429', async () => {
  let open = 0, most = 0;
  const slow = await serve('srv', (q, s) => { most = Math.max(most, ++open); s.on('close', () => open--); setTimeout(() => { s.statusCode = 404; s.end(); }, 300); });
  const all = await Promise.all(Array.from({ length: 60 }, (_, i) => alice.page(client(`${slow.url}/d${i}`).query())));
  slow.close();
  assert.ok(most <= 4, `${most} at once`);
  assert.ok(all.some((r) => r.status === 429) && all.every((r) => [400, 429].includes(r.status)));
  await sleep(100);
  await shows(client(`${documents.url}/good.json`));
});
test('somebody leaves while a document is fetched', async () => {
  answers['/wait.json'] = (_, s) => setTimeout(() => { s.statusCode = 404; s.end(); }, 1000);
  const c = net.connect(server.port, '127.0.0.1');
  c.write(`GET /oauth/authorize?client_id=${encodeURIComponent(documents.url + '/wait.json')} HTTP/1.1\r\nHost: ${server.host}\r\n\r\n`);
  for (let i = 0; i < 100 && !hits.includes('/wait.json'); i++) await sleep(10);
  c.destroy();
  await sleep(50);
  await shows(client(`${documents.url}/good.json`));
});
test('SDK 1.32 and 2.4 with a document: all checks', { skip: lacksShared('outside/oauth-drive'), timeout: 120000 }, async () => {
  const at = path.join(dir, 'outside'), mods = path.join(here, 'node_modules');
  fs.cpSync(path.join(shared, 'outside/oauth-drive'), path.join(at, 'oauth-drive'), { recursive: true });
  execFileSync('chmod', ['-R', 'u+w', at]);
  for (const [from, to] of [['sdk-2025-11-25', 'sdk1/node_modules/@modelcontextprotocol/sdk'], ['@modelcontextprotocol/client', 'sdk2/node_modules/@modelcontextprotocol/client']]) {
    fs.mkdirSync(path.dirname(path.join(at, to)), { recursive: true });
    fs.symlinkSync(path.join(mods, from), path.join(at, to));
  }
  fs.mkdirSync(path.join(at, 'oauth-drive/certs'));
  for (const f of ['srv.key', 'srv.pem', 'ca.pem']) fs.copyFileSync(path.join(dir, f), path.join(at, 'oauth-drive/certs', f));
  for (const [sdk, all] of [['v1', true], ['v2', process.env.FULL === '1']]) { // FULL=1: all of them with both
    const out = await new Promise((resolve) => {
      freePort().then((port) => {
        const p = spawn(process.execPath, [path.join(at, 'oauth-drive/drive.mjs'), `${server.origin}/one/mcp`, '--user', 'alice', '--password', PASSWORD, '--sdk', sdk, '--reg', 'cimd', '--cimd-port', String(port), ...(all ? [] : ['--only', 'happy'])], { env: { ...process.env, NODE_EXTRA_CA_CERTS: path.join(dir, 'ca.pem') } });
        let text = '';
        p.stdout.on('data', (d) => { text += d; });
        p.stderr.on('data', (d) => { text += d; });
        p.on('close', () => resolve(text));
      });
    });
    const m = /^(\d+) passed, 0 failed$/m.exec(out);
    assert.ok(m && Number(m[1]) >= (all ? 92 : 45), out.split('\n').filter((l) => !/^(PASS|WARN|SKIP)/.test(l)).join('\n').slice(-1000));
  }
});
