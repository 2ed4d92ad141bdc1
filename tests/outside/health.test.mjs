// Command lines that people have: the Inspector, and the health checks of Claude Code and OpenCode.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { lacks, programs, runProgram, tempDir } from './lib/programs.mjs';
import { startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

let upstream, server, key, url;
const homes = [];
const home = () => { const t = tempDir('home'); homes.push(t); return t.dir; };
before(async () => {
  upstream = await startUpstream();
  server = await startServer({ apis: [{ name: 'echo', document: echoDocument, environments: [{ name: 'production', base_url: upstream.url }] }] });
  key = await server.key('health', 'echo');
  url = server.url('echo');
});
after(async () => {
  const code = await server?.stop();
  await upstream?.stop();
  for (const h of homes) h.remove();
  assert.equal(code ?? 0, 0, 'SIGTERM ends it with 0');
});
const wrong = 'sk-' + 'w'.repeat(43);

const inspector = (...args) => runProgram([programs.node, programs.inspector, '--cli', url, '--format', 'json', '--stored-auth-only',
  '--header', `Authorization: Bearer ${key}`, ...args], { home: home() });
for (const era of ['legacy', 'auto', 'modern'])
  test(`Inspector lists tools, era ${era}`, { skip: lacks('inspector') }, async () => {
    const r = await inspector('--method', 'tools/list', '--protocol-era', era);
    assert.equal(r.code, 0, r.out);
    assert.match(r.out, /"name"\s*:\s*"get_item"/);
  });
test('Inspector accepts every schema as strict', { skip: lacks('inspector') }, async () => {
  const r = await inspector('--method', 'tools/list', '--strict');
  assert.equal(r.code, 0, r.out);
  assert.match(r.out, /"tools"\s*:\s*\[/);
});
test('Inspector calls a tool', { skip: lacks('inspector') }, async () => {
  const r = await inspector('--method', 'tools/call', '--tool-name', 'get_item', '--tool-arg', 'id=abc');
  assert.equal(r.code, 0, r.out);
  assert.match(r.out, /\/items\/abc/);
});

async function claudeList(secret) {
  const h = home();
  const added = await runProgram([programs.claude, 'mcp', 'add', '-s', 'user', '--transport', 'http', 'ref', url, '--header', `Authorization: Bearer ${secret}`], { home: h, fence: false });
  const listed = await runProgram([programs.claude, 'mcp', 'list'], { home: h, fence: false });
  return added.out + listed.out; // it always exits 0: only its words tell
}
test('Claude Code finds it connected', { skip: lacks('claude') }, async () => {
  const out = await claudeList(key);
  assert.match(out, /ref: .*Connected/);
  assert.doesNotMatch(out, /Failed to connect|Needs auth/);
});
test('Claude Code notices a wrong key', { skip: lacks('claude') }, async () => assert.match(await claudeList(wrong), /Failed to connect|Needs auth/));

async function opencodeList(secret) {
  const h = home();
  const server = { type: 'remote', url, enabled: true, headers: { Authorization: `Bearer ${secret}` } };
  fs.writeFileSync(h + '/opencode.json', JSON.stringify({ mcp: { ref: server } }));
  return (await runProgram([programs.opencode, 'mcp', 'list'], { home: h, fence: false })).out;
}
test('OpenCode finds it connected', { skip: lacks('opencode') }, async () => {
  const out = await opencodeList(key);
  assert.match(out, /ref\s+connected/);
  assert.doesNotMatch(out, /needs auth|failed/);
});
test('OpenCode notices a wrong key', { skip: lacks('opencode') }, async () => assert.doesNotMatch(await opencodeList(wrong), /ref\s+connected/));
