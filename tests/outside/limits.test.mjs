// Limits: what one caller may take, and what is left for the others.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { caller } from './lib/rpc.mjs';
import { startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

let upstream, server, stalled;
const waiting = new Set(); // connections to the upstream that never answers
const keys = {};
const environment = (o) => [{ name: 'test', base_url: upstream.url, ...o }];

before(async () => {
  upstream = await startUpstream();
  stalled = net.createServer((c) => { waiting.add(c); c.on('error', () => {}); c.on('close', () => waiting.delete(c)); c.resume(); });
  await new Promise((resolve) => { stalled.listen(0, '127.0.0.1', resolve); });
  const other = (name, o) => ({ name, document: echoDocument, environments: environment(o) });
  server = await startServer({
    server: { workers: 2 },
    apis: [
      other('small', { concurrency: 8, queue: 16, queue_timeout: '2s' }),
      { ...other('rated', {}), options: { rate_principal: '200/s burst 200' } },
      { ...other('daily', {}), options: { budget: 3 } },
      other('guarded', { repeat_guard: '2s' }),
      { ...other('stalled', {}), environments: [{ name: 'test', base_url: `http://127.0.0.1:${stalled.address().port}`, concurrency: 400, concurrency_principal: 150, queue: 50, queue_timeout: '1s', first_timeout: '3s' }] },
    ],
  });
  for (const k of ['greedy', 'modest', 'third', 'fourth']) keys[k] = await server.key(k);
  await sleep(800); // the second worker reads along with the store
});
after(async () => {
  const code = await server?.stop();
  await upstream?.stop();
  for (const c of waiting) c.destroy();
  stalled?.close();
  assert.equal(code ?? 0, 0, 'SIGTERM ends it with 0');
});

const call = (key, api) => caller(server, { key: keys[key], path: `/${api}/mcp` });

test('one caller with fifty slow calls: another is served at once', async () => {
  const greedy = call('greedy', 'small');
  let go, ended = 0;
  const held = new Promise((resolve) => { go = resolve; }); // until the other one is served
  upstream.answer = (q, s) => { if (q.query.get('ms') !== '600') return false; held.then(() => { s.writeHead(200, { 'Content-Length': 2 }); s.end('{}'); }); return true; };
  const all = Array.from({ length: 50 }, () => greedy.tool('slow', { ms: 600 }).finally(() => { ended++; }));
  for (let i = 0; i < 100 && ended < 10; i++) await sleep(10); // for whom there is neither a place nor one in a worker's queue
  const refused = ended;
  const r = await call('modest', 'small').tool('slow', { ms: 1 });
  assert.equal(r.isError, false, r.text);
  assert.ok(refused >= 10, `${refused} were refused at once`);
  go();
  upstream.answer = undefined;
  const results = await Promise.all(all);
  const served = results.filter((x) => !x.isError).length;
  assert.ok(served >= 14 && served <= 40, `${served} of 50 served`);
  for (const x of results.filter((y) => y.isError)) {
    assert.match(x.text, /too many calls of this environment are under way/);
    assert.ok(x.result.retry_after_seconds >= 1, JSON.stringify(x.result));
  }
});

test('the limit holds over all workers', async () => {
  let now = 0, most = 0;
  const { seen } = upstream;
  const from = seen.length;
  const watch = setInterval(() => {
    now = seen.slice(from).filter((q) => !q.done).length;
    most = Math.max(most, now);
  }, 2);
  const all = await Promise.all(Array.from({ length: 20 }, (_, i) => call(i % 2 ? 'greedy' : 'modest', 'small').tool('slow', { ms: 150 })));
  clearInterval(watch);
  assert.equal(all.filter((x) => x.isError).length, 0);
  assert.ok(most >= 6 && most <= 8, `${most} at once`);
});

test('an upstream that never answers holds up nobody else; one caller does not take all of its places', async () => {
  const hung = Array.from({ length: 250 }, () => call('greedy', 'stalled').tool('get_item', { id: 1 }));
  for (let i = 0; waiting.size < 150; i++) { assert.ok(i < 100, `${waiting.size} wait`); await sleep(20); }
  const times = [];
  for (let i = 0; i < 40; i++) {
    const began = process.hrtime.bigint();
    assert.equal((await call(i % 2 ? 'modest' : 'greedy', 'guarded').tool('get_item', { id: i })).isError, false);
    times.push(Number(process.hrtime.bigint() - began) / 1e6);
  }
  times.sort((a, b) => a - b);
  assert.ok(times[20] < 200, `others wait ${times[20].toFixed(1)} ms`);
  assert.ok(waiting.size <= 151, `${waiting.size} places of 400 for one caller who may have 150`);
  const mine = call('modest', 'stalled').tool('get_item', { id: 2 });
  for (let i = 0; waiting.size < 151; i++) { assert.ok(i < 50, 'another caller has a place'); await sleep(20); }
  const results = await Promise.all([...hung, mine]);
  assert.equal(results.filter((r) => !r.isError).length, 0);
  assert.equal(results.filter((r) => /no answer|did not answer|within/.test(r.text)).length >= 151, true, results[0].text);
});

// What is asked for beyond it is refused all the time, and a burst of a second bridges the machine's own pauses: so the
// number of calls follows from the time between the first call and the last refusal, whatever the machine does.
async function holds(seconds, names) {
  const RATE = 200, BURST = 200;
  const calls = {}, first = {}, refused = {}, gap = {};
  const from = upstream.seen.length, until = performance.now() + seconds * 1000;
  const one = async (key) => {
    const c = call(key, 'rated');
    while (performance.now() < until) {
      const asked = performance.now(), r = await c.tool('get_item', { id: 1 }), told = performance.now();
      if (!r.isError) {
        calls[key] = (calls[key] ?? 0) + 1;
        first[key] ??= [asked, told];
        continue;
      }
      assert.match(r.text, /this user or key may make 200 calls per second/);
      assert.ok(r.result.retry_after_seconds >= 1 && r.result.budget_left === 0, JSON.stringify(r.result));
      if (refused[key]) gap[key] = Math.max(gap[key] ?? 0, told - refused[key][1]);
      if (!refused[key] || asked > refused[key][0]) refused[key] = [asked, told];
      await sleep(5);
    }
  };
  await Promise.all(Array.from({ length: 64 }, (_, i) => one(names[i % 2])));
  for (const k of names) {
    const still = gap[k] >= 900; // the machine: what the bucket lost meanwhile nobody knows
    const least = still ? 0 : BURST + RATE * (refused[k][0] - first[k][1]) / 1000 - 1, most = BURST + RATE * (refused[k][1] - first[k][0]) / 1000 + 1;
    const want = BURST + RATE * (refused[k][1] - first[k][0]) / 1000, off = 100 * (calls[k] - want) / want;
    console.log(`# ${k}: ${calls[k]} calls in ${seconds} s: ${off.toFixed(2)} % off`);
    assert.ok(calls[k] >= Math.min(least, want * 0.99) && calls[k] <= most, `${k}: ${calls[k]}, at least ${least}, at most ${most}`);
  }
  assert.equal(upstream.seen.length - from, calls[names[0]] + calls[names[1]], 'what is refused does not reach the API');
}

test('a rate holds within 1 % under 64 connections and two workers', () => holds(4, ['greedy', 'modest']));
test('the same for a minute', { skip: process.env.LONG ? false : 'LONG=1 runs it' }, () => holds(60, ['third', 'fourth']));

test('a budget for the day', async () => {
  for (let left = 2; left >= 0; left--) assert.equal((await call('modest', 'daily').tool('get_item', { id: 1 })).isError, false);
  const r = await call('modest', 'daily').tool('get_item', { id: 1 });
  assert.match(r.text, /the 3 calls that one caller may make in a day are used up/);
  assert.equal(r.result.budget_left, 0);
  assert.ok(r.result.retry_after_seconds > 0 && r.result.retry_after_seconds <= 86400);
  assert.equal((await call('greedy', 'daily').tool('get_item', { id: 1 })).isError, false, 'another caller has his own');
});

test('429 and Retry-After: heeded, passed on, never slept on', async () => {
  const c = call('modest', 'guarded');
  upstream.answer = (q, s) => { s.writeHead(429, { 'Retry-After': '2', 'Content-Length': 2 }); s.end('{}'); return true; };
  const first = await c.tool('get_item', { id: 1 });
  upstream.answer = undefined;
  assert.equal(first.result.retry_after_seconds, 2);
  const from = upstream.seen.length;
  const began = Date.now();
  const second = await c.tool('get_item', { id: 2 });
  assert.ok(Date.now() - began < 1500, 'not slept on');
  assert.match(second.text, /the API has had too many calls and wants a pause/);
  assert.ok(second.result.retry_after_seconds <= 2);
  assert.equal(upstream.seen.length, from, 'the API is left alone');
  assert.equal((await call('modest', 'small').tool('get_item', { id: 3 })).isError, false, 'others are not concerned');
  await sleep(2000);
  assert.equal((await c.tool('get_item', { id: 4 })).isError, false, 'after the time it is asked again');
});

test('ratelimit headers are passed on; nothing left is a pause', async () => {
  const c = call('greedy', 'guarded');
  upstream.answer = (q, s) => { s.writeHead(200, { 'RateLimit-Remaining': '7', 'RateLimit-Reset': '30', 'Content-Length': 2 }); s.end('{}'); return true; };
  const some = await c.tool('get_item', { id: 1 });
  assert.deepEqual([some.result.ratelimit_remaining, some.result.ratelimit_reset_seconds], [7, 30]);
  upstream.answer = (q, s) => { s.writeHead(200, { RateLimit: '"day";r=0;t=1', 'Content-Length': 2 }); s.end('{}'); return true; };
  assert.equal((await c.tool('get_item', { id: 1 })).result.ratelimit_remaining, 0);
  upstream.answer = undefined;
  assert.match((await c.tool('get_item', { id: 1 })).text, /wants a pause/);
  await sleep(1100);
  assert.equal((await c.tool('get_item', { id: 1 })).isError, false);
});

test('a write without an answer is not repeated unseen', async () => {
  const c = call('modest', 'guarded');
  const args = { text: 'pay 100' };
  let tries = 0;
  upstream.answer = (q, s) => { if (q.method !== 'POST') return false; tries++; s.destroy(); return true; };
  const first = await c.tool('echo', args);
  assert.equal(first.isError, true);
  assert.match(first.text, /whether the request was carried out is not known/);
  assert.equal(tries, 1, 'the gate itself does not repeat it');
  upstream.answer = undefined;
  const again = await c.tool('echo', args);
  assert.match(again.text, /nobody knows whether it was carried out.*idempotency_key/s);
  assert.ok(again.result.retry_after_seconds >= 1);
  assert.equal((await call('greedy', 'guarded').tool('echo', args)).isError, false, 'another caller');
  assert.equal((await c.tool('echo', { text: 'pay 101' })).isError, false, 'other arguments');
  const meant = await c.tool('echo', { ...args, idempotency_key: 'second' });
  assert.equal(meant.isError, false, meant.text);
  assert.doesNotMatch(upstream.seen.at(-1).body, /idempotency/, 'our own argument stays here');
  assert.match((await c.tool('echo', args)).text, /nobody knows/);
  await sleep(2000);
  assert.equal((await c.tool('echo', args)).isError, false, 'after repeat_guard');
});
