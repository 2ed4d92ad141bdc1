// Starts the real binary with a configuration made for one test file, waits for /readyz, makes keys with the real
// command, and ends it with SIGTERM; with as many workers as WORKERS in the environment says. The only place that knows
// how the command line and the configuration are written.
import { spawn, execFile } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tempDir, top } from './programs.mjs';
import { rawRequest } from './raw.mjs';

process.once('SIGTERM', () => process.exit(143)); // what runs on exit ends the servers

export const binary = process.env.MCPGATED ?? path.join(top, 'build/native/mcpgated');

export const freePort = () => new Promise((resolve) => {
  const s = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = s.address();
    s.close(() => resolve(port));
  });
});

const quote = (v) => `'${String(v)}'`;

// One section of the configuration: type, name, { option: value }; an array becomes a list.
export function section(type, name, options) {
  let text = `config ${type}${name ? ' ' + quote(name) : ''}\n`;
  for (const [k, v] of Object.entries(options)) {
    if (v === undefined) continue;
    if (Array.isArray(v)) for (const one of v) text += `\tlist ${k} ${quote(one)}\n`;
    else text += `\toption ${k} ${quote(v)}\n`;
  }
  return text;
}

// All processes of a group are gone (who leads it ends first: the others may still hold the data directory).
export async function groupEnds(pid, ms = 5000) {
  const lives = (d) => {
    try { const [state, , group] = fs.readFileSync(`/proc/${d}/stat`, 'utf8').replace(/^.*\) /s, '').split(' '); return Number(group) === pid && state !== 'Z'; } catch { return false; }
  };
  for (const until = Date.now() + ms; Date.now() < until; await sleep(5)) if (!fs.readdirSync('/proc').some((d) => /^\d+$/.test(d) && lives(d))) return;
}

// One run of a command to its end: { code, out, err }. Never throws: tests judge the exit code themselves.
export const run = (args, { env = {}, input = '', timeout = 20000 } = {}) => new Promise((resolve) => {
  const p = execFile(binary, args, { env: { ...process.env, ...env }, timeout, maxBuffer: 64 << 20 }, (e, out, err) =>
    resolve({ code: e ? (e.code ?? (e.signal ? `signal ${e.signal}` : 1)) : 0, out, err }));
  p.stdin.on('error', () => {});
  p.stdin.end(input);
});

// apis: [{ name, document, options?, environments: [{ name, base_url, ...options }] }] ; server: more options of `config server`,
// or a function of the port that gives them; host: the name clients use in Host (default: the address itself); prefix: a command that ends by running the rest.
export async function startServer({ apis, server = {}, host, env = {}, extra = '', prefix = [], startup = 15000, program = binary }) {
  const { dir, remove } = tempDir('serve');
  const port = await freePort();
  const config = path.join(dir, 'mcpgated.conf');
  const address = `127.0.0.1:${port}`;
  if (typeof server === 'function') server = server(port);
  const text = () => section('server', '', { listen: address, public_url: `http://${address}`, data: path.join(dir, 'data'), workers: process.env.WORKERS, ...server })
    + apis.map((a) => section('api', a.name, { document: a.document, ...a.options })
      + (a.environments ?? []).map(({ name, ...o }) => section('environment', name, { api: a.name, ...o })).join('')).join('') + extra;
  fs.mkdirSync(path.join(dir, 'data'), { recursive: true });
  fs.writeFileSync(config, text());

  let log = '', p, ended, over;
  const argv = [...prefix, program, 'serve', '-c', config];
  const launch = () => {
    const mine = p = spawn(argv[0], argv.slice(1), { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    over = false;
    p.stdout.on('data', (d) => { log += d; });
    p.stderr.on('data', (d) => { log += d; });
    ended = new Promise((resolve) => {
      p.on('exit', (code, signal) => { if (p === mine) over = true; resolve(code ?? signal); });
      p.on('error', (e) => { log += e.message; over = true; resolve('not started'); });
    });
  };
  launch();
  const atEnd = () => { if (!over) try { process.kill(-p.pid, 'SIGKILL'); } catch { /* gone */ } };
  process.on('exit', atEnd);

  const self = {
    port, dir, config, address, get pid() { return p.pid; }, host: host ?? address,
    origin: `http://${address}`,
    log: () => log,
    url: (api) => `http://${address}${api ? '/' + api : ''}/mcp`,
    command: (args, o) => run([...args, '-c', config], { env, ...o }),
    // Makes a key and returns it; args are more options, e.g. ['--readonly'].
    async key(name, api, args = []) {
      const r = await self.command(['key', 'add', name, ...(api ? ['--api', api] : []), ...args]);
      const secret = /sk-[A-Za-z0-9_-]{20,}/.exec(r.out)?.[0];
      if (r.code !== 0 || !secret) throw new Error(`key add: exit ${r.code}: ${r.out}${r.err}`);
      return secret;
    },
    revoke: (name) => self.command(['key', 'revoke', name]),
    // Changes what the configuration says and tells the running server to read it again.
    reload(change) {
      change?.({ apis, server });
      fs.writeFileSync(config, text());
      p.kill('SIGHUP');
    },
    // kill -9 of all its processes, and a new start over the same data, or what `meanwhile` leaves of it.
    async crash(meanwhile) {
      try { process.kill(-p.pid, 'SIGKILL'); } catch { /* it has ended already */ }
      await ended;
      await groupEnds(p.pid);
      meanwhile?.();
      launch();
      await ready();
    },
    // RSS of supervisor and workers together, in kilobytes.
    rss() {
      let n = 0;
      for (const d of fs.readdirSync('/proc').filter((x) => /^\d+$/.test(x))) {
        try {
          const stat = fs.readFileSync(`/proc/${d}/stat`, 'utf8');
          if (Number(stat.slice(stat.lastIndexOf(')')).split(' ')[3]) !== p.pid) continue; // process group
          n += Number(/VmRSS:\s*(\d+)/.exec(fs.readFileSync(`/proc/${d}/status`, 'utf8'))?.[1] ?? 0);
        } catch { /* ended meanwhile */ }
      }
      return n;
    },
    // SIGTERM; resolves with the exit code, which tests want to be 0.
    async stop() {
      if (!over) p.kill('SIGTERM');
      const code = await Promise.race([ended, sleep(10000, 'still running', { ref: false })]);
      if (!over) { try { process.kill(-p.pid, 'SIGKILL'); } catch { /* gone */ } await ended; }
      process.off('exit', atEnd);
      if (process.env.KEEP) console.log(`kept ${dir}`); else remove();
      return code;
    },
  };

  const ready = async () => {
    const until = Date.now() + startup;
    for (;;) {
      if (over) { const why = await ended; remove(); throw new Error(`serve ended at once (${why}):\n${log}\n${text()}`); }
      const r = await rawRequest(port, { path: '/readyz', host: self.host, timeout: 1000 }).catch(() => null);
      if (r?.status === 200) return;
      if (Date.now() > until) { await self.stop(); throw new Error(`serve was not ready in ${startup} ms (last: ${r?.status}):\n${log}`); }
      await sleep(20);
    }
  };
  await ready();
  return self;
}
