// The whole login, driven by programs of others: the SDKs' own OAuth clients with a scripted browser, the conformance suite's
// authorization part, and real clients where there is no way to the internet. The drivers are in ../shared/outside.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { here, lacksShared, programs, shared, tempDir } from './lib/programs.mjs';
import { binary, freePort, run } from './lib/server.mjs';

const skip = lacksShared('outside/oauth-drive');
const mods = path.join(here, 'node_modules'), arch = process.arch === 'arm64' ? 'arm64' : 'x64';
const codexTriple = { x64: 'x86_64-unknown-linux-musl', arm64: 'aarch64-unknown-linux-musl' }[arch];
const { dir, remove } = tempDir('oauth');
let demo;

// The drivers expect programs in folders of their own: links to what is installed here.
function place() {
  fs.cpSync(path.join(shared, 'outside'), dir, { recursive: true });
  spawnSync('chmod', ['-R', 'u+w', dir]);
  const link = (from, to) => { fs.mkdirSync(path.dirname(path.join(dir, to)), { recursive: true }); fs.symlinkSync(from, path.join(dir, to)); };
  link(path.join(mods, 'sdk-2025-11-25'), 'sdk1/node_modules/@modelcontextprotocol/sdk');
  link(path.join(mods, '@modelcontextprotocol/client'), 'sdk2/node_modules/@modelcontextprotocol/client');
  link(path.join(mods, '@modelcontextprotocol/conformance'), 'c020/node_modules/@modelcontextprotocol/conformance');
  link(process.execPath, 'n/node_modules/node/bin/node');
  for (const name of ['xdg-open', 'firefox', 'chromium', 'google-chrome', 'gnome-open', 'www-browser', 'x-www-browser', 'sensible-browser']) {
    fs.rmSync(path.join(dir, 'oauth-drive/bin', name), { force: true });
    link('fake-browser', `oauth-drive/bin/${name}`);
  }
  fs.writeFileSync(path.join(dir, 'oauth-drive/bin/xdg-mime'), '#!/bin/sh\nexit 1\n', { mode: 0o755 }); // else a browser of this machine is found before ours
  fs.mkdirSync(path.join(dir, 'run'));
  const bin = (name, command, file) => fs.existsSync(file) && link(file, `cl/${name}/node_modules/.bin/${command}`);
  bin('claude', 'claude', programs.claude);
  bin('opencode', 'opencode', programs.opencode);
  bin('codex', 'codex', path.join(mods, `codex-linux-${arch}/vendor/${codexTriple}/bin/codex`));
  for (const [name, command, file] of [['mcporter', 'mcporter', path.join(mods, 'mcporter/dist/cli.js')], ['mcp-remote', 'mcp-remote', path.join(mods, 'mcp-remote/dist/proxy.js')], ['inspector', 'mcp-inspector', programs.inspector]]) {
    const at = path.join(dir, `cl/${name}/node_modules/.bin/${command}`);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(at, `#!/bin/sh\nexec '${process.execPath}' '${file}' "$@"\n`, { mode: 0o755 });
  }
}

const env = { ...process.env, PATH: path.dirname(process.execPath) + ':' + process.env.PATH, CONF: dir };
const program = (argv, { timeout = 100000, more = {} } = {}) => new Promise((resolve) => {
  const p = spawn(argv[0], argv.slice(1), { env: { ...env, ...more }, cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let out = '';
  const timer = setTimeout(() => { try { process.kill(-p.pid, 'SIGKILL'); } catch { /* gone */ } }, timeout);
  p.stdout.on('data', (d) => { out += d; });
  p.stderr.on('data', (d) => { out += d; });
  p.on('close', (code) => { clearTimeout(timer); resolve({ code, out }); });
});
const judged = ({ code, out }, least) => {
  const m = /^(\d+) passed, (\d+) failed$/m.exec(out);
  assert.ok(m && m[2] === '0' && code === 0 && Number(m[1]) >= least, out.split('\n').filter((l) => !/^(PASS|WARN|SKIP)/.test(l)).join('\n').slice(-1500));
};

before(async () => {
  if (skip) return;
  place();
  const port = await freePort();
  demo = spawn(binary, ['demo', '--listen', `127.0.0.1:${port}`], { env: { ...process.env, TMPDIR: dir }, stdio: ['ignore', 'pipe', 'pipe'] });
  process.on('exit', () => demo.kill('SIGKILL'));
  demo.stderr.resume();
  [demo.user, demo.password] = await new Promise((resolve, reject) => {
    let out = '';
    demo.stdout.on('data', (d) => { out += d; const m = /^login (\S+) (\S+)$/m.exec(out); if (m) resolve(m.slice(1)); });
    demo.on('exit', () => reject(new Error(out)));
  });
  demo.origin = `http://127.0.0.1:${port}`;
  demo.data = path.join(dir, fs.readdirSync(dir).find((d) => d.startsWith('mcpgated-demo-')));
});
after(async () => {
  if (demo) { demo.kill('SIGTERM'); await new Promise((resolve) => { demo.on('exit', resolve); }); }
  remove();
});

const drive = (...args) => program([process.execPath, path.join(dir, 'oauth-drive/drive.mjs'), demo.origin + '/mcp', '--user', demo.user, '--password', demo.password, ...args]);
// How a client is known and how it authenticates; in full, or (the server has one way for all) only what goes well. FULL=1: all of them in full.
const full = process.env.FULL === '1', ways = [];
for (const reg of ['dcr', 'pre']) for (const sdk of ['v1', 'v2']) for (const auth of ['none', 'basic', 'post']) {
  const name = `${reg} ${sdk} ${auth}`, all = full || ['dcr v1 none', 'dcr v2 basic', 'pre v1 none'].includes(name);
  if (all || ['dcr v1 post', 'pre v2 basic', 'pre v1 post'].includes(name)) ways.push({ reg, sdk, auth, all });
}
for (const { reg, sdk, auth, all } of ways)
  test(`SDK ${{ v1: '1.32', v2: '2.4' }[sdk]}, ${{ dcr: 'dynamic registration', pre: 'registered by hand' }[reg]}, ${{ none: 'public', basic: 'client_secret_basic', post: 'client_secret_post' }[auth]}${all ? ': all checks' : ''}`, { skip }, async () => {
    const args = ['--sdk', sdk, '--auth', auth, ...(all ? [] : ['--only', 'happy'])];
    if (reg === 'pre') {
      const r = await run(['client', 'add', `drive-${sdk}-${auth}`, '--json', '--redirect', 'http://127.0.0.1:4390/callback', ...{ none: [], basic: ['--confidential'], post: ['--confidential', '--post'] }[auth], '--data', demo.data]);
      assert.equal(r.code, 0, r.err);
      const c = JSON.parse(r.out);
      args.push('--reg', 'pre', '--client-id', c.id, ...(c.secret ? ['--client-secret', c.secret] : []));
    }
    judged(await drive(...args), !all ? 30 : reg === 'dcr' ? 85 : 75);
  });
test('conformance suite, authorization server', { skip }, async () => judged(await program([process.execPath, path.join(dir, 'oauth-drive/conformance-authorization.mjs'), demo.origin], { more: { OAUTH_USER: demo.user, OAUTH_PASSWORD: demo.password } }), 2));

// A network of its own with nothing but loopback: the box, and the clients that log in.
const offline = spawnSync('unshare', ['-rn', 'ip', 'link', 'set', 'lo', 'up']).status === 0 ? ['unshare', '-rn'] : [];
test(`all eight clients log in${offline.length ? ' without a route to anywhere' : ''}`, { skip }, async (t) => {
  const script = `${offline.length ? 'ip link set lo up; [ -z "$(ip route)" ] || exit 9' : ':'}
'${binary}' demo --listen 127.0.0.1:24390 >'${dir}/demo2' 2>&1 & pid=$!
trap 'kill $pid' EXIT
n=0; while ! grep -q '^login ' '${dir}/demo2'; do n=$((n + 1)); [ $n -lt 100 ] || exit 8; sleep 0.1; done
set -- $(grep '^login ' '${dir}/demo2')
OAUTH=1 OAUTH_USER=$2 OAUTH_PASSWORD=$3 '${process.execPath}' run-clients.mjs http://127.0.0.1:24390/mcp`;
  fs.writeFileSync(path.join(dir, 'offline.sh'), script);
  const r = await program([...offline, 'sh', path.join(dir, 'offline.sh')], { timeout: 200000, more: { TMPDIR: dir } });
  for (const [, state, id, rest] of r.out.matchAll(/^(PASS|FAIL) (\S+)(.*)$/gm)) await t.test(id, { skip: /ENOENT/.test(rest) ? 'not installed' : false }, () => assert.equal(state, 'PASS', rest));
  assert.match(r.out, /^PASS oauth\/(claude|codex)/m, r.out.slice(-1500));
});
