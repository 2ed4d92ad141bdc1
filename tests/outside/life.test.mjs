// A server's life with clients on it: a worker killed under load, a document that changes, clients that leave at any
// moment, and the end.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { tempDir } from './lib/programs.mjs';
import { requestBytes } from './lib/raw.mjs';
import { caller, modernRequest } from './lib/rpc.mjs';
import { startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

const { dir, remove } = tempDir('life');
const document = path.join(dir, 'api.json');
let upstream, server, key, call;
const start = async (more = {}) => {
  fs.copyFileSync(echoDocument, document);
  const s = await startServer({ apis: [{ name: 'echo', document, environments: [{ name: 'production', base_url: upstream.url }] }], server: more });
  const k = await s.key('life', 'echo');
  return { server: s, key: k, call: caller(s, { key: k }) };
};
before(async () => {
  upstream = await startUpstream();
  ({ server, key, call } = await start());
});
after(async () => {
  const code = await server?.stop();
  await upstream?.stop();
  remove();
  assert.equal(code ?? 0, 0, 'SIGTERM ends it with 0');
});

const until = async (ready, what, ms = 5000) => {
  for (const end = Date.now() + ms; !(await ready()); await sleep(20)) assert.ok(Date.now() < end, `${what} within ${ms} ms`);
};
const workers = (s) => execFileSync('pgrep', ['-P', String(s.pid)]).toString().trim().split('\n').map(Number);

// What the server has under way, as its control socket tells it.
const status = (s = server) => new Promise((resolve, reject) => {
  const ask = http.get({ socketPath: path.join(s.dir, 'data/control'), path: '/control/status', headers: { Host: 'localhost' } }, (r) => {
    let text = '';
    r.on('data', (d) => { text += d; });
    r.on('end', () => { try { resolve(JSON.parse(text)); } catch (e) { reject(e); } });
  });
  ask.on('error', reject);
});

// Opens a connection, writes bytes, and collects what comes.
function talk(bytes, s = server) {
  const self = { text: '', closed: false };
  self.socket = net.connect(s.port, '127.0.0.1', () => self.socket.write(bytes));
  self.socket.on('data', (d) => { self.text += d; });
  self.socket.on('error', () => {});
  self.socket.on('close', () => { self.closed = true; });
  return self;
}
const request = (method, params, o) => requestBytes({ method: 'POST', path: '/mcp', host: server.host, ...modernRequest(method, params, { key, ...o }) });
const legacyCall = (name, args) => requestBytes({
  method: 'POST', path: '/mcp', host: server.host, headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
});
const listenOf = (k, id) => modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } }, { key: k, id });

for (const count of [1, 2])
  test(`kill -9 under load, ${count} worker${count > 1 ? 's' : ''}: no wrong answer, soon right ones, the key still good`, async () => {
    const one = await start({ workers: count });
    let over = false, right = 0;
    try {
      await sleep(1000); // all workers know the key
      const clients = Array.from({ length: 16 }, async (_, n) => {
        for (let i = 0; !over; i++) {
          const text = `client ${n} call ${i}`;
          const r = await one.call.tool('echo', { text }).catch((e) => { if (/HTTP/.test(e.message)) throw e; });
          if (r) assert.equal(JSON.parse(JSON.parse(r.text).got).text, text);
          if (r) right++; else await sleep(5); // it was the killed one's
        }
      });
      for (let k = 0; k < 3; k++) {
        const had = right;
        await sleep(300);
        await until(() => right > had, 'calls are answered');
        process.kill(workers(one.server)[0], 'SIGKILL');
        const then = right;
        await until(() => right > then + 50, 'answers after a worker was killed');
      }
      over = true;
      await Promise.all(clients);
      await until(() => /worker \d+ ended \(signal 9\)/.test(one.server.log()), 'a word about it');
    } finally { over = true; assert.equal(await one.server.stop(), 0); }
  });

test('a document that changes while a stream is open: list_changed, and the new tool; a broken one changes nothing', async () => {
  const stream = talk(request('subscriptions/listen', { notifications: { toolsListChanged: true } }, { id: 'doc' }));
  try {
    await until(() => stream.text.includes('subscriptions/acknowledged'), 'the acknowledgement');
    const doc = JSON.parse(fs.readFileSync(document));
    doc.paths['/items/new'] = { get: { operationId: 'brand_new', summary: 'New', responses: { 200: { description: 'ok' } } } };
    fs.writeFileSync(document, JSON.stringify(doc));
    process.kill(server.pid, 'SIGHUP');
    await until(() => stream.text.includes('tools/list_changed'), 'list_changed');
    assert.ok((await call.tools()).some((t) => t.name === 'brand_new'));
    assert.equal((await call.tool('brand_new')).isError, false);
    fs.writeFileSync(document, '{ broken');
    process.kill(server.pid, 'SIGHUP');
    await until(() => /not compiled/.test(server.log()), 'a word about the broken document');
    assert.equal((await call.tool('brand_new')).isError, false, 'the catalog before stays');
    assert.equal(stream.closed, false);
  } finally { stream.socket.destroy(); fs.copyFileSync(echoDocument, document); }
});

const tells = fs.existsSync(`/proc/self/task/${process.pid}/children`);
test('what compiles a changed document is killed: it is compiled all the same', { skip: tells ? false : 'the kernel does not tell children' }, async () => {
  const children = () => fs.readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim().split(' ').map(Number), had = children();
  const doc = JSON.parse(fs.readFileSync(document));
  for (let i = 0; i < 500; i++) doc.paths[`/more/${i}`] = { get: { operationId: `more_${i}`, summary: 'More', responses: { 200: { description: 'ok' } } } };
  try {
    for (let i = 0, seen = false; !seen; i++) { // until we were quick enough
      assert.ok(i < 20, 'nothing compiles');
      doc.paths['/items/next'] = { get: { operationId: `next_${i}`, summary: 'Next', responses: { 200: { description: 'ok' } } } };
      fs.writeFileSync(document, JSON.stringify(doc));
      // it is looked at every two seconds
      for (const end = Date.now() + 4000; !seen && Date.now() < end;)
        for (const pid of children())
          if (!had.includes(pid)) { seen = true; process.kill(pid, 'SIGKILL'); }
      await until(async () => (await call.tool(`next_${i}`).catch(() => null))?.isError === false, 'the new tool');
      seen = seen && /not compiled \(signal 9\)/.test(server.log()); // else it was done by then
    }
  } finally { fs.copyFileSync(echoDocument, document); }
});

test('the client leaves: a modern read is cancelled, a legacy one and a write that was sent go on', async () => {
  const seen = async (find) => { await until(() => upstream.seen.some(find), 'the upstream is asked'); return upstream.seen.find(find); };
  const asks = [
    [request('tools/call', { name: 'slow', arguments: { ms: 700 } }), (q) => q.query.get('ms') === '700', true],
    [legacyCall('slow', { ms: 701 }), (q) => q.query.get('ms') === '701', false],
    [request('tools/call', { name: 'echo', arguments: { text: 'wait 702' } }), (q) => q.body.includes('wait 702'), false],
  ];
  const all = await Promise.all(asks.map(async ([bytes, find, cancelled]) => {
    const c = talk(bytes), q = await seen(find);
    c.socket.destroy();
    return [q, cancelled];
  }));
  await until(() => all.every(([q]) => q.done), 'all have ended');
  assert.deepEqual(all.map(([q]) => q.cancelled === true), all.map(([, cancelled]) => cancelled));
  await until(async () => (await status()).ops === 0, 'no op is left');
});

test('clients that leave at any byte, in requests and answers: nothing is left behind, the next is served', async () => {
  const big = 'x'.repeat(50000), batch = [1, 2, 3].map((id) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'slow', arguments: { ms: 20 } } }));
  const kinds = [
    request('tools/call', { name: 'slow', arguments: { ms: 20 } }), request('tools/call', { name: 'echo', arguments: { text: big } }), request('tools/list', {}),
    request('subscriptions/listen', { notifications: { toolsListChanged: true } }), legacyCall('slow', { ms: 20 }), legacyCall('echo', { text: big }),
    requestBytes({ method: 'POST', path: '/mcp', host: server.host, headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` }, body: JSON.stringify(batch) }),
  ];
  let seed = 7;
  const next = (n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  const pids = workers(server).join();
  for (let round = 0; round < 40; round++)
    await Promise.all(kinds.map(async (bytes) => {
      const whole = Buffer.concat(Array.from({ length: 1 + 2 * next(2) }, () => bytes)); // one, or three in a pipeline
      const c = talk(next(2) ? whole : whole.subarray(0, 1 + next(whole.length - 1)));
      await sleep(next(40));
      if (next(2)) c.socket.resetAndDestroy(); else c.socket.destroy();
    }));
  await until(async () => { const s = await status(); return s.jobs <= 1 && s.ops === 0 && s.streams === 0 && s.connections <= 1; }, 'all is given back');
  await until(() => workers(server).join() === pids, 'no worker has died'); // what compiles a document that an earlier test put back ends by itself
  assert.equal((await call.tool('echo', { text: 'after' })).isError, false);
});

test('SIGTERM: a stream gets its result, a call under way its answer, then it ends with 0', async () => {
  const one = await start();
  const bytes = (r) => requestBytes({ method: 'POST', path: '/mcp', host: one.server.host, ...r });
  const stream = talk(bytes(listenOf(one.key, 'end')), one.server);
  const slow = talk(bytes(modernRequest('tools/call', { name: 'slow', arguments: { ms: 800 } }, { key: one.key })), one.server);
  await until(() => stream.text.includes('acknowledged') && upstream.seen.some((q) => q.query.get('ms') === '800'), 'both are under way');
  assert.equal(await one.server.stop(), 0);
  await until(() => stream.closed && slow.closed, 'both connections end');
  const last = JSON.parse(stream.text.split('\n').filter((l) => l.startsWith('data:')).at(-1).slice(5));
  assert.deepEqual([last.id, last.result.resultType, last.result._meta['io.modelcontextprotocol/subscriptionId']], ['end', 'complete', 'end']);
  assert.ok(stream.text.endsWith('\r\n0\r\n\r\n'), 'the stream ends whole');
  assert.match(slow.text, /connection: close/i);
  assert.match(slow.text, /slept/);
});
