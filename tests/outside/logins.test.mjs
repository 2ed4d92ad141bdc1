// Logins as a declared recipe, and OAuth client credentials: what arrives at five small servers that behave like the real
// ones, when a session runs out, when many calls come at once, when a login is refused, over a restart.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { tempDir } from './lib/programs.mjs';
import { caller } from './lib/rpc.mjs';
import { startServer } from './lib/server.mjs';

const PASSWORD = 'pa"ss&word=Ä-0001', CLIENT = 'client-secret-0002';
const document = {
  openapi: '3.1.0', info: { title: 'Box', version: '1' }, servers: [{ url: 'http://box.test' }],
  paths: {
    '/read': { get: { operationId: 'read', parameters: [{ name: 'q', in: 'query', schema: { type: 'string' } }], responses: { 200: { description: 'ok' } } } },
    '/write': { post: { operationId: 'write', requestBody: { content: { 'application/json': { schema: { type: 'object', properties: { text: { type: 'string' } } } } } }, responses: { 200: { description: 'ok' } } } },
    '/forbidden': { get: { operationId: 'forbidden', responses: { 200: { description: 'ok' } } } },
  },
};

// Each: where it logs in, whether the login is right, what it answers, and whether a call carries the session n.
const session = (n) => createHash('sha256').update(`session ${n}`).digest('hex').slice(0, 32);
const json = (s, status, v, headers = {}) => { s.writeHead(status, { 'Content-Type': 'application/json', ...headers }); s.end(JSON.stringify(v)); };
const form = (b) => Object.fromEntries(new URLSearchParams(b));
const kinds = {
  pihole: {
    path: 'POST /api/auth', right: (q) => JSON.parse(q.body).password === PASSWORD,
    answer: (s, n) => json(s, 200, { session: { valid: true, sid: session(n), csrf: 'x', validity: 300 } }), has: (q, n) => q.headers['x-ftl-sid'] === session(n),
    conf: { login: '/api/auth', login_body: '{"password":"{secret}"}', login_send: ['header X-FTL-SID json:session.sid'], login_lifetime: 'json:session.validity' },
  },
  frigate: {
    path: 'POST /api/login', right: (q) => { const b = JSON.parse(q.body); return b.user === 'admin' && b.password === PASSWORD; },
    answer: (s, n) => json(s, 200, {}, { 'Set-Cookie': ['other=1; Path=/', `frigate_token=${session(n)}; HttpOnly; Path=/; SameSite=Lax`] }),
    has: (q, n) => q.headers.cookie === `frigate_token=${session(n)}`,
    conf: { login: '/api/login', login_body: '{"user":"admin","password":"{secret}"}', login_send: ['cookie frigate_token cookie:frigate_token'] },
  },
  proxmox: {
    path: 'POST /api2/json/access/ticket', right: (q) => { const b = form(q.body); return b.username === 'root@pam' && b.password === PASSWORD; },
    answer: (s, n) => json(s, 200, { data: { ticket: `PVE:root@pam:${session(n)}`, CSRFPreventionToken: `csrf:${session(n)}` } }),
    has: (q, n) => q.headers.cookie === `PVEAuthCookie=PVE:root@pam:${session(n)}` && q.headers.csrfpreventiontoken === `csrf:${session(n)}`,
    conf: { login: 'POST /api2/json/access/ticket', login_body: 'username=root%40pam&password={secret}', login_send: ['cookie PVEAuthCookie json:data.ticket', 'header CSRFPreventionToken json:data.CSRFPreventionToken'], login_lifetime: '7200' },
  },
  unifi: {
    path: 'POST /api/auth/login', right: (q) => JSON.parse(q.body).password === PASSWORD,
    answer: (s, n) => json(s, 200, {}, { 'Set-Cookie': `TOKEN=${session(n)}; path=/; secure; httponly`, 'X-CSRF-Token': `c-${session(n)}` }),
    has: (q, n) => q.headers.cookie === `TOKEN=${session(n)}` && q.headers['x-csrf-token'] === `c-${session(n)}`,
    conf: { login: '/api/auth/login', login_body: '{"username":"u","password":"{secret}"}', login_send: ['cookie TOKEN cookie:TOKEN', 'header X-CSRF-Token header:x-csrf-token'] },
  },
  token: { // its tokens come from a server of its own
    path: 'POST /token', right: (q) => q.headers.authorization === `Basic ${Buffer.from(`me:${CLIENT}`).toString('base64')}` && form(q.body).grant_type === 'client_credentials',
    answer: (s, n, box) => json(s, 200, { access_token: session(n), token_type: 'Bearer', expires_in: box.seconds ?? 3600 }), has: (q, n) => q.headers.authorization === `Bearer ${session(n)}`,
    conf: { credential_in: 'basic', credential_value: 'me:{secret}', credential_from: 'env:CLIENT' },
  },
};

async function listen(handle) {
  const server = http.createServer(async (q, s) => {
    const chunks = [];
    for await (const c of q) chunks.push(c);
    handle({ method: q.method, target: q.url, headers: q.headers, body: Buffer.concat(chunks).toString() }, s);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => new Promise((r) => { server.close(r); server.closeAllConnections(); }) };
}

// A box of this kind: logins, calls that were let in, refusals.
async function startBox(kind) {
  const box = { kind, n: 0, live: 0, logins: 0, refused: 0, calls: [], wrong: 0, slow: 0, strays: [] };
  const logIn = async (q, s) => {
    box.logins++;
    if (box.slow) await sleep(box.slow);
    if (box.fault) return json(s, box.fault, { error: `no: ${PASSWORD}` });
    if (!kind.right(q)) { box.wrong++; return json(s, 401, { error: 'wrong' }); }
    box.live = ++box.n;
    return kind.answer(s, box.live, box);
  };
  const serve = (q, s) => {
    if (`${q.method} ${q.target}` === kind.path && !box.away) return logIn(q, s);
    if (!kind.has(q, box.live) || !box.live || q.target === '/forbidden') { box.refused++; return json(s, 401, { error: 'log in' }); }
    box.calls.push(q);
    return json(s, 200, { ok: true, echo: q.headers, body: q.body });
  };
  box.server = await listen(serve);
  if (kind === kinds.token) box.away = await listen((q, s) => (`${q.method} ${q.target}` === kind.path ? logIn(q, s) : (box.strays.push(q), json(s, 404, {}))));
  box.conf = { base_url: box.server.url, credential_from: 'env:PASSWORD', ...(box.away ? { login: `${box.away.url}/token` } : {}), ...kind.conf };
  box.stop = async () => { await box.server.stop(); await box.away?.stop(); };
  return box;
}

const boxes = {};
let server, key, temp, file;
const serve = (o = {}, at = boxes) => startServer({ env: { PASSWORD, CLIENT }, apis: Object.keys(at).map((name) => ({ name, document: file, environments: [{ name: 'test', ...at[name].conf }] })), ...o });
const of = (name) => caller(server, { key, path: `/${name}/mcp` });

before(async () => {
  temp = tempDir('logins');
  file = path.join(temp.dir, 'box.json');
  fs.writeFileSync(file, JSON.stringify(document));
  for (const name of Object.keys(kinds)) boxes[name] = await startBox(kinds[name]);
  server = await serve();
  key = await server.key('k');
});
after(async () => {
  const code = await server?.stop();
  for (const b of Object.values(boxes)) await b.stop();
  temp?.remove();
  assert.equal(code ?? 0, 0);
});

for (const name of Object.keys(kinds)) {
  test(`${name}: one login for many calls, and once more when the session is gone`, async () => {
    const box = boxes[name], call = of(name);
    box.slow = 150;
    const all = await Promise.all(Array.from({ length: 12 }, (_, i) => call.tool('read', { q: String(i) })));
    for (const r of all) assert.equal(r.isError, false, r.text);
    assert.equal(box.logins, 1, 'single flight');
    assert.equal(box.calls.length, 12);
    assert.equal(new Set(box.calls.map((q) => q.target)).size, 12, 'each its own');
    for (const r of all) assert.ok(!r.text.includes(session(1)), 'what was obtained does not come back');
    box.slow = 0;
    box.live = 0; // the other side forgets it
    const w = await call.tool('write', { text: 'once' });
    assert.equal(w.isError, false, w.text);
    assert.equal(box.logins, 2);
    assert.equal(box.refused, 1);
    assert.equal(box.calls.at(-1).body, '{"text":"once"}');
    box.live = 0;
    for (const r of await Promise.all([1, 2, 3, 4].map((i) => call.tool('write', { text: String(i) })))) assert.equal(r.isError, false, r.text);
    assert.equal(box.logins, 3, 'again one for all');
    assert.equal(box.wrong, 0);
  });
}

// Each of these boxes knows one session only, so workers that log in without looking throw one another out.
test('three workers log in once, and use what any of them has obtained', async () => {
  const own = {};
  for (const name of Object.keys(kinds)) own[name] = await startBox(kinds[name]);
  const three = await serve({ server: { workers: 3 } }, own), secret = await three.key('k');
  for (const [name, box] of Object.entries(own)) {
    const call = caller(three, { key: secret, path: `/${name}/mcp` });
    box.slow = 100;
    for (let round = 1; round <= 3; round++) {
      const all = await Promise.all(Array.from({ length: 24 }, (_, i) => call.tool('read', { q: String(i) })));
      for (const r of all) assert.equal(r.isError, false, r.text);
      assert.equal(box.logins, 1, `${name}: ${round}`);
    }
    assert.equal(box.calls.length, 72);
    box.live = 0; // the other side forgets it
    for (let i = 0; i < 6; i++) assert.equal((await call.tool('write', { text: String(i) })).isError, false);
    assert.equal(box.logins, 2, name);
    await box.stop();
  }
  await three.stop();
});

test('an operation that is always refused does not log in again and again', async () => {
  const box = boxes.pihole, before = box.logins, call = of('pihole');
  for (let i = 0; i < 5; i++) {
    const r = await call.tool('forbidden');
    assert.equal(r.isError, true);
    assert.match(r.text, /401/);
  }
  assert.ok(box.logins <= before + 1, `${box.logins - before} logins`);
});

test('a token is renewed before it runs out', async () => {
  const box = boxes.token, call = of('token');
  box.seconds = 2;
  box.live = 0;
  await call.tool('read');
  const logins = box.logins, refused = box.refused;
  await sleep(1300);
  assert.equal((await call.tool('read')).isError, false);
  assert.equal(box.logins, logins + 1);
  assert.equal(box.refused, refused, 'no call with a token that has run out');
  assert.deepEqual(box.strays, [], 'the token server sees nothing else');
  box.seconds = 3600;
  box.live = 0;
  assert.equal((await call.tool('read')).isError, false);
});

test('what was obtained is kept over a restart, sealed', async () => {
  const data = path.join(temp.dir, 'data'), box = boxes.frigate;
  const first = await serve({ server: { data } });
  const k = await first.key('again');
  await caller(first, { key: k, path: '/frigate/mcp' }).tool('read');
  assert.equal(await first.stop(), 0);
  const logins = box.logins;
  for (const f of fs.readdirSync(data, { recursive: true }).map((f) => path.join(data, f)).filter((f) => fs.statSync(f).isFile())) {
    const bytes = fs.readFileSync(f).toString('latin1');
    assert.ok(!bytes.includes(session(box.live)) && !bytes.includes('pa"ss'), f);
  }
  const second = await serve({ server: { data } });
  const r = await caller(second, { key: k, path: '/frigate/mcp' }).tool('read');
  assert.equal(await second.stop(), 0);
  assert.equal(r.isError, false, r.text);
  assert.equal(box.logins, logins);
});

test('a login that is refused is told, not repeated at once, and never shows a secret', async () => {
  const s = await serve({ env: { PASSWORD: 'another-one-0003', CLIENT } }), k = await s.key('no');
  const box = boxes.proxmox, logins = box.logins, calls = box.calls.length;
  try {
    for (const r of await Promise.all([1, 2, 3].map(() => caller(s, { key: k, path: '/proxmox/mcp' }).tool('write', { text: 'x' })))) {
      assert.equal(r.isError, true);
      assert.match(r.text, /could not log in at 127\.0\.0\.1.*401/);
      assert.ok(!r.text.includes('another-one'));
    }
    assert.equal(box.logins, logins + 1, 'accounts get locked');
    assert.equal(box.calls.length, calls);
    boxes.unifi.fault = 500;
    boxes.unifi.live = 0;
    const r = await caller(s, { key: k, path: '/unifi/mcp' }).tool('read');
    assert.equal(r.isError, true);
    assert.match(r.text, /could not log in.*500/);
    assert.ok(!r.text.includes(PASSWORD), 'the answer of a login is not shown');
    assert.ok(!s.log().includes('another-one') && !s.log().includes(PASSWORD), s.log());
  } finally { boxes.unifi.fault = 0; assert.equal(await s.stop(), 0); }
});
