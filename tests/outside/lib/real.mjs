// Real upstreams from Debian, started on private ports with data of their own: tests/upstreams/<name>/start.
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tempDir, top } from './programs.mjs';
import { freePort } from './server.mjs';

const folder = (name) => path.join(top, 'tests/upstreams', name);
export const documentOf = (name) => path.join(folder(name), 'openapi.json');
export const absent = (program) => (spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${program}`]).status === 0 ? false : `${program} is not installed`);

// Runs `start DIR PORT args...` and waits until probe (a path) answers 200. fetch(path, init) asks it directly.
export async function startReal(name, { args = [], probe, headers = {}, root }) {
  const { dir, remove } = tempDir(name);
  const port = await freePort();
  const p = spawn('sh', [path.join(folder(name), 'start'), dir, String(port), ...args.map(String)], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let log = '', over = false;
  p.stdout.on('data', (d) => { log += d; });
  p.stderr.on('data', (d) => { log += d; });
  const ended = new Promise((resolve) => { p.on('exit', () => { over = true; resolve(); }); });
  const kill = (s) => { try { process.kill(-p.pid, s); } catch { /* gone */ } };
  process.on('exit', () => kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}${root}`;
  // The answer as it came: status, body text, and as JSON where it is.
  const ask = async (at, { method = 'GET', body } = {}) => {
    const r = await fetch(url + at, { method, headers: { ...headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) }, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await r.text();
    return { status: r.status, text, get json() { return JSON.parse(text); } };
  };
  for (let i = 0; ; i++) {
    if ((await ask(probe).catch(() => null))?.status === 200) break;
    if (over || i > 200) { kill('SIGKILL'); throw new Error(`${name} did not start:\n${log}`); }
    await sleep(50);
  }
  return { url, ask, stop: async () => { kill('SIGTERM'); await Promise.race([ended, sleep(3000)]); kill('SIGKILL'); remove(); } };
}
