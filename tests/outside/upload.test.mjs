// Files that do not pass through the model: a tool answers with a link, the bytes are sent there, and the API gets the
// request that the tool would have made. Judged by what arrives.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { tempDir } from './lib/programs.mjs';
import { caller } from './lib/rpc.mjs';
import { startServer } from './lib/server.mjs';

const TOKEN = 'upload-secret-0001';
const ok = { 200: { description: 'ok' } };
const file = { type: 'string', format: 'binary' };
const document = {
  openapi: '3.0.3', info: { title: 'Files', version: '1' }, servers: [{ url: 'http://files.test' }],
  paths: {
    '/parts': { post: { operationId: 'send_parts', requestBody: { required: true, content: { 'multipart/form-data': { schema: { type: 'object', required: ['file'], properties: { file, other: file, note: { type: 'string' } } } } } }, responses: ok } },
    '/raw/{name}': { put: { operationId: 'send_raw', parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }], requestBody: { required: true, content: { 'application/octet-stream': { schema: file } } }, responses: ok } },
    '/gone': { delete: { operationId: 'delete_by', requestBody: { content: { 'multipart/form-data': { schema: { type: 'object', properties: { file } } } } }, responses: ok } },
  },
};
let api, seen, status, server, call, temp;

before(async () => {
  temp = tempDir('upload');
  const doc = path.join(temp.dir, 'files.json');
  fs.writeFileSync(doc, JSON.stringify(document));
  seen = [];
  status = 200;
  api = http.createServer(async (q, s) => {
    const chunks = [];
    try { for await (const c of q) chunks.push(c); } catch { return; } // the gate gave it up
    seen.push({ method: q.method, target: q.url, headers: q.headers, body: Buffer.concat(chunks) });
    s.writeHead(status, { 'Content-Type': 'application/json' });
    s.end(JSON.stringify({ id: 7, size: seen.at(-1).body.length, said: q.headers.authorization, client_secret: 'members-called-so' }));
  });
  await new Promise((resolve) => { api.listen(0, '127.0.0.1', resolve); });
  server = await startServer({ env: { TOKEN }, apis: [{ name: 'box', document: doc, environments: [{ name: 'test', base_url: `http://127.0.0.1:${api.address().port}`, credential_from: 'env:TOKEN' }] }] });
  call = caller(server, { key: await server.key('u') });
});
after(async () => {
  const code = await server?.stop();
  api?.closeAllConnections();
  api?.close();
  temp?.remove();
  assert.equal(code ?? 0, 0);
});

const link = (r) => /PUT to (\S+\/files\/[0-9a-f]{32})/.exec(r.text)?.[1];
async function slot(tool, args, who = call) {
  const n = seen.length, r = await who.tool(tool, args);
  assert.equal(r.isError, false, r.text);
  assert.equal(seen.length, n, 'nothing is sent yet');
  assert.ok(link(r), r.text);
  return link(r);
}
const put = async (url, body, type) => {
  const r = await fetch(url, { method: 'PUT', body, headers: type ? { 'Content-Type': type } : {} });
  return { status: r.status, headers: r.headers, text: await r.text() };
};

test('a part of a form: name, type and every byte', async () => {
  const bytes = randomBytes(200_000), url = await slot('send_parts', { note: 'ä', file: 'upload:a "b".png' });
  const r = await put(url, bytes, 'image/png');
  assert.equal(r.status, 200, r.text);
  const got = seen.at(-1);
  assert.equal(got.headers.authorization, `Bearer ${TOKEN}`);
  const form = await new Response(got.body, { headers: { 'Content-Type': got.headers['content-type'] } }).formData();
  const part = form.get('file');
  assert.equal(form.get('note'), 'ä');
  assert.equal(part.type, 'image/png');
  assert.match(part.name, /^a (%22|")b(%22|")\.png$/);
  assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes));
  assert.equal(JSON.parse(r.text).id, 7);
  assert.ok(!r.text.includes(TOKEN) && !r.text.includes('members-called-so'), r.text);
  assert.equal(r.headers.get('x-content-type-options'), 'nosniff');
  assert.equal((await put(url, bytes)).status, 404, 'once');
});

test('a body that is the file', async () => {
  const bytes = randomBytes(5000);
  assert.equal((await put(await slot('send_raw', { name: 'x y', body: 'upload:x' }), bytes, 'image/gif')).status, 200);
  assert.equal(seen.at(-1).target, '/raw/x%20y');
  assert.ok(seen.at(-1).body.equals(bytes));
  assert.equal((await put(await slot('send_raw', { name: 'e', body: 'upload:' }), new Uint8Array(0))).status, 200);
  assert.equal(seen.at(-1).body.length, 0);
});

test('what is wrong is told before a link is given', async () => {
  const n = seen.length;
  for (const [tool, args, why] of [['send_parts', { file: 'upload:a', other: 'upload:b' }, /base64/], ['send_raw', { body: 'upload:a' }, /name/], ['delete_by', { file: 'upload:a' }, /confirmed or approved/]]) {
    const r = await call.tool(tool, args);
    assert.equal(r.isError, true, r.text);
    assert.match(r.text, why);
    assert.equal(link(r), undefined);
  }
  assert.equal(seen.length, n);
});

// A PUT whose head promises n bytes and whose body is what write makes of the socket: { status, text }.
const sized = (url, n, write = () => {}) => new Promise((resolve, reject) => {
  const q = http.request(url, { method: 'PUT', headers: { 'Content-Length': n, 'Content-Type': 'image/png' } }, (r) => {
    let text = '';
    r.on('data', (d) => { text += d; }).on('end', () => resolve({ status: r.statusCode, text }));
  }).on('error', reject);
  q.flushHeaders();
  write(q);
});
const memory = () => Math.max(...fs.readdirSync('/proc').filter((p) => /^\d+$/.test(p)).map((p) => { try {
  const s = fs.readFileSync(`/proc/${p}/status`, 'utf8');
  return Number(/PPid:\s+(\d+)/.exec(s)[1]) === server.pid ? Number(/VmRSS:\s+(\d+)/.exec(s)[1]) : 0; } catch { return 0; } }));

test('a large file is passed on as it comes: part of a form, whole body', async () => {
  const bytes = randomBytes(20_000_000);
  const before = memory();
  const one = await put(await slot('send_raw', { name: 'large', body: 'upload:x' }), bytes, 'image/png');
  assert.equal(one.status, 200, one.text);
  assert.ok(seen.at(-1).body.equals(bytes));
  assert.equal(seen.at(-1).headers.authorization, `Bearer ${TOKEN}`);
  const two = await put(await slot('send_parts', { file: 'upload:a.png', note: 'behind or before' }), bytes, 'image/png');
  assert.equal(two.status, 200, two.text);
  const got = seen.at(-1), form = await new Response(got.body, { headers: { 'Content-Type': got.headers['content-type'] } }).formData();
  assert.equal(form.get('note'), 'behind or before');
  assert.equal(form.get('file').name, 'a.png');
  assert.ok(Buffer.from(await form.get('file').arrayBuffer()).equals(bytes));
  assert.ok(memory() < before + 4000, `nothing of it is held: ${before} to ${memory()} KB`);
});

test('a large file that comes in drops, one that stops, one beside small calls', async () => {
  const bytes = randomBytes(700_000), url = await slot('send_raw', { name: 'drops', body: 'upload:x' });
  const slow = sized(url, bytes.length, async (q) => {
    for (let at = 0; at < bytes.length; at += 50_000) { q.write(bytes.subarray(at, at + 50_000)); await new Promise((r) => { setTimeout(r, 30); }); }
    q.end();
  });
  const n = (await put(await slot('send_raw', { name: 'small', body: 'upload:x' }).catch(() => null) ?? url, 'x')).status;
  assert.ok([200, 404].includes(n));
  const r = await slow;
  assert.equal(r.status, 200, r.text);
  assert.ok(seen.some((s) => s.body.equals(bytes)));
  const before = seen.length, cut = await slot('send_raw', { name: 'cut', body: 'upload:x' });
  await sized(cut, 900_000, (q) => { q.write(bytes); setTimeout(() => q.destroy(), 100); }).catch(() => null);
  await new Promise((done) => { setTimeout(done, 300); });
  assert.equal(seen.length, before, 'half a file is none');
  assert.equal((await put(cut, 'x')).status, 404);
  assert.equal((await put(await slot('send_raw', { name: 'after', body: 'upload:x' }), 'fine')).status, 200);
});

test('limits: too large, another method, a link of nobody, a key that is gone', async () => {
  const url = await slot('send_raw', { name: 'big', body: 'upload:x' }), n = seen.length;
  assert.equal((await sized(url, 300 * 1024 * 1024)).status, 413);
  assert.equal((await fetch(url)).status, 404, 'it is no download');
  assert.equal((await put(url.replace(/.{32}$/, '0'.repeat(32)), 'x')).status, 404);
  assert.equal(seen.length, n);
  assert.equal((await put(url, 'small')).status, 200, 'it is still good');
  const other = caller(server, { key: await server.key('brief') });
  const late = await slot('send_raw', { name: 'late', body: 'upload:x' }, other);
  await server.revoke('brief');
  assert.equal((await put(late, 'x')).status, 404);
  assert.equal(seen.length, n + 1);
});

test('many at once do not mix, and one link is good once', async () => {
  const links = [];
  for (let i = 0; i < 8; i++) links.push(await slot('send_raw', { name: `n${i}`, body: 'upload:x' }));
  const n = seen.length;
  const all = await Promise.all(links.flatMap((url, i) => [put(url, `bytes ${i}`), put(url, `bytes ${i}`)]));
  assert.equal(all.filter((r) => r.status === 200).length, 8);
  assert.equal(all.filter((r) => r.status === 404).length, 8);
  for (const q of seen.slice(n)) assert.equal(`n${/\d$/.exec(q.body.toString())[0]}`, q.target.split('/').pop());
});

test('what the API says against it reaches whoever sends', async () => {
  status = 422;
  const r = await put(await slot('send_raw', { name: 'no', body: 'upload:x' }), 'x');
  status = 200;
  assert.equal(r.status, 502);
  assert.equal(JSON.parse(r.text).id, 7);
});
