// HTTP/1.1 by hand, for what fetch will not send: any Host, repeated or odd headers, broken bytes, half requests.
import net from 'node:net';

// Takes whole responses off the front of buf: [{ status, headers, body }], 1xx left out. Header names are lower-cased;
// a header that comes twice is joined with a comma. closed: the peer has ended, so a body without a length is whole.
export function parseResponses(buf, { closed = false, head = false } = {}) {
  const found = [];
  let at = 0;
  for (;;) {
    const end = buf.indexOf('\r\n\r\n', at);
    if (end < 0) break;
    const lines = buf.subarray(at, end).toString('latin1').split('\r\n');
    const m = /^HTTP\/1\.[01] (\d{3})/.exec(lines[0]);
    if (!m) throw new Error(`not a status line: ${lines[0].slice(0, 80)}`);
    const headers = {};
    for (const l of lines.slice(1)) {
      const i = l.indexOf(':');
      const k = l.slice(0, i).toLowerCase(), v = l.slice(i + 1).trim();
      headers[k] = k in headers ? `${headers[k]}, ${v}` : v;
    }
    const status = Number(m[1]);
    let next = end + 4, body = Buffer.alloc(0), whole = true;
    if (status >= 200 && status !== 204 && status !== 304 && !head) {
      if (/chunked/i.test(headers['transfer-encoding'] ?? '')) {
        const parts = [];
        for (whole = false; ;) {
          const e = buf.indexOf('\r\n', next);
          if (e < 0) break;
          const n = parseInt(buf.subarray(next, e).toString('latin1'), 16);
          if (buf.length < e + 2 + n + 2) { if (n > 0) parts.push(buf.subarray(e + 2, Math.min(buf.length, e + 2 + n))); break; }
          if (n > 0) parts.push(buf.subarray(e + 2, e + 2 + n));
          next = e + 2 + n + 2;
          if (n === 0) { whole = true; break; }
        }
        body = Buffer.concat(parts);
      } else if ('content-length' in headers) {
        const n = Number(headers['content-length']);
        body = buf.subarray(next, next + n);
        whole = body.length === n;
        next += n;
      } else {
        body = buf.subarray(next);
        next = buf.length;
        whole = closed;
      }
    }
    const r = { status, headers, body: body.toString('utf8'), whole };
    if (!whole) { found.partial = r; break; }
    at = next;
    if (status >= 200) found.push(r);
  }
  found.rest = buf.subarray(at);
  return found;
}

// Sends bytes on a new connection and resolves with { responses, closed, bytes } after `want` whole responses, after the
// peer closed, or after `idle` ms without a byte.
export function rawExchange(port, bytes, { want = 1, idle = 3000, head = false } = {}) {
  return new Promise((resolve, reject) => {
    const s = net.connect(port, '127.0.0.1');
    let got = Buffer.alloc(0), closed = false;
    const done = () => {
      s.destroy();
      try { resolve({ responses: parseResponses(got, { closed, head }), closed, bytes: got }); } catch (e) { reject(e); }
    };
    // In pieces, reading between them: a refusal in the middle of a large request must be seen before a write fails.
    const send = (at) => {
      if (at >= bytes.length || s.destroyed) return;
      s.write(bytes.subarray(at, at + 65536), () => setImmediate(send, at + 65536));
    };
    s.setTimeout(idle, done);
    s.on('connect', () => send(0));
    s.on('data', (d) => {
      got = Buffer.concat([got, d]);
      try { if (parseResponses(got, { head }).length >= want) done(); } catch (e) { s.destroy(); reject(e); }
    });
    s.on('end', () => { closed = true; done(); });
    s.on('error', (e) => { if (got.length || e.code === 'ECONNRESET') { closed = true; done(); } else reject(e); });
  });
}

// Header lines as [name, value] pairs, exactly as given and in that order; Content-Length is added unless there is one.
export function requestBytes({ method = 'GET', path = '/', host = 'localhost', headers = [], body }) {
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  const has = (k) => pairs.some(([n]) => n.toLowerCase() === k);
  let head = `${method} ${path} HTTP/1.1\r\n`;
  if (!has('host') && host !== null) head += `Host: ${host}\r\n`;
  for (const [k, v] of pairs) head += `${k}: ${v}\r\n`;
  const data = body === undefined ? Buffer.alloc(0) : Buffer.isBuffer(body) ? body : Buffer.from(body);
  if (body !== undefined && !has('content-length') && !has('transfer-encoding')) head += `Content-Length: ${data.length}\r\n`;
  return Buffer.concat([Buffer.from(head + '\r\n', 'latin1'), data]);
}

// One request, one response; rejects when none comes.
export async function rawRequest(port, { timeout = 5000, ...request }) {
  const { responses, closed } = await rawExchange(port, requestBytes(request), { idle: timeout, head: request.method === 'HEAD' });
  if (!responses.length) throw new Error(`no whole response${responses.partial ? ` (began with ${responses.partial.status})` : ''}: ${closed ? 'the connection was closed' : `nothing for ${timeout} ms`}`);
  return responses[0];
}

// n connections that stay open. fire: the same request on all of them in one go; resolves with their n answers, each
// { status, headers, body, json }.
export class Volley {
  constructor(port, n) { Object.assign(this, { port, n }); }
  async open() {
    this.guns = await Promise.all(Array.from({ length: this.n }, () => new Promise((resolve, reject) => {
      const s = net.connect({ port: this.port, host: '127.0.0.1', noDelay: true }), gun = { s, got: Buffer.alloc(0) };
      s.on('connect', () => resolve(gun));
      s.on('error', (e) => { reject(e); gun.fail?.(e); });
      s.on('close', () => gun.fail?.(new Error('closed')));
      s.on('data', (d) => {
        gun.got = Buffer.concat([gun.got, d]);
        const r = parseResponses(gun.got);
        if (!r.length) return;
        gun.got = Buffer.from(r.rest);
        try { r[0].json = JSON.parse(r[0].body); } catch { /* no JSON */ }
        gun.done(r[0]);
      });
    })));
    return this;
  }
  fire(request) {
    const bytes = requestBytes(request);
    return Promise.all(this.guns.map((gun) => new Promise((resolve, reject) => { gun.done = resolve; gun.fail = reject; gun.s.write(bytes); })));
  }
  close() { for (const g of this.guns ?? []) { g.fail = undefined; g.s.destroy(); } }
}
