// OAuth, token, key and admin attack cases, one test per line of tests/data/oauth/oauth_attacks.jsonl: what each sends stands
// here. A line without a driver here fails. Tokens of other issuers (J...) are in issuer.test.mjs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, basic, Client, encoded, field, fieldsOf, Person, random, s256, words } from './lib/oauth.mjs';
import { top } from './lib/programs.mjs';
import { rawExchange, requestBytes, Volley } from './lib/raw.mjs';
import { modernRequest } from './lib/rpc.mjs';
import { run, startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

const cases = fs.readFileSync(path.join(top, 'tests/data/oauth/oauth_attacks.jsonl'), 'utf8').trim().split('\n').map((l) => JSON.parse(l));
const clocked = path.join(top, 'build/native-test/mcpgated');
const noClock = fs.existsSync(clocked) ? false : 'no test binary (make testbuild)';
const PASSWORD = 'correct horse battery 7';
let upstream, server, alice, bob, c1, c2, c3, R1, R2;

// A server with two apis, two people and three clients registered by hand.
async function box(o = {}) {
  const s = await startServer({ apis: ['one', 'two'].map((name) => ({ name, document: echoDocument, environments: [{ name: 'sandbox', base_url: upstream.url }] })), ...o });
  await Promise.all([['alice', 'member'], ['bob', 'viewer']].map(async ([name, role]) => {
    const r = await s.command(['user', 'add', name, '--role', role, '--password-stdin'], { input: PASSWORD + '\n' });
    assert.equal(r.code, 0, r.err);
  }));
  const add = async (id, redirect, args = [], more = {}) => {
    const r = await s.command(['client', 'add', id, '--id', id, '--json', ...redirect.flatMap((u) => ['--redirect', u]), ...args]);
    assert.equal(r.code, 0, r.err);
    return new Client(s, { id, redirect: redirect[0], secret: JSON.parse(r.out).secret, resource: `${s.public}/one/mcp`, ...more });
  };
  s.public = o.server?.public_url ?? s.origin;
  s.clients = [await add('C1', ['http://127.0.0.1/cb']), await add('C2', ['https://c2.example/cb', 'https://c2.example/other']), await add('C3', ['https://c3.example/cb'], ['--confidential'], { auth: 'basic' })];
  return s;
}

before(async () => {
  upstream = await startUpstream();
  server = await box();
  [c1, c2, c3] = server.clients;
  [R1, R2] = [`${server.origin}/one/mcp`, `${server.origin}/two/mcp`];
  alice = await new Person(server, 'alice', PASSWORD).login();
  bob = await new Person(server, 'bob', PASSWORD).login();
});
after(async () => {
  for (const s of extra) await s.stop();
  const code = await server?.stop();
  await upstream?.stop();
  assert.equal(code ?? 0, 0, 'SIGTERM ends it with 0');
});
const extra = [];
const once = (f) => { let p; return () => (p ??= f()); };
// A second box, as seen through https, for what differs there and for floods; and one with a clock that tests move.
const outer = once(async () => { const s = await box({ server: { public_url: 'https://box.example' }, host: 'box.example' }); extra.push(s); return s; });
const withClock = once(async () => {
  const file = path.join(fs.mkdtempSync('/tmp/mcpgated-clock-'), 'clock');
  const set = (wall, mono) => { const b = Buffer.alloc(16); b.writeBigInt64LE(BigInt(wall), 0); b.writeBigInt64LE(BigInt(mono), 8); fs.writeFileSync(file, b, { flag: fs.existsSync(file) ? 'r+' : 'w' }); };
  set(0, 0);
  const s = await box({ program: clocked, env: { MCPGATED_TEST_CLOCK: file }, server: { session_idle: '30d', session_max: '30d' } });
  s.at = 0;
  s.move = async (seconds, wall = seconds) => { s.at += seconds; s.wall = (s.wall ?? 0) + wall; set(s.wall, s.at * 1000); await sleep(60); };
  extra.push(s);
  s.alice = await new Person(s, 'alice', PASSWORD).login();
  return s;
});

// ---- what must come back ---------------------------------------------------------------------------------------
const is = (r, ...want) => assert.ok(want.includes(r.status), `HTTP ${r.status}, wanted ${want.join(' or ')}: ${r.location ?? ''} ${words(r.text)}`);
function errpage(r, ...never) {
  is(r, 400);
  assert.match(r.headers['content-type'], /^text\/html/);
  assert.equal(r.location, undefined);
  assert.match(r.headers['content-security-policy'], /frame-ancestors 'none'/);
  for (const n of ['<script', 'onerror', 'javascript:', ...never]) assert.ok(!r.text.includes(n), `the page holds ${n}`);
}
function redir(r, client, ...errors) {
  is(r, 302, 303);
  const u = new URL(r.location);
  assert.ok(r.location.startsWith(client.redirect), r.location);
  assert.ok(errors.includes(u.searchParams.get('error')), r.location);
  assert.equal(u.searchParams.get('state'), 's1');
  assert.equal(u.searchParams.get('iss'), server.public);
  assert.equal(u.searchParams.get('code'), null);
  return u;
}
function json(r, status, ...errors) {
  is(r, ...[].concat(status));
  assert.ok(errors.includes(r.json?.error), `error ${r.json?.error}, wanted ${errors}: ${r.text.slice(0, 300)}`);
  assert.match(r.headers['cache-control'], /no-store/);
}
const mcp = async (token, { at = '/one/mcp', method = 'tools/list', params = {}, headers = {}, on = server } = {}) => {
  const q = modernRequest(method, params, { key: token, headers });
  return ask(on, at, { method: 'POST', headers: Object.fromEntries(q.headers), body: q.body });
};
const works = async (token, o) => is(await mcp(token, o), 200);
const dead = async (token, o) => { const r = await mcp(token, o); is(r, 401); assert.match(r.headers['www-authenticate'], /^Bearer error="invalid_token".*resource_metadata="/); };
const authorize = (over, client = c2, who = alice) => who.page(client.query(over));
const get = (at, o) => ask(server, at, o);
const codeOf = async (client = c2, who = alice, over) => (await who.allow(client.query(over))).code;
const burnt = async (code, client = c2) => json(await client.redeem(code), 400, 'invalid_grant');
const register = (over, o) => ask(server, '/oauth/register', { json: { client_name: 'X', redirect_uris: ['https://x.example/cb'], token_endpoint_auth_method: 'none', ...over }, ...o });
const ROUNDS = Number(process.env.ROUNDS ?? 50); // of 50 connections each; 1000 by hand
const posts = (form) => ({ method: 'POST', path: '/oauth/token', host: server.host, headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: encoded(form) });
const known = (s) => ({ C1: c1, C2: c2, C3: c3 })[s];
const offered = (r) => { is(r, 200); assert.match(r.text, /name="ticket"/); };

// R01 to R26, R29 ...: the request says which value replaces redirect_uri.
async function redirectCase(c) {
  const uri = /redirect_uri=(.*)$/s.exec(c.request)[1].split(' (')[0];
  const logged = server.log().length;
  const raw = /%00|%0d|%40|%2f/i.test(uri) ? uri : encodeURIComponent(uri); // those are meant as they stand on the wire
  const q = encoded(c2.query({ redirect_uri: undefined }));
  const tail = c.id === 'R20' ? `redirect_uri=${uri}` : c.id === 'R26' ? `redirect_uri=${raw}${'a'.repeat(5000)}` : `redirect_uri=${raw}`;
  errpage(await alice.ask(`/oauth/authorize?${q}&${tail}`), 'evil');
  for (let i = 0; i < 50 && !/oauth.*refused/.test(server.log().slice(logged)); i++) await sleep(10);
  assert.match(server.log().slice(logged), /refused: oauth_/);
}

const special = ['127.0.0.1', '[::1]', '0.0.0.0', '10.0.0.1', '172.16.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1', '[fe80::1]', '[fc00::1]', '[::ffff:127.0.0.1]', '[64:ff9b::7f00:1]', '0177.0.0.1', '2130706433', '127.1', 'localhost'];
const wait = (why) => ({ skip: why });
// A case that another file tests is not counted twice: skipped here, and a failure once that file has it no more.
const elsewhere = (file, text) => (fs.readFileSync(path.join(top, file), 'utf8').includes(text) ? { skip: `tested in ${file}` } : () => assert.fail(`${file} has it no more`));
const slowly = Number(process.env.SLOWLY ?? 4); // the machine that runs this does other things, too
const worker = (s) => Number(execFileSync('ps', ['-o', 'pid=', '--ppid', String(s.pid)]).toString().trim().split('\n')[0]);

// Wrong ones that share 0 or all but the last of the characters with the right one, in random order: whether the time it takes
// to refuse them tells which (Welch's t).
async function probes(s, secret) {
  const v = await new Volley(s.port, 1).open(), head = secret.length - 1, alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const other = (c) => { for (;;) { const x = alphabet[crypto.randomInt(alphabet.length)]; if (x !== c) return x; } };
  const start = secret.startsWith('sk-') ? 3 : secret.indexOf('_') + 5; // what all begin with: in tokens the number of the key that seals them, too
  const classes = [() => secret.slice(0, start) + other(secret[start]) + secret.slice(start + 1), () => secret.slice(0, head - 4) + other(secret[head - 4]) + secret.slice(head - 3)];
  const q = modernRequest('tools/list', {}, {}), times = [[], []];
  for (let i = 0; i < Number(process.env.PROBES ?? 3000); i++) {
    const k = crypto.randomInt(2), request = { method: 'POST', path: '/one/mcp', host: s.host, headers: [...q.headers, ['Authorization', `Bearer ${classes[k]()}`]], body: q.body };
    const t = process.hrtime.bigint(), [r] = await v.fire(request);
    times[k].push(Number(process.hrtime.bigint() - t));
    is({ ...r, text: r.body }, 401, 429);
  }
  v.close();
  const all = times.flat().sort((x, y) => x - y), most = all[Math.floor(all.length * 0.9)]; // one cut for both: two of their own vary by more than t knows
  const stat = times.map((l) => { const m = l.filter((x) => x < most), mean = m.reduce((x, y) => x + y) / m.length; return { mean, v: m.reduce((x, y) => x + (y - mean) ** 2, 0) / (m.length - 1) / m.length }; });
  const t = (stat[0].mean - stat[1].mean) / Math.sqrt(stat[0].v + stat[1].v);
  assert.ok(Math.abs(t) < 4.5, `t = ${t.toFixed(2)}: ${stat.map((x) => Math.round(x.mean)).join(' and ')} ns`);
}
const drivers = {
  R27: async () => errpage(await authorize({ redirect_uri: ['https://c2.example/cb', 'https://evil.example/cb'] }), 'evil'),
  R28: async () => errpage(await authorize({ redirect_uri: undefined })),
  R29: async () => errpage(await authorize({ redirect_uri: 'https://c3.example/cb' })),
  R30: async () => offered(await authorize({ redirect_uri: 'http://127.0.0.1:51004/cb' }, c1)),
  R31: async () => errpage(await authorize({ redirect_uri: 'http://127.0.0.1:51004/cb2' }, c1)),
  R32: async () => { for (const h of ['localhost', '[::1]', '127.1', '2130706433', '0x7f000001']) errpage(await authorize({ redirect_uri: `http://${h}:51004/cb` }, c1)); },
  R33: async () => errpage(await authorize({ redirect_uri: 'http://127.0.0.1:80@evil.example/cb' }, c1), 'evil'),
  R34: async () => errpage(await authorize({ client_id: 'nope', redirect_uri: 'https://evil.example/cb' }), 'evil'),
  R35: async () => errpage(await authorize({ response_type: 'token', redirect_uri: 'https://evil.example/cb' }), 'evil'),
  R36: async () => {
    const p = new Person(server, 'alice', PASSWORD), r = await p.ask('/login', { form: { name: 'alice', password: PASSWORD } });
    is(r, 302, 303);
    is(await p.answer((await p.page(c2.query())).text), 302, 303);
  },
  R37: async () => { const code = await codeOf(); json(await c2.redeem(code, { redirect_uri: 'https://c2.example/cb2' }), 400, 'invalid_grant'); await burnt(code); },

  K01: async () => {
    const code = await codeOf(), r = await c2.redeem(code);
    is(r, 200);
    await works(r.json.access_token);
    await burnt(code);
    await dead(r.json.access_token);
    json(await c2.refresh(r.json.refresh_token), 400, 'invalid_grant');
  },
  K02: async () => {
    const v = await new Volley(server.port, 50).open(), ends = Math.ceil(ROUNDS / 20);
    try {
      for (let i = 0; i < ROUNDS; i++) {
        const code = await codeOf(), all = await v.fire(posts({ grant_type: 'authorization_code', code, redirect_uri: c2.redirect, code_verifier: c2.verifier, resource: c2.resource, client_id: 'C2' }));
        const won = all.filter((r) => r.status === 200);
        assert.equal(won.length, 1, `round ${i}: ${won.length} won`);
        for (const r of all) if (r !== won[0]) json({ ...r, text: r.body }, 400, 'invalid_grant');
        if (i % ends) continue;
        await dead(won[0].json.access_token);
        json(await c2.refresh(won[0].json.refresh_token), 400, 'invalid_grant');
      }
    } finally { v.close(); }
  },
  K03: async () => {
    const code = await codeOf(), r = await c2.redeem(code);
    is(r, 200);
    await server.crash();
    await works(r.json.access_token);
    await burnt(code);
    await dead(r.json.access_token);
  },
  K04: async () => { const code = await codeOf(); json(await c1.redeem(code, { redirect_uri: c2.redirect, code_verifier: c2.verifier }), 400, 'invalid_grant'); await burnt(code); },
  K05: { skip: noClock, run: async () => { const s = await withClock(), c = s.clients[1], code = await codeOf(c, s.alice); await s.move(61); json(await c.redeem(code), 400, 'invalid_grant'); } },
  K06: { skip: noClock, run: async () => { const s = await withClock(), c = s.clients[1], code = await codeOf(c, s.alice); await s.move(61, 61 - 3600); json(await c.redeem(code), 400, 'invalid_grant'); await s.move(0, 3600); } },
  K07: async () => {
    const s = await outer();
    let slow;
    for (let i = 0; i < 40 && !slow; i++) {
      const all = await Promise.all(Array.from({ length: 20 }, () => s.clients[1].redeem('mcpg-o.' + random(64))));
      slow = all.find((r) => r.status === 429);
      for (const r of all) r.status === 429 ? assert.ok(Number(r.headers['retry-after']) > 0) : json(r, 400, 'invalid_grant');
    }
    assert.ok(slow, 'never 429');
  },
  K08: async () => {
    for (const change of [(c) => c.slice(0, -1), (c) => c + 'A', (c) => c.replace(/[a-z]/i, (x) => (x === x.toLowerCase() ? x.toUpperCase() : x.toLowerCase())), (c) => c.slice(0, -9) + (c.at(-9) === 'A' ? 'B' : 'A') + c.slice(-8)])
      json(await c2.redeem(change(await codeOf())), 400, 'invalid_grant');
  },
  K09: async () => { const code = await codeOf(); json(await ask(server, `/oauth/token?${encoded({ grant_type: 'authorization_code', code, client_id: 'C2', redirect_uri: c2.redirect, code_verifier: c2.verifier })}`, { form: '' }), [400, 401], 'invalid_request', 'invalid_client'); },
  K10: async () => {
    const nowhere = await authorize({ client_id: 'nope' }), page = await authorize({}, c2);
    for (const r of [page, nowhere]) assert.match(r.headers['referrer-policy'], /^(no-referrer|same-origin)$/); // same-origin: else forms would come with Origin: null
    const back = new URL((await alice.answer(page.text)).location).searchParams, r = await c2.redeem(back.get('code'));
    is(r, 200);
    await sleep(50);
    const files = execFileSync('sh', ['-c', 'cat "$0"/audit/* "$0"/store/* 2>/dev/null || true', path.join(server.dir, 'data')], { maxBuffer: 1 << 28, encoding: 'latin1' });
    for (const [name, secret] of Object.entries({ code: back.get('code'), token: r.json.access_token, refresh: r.json.refresh_token, verifier: c2.verifier, password: PASSWORD, secret: c3.secret }))
      for (const [where, text] of [['log', server.log()], ['store or audit', files]]) assert.ok(!text.includes(secret), `the ${name} stands in the ${where}`);
  },
  K11: async () => { const code = await codeOf(); json(await c2.redeem(code, { code_verifier: random() }), 400, 'invalid_grant'); },
  K12: async () => dead(await codeOf()),

  P01: async () => redir(await authorize({ code_challenge: undefined, code_challenge_method: undefined }), c2, 'invalid_request'),
  P02: async () => redir(await authorize({ code_challenge_method: 'plain', code_challenge: random() }), c2, 'invalid_request'),
  P03: async () => redir(await authorize({ code_challenge_method: undefined }), c2, 'invalid_request'),
  P04: async () => { for (const m of ['s256', 'S512', '']) redir(await authorize({ code_challenge_method: m }), c2, 'invalid_request'); },
  P05: async () => { const code = await codeOf(); json(await c2.redeem(code, { code_verifier: undefined }), 400, 'invalid_grant'); await burnt(code); },
  P06: async () => { const code = await codeOf(); json(await c2.redeem(code, { code_verifier: random() }), 400, 'invalid_grant'); await burnt(code); },
  P07: async () => { const code = await codeOf(); json(await c2.redeem(code, { code_verifier: s256(c2.verifier) }), 400, 'invalid_grant'); },
  P08: async () => { for (const v of ['a'.repeat(42), 'a'.repeat(129), 'a'.repeat(50) + ' ', 'a'.repeat(50) + '\0', 'a'.repeat(50) + 'é']) json(await c2.redeem(await codeOf(), { code_verifier: v }), 400, 'invalid_request', 'invalid_grant'); },
  P09: async () => { for (const ch of ['abc', s256('x') + 'A', s256('x') + '=', s256('x').slice(0, 42) + '+']) redir(await authorize({ code_challenge: ch }), c2, 'invalid_request'); },
  P10: async () => { // no code can be made without a challenge, whoever asks; a verifier against an empty one: tests/unit/auth/test_grant.c
    for (const c of [c1, c2, c3]) for (const over of [{ code_challenge: undefined, code_challenge_method: undefined }, { code_challenge: '' }, { code_challenge: undefined }, { code_challenge_method: 'plain' }]) {
      const r = await alice.page(c.query(over));
      is(r, 302, 303);
      assert.equal(new URL(r.location).searchParams.get('code'), null);
    }
  },
  P11: async () => json(await c2.redeem(await codeOf(), { code_verifier: '' }), 400, 'invalid_grant'),
  P12: async () => redir(await authorize({ code_challenge: undefined }, c3), c3, 'invalid_request'),
  P13: async () => assert.deepEqual((await get('/.well-known/oauth-authorization-server')).json.code_challenge_methods_supported, ['S256']),

  M01: async () => assert.equal((await alice.allow(c2.query())).iss, (await get('/.well-known/oauth-authorization-server')).json.issuer),
  M02: async () => { const b = await alice.allow(c2.query(), { allow: false }); assert.equal(b.error, 'access_denied'); assert.equal(b.iss, server.origin); assert.equal(b.state, 's1'); },
  M03: async () => assert.equal((await get('/.well-known/oauth-authorization-server')).json.authorization_response_iss_parameter_supported, true),
  M04: async () => notEvil('/.well-known/oauth-authorization-server'),
  M05: async () => notEvil('/.well-known/oauth-protected-resource/one/mcp'),
  M06: async () => { for (const p of ['/../admin', '/tenantX', '/one/mcp/x', '//']) is(await get('/.well-known/oauth-authorization-server' + p), 400, 404); },
  M07: elsewhere('tests/outside/arriving.test.mjs', '(M07, M08)'),
  M08: elsewhere('tests/outside/arriving.test.mjs', '(M07, M08)'),

  A01: async () => redir(await authorize({ resource: 'https://other.example/mcp' }), c2, 'invalid_target'),
  A02: async () => json(await c2.redeem(await codeOf(), { resource: R2 }), 400, 'invalid_target'),
  A03: async () => { const t = await c2.connect(alice); await works(t.access_token); await dead(t.access_token, { at: '/two/mcp' }); },
  A04: async () => { const n = upstream.seen.length; await dead(forged()); assert.equal(upstream.seen.length, n); },
  A05: async () => { for (const r of [R1 + '#x', R1.replace('//', '//u@'), '/one/mcp', R1.replace('http:', 'https:')]) redir(await authorize({ resource: r }), c2, 'invalid_target'); },
  A06: async () => {
    offered(await authorize({ resource: R1.replace('http:', 'HTTP:') }));
    for (const r of [R1 + '/', R1 + '//', R1.replace('/one/', '/One/'), R1.replace('/one/', '/%6fne/'), R1 + '?']) redir(await authorize({ resource: r }), c2, 'invalid_target');
  },
  A07: async () => redir(await authorize({ resource: [R1, R2] }), c2, 'invalid_target'),
  A08: async () => { // the first api's endpoint is the default one
    const back = await alice.allow(c2.query({ resource: undefined })), r = await c2.redeem(back.code, { resource: undefined });
    await works(r.json.access_token);
    await dead(r.json.access_token, { at: '/two/mcp' });
  },
  A09: async () => {
    const t = await c2.connect(alice, { scope: 'read write' }), n = upstream.seen.length;
    is(await mcp(t.access_token, { method: 'tools/call', params: { name: 'get_item', arguments: { id: 'x' } }, headers: { Cookie: 'a=b' } }), 200);
    const q = upstream.seen[n];
    assert.ok(q && !q.headers.authorization && !q.headers.cookie, JSON.stringify(q?.headers));
    assert.ok(!JSON.stringify(q).includes(t.access_token) && !Object.keys(q.headers).some((h) => h.startsWith('mcp-')));
  },
  A10: async () => { const t = await c2.connect(alice, { scope: 'read' }); json(await c2.refresh(t.refresh_token, { scope: 'read write admin' }), 400, 'invalid_scope'); json(await c2.refresh(t.refresh_token, { scope: 'read write' }), 400, 'invalid_scope'); },
  A11: async () => { const back = await bob.allow(c2.query({ scope: 'read write' })); assert.equal((await c2.redeem(back.code)).json.scope, 'read'); assert.equal((await authorize({ scope: 'write' }, c2, bob)).text.includes('value="write"'), false); },
  A12: async () => {
    const t = await c2.connect(alice, { scope: 'read' }), n = upstream.seen.length;
    const r = await mcp(t.access_token, { method: 'tools/call', params: { name: 'echo', arguments: { text: 'hi' } } });
    is(r, 403);
    assert.match(r.headers['www-authenticate'], /error="insufficient_scope".*scope="[^"]*write/);
    assert.equal(upstream.seen.length, n);
    const line = async () => (await server.command(['audit', 'search', 'echo'])).out;
    for (let i = 0; i < 50 && !(await line()); i++) await sleep(100); // it is written soon after
    assert.match(await line(), /"outcome":"denied"/);
  },
  A13: async () => { const t = await c2.connect(alice); await dead(t.refresh_token); json(await c2.refresh(t.access_token), 400, 'invalid_grant'); is(await mcp(alice.jar.split('=')[1]), 401); },
  A14: async () => { for (const s of ['read" onload=1', 'read\nwrite', 'r'.repeat(1500), Array.from({ length: 500 }, (_, i) => 's' + i).join(' ')]) redir(await authorize({ scope: s }), c2, 'invalid_scope'); is(await authorize({ scope: 'r'.repeat(10000) }), 400, 414); },

  F01: { skip: noClock, run: async () => {
    const s = await withClock(), c = s.clients[1], t = await c.connect(s.alice), next = await c.refresh(t.refresh_token);
    is(next, 200);
    await s.move(61);
    json(await c.refresh(t.refresh_token), 400, 'invalid_grant');
    json(await c.refresh(next.json.refresh_token), 400, 'invalid_grant');
    is(await mcp(next.json.access_token, { on: s }), 401);
  } },
  F02: async () => { // within 60 s the same successor, never two different ones
    const v = await new Volley(server.port, 50).open(), t = await c2.connect(alice);
    try {
      for (let i = 0; i < ROUNDS; i++) {
        const all = await v.fire(posts({ grant_type: 'refresh_token', refresh_token: t.refresh_token, client_id: 'C2' })), next = new Set();
        for (const r of all) { is({ ...r, text: r.body }, 200); next.add(r.json.refresh_token); }
        assert.equal(next.size, 1, `round ${i}: ${next.size} successors`);
        t.refresh_token = [...next][0];
        if (i % 10 === 0) await works(all[i % 50].json.access_token); // whoever got an answer is logged in
      }
    } finally { v.close(); }
    await works((await c2.refresh(t.refresh_token)).json.access_token);
  },
  F03: async () => { const t = await c2.connect(alice); json(await c1.refresh(t.refresh_token), 400, 'invalid_grant'); json(await c2.refresh(t.refresh_token), 400, 'invalid_grant'); await dead(t.access_token); },
  F04: async () => {
    const lost = async (f) => { const c = await Client.register(server, { client_name: random(6) }); c.resource = R1; const who = await new Person(server, 'carol', PASSWORD).login(), t = await c.connect(who); await f(c, t); json(await c.refresh(t.refresh_token), [400, 401], 'invalid_grant', 'invalid_client'); await dead(t.access_token); };
    const admin = async (...a) => { const r = await server.command(a, { input: PASSWORD + '\n' }); assert.equal(r.code, 0, r.err); };
    await admin('user', 'add', 'carol', '--password-stdin');
    await lost((c, t) => c.revoke(t.refresh_token));
    await lost(() => admin('user', 'passwd', 'carol', '--password-stdin'));
    await lost((c) => admin('client', 'remove', c.id));
    await lost(() => admin('user', 'disable', 'carol'));
  },
  F05: { skip: noClock, run: async () => {
    const s = await withClock(), c = s.clients[1];
    let t = await c.connect(await new Person(s, 'alice', PASSWORD).login()), r, days = 0;
    for (; days < 100; days += 10) { await s.move(10 * 86400); r = await c.refresh(t.refresh_token); if (r.status !== 200) break; t = r.json; }
    json(r, 400, 'invalid_grant');
    assert.ok(days >= 70 && days <= 90, `ended after ${days} days`);
    s.alice = await new Person(s, 'alice', PASSWORD).login();
  } },
  F06: async () => { // the answer was lost in the crash: the same successor, which is the only one
    const t = await c2.connect(alice), lost = await c2.refresh(t.refresh_token);
    is(lost, 200);
    await server.crash();
    const again = await c2.refresh(t.refresh_token);
    is(again, 200);
    assert.equal(again.json.refresh_token, lost.json.refresh_token);
    await works(again.json.access_token);
    json(await c2.refresh(t.refresh_token), 400, 'invalid_grant'); // the successor is in use: the old one is over
    is(await c2.refresh(again.json.refresh_token), 200);
  },
  F07: async () => { const t = await c2.connect(alice); json(await c2.refresh(t.refresh_token, { resource: R2 }), 400, 'invalid_target'); },
  F08: async () => { const t = await c2.connect(alice); json(await ask(server, `/oauth/token?${encoded({ grant_type: 'refresh_token', refresh_token: t.refresh_token, client_id: 'C2' })}`, { form: '' }), [400, 401], 'invalid_request', 'invalid_client'); },
  F09: async () => { const t = await c1.connect(alice); const r = await c3.revoke('x'); is(r, 200); assert.equal(r.text, ''); is(await c3.revoke(t.refresh_token), 200); await works(t.access_token); },

  X01: async () => { const p = await authorize(); is(await alice.answer(p.text, { change: (f) => f.filter(([n]) => n !== 'csrf') }), 403); },
  X02: async () => { const p = await authorize(), q = await authorize({}, c2, bob); is(await alice.answer(p.text, { change: (f) => f.map(([n, v]) => [n, n === 'csrf' ? field(q.text, 'csrf') : v]) }), 403); is(await alice.answer(q.text, { change: (f) => f.map(([n, v]) => [n, n === 'csrf' ? field(p.text, 'csrf') : v]) }), 403); },
  X03: async () => { const p = await authorize(); is(await alice.answer(p.text, { headers: { Origin: 'https://evil.example' } }), 403); is(await alice.answer(p.text, { headers: { 'Sec-Fetch-Site': 'cross-site' } }), 403); },
  X04: async () => { const p = await authorize(); is(await alice.ask('/oauth/authorize?' + new URLSearchParams([...fieldsOf(p.text), ['action', 'allow']])), 400, 405); },
  X05: async () => { // the form names a sealed ticket; what else it says is not looked at
    const p = await authorize({ scope: 'read' }), r = await alice.answer(p.text, { change: (f) => [...f, ['client_id', 'C3'], ['redirect_uri', 'https://evil.example/cb'], ['resource', R2], ['scope', 'destructive']] });
    assert.ok(r.location.startsWith(c2.redirect), r.location);
    const t = await c2.redeem(new URL(r.location).searchParams.get('code'));
    assert.equal(t.json.scope, 'read');
    const q = await authorize(), ticket = field(q.text, 'ticket');
    is(await alice.answer(q.text, { change: (f) => f.map(([n, v]) => [n, n === 'ticket' ? ticket.slice(0, 40) + (ticket[40] === 'A' ? 'B' : 'A') + ticket.slice(41) : v]) }), 403);
  },
  X06: async () => { for (const [who, p] of [[alice, '/oauth/authorize?' + encoded(c2.query())], [alice, '/oauth/authorize'], [new Person(server), '/login'], [alice, '/account'], [alice, '/keys']]) { const r = await who.ask(p); assert.match(r.headers['content-security-policy'] ?? '', /frame-ancestors 'none'/, p); assert.equal(r.headers['x-frame-options'], 'DENY', p); } },
  X07: async () => { await c2.connect(alice); const c = await Client.register(server, { client_name: 'C2', redirect_uris: ['https://c2.example/cb'] }); c.resource = R1; offered(await authorize({}, c)); },
  X08: async () => { await c2.connect(alice); offered(await authorize({ redirect_uri: 'https://c2.example/other' })); offered(await authorize({ scope: 'read write' })); },
  X09: elsewhere('tests/outside/arriving.test.mjs', 'opened by a victim (X09)'),
  X10: async () => { const p = new Person(server), r = await p.page(c2.query()); assert.equal(r.headers['set-cookie'], undefined); },
  X11: elsewhere('tests/outside/arriving.test.mjs', 'whole (X11)'),
  X12: async () => {
    for (const [name, shown] of [['<script>alert(1)</script>', '&lt;script&gt;'], ['a\u202eb', null], ['n'.repeat(4000), 'n'.repeat(64)]]) {
      const r = await register({ client_name: name });
      if (r.status === 400) { json(r, 400, 'invalid_client_metadata'); continue; }
      const p = await authorize({ client_id: r.json.client_id, redirect_uri: 'https://x.example/cb' });
      is(p, 200);
      assert.ok(!p.text.includes('<script>alert') && !p.text.includes('\u202e') && !p.text.includes('n'.repeat(65)), name.slice(0, 30));
      if (shown) assert.ok(p.text.includes(shown), shown);
      assert.match(p.text, /<dd>x\.example<\/dd>/);
    }
    json(await register({ client_name: 'a\nb' }), 400, 'invalid_client_metadata');
  },
  X13: async () => {
    for (const k of ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri']) for (const u of ['javascript:alert(1)', 'data:text/html,x', 'https://evil.example/logo.png']) {
      const r = await register({ [k]: u });
      if (r.status === 400) continue;
      const p = await authorize({ client_id: r.json.client_id, redirect_uri: 'https://x.example/cb' });
      assert.ok(!p.text.includes('javascript:') && !p.text.includes('evil.example') && !p.text.includes('data:text'));
    }
  },
  X14: async () => {
    const id = 'https://good.example/c.json', file = path.join(server.dir, 'c.json');
    fs.writeFileSync(file, JSON.stringify({ client_id: id, client_name: 'Good', redirect_uris: ['http://127.0.0.1/cb'], token_endpoint_auth_method: 'none' }));
    assert.equal((await server.command(['client', 'pin', id, '--from', file])).code, 0);
    const c = new Client(server, { id, redirect: 'http://127.0.0.1:6666/cb', resource: R1 });
    for (let i = 0; i < 2; i++) {
      const p = await authorize({}, c);
      offered(p);
      assert.match(p.text, /role="note"/);
      assert.match(p.text, /<dd>127\.0\.0\.1:6666<\/dd>/);
      is(await alice.answer(p.text), 302, 303);
    }
  },
  X15: async () => redir(await authorize({ prompt: 'none' }), c2, 'interaction_required', 'consent_required'),
  X16: async () => {
    const p = await authorize(), both = await Promise.all([alice.answer(p.text), alice.answer(p.text)]);
    assert.equal(both.filter((r) => r.location?.includes('code=')).length, 1);
    is(both.find((r) => !r.location), 400, 403);
    is(await alice.answer(p.text), 400, 403);
  },
  X17: async () => {
    const s = await outer(), p = new Person(s, 'alice', PASSWORD), r = await ask(s, '/login', { form: { name: 'alice', password: PASSWORD }, headers: { Cookie: '__Host-mcpgated=' + 'A'.repeat(43) } });
    is(r, 303);
    const c = r.headers['set-cookie'][0];
    assert.match(c, /^__Host-mcpgated=/);
    assert.ok(!c.includes('A'.repeat(43)));
    for (const w of ['Secure', 'HttpOnly', 'SameSite=Lax', 'Path=/']) assert.ok(c.includes(w), c);
    p.jar = '__Host-mcpgated=' + 'A'.repeat(43);
    assert.doesNotMatch((await p.ask('/account')).text, /alice/);
  },
  X18: async () => { for (const h of [{ Origin: 'https://evil.example' }, { 'Sec-Fetch-Site': 'cross-site' }]) is(await get('/login', { form: { name: 'alice', password: PASSWORD }, headers: h }), 403); },
  X19: async () => { for (const n of ['https://evil.example', '//evil.example', '/\\evil.example', '\\\\evil.example']) { const r = await get('/login', { form: { name: 'bob', password: PASSWORD, next: n } }); is(r, 303); assert.ok(/^\/(?![/\\])/.test(r.location) && !/evil/.test(r.location), r.location); } },

  D01: async () => json(await register({ redirect_uris: ['http://evil.example/cb'] }), 400, 'invalid_redirect_uri'),
  D02: async () => { for (const u of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'intent://x#Intent;end', 'custom:/cb', 'vbscript:x']) json(await register({ redirect_uris: [u] }), 400, 'invalid_redirect_uri'); },
  D03: async () => {
    for (const u of [['https://*.x.example/cb'], ['https://x.example/cb#f'], ['https://u:p@x.example/cb'], [], Array.from({ length: 1000 }, (_, i) => `https://x.example/${i}`), [5], 'https://x.example/cb', [null]]) { const r = await register({ redirect_uris: u }); if (u.length > 100) is(r, 400, 413); else json(r, 400, 'invalid_redirect_uri', 'invalid_client_metadata'); }
    json(await ask(server, '/oauth/register', { json: '{"redirect_uris":["https://x.example/cb"],"redirect_uris":["https://y.example/cb"]}' }), 400, 'invalid_client_metadata');
  },
  D04: async () => { for (const m of [{ grant_types: ['password', 'implicit', 'client_credentials'] }, { response_types: ['token'] }, { token_endpoint_auth_method: 'private_key_jwt' }]) json(await register(m), 400, 'invalid_client_metadata'); },
  D05: async () => {
    const s = await outer(), size = () => execFileSync('du', ['-sb', path.join(s.dir, 'data/store')], { encoding: 'utf8' }).split('\t')[0];
    const before = Number(size());
    let slow;
    for (let i = 0; i < 100 && !slow; i++) slow = (await Promise.all(Array.from({ length: 20 }, () => ask(s, '/oauth/register', { json: { redirect_uris: ['https://x.example/' + random(4)], token_endpoint_auth_method: 'none' } })))).find((r) => r.status === 429);
    assert.ok(Number(slow?.headers['retry-after']) > 0, 'never 429');
    assert.ok(Number(size()) - before < 65536, 'registrations fill the store');
    is(await ask(s, '/readyz'), 200);
  },
  D06: async () => { for (const id of ['C3', 'https://good.example/c.json', 'alice']) { const r = await register({ client_id: id }); is(r, 201); assert.notEqual(r.json.client_id, id); assert.doesNotMatch(r.json.client_id, /^https:/); } },
  D07: async () => {
    const s = await startServer({ apis: [{ name: 'one', document: echoDocument, environments: [{ name: 'sandbox', base_url: upstream.url }] }], server: { registration: 'off' } });
    extra.push(s);
    is(await ask(s, '/oauth/register', { json: { redirect_uris: ['https://x.example/cb'] } }), 403, 404);
    assert.equal('registration_endpoint' in (await ask(s, '/.well-known/oauth-authorization-server')).json, false);
  },
  D08: async () => { for (const id of ['http://a.example/c.json', 'https://a.example', 'https://a.example/', 'https://a.example/../c', 'https://a.example/x/%2e%2e/c', 'https://a.example/c#x', 'https://u:p@a.example/c', 'https://a.example/c?x=1']) errpage(await authorize({ client_id: id })); },
  D09: async () => { for (const h of special) errpage(await authorize({ client_id: `https://${h}/x` })); },
  D10: elsewhere('tests/unit/net/test_dial.c', 'test_name_that_leads_inside'),
  D11: elsewhere('tests/outside/cimd.test.mjs', "test('D11 "), D12: elsewhere('tests/outside/cimd.test.mjs', "test('D12 "), D13: elsewhere('tests/outside/cimd.test.mjs', "test('D13 "),
  D14: elsewhere('tests/outside/cimd.test.mjs', "test('D14 "), D15: elsewhere('tests/outside/cimd.test.mjs', "test('D15 "), D16: elsewhere('tests/outside/cimd.test.mjs', "test('D16 "),

  T01: async () => {
    const wrong = await ask(server, '/oauth/token', { form: { grant_type: 'refresh_token', refresh_token: 'x' }, headers: { Authorization: basic('C3', 'wrong') } });
    const nobody = await ask(server, '/oauth/token', { form: { grant_type: 'refresh_token', refresh_token: 'x' }, headers: { Authorization: basic('nobody', 'wrong') } });
    for (const r of [wrong, nobody]) { json(r, 401, 'invalid_client'); assert.match(r.headers['www-authenticate'], /^Basic/); }
    assert.equal(wrong.text, nobody.text);
  },
  T02: async () => json(await c3.redeem('x', { client_id: 'C3', client_secret: c3.secret }), 400, 'invalid_request'),
  T03: async () => { json(await c2.redeem('x', { client_secret: 'x' }), 401, 'invalid_client'); json(await ask(server, '/oauth/token', { form: { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'C3' } }), 401, 'invalid_client'); },
  T04: async () => { const r = await get('/oauth/token?grant_type=refresh_token'); is(r, 405); assert.match(r.headers.allow, /POST/); },
  T05: async () => {
    const f = { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'C2' };
    json(await ask(server, '/oauth/token', { json: f }), 400, 'invalid_request');
    json(await ask(server, '/oauth/token', { body: encoded(f), headers: { 'Content-Type': 'text/plain' } }), 400, 'invalid_request');
    json(await ask(server, '/oauth/token', { form: encoded(f) + '&refresh_token=y' }), 400, 'invalid_request');
    for (const bad of ['&x=%zz', '&code=%', '&code=%0']) json(await ask(server, '/oauth/token', { form: encoded(f) + bad }), 400, 'invalid_request', 'invalid_grant');
    json(await ask(server, '/oauth/token', { form: 'grant_type=refresh_token&client_id=C2&refresh_token=a%00b' }), 400, 'invalid_request', 'invalid_grant');
    for (const big of ['a'.repeat(1 << 20), Array.from({ length: 10000 }, (_, i) => `p${i}=1`).join('&')]) is((await rawExchange(server.port, requestBytes({ method: 'POST', path: '/oauth/token', host: server.host, headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: big }))).responses.map((r) => ({ ...r, text: r.body }))[0], 400, 413);
    json(await ask(server, '/oauth/token', { form: encoded(f) + Array.from({ length: 200 }, (_, i) => `&p${i}=1`).join('') }), 400, 'invalid_request');
  },
  T06: async () => { for (const g of ['password', 'implicit', 'client_credentials', 'urn:ietf:params:oauth:grant-type:jwt-bearer', 'x']) json(await c2.post('/oauth/token', { grant_type: g, username: 'alice', password: PASSWORD, assertion: 'x' }), 400, 'unsupported_grant_type', 'unauthorized_client'); },
  T07: async () => { const t = await c2.redeem(await codeOf()); is(t, 200); assert.match(t.headers['cache-control'], /no-store/); json(await c2.redeem('x'), 400, 'invalid_grant'); },
  T08: async () => {
    const Origin = 'https://app.example';
    for (const p of ['/oauth/token', '/oauth/register', '/oauth/revoke', '/.well-known/oauth-authorization-server', '/.well-known/oauth-protected-resource/one/mcp']) { const r = await get(p, { method: 'OPTIONS', headers: { Origin, 'Access-Control-Request-Method': 'POST' } }); is(r, 200, 204); assert.equal(r.headers['access-control-allow-origin'], '*', p); assert.equal(r.headers['access-control-allow-credentials'], undefined); }
    for (const p of ['/oauth/authorize?' + encoded(c2.query()), '/login', '/account', '/keys', '/']) { const r = await alice.ask(p, { headers: { Origin } }); assert.equal(r.headers['access-control-allow-origin'], undefined, p); }
  },
  T09: async () => { // not offered: refused like any other wrong proof
    const m = (await get('/.well-known/oauth-authorization-server')).json;
    for (const k of Object.keys(m).filter((x) => x.endsWith('auth_methods_supported'))) assert.deepEqual(m[k].filter((x) => /jwt/.test(x)), []);
    const form = { grant_type: 'authorization_code', code: 'x', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: forged() };
    for (const who of [{ client_id: 'C3' }, { client_id: 'C3', client_secret: c3.secret }, { client_id: 'C2' }, {}]) json(await ask(server, '/oauth/token', { form: { ...form, ...who } }), 401, 'invalid_client');
    json(await register({ token_endpoint_auth_method: 'private_key_jwt' }), 400, 'invalid_client_metadata');
  },
  B01: async () => { const t = await c2.connect(alice), r = await ask(server, `/one/mcp?access_token=${t.access_token}`, { json: {} }); is(r, 401); assert.ok(!server.log().includes(t.access_token)); },
  B02: async () => { const t = await c2.connect(alice); is(await ask(server, '/one/mcp', { form: { access_token: t.access_token } }), 401, 415); },
  B03: async () => {
    const t = await c2.connect(alice), q = modernRequest('tools/list', {}, { key: t.access_token });
    is((await rawExchange(server.port, requestBytes({ method: 'POST', path: '/one/mcp', host: server.host, headers: [...q.headers, ['Authorization', `Bearer ${t.access_token}`]], body: q.body }))).responses.map((r) => ({ ...r, text: r.body }))[0], 400);
    is(await ask(server, `/one/mcp?access_token=${t.access_token}`, { method: 'POST', headers: Object.fromEntries(q.headers), body: q.body }), 400);
  },
  B04: async () => {
    const t = (await c2.connect(alice)).access_token, send = (v) => mcp(undefined, { headers: { Authorization: v } });
    for (const v of [`bearer ${t}`, `BEARER ${t}`]) is(await send(v), 200);
    for (const v of [`Bearer  ${t}`, `Bearer ${t} x`, `Bearer ${t},${t}`, t, `Basic ${t}`, 'Bearer', 'Bearer ']) is(await send(v), 401);
  },
  B05: async () => { for (const n of [16 << 10, 1 << 20]) is((await rawExchange(server.port, requestBytes({ method: 'POST', path: '/one/mcp', host: server.host, headers: { 'Content-Type': 'application/json', Authorization: 'Bearer mcpg_' + 'a'.repeat(n) }, body: '{}' }))).responses.map((r) => ({ ...r, text: r.body }))[0], 401, 431); },
  B06: async () => {
    const t = (await c2.connect(alice)).access_token;
    for (const bad of ['\0x', '\x01', '\x7f']) is((await rawExchange(server.port, requestBytes({ method: 'POST', path: '/one/mcp', host: server.host, headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${t}${bad}` }, body: '{}' }))).responses.map((r) => ({ ...r, text: r.body }))[0], 400);
    is((await rawExchange(server.port, requestBytes({ method: 'POST', path: '/one/mcp', host: server.host, headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${t}\xe9` }, body: '{}' }))).responses.map((r) => ({ ...r, text: r.body }))[0], 400, 401);
  },
  B07: async () => {
    const t = await c2.connect(alice);
    await c2.revoke(t.refresh_token);
    const gone = await mcp(t.access_token), never = await mcp(t.access_token.slice(0, -4) + 'AAAA');
    for (const r of [gone, never]) { is(r, 401); assert.match(r.headers['www-authenticate'], /error="invalid_token"/); }
    assert.equal(gone.text, never.text);
  },
  B08: async () => { const r = await mcp(undefined); is(r, 401); assert.match(r.headers['www-authenticate'], /^Bearer .*resource_metadata=/); assert.doesNotMatch(r.text, /echo|get_item/); is(await get('/one/mcp'), 401, 405); },
  B09: async () => probes(server, (await c2.connect(alice)).access_token),
  B10: async () => { const began = Date.now(); is((await rawExchange(server.port, requestBytes({ method: 'POST', path: '/one/mcp', host: server.host, headers: { 'Content-Type': 'application/json' }, body: '['.repeat(200000) }))).responses.map((r) => ({ ...r, text: r.body }))[0], 401); assert.ok(Date.now() - began < 1000); },

  Y01: async () => {
    const k = await server.key('y01', 'one');
    const files = execFileSync('sh', ['-c', 'cat "$0"/store/*', path.join(server.dir, 'data')], { maxBuffer: 1 << 28, encoding: 'latin1' });
    assert.ok(!files.includes(k) && !files.includes(k.slice(12)), 'the key stands in the store');
    assert.ok(k.length >= 40);
  },
  Y02: async () => { const s = await outer(); return probes(s, await s.key('y02', 'one')); },
  Y03: async () => { const k = await server.key('y03', 'one'); is(await mcp(k), 200); await server.revoke('y03'); await sleep(1000); is(await mcp(k), 401); },
  Y04: async () => {
    const s = await outer(), good = await s.key('y04', 'one'), q = modernRequest('tools/list', {}, {}), v = await new Volley(s.port, 20).open();
    const guess = (k) => ({ method: 'POST', path: '/one/mcp', host: s.host, headers: [...q.headers, ['Authorization', `Bearer ${k}`]], body: q.body });
    try {
      const ticks = () => Number(/^.*\) (.*)$/s.exec(fs.readFileSync(`/proc/${worker(s)}/stat`, 'utf8'))[1].split(' ')[11]) + Number(/^.*\) (.*)$/s.exec(fs.readFileSync(`/proc/${worker(s)}/stat`, 'utf8'))[1].split(' ')[12]);
      const size = () => execFileSync('du', ['-sb', path.join(s.dir, 'data/store')]).toString();
      const from = ticks(), was = size();
      let limited = 0;
      for (let i = 0; i < 400; i++) for (const r of await v.fire(guess('sk-' + random()))) { is({ ...r, text: r.body }, 401, 429); limited += r.status === 429; }
      assert.ok(limited > 7000, `${limited} of 8000 were told to wait`);
      assert.ok((ticks() - from) * 10000 / 8000 < 50 * slowly, `${(ticks() - from) * 10000 / 8000} us for each`);
      assert.equal(size(), was, 'a guess writes nothing');
      is({ ...(await v.fire(guess(good)))[0], text: '' }, 200); // whoever has a key gets through
    } finally { v.close(); }
  },
  Y05: async () => { const k = await server.key('y05', 'one'); is(await mcp(k), 200); is(await mcp(undefined, { at: '/two/mcp', headers: { 'X-API-Key': k } }), 401, 403); },
  Y06: async () => { const k = await server.key('y06', 'one'), r = await server.command(['key', 'list', '--json']); assert.ok(r.out.includes('y06') && !r.out.includes(k)); assert.ok(!(await alice.ask('/keys')).text.includes(k)); },
  Y07: async () => { const k = await server.key('y07', 'one'); is(await ask(server, `/one/mcp?key=${k}`, { json: {} }), 401); is(await mcp(undefined, { headers: { Authorization: basic('key', k) } }), 401); is(await mcp(undefined, { headers: { Cookie: `key=${k}` } }), 401); },
  Y08: async () => { const k = await server.key('y08', 'one'); for (const v of [k + '%20', k.toUpperCase(), k + '=', k.replace('sk-', 'sk%2d'), ' ' + k]) is(await mcp(undefined, { headers: { Authorization: `Bearer ${v}` } }), 401); is(await mcp(k), 200); },

  U01: async () => { for (const [name, password] of [['admin', 'admin'], ['root', 'root'], ['admin', '']]) is(await get('/login', { form: { name, password } }), 403); },
  U02: async () => {
    for (const name of ['u02a', 'u02c']) {
      const r = await server.command(['user', 'add', name, '--json']), code = /\/invite\/([\w-]+)/.exec(r.out)[1];
      const all = await Promise.all(['one long phrase 1', 'two long phrase 2'].map((p) => get('/invite', { form: { code, new: p, again: p } })));
      assert.deepEqual(all.map((x) => x.status).sort(), [303, 410]);
      await new Person(server, name, all[0].status === 303 ? 'one long phrase 1' : 'two long phrase 2').login();
      is(await get('/login', { form: { name, password: all[0].status === 303 ? 'two long phrase 2' : 'one long phrase 1' } }), 403);
      if (name !== 'u02c') { is(await get('/invite', { form: { code, new: 'three long phrase 3', again: 'three long phrase 3' } }), 410); continue; }
      await server.crash();
      is(await get(`/invite/${code}`), 410);
      is(await get('/invite', { form: { code, new: 'three long phrase 3', again: 'three long phrase 3' } }), 410);
    }
  },
  U03: { skip: noClock, run: async () => {
    const s = await withClock(), guess = (name = 'bob', password = 'wrong password') => ask(s, '/login', { form: { name, password } });
    let slow;
    for (let i = 0; i < 30 && !slow; i++) { const r = await guess(); is(r, 403, 429); if (r.status === 429) slow = { r, i }; }
    assert.ok(slow && slow.i <= 75 && Number(slow.r.headers['retry-after']) > 0); // 5 a minute, over the quarter of an hour that is counted
    is(await guess('bob', PASSWORD), 429);
    is(await guess('alice', PASSWORD), 303); // another account is not held up
    await s.move(901); // and nobody is locked out for good
    is(await guess('bob', PASSWORD), 303);
    const flood = await Promise.all(Array.from({ length: 12 }, () => guess('nobody'))); // one hash at a time, four wait
    assert.ok(flood.some((r) => r.status === 429));
    is(await guess('alice', PASSWORD), 303);
  } },
  U04: async () => { const r = await get('/login', { form: { name: 'alice', password: 'x'.repeat(5000) } }); is(r, 400, 403, 413); },
  U05: async () => {
    const take = async (name) => { const t = performance.now(), r = await get('/login', { form: { name, password: 'wrong password ' + random(4) } }); return { r, ms: performance.now() - t }; };
    const known = [], unknown = [];
    for (let i = 0; i < 4; i++) { known.push(await take('bob')); unknown.push(await take('nobody' + i)); }
    for (const x of [...known, ...unknown]) { is(x.r, 403); assert.equal(x.r.text, known[0].r.text); assert.deepEqual(Object.keys(x.r.headers), Object.keys(known[0].r.headers)); }
    const least = (l) => Math.min(...l.map((x) => x.ms));
    assert.ok(least(unknown) > least(known) / 2 && least(known) > least(unknown) / 2, `${least(known)} ms and ${least(unknown)} ms`);
    bob = await new Person(server, 'bob', PASSWORD).login();
  },
  U06: async () => {
    for (const p of ['/logout', '/account/password', '/account/factor', '/account/everywhere', '/keys', '/keys/revoke', '/oauth/authorize']) {
      is(await alice.ask(p, { form: { csrf: 'x', action: 'allow', name: 'x' } }), 403);
      is(await alice.ask(p, { form: { action: 'allow' } }), 403);
      is(await alice.ask(p, { body: '{}', headers: { 'Content-Type': 'text/plain' } }), 403, 415);
    }
    offered(await authorize());
  },
  U07: async () => {
    const t = (await c2.connect(alice)).access_token, nobody = new Person(server);
    for (const p of ['/account', '/keys']) { const r = await nobody.ask(p); assert.ok([302, 303, 401].includes(r.status) || /name="password"/.test(r.text), p); assert.match((await nobody.ask(p, { headers: { Authorization: `Bearer ${t}` } })).text, /name="password"/); }
    for (const p of ['/control/keys', '/control/people', '/control/clients', '/control/status', '/control/switches', '/control/credentials']) { is(await alice.ask(p), 404, 405); is(await alice.ask(p, { json: {} }), 404, 405); }
  },
  U08: async () => { const r = await register({ client_name: '"><img src=x onerror=alert(1)>\'`&' }); const p = await authorize({ client_id: r.json.client_id, redirect_uri: 'https://x.example/cb' }); assert.ok(!p.text.includes('<img')); assert.match(p.headers['content-security-policy'], /default-src 'none'/); assert.doesNotMatch(p.headers['content-security-policy'], /unsafe/); },
  U09: { skip: noClock, run: async () => {
    const s = await withClock(), o = await outer(), secure = await ask(o, '/login', { form: { name: 'alice', password: PASSWORD } });
    assert.match(secure.headers['set-cookie'][0], /^__Host-mcpgated=[\w-]{40,}; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
    const fresh = () => new Person(s, 'alice', PASSWORD).login(), inside = async (p) => /name="csrf"/.test((await p.ask('/account')).text);
    const a = await fresh(), b = await fresh(), jar = a.jar;
    is(await a.ask('/logout', { form: { csrf: field((await a.ask('/account')).text, 'csrf', '/logout') } }), 303);
    assert.equal(await inside(Object.assign(new Person(s), { jar })), false); // ended on the server, not only in the browser
    assert.equal(await inside(b), true);
    const c = await fresh(), old = c.jar, csrf = field((await c.ask('/account')).text, 'csrf', '/account/password');
    is(await c.ask('/account/password', { form: { csrf, old: PASSWORD, new: PASSWORD + 'x', again: PASSWORD + 'x' } }), 200);
    assert.equal(await inside(b), false); // the others ended with the password
    assert.equal(await inside(c), true);
    assert.equal(c.jar !== old || !(await inside(Object.assign(new Person(s), { jar: old }))), true);
    is(await c.ask('/account/password', { form: { csrf: field((await c.ask('/account')).text, 'csrf', '/account/password'), old: PASSWORD + 'x', new: PASSWORD, again: PASSWORD } }), 200);
    await s.move(29 * 86400); assert.equal(await inside(c), true); // idle and absolute: 30 days each in this box
    await s.move(2 * 86400); assert.equal(await inside(c), false);
    s.alice = await fresh();
  } },
  U10: async () => { for (const p of ['/login', '/account', '/keys']) is(await get(p, { headers: { Host: 'evil.example', Origin: 'http://evil.example' } }), 400, 403, 421); },
  U11: async () => {
    const trap = net.createServer((x) => { trap.hit = true; x.destroy(); });
    await new Promise((resolve) => { trap.listen(0, '127.0.0.1', resolve); });
    const port = trap.address().port, dir = fs.mkdtempSync('/tmp/mcpgated-u11-'), conf = path.join(dir, 'conf'), doc = path.join(dir, 'api.json');
    const write = (base) => fs.writeFileSync(conf, `config server\n\toption listen '127.0.0.1:0'\n\toption data '${dir}/data'\nconfig api 'x'\n\toption document '${doc}'\nconfig environment 'sandbox'\n\toption base_url '${base}'\n`);
    fs.writeFileSync(doc, JSON.stringify({ openapi: '3.1.0', info: { title: 'x', version: '1' }, paths: { '/a': { get: { operationId: 'a', parameters: [{ $ref: `http://127.0.0.1:${port}/p.json` }], responses: {} } }, '/b': { $ref: `http://127.0.0.1:${port}/q.json#/b` } } }));
    for (const base of ['file:///etc/passwd', 'gopher://127.0.0.1/', 'ftp://x/', 'http://', '//x', 'http://u:p@x/']) { write(base); const r = await run(['check', '-c', conf]); assert.equal(r.code, 1, base); assert.match(r.err, /base_url/); }
    write('http://127.0.0.1:9');
    await run(['check', '-c', conf]);
    await run(['import', doc, '-o', path.join(dir, 'x.cat')]);
    trap.close();
    fs.rmSync(dir, { recursive: true });
    assert.ok(!trap.hit, 'a reference was followed');
    const s = await startServer({ apis: [{ name: 'one', document: echoDocument, environments: [{ name: 'sandbox', base_url: 'http://169.254.169.254/' }] }] });
    extra.push(s);
    const r = await mcp(await s.key('u11'), { on: s, method: 'tools/call', params: { name: 'get_item', arguments: { id: '1' } } });
    assert.match(r.text, /is a metadata address/);
  },
  U12: async () => {
    const before = server.log().length;
    await authorize({ client_id: 'nope\r\nfake line\x1b[31m', redirect_uri: 'x' });
    const r = await register({ client_name: 'x\x1b[31m' });
    json(r, 400, 'invalid_client_metadata');
    const text = server.log().slice(before);
    assert.ok(!text.includes('\nfake line') && !text.includes('\x1b'), text);
  },
  U13: async () => {
    const secret = 'up-' + random(), s = await startServer({ apis: [{ name: 'one', document: echoDocument, environments: [{ name: 'sandbox', base_url: upstream.url, credential_from: 'env:UP' }, { name: 'stored', base_url: upstream.url, credential_from: 'store:kept' }] }], env: { UP: secret } });
    extra.push(s);
    const kept = 'st-' + random(), r = await s.command(['credential', 'add', 'kept'], { input: kept + '\n' });
    assert.equal(r.code, 0, r.err);
    let seen = s.log();
    for (const a of [['check'], ['credential', 'list'], ['credential', 'list', '--json'], ['audit', 'search'], ['audit', 'export'], ['user', 'list'], ['key', 'list', '--json']]) { const x = await s.command(a); seen += x.out + x.err; }
    for (const p of ['/', '/login', '/nothing', '/control/credentials', '/readyz']) seen += (await ask(s, p)).text;
    for (const x of [secret, kept]) assert.ok(!seen.includes(x));
    for (const pid of [s.pid, worker(s)]) assert.match(fs.readFileSync(`/proc/${pid}/limits`, 'utf8'), /Max core file size +0 +/);
    const files = execFileSync('sh', ['-c', 'cat "$0"/store/*', path.join(s.dir, 'data')], { maxBuffer: 1 << 28, encoding: 'latin1' });
    assert.ok(!files.includes(kept));
  },
  U14: async () => { const p = await alice.ask('/account'), csrf = field(p.text, 'csrf', '/account/password'); is(await alice.ask('/account/password', { form: { csrf, password: 'another long phrase 9', again: 'another long phrase 9' } }), 400, 403); },
};
for (const c of cases) if (/^R(0[1-9]|1\d|2[0-6])$/.test(c.id)) drivers[c.id] ??= () => redirectCase(c);

async function notEvil(at) {
  const r = await get(at, { headers: { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example' } }), q = await get(at, { headers: { 'X-Forwarded-Host': 'evil.example', Forwarded: 'host=evil.example' } });
  is(r, 403, 421, 400, 200);
  is(q, 200);
  for (const x of [r, q]) assert.ok(!x.text.includes('evil.example'), x.text);
  assert.ok(!((await mcp(undefined, { headers: { 'X-Forwarded-Host': 'evil.example' } })).headers['www-authenticate'] ?? '').includes('evil'));
}
const forged = () => ['{"alg":"none"}', JSON.stringify({ iss: 'https://evil.example', aud: R1, sub: 'alice', exp: 4e9 }), ''].map((s) => Buffer.from(s).toString('base64url')).join('.');

for (const c of cases) {
  if (c.id.startsWith('J')) continue;
  const d = drivers[c.id];
  test(`${c.id} ${c.title}`, { skip: d?.skip }, async () => {
    assert.ok(d, 'no driver for this case');
    await (d.run ?? d)(c);
  });
}
