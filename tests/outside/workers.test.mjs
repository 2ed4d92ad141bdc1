// Several workers, one of which keeps the store: every request here comes on a connection of its own and lands with
// whichever worker takes it. Logins, consent, tokens, keys; races between workers; workers and the keeper killed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, Client, Person, random } from './lib/oauth.mjs';
import { modernRequest } from './lib/rpc.mjs';
import { startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

const PASSWORD = 'correct horse battery 7', WORKERS = 4;
let upstream, server, alice, client;

before(async () => {
  upstream = await startUpstream();
  server = await startServer({ apis: [{ name: 'one', document: echoDocument, environments: [{ name: 'sandbox', base_url: upstream.url }] }], server: { workers: WORKERS } });
  const r = await server.command(['user', 'add', 'alice', '--role', 'member', '--password-stdin'], { input: PASSWORD + '\n' });
  assert.equal(r.code, 0, r.err);
  alice = await new Person(server, 'alice', PASSWORD).login();
  client = await Client.register(server, { redirect_uris: ['https://c.example/cb'] });
  client.resource = `${server.origin}/one/mcp`;
});
after(async () => {
  const code = await server?.stop();
  await upstream?.stop();
  assert.equal(code ?? 0, 0, 'SIGTERM ends it with 0');
});

// Process ids of the workers; the first one keeps the store.
function workers() {
  const out = [];
  for (const d of fs.readdirSync('/proc').filter((x) => /^\d+$/.test(x))) {
    try {
      const stat = fs.readFileSync(`/proc/${d}/stat`, 'utf8'), name = /\((.*)\)/.exec(stat)[1];
      if (Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]) === server.pid && /^worker\d+$/.test(name)) out[Number(name.slice(6)) - 1] = Number(d);
    } catch { /* ended meanwhile */ }
  }
  return out;
}
const all = async () => { for (let i = 0; i < 200 && workers().filter(Boolean).length < WORKERS; i++) await sleep(50); assert.equal(workers().filter(Boolean).length, WORKERS); };
const list = (key) => {
  const { headers, body } = modernRequest('tools/list', {}, { key });
  return ask(server, '/one/mcp', { json: body, headers: Object.fromEntries(headers) });
};
const another = () => new Client(server, { id: client.id, redirect: client.redirect, resource: client.resource });
// Twenty requests, on connections of their own: one status for all of them, or the several that there are.
const said = async (token) => [...new Set((await Promise.all(Array.from({ length: 20 }, () => list(token)))).map((r) => r.status))].join();

test('there are four, and a login with one is known to all', async () => {
  await all();
  for (let i = 0; i < 2; i++) {
    const p = await new Person(server, 'alice', PASSWORD).login();
    const pages = await Promise.all(Array.from({ length: 12 }, () => p.ask('/account')));
    assert.deepEqual([...new Set(pages.map((r) => r.status))], [200]);
  }
});

test('register, consent, redeem, refresh, revoke: twelve times over', async () => {
  for (let i = 0; i < 12; i++) {
    const c = await Client.register(server, { redirect_uris: [`https://c${i}.example/cb`] });
    c.resource = client.resource;
    const t = await c.connect(alice);
    assert.equal(await said(t.access_token), '200');
    const r = await c.refresh(t.refresh_token);
    assert.equal(r.status, 200, r.text);
    assert.equal(await said(r.json.access_token), '200');
    assert.equal((await c.revoke(r.json.refresh_token)).status, 200);
    assert.equal(await said(r.json.access_token), '401');
  }
});

test('a code redeemed on 50 connections at once: one wins, and its tokens die with the replay', async () => {
  for (let round = 0; round < 15; round++) {
    const { code } = await alice.allow(client.query());
    const got = await Promise.all(Array.from({ length: 50 }, () => client.redeem(code)));
    const won = got.filter((r) => r.status === 200);
    assert.equal(won.length, 1, `round ${round}: ${got.map((r) => r.status)}`);
    for (const r of got) if (r !== won[0]) assert.equal(r.json?.error, 'invalid_grant', r.text);
    assert.equal(await said(won[0].json.access_token), '401');
  }
});

test('a refresh token on 50 connections at once: one successor, however often', async () => {
  let { refresh_token } = await client.connect(alice);
  for (let round = 0; round < 15; round++) {
    const got = await Promise.all(Array.from({ length: 50 }, () => client.refresh(refresh_token)));
    for (const r of got) assert.equal(r.status, 200, r.text);
    const next = new Set(got.map((r) => r.json.refresh_token));
    assert.equal(next.size, 1);
    [refresh_token] = next;
  }
});

test('a new key is known at once, a revoked one is refused at once', async () => {
  for (let i = 0; i < 5; i++) {
    const key = await server.key(`k${i}`, 'one');
    assert.equal(await said(key), '200');
    assert.equal((await server.revoke(`k${i}`)).code, 0);
    assert.equal(await said(key), '401');
  }
});

test('wrong passwords are counted together, and worked on one at a time', async () => {
  const carl = await server.command(['user', 'add', 'carl', '--role', 'member', '--password-stdin'], { input: PASSWORD + '\n' });
  assert.equal(carl.code, 0, carl.err);
  const seen = { judged: 0, full: 0, throttled: 0 };
  const guess = async (password) => {
    const r = await ask(server, '/login', { form: { name: 'carl', password } });
    assert.ok([403, 429].includes(r.status), `${r.status}`);
    seen[r.status === 403 ? 'judged' : /Too many people/.test(r.text) ? 'full' : 'throttled']++;
  };
  const begun = Date.now();
  await Promise.all(Array.from({ length: 24 }, (_, i) => guess(`a wrong password ${i}`)));
  assert.ok(seen.judged + seen.throttled <= 10 && seen.full >= 14, `five at once, of all workers: ${JSON.stringify(seen)}`);
  const each = (Date.now() - begun) / Math.max(seen.judged, 1);
  while (!seen.throttled && seen.judged < 40) await Promise.all(Array.from({ length: 6 }, (_, i) => guess(`another wrong password ${i}`)));
  assert.equal(seen.judged, 10, `as with one worker: ${JSON.stringify(seen)}, ${each} ms each`);
  assert.equal((await ask(server, '/login', { form: { name: 'carl', password: PASSWORD } })).status, 429, 'his own, too, from here');
  assert.equal((await server.command(['user', 'passwd', 'carl', '--password-stdin'], { input: PASSWORD + '9\n' })).code, 0);
  assert.equal((await ask(server, '/login', { form: { name: 'carl', password: PASSWORD + '9' } })).status, 303, 'a new password begins without failures');
});
test('guesses are counted together', async () => {
  let slow = 0, n = 0;
  while (!slow && (n += 50) <= 700) // this machine itself may guess 600 times a minute
    slow = (await Promise.all(Array.from({ length: 50 }, () => another().redeem('mcpg-o.' + random(64))))).filter((r) => r.status === 429).length;
  assert.ok(slow && n >= 600, `${n}`);
  assert.doesNotMatch(server.log(), /worker \d+ ended/);
});

// People connect programs and take some of them away again, until `over`; what the server has said is remembered.
async function storm(harm) {
  const good = [], dead = [], odd = [];
  let over = false;
  const broken = (e) => /50\d|429|ECONN|socket|hang up|EPIPE/.test(`${e.message} ${e.code}`) || odd.push(e.message);
  const runs = Array.from({ length: 8 }, async (_, n) => {
    for (let i = 0; !over; i++) {
      try {
        const c = another(), t = await c.connect(alice);
        if ((i + n) % 2) { good.push(t.access_token); continue; }
        const r = await c.revoke(t.refresh_token).catch(() => null); // not answered: nobody knows
        if (r?.status === 200) dead.push(t.access_token);
      } catch (e) { broken(e); await sleep(20); }
    }
  });
  await harm();
  over = true;
  await Promise.all(runs);
  return { good, dead, odd };
}
async function judge({ good, dead, odd }) {
  await all();
  assert.deepEqual(odd, []);
  for (const t of good) assert.equal((await list(t)).status, 200, 'acknowledged and lost');
  for (const t of dead) assert.equal((await list(t)).status, 401, 'revoked and revived');
  assert.ok(good.length > 5 && dead.length > 5, `${good.length}, ${dead.length}`);
}
const killed = (which) => async () => {
  for (let i = 0; i < 5; i++) {
    await sleep(200);
    process.kill(workers()[which(i)], 'SIGKILL');
    await sleep(100);
    await all();
  }
  await sleep(300);
};

test('the keeper is killed under load, five times: nothing acknowledged is lost, nothing revoked revives', async () => judge(await storm(killed(() => 0))));
test('another worker is killed under load, five times', async () => judge(await storm(killed((i) => 1 + i % (WORKERS - 1)))));
test('reload under load', async () => judge(await storm(async () => { for (let i = 0; i < 3; i++) { await sleep(200); server.reload(); } await sleep(300); })));
test('the end under load, and the next start', async () => {
  const said = await storm(async () => { await sleep(600); process.kill(server.pid, 'SIGTERM'); await sleep(1000); });
  await server.crash();
  await judge(said);
});

test('the audit of all of them holds, and tells who did what', async () => {
  await sleep(1500);
  const r = await server.command(['audit', 'verify']);
  assert.equal(r.code, 0, r.out + r.err);
  const writers = [...r.out.matchAll(/^writer (\d+):/gm)].map((m) => m[1]);
  assert.deepEqual(writers, ['1', '2', '3', '4'], r.out);
  const acts = await server.command(['audit', 'search', '"what":"oauth"', 'alice']);
  assert.ok(acts.out.split('\n').length > 10, acts.out + acts.err);
});
