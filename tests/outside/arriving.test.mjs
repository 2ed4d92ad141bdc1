// People log in with their account at an API, by its own OAuth, and whatever an attacker may try on the way: with codes,
// states, cookies, issuers, other browsers, other APIs of the same authorization server, other workers, after a restart.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { totp } from './lib/browser.mjs';
import { ask, Client, fieldsOf, words } from './lib/oauth.mjs';
import { tempDir, top } from './lib/programs.mjs';
import { caller } from './lib/rpc.mjs';
import { startServer } from './lib/server.mjs';
import { startUpstream } from './lib/upstream.mjs';

const document = { openapi: '3.1.0', info: { title: 'Work', version: '1' }, servers: [{ url: 'http://work.test' }],
  paths: { '/projects': { get: { operationId: 'projects', responses: { 200: { description: 'ok', content: { 'application/json': {} } } } } } } };
const secret = 'client secret & more', password = 'correct horse battery', guid = '3fa85f64-5717-4562-b3fc-2c963f66afa6';
const accounts = { ann: { id: guid, name: 'Ann <b>Lee</b>', email: 'ann@example.com' }, bob: { id: 17, name: 'Bob', email: 'ann@example.com' }, eve: { id: 'eve', name: 'Eve\u0007', email: 'ann' } };
const codes = new Map(), access = new Map(), given = [];
let up, server, temp, tokens = 0, whoami = 0;
const random = () => crypto.randomBytes(24).toString('base64url');

// The other side: one authorization server, whose clients are two APIs and one that names its issuer.
function answer(q, s) {
  const json = (status, v) => { s.writeHead(status, { 'Content-Type': 'application/json' }); s.end(JSON.stringify(v)); return true; };
  if (q.target === '/token') {
    tokens++;
    const f = new URLSearchParams(q.body), c = codes.get(f.get('code')), client = Buffer.from(/^Basic (.*)/.exec(q.headers.authorization ?? '')?.[1] ?? '', 'base64').toString().split(':').map(decodeURIComponent);
    codes.delete(f.get('code'));
    if (client[1] !== secret) return json(401, { error: 'invalid_client' });
    if (f.get('grant_type') !== 'authorization_code') return json(400, { error: 'invalid_grant' });
    if (!c || c.client !== client[0] || c.redirect !== f.get('redirect_uri') || crypto.createHash('sha256').update(f.get('code_verifier')).digest('base64url') !== c.challenge) return json(400, { error: 'invalid_grant', error_description: '<script>gossip</script>' });
    const a = `access-${random()}`, r = `refresh-${random()}`;
    access.set(a, c.who);
    given.push(a, r);
    return json(200, { access_token: a, refresh_token: r, token_type: 'Bearer', expires_in: 3600 });
  }
  const who = access.get(/^Bearer (.*)/.exec(q.headers.authorization)?.[1]);
  if (!who) return json(401, { error: 'unauthorized' });
  if (q.target !== '/users/me') return json(200, { who });
  whoami++;
  return json(200, { data: accounts[who] ?? JSON.parse(who) });
}

// A browser: cookies by name, as browsers keep them; nothing is followed.
class Browser {
  jar = new Map();
  constructor(on = server) { this.on = on; }
  cookie() { return [...this.jar].map(([k, v]) => `${k}=${v}`).join('; '); }
  async ask(at, { headers = {}, ...o } = {}) {
    const r = await ask(this.on, at, { ...o, headers: { ...(this.jar.size ? { Cookie: this.cookie() } : {}), ...headers } });
    for (const c of r.headers['set-cookie'] ?? []) {
      assert.match(c, /; Path=\/; HttpOnly; SameSite=Lax/);
      const [, k, v] = /^([^=]+)=([^;]*)/.exec(c);
      if (/Max-Age=0/.test(c)) this.jar.delete(k); else this.jar.set(k, v);
    }
    return r;
  }
  // Presses the button; what the other side is asked.
  async begin(api = 'awork', next = '', o = {}) {
    const r = await this.ask('/login/with', { form: { api, next }, ...o });
    assert.equal(r.status, 200, words(r.text));
    const to = new URL(/content="0;url=([^"]+)"/.exec(r.text)[1].replaceAll('&amp;', '&'));
    assert.ok(r.text.includes(`href="${to.href.replaceAll('&', '&amp;')}"`), 'and a link for those whose browser waits');
    return { to, p: to.searchParams, state: to.searchParams.get('state') };
  }
  async arrive(who, api, next) { return this.ask(back(who, await this.begin(api, next))); }
  async inside() { return (await this.ask('/account')).text.includes('action="/logout"'); }
}
// The other side's answer for somebody: a code, and where it leads.
function back(who, { p, state }, more = '') {
  const code = random();
  codes.set(code, { who, client: p.get('client_id'), challenge: p.get('code_challenge'), redirect: p.get('redirect_uri') });
  return `/connections/callback?code=${code}&state=${state}${more}`;
}
const user = async (name) => JSON.parse((await server.command(['user', 'list', '--json'])).out).find((u) => u.name === name);
const count = async () => JSON.parse((await server.command(['user', 'list', '--json'])).out).length;

const oauth = (more) => ({ kind: 'sandbox', base_url: up.url, credential_from: 'user', authorize_url: `${up.url}/authorize`, token_url: '/token', client_id: 'gate', client_secret_from: 'env:CLIENT_SECRET', scopes: 'full_access', sign_in: 'GET /users/me', sign_in_id: 'data.id', sign_in_name: 'data.name', ...more });
before(async () => {
  temp = tempDir('arriving');
  const file = path.join(temp.dir, 'work.json');
  fs.writeFileSync(file, JSON.stringify(document));
  const open = path.join(temp.dir, 'open.json');
  fs.writeFileSync(open, JSON.stringify({ ...document, paths: { '/projects/{id}': { delete: { operationId: 'remove', parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }], responses: { 204: { description: 'gone' } } } } } }));
  up = await startUpstream();
  up.answer = answer;
  server = await startServer({ env: { CLIENT_SECRET: secret }, server: { trusted_proxy: ['127.0.0.1'] }, extra: "config role 'careful'\n\tlist allow '*'\n\toption destructive 'approve'\n", apis: [
    { name: 'awork', document: file, environments: [{ name: 'live', ...oauth({ sign_in_role: 'viewer', sign_in_team: 'guests' }) }] },
    { name: 'other', document: file, environments: [{ name: 'live', ...oauth({ client_id: 'gate-other', sign_in_role: 'member' }) }] },
    { name: 'closed', document: file, environments: [{ name: 'live', ...oauth() }] },
    { name: 'named', document: file, environments: [{ name: 'live', ...oauth({ authorize_issuer: 'https://as.example', sign_in_role: 'member' }) }] },
    { name: 'open', document: open, environments: [{ name: 'sandbox', base_url: up.url }] },
  ] });
  const r = await server.command(['user', 'add', 'admin', '--role', 'admin', '--password-stdin'], { input: password });
  assert.equal(r.code, 0, r.err);
});
after(async () => {
  assert.equal(await server?.stop() ?? 0, 0);
  for (const s of [...given, secret]) assert.ok(!server?.log().includes(s), 'a secret is in the log');
  await up?.stop();
  temp?.remove();
});
const refused = async (b, at, status = 403) => {
  const r = await b.ask(at);
  assert.equal(r.status, status, words(r.text));
  assert.match(r.headers['content-type'], /text\/html/);
  assert.ok(!r.text.includes('gossip'), 'nothing of what the other side said is shown');
  assert.ok(![...b.jar.keys()].includes('mcpgated'), 'no session');
  return r;
};

test('who logs in for the first time: made by id, with the role and team of the configuration', async () => {
  const b = new Browser(), page = await b.ask('/login');
  assert.match(page.text, /<button[^>]*>Log in with Work<\/button>|<button[^>]*>Log in with awork<\/button>/);
  assert.equal(page.headers['set-cookie'], undefined, 'no cookie before somebody says yes');
  const begun = await b.begin();
  for (const [k, v] of Object.entries({ client_id: 'gate', scope: 'full_access', response_type: 'code', code_challenge_method: 'S256', redirect_uri: `${server.origin}/connections/callback` })) assert.equal(begun.p.get(k), v);
  assert.ok(![...b.jar.values()].join().includes(begun.state), 'what the cookie holds is sealed');
  const r = await b.ask(back('ann', begun));
  assert.equal(r.status, 303, words(r.text));
  assert.equal(r.location, '/account');
  assert.ok(await b.inside());
  assert.deepEqual([...b.jar.keys()], ['mcpgated'], 'the cookie of the login is gone');
  const name = (await (JSON.parse((await server.command(['user', 'list', '--json'])).out))).find((u) => u.team === 'guests').name;
  assert.match(name, /^x\.[0-9a-f]{22}@awork$/, 'a long id is a hash of it');
  const u = await user(name);
  assert.deepEqual([u.role, u.team, u.state, u.display], ['viewer', 'guests', 'active', 'Ann <b>Lee</b>']);
  assert.match((await b.ask('/account')).text, /Ann &lt;b&gt;Lee&lt;\/b&gt;/);
  const n = await count();
  assert.equal((await new Browser().arrive('ann')).status, 303);
  assert.equal(await count(), n, 'the same one again');
});
test('what it gave is his connection: the agent acts as this user upstream', async () => {
  const b = new Browser();
  await b.arrive('bob', 'other');
  assert.match((await b.ask('/connections')).text, /Connected:/);
  const page = await b.ask('/keys'), csrf = Object.fromEntries(fieldsOf(page.text, '/keys')).csrf;
  const key = /sk-[\w-]{43}/.exec((await b.ask('/keys', { form: { csrf, name: 'agent', api: 'other', access: 'read', expires: '30' } })).text)[0];
  assert.match((await caller(server, { key, path: '/other/mcp' }).tool('projects')).text, /"who":"bob"/);
  const walk = (dir) => fs.readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? walk(path.join(dir, e.name)) : e.isFile() ? [path.join(dir, e.name)] : []));
  for (const f of walk(path.join(server.dir, 'data'))) for (const s of given) assert.ok(!fs.readFileSync(f).includes(s), f);
});
test('one mail address is not one account; an id of another API is nobody', async () => {
  const one = new Browser(), two = new Browser();
  await one.arrive('bob', 'awork');
  await two.arrive('bob', 'other');
  assert.match((await one.ask('/account')).text, /17@awork/);
  assert.match((await two.ask('/account')).text, /17@other/);
  assert.equal((await user('17@awork')).role, 'viewer');
  assert.equal((await user('17@other')).role, 'member');
});
test('who is not known is let in only where a role for such people is set, or by name', async () => {
  const b = new Browser(), n = await count();
  const r = await b.arrive('eve', 'closed');
  assert.equal(r.status, 403);
  assert.match(r.text, /eve@closed/);
  assert.equal(await count(), n);
  const made = await server.command(['user', 'add', 'eve@closed', '--upstream', '--role', 'viewer']);
  assert.equal(made.code, 0, made.err);
  assert.equal((await b.arrive('eve', 'closed')).status, 303);
  assert.equal((await user('eve@closed')).display, '', 'a name with control characters is none');
  const long = await server.command(['user', 'add', `${guid}@closed`, '--upstream']);
  assert.match(long.err, /x\.[0-9a-f]{22}@closed/);
  assert.equal((await new Browser().arrive('ann', 'closed')).status, 303);
});
test('an account that somebody made beforehand, with a password of theirs, is not the newcomer\'s', async () => {
  accounts.mallory = { id: 'mallory' };
  assert.equal((await server.command(['user', 'add', 'mallory@other', '--password-stdin'], { input: password })).code, 0);
  const r = await new Browser().arrive('mallory', 'other');
  assert.equal(r.status, 403);
  assert.match(r.text, /somebody else/);
});
test('ids that could be mistaken for others', async () => {
  const hashed = (id) => 'x.' + crypto.createHash('sha256').update(id).digest('hex').slice(0, 22);
  for (const [id, name] of [['Ann', hashed('Ann')], ['ann.lee', hashed('ann.lee')], [hashed(guid), hashed(hashed(guid))], ['a@awork', hashed('a@awork')], ['ann', 'ann'], ['../x', hashed('../x')]]) {
    const b = new Browser();
    assert.equal((await b.arrive(JSON.stringify({ id }), 'other')).status, 303, id);
    assert.ok((await b.ask('/account')).text.includes(`${name}@other`), id);
  }
  for (const id of ['', null, true, {}, [], 1.5, 'a'.repeat(256), -1]) assert.equal((await new Browser().arrive(JSON.stringify({ id }), 'other')).status, 502, JSON.stringify(id));
});
test('disabled: stays out, and what had begun ends', async () => {
  const b = new Browser();
  await b.arrive('bob', 'awork');
  assert.equal((await server.command(['user', 'disable', '17@awork'])).code, 0);
  assert.ok(!await b.inside());
  const r = await new Browser().arrive('bob', 'awork');
  assert.equal(r.status, 403);
  assert.match(r.text, /17@awork is disabled/);
  assert.equal((await server.command(['user', 'enable', '17@awork'])).code, 0);
  assert.equal((await new Browser().arrive('bob', 'awork')).status, 303);
});
test('logged out: this session is over, the next login makes another one', async () => {
  const b = new Browser();
  await b.arrive('bob', 'other');
  const old = b.cookie(), csrf = /name="csrf" value="([^"]+)"/.exec((await b.ask('/account')).text)[1];
  assert.equal((await b.ask('/logout', { form: { csrf } })).status, 303);
  assert.ok(!(await ask(server, '/account', { headers: { Cookie: old } })).text.includes('/logout'));
  await b.arrive('bob', 'other');
  assert.notEqual(b.cookie(), old);
});
test('a second factor is asked for, as after a password', async () => {
  const b = new Browser();
  accounts.tom = { id: 'tom' };
  await b.arrive('tom', 'other');
  const csrf = /name="csrf" value="([^"]+)"/.exec((await b.ask('/account')).text)[1];
  const offer = await b.ask('/account/factor', { form: { csrf } }), f = Object.fromEntries(fieldsOf(offer.text, '/account/factor/on'));
  const key = /secret=([A-Za-z2-7]+)/i.exec(offer.text)?.[1] ?? /[a-z2-7 ]{32,}/i.exec(offer.text)[0].replaceAll(' ', '');
  const on = await b.ask('/account/factor/on', { form: { ...f, code: totp(key.toLowerCase()) } });
  assert.equal(on.status, 200, words(on.text));
  const c = new Browser();
  assert.equal((await c.arrive('tom', 'other')).status, 303);
  assert.match((await c.ask('/account')).text, /name="code"/);
  assert.ok(!await c.inside());
});
test('whoever has no password is told by what he says yes: a code', async () => {
  const b = new Browser();
  accounts.ned = { id: 'ned' };
  await b.arrive('ned', 'other');
  assert.equal((await server.command(['user', 'role', 'ned@other', 'admin'])).code, 0);
  await b.arrive('ned', 'other');
  const page = await b.ask('/account'), csrf = /name="csrf" value="([^"]+)"/.exec(page.text)[1];
  assert.match(page.text, /have no password here/);
  assert.doesNotMatch(page.text, /name="old"/, 'nothing that no answer would fit');
  const asked = await caller(server, { path: '/open/mcp', key: await server.key('careful', 'open', ['--destructive', '--role', 'careful']) }).tool('remove', { id: '7' });
  const at = /\/approve\/[0-9a-f]{32}/.exec(asked.text)[0], one = await b.ask(at);
  assert.match(one.text, /have no password here[^]*second step[^]*href="\/account"/);
  assert.equal((await b.ask(at, { form: { csrf, password: '', answer: 'yes' } })).status, 403);
  const offer = await b.ask('/account/factor', { form: { csrf } }), f = Object.fromEntries(fieldsOf(offer.text, '/account/factor/on')), key = /secret=([A-Za-z2-7]+)/.exec(offer.text)[1];
  const on = await b.ask('/account/factor/on', { form: { ...f, code: totp(key.toLowerCase()) } });
  assert.equal(on.status, 200, words(on.text));
  const again = await b.ask(at), fields = Object.fromEntries(fieldsOf(again.text, at));
  assert.doesNotMatch(again.text, /no password here/);
  const yes = await b.ask(at, { form: { ...fields, password: totp(key.toLowerCase(), 1), answer: 'yes' } });
  assert.equal(yes.status, 200, words(yes.text));
  assert.match(yes.text, /Approved by ned@other/);
});

// ---- attacks ------------------------------------------------------------------------------------------------------
test('another browser: a captured address of the other side, opened by a victim (X09)', async () => {
  const mallory = new Browser(), victim = new Browser(), begun = await mallory.begin(), n = tokens;
  await refused(victim, back('ann', begun));
  const inside = new Browser();
  await inside.arrive('ann');
  const r = await inside.ask(back('eve', begun));
  assert.equal(r.status, 403, 'nor one who is logged in');
  const own = new Browser();
  await own.begin(); // nor one who is just logging in himself
  await refused(own, back('ann', begun));
  assert.equal(tokens, n + 1, 'the code went nowhere');
});
test('login CSRF: an attacker cannot log a victim in as himself', async () => {
  const mallory = new Browser(), victim = new Browser(), begun = await mallory.begin();
  await refused(victim, back('eve', begun));
  for (const headers of [{ 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'https://evil.example' }]) assert.equal((await victim.ask('/login/with', { form: { api: 'awork' }, headers })).status, 403);
  assert.equal((await victim.ask('/login/with?api=awork')).status, 405, 'and nothing begins by a link');
});
test('a state: once, of this login, ours, whole (X11)', async () => {
  const b = new Browser(), begun = await b.begin(), jar = b.cookie(), at = back('ann', begun);
  assert.equal((await b.ask(at)).status, 303);
  const n = tokens, again = new Browser();
  again.jar.set(...jar.split('=', 2));
  await refused(again, back('ann', begun));
  assert.equal(tokens, n, 'replayed with its cookie: no question was asked');
  const two = new Browser(), first = await two.begin();
  await two.begin();
  await refused(two, back('ann', first)); // the state of the login before
  for (const q of ['', '?code=x', `?code=x&state=${'0'.repeat(32)}`, `?code=x&state=${first.state}&state=${first.state}`, '?code=%00&state=%', `?code=x&state=${'../'.repeat(11)}`]) await refused(two, '/connections/callback' + q);
  assert.equal(tokens, n);
  const three = new Browser(), begun3 = await three.begin(), [k, v] = [...three.jar][0];
  for (const bad of [v.slice(0, 60) + (v[60] === 'A' ? 'B' : 'A') + v.slice(61), v.slice(0, -4), '', 'x'.repeat(3000), v + 'AAAA']) {
    three.jar.set(k, bad);
    await refused(three, back('ann', begun3));
  }
  const twice = await ask(server, back('ann', begun3), { headers: { Cookie: `${k}=${v}; ${k}=${v}` } });
  assert.equal(twice.status, 403, 'a cookie that another place may have set beside ours');
});
const clocked = path.join(top, 'build/native-test/mcpgated');
test('a state is good for ten minutes, whichever way the clock goes (X11)', { skip: fs.existsSync(clocked) ? false : 'no test binary (make testbuild)' }, async () => {
  const clock = path.join(temp.dir, 'clock'), at = Buffer.alloc(16);
  const move = async (wall, mono) => { // seconds; between two turns of the server: one that saw only half of it would count it twice
    await sleep(100);
    at.writeBigInt64LE(at.readBigInt64LE(0) + BigInt(wall), 0);
    at.writeBigInt64LE(at.readBigInt64LE(8) + BigInt(mono) * 1000n, 8);
    fs.writeFileSync(clock, at, { flag: fs.existsSync(clock) ? 'r+' : 'w' });
    await sleep(100);
  };
  await move(0, 0);
  const s = await startServer({ program: clocked, env: { CLIENT_SECRET: secret, MCPGATED_TEST_CLOCK: clock }, server: { trusted_proxy: ['127.0.0.1'] },
    apis: [{ name: 'awork', document: path.join(temp.dir, 'work.json'), environments: [{ name: 'live', ...oauth({ sign_in_role: 'viewer' }) }] }] });
  try {
    const [late, last, soon, back2, ahead] = Array.from({ length: 5 }, () => new Browser(s)), ways = [];
    for (const b of [late, last, soon]) ways.push(await b.begin());
    await move(590, 590);
    const used = soon.cookie(), first = await soon.ask(back('ann', ways[2]));
    assert.equal(first.status, 303, 'nearly ten minutes: ' + words(first.text));
    assert.ok(await soon.inside());
    const csrf = /name="csrf" value="([^"]+)"/.exec((await soon.ask('/connections')).text)[1];
    const connecting = async () => { // the same for who is logged in already, and connects
      const r = await soon.ask('/connections/start', { form: { csrf, api: 'awork', where: 'live' } }), p = new URL(/content="0;url=([^"]+)"/.exec(r.text)[1].replaceAll('&amp;', '&')).searchParams;
      return { p, state: p.get('state') };
    };
    const [one, two] = [await connecting(), await connecting()];
    await move(11, 11);
    const n = tokens;
    const r = await refused(late, back('ann', ways[0]));
    assert.match(words(r.text), /again/i, 'what to do is said');
    assert.equal((await late.ask(back('ann', ways[0]))).status, 403, 'and once more');
    assert.equal(tokens, n, 'no question was asked');
    assert.equal((await late.arrive('ann')).status, 303, 'begun again: in');
    const again = new Browser(s);
    again.jar.set(...used.split('=', 2));
    await refused(again, back('ann', ways[2])); // used in time: not a second time, now that its mark may be gone
    await s.crash();
    await refused(last, back('ann', ways[1]));
    assert.equal((await soon.ask(back('ann', one))).location, '/connections', 'a connection: in time');
    await move(590, 590);
    const m = tokens;
    assert.equal((await soon.ask(back('ann', two))).status, 403, 'a connection: too late');
    assert.equal(tokens, m);
    const [w, v] = [await back2.begin(), await ahead.begin()];
    await move(700, 0); // the wall clock alone is set ahead: late is late
    await refused(ahead, back('ann', v));
    await move(-1400, 0); // and back, to before it began: no state is good for longer than ten minutes
    await move(0, 601);
    await refused(back2, back('ann', w));
    assert.equal(tokens, m);
  } finally { assert.equal(await s.stop(), 0); }
});
test('the answer of another issuer, and one that names none though it should (M07, M08)', async () => {
  const n = tokens;
  for (const more of ['&iss=https%3A%2F%2Fevil.example', '', '&iss=', '&iss=https%3A%2F%2Fas.example%2F', '&iss=https%3A%2F%2Fas.example&iss=https%3A%2F%2Fas.example']) {
    const b = new Browser();
    await refused(b, back('ann', await b.begin('named'), more));
  }
  const e = new Browser(), begun = await e.begin('named');
  const r = await refused(e, `/connections/callback?error=access_denied&error_description=${encodeURIComponent('<script>gossip</script>')}&state=${begun.state}&iss=https%3A%2F%2Fevil.example`);
  assert.ok(!r.text.includes('access_denied'));
  const none = new Browser();
  await refused(none, back('ann', await none.begin('awork'), '&iss=https%3A%2F%2Fas.example')); // nobody said that it would name itself
  assert.equal(tokens, n, 'before any question for tokens');
  const good = new Browser();
  assert.equal((await good.ask(back('ann', await good.begin('named'), '&iss=https%3A%2F%2Fas.example'))).status, 303);
});
test('code injection: a code of somebody else\'s login, in a login of one\'s own', async () => {
  const victim = new Browser(), mallory = new Browser();
  const stolen = new URLSearchParams(back('ann', await victim.begin()).split('?')[1]).get('code');
  const begun = await mallory.begin(), n = whoami;
  await refused(mallory, `/connections/callback?code=${stolen}&state=${begun.state}`);
  assert.equal(whoami, n, 'its challenge was another');
});
test('two APIs that share an authorization server: a code for one is none for the other', async () => {
  const b = new Browser(), c = new Browser(), n = whoami;
  const code = new URLSearchParams(back('ann', await b.begin('awork')).split('?')[1]).get('code');
  const other = await c.begin('other');
  await refused(c, `/connections/callback?code=${code}&state=${other.state}`);
  const d = new Browser(), begun = await d.begin('awork'), jar = d.cookie();
  const e = new Browser();
  e.jar.set(...jar.split('=', 2)); // even with the cookie: the code goes to the server and as the client of where it began
  codes.set('shared', { who: 'ann', client: 'gate-other', challenge: begun.p.get('code_challenge'), redirect: begun.p.get('redirect_uri') });
  await refused(e, `/connections/callback?code=shared&state=${begun.state}`);
  assert.equal(whoami, n);
});
test('a token instead of a code, and a bearer that the API does not know', async () => {
  const b = new Browser(), begun = await b.begin(), n = tokens;
  await refused(b, `/connections/callback?access_token=x&token_type=Bearer&state=${begun.state}`);
  assert.equal(tokens, n);
});
test('a login is not a connection, nor the other way round', async () => {
  const b = new Browser();
  await b.arrive('bob', 'other');
  const csrf = /name="csrf" value="([^"]+)"/.exec((await b.ask('/connections')).text)[1];
  const r = await b.ask('/connections/start', { form: { csrf, api: 'awork', where: 'live' } });
  const p = new URL(/content="0;url=([^"]+)"/.exec(r.text)[1].replaceAll('&amp;', '&')).searchParams;
  await refused(new Browser(), back('ann', { p, state: p.get('state') })); // a state of Connections logs nobody in
  assert.equal((await b.ask(back('ann', { p, state: p.get('state') }))).location, '/connections');
  assert.match((await b.ask('/account')).text, /17@other/, 'and whoever is logged in stays who he was');
});
test('session fixation: who comes with a session gets another one, and the old one is over', async () => {
  const b = new Browser();
  await b.arrive('eve', 'closed');
  const old = b.jar.get('mcpgated');
  await b.arrive('bob', 'other');
  assert.notEqual(b.jar.get('mcpgated'), old);
  assert.match((await b.ask('/account')).text, /17@other/);
  assert.ok(!(await ask(server, '/account', { headers: { Cookie: `mcpgated=${old}` } })).text.includes('/logout'));
  const fixed = new Browser();
  fixed.jar.set('mcpgated', 'A'.repeat(43)); // one that an attacker chose
  await fixed.arrive('bob', 'other');
  assert.notEqual(fixed.jar.get('mcpgated'), 'A'.repeat(43));
});
test('no open redirect', async () => {
  for (const next of ['https://evil.example', '//evil.example', '/\\evil.example', '/x y', '/'.padEnd(3000, 'a')]) {
    const b = new Browser(), r = await b.ask('/login/with', { form: { api: 'awork', next } });
    if (r.status === 400) continue;
    const p = new URL(/content="0;url=([^"]+)"/.exec(r.text)[1].replaceAll('&amp;', '&')).searchParams;
    assert.equal((await b.ask(back('ann', { p, state: p.get('state') }))).location, '/account', next);
  }
  const b = new Browser();
  assert.equal((await b.arrive('ann', 'awork', '/keys?x=1')).location, '/keys?x=1');
  const long = '/keys?x='.padEnd(1900, 'a');
  assert.equal((await b.arrive('ann', 'awork', long)).location, long);
  assert.equal((await b.ask('/login/with', { form: { api: 'nothing' } })).status, 404);
});
test('another worker, and after a restart: begun before, it ends well, and once', async () => {
  const b = new Browser(), c = new Browser(), one = await b.begin(), two = await c.begin(), jar = c.cookie();
  await server.crash();
  assert.equal((await b.ask(back('ann', one))).status, 303);
  assert.equal((await c.ask(back('bob', two))).status, 303);
  await server.crash();
  const again = new Browser();
  again.jar.set(...jar.split('=', 2));
  await refused(again, back('bob', two));
});
test('eight at once with one state: one of them comes in', async () => {
  const b = new Browser(), begun = await b.begin(), headers = { Cookie: b.cookie() }, n = tokens;
  const all = await Promise.all(Array.from({ length: 8 }, () => ask(server, back('ann', begun), { headers })));
  assert.deepEqual(all.map((r) => r.status).sort(), [303, 403, 403, 403, 403, 403, 403, 403]);
  assert.equal(tokens, n + 1);
});
test('an application: our own page first and last; nothing goes to it without a yes', async () => {
  const c = await Client.register(server, { client_name: 'Agent <i>', redirect_uris: ['https://agent.example/cb'] });
  c.resource = `${server.origin}/other/mcp`;
  const b = new Browser(), query = '/oauth/authorize?' + new URLSearchParams(c.query());
  const first = await b.ask(query);
  assert.match(first.text, /Agent &lt;i&gt; wants to use this server in your name; the answer goes to agent\.example/);
  assert.equal(first.headers['set-cookie'], undefined);
  const next = Object.fromEntries(fieldsOf(first.text, '/login/with')).next;
  const r = await b.arrive('bob', 'other', next);
  assert.equal(r.location, next);
  const page = await b.ask(r.location);
  assert.equal(page.status, 200);
  assert.match(page.text, /name="ticket"/, 'and now what it may do');
  const yes = await b.ask('/oauth/authorize', { form: new URLSearchParams([...fieldsOf(page.text), ['action', 'allow']]).toString() });
  assert.match(yes.location, /^https:\/\/agent\.example\/cb\?code=/);
});
test('what fails on the other side is a page', async () => {
  const b = new Browser(), begun = await b.begin();
  const r = await refused(b, `/connections/callback?error=access_denied&state=${begun.state}`);
  assert.match(r.text, /href="\/login"/);
  const old = up.answer;
  for (const bad of [(q, s) => { s.writeHead(500); s.end('x'); return true; }, (q, s) => { s.socket.destroy(); return true; }, (q, s) => { s.writeHead(200); s.end('not json'); return true; }, (q, s) => { s.writeHead(200); s.end('{"access_token":"a\\nb-long-enough"}'); return true; }, (q, s) => { s.writeHead(200); s.end(`{"access_token":"abcdefghij","x":"${'x'.repeat(40000)}"}`); return true; }, (q, s) => { s.writeHead(200); s.end('{"access_token":"abcdefghij","token_type":"mac"}'); return true; }]) {
    const c = new Browser(), at = back('ann', await c.begin());
    up.answer = bad;
    try { await refused(c, at); } finally { up.answer = old; }
  }
  const html = await ask(server, '/login', { headers: { 'Accept-Language': 'ru' } });
  assert.match(html.text, /Войти через/);
});
test('nobody floods the other side through us', async () => {
  const headers = { 'X-Forwarded-For': '203.0.113.9' }, statuses = [];
  const n = tokens, b = new Browser();
  for (let i = 0; i < 30; i++) {
    const r = await b.ask('/login/with', { form: { api: 'awork' }, headers });
    if (r.status === 429) { statuses.push(429); continue; }
    const p = new URL(/content="0;url=([^"]+)"/.exec(r.text)[1].replaceAll('&amp;', '&')).searchParams;
    statuses.push((await b.ask(`/connections/callback?code=bad&state=${p.get('state')}`, { headers })).status);
  }
  assert.equal(statuses.filter((s) => s === 403).length, 20, statuses.join());
  assert.equal(statuses.filter((s) => s === 429).length, 10);
  assert.equal(tokens, n + 20);
});
