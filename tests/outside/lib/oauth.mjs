// OAuth by hand: a person in a browser (cookies, forms), a client that registers, asks, redeems and refreshes, and any part
// of it changed on purpose.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import http from 'node:http';

export const random = (n = 32) => crypto.randomBytes(n).toString('base64url');
export const s256 = (v) => crypto.createHash('sha256').update(v).digest('base64url');
export const encoded = (o) => (typeof o === 'string' ? o : new URLSearchParams(Object.entries(o).flatMap(([k, v]) => (v === undefined ? [] : [].concat(v).map((x) => [k, x])))).toString());
export const basic = (id, secret) => 'Basic ' + Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');

const agent = new http.Agent({ keepAlive: false, maxSockets: 200 });

// One request to a server of lib/server.mjs; form is sent as such, json too. Resolves { status, headers, text, json, location }.
export const ask = (server, at, { method, headers = {}, form, json, body, timeout = 20000 } = {}) => new Promise((resolve, reject) => {
  const data = form !== undefined ? encoded(form) : json !== undefined ? (typeof json === 'string' ? json : JSON.stringify(json)) : body;
  const type = form !== undefined ? 'application/x-www-form-urlencoded' : json !== undefined ? 'application/json' : undefined;
  const q = http.request({
    host: '127.0.0.1', port: server.port, path: at, method: method ?? (data === undefined ? 'GET' : 'POST'), agent, timeout,
    headers: { Host: server.host, ...(type ? { 'Content-Type': type } : {}), ...(data === undefined ? {} : { 'Content-Length': Buffer.byteLength(data) }), ...headers },
  }, (s) => {
    const got = [];
    s.on('data', (d) => got.push(d));
    s.on('error', reject);
    s.on('end', () => {
      const text = Buffer.concat(got).toString();
      let parsed;
      try { parsed = JSON.parse(text); } catch { /* a page */ }
      resolve({ status: s.statusCode, headers: s.headers, text, json: parsed, location: s.headers.location });
    });
  });
  q.on('error', reject);
  q.on('timeout', () => q.destroy(new Error('timeout')));
  q.end(data);
});

const unescape = (s) => s.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, '&');

// What a page says, without its markup: for messages.
export const words = (html) => (/<main/.test(html) ? html.slice(html.indexOf('<main')) : html).replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim().slice(0, 200);

// The fields a browser would send with the form of a page that goes to action: hidden ones, text, ticked boxes.
export function fieldsOf(html, action = '/oauth/authorize') {
  const out = [], from = html.indexOf(`action="${action}"`);
  for (const [tag] of html.slice(from, html.indexOf('</form>', from)).matchAll(/<input\b[^>]*>/g)) {
    const attribute = (n) => { const m = new RegExp(`\\b${n}="([^"]*)"`).exec(tag); return m && unescape(m[1]); };
    if (attribute('type') === 'checkbox' && !/\bchecked\b/.test(tag)) continue;
    if (attribute('name')) out.push([attribute('name'), attribute('value') ?? '']);
  }
  return out;
}
export const field = (html, name, action) => fieldsOf(html, action).find(([n]) => n === name)?.[1];

// A person at a browser of their own. jar: the Cookie header it sends.
export class Person {
  constructor(server, name, password) { Object.assign(this, { server, name, password, jar: '' }); }
  async ask(at, { headers = {}, ...o } = {}) {
    const r = await ask(this.server, at, { ...o, headers: { ...(this.jar ? { Cookie: this.jar } : {}), ...headers } });
    for (const c of r.headers['set-cookie'] ?? []) this.jar = /Max-Age=0/.test(c) ? '' : c.split(';')[0];
    return r;
  }
  async login() {
    const r = await this.ask('/login', { form: { name: this.name, password: this.password } });
    assert.equal(r.status, 303, `login of ${this.name}: ${r.status} ${words(r.text)}`);
    return this;
  }
  // The consent page of a query; the answer to it: change(fields) may alter what is sent.
  page(query) { return this.ask(`/oauth/authorize?${encoded(query)}`); }
  answer(html, { allow = true, change = (f) => f, headers } = {}) {
    const form = change([...fieldsOf(html), ['action', allow ? 'allow' : 'deny']]);
    return this.ask('/oauth/authorize', { form: new URLSearchParams(form).toString(), headers });
  }
  // All of it: the parameters that come back to the client.
  async allow(query, o) {
    const p = await this.page(query);
    assert.equal(p.status, 200, `consent page: ${p.status} ${p.location ?? words(p.text)}`);
    const r = await this.answer(p.text, o);
    assert.ok([302, 303].includes(r.status), `consent: ${r.status} ${words(r.text)}`);
    return Object.fromEntries(new URL(r.location).searchParams);
  }
}

// A client program: id, secret and how it authenticates.
export class Client {
  constructor(server, o) { Object.assign(this, { server, auth: 'none' }, o); }
  static async register(server, o = {}) {
    const metadata = { client_name: 'A client', redirect_uris: ['http://127.0.0.1/cb'], token_endpoint_auth_method: 'none', ...o };
    const r = await ask(server, '/oauth/register', { json: metadata });
    assert.equal(r.status, 201, r.text);
    return new Client(server, { id: r.json.client_id, secret: r.json.client_secret, redirect: metadata.redirect_uris[0], auth: { none: 'none', client_secret_basic: 'basic', client_secret_post: 'post' }[metadata.token_endpoint_auth_method] });
  }
  // A fresh request to authorize; over: undefined takes a parameter away.
  query(over = {}) {
    this.verifier = random();
    return { response_type: 'code', client_id: this.id, redirect_uri: this.redirect, code_challenge: s256(this.verifier), code_challenge_method: 'S256', resource: this.resource, scope: 'read', state: 's1', ...over };
  }
  post(at, form, { headers = {} } = {}) {
    const who = this.auth === 'basic' ? {} : { client_id: this.id, ...(this.auth === 'post' ? { client_secret: this.secret } : {}) };
    return ask(this.server, at, { form: { ...who, ...form }, headers: { ...(this.auth === 'basic' ? { Authorization: basic(this.id, this.secret) } : {}), ...headers } });
  }
  redeem(code, over = {}, o) {
    return this.post('/oauth/token', { grant_type: 'authorization_code', code, redirect_uri: this.redirect, code_verifier: this.verifier, resource: this.resource, ...over }, o);
  }
  refresh(token, over = {}, o) { return this.post('/oauth/token', { grant_type: 'refresh_token', refresh_token: token, ...over }, o); }
  revoke(token, over = {}) { return this.post('/oauth/revoke', { token, ...over }); }
  // What the person allows it: { access_token, refresh_token, ... }.
  async connect(person, over, o) {
    const back = await person.allow(this.query(over), o);
    assert.ok(back.code, JSON.stringify(back));
    const r = await this.redeem(back.code);
    assert.equal(r.status, 200, r.text);
    return r.json;
  }
}

// A client program of an SDK that knows nothing but an URL: what auth() of the SDKs asks of one. to: where it sends its user.
export function sdkProvider() {
  const p = {
    redirectUrl: 'http://127.0.0.1:4391/cb', clientMetadata: { client_name: 'An SDK', redirect_uris: ['http://127.0.0.1:4391/cb'], token_endpoint_auth_method: 'none' },
    state: () => 's1', clientInformation: () => p.info, saveClientInformation: (i) => { p.info = i; p.registered = (p.registered ?? 0) + 1; }, tokens: () => p.got, saveTokens: (t) => { p.got = t; },
    redirectToAuthorization: (u) => { p.to = new URL(u); p.redirects = (p.redirects ?? 0) + 1; }, saveCodeVerifier: (v) => { p.verifier = v; }, codeVerifier: () => p.verifier,
    invalidateCredentials: (what) => { if (what === 'all' || what === 'client') p.info = undefined; if (what === 'all' || what === 'tokens') p.got = undefined; },
  };
  return p;
}
