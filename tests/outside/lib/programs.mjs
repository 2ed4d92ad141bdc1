// Where the installed programs are, and how one of them is run: in a home of its own, with nothing but loopback to talk to.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const here = path.resolve(import.meta.dirname, '..');
export const top = path.resolve(here, '../..');
export const shared = path.resolve(top, '../shared');
const mods = path.join(here, 'node_modules');
const arch = process.arch === 'arm64' ? 'arm64' : 'x64';

export const programs = {
  node: process.execPath,
  claude: path.join(mods, `@anthropic-ai/claude-code-linux-${arch}/claude`),
  opencode: path.join(mods, `opencode-linux-${arch}/bin/opencode`),
  conformance: path.join(mods, '@modelcontextprotocol/conformance/dist/index.js'),
  inspector: path.join(mods, '@modelcontextprotocol/inspector/clients/launcher/build/index.js'),
};

// A reason to skip a test, or false: for a program that has no package for this machine.
export const lacks = (name) => (fs.existsSync(programs[name]) ? false : `${name} has no package for linux-${arch}`);
export const lacksShared = (sub) => (fs.existsSync(path.join(shared, sub)) ? false : 'no ../shared');

export function tempDir(name) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), `mcpgated-${name}-`));
  return { dir, remove: () => fs.rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }) };
}

// Runs argv to its end in its own process group and home; resolves { code, out }, colours removed. What asks for another
// host than loopback is sent to a proxy that is not there, so nothing leaves the machine even where there is a network.
export function runProgram(argv, { home, env = {}, timeout = 60000, fence = true } = {}) {
  const clean = {
    PATH: path.dirname(process.execPath) + ':' + process.env.PATH, HOME: home, LANG: 'C.UTF-8', TERM: 'dumb', NO_COLOR: '1', CI: '1',
    XDG_CONFIG_HOME: home + '/.config', XDG_DATA_HOME: home + '/.local/share', XDG_CACHE_HOME: home + '/.cache',
    XDG_STATE_HOME: home + '/.local/state', TMPDIR: home,
    HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9', http_proxy: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9',
    NO_PROXY: '127.0.0.1,localhost,::1', no_proxy: '127.0.0.1,localhost,::1',
    DISABLE_TELEMETRY: '1', DISABLE_AUTOUPDATER: '1', DISABLE_ERROR_REPORTING: '1', CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    ...(fence ? { NODE_OPTIONS: `--require ${here}/lib/fence.cjs` } : {}), ...env,
  };
  return new Promise((resolve) => {
    let out = '';
    const p = spawn(argv[0], argv.slice(1), { env: clean, cwd: home, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const group = (signal) => { try { process.kill(-p.pid, signal); } catch { /* already gone */ } };
    const timer = setTimeout(() => { out += `\n[stopped after ${timeout} ms]`; group('SIGKILL'); }, timeout);
    p.stdout.on('data', (d) => { out += d; });
    p.stderr.on('data', (d) => { out += d; });
    p.on('error', (e) => { out += e.message; });
    p.on('close', (code) => {
      clearTimeout(timer);
      group('SIGKILL');
      resolve({ code, out: out.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '') });
    });
  });
}
