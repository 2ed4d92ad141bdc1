// Preload for Node programs: servers listen on loopback only, connections go to loopback only, and requests to
// FENCE_ORIGIN carry FENCE_TOKEN as a bearer token (the conformance tool has no option for one).
const net = require('node:net');
const http = require('node:http');
const channel = require('node:diagnostics_channel');

const loopback = (host) => host == null || host === '' || host === 'localhost' || host === '::1' || /^127\./.test(host);

const listen = net.Server.prototype._listen2; // the synchronous step, so that address() right after listen(0) works
net.Server.prototype._listen2 = function (address, port, type, ...rest) {
  const open = typeof port === 'number' && port >= 0 && (address == null || address === '::' || address === '0.0.0.0');
  return open ? listen.call(this, '127.0.0.1', port, 4, ...rest) : listen.call(this, address, port, type, ...rest);
};

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const o = Array.isArray(args[0]) ? args[0][0] : args[0];
  const host = o !== null && typeof o === 'object' ? o.host : typeof args[1] === 'string' ? args[1] : undefined;
  if (!(o && o.path) && !loopback(host)) {
    process.nextTick(() => this.destroy(new Error(`fence: ${host} is not loopback`)));
    return this;
  }
  return connect.apply(this, args);
};

const token = process.env.FENCE_TOKEN;
const origin = process.env.FENCE_ORIGIN && new URL(process.env.FENCE_ORIGIN);
if (token && origin) {
  const ours = (to) => {
    try {
      const u = new URL(String(to));
      return u.port === origin.port && loopback(u.hostname);
    } catch { return false; }
  };
  channel.subscribe('undici:request:create', ({ request }) => {
    const has = Array.isArray(request.headers) && request.headers.some((h, i) => i % 2 === 0 && /^authorization$/i.test(String(h)));
    if (ours(request.origin) && !has) request.addHeader('authorization', `Bearer ${token}`);
  });
  const request = http.request;
  http.request = function (...args) {
    const r = request.apply(this, args);
    if (ours(`http://${r.host}:${r.port ?? origin.port}`) && !r.getHeader('authorization')) r.setHeader('authorization', `Bearer ${token}`);
    return r;
  };
}
