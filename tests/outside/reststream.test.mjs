// Large bodies through the façade, both ways: what an API gets and what its clients get, judged by what arrives. What
// depends on a body's contents is never passed on unjudged.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { tempDir } from './lib/programs.mjs';
import { startServer } from './lib/server.mjs';

const TOKEN = 'stream-secret-0001', MB = 1 << 20;
const ok = { 200: { description: 'ok' } };
const file = { type: 'string', format: 'binary' };
const raw = (kind = 'application/octet-stream') => ({ requestBody: { required: true, content: { [kind]: { schema: file } } }, responses: ok });
const name = { name: 'name', in: 'path', required: true, schema: { type: 'string' } };
const document = {
  openapi: '3.0.3', info: { title: 'Files', version: '1' }, servers: [{ url: 'http://files.test' }],
  paths: {
    '/raw/{name}': { put: { operationId: 'send_raw', parameters: [name], ...raw() }, get: { operationId: 'read_raw', parameters: [name], responses: ok } },
    '/keyed/{name}': { put: { operationId: 'send_keyed', parameters: [name], ...raw() } },
    '/text': { post: { operationId: 'send_text', requestBody: { content: { 'text/csv': { schema: { type: 'string' } } } }, responses: ok } },
    ...Object.fromEntries(['other', 'any'].map((n) => [`/${n}`, { post: { operationId: `send_${n}`, requestBody: { content: { 'text/csv': { schema: { type: 'string' } } } }, responses: ok } }])),
    '/parts': { post: { operationId: 'send_parts', requestBody: { content: { 'multipart/form-data': { schema: { type: 'object', required: ['note'], properties: { note: { type: 'string', enum: ['a', 'b'] }, file, files: { type: 'array', items: file } } } } } }, responses: ok } },
    '/json': { post: { operationId: 'send_json', requestBody: { content: { 'application/json': { schema: { type: 'object', properties: { a: { type: 'string' } } } } } }, responses: ok } },
    '/replace/{name}': { put: { operationId: 'purge_and_replace', parameters: [name], ...raw() } },
    '/fixed': { post: { operationId: 'send_fixed', requestBody: { content: { 'multipart/form-data': { schema: { type: 'object', properties: { note: { type: 'string' }, file } } } } }, responses: ok } },
  },
};
const overlay = { overlay: '1.0.0', info: { title: 'o', version: '1' }, actions: [{ target: "$.paths['/fixed'].post", update: { 'x-gate': { pin: { note: 'private' } } } }] };
let api, seen, early, cut, server, temp, keys;

before(async () => {
  temp = tempDir('reststream');
  const at = (n, v) => { const p = path.join(temp.dir, n); fs.writeFileSync(p, JSON.stringify(v)); return p; };
  seen = [];
  api = http.createServer((q, s) => {
    if (q.method === 'GET') { // 50 MB with a secret in each of them, over every boundary
      const line = `${'x'.repeat(1000)} ${TOKEN}\n`, block = line.repeat(50);
      let left = 1100;
      s.writeHead(200, { 'Content-Type': 'text/plain' });
      const more = () => { while (left-- > 0) if (!s.write(block)) return s.once('drain', more); s.end(); };
      return more();
    }
    if (q.url === '/raw/hold') { q.resume(); return setTimeout(() => s.end(), 2500); }
    if (early) { s.writeHead(early, { 'Content-Type': 'application/json', Connection: 'close' }); return s.end('{"error":"too much"}', () => setTimeout(() => q.socket.destroy(), 200)); }
    const hash = createHash('sha256'), got = { method: q.method, target: q.url, headers: q.headers, size: 0 };
    const kept = [];
    q.on('data', (d) => { hash.update(d); got.size += d.length; if (got.size < 2 * MB) kept.push(d); if (cut && got.size > cut) q.socket.destroy(); });
    q.on('error', () => {});
    q.on('end', () => {
      seen.push({ ...got, sha: hash.digest('hex'), body: Buffer.concat(kept) });
      s.writeHead(200, { 'Content-Type': 'application/json', ETag: `"${q.url === '/raw/tagged' ? q.headers.authorization.slice(7) : 'v1'}"` });
      s.end(JSON.stringify({ size: got.size, said: q.headers.authorization, client_secret: 'named-so' }));
    });
  });
  await new Promise((resolve) => { api.listen(0, '127.0.0.1', resolve); });
  const base_url = `http://127.0.0.1:${api.address().port}`, environments = [{ name: 'test', base_url, credential_from: 'env:TOKEN', repeat_guard: '30s' }];
  server = await startServer({
    env: { TOKEN },
    server: { body_timeout: '1s' },
    apis: [{ name: 'line', document: path.join(temp.dir, 'files.json'), environments: environments.map((e) => ({ ...e, concurrency: 1 })) }, { name: 'box', document: at('files.json', document), options: { overlay: at('overlay.json', overlay), deny: ['op:send_other where body in no*', 'op:send_any where * in no*'] }, environments }],
    extra: "config role 'narrow'\n\tlist allow '*'\n\tlist deny 'op:send_text where body in bad*'\n\tlist allow 'op:send_raw where name in a*'\n",
  });
  keys = { all: await server.key('all', undefined, ['--destructive']), narrow: await server.key('narrow', undefined, ['--role', 'narrow']) };
});
after(async () => {
  const code = await server?.stop();
  api?.closeAllConnections();
  api?.close();
  temp?.remove();
  assert.equal(code ?? 0, 0);
});

// One request. body: a Buffer; chunked: without a length; write: makes the body of the request itself.
const send = (method, at, body, { type = 'application/octet-stream', headers = {}, key = keys.all, chunked = false, write } = {}) => new Promise((resolve, reject) => {
  const length = chunked ? {} : { 'Content-Length': body?.length ?? 0 };
  const q = http.request(at[0] === '/' ? `${server.origin}/rest/box/test${at}` : `${server.origin}/rest/${at}`, { method, agent: false, headers: { Authorization: `Bearer ${key}`, ...(body ? { 'Content-Type': type, ...length } : {}), ...headers } }, (r) => {
    const hash = createHash('sha256');
    let text = '', size = 0;
    r.on('data', (d) => { size += d.length; hash.update(d); if (size < MB) text += d; }).on('error', reject)
      .on('end', () => resolve({ status: r.statusCode, headers: r.headers, text, size, json: (() => { try { return JSON.parse(text); } catch { return undefined; } })() }));
  }).on('error', reject);
  if (write) write(q);
  else if (chunked) { for (let i = 0; i < body.length; i += 100_003) q.write(body.subarray(i, i + 100_003)); q.end(); }
  else q.end(body);
});
const sha = (b) => createHash('sha256').update(b).digest('hex');
const form = (parts, boundary = '----------1234') => ({
  type: `multipart/form-data; boundary=${boundary}`,
  body: Buffer.concat([...parts.flatMap(([n, v, f]) => [Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${n}"${f ? `; filename="${f}"\r\nContent-Type: image/png` : ''}\r\n\r\n`), Buffer.from(v), Buffer.from('\r\n')]), Buffer.from(`--${boundary}--\r\n`)]),
});
const post = (f, o = {}) => send('POST', o.at ?? '/parts', f.body, { type: f.type, ...o });
const audited = async () => (await server.command(['audit', 'search', 'send_keyed'])).out.trim().split('\n').filter(Boolean).map((l) => JSON.parse(l));

test('20 MB with a length and in chunks: every byte, in constant memory', async () => {
  const bytes = randomBytes(20 * MB);
  await send('PUT', '/raw/first', randomBytes(MB));
  const before = server.rss();
  for (const chunked of [false, true]) {
    const r = await send('PUT', '/raw/large', bytes, { chunked });
    assert.equal(r.status, 200, r.text);
    const got = seen.at(-1);
    assert.equal(got.sha, sha(bytes));
    assert.equal(got.target, '/raw/large');
    assert.equal(got.headers.authorization, `Bearer ${TOKEN}`);
    assert.equal(got.headers['content-length'], chunked ? undefined : String(bytes.length));
    assert.equal(got.headers['transfer-encoding'], chunked ? 'chunked' : undefined);
    assert.deepEqual([r.json.said, r.json.client_secret], ['Bearer [redacted]', '[redacted]']);
    assert.equal(r.headers['x-content-type-options'], 'nosniff');
    assert.equal(r.headers.etag, '"v1"');
  }
  assert.ok(server.rss() < before + 3000, `${before} to ${server.rss()} KB`);
  assert.equal((await send('PUT', '/raw/tagged', randomBytes(9))).headers.etag, undefined, 'a secret in it');
});

test('sizes around every limit arrive whole', async () => {
  for (const n of [128, 256, 260].flatMap((k) => [-1, 0, 1].map((d) => k * 1024 + d)).concat(250_000, 300_000))
    for (const chunked of [false, true]) {
      const bytes = randomBytes(n), r = await send('PUT', '/raw/some', bytes, { chunked });
      assert.equal(r.status, 200, `${n} ${chunked}: ${r.text}`);
      assert.equal(seen.at(-1).sha, sha(bytes), `${n} ${chunked}`);
    }
  const text = Buffer.from('ä,1\n'.repeat(100_000)), r = await send('POST', '/text', text, { type: 'text/csv' });
  assert.equal(r.status, 200, r.text);
  assert.equal(seen.at(-1).sha, sha(text));
  assert.match(seen.at(-1).headers['content-type'], /^text\/csv/);
});

test('a form: fields first, then its files', async () => {
  for (const [n, chunked] of [[150_000, false], [3 * MB, false], [3 * MB, true]]) {
    const bytes = randomBytes(n), f = form([['note', 'a'], ['file', bytes, 'x.png']]), r = await post(f, { chunked });
    assert.equal(r.status, 200, r.text);
    assert.equal(seen.at(-1).sha, sha(f.body), 'as it came');
    assert.equal(seen.at(-1).headers['content-type'], f.type);
  }
  // whatever else the client's Content-Type says, the API is told the one boundary that was judged
  const f = form([['note', 'a'], ['file', randomBytes(MB), 'x.png']], 'a:b');
  for (const type of ['multipart/form-data; xboundary=B; boundary=a:b', 'Multipart/Form-Data;charset="boundary=B";BOUNDARY="a:b"']) {
    assert.equal((await post({ ...f, type })).status, 200, type);
    assert.equal(seen.at(-1).headers['content-type'], 'multipart/form-data; boundary="a:b"');
  }
  const two = form([['note', 'b'], ['files', randomBytes(MB), '1.png'], ['files', randomBytes(MB), '2.png'], ['files', Buffer.alloc(0), '3']]);
  assert.equal((await post(two)).status, 200);
  assert.equal(seen.at(-1).sha, sha(two.body));
});

test('what a form may not hold is not passed on', async () => {
  const big = randomBytes(600_000), n = seen.length, dash = '\r\n------------1234';
  const at = (i, text) => { const b = Buffer.from(big); b.write(text, i, 'latin1'); return b; };
  for (const [what, f] of [
    ['a field behind a file', form([['file', big, 'x'], ['note', 'a']])],
    ['a field that is missing', form([['file', big, 'x']])],
    ['a value that the document does not allow', form([['note', 'c'], ['file', big, 'x']])],
    ['another file behind it', form([['note', 'a'], ['file', big, 'x'], ['files', big, 'y']])],
    ['a field of this size', form([['note', 'a'.repeat(600_000)]])],
    ['a part nobody knows', form([['note', 'a'], ['who', big, 'x']])],
    ['the boundary at another line end', form([['note', 'a'], ['file', at(300_000, `\n------------1234\nContent-Disposition: form-data; name="note"\n\nb`), 'x']])],
    ['the boundary in a line', form([['note', 'a'], ['file', at(300_000, 'x------------1234'), 'x']])],
    ['a second name', form([['note', 'a'], ['file', at(300_000, `${dash}\r\nContent-Disposition: form-data; name="file"; filename="y"; name="note"\r\n\r\n`), 'x']])],
    ['a broken head', form([['note', 'a'], ['file', at(300_000, `${dash}\r\nContent-Disposition: form-data; name="file"; filename="y\nX: "\r\n\r\n`), 'x']])],
    ['no end', { ...form([['note', 'a'], ['file', big, 'x']]), body: form([['note', 'a'], ['file', big, 'x']]).body.subarray(0, -10) }],
    ['parts behind the end', { ...form([['note', 'a'], ['file', big, 'x']]), body: Buffer.concat([form([['note', 'a'], ['file', big, 'x']]).body, form([['note', 'b']]).body]) }],
  ]) {
    const r = await post(f);
    assert.equal(r.status, 400, `${what}: ${r.status} ${r.text}`);
  }
  // Where readers could differ about what is a part, or what it says, nothing passes, poured or not.
  for (const n of [150_000, 600_000]) {
    const f = form([['note', 'a'], ['file', Buffer.concat([Buffer.alloc(n), form([['note', 'z']], 'B').body]), 'x']]), text = f.body.toString('latin1');
    for (const type of [`${f.type}; boundary=B`, `multipart/form-data; boundary=B; boundary=----------1234`, `${f.type}; x`, `${f.type}, boundary=B`])
      assert.equal((await post({ ...f, type })).status, 400, type);
    for (const head of ['name="%6Eote"', 'name="note"\r\nContent-Type: text/plain; charset=utf-7', 'name="note"; name*0="file"', 'name="note"x; name="file"'])
      assert.equal((await post({ ...f, body: Buffer.from(text.replace('name="note"', head), 'latin1') })).status, 400, head);
  }
  for (const f of [form([['note', 'a'], ['file', randomBytes(150_000), 'x'], ['note', 'b']]), { ...form([['note', 'a'], ['file', randomBytes(150_000), 'x']]), type: 'multipart/form-data' }])
    assert.equal((await post(f)).status, 400);
  assert.equal(seen.length, n, 'the API got nothing whole');
});

test('what is judged by its contents is judged whole, or refused', async () => {
  const big = randomBytes(300_000), n = seen.length;
  const no = async (method, at, body, o, why) => {
    const r = await send(method, at, body, o);
    assert.equal(r.status, 413, `${at}: ${r.status} ${r.text}`);
    assert.match(r.json.error, why);
  };
  const json = Buffer.from(JSON.stringify({ a: 'x'.repeat(300_000) }));
  for (const chunked of [false, true]) await no('POST', '/json', json, { type: 'application/json', chunked }, /judged whole and may have 256 KB/);
  await no('PUT', '/replace/a', big, {}, /confirmed or approved is bound to it.*128 KB/);
  await no('PUT', '/replace/a', big, { chunked: true }, /bound to it/);
  await no('PUT', '/raw/a', big, { headers: { 'X-Dry-Run': 'true' } }, /dry run/);
  await no('POST', '/text', Buffer.from(`bad${'x'.repeat(300_000)}`), { type: 'text/csv', key: keys.narrow }, /a rule or the configuration looks at it/);
  for (const one of ['/other', '/any']) {
    assert.equal((await send('POST', one, Buffer.from('no'), { type: 'text/csv' })).status, 403);
    await no('POST', one, Buffer.from(`no${'x'.repeat(300_000)}`), { type: 'text/csv' }, /a rule or the configuration looks at it/);
  }
  const pinned = form([['note', 'public'], ['file', big, 'x']]);
  await no('POST', '/fixed', pinned.body, { type: pinned.type }, /a rule or the configuration looks at it/);
  assert.equal(seen.length, n);
  // small enough: bound, and done with its handle
  const small = randomBytes(60_000), first = await send('PUT', '/replace/a', small);
  assert.equal(first.status, 428, first.text);
  const other = await send('PUT', '/replace/a', randomBytes(60_000), { headers: { 'X-Approval': first.json.handle } });
  assert.notEqual(other.status, 200, 'another body');
  const again = await send('PUT', '/replace/a', small), done = await send('PUT', '/replace/a', small, { headers: { 'X-Approval': again.json.handle } });
  assert.equal(done.status, 200, done.text);
  assert.equal(seen.at(-1).sha, sha(small));
  assert.equal(seen.length, n + 1);
});

test('who may not is refused before the body is heard', async () => {
  const n = seen.length, big = randomBytes(8 * MB);
  for (const [key, status] of [['sk-nobody', 401], [await server.key('ro', undefined, ['--readonly']), 404]]) {
    const r = await send('PUT', '/raw/a', big, { key });
    assert.equal(r.status, status, r.text);
  }
  const r = await send('PUT', '/raw/a', undefined, { headers: { 'Content-Length': 300 * MB, 'Content-Type': 'image/png' }, write: (q) => q.flushHeaders() });
  assert.equal(r.status, 413);
  assert.equal(seen.length, n);
});

test('Expect: 100-continue, and a body in drops', async () => {
  const bytes = randomBytes(400_000);
  const r = await send('PUT', '/raw/expect', bytes, { headers: { Expect: '100-continue' }, write: (q) => q.on('continue', () => q.end(bytes)).flushHeaders() });
  assert.equal(r.status, 200, r.text);
  assert.equal(seen.at(-1).sha, sha(bytes));
  for (const chunked of [false, true]) {
    const drops = await send('PUT', '/raw/drops', bytes, { chunked, write: async (q) => { for (let i = 0; i < bytes.length; i += 40_000) { q.write(bytes.subarray(i, i + 40_000)); await sleep(10); } q.end(); } });
    assert.equal(drops.status, 200, drops.text);
    assert.equal(seen.at(-1).sha, sha(bytes));
  }
});

test('who was kept waiting for the API, not it for him, is not too slow', async () => {
  const bytes = randomBytes(400_000), to = (at, o) => send('PUT', `line/test/raw/${at}`, bytes, o);
  const hold = to('hold'), waits = to('turn', { chunked: true, write: async (q) => { q.write(bytes.subarray(0, 262_200)); await sleep(2800); q.end(bytes.subarray(262_200)); } });
  assert.deepEqual((await Promise.all([hold, waits])).map((r) => r.status), [200, 200]);
  assert.equal(seen.at(-1).sha, sha(bytes));
  const slow = await send('PUT', '/raw/slow', bytes, { chunked: true, write: async (q) => { q.write(bytes.subarray(0, 300_000)); for (let i = 0; i < 30; i++) { await sleep(100); q.write('x'); } } }).catch((e) => ({ status: e.code }));
  assert.equal(slow.status, 408, 'who sends a byte at a time is');
});

test('a client, or the API, that breaks off in the middle: nothing whole, nothing left over', async () => {
  const n = seen.length, big = randomBytes(3 * MB);
  for (const chunked of [false, true]) await send('PUT', '/raw/cut', big, { chunked, write: (q) => { q.on('error', () => {}); q.write(big.subarray(0, MB)); setTimeout(() => q.destroy(), 150); } }).catch(() => null);
  const socket = net.connect(server.port, '127.0.0.1');
  let said = '';
  socket.on('data', (d) => { said += d; }).on('error', () => {});
  socket.write(`PUT /rest/box/test/raw/bad HTTP/1.1\r\nHost: ${server.address}\r\nAuthorization: Bearer ${keys.all}\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n`);
  for (let i = 0; i < 10; i++) socket.write(`10000\r\n${'x'.repeat(65536)}\r\n`);
  socket.write('no number\r\n');
  await new Promise((resolve) => { socket.on('close', resolve); });
  assert.match(said, /^HTTP\/1.1 400/);
  await sleep(200);
  assert.equal(seen.length, n, 'half a body is none');
  cut = MB;
  const r = await send('PUT', '/raw/gone', big);
  cut = 0;
  assert.equal(r.status, 502, r.text);
  const again = await send('PUT', '/raw/gone', big);
  assert.equal(again.status, 429, 'nobody knows whether it was carried out');
  const longer = Buffer.concat([big, Buffer.from('x')]);
  assert.equal((await send('PUT', '/raw/gone', longer)).status, 200, 'another length is another write');
  assert.equal((await send('PUT', '/raw/gone', big, { headers: { 'Idempotency-Key': 'mine' } })).status, 200);
});

test('an API that answers while the body still comes is heard', async () => {
  const big = randomBytes(30 * MB);
  for (const status of [413, 401, 503]) {
    early = status;
    for (const chunked of [false, true]) {
      const r = await send('PUT', '/raw/early', big, { chunked }).catch((e) => ({ status: e.code }));
      assert.equal(r.status, status, JSON.stringify(r));
      assert.match(r.text, /too much/);
    }
  }
  early = 0;
  assert.equal((await send('PUT', '/raw/after', randomBytes(MB))).status, 200);
});

test('the audit knows what was sent: one byte makes another number, of the same length too', async () => {
  const bytes = randomBytes(MB), other = Buffer.from(bytes);
  other[MB - 1] ^= 1;
  for (const b of [bytes, bytes, other]) assert.equal((await send('PUT', '/keyed/a', b)).status, 200);
  let lines = [];
  for (let i = 0; i < 50 && lines.length < 3; i++, await sleep(100)) lines = (await audited()).filter((l) => l.operation === 'send_keyed').slice(-3);
  const args = lines.map((l) => l.args);
  assert.ok(args[0] && args[0] === args[1] && args[0] !== args[2], JSON.stringify(lines));
  assert.ok(lines.every((l) => l.outcome === 'done' && l.status === 200));
});

test('50 MB come back without a secret, in constant memory', async () => {
  await send('GET', '/raw/warm');
  const before = server.rss(), r = await send('GET', '/raw/x');
  assert.equal(r.status, 200);
  assert.ok(r.size > 50 * MB, `${r.size}`);
  assert.ok(!r.text.includes(TOKEN) && r.text.includes('[redacted]'));
  assert.ok(server.rss() < before + 3000, `${before} to ${server.rss()} KB`);
});

test('sixteen at once do not mix', async () => {
  const all = await Promise.all([...Array(16).keys()].map(async (i) => { const b = Buffer.alloc(MB, i + 1); return [i, sha(b), await send('PUT', `/raw/n${i}`, b, { chunked: i % 2 === 0 })]; }));
  for (const [i, want, r] of all) {
    assert.equal(r.status, 200, r.text);
    assert.equal(seen.findLast((s) => s.target === `/raw/n${i}`).sha, want);
  }
});
