// Limits: what one caller may take, and what is left for the others.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { caller } from './lib/rpc.mjs';
import { startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

let upstream, server;
const keys = {};
const environment = (o) => [{ name: 'test', base_url: upstream.url, ...o }];

before(async () => {
  upstream = await startUpstream();
  const other = (name, o) => ({ name, document: echoDocument, environments: environment(o) });
  server = await startServer({
    server: { workers: 2 },
    apis: [other('small', { concurrency: 8, queue: 16, queue_timeout: '2s' })],
  });
  for (const k of ['greedy', 'modest']) keys[k] = await server.key(k);
  await sleep(800); // the second worker reads along with the store
});
after(async () => {
  const code = await server?.stop();
  await upstream?.stop();
  assert.equal(code ?? 0, 0, 'SIGTERM ends it with 0');
});

const call = (key, api) => caller(server, { key: keys[key], path: `/${api}/mcp` });

test('one caller with fifty slow calls: another is served at once', async () => {
  const greedy = call('greedy', 'small');
  const all = Array.from({ length: 50 }, () => greedy.tool('slow', { ms: 600 }));
  await sleep(300);
  const began = Date.now();
  const r = await call('modest', 'small').tool('slow', { ms: 1 });
  assert.equal(r.isError, false, r.text);
  assert.ok(Date.now() - began < 250, `took ${Date.now() - began} ms`);
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
  const all = await Promise.all(Array.from({ length: 20 }, (_, i) => call(i % 2 ? 'greedy' : 'modest', 'small').tool('slow', { ms: 40 })));
  clearInterval(watch);
  assert.equal(all.filter((x) => x.isError).length, 0);
  assert.ok(most >= 6 && most <= 8, `${most} at once`);
});
