// The admin's pages: people, teams, keys, applications, clients, credentials, the audit. What gives power takes the password;
// an admin of another team sees that team alone; nobody locks themselves out; each change is a line of the audit.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { browser, totp } from './lib/browser.mjs';
import { caller } from './lib/rpc.mjs';
import { Client, Person } from './lib/oauth.mjs';
import { startGate, startThings } from './lib/things.mjs';

const password = 'correct horse battery', theirs = 'another battery staple';
let things, gate, ada, bob, carl, nobody;
before(async () => {
  things = await startThings();
  gate = await startGate(things, { options: { workers: 2 }, extra: `config role 'clerk'\n\tlist allow 'read'\n` });
  const ok = async (...args) => { const r = await gate.command(args, { input: password }); assert.equal(r.code, 0, r.err); };
  await ok('team', 'add', 'other', '--title', 'The others');
  await ok('user', 'add', 'ada', '--role', 'admin', '--password-stdin');
  await ok('user', 'add', 'bob', '--display', 'Bob <b>', '--password-stdin');
  await ok('user', 'add', 'carl', '--role', 'admin', '--team', 'other', '--password-stdin');
  await ok('user', 'add', 'dirk', '--team', 'other', '--password-stdin');
  [ada, bob, carl] = [await browser(gate).login('ada', password), await browser(gate).login('bob', password), await browser(gate).login('carl', password)];
  nobody = browser(gate);
});
after(async () => {
  await gate?.end();
  await things?.stop();
});
const names = (body) => [...body.matchAll(/<li>(?:<a [^>]*>)?<strong>([^<]*)<\/strong>/g)].map((m) => m[1]).sort();
const pages = ['people', 'teams', 'keys', 'apps', 'clients', 'credentials', 'audit'];

test('who sees what', async () => {
  for (const page of [...pages, 'people/bob']) {
    assert.match((await nobody.get(`/admin/${page}`)).body, /action="\/login"/, page);
    assert.equal((await bob.get(`/admin/${page}`)).status, 403, page);
    const r = await ada.get(`/admin/${page}`);
    assert.equal(r.status, 200, page);
    assert.match(r.headers['content-security-policy'], /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(r.headers['cache-control'], 'no-store');
    assert.equal((await carl.get(`/admin/${page}`)).status, page === 'people/bob' ? 404 : ['clients', 'credentials'].includes(page) ? 403 : 200, page);
  }
  assert.deepEqual(names((await ada.get('/admin/people')).body), ['ada', 'bob', 'carl', 'dirk']);
  assert.deepEqual(names((await ada.get('/admin/people?q=OTHER')).body), ['carl', 'dirk']);
  assert.deepEqual(names((await ada.get('/admin/people?q=%3Cb%3E')).body), ['bob']);
  assert.deepEqual(names((await carl.get('/admin/people')).body), ['carl', 'dirk']);
  assert.deepEqual(names((await carl.get('/admin/teams')).body), ['other']);
  assert.match((await ada.get('/admin/people/bob')).body, /Bob &lt;b&gt;/);
  assert.doesNotMatch((await ada.get('/admin/people?q=pbkdf2')).body, /<li>/); // what is not shown is not searched either
});

test('an invite: a link, once, for the password of the one who asks', async () => {
  await ada.get('/admin/people');
  const ask = (fields, who = ada) => who.post('/admin/people', { name: 'eve', display: 'Eve', role: 'clerk', team: 'other', password, ...fields });
  assert.equal((await ask({ csrf: 'x'.repeat(30) })).status, 403);
  for (const [fields, why] of [[{ password: 'wrong password' }, /not right/], [{ password: '' }, /not right/], [{ role: 'king' }, /no such role/], [{ team: 'nowhere' }, /no such team/i],
    [{ name: 'E V E' }, /user name is/], [{ name: 'bob' }, /taken/], [{ name: 'ada' }, /yourself/]]) {
    const r = await ask(fields);
    assert.equal(r.status, 400, JSON.stringify(fields));
    assert.match(r.body, why);
  }
  assert.deepEqual(names((await ada.get('/admin/people?q=eve')).body), []);
  const made = await ask({}), link = /<code>([^<]*\/invite\/[^<]+)<\/code>/.exec(made.body)[1];
  assert.equal(made.status, 200);
  assert.match((await ada.get('/admin/people/eve')).body, /invited/);
  assert.doesNotMatch((await ada.get('/admin/people/eve')).body, /invite\/[A-Za-z0-9_-]{20}/);
  const eve = browser(gate), code = link.split('/').pop();
  assert.equal((await eve.get(`/invite/${code}`)).status, 200);
  assert.equal((await eve.post('/invite', { code, new: theirs, again: theirs })).status, 303);
  assert.match((await eve.get('/account')).body, /team other, role clerk/);
  assert.equal((await browser(gate).post('/invite', { code, new: theirs, again: theirs })).status, 410);
});

test('an admin of a team', async () => {
  await carl.get('/admin/people');
  const form = { name: 'fay', role: 'member', password };
  assert.match((await carl.post('/admin/people', { ...form, team: 'main' })).body, /not yours/);
  assert.equal((await carl.post('/admin/people', form)).status, 200);
  assert.match((await ada.get('/admin/people/fay')).body, /other · member/);
  for (const [name, fields] of [['bob', { do: 'disable' }], ['ada', { do: 'logout' }], ['bob', { do: 'remove' }], ['ada', { do: 'invite', password }], ['bob', { do: 'role', role: 'viewer', password }]])
    assert.equal((await carl.post(`/admin/people/${name}`, { name, ...fields })).status, 404, `${name} ${fields.do}`);
  assert.equal((await carl.post('/admin/people/fay', { name: 'fay', do: 'role', role: 'member', team: 'main', password })).status, 400);
  assert.match((await ada.get('/admin/people/fay')).body, /other · member/);
  assert.match((await carl.post('/admin/teams', { name: 'mine' })).body, /not yours/);
  assert.equal((await carl.post('/admin/clients', { id: 'a'.repeat(32) })).status, 403);
  assert.equal((await carl.post('/admin/credentials', { name: 'x', secret: 'y', password })).status, 403);
});

test('roles, disabling, logging out, removing', async () => {
  const dirk = await browser(gate).login('dirk', password);
  await dirk.get('/keys');
  const key = /sk-[A-Za-z0-9_-]{20,}/.exec((await dirk.post('/keys', { name: 'agent', access: 'write', expires: '30' })).body)[0];
  const works = async () => (await caller(gate, { key }).modern('tools/list')).status === 200;
  const act = async (fields, status = 303) => { await ada.get('/admin/people/dirk'); const r = await ada.post('/admin/people/dirk', { name: 'dirk', ...fields }); assert.equal(r.status, status, JSON.stringify(fields)); return r; };
  const inside = async (who = dirk) => (await who.get('/account')).body.includes('(user name dirk)');
  assert.ok(await works() && await inside());
  assert.match((await act({ do: 'role', role: 'admin', team: 'main' }, 400)).body, /not right/); // power takes the password
  assert.equal((await dirk.get('/admin/people')).status, 403);
  await act({ do: 'role', role: 'admin', team: 'main', password });
  assert.equal((await dirk.get('/admin/people')).status, 200);
  await act({ do: 'role', role: 'clerk', team: 'other', password });
  assert.equal((await dirk.get('/admin/people')).status, 403);
  await act({ do: 'logout' });
  assert.ok(!await inside());
  assert.ok(await works());
  await act({ do: 'disable' });
  assert.ok(!await works());
  await assert.rejects(() => browser(gate).login('dirk', password));
  await act({ do: 'enable' }, 400);
  await act({ do: 'enable', password });
  assert.ok(await works());
  const again = await browser(gate).login('dirk', password);
  await again.get('/account');
  const offer = (await again.post('/account/factor', {})).body, secret = /secret=([a-z2-7]+)/.exec(offer)[1];
  await again.post('/account/factor/on', { code: totp(secret), offer: /name="offer" value="([^"]+)"/.exec(offer)[1] });
  assert.match((await ada.get('/admin/people/dirk')).body, /second step on/);
  await act({ do: 'factor' }, 400);
  await act({ do: 'factor', password });
  assert.doesNotMatch((await ada.get('/admin/people/dirk')).body, /second step on/);
  assert.ok(!await inside(again));
  const link = /\/invite\/([^<]+)<\/code>/.exec((await act({ do: 'invite', password }, 200)).body)[1], fresh = browser(gate);
  await fresh.get(`/invite/${link}`);
  assert.equal((await fresh.post('/invite', { code: link, new: theirs, again: theirs })).status, 303);
  assert.ok(await inside(fresh));
  await act({ do: 'fly' }, 400);
  await act({ do: 'remove' });
  assert.ok(!await works() && !await inside(fresh));
  await act({ do: 'remove' }, 404);
  assert.equal((await ada.get('/admin/people/dirk')).status, 404);
});

test('nobody locks themselves out', async () => {
  await ada.get('/admin/people/ada');
  assert.doesNotMatch((await ada.get('/admin/people/ada')).body, /value="(disable|remove|role|factor|invite)"/);
  for (const fields of [{ do: 'disable' }, { do: 'remove' }, { do: 'role', role: 'viewer', password }, { do: 'factor', password }, { do: 'invite', password }])
    for (const name of ['ada', 'ADA'])
      assert.match((await ada.post('/admin/people/ada', { name, ...fields })).body, /yourself/, JSON.stringify(fields));
  assert.equal((await ada.get('/admin')).status, 200);
});

test('teams', async () => {
  await ada.get('/admin/teams');
  assert.equal((await ada.post('/admin/teams', { name: 'third', display: 'Third <i>' })).status, 303);
  assert.match((await ada.get('/admin/teams')).body, /third<\/strong> Third &lt;i&gt;/);
  assert.match((await ada.post('/admin/teams', { name: 'third' })).body, /taken/);
  assert.match((await ada.post('/admin/teams', { name: 'No!' })).body, /1 to 24/);
});

test('keys of everybody, and one of a team', async () => {
  await bob.get('/keys');
  const bobs = /sk-[A-Za-z0-9_-]{20,}/.exec((await bob.post('/keys', { name: 'bobs agent', access: 'read', expires: '30' })).body)[0];
  await carl.get('/admin/keys');
  assert.deepEqual(names((await carl.get('/admin/keys')).body), []);
  const make = (who, fields) => who.post('/admin/keys', { name: 'team key', api: 'things', access: 'write', expires: '30', role: 'member', password, ...fields });
  await carl.get('/admin/keys');
  assert.match((await make(carl, { team: 'main' })).body, /not yours/);
  assert.match((await make(carl, { password: 'wrong password' })).body, /not right/);
  const key = /sk-[A-Za-z0-9_-]{20,}/.exec((await make(carl, {})).body)[0], tools = async () => (await caller(gate, { key }).tools()).map((t) => t.name);
  assert.ok((await tools()).includes('put_thing'));
  assert.deepEqual(names((await carl.get('/admin/keys')).body), ['team key']);
  await ada.get('/admin/keys');
  for (const [fields, why] of [[{ team: 'nowhere' }, /no such team/i], [{ role: 'king' }, /no such role/], [{ name: '' }, /1 to 40/], [{ api: 'x' }, /could not be read/]])
    assert.match((await make(ada, fields)).body, why);
  assert.deepEqual(names((await ada.get('/admin/keys?q=agent')).body), ['bobs agent']);
  await ada.get('/admin');
  await ada.post('/admin', { target: 'team:other', switch: 'write', way: 'off' }); // it is the team's
  assert.ok(!(await tools()).includes('put_thing'));
  await ada.post('/admin', { target: 'team:other', switch: 'write', way: 'on' });
  const id = async (who, name) => new RegExp(`name="id" value="([0-9a-f]{32})"><button class="danger" aria-label="Revoke: ${name}"`).exec((await who.get('/admin/keys')).body)?.[1];
  const of = await id(ada, 'bobs agent');
  assert.equal((await carl.get('/admin/keys'), await carl.post('/admin/keys/revoke', { id: of })).status, 404);
  assert.equal((await caller(gate, { key: bobs }).modern('tools/list')).status, 200);
  await ada.get('/admin/keys');
  assert.equal((await ada.post('/admin/keys/revoke', { id: of })).status, 303);
  assert.equal((await caller(gate, { key: bobs }).modern('tools/list')).status, 401);
  assert.equal((await carl.post('/admin/keys/revoke', { id: await id(carl, 'team key') })).status, 303);
  assert.equal((await caller(gate, { key }).modern('tools/list')).status, 401);
});

test('connected apps of everybody, and clients', async () => {
  const ben = await new Person(gate, 'bob', password).login(), client = await Client.register(gate);
  client.resource = `${gate.origin}/things/mcp`;
  const token = (await client.connect(ben, { scope: 'read' })).access_token, works = async (t) => (await caller(gate, { key: t, path: '/things/mcp' }).modern('tools/list')).status;
  assert.equal(await works(token), 200);
  assert.deepEqual(names((await ada.get('/admin/apps')).body), ['bob']);
  assert.deepEqual(names((await carl.get('/admin/apps')).body), []);
  const id = /name="id" value="([0-9a-f]+)"/.exec((await ada.get('/admin/apps')).body)[1];
  assert.equal((await carl.get('/admin/apps'), await carl.post('/admin/apps/revoke', { id })).status, 404);
  assert.equal(await works(token), 200);
  await ada.get('/admin/apps');
  assert.equal((await ada.post('/admin/apps/revoke', { id })).status, 303);
  await sleep(1100);
  assert.equal(await works(token), 401);
  const again = (await client.connect(ben, { scope: 'read' })).access_token;
  assert.equal(await works(again), 200);
  const which = /name="id" value="([0-9a-f]{32})"/.exec((await ada.get('/admin/clients')).body)[1];
  assert.equal((await ada.post('/admin/clients', { id: 'f'.repeat(32) })).status, 400);
  assert.equal((await ada.post('/admin/clients', { id: which })).status, 303);
  await sleep(1100);
  assert.equal(await works(again), 401);
  assert.deepEqual(names((await ada.get('/admin/apps')).body), []);
});

test('credentials go in and never come out', async () => {
  await ada.get('/admin/credentials');
  const secret = 'canary-7Hq2mYVw91', set = (fields) => ada.post('/admin/credentials', { name: 'things/live', secret, password, ...fields });
  for (const [fields, why] of [[{ password: '' }, /not right/], [{ name: 'a b' }, /A name is/], [{ secret: '' }, /A secret is/]]) assert.match((await set(fields)).body, why);
  assert.equal((await set({})).status, 303);
  const shown = (await ada.get('/admin/credentials')).body;
  assert.match(shown, /<code>things\/live<\/code> <span class="soft">set 20/);
  assert.doesNotMatch(shown, /canary/);
  assert.match((await gate.command(['credential', 'list'])).out, /things\/live/);
  assert.equal((await set({ secret: 'another' })).status, 303); // replaced
  assert.equal((await ada.post('/admin/credentials', { name: 'things/live', do: 'remove' })).status, 303);
  assert.match((await ada.post('/admin/credentials', { name: 'things/live', do: 'remove' })).body, /no such secret/i);
});

test('the audit: every change is in it, and a page shows it', async () => {
  await browser(gate).login('nobody', 'wrong password').catch(() => null);
  const all = async () => (await gate.command(['audit', 'search', '"what":"admin"'])).out;
  for (let i = 0; i < 30 && !/credential remove/.test(await all()); i++) await sleep(100);
  const out = await all();
  for (const [operation, detail] of [['add', 'eve clerk of other'], ['role', 'dirk admin of main'], ['disable', 'dirk'], ['enable', 'dirk'], ['logout', 'dirk'], ['factor', 'dirk'], ['invite', 'dirk'], ['remove', 'dirk'],
    ['team', 'third'], ['credential add', 'things/live'], ['credential remove', 'things/live'], ['client remove', '[0-9a-f]{32}'], ['remove', 'k:[0-9a-f]{32}'], ['remove', 'g:[0-9a-f]{48}']])
    assert.match(out, new RegExp(`"what":"admin","outcome":"done","who":"ada"[^\\n]*"operation":"${operation}"[^\\n]*"detail":"${detail}"`), `${operation} ${detail}`);
  assert.match(out, /"who":"carl"[^\n]*"operation":"key add"[^\n]*"detail":"team key"/);
  assert.match(out, /"who":"console"[^\n]*"operation":"user add"[^\n]*"detail":"ada"/);
  assert.doesNotMatch(out, /canary|battery/);
  const logins = (await gate.command(['audit', 'search', '"what":"login"'])).out;
  assert.match(logins, /"outcome":"done"[^\n]*"detail":"ada"/);
  assert.match(logins, /"outcome":"refused"[^\n]*"detail":"nobody"/);
  const lines = (body) => [...body.matchAll(/<strong>(\w+)<\/strong> (\w+) · ([^<]*)/g)];
  let shown;
  for (let i = 0; i < 50; i++) if (/credential remove/.test(shown = (await ada.get('/admin/audit?what=admin')).body)) break; else await sleep(100);
  assert.match(lines(shown)[0][3], /ada · credential remove · things\/live/); // the newest first
  assert.ok(lines((await ada.get('/admin/audit?who=carl')).body).every((l) => l[3].startsWith('carl')));
  assert.ok(lines((await ada.get('/admin/audit?outcome=refused')).body).length > 0);
  const others = lines((await carl.get('/admin/audit')).body);
  assert.ok(others.length > 0 && others.every((l) => !/^(ada|bob|console)\b/.test(l[3])), JSON.stringify(others));
});
