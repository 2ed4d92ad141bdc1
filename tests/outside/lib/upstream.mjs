// A small REST API on loopback, described by tests/upstreams/echo/openapi.json: it answers what it was asked, and keeps
// every request as it came over the wire. An upstream to put the gate in front of, never a stand-in for the gate.
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { top } from './programs.mjs';

export const echoDocument = path.join(top, 'tests/upstreams/echo/openapi.json');

export async function startUpstream() {
  const seen = [];
  const open = new Set();
  const self = { seen, cancelled: 0, texts: {} };
  const server = http.createServer(async (q, s) => {
    const chunks = [];
    for await (const c of q) chunks.push(c);
    const url = new URL(q.url, 'http://upstream');
    const entry = { method: q.method, target: q.url, rawHeaders: q.rawHeaders, headers: q.headers, query: url.searchParams, body: Buffer.concat(chunks).toString() };
    seen.push(entry);
    s.on('close', () => { entry.done = true; if (!s.writableFinished) { self.cancelled++; entry.cancelled = true; } });
    const json = (status, v) => {
      const b = Buffer.from(JSON.stringify(v));
      s.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': b.length });
      s.end(b);
    };
    const other = self.answer?.(entry, s); // a test answers itself
    if (other) return;
    const [, first, second] = url.pathname.split('/');
    if (first === 'items') return json(200, { path: q.url, id: decodeURIComponent(second ?? ''), query: [...url.searchParams] });
    if (first === 'echo') await sleep(Number(/"text":"wait (\d+)"/.exec(entry.body)?.[1] ?? 0));
    if (first === 'echo') return json(200, { got: entry.body, query: [...url.searchParams], trace: q.headers['x-trace'] ?? null });
    if (first === 'slow') { await sleep(Number(url.searchParams.get('ms') ?? 1000)); return json(200, { slept: url.searchParams.get('ms') }); }
    if (first === 'text') {
      const b = Buffer.from(self.texts[second] ?? '');
      s.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': b.length });
      return s.end(b);
    }
    if (first === 'fail') { s.writeHead(500, { 'Content-Type': 'text/html' }); return s.end('<html><pre>Traceback: secret-in-a-stack-trace</pre></html>'); }
    return json(404, { error: 'not found' });
  });
  server.on('connection', (c) => { open.add(c); c.on('close', () => open.delete(c)); });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  self.url = `http://127.0.0.1:${server.address().port}`;
  self.stop = () => new Promise((resolve) => { server.close(resolve); for (const c of open) c.destroy(); });
  return self;
}
