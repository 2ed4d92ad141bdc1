// Users connect to an API by its own OAuth, this gate being the client: code with PKCE, refreshing by one at a time, and
// whatever somebody may try with states and codes.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { browser } from './lib/browser.mjs';
import { tempDir } from './lib/programs.mjs';
import { caller } from './lib/rpc.mjs';
import { startServer } from './lib/server.mjs';
import { startUpstream } from './lib/upstream.mjs';

const password = 'correct horse battery', secret = 'client secret & more';
const document = { openapi: '3.1.0', info: { title: 'Work', version: '1' }, servers: [{ url: 'http://work.test' }],
  paths: { '/projects': { get: { operationId: 'projects', responses: { 200: { description: 'ok', content: { 'application/json': {} } } } } } } };
let up, server, temp, people = {}, callers = {};
const codes = new Map(), access = new Map(), refreshes = new Map(); // of the other side
const log = { token: [], refreshed: 0, used: [] };
let lifetime = 3600, refuse = false;
const random = () => crypto.randomBytes(24).toString('base64url');
const issue = (who) => {
  const a = `access-${random()}`, r = `refresh-${random()}`;
  access.set(a, who);
  refreshes.set(r, who);
  log.used.push(a, r);
  return { access_token: a, refresh_token: r, token_type: 'Bearer', expires_in: lifetime };
};
before(async () => {
  temp = tempDir('linking');
  const file = path.join(temp.dir, 'work.json');
  fs.writeFileSync(file, JSON.stringify(document));
  up = await startUpstream();
  up.answer = (q, s) => {
    const json = (status, v) => { s.writeHead(status, { 'Content-Type': 'application/json' }); s.end(JSON.stringify(v)); return true; };
    if (q.target === '/token') {
      const f = new URLSearchParams(q.body), client = q.headers.authorization;
      log.token.push(f);
      if (refuse || client !== `Basic ${btoa(`${encodeURIComponent('gate 1')}:${encodeURIComponent(secret)}`)}`) return json(401, { error: 'invalid_client' });
      if (f.get('grant_type') === 'authorization_code') {
        const c = codes.get(f.get('code'));
        codes.delete(f.get('code'));
        if (!c || c.redirect !== f.get('redirect_uri') || crypto.createHash('sha256').update(f.get('code_verifier')).digest('base64url') !== c.challenge) return json(400, { error: 'invalid_grant' });
        return json(200, issue(c.who));
      }
      const who = refreshes.get(f.get('refresh_token'));
      refreshes.delete(f.get('refresh_token')); // single use
      log.refreshed++;
      return who ? (setTimeout(() => json(200, issue(who)), 50), true) : json(400, { error: 'invalid_grant' });
    }
    const who = access.get(/^Bearer (.*)/.exec(q.headers.authorization)?.[1]);
    return who ? json(200, { who, sent: q.headers.authorization }) : json(401, { error: 'unauthorized' });
  };
  server = await startServer({ env: { CLIENT_SECRET: secret }, apis: [{ name: 'tracker', document: file, environments: [{ name: 'live', kind: 'sandbox', base_url: up.url, credential_from: 'user',
    authorize_url: `${up.url}/authorize`, token_url: '/token', client_id: 'gate 1', client_secret_from: 'env:CLIENT_SECRET', scopes: 'full_access offline_access' }] }] });
  for (const name of ['ann', 'bob']) {
    const r = await server.command(['user', 'add', name, '--password-stdin'], { input: password });
    assert.equal(r.code, 0, r.err);
    people[name] = await browser(server).login(name, password);
    await people[name].get('/keys');
    const made = await people[name].post('/keys', { name: 'agent', api: '', access: 'destructive', expires: '30' });
    const key = /sk-[\w-]{43}/.exec(made.body)[0];
    callers[name] = Object.assign(caller(server, { key, path: '/tracker/mcp' }), { key });
  }
});
after(async () => {
  assert.equal(await server?.stop() ?? 0, 0);
  for (const s of [...log.used, secret]) assert.ok(!server?.log().includes(s), 'a secret is in the log');
  await up?.stop();
  temp?.remove();
});

// Begins at the page; what the other side is asked, and its answer for this person: a code.
async function begin(who) {
  const page = await people[who].get('/connections');
  assert.match(page.headers['content-security-policy'], /form-action 'self';/);
  const r = await people[who].post('/connections/start', { api: 'tracker', where: 'live' });
  assert.equal(r.status, 200, r.body.slice(0, 300));
  const to = new URL(/content="0;url=([^"]+)"/.exec(r.body)[1].replaceAll('&amp;', '&')), p = to.searchParams;
  assert.equal(to.origin + to.pathname, `${up.url}/authorize`);
  assert.equal(p.get('client_id'), 'gate 1');
  assert.equal(p.get('scope'), 'full_access offline_access');
  assert.equal(p.get('response_type'), 'code');
  assert.equal(p.get('code_challenge_method'), 'S256');
  assert.equal(p.get('redirect_uri'), `${server.origin}/connections/callback`);
  assert.match(p.get('state'), /^[0-9a-f]{32}$/);
  const code = random();
  codes.set(code, { who, challenge: p.get('code_challenge'), redirect: p.get('redirect_uri') });
  return { code, state: p.get('state'), back: `/connections/callback?code=${code}&state=${p.get('state')}` };
}
async function connect(who) {
  const r = await people[who].get((await begin(who)).back);
  assert.equal(r.status, 303, r.body.slice(0, 500));
  assert.equal(r.headers.location, '/connections');
}
const asks = (r) => /\/connect\/[\w-]+/.test(r.text);

test('connected, the agent acts as this user; nobody else does', async () => {
  assert.ok(asks(await callers.ann.tool('projects')));
  await connect('ann');
  assert.match((await people.ann.get('/connections')).body, /Connected:/);
  const r = await callers.ann.tool('projects');
  assert.match(r.text, /"who":"ann","sent":"Bearer \[redacted\]"/);
  assert.equal(log.refreshed, 0, 'what came with the code serves');
  assert.ok(asks(await callers.bob.tool('projects')));
  await connect('bob');
  assert.match((await callers.bob.tool('projects')).text, /"who":"bob"/);
});
test('what ran out is refreshed once for all who wait, and the new refresh token kept', async () => {
  for (const [a, who] of access) if (who === 'ann') access.delete(a);
  log.refreshed = 0;
  const all = await Promise.all(Array.from({ length: 8 }, () => callers.ann.tool('projects')));
  for (const r of all) assert.match(r.text, /"who":"ann"/);
  assert.equal(log.refreshed, 1);
  await server.crash();
  for (const [a, who] of access) if (who === 'ann') access.delete(a);
  assert.match((await callers.ann.tool('projects')).text, /"who":"ann"/, 'the second one, after a restart');
  assert.equal(log.refreshed, 2);
});
test('a refresh token that is refused: he has to connect again', async () => {
  refreshes.clear();
  access.clear();
  await callers.ann.tool('projects');
  assert.ok(asks(await callers.ann.tool('projects')));
  assert.match((await people.ann.get('/connections')).body, /Log in there/);
  await connect('ann');
  assert.match((await callers.ann.tool('projects')).text, /"who":"ann"/);
});
test('short lives', async () => {
  lifetime = 2;
  await connect('bob');
  assert.match((await callers.bob.tool('projects')).text, /"who":"bob"/);
  await sleep(2100);
  log.refreshed = 0;
  assert.match((await callers.bob.tool('projects')).text, /"who":"bob"/);
  assert.equal(log.refreshed, 1);
  lifetime = 3600;
});
test('states: once, of this browser, ours', async () => {
  const n = () => log.token.length;
  let before = n();
  const one = await begin('ann');
  assert.equal((await people.bob.get(one.back)).status, 403, "another's browser");
  assert.equal(n(), before, 'the code went nowhere');
  assert.equal((await people.ann.get(one.back)).status, 403, 'and it is spent');
  const two = await begin('ann');
  assert.equal((await people.ann.get(two.back)).status, 303);
  before = n();
  assert.equal((await people.ann.get(two.back)).status, 403, 'a code and state once more');
  for (const q of ['', '?code=x', '?state=x&code=y', `?code=x&state=${'0'.repeat(32)}`, `?code=x&state=${'0'.repeat(32)}&state=1`, `?code=x&state=${'../'.repeat(11)}`, '?code=%00&state=%'])
    assert.equal((await people.ann.get('/connections/callback' + q)).status, 403, q);
  assert.equal(n(), before);
  const three = await begin('ann');
  assert.equal((await browser(server).get(three.back)).status, 403, 'nobody: a code waits for no login');
  assert.match((await callers.ann.tool('projects')).text, /"who":"ann"/, 'still connected as before');
});
test('what the other side refuses', async () => {
  const one = await begin('ann');
  assert.equal((await people.ann.get(`/connections/callback?error=access_denied&state=${one.state}`)).status, 400);
  const two = await begin('ann');
  codes.get(two.code).challenge = 'another';
  assert.equal((await people.ann.get(two.back)).status, 400, 'a code of another challenge');
  const three = await begin('ann');
  refuse = true;
  const r = await people.ann.get(three.back);
  refuse = false;
  assert.equal(r.status, 400);
  assert.match(r.body, /did not come to a connection/);
  assert.match((await callers.ann.tool('projects')).text, /"who":"ann"/, 'still connected as before');
  assert.equal((await people.ann.post('/connections', { api: 'tracker', where: 'live', secret: 'a key pasted here' })).status, 404, 'no keys where one logs in');
});
test('disconnected; nothing of it in clear', async () => {
  const walk = (dir) => fs.readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? walk(path.join(dir, e.name)) : e.isFile() ? [path.join(dir, e.name)] : []));
  for (const f of walk(path.join(server.dir, 'data'))) for (const s of log.used) assert.ok(!fs.readFileSync(f).includes(s), f);
  await people.ann.get('/connections');
  assert.equal((await people.ann.post('/connections/remove', { api: 'tracker', where: 'live' })).status, 303);
  assert.ok(asks(await callers.ann.tool('projects')));
  for (const key of [callers.ann.key, await server.key('box')]) { // without MCP, and for nobody
    const r = await callers.ann.post({ method: 'GET', at: '/rest/tracker/live/projects', headers: [['Authorization', `Bearer ${key}`]] });
    assert.equal(r.status, 403, r.body);
    assert.match(r.body, /\/connections/);
  }
});
// The sealed records that the store holds, read as its files are written (src/store/rec.h): behind each key's last record.
function sealed() {
  const last = new Map(), dir = path.join(server.dir, 'data/store');
  for (const f of fs.readdirSync(dir)) {
    const b = fs.readFileSync(path.join(dir, f));
    for (const { index, 0: key } of b.toString('latin1').matchAll(/u:@[0-9a-f]{16}\/[0-9a-f]{16}/g)) {
      const seq = b.readBigUInt64LE(index - 16), kind = b[index - 4];
      assert.equal(b[index - 3], key.length, 'where a record has its key');
      assert.ok(kind === 1 || kind === 2, `kind ${kind}`);
      if (!(last.get(key)?.seq > seq)) last.set(key, { seq, held: kind === 1 });
    }
  }
  return [...last].filter(([, r]) => r.held).map(([key]) => key).sort();
}
test('a user who is removed leaves nothing sealed behind, a later one of that name begins with nothing', async () => {
  const bobs = async () => { await people.bob.get('/connections'); await people.bob.post('/connections/remove', { api: 'tracker', where: 'live' }); };
  await connect('ann');
  await bobs();
  const others = sealed();
  assert.ok(others.length > 0, "ann's");
  await connect('bob');
  assert.equal(sealed().length, others.length + 1);
  const remove = await server.command(['user', 'remove', 'bob']);
  assert.equal(remove.code, 0, remove.err);
  assert.deepEqual(sealed(), others, 'his is gone, all others stay');
  await server.crash();
  assert.deepEqual(sealed(), others, 'and does not come back');
  const add = await server.command(['user', 'add', 'bob', '--password-stdin'], { input: password });
  assert.equal(add.code, 0, add.err);
  people.bob = await browser(server).login('bob', password);
  assert.doesNotMatch((await people.bob.get('/connections')).body, /Connected:/);
  await people.ann.get('/connections');
  assert.match((await people.ann.get('/connections')).body, /Connected:/);
});
