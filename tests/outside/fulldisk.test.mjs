// A disk that is full, or fails: what must be written down is not done, what is acknowledged is not lost, and all goes on
// when there is room again. The disk is a tmpfs of a few megabytes, filled to the last byte; EIO comes from the test
// build's fault hooks.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { tempDir, top } from './lib/programs.mjs';
import { browser } from './lib/browser.mjs';
import { caller, handleOf } from './lib/rpc.mjs';
import { startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

const tested = path.join(top, 'build/native-test/mcpgated');
let upstream, temp, skip = false;
const mounted = [];
temp = tempDir('full');
try {
  const probe = path.join(temp.dir, 'probe');
  fs.mkdirSync(probe);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe], { stdio: 'ignore' });
  execFileSync('umount', [probe]);
} catch { skip = 'a tmpfs cannot be mounted here'; }

before(async () => { upstream = await startUpstream(); });
after(async () => {
  await upstream.stop();
  for (const m of mounted) execFileSync('umount', ['-l', m]);
  temp.remove();
});

// A server whose data lie on a disk of their own. fill: to the last byte, also while it runs; free: makes room again.
async function withDisk(name, o = {}) {
  const at = path.join(temp.dir, name), filler = path.join(at, 'filler');
  fs.mkdirSync(at);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${o.size ?? '12m'}`, 'tmpfs', at]);
  mounted.push(at);
  fs.mkdirSync(path.join(at, 'data'), { mode: 0o700 });
  const s = await startServer({ ...o, apis: [{ name: 'things', document: echoDocument, environments: [{ name: 'sandbox', base_url: upstream.url }] }], server: { data: path.join(at, 'data'), ...o.server } });
  const fill = () => {
    const f = fs.openSync(filler, 'a');
    for (const n of [1 << 20, 4096, 1]) { const b = Buffer.alloc(n, 1); try { for (;;) if (fs.writeSync(f, b) < n) break; } catch (e) { assert.equal(e.code, 'ENOSPC'); } }
    fs.closeSync(f);
  };
  return { s, fill, free: () => fs.rmSync(filler), until: async (what, ask, ms = 30000) => { for (const end = Date.now() + ms; !await ask();) { assert.ok(Date.now() < end, what); await sleep(20); } } };
}
const lines = async (s) => (await s.command(['audit', 'search', '"operation":"get_item"'])).out.trim().split('\n').filter(Boolean).map((l) => JSON.parse(l));
const verified = async (s) => { const r = await s.command(['audit', 'verify']); assert.equal(r.code, 0, r.out + r.err); };

for (const mode of ['required', 'on'])
  test(`audit ${mode} on a full disk`, { skip }, async () => {
    const { s, fill, free, until } = await withDisk(`audit-${mode}`, { server: { audit: mode, workers: 4 } });
    const c = caller(s, { key: await s.key('k', undefined, ['--destructive']) });
    const from = upstream.seen.length;
    let done = 0;
    const ask = async () => { const r = await c.tool('get_item', { id: 1 }); done += !r.isError; return r; };
    assert.equal((await ask()).isError, false);
    fill();
    if (mode === 'required') {
      let r;
      await until('it is noticed', async () => { fill(); r = await ask(); return r.isError; });
      const n = upstream.seen.length; // by one worker: from then on by all
      for (let i = 0; i < 40; i++, fill(), r = await ask()) { assert.equal(r.isError, true); assert.match(r.text, /cannot be written down/); }
      assert.equal((await c.tool('echo', { text: 'no' })).isError, true);
      assert.equal(upstream.seen.length, n, 'nothing is done that cannot be written down');
    } else {
      await until('it is told', async () => { fill(); await ask(); return /audit|ring/.test(s.log().match(/.*(No space|ENOSPC).*/g)?.join('\n') ?? ''); });
      for (let i = 0; i < 200; i++) assert.equal((await ask()).isError, false, 'calls go on');
    }
    free();
    await until('it is written again', async () => !(await ask()).isError && (await lines(s)).filter((l) => l.outcome === 'done').length >= done);
    assert.equal((await lines(s)).filter((l) => l.outcome === 'done').length, done, 'each call that was done has its line, once');
    assert.equal(upstream.seen.length - from, done);
    await verified(s);
    await s.crash();
    assert.equal((await ask()).isError, false);
    await verified(s);
    assert.equal(await s.stop(), 0);
  });

test('the store on a full disk: keys and approvals are there or were never told of', { skip }, async () => {
  const { s, fill, free, until } = await withDisk('store');
  const key = await s.key('first', undefined, ['--destructive']), c = caller(s, { key });
  const names = new Set(['first']), handles = [];
  const remove = () => c.tool('dangerous', { id: 7 });
  fill();
  let refused = 0;
  for (let i = 0; i < 400 && refused < 5; i++) {
    const r = await s.command(['key', 'add', `k${i}`]);
    if (r.code === 0) names.add(`k${i}`);
    else refused++;
    if (refused) assert.match(r.err, /\w/);
  }
  assert.ok(refused >= 5, 'a full disk is noticed');
  let judged = 0; // a guess that cannot be counted is none
  for (let i = 0; i < 13; i++) judged += (await browser(s).post('/login', { name: 'root', password: `wrong horse ${i}` })).status === 403;
  assert.ok(judged <= 10, `${judged} passwords were judged`);
  for (let i = 0; i < 5; i++) {
    const r = await remove(), handle = handleOf(r.text);
    assert.equal(r.isError, true, r.text);
    if (handle) handles.push(handle);
  }
  assert.deepEqual(handles, [], 'no handle that could be lost');
  assert.equal((await c.tool('get_item', { id: 1 })).isError, false, 'reads go on');
  const list = async () => new Set(JSON.parse((await s.command(['key', 'list', '--json'])).out).map((k) => k.name));
  assert.deepEqual(await list(), names);
  await s.crash(); // the disk is full still: what was told of is there, nothing else
  assert.deepEqual(await list(), names);
  assert.equal((await c.tool('get_item', { id: 1 })).isError, false);
  free();
  await until('keys can be made again', async () => { const r = await s.command(['key', 'add', 'last']); if (r.code === 0) names.add('last'); return r.code === 0; });
  const told = handleOf((await remove()).text);
  assert.ok(told);
  await s.crash();
  assert.deepEqual(await list(), names);
  const n = upstream.seen.length;
  assert.equal((await c.tool('dangerous', { id: 7, approval: told })).isError, false, 'a handle that was told of is good after kill -9');
  assert.ok(upstream.seen.length > n);
  await verified(s);
  assert.equal(await s.stop(), 0);
});

test('audit required on a disk that fails for a while', { skip: fs.existsSync(tested) ? false : 'no build/native-test/mcpgated: make testbuild' }, async () => {
  const s = await startServer({ program: tested, env: { MCPGATED_TEST_FAULT: 'pwrite:EIO:90-91' }, server: { audit: 'required' }, apis: [{ name: 'things', document: echoDocument, environments: [{ name: 'sandbox', base_url: upstream.url }] }] });
  const c = caller(s, { key: await s.key('k') });
  let no = 0, done = 0;
  const from = upstream.seen.length;
  let again = 0; // calls that were done after some were refused
  for (const end = Date.now() + 60000; Date.now() < end && again < 5;) {
    const r = await c.tool('get_item', { id: 1 });
    if (r.isError) { assert.match(r.text, /cannot be written down/); no++; } else { done++; again += no > 0; }
    await sleep(no ? 50 : 10);
  }
  assert.ok(no > 0 && again >= 5, `noticed ${no} times, and over`);
  assert.equal(upstream.seen.length - from, done);
  const written = async () => (await lines(s)).filter((l) => l.outcome === 'done').length;
  for (let i = 0; i < 50 && await written() < done; i++) await sleep(100);
  assert.equal(await written(), done);
  await verified(s);
  assert.equal(await s.stop(), 0);
});

test('a store that can only be read: what cannot be counted is not tried', { skip: fs.existsSync(tested) ? false : 'no build/native-test/mcpgated: make testbuild' }, async () => {
  const s = await startServer({ program: tested, env: { MCPGATED_TEST_FAULT: 'fdatasync:EIO:12-' }, apis: [{ name: 'things', document: echoDocument, environments: [{ name: 'sandbox', base_url: upstream.url }] }] });
  const guess = async (password) => (await browser(s).post('/login', { name: 'ada', password })).status, password = 'correct horse battery';
  assert.equal((await s.command(['user', 'add', 'ada', '--password-stdin'], { input: password })).code, 0);
  const open = await guess('none of hers');
  assert.notEqual(open, 503);
  for (let i = 0; (await s.command(['key', 'add', `k${i}`])).code === 0; i++) assert.ok(i < 100);
  assert.deepEqual([await guess('none of hers'), await guess(password)], [503, 503], 'a right one looks like a wrong one');
  await s.stop();
});
