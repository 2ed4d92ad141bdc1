// A browser as far as forms need one: cookies, redirects not followed, the csrf field of the page last seen.
import crypto from 'node:crypto';
import { rawRequest } from './raw.mjs';

export function browser(server) {
  let cookie = '', csrf = '';
  const self = {
    csrf: () => csrf,
    async get(path) { return self.send('GET', path); },
    // fields: the form as filled in (a list: the field several times); csrf comes along unless it is given.
    async post(path, fields = {}) { return self.send('POST', path, new URLSearchParams(Object.entries({ csrf, ...fields }).flatMap(([k, v]) => [v].flat().map((one) => [k, one]))).toString()); },
    async send(method, path, body) {
      const headers = [...(cookie ? [['Cookie', cookie]] : []), ...(body === undefined ? [] : [['Content-Type', 'application/x-www-form-urlencoded']])];
      const r = await rawRequest(server.port, { method, path, host: server.host, headers, body, timeout: 20000 });
      const set = /^([^=]+=[^;]*)/.exec([r.headers['set-cookie']].flat()[0] ?? '');
      if (set) cookie = set[1];
      csrf = /name="csrf" value="([^"]+)"/.exec(r.body)?.[1] ?? csrf;
      return r;
    },
    async login(name, password) {
      const r = await self.post('/login', { name, password, next: '/account' });
      if (r.status !== 303) throw new Error(`login of ${name}: HTTP ${r.status} ${r.body.slice(0, 300)}`);
      await self.get('/account');
      return self;
    },
  };
  return self;
}

// The code of an authenticator app now, or `later` time steps from now.
export const totp = (secret, later = 0) => {
  const bits = [...secret].map((c) => 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + later));
  const mac = crypto.createHmac('sha1', key).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1000000).padStart(6, '0');
};
