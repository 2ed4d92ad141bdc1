// The pages as a person meets them: Chromium with scripts off, by keyboard, light and dark, on a phone and on a desk;
// axe-core finds nothing, the browser has nothing to complain of. SHOTS=DIR keeps a screenshot of each page and view.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { totp } from './lib/browser.mjs';
import { caller } from './lib/rpc.mjs';
import { startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => fs.existsSync(p));
const skip = chromium ? false : 'no chromium';
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = process.env.SHOTS;
const password = 'correct horse battery';
const other = 'work'; // an api with a title of its own
const views = [];
for (const width of [360, 1280]) for (const colorScheme of ['light', 'dark']) views.push({ width, colorScheme });

let upstream, server, browser, context, page, twin, html, client;
const complaints = []; // of the browser: console errors, anything loaded from elsewhere, anything that failed
before(async () => {
  if (skip) return;
  const { chromium: launcher } = await import('playwright-core');
  upstream = await startUpstream();
  server = await startServer({ apis: [{ name: 'echo', document: echoDocument, environments: ['sandbox', 'production'].map((name) => ({ name, base_url: upstream.url })) },
    { name: 'own', document: echoDocument, environments: [{ name: 'live', base_url: upstream.url, credential_from: 'user' }] },
    { name: other, document: echoDocument, options: { title: 'Work <together>' }, environments: [{ name: 'live', base_url: upstream.url, credential_from: 'user', authorize_url: `${upstream.url}/authorize`, token_url: '/token', client_id: 'gate', sign_in: 'GET /me', sign_in_name: 'name', sign_in_role: 'viewer' }] }],
    extra: "config role 'careful'\n\tlist allow '*'\n\tlist approve 'op:echo'\n" });
  const r = await server.command(['user', 'add', 'ada', '--display', 'Ada Lovelace', '--password-stdin'], { input: password });
  assert.equal(r.code, 0, r.err);
  client = http.createServer((q, a) => a.end('connected')).listen(0, '127.0.0.1');
  await new Promise((there) => client.on('listening', there));
  browser = await launcher.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-gpu'] });
  context = await newContext('en-GB');
  page = await context.newPage();
  twin = await (await browser.newContext({ javaScriptEnabled: true, bypassCSP: true })).newPage();
  await twin.route('**/*', (route) => (route.request().url().endsWith('/style.css') ? route.continue()
    : route.fulfill({ contentType: 'text/html; charset=utf-8', body: html })));
});
const callback = () => `http://127.0.0.1:${client.address().port}/callback`;
async function newContext(locale) {
  const c = await browser.newContext({ javaScriptEnabled: false, locale });
  c.on('console', (m) => {
    // a refused form is a page with its status, which Chromium counts as a failed load
    if (m.type() === 'error' && !/status of 4\d\d/.test(m.text())) complaints.push(m.text());
  });
  c.on('weberror', (e) => complaints.push(String(e.error())));
  c.on('request', (r) => { if (!r.url().startsWith(server.origin + '/') && !r.url().startsWith(callback()) && !new URL(r.url()).port.includes(new URL(upstream.url).port)) complaints.push(`asked for ${r.url()}`); });
  c.on('requestfailed', (r) => complaints.push(`failed: ${r.url()}`));
  return c;
}
after(async () => {
  await browser?.close();
  const code = await server?.stop();
  await upstream?.stop();
  client?.close();
  assert.equal(code ?? 0, 0);
});

// What is on the page now, in every view: nothing wider than the window, no complaint of axe.
async function look(name) {
  html = await page.content();
  assert.doesNotMatch(html, /<script|<style|\son\w+=|\sstyle=|javascript:|\{\{|\}\}/i, `${name}: something inline`);
  for (const { width, colorScheme } of views) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    const wide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
    assert.equal(wide, false, `${name} at ${width}: wider than the window`);
    if (shots) await page.screenshot({ path: path.join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
  }
  for (const { width, colorScheme } of [views[0], views[3]]) { // the same page, with scripts for axe alone
    await twin.emulateMedia({ colorScheme });
    await twin.setViewportSize({ width, height: 800 });
    await twin.goto(server.origin + '/');
    await twin.evaluate(axe);
    const { violations } = await twin.evaluate('axe.run()');
    assert.deepEqual(violations.map((v) => `${v.impact} ${v.id}: ${v.nodes[0].html}`), [], `${name} ${width} ${colorScheme}`);
  }
  assert.deepEqual(complaints.splice(0), [], name);
}
const type = async (...fields) => { // from where the focus is, by keyboard alone
  await page.waitForSelector('input:focus');
  for (const f of fields) { await page.keyboard.type(f); await page.keyboard.press('Tab'); }
};
const heading = () => page.textContent('h1');

test('landing page', { skip }, async () => {
  const r = await page.goto(server.origin + '/');
  assert.match(r.headers()['content-security-policy'], /default-src 'none'.*frame-ancestors 'none'/);
  assert.equal(r.headers()['cache-control'], 'no-store');
  await look('home');
});

test('a page that wants a login shows it, and leads back', { skip }, async () => {
  await page.goto(server.origin + '/keys');
  assert.equal(await heading(), 'Log in');
  await look('login');
  await page.goto(server.origin + '/keys');
  await type('ada', 'not the password');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role=alert]');
  await look('login-wrong');
  await page.goto(server.origin + '/keys');
  await type('Ada', password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('h1:text("API keys")');
  assert.match(page.url(), /\/keys$/);
  await look('keys-none');
});

test('the first stop of Tab skips the menu', { skip }, async () => {
  await page.goto(server.origin + '/keys');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.getAttribute("href")'), '#main');
});

test('a key is made, listed and revoked', { skip }, async () => {
  await page.fill('#name', 'my laptop');
  await page.selectOption('#access', 'destructive');
  await page.check('input[name=production]');
  await page.click('text=Make a key');
  await page.waitForSelector('pre');
  assert.match(await page.textContent('pre'), /^Authorization: Bearer sk-[\w-]{43}$/);
  await look('key');
  await page.goto(server.origin + '/keys');
  assert.match(await page.textContent('li'), /my laptop.*read, write and destroy, production; all APIs/s);
  await look('keys');
  await page.click('text=Revoke');
  await page.waitForSelector('text=You have no keys');
});

test('how to connect, client by client, and api by api', { skip }, async () => {
  await page.goto(server.origin + '/connect');
  assert.equal(await heading(), 'Connect');
  const shown = () => page.$$eval('pre', (all) => all.map((e) => e.textContent));
  let all = await shown();
  assert.equal(all[0], `claude mcp add --transport http echo ${server.origin}/echo/mcp`);
  const codes = () => page.$$eval('code', (of) => of.map((e) => e.textContent));
  assert.ok((await codes()).includes(`${server.origin}/echo/production/mcp`), 'the pinned address');
  assert.ok(all.at(-1).includes(`${server.origin}/rest/echo/sandbox/`), 'the sandbox is what REST is shown with');
  await look('connect');
  await page.click('text=Work <together>');
  assert.equal(await page.textContent('[aria-current=page]'), 'Work <together> work');
  for (const text of (await shown()).filter((t) => t.startsWith('{')))
    assert.ok(JSON.stringify(JSON.parse(text)).includes(`${server.origin}/${other}/mcp`), text);
  await look('connect-other');
});

test('a new key is shown inside what each client wants', { skip }, async () => {
  await page.goto(server.origin + '/keys');
  await page.fill('#name', 'for pasting');
  await page.selectOption('#api', other);
  await page.click('text=Make a key');
  await page.waitForSelector('pre');
  const [first, ...rest] = await page.$$eval('pre', (all) => all.map((e) => e.textContent));
  const key = first.split(' ').at(-1);
  for (const text of rest) assert.ok(text.includes(key) && text.includes(`/${other}/`), text);
  const json = rest.filter((t) => t.startsWith('{')).map((t) => JSON.parse(t));
  assert.equal(json.length, 5);
  const vscode = json[0].servers.work; // pasted as it is, it works
  assert.equal(vscode.headers.Authorization, first.slice('Authorization: '.length));
  const r = await caller(server, { key, path: new URL(vscode.url).pathname }).modern('tools/list');
  assert.ok(r.json.result.tools.length > 0);
  await look('key-pasted');
  await page.goto(server.origin + '/keys');
  await page.click('text=Revoke');
  await page.waitForSelector('text=You have no keys'); // what is still loading would be cut by the next test
});

test('by keyboard alone: every stop is seen, in order, and does what it says', { skip }, async () => {
  await page.goto(server.origin + '/keys');
  await page.setViewportSize({ width: 1280, height: 800 });
  const stops = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(`(() => { const e = document.activeElement, r = e.getBoundingClientRect();
      return { tag: e.localName, id: e.id || e.textContent.trim(), seen: r.width > 0 && r.left >= 0 && getComputedStyle(e).outlineStyle !== 'none' }; })()`);
    if (at.tag === 'body' || stops.length > 20) break;
    assert.ok(at.seen, `focus on ${at.id} is seen`);
    stops.push(at.id);
  }
  assert.deepEqual(stops, ['Skip to the content', 'mcpgated', 'Connect', 'Connected apps', 'API keys', 'Connections', 'Approvals', 'Account', 'Log out',
    'name', 'api', 'access', 'expires', '', 'Make a key']);
  await page.focus('#name');
  await type('by keyboard', '', '');
  await page.keyboard.press('Tab'); // expires
  await page.keyboard.press(' '); // production
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForSelector('pre');
  await page.goto(server.origin + '/keys');
  assert.match(await page.textContent('li'), /by keyboard.*read, production/s);
  await page.focus('text=Revoke');
  await page.keyboard.press('Enter');
  await page.waitForSelector('text=You have no keys');
});

test("a key of one's own is given, replaced and removed", { skip }, async () => {
  await page.goto(server.origin + '/connections');
  assert.match(await page.textContent('li'), /live.*Is sent to 127\.0\.0\.1:\d+ only/s);
  await look('connections');
  await page.fill('input[name=secret]', 'adas-own-key');
  await page.click('text=Store the key');
  await page.waitForSelector('text=Connected:');
  assert.ok(!(await page.content()).includes('adas-own-key'));
  await look('connections-given');
  await page.fill('input[name=secret]', 'adas-other-key');
  await page.keyboard.press('Enter');
  await page.waitForSelector('text=Replace the key');
  await page.click('text=Disconnect');
  await page.waitForSelector('text=Store the key');
  await page.goto(server.origin + '/connect/nothing');
  assert.match(await page.textContent('main'), /not valid any more/);
  await look('connect-gone');
});

let recovery;
test('the account, and a second step', { skip }, async () => {
  await page.goto(server.origin + '/account');
  await look('account');
  await page.click('text=Set up a second step');
  const secret = await page.textContent('main code');
  await look('factor');
  await page.fill('#code', totp(secret));
  await page.click('button:has-text("Turn on")');
  await page.waitForSelector('main li');
  recovery = await page.locator('main li code').allTextContents();
  assert.equal(recovery.length, 8);
  await look('recovery');
  await page.goto(server.origin + '/account');
  await look('account-factor');
});

test('logging out, and in with a recovery code', { skip }, async () => {
  await page.click('text=Log out');
  await page.waitForURL('**/login');
  await type('ada', password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#code');
  await look('code');
  await page.fill('#code', recovery[0]);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/account');
  await page.waitForSelector('text=7 recovery codes are left');
});

test('an invite', { skip }, async () => {
  await context.clearCookies();
  const r = await server.command(['invite', 'grace', '--display', 'Grace Hopper']);
  await page.goto(r.out.trim());
  await look('invite');
  await page.fill('#new', 'nanoseconds of wire');
  await page.fill('#again', 'nanoseconds of wire');
  await page.click('text=Set password');
  await page.waitForURL('**/account');
  assert.match(await page.textContent('main'), /Grace Hopper \(user name grace\)/);
  await page.goto(r.out.trim());
  await look('invite-gone');
});

test('an application is connected, listed and disconnected', { skip }, async () => {
  const post = async (at, type, body) => (await fetch(server.origin + at, { method: 'POST', headers: { 'Content-Type': type }, body })).json();
  const token = (form) => post('/oauth/token', 'application/x-www-form-urlencoded', new URLSearchParams(form));
  const { client_id } = await post('/oauth/register', 'application/json', JSON.stringify({ client_name: 'Notes <b>', redirect_uris: [callback()],
    token_endpoint_auth_method: 'none' }));
  const verifier = crypto.randomBytes(32).toString('base64url');
  await page.goto(`${server.origin}/apps`);
  await look('apps-none');
  await page.goto(`${server.origin}/oauth/authorize?` + new URLSearchParams({ response_type: 'code', client_id, redirect_uri: callback(), state: 's',
    scope: 'read write', resource: `${server.origin}/echo/mcp`, code_challenge_method: 'S256',
    code_challenge: crypto.createHash('sha256').update(verifier).digest('base64url') }));
  assert.equal(await page.isChecked('input[value=production]'), false, 'production is unticked');
  assert.match(await page.textContent('main'), /Notes <b> asks to act for you, as Grace Hopper.*127\.0\.0\.1/s);
  await look('consent');
  await page.uncheck('input[value=write]');
  await page.check('input[value=production]');
  await page.click('button:has-text("Allow")');
  await page.waitForURL('**/callback?*');
  const code = new URL(page.url()).searchParams.get('code');
  const t = await token({ grant_type: 'authorization_code', client_id, code, redirect_uri: callback(), code_verifier: verifier });
  assert.equal(t.scope, 'read production', JSON.stringify(t));
  await page.goto(`${server.origin}/apps`);
  assert.match(await page.textContent('main li'), /Notes <b> \(127\.0\.0\.1.*\).*Read\..*API: echo \(sandbox,production\)/s);
  await look('apps');
  const use = () => fetch(server.url('echo'), { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${t.access_token}` },
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' }).then((r) => r.status);
  assert.notEqual(await use(), 401);
  await page.click('button:has-text("Disconnect")');
  await page.waitForSelector('text=No application is connected');
  assert.equal(await use(), 401, 'at once');
  assert.equal((await token({ grant_type: 'refresh_token', client_id, refresh_token: t.refresh_token })).error, 'invalid_grant');
});

test('approvals and switches', { skip }, async () => {
  const admin = await server.command(['user', 'add', 'root', '--role', 'admin', '--password-stdin'], { input: password });
  assert.equal(admin.code, 0, admin.err);
  await context.clearCookies();
  await page.goto(server.origin + '/approvals');
  await type('root', password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('h1:has-text("Approvals")');
  await look('approvals-none');
  const careful = caller(server, { key: await server.key('a careful agent', 'echo', ['--role', 'careful']) });
  const { text } = await careful.tool('echo', { text: '<b>hi</b>' });
  await page.goto(server.origin + '/approvals');
  await look('approvals');
  await page.click('main a');
  await page.waitForSelector('h1:has-text("Approve a call")');
  assert.ok(text.includes(page.url()), text);
  await look('approve');
  await page.fill('#password', 'not the password');
  await page.click('button:has-text("Approve")');
  await page.waitForSelector('[role=alert]');
  await look('approve-wrong');
  await page.fill('#password', password);
  await page.click('button:has-text("Approve")');
  await page.waitForSelector('text=Approved by root');
  await look('approve-done');
  await page.goto(server.origin + '/admin');
  await page.fill('#target', 'api:echo');
  await page.selectOption('#switch', 'write');
  await page.click('main form:last-of-type button');
  await page.waitForSelector('text=api:echo');
  await look('admin');
  await page.click('text=Stop everything');
  await page.waitForSelector('text=Serve again');
  await look('admin-stopped');
  await page.fill('#password', password);
  await page.click('text=Serve again');
  await page.waitForSelector('text=Stop everything');
});

test('the pages of an admin', { skip }, async () => {
  const go = async (path, name) => { await page.goto(server.origin + path); await look(name); };
  for (const args of [['team', 'add', 'design', '--title', 'Design and print'], ['user', 'add', 'eve', '--display', 'Eve', '--team', 'design'], ['credential', 'add', 'echo/live']])
    await server.command(args, { input: 'a secret of the upstream' });
  await go('/admin/people', 'admin-people');
  await page.getByLabel('User name').fill('hedy');
  await page.getByLabel('What they are called').fill('Hedy');
  await page.getByLabel('Role').selectOption('careful');
  await page.getByLabel('Your password').fill('not it');
  await page.getByRole('button', { name: 'Make a link' }).click();
  assert.match(await page.textContent('.alert'), /not right/);
  await look('admin-people-wrong');
  await page.getByLabel('User name').fill('hedy');
  await page.getByLabel('Your password').fill(password);
  await page.getByRole('button', { name: 'Make a link' }).click();
  assert.match(await page.textContent('main'), /\/invite\//);
  await look('admin-invited');
  await page.getByRole('link', { name: 'hedy' }).click();
  await look('admin-person');
  await page.getByRole('button', { name: 'Disable' }).click();
  assert.match(await page.textContent('main'), /disabled/);
  await look('admin-person-disabled');
  await page.goto(server.origin + '/admin/people');
  await page.getByLabel('Search').fill('design');
  await page.getByRole('button', { name: 'Show' }).click();
  assert.deepEqual(await page.locator('ul.list strong').allTextContents(), ['eve']);
  await go('/admin/teams', 'admin-teams');
  await go('/admin/keys', 'admin-keys');
  await page.getByLabel('What it is for').fill('night shift');
  await page.getByLabel('Your password').fill(password);
  await page.getByRole('button', { name: 'Make a key' }).click();
  await look('admin-key');
  await go('/admin/keys', 'admin-keys-one');
  for (const name of ['apps', 'clients', 'credentials', 'audit']) await go(`/admin/${name}`, `admin-${name}`);
});

test('how to trust the box', { skip }, async () => {
  assert.equal((await page.goto(`${server.origin}/ca`)).status(), 404);
  server.reload(({ server: s }) => { s.tls_name = ['box.lan', '127.0.0.1']; });
  while (!/generation 2 is in force/.test(server.log())) await new Promise((r) => setTimeout(r, 50));
  await page.goto(`${server.origin}/ca`);
  assert.match(await page.textContent('main'), /([0-9A-F]{2}:){31}[0-9A-F]{2}/);
  await look('ca');
});

test('in Russian', { skip }, async () => {
  const own = page;
  const russian = await newContext('ru-RU');
  page = await russian.newPage();
  await page.goto(server.origin + '/login');
  assert.equal(await heading(), 'Вход');
  await look('login-ru');
  await type('grace', 'nanoseconds of wire');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/account');
  await look('account-ru');
  await page.goto(server.origin + '/keys');
  await look('keys-ru');
  await page.goto(server.origin + '/ca');
  await look('ca-ru');
  await russian.close();
  page = own;
});

test('log in with an account at an API: the button, the way there by two servers, and back; where it ends in nothing', { skip }, async () => {
  upstream.answer = (q, s) => {
    const to = (url) => { s.writeHead(302, { Location: url }); s.end(); return true; }, json = (v) => { s.writeHead(200, { 'Content-Type': 'application/json' }); s.end(JSON.stringify(v)); return true; };
    if (q.target.startsWith('/authorize?')) return to(`http://localhost:${new URL(upstream.url).port}/sso?${q.target.split('?')[1]}`); // what it leads on to needs no leave of ours
    if (q.target.startsWith('/sso?')) { const p = q.query, deny = upstream.denies; return to(`${p.get('redirect_uri')}?state=${p.get('state')}&${deny ? 'error=access_denied' : 'code=good'}`); }
    if (q.target === '/token') return json({ access_token: 'a-token-of-theirs', token_type: 'bearer', expires_in: 3600 });
    return q.target === '/me' && json({ id: 42, name: 'Grace Hopper' });
  };
  for (const locale of ['en-GB', 'ru-RU']) {
    const other = await newContext(locale), mine = page;
    page = await other.newPage();
    await page.goto(server.origin + '/login');
    await look(`login-with-${locale}`);
    const button = page.locator('form[action="/login/with"] button');
    await page.route('**/login/with', async (route) => { // stays there, so that it can be seen
      const r = await route.fetch();
      await route.fulfill({ response: r, body: (await r.text()).replace(/<meta http-equiv[^>]*>/, '') });
    });
    await button.press('Enter');
    await page.waitForURL('**/login/with');
    await look(`leave-${locale}`);
    await page.unroute('**/login/with');
    await page.locator('main a').press('Enter');
    await page.waitForURL('**/account');
    assert.match(await page.textContent('main'), /Grace Hopper/);
    upstream.denies = true;
    await other.clearCookies();
    await page.goto(server.origin + '/login');
    await button.press('Enter');
    await page.waitForURL('**/connections/callback?*');
    await look(`login-refused-${locale}`);
    upstream.denies = false;
    await other.close();
    page = mine;
  }
  upstream.answer = undefined;
});
