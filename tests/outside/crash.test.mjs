// kill -9 at every store write of the login flow: for every system call that writes or syncs, the process dies right before
// it; then the box starts again over what is on disk. What was answered still holds, and nothing is half done: an invite is
// open or taken, a code redeemed once, a refresh family goes on.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, Client, field, Person } from './lib/oauth.mjs';
import { rawRequest } from './lib/raw.mjs';
import { modernRequest } from './lib/rpc.mjs';
import { freePort, groupEnds, section } from './lib/server.mjs';
import { echoDocument } from './lib/upstream.mjs';
import { tempDir, top } from './lib/programs.mjs';

const clocked = path.join(top, 'build/native-test/mcpgated');
const skip = fs.existsSync(clocked) ? false : 'no test binary (make testbuild)';
const CALLS = ['pwrite', 'fdatasync'], AT_ONCE = 3, PASSWORD = 'correct horse battery 7', NEW = 'another long phrase 9';
const { dir, remove } = tempDir('crash');
const live = new Set();
process.on('exit', () => { for (const p of live) try { process.kill(-p.pid, 'SIGKILL'); } catch { /* gone */ } });

// A box over a directory of its own. plan: where it dies.
class Box {
  constructor(name, port) { Object.assign(this, { dir: path.join(dir, name), port, host: `127.0.0.1:${port}`, origin: `http://127.0.0.1:${port}` }); this.config = path.join(this.dir, 'conf'); }
  static async make(name, from) {
    const b = new Box(name, await freePort());
    if (from) fs.cpSync(from.dir, b.dir, { recursive: true, filter: (f) => !f.endsWith('/control') });
    else fs.mkdirSync(path.join(b.dir, 'data'), { recursive: true });
    fs.writeFileSync(b.config, section('server', '', { listen: b.host, public_url: b.origin, data: path.join(b.dir, 'data') })
      + section('api', 'one', { document: echoDocument }) + section('environment', 'sandbox', { base_url: 'http://127.0.0.1:9' }));
    return b;
  }
  // The test binary, in a clock that runs ahead: it finds this machine slow, and passwords get the fewest rounds there are.
  async command(args, input = '') {
    const clock = path.join(this.dir, 'clock'), b = Buffer.alloc(16);
    const ahead = () => { b.writeBigInt64LE(b.readBigInt64LE(8) + 1000n, 8); fs.writeFileSync(clock, b, { flag: fs.existsSync(clock) ? 'r+' : 'w' }); };
    ahead();
    const timer = setInterval(ahead, 5), r = await new Promise((resolve) => {
      const p = execFile(clocked, [...args, '-c', this.config], { env: { ...process.env, MCPGATED_TEST_CLOCK: clock } }, (e, out, err) => resolve({ code: e ? 1 : 0, out, err }));
      p.stdin.end(input);
    });
    clearInterval(timer);
    return r;
  }
  async start(plan) {
    const p = this.p = spawn(clocked, ['serve', '-c', this.config], { env: { ...process.env, ...(plan ? { MCPGATED_TEST_FAULT: plan } : {}) }, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    let log = '';
    live.add(p);
    this.over = new Promise((r) => { p.on('exit', r); });
    const died = new Promise((r) => { p.stderr.on('data', (d) => { log += d; if (/signal 9/.test(log)) { this.dead = true; try { process.kill(-p.pid, 'SIGKILL'); } catch { /* gone */ } r(); } }); });
    p.on('exit', (code, signal) => { if (signal && !this.killed) this.dead = true; });
    this.killed = this.dead = false;
    const up = (async () => { for (;;) { if ((await rawRequest(this.port, { path: '/readyz', host: this.host, timeout: 1000 }).catch(() => null))?.status === 200) return true; await sleep(10); } })();
    this.ready = await Promise.race([up, this.over.then(() => false), died.then(() => false)]);
    this.log = () => log;
    return this.ready;
  }
  async kill() {
    this.killed = true;
    try { process.kill(-this.p.pid, 'SIGKILL'); } catch { /* gone */ }
    await this.over;
    await groupEnds(this.p.pid);
    live.delete(this.p);
  }
  done() { fs.rmSync(this.dir, { recursive: true, force: true }); }
}

// Part of the flow: what it does, telling what was answered, and what must hold after a restart.
const redirect = 'http://127.0.0.1/cb';
const clientOf = (box, f) => new Client(box, { id: f.id, redirect, resource: `${box.origin}/one/mcp`, verifier: f.verifier });
const personOf = (box, f) => Object.assign(new Person(box, 'alice', PASSWORD), { jar: f.jar });
const mcp = (box, token) => { const q = modernRequest('tools/list', {}, { key: token }); return ask(box, '/one/mcp', { method: 'POST', headers: Object.fromEntries(q.headers), body: q.body }); };
const is = (r, ...want) => assert.ok(want.includes(r.status), `HTTP ${r.status}, wanted ${want.join(' or ')}: ${r.text.slice(0, 200)}`);

const parts = {
  // base: an invite that is open
  'an invite is accepted': {
    base: async (box) => { const r = await box.command(['user', 'add', 'bob', '--json']); const code = /\/invite\/([\w-]+)/.exec(r.out)?.[1]; assert.ok(code, r.err); return { code }; },
    async flow(box, f, said) {
      const p = new Person(box);
      said.in = await p.ask('/invite', { form: { code: f.code, new: NEW, again: NEW } });
      is(said.in, 303);
      said.jar = p.jar;
    },
    async holds(box, f, said) {
      const open = await ask(box, `/invite/${f.code}`), who = new Person(box, 'bob', NEW);
      if (said.in) {
        assert.equal(open.status, 410);
        is(await Object.assign(new Person(box), { jar: said.jar }).ask('/account'), 200);
      } else if (open.status === 200) is(await who.ask('/invite', { form: { code: f.code, new: NEW, again: NEW } }), 303);
      else await who.login();
      is(await ask(box, `/invite/${f.code}`), 410);
    },
  },
  'somebody logs in and out': {
    base: async () => ({}),
    async flow(box, f, said) {
      const p = await new Person(box, 'alice', PASSWORD).login();
      said.jar = p.jar;
      const csrf = field((await p.ask('/account')).text, 'csrf', '/logout');
      said.asks = true;
      is(await p.ask('/logout', { form: { csrf } }), 303);
      said.out = true;
    },
    async holds(box, f, said) {
      const seen = said.jar && (await Object.assign(new Person(box), { jar: said.jar }).ask('/account')).text;
      if (said.out) assert.match(seen, /name="password"/);
      else if (said.asks) assert.match(seen, /name="(password|csrf)"/); // the logout came through, or not
      else if (seen) assert.match(seen, /name="csrf"/);
      else await new Person(box, 'alice', PASSWORD).login();
    },
  },
  'consent, code, tokens, refresh, revocation': {
    base: async (box) => {
      const jar = (await new Person(box, 'alice', PASSWORD).login()).jar, c = await Client.register(box);
      return { jar, id: c.id };
    },
    async flow(box, f, said) {
      const c = clientOf(box, f), page = await personOf(box, f).page(c.query());
      is(page, 200);
      Object.assign(said, { page: page.text, verifier: c.verifier });
      const back = await personOf(box, f).answer(page.text);
      is(back, 303);
      said.code = new URL(back.location).searchParams.get('code');
      const t = said.tokens = (await c.redeem(said.code)).json;
      is(await mcp(box, t.access_token), 200);
      const u = said.next = (await c.refresh(t.refresh_token)).json;
      is(await mcp(box, u.access_token), 200);
      const v = said.third = (await c.refresh(u.refresh_token)).json;
      is(await c.revoke(v.refresh_token), 200);
      said.revoked = true;
    },
    async holds(box, f, said) {
      const c = clientOf(box, { ...f, ...said }), who = personOf(box, f);
      const again = async () => { const n = clientOf(box, f); is(await mcp(box, (await n.connect(who)).access_token), 200); };
      if (said.revoked) {
        for (const t of [said.tokens, said.next, said.third]) { is(await mcp(box, t.access_token), 401); is(await c.refresh(t.refresh_token), 400); }
        return again();
      }
      const last = said.third ?? said.next ?? said.tokens;
      if (last) { // an honest client that lost at most its last answer is never signed out, unless it asked for that
        const r = await c.refresh(last.refresh_token);
        if (said.third && r.status === 400) { is(await mcp(box, last.access_token), 401); return again(); } // the revocation came through
        is(r, 200);
        is(await mcp(box, r.json.access_token), 200);
        const twice = await c.refresh(last.refresh_token); // the answer got lost once more: the same successor
        is(twice, 200, 400);
        if (twice.status === 200) assert.equal(twice.json.refresh_token, r.json.refresh_token);
        const on = await c.refresh(r.json.refresh_token);
        is(on, 200);
        is(await mcp(box, on.json.access_token), 200);
        is(await c.redeem(said.code), 400); // and the code is not good a second time
        return again();
      }
      if (said.code) { // redeemed or not: once at most
        const one = await c.redeem(said.code), two = await c.redeem(said.code);
        is(one, 200, 400);
        is(two, 400);
        return again();
      }
      if (said.page) is(await who.answer(said.page), 303, 403); // the same page allows once
      return again();
    },
  },
  'keys on their page': {
    base: async (box) => ({ jar: (await new Person(box, 'alice', PASSWORD).login()).jar }),
    async flow(box, f, said) {
      const who = personOf(box, f), page = await who.ask('/keys');
      const r = await who.ask('/keys', { form: { csrf: field(page.text, 'csrf', '/keys'), name: 'mine', scope: 'read' } });
      is(r, 200);
      said.key = /sk-[\w-]{20,}/.exec(r.text)[0];
      is(await mcp(box, said.key), 200);
      const list = (await who.ask('/keys')).text;
      is(await who.ask('/keys/revoke', { form: { csrf: field(list, 'csrf', '/keys/revoke'), id: field(list, 'id', '/keys/revoke') } }), 303);
      said.revoked = true;
    },
    async holds(box, f, said) {
      if (said.revoked) is(await mcp(box, said.key), 401);
      else if (said.key) is(await mcp(box, said.key), 200, 401); // 401: the revocation came through
      const list = (await personOf(box, f).ask('/keys')).text;
      assert.equal((list.match(/action="\/keys\/revoke"/g) ?? []).length, said.key && (await mcp(box, said.key)).status === 200 ? 1 : said.key || said.revoked ? 0 : (list.match(/>mine</g) ?? []).length);
    },
  },
};

let first, points = 0;
before(async () => {
  if (skip) return;
  first = await Box.make('first');
  assert.equal((await first.command(['user', 'add', 'alice', '--password-stdin'], PASSWORD + '\n')).code, 0);
});
after(() => remove());

// One death: the part begins over its base, the process dies at call k, or the part ends (then there are no more calls).
async function die(name, part, base, call, k) {
  const box = await Box.make(`${Object.keys(parts).indexOf(name)}-${call}-${k}`, base.box), said = {};
  let ended = false, dead;
  try {
    if (await box.start(`${call}:KILL:${k}-${k}`)) await part.flow(box, base.facts, said).then(() => { ended = true; }, (e) => { if (e.code === 'ERR_ASSERTION' && !/HTTP (undefined|50)/.test(e.message)) throw e; });
    await sleep(5);
    dead = box.dead;
    await box.kill();
    assert.ok(await box.start(), `it does not start again: ${box.log()}`);
    await part.holds(box, base.facts, said);
    await box.kill();
  } catch (e) {
    await box.kill();
    e.message = `${call} ${k}, answered so far: ${Object.keys(said)}: ${e.message}\n${box.log?.()}`;
    throw e;
  }
  box.done();
  return ended && !dead;
}

for (const [name, part] of Object.entries(parts)) for (const call of CALLS)
  test(`${name}, killed at every ${call}`, { skip, concurrency: false }, async () => {
    if (!part.made) {
      const box = await Box.make(`base-${Object.keys(parts).indexOf(name)}`, first);
      await box.start();
      const facts = await part.base(box);
      await box.kill();
      part.made = { box, facts };
    }
    let k = 1, ended = false;
    const work = async () => { while (!ended && k < 200) { const mine = k++; if (await die(name, part, part.made, call, mine)) ended = true; else points++; } };
    const all = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
    for (const r of all) if (r.reason) throw r.reason;
    assert.ok(ended && k > 3, 'the flow never came to its end');
  });
test('there were enough places to die at', { skip }, () => assert.ok(points >= 40, `${points}`));
