// The gate for people: approvals on a page, switches, the button that stops everything. What a session alone must not do
// needs the password; what is not yours is not there.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { browser, totp } from './lib/browser.mjs';
import { caller, handleOf } from './lib/rpc.mjs';
import { Client, Person } from './lib/oauth.mjs';
import { startGate, startThings } from './lib/things.mjs';

const roles = `config role 'member'
	list allow '*'
	list approve 'DELETE /people/{id}'
`;
const password = 'correct horse battery';
let things, gate, ada, bob, carl, bobs, key, mine, id = 0;
before(async () => {
  things = await startThings();
  gate = await startGate(things, { extra: roles });
  const ok = async (...args) => { const r = await gate.command(args, { input: password }); assert.equal(r.code, 0, r.err); };
  await ok('team', 'add', 'other');
  await ok('user', 'add', 'ada', '--role', 'admin', '--password-stdin');
  await ok('user', 'add', 'bob', '--role', 'member', '--password-stdin');
  await ok('user', 'add', 'carl', '--role', 'admin', '--team', 'other', '--password-stdin');
  [ada, bob, carl] = [await browser(gate).login('ada', password), await browser(gate).login('bob', password), await browser(gate).login('carl', password)];
  await bob.get('/keys');
  bobs = /sk-[A-Za-z0-9_-]{20,}/.exec((await bob.post('/keys', { name: 'agent', access: 'destructive', expires: '30' })).body)[0];
  key = await gate.key('console', 'things', ['--destructive']);
  [mine] = [caller(gate, { key: bobs })];
});
after(async () => {
  await gate?.end();
  await things?.stop();
});

async function asked(who = mine) {
  const args = { id: ++id }, r = await who.tool('delete_person', args), page = /(\/approve\/[0-9a-f]{32})/.exec(r.text)[1];
  return { args, page, handle: handleOf(r.text), go: () => who.tool('delete_person', { ...args, approval: handleOf(r.text) }), done: () => things.count(`people/${args.id}`) };
}

test('a plan: several calls are approved as one list, and each spends its own part', async () => {
  const plan = [await asked(), await asked(), await asked()];
  const page = await bob.get('/approvals');
  const ids = /name="ids" value="([0-9a-f,]+)"/.exec(page.body)[1];
  for (const p of plan) {
    assert.ok(ids.includes(p.page.slice(9)));
    assert.match(page.body, new RegExp(`<strong>DELETE</strong> http:[^\n]*/people/${p.args.id}\n`));
  }
  assert.equal((await bob.post('/approvals', { answer: 'yes', ids, password: 'wrong password' })).status, 400);
  assert.match((await plan[0].go()).text, /Nobody has approved this yet/);
  assert.equal((await carl.post('/approvals', { answer: 'yes', ids, password })).status, 303); // not his: nothing happens
  assert.match((await plan[0].go()).text, /Nobody has approved this yet/);
  const late = await asked(); // asked for after the page was shown: not on the list
  assert.equal((await bob.post('/approvals', { answer: 'yes', ids, password })).status, 303);
  assert.match((await late.go()).text, /Nobody has approved this yet/);
  const [first, second, third] = plan;
  const other = await mine.tool('delete_person', { ...second.args, approval: first.handle });
  assert.match(other.text, /for another call/);
  for (const p of [third, first, second]) { // in any order
    assert.equal((await p.go()).isError, false);
    assert.equal(p.done(), 1);
    assert.equal((await p.go()).isError, true);
  }
  const [a, b] = [await asked(), await asked()].map((p) => p.page.slice(9, 25));
  const all = await gate.command(['approve', a, b]);
  assert.equal(all.code, 0, all.err);
  assert.equal(all.out.match(/approved, once/g).length, 2);
  assert.equal((await gate.command(['approve', a, late.page.slice(9, 25)])).code, 1); // the first was decided already, the other is
  assert.equal((await late.go()).isError, false);
});

test('a person approves on the page, with the password each time, once', async () => {
  const a = await asked();
  assert.match((await bob.get('/approvals')).body, new RegExp(`${a.page}"><strong>delete_person</strong></a> · sandbox`));
  const shown = await bob.get(a.page);
  assert.equal(shown.status, 200);
  assert.match(shown.body, /<strong>DELETE<\/strong> http:[^\n]*\/people\/\d+\n/);
  assert.match(shown.body, /&quot;version&quot;:1/); // what it is about
  assert.equal((await bob.post(a.page, { answer: 'yes', password, csrf: 'x'.repeat(30) })).status, 403);
  assert.equal((await bob.post(a.page, { answer: 'yes', password: 'wrong password' })).status, 403);
  assert.equal((await bob.post(a.page, { answer: 'yes' })).status, 403);
  assert.equal((await bob.post(a.page, { answer: 'maybe', password })).status, 400);
  assert.match((await a.go()).text, /Nobody has approved this yet/);
  assert.equal(a.done(), 0);
  const yes = await bob.post(a.page, { answer: 'yes', password });
  assert.match(yes.body, /Approved by bob/);
  assert.doesNotMatch((await bob.get('/approvals')).body, new RegExp(a.page));
  assert.equal((await a.go()).isError, false);
  assert.equal(a.done(), 1);
  assert.equal((await bob.get(a.page)).status, 404); // spent
  assert.equal((await a.go()).isError, true);
  assert.equal(a.done(), 1);
});

test('a person refuses; refused is refused', async () => {
  const a = await asked();
  await ada.get(a.page); // an admin of the box may, too
  assert.match((await ada.post(a.page, { answer: 'no', password })).body, /Refused by ada/);
  assert.match((await bob.post(a.page, { answer: 'yes', password })).body, /Refused by ada/);
  assert.match((await a.go()).text, /has refused/);
  assert.equal(a.done(), 0);
});

test('what is not yours is not there', async () => {
  const a = await asked(), b = await asked(caller(gate, { key }));
  for (const [who, page] of [[carl, a.page], [carl, b.page], [bob, b.page]]) {
    assert.doesNotMatch((await who.get('/approvals')).body, new RegExp(page));
    assert.equal((await who.get(page)).status, 404);
    assert.equal((await who.post(page, { answer: 'yes', password })).status, 404);
  }
  assert.equal((await ada.get(b.page)).status, 200); // of the console's keys
  const nobody = browser(gate);
  assert.match((await nobody.get(a.page)).body, /name="password"[^>]*>[^]*Log in/);
  assert.equal((await nobody.post(a.page, { answer: 'yes', password })).status, 403);
  assert.equal((await mine.post({ method: 'POST', at: a.page, headers: [['Authorization', `Bearer ${bobs}`], ['Content-Type', 'application/x-www-form-urlencoded']], body: `answer=yes&password=${encodeURIComponent(password)}` })).status, 403);
  for (const page of ['/approve/x', '/approve/' + 'f'.repeat(32), '/approve/' + 'G'.repeat(32), '/approve/%41' + 'a'.repeat(31)])
    assert.equal((await ada.get(page)).status, 404);
  await a.go();
  assert.equal(a.done() + b.done(), 0);
});

test('where there is a second factor, a code of it does; each once', async () => {
  assert.equal((await gate.command(['user', 'add', 'dora', '--password-stdin'], { input: password })).code, 0);
  const dora = await browser(gate).login('dora', password);
  await dora.get('/keys');
  const key = /sk-[A-Za-z0-9_-]{20,}/.exec((await dora.post('/keys', { name: 'agent', access: 'destructive', expires: '30' })).body)[0];
  const asks = () => asked(caller(gate, { key })), a = await asks(), b = await asks(), c = await asks();
  await dora.get('/account');
  const offer = (await dora.post('/account/factor', {})).body, secret = /secret=([a-z2-7]+)/.exec(offer)[1];
  assert.match((await dora.post('/account/factor/on', { code: totp(secret), offer: /name="offer" value="([^"]+)"/.exec(offer)[1] })).body, /recovery|Recovery/);
  assert.match((await dora.get(a.page)).body, /Your password, or a code/);
  const wrong = String((Number(totp(secret)) + 7) % 1000000).padStart(6, '0');
  assert.equal((await dora.post(a.page, { answer: 'yes', password: wrong })).status, 403);
  const code = totp(secret);
  assert.match((await dora.post(a.page, { answer: 'yes', password: code })).body, /Approved by dora/);
  await dora.get(b.page);
  assert.equal((await dora.post(b.page, { answer: 'yes', password: code })).status, 403); // used
  assert.match((await dora.post(b.page, { answer: 'yes', password })).body, /Approved by dora/); // the password still does
  assert.equal((await bob.post(c.page, { answer: 'yes', password: totp(secret, 1) })).status, 404);
  await dora.get(c.page);
  for (let i = 0; i < 6; i++) await dora.post(c.page, { answer: 'yes', password: wrong });
  assert.equal((await dora.post(c.page, { answer: 'yes', password: totp(secret, 1) })).status, 429); // guessing ends
  assert.equal((await dora.post('/account/password', { old: totp(secret, 1), new: 'another battery staple', again: 'another battery staple', csrf: (await dora.get('/account'), dora.csrf()) })).status, 403); // here it must be the password
  await Promise.all([a, b].map((one) => one.go()));
  assert.deepEqual([a.done(), b.done(), c.done()], [1, 1, 0]);
});

test('switches', async () => {
  assert.equal((await bob.get('/admin')).status, 403);
  assert.equal((await bob.post('/admin', { target: 'stop', way: 'off' })).status, 403);
  const tools = async () => (await mine.tools()).map((t) => t.name);
  await ada.get('/admin');
  assert.ok((await tools()).includes('delete_thing'));
  assert.equal((await ada.post('/admin', { target: ' tool:things/delete_thing', switch: 'enabled', way: 'off' })).status, 303);
  assert.match((await ada.get('/admin')).body, /tool:things\/delete_thing<\/strong> enabled/);
  assert.ok(!(await tools()).includes('delete_thing'));
  assert.equal((await ada.post('/admin', { target: 'tool:things/delete_thing', switch: 'enabled', way: 'on' })).status, 303);
  assert.ok((await tools()).includes('delete_thing'));
  await ada.post('/admin', { target: 'user:bob', switch: 'enabled', way: 'off' });
  assert.deepEqual(await tools(), []);
  await ada.post('/admin', { target: 'user:bob', switch: 'enabled', way: 'on' });
  for (const [target, word] of [['nothing', 'enabled'], ['tool:x/y', 'write'], ['server', 'x'], ['server', 'enabled,write'], ['', 'enabled']])
    assert.equal((await ada.post('/admin', { target, switch: word, way: 'off' })).status, 400, `${target} ${word}`);
  assert.equal((await ada.post('/admin', { target: 'server', switch: 'write', way: 'sideways' })).status, 400);
  await carl.get('/admin'); // an admin of another team: that team alone
  for (const target of ['server', 'stop', 'api:things', 'team:main', 'user:bob'])
    assert.equal((await carl.post('/admin', { target, switch: 'enabled', way: 'off' })).status, 400, target);
  assert.equal((await carl.post('/admin', { target: 'team:other', switch: 'write', way: 'off' })).status, 303);
  assert.match((await carl.get('/admin')).body, /team:other/);
  assert.ok((await tools()).includes('put_thing'));
});

test('the button: cuts what is under way, voids what waits, survives kill -9; resuming takes the password', async () => {
  const a = await asked(), confirm = handleOf((await mine.tool('delete_thing', { id: 900 })).text);
  things.hang = true;
  const hanging = mine.tool('get_thing', { id: 1 }).then(() => 'answered', () => 'cut');
  for (let i = 0; i < 100 && !things.waiting; i++) await sleep(10);
  assert.equal(things.waiting, 1);
  await ada.get('/admin');
  await ada.post('/admin', { target: 'stop', way: 'off' }).catch(() => null); // its own connection may be cut as well
  assert.equal(await hanging, 'cut');
  for (let i = 0; i < 100 && things.waiting; i++) await sleep(10);
  assert.equal(things.waiting, 0, 'the read upstream was not cancelled');
  things.hang = false;
  assert.equal((await mine.modern('tools/list')).status, 503);
  await gate.kill('SIGKILL');
  await gate.again();
  assert.equal((await mine.modern('tools/list')).status, 503);
  assert.match((await ada.get('/admin')).body, /Everything is stopped/);
  assert.equal((await ada.post('/admin', { target: 'stop', way: 'on' })).status, 400);
  assert.equal((await ada.post('/admin', { target: 'stop', way: 'on', password: 'a guess or two' })).status, 400);
  assert.equal((await mine.modern('tools/list')).status, 503);
  assert.equal((await ada.post('/admin', { target: 'stop', way: 'on', password })).status, 303);
  assert.equal((await mine.modern('tools/list')).status, 200);
  assert.equal((await ada.get(a.page)).status, 404); // void
  assert.equal((await mine.tool('delete_thing', { id: 900, approval: confirm })).isError, true);
  assert.equal((await a.go()).isError, true);
  assert.deepEqual([a.done(), things.count('things/900')], [0, 0]);
});

test('a token is good for its endpoint and for no other environment', async () => {
  const ben = await new Person(gate, 'bob', password).login();
  const tool = (at, token) => caller(gate, { key: token, path: at }).modern('tools/call', { name: 'get_thing', arguments: { id: 7 } });
  const tokens = {};
  for (const at of ['/things/mcp', '/things/sandbox/mcp', '/things/production/mcp']) {
    const client = await Client.register(gate), resource = gate.origin + at;
    client.resource = resource;
    tokens[at] = (await client.connect(ben, { scope: 'read production' }, { change: (f) => [...f, ...(at.includes('sandbox') ? [] : [['environment', 'production']])] })).access_token;
  }
  for (const [at, token] of Object.entries(tokens))
    for (const to of Object.keys(tokens)) {
      const r = await tool(to, token), good = to === at;
      assert.equal(r.status, good ? 200 : 401, `of ${at} at ${to}: ${r.body.slice(0, 200)}`);
    }
});

test('all of it is in the audit', async () => {
  const r = await gate.command(['audit', 'search', 'approval']), s = await gate.command(['audit', 'search', 'switch']);
  assert.match(r.out, /"what":"approval","outcome":"approved","who":"bob"[^\n]*"operation":"delete_person"[^\n]*"approval":"[0-9a-f]{32}"/);
  assert.match(r.out, /"what":"approval","outcome":"denied","who":"ada"/);
  assert.match(s.out, /"what":"switch","outcome":"off","who":"ada"[^\n]*"detail":"stop /);
  assert.match(s.out, /"what":"switch","outcome":"on","who":"ada"[^\n]*"detail":"stop /);
});
