// The official conformance suite, both revisions, on the scenarios that need no fixture tools: one test per check.
// A check that needs a fixture tool, or an optional capability that is not offered, is skipped with its reason.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { lacks, programs, runProgram, tempDir } from './lib/programs.mjs';
import { startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

const scenarios = new Set(['server-initialize', 'server-session-lifecycle', 'server-stateless', 'logging-set-level', 'ping', 'tools-list', 'resources-list',
  'prompts-list', 'sep-2164-resource-not-found', 'dns-rebinding-protection', 'caching', 'http-header-validation', 'input-required-result-unsupported-methods',
  'server-sse-multiple-streams']);
const fixtures = new Set(['sep-2575-server-rejects-undeclared-capability', 'sep-2575-missing-capability-http-400',
  'sep-2575-http-server-no-independent-requests-on-stream', 'sep-2575-server-no-log-without-loglevel',
  'sep-2575-server-sends-prompts-list-changed-on-subscription', 'sep-2575-server-sends-tools-list-changed-on-subscription']);
const optional = /^(logging|prompts|resources|sep-2164|sep-2549)/;
// Scored checks of both revisions: the 62 of a correct server without fixtures, 2 for logging/setLevel and 1 for resources/templates/list.
const WANTED = 65;

const skip = lacks('conformance');
const { dir, remove } = tempDir('conformance');
const upstream = await startUpstream();
let server, scored = 0;
after(async () => {
  const code = await server?.stop();
  await upstream.stop();
  if (!process.env.KEEP) remove();
  assert.equal(code ?? 0, 0, 'SIGTERM ends it with 0');
});

// The scenarios of a revision that count: the others are run and reported only.
function scoredScenarios(revision) {
  const text = fs.readFileSync(path.join(path.dirname(programs.conformance), '../requirements', revision + '.yaml'), 'utf8');
  const list = /^server:\n((?:[ \t#].*\n|\n)*)/m.exec(text)[1];
  return new Set([...list.matchAll(/^\s*- (\S+)\s*$/gm)].map((m) => m[1]));
}

// Runs one revision: { scenario: [check] } out of the folders the tool leaves, and from its log what never finished.
async function suite(revision, url, key) {
  const out = path.join(dir, revision);
  fs.mkdirSync(out);
  const { out: log } = await runProgram([programs.node, programs.conformance, 'server', '--url', url, '--requirements', revision, '-o', out, '--timeout', '30000'],
    { home: dir, timeout: 240000, env: { FENCE_TOKEN: key, FENCE_ORIGIN: url } });
  const found = {};
  for (const d of fs.readdirSync(out).sort()) {
    const name = /^server-(.*)-\d{4}-\d\d-\d\dT/.exec(d)?.[1];
    const file = path.join(out, d, 'checks.json');
    if (name) found[name] = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file)) : [{ id: name, status: 'FAILURE', errorMessage: 'it left no checks' }];
  }
  for (const [, name, failed] of log.matchAll(/^[✓✗] (\S+): \d+ passed, (\d+) failed/gm))
    if (failed > 0 && !found[name]?.some((c) => c.status === 'FAILURE')) (found[name] ??= []).push({ id: name, status: 'FAILURE', errorMessage: 'it threw or timed out' });
  assert.ok(Object.keys(found).length, `the tool left no results:\n${log.slice(-2000)}`);
  return found;
}

if (skip) test('conformance', { skip });
else {
  try {
    server = await startServer({ apis: [{ name: 'echo', document: echoDocument, environments: [{ name: 'production', base_url: upstream.url }] }] });
    const key = await server.key('conformance', 'echo');
    const results = []; // all runs first: the first test() starts the end of the file's life
    for (const revision of ['2025-11-25', '2026-07-28']) results.push([revision, await suite(revision, server.url('echo'), key)]);
    for (const [revision, found] of results) judge(revision, found);
    test(`${WANTED} scored checks`, () => assert.equal(scored, WANTED));
  } catch (e) {
    test('conformance runs', () => { throw e; });
  }
}

function judge(revision, found) {
  const counts = scoredScenarios(revision);
  for (const [scenario, checks] of Object.entries(found)) {
    if (!scenarios.has(scenario)) continue;
    // The tool also validates its own messages, so wire-schema-valid alone passes against a dead server.
    const alive = checks.some((c) => c.status === 'SUCCESS' && c.id !== 'wire-schema-valid');
    for (const c of checks) {
      const name = `${revision} ${scenario}/${c.id}`;
      const why = c.errorMessage ?? c.description;
      if (c.status === 'SKIPPED') test(name, { skip: c.errorMessage ?? 'the suite skips it' });
      else if (c.status === 'FAILURE' && fixtures.has(c.id)) test(name, { skip: 'needs a fixture tool' });
      else if (c.status === 'FAILURE' && optional.test(c.id) && /Method not found|-32601/.test(why)) test(name, { skip: 'optional capability, not offered' });
      else if (c.status === 'FAILURE' && !counts.has(scenario)) test(name, { todo: `not scored: ${why}` });
      else if (c.status === 'FAILURE') test(name, () => assert.fail(why));
      else if (c.status === 'SUCCESS' && (alive || c.id !== 'wire-schema-valid')) { if (counts.has(scenario)) scored++; test(name, () => {}); }
    }
  }
}
