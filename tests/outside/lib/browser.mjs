// A browser as far as forms need one: cookies, redirects not followed, the csrf field of the page last seen.
import { rawRequest } from './raw.mjs';

export function browser(server) {
  let cookie = '', csrf = '';
  const self = {
    csrf: () => csrf,
    async get(path) { return self.send('GET', path); },
    // fields: the form as filled in; csrf comes along unless it is given.
    async post(path, fields = {}) { return self.send('POST', path, new URLSearchParams({ csrf, ...fields }).toString()); },
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
