// An upstream that remembers what was destroyed: things with a version each, some of them with an ETag. Beside it the
// document, and a server in front of it that can be killed and started again on the same data.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { binary, groupEnds, startServer } from './server.mjs';
import { rawRequest } from './raw.mjs';
import { tempDir } from './programs.mjs';

const id = { name: 'id', in: 'path', required: true, schema: { type: 'integer' } };
const op = (operationId, more = {}) => ({ operationId, parameters: [id], responses: { 200: { description: 'ok' } }, ...more });
const body = { content: { 'application/json': { schema: { type: 'object', properties: { name: { type: 'string' }, note: { type: 'object', additionalProperties: true } } } } } };
export const document = {
  openapi: '3.0.3', info: { title: 'Things', version: '1' },
  paths: {
    '/things/{id}': { get: op('get_thing'), put: op('put_thing', { requestBody: body }), delete: op('delete_thing', { requestBody: body }) },
    '/tagged/{id}': { get: op('get_tagged'), delete: op('delete_tagged') },
    '/blind/{id}': { delete: op('delete_blind') },
    '/people/{id}': { get: op('get_person'), delete: op('delete_person') },
  },
};

// deleted: one entry for each DELETE that was carried out. touch(id): the thing changes. hang: reads get no answer;
// look: what they wait for, a promise; waiting: those whose connection is still there.
export async function startThings() {
  const versions = new Map();
  const self = { deleted: [], seen: [], versions, touch: (n) => versions.set(n, (versions.get(n) ?? 1) + 1), delay: 0, look: null, hang: false, waiting: 0 };
  const server = http.createServer(async (q, s) => {
    const chunks = [];
    for await (const c of q) chunks.push(c);
    const [, kind, n] = q.url.split('?')[0].split('/'), version = versions.get(Number(n)) ?? 1, tag = `"${kind}-${version}"`;
    self.seen.push({ method: q.method, url: q.url, headers: q.headers, body: Buffer.concat(chunks).toString() });
    const json = (status, v) => { s.writeHead(status, { 'Content-Type': 'application/json', ...(kind === 'tagged' ? { ETag: tag } : {}) }); s.end(JSON.stringify(v)); };
    if (q.method === 'GET' && self.hang) { self.waiting++; s.on('close', () => { self.waiting--; }); return; }
    if (q.method === 'GET' && self.look) await self.look;
    if (q.method === 'GET') return json(200, { id: Number(n), name: `${kind} ${n}`, version, seen: kind === 'tagged' ? Math.random() : 0 });
    if (q.method === 'DELETE') {
      if (self.delay) await sleep(self.delay);
      if (q.headers['if-match'] && q.headers['if-match'] !== tag) return json(412, { error: 'changed' });
      self.deleted.push(`${kind}/${n}`);
      return json(200, { deleted: Number(n) });
    }
    return json(200, { ok: true });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  self.url = `http://127.0.0.1:${server.address().port}`;
  self.count = (what) => self.deleted.filter((d) => d === what).length;
  self.stop = () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); });
  return self;
}

// A server in front of it. again(): started anew on the same data, after kill(signal).
export async function startGate(things, { options = {}, extra = '', api = {} } = {}) {
  const { dir, remove } = tempDir('things');
  const file = path.join(dir, 'things.json');
  fs.writeFileSync(file, JSON.stringify(document));
  const server = await startServer({
    apis: [{ name: 'things', document: file, options: api, environments: [{ name: 'sandbox', base_url: things.url }, { name: 'production', base_url: things.url }] }],
    server: options, extra,
  });
  let p = null;
  const self = Object.assign(Object.create(server), {
    kill: async (signal) => { const { pid } = p ?? server; try { process.kill(-pid, signal); } catch { /* gone */ } await groupEnds(pid); },
    again: async () => {
      p = spawn(binary, ['serve', '-c', server.config], { stdio: 'ignore', detached: true });
      process.on('exit', () => { try { process.kill(-p.pid, 'SIGKILL'); } catch { /* gone */ } });
      for (let i = 0; i < 300; i++) {
        const r = await rawRequest(server.port, { path: '/readyz', host: server.host, timeout: 1000 }).catch(() => null);
        if (r?.status === 200) return;
        await sleep(50);
      }
      throw new Error('not ready again');
    },
    end: async () => { if (p) await self.kill('SIGKILL'); const code = await server.stop(); remove(); return code; },
  });
  return self;
}
