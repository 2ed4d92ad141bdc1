// The hostile upstream of ../shared/data/upstream, certificates for it, and a name server of ours that answers badly.
import { execFileSync, spawn } from 'node:child_process';
import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { shared, top } from './programs.mjs';
import { freePort } from './server.mjs';

export const evilDocument = path.join(top, 'tests/upstreams/evil/openapi.json');

const listens = (port) => new Promise((resolve) => {
  const c = net.connect(port, '127.0.0.1', () => { c.destroy(); resolve(true); });
  c.on('error', () => resolve(false));
});

// requests: what it got, in order. On the same port again after stop() when port is given.
export async function startEvil({ tls, port } = {}) {
  port ??= await freePort();
  const p = spawn('python3', [path.join(shared, 'data/upstream/evil_upstream.py'), String(port), ...(tls ? ['--tls', tls.cert, tls.key] : [])], { stdio: ['ignore', 'pipe', 'inherit'] });
  const self = { port, url: `${tls ? 'https://localhost' : 'http://127.0.0.1'}:${port}`, requests: [] };
  let rest = '';
  p.stdout.on('data', (d) => {
    const lines = (rest + d).split('\n');
    rest = lines.pop();
    for (const l of lines) self.requests.push(JSON.parse(l));
  });
  const ended = new Promise((resolve) => { p.on('exit', resolve); });
  process.on('exit', () => p.kill('SIGKILL'));
  self.stop = () => { p.kill('SIGKILL'); return ended; };
  // What it tells comes through a pipe, later than its answers: resolves when all of it is in requests.
  self.told = async () => {
    const mark = `/told-${Math.random()}`;
    await new Promise((resolve) => { net.connect(port, '127.0.0.1').on('error', resolve).on('close', resolve).end(`GET ${mark} HTTP/1.1\r\nConnection: close\r\n\r\n`).resume(); });
    let at;
    for (let i = 0; i < 200 && (at = self.requests.findIndex((q) => q.target === mark)) < 0; i++) await sleep(10);
    if (at >= 0) self.requests.splice(at, 1);
  };
  for (let i = 0; ; i++) {
    if (await listens(port)) return self;
    if (i > 100) throw new Error('evil_upstream.py does not listen');
    await sleep(50);
  }
}

// A certificate authority in dir: make(name, { cn, san, ext, from, to, self, rsa: bits, md, under }) gives { cert, key }
// paths; ext: more lines of extensions; under: how many authorities stand between.
export function authority(dir) {
  const ssl = (...args) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  ssl('req', '-x509', ...ec, '-days', '30', '-subj', '/CN=tests CA', '-keyout', 'ca.key', '-out', 'ca.pem');
  fs.writeFileSync(path.join(dir, 'index'), '');
  fs.writeFileSync(path.join(dir, 'serial'), '1000');
  fs.writeFileSync(path.join(dir, 'ca.cnf'), '[ca]\ndefault_ca=x\n[x]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n');
  return {
    ca: path.join(dir, 'ca.pem'),
    make(name, { cn = name, san = 'DNS:localhost', ext = '', from = '20250101000000Z', to = '20450101000000Z', self = false, rsa, md = 'sha256', under = 0 } = {}) {
      const kind = rsa ? ['-newkey', `rsa:${rsa}`, '-nodes'] : ec;
      const sign = (file, issuer, extensions) => {
        fs.writeFileSync(path.join(dir, `${file}.ext`), extensions);
        ssl('ca', '-config', 'ca.cnf', '-batch', '-notext', '-in', `${file}.csr`, '-md', md, '-cert', `${issuer}.pem`, '-keyfile', `${issuer}.key`, '-startdate', from, '-enddate', to, '-extfile', `${file}.ext`, '-out', `${file}.pem`);
      };
      if (self) ssl('req', '-x509', ...kind, '-days', '30', '-subj', `/CN=${cn}`, '-addext', `subjectAltName=${san}`, '-keyout', `${name}.key`, '-out', `${name}.pem`);
      else {
        let issuer = 'ca', rest = '';
        for (let i = 0; i < under; i++) {
          const middle = `${name}-${i}`;
          ssl('req', ...ec, '-subj', `/CN=${middle}`, '-keyout', `${middle}.key`, '-out', `${middle}.csr`);
          sign(middle, issuer, 'basicConstraints=critical,CA:TRUE\n');
          rest = fs.readFileSync(path.join(dir, `${middle}.pem`), 'utf8') + rest;
          issuer = middle;
        }
        ssl('req', ...kind, '-subj', `/CN=${cn}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
        sign(name, issuer, (san ? `subjectAltName=${san}\n` : 'basicConstraints=CA:FALSE\n') + ext);
        fs.appendFileSync(path.join(dir, `${name}.pem`), rest);
      }
      return { cert: path.join(dir, `${name}.pem`), key: path.join(dir, `${name}.key`) };
    },
  };
}

// `openssl s_server` with options: what a Python server cannot be made to do. seen(): what it was sent behind the handshake.
export async function startOpenssl({ cert, key }, options) {
  const port = await freePort();
  const p = spawn('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', cert, '-cert_chain', cert, '-key', key, '-quiet', ...options], { stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '', err = '', over = false;
  p.stdout.on('data', (d) => { out += d; });
  p.stderr.on('data', (d) => { err += d; });
  p.on('exit', () => { over = true; });
  process.on('exit', () => p.kill('SIGKILL'));
  for (let i = 0; !(await listens(port)); i++) {
    if (over || i > 100) throw new Error(`openssl s_server does not listen: ${err}`);
    await sleep(50);
  }
  return { url: `https://localhost:${port}`, seen: () => out, stop: () => p.kill('SIGKILL') };
}

// A name server on 127.0.0.77:53 whose answers the test chooses: answer(name, type, query) gives packets to send, each
// after its delay, or null for none. Needs root; resolves with null without.
export async function startNames(answer) {
  const s = dgram.createSocket('udp4');
  const self = { queries: [], stop: () => new Promise((resolve) => { s.close(resolve); }) };
  s.on('message', async (q, from) => {
    const labels = [];
    let at = 12;
    while (q[at]) { labels.push(q.subarray(at + 1, at + 1 + q[at]).toString('latin1')); at += q[at] + 1; }
    const name = labels.join('.').toLowerCase(), type = q.readUInt16BE(at + 1);
    self.queries.push({ name, type, id: q.readUInt16BE(0), port: from.port });
    for (const one of answer(name, type, q, at + 5) ?? []) {
      const { packet, after = 0 } = Buffer.isBuffer(one) ? { packet: one } : one;
      if (after) await sleep(after);
      try { s.send(packet, from.port, from.address); } catch { /* closed */ }
    }
  });
  return new Promise((resolve) => {
    s.on('error', () => resolve(null));
    s.bind(53, '127.0.0.77', () => resolve(self));
  });
}

// A reply to query q (whose question ends at `end`): records are ready-made resource records.
export function dnsReply(q, end, records, { rcode = 0, id, tc = 0, count, question } = {}) {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(id ?? q.readUInt16BE(0), 0);
  head.writeUInt16BE(0x8180 | rcode | (tc ? 0x200 : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(count ?? records.length, 6);
  return Buffer.concat([head, question ?? q.subarray(12, end), ...records]);
}
export function dnsRecord(type, data, { name = Buffer.from([0xc0, 12]), ttl = 60 } = {}) {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([name, fixed, data]);
}
export const dnsName = (name) => Buffer.concat([...name.split('.').map((l) => Buffer.concat([Buffer.from([l.length]), Buffer.from(l)])), Buffer.from([0])]);
