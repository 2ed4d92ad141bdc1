// Fidelity: every tool of a document is called over MCP with arguments made from its schema, an upstream of ours records
// the request that arrives, and the judge says whether it fits the original document.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { argumentsOf, dice, seedOf } from './arguments.mjs';
import { openJudge } from './judge.mjs';
import { shared, tempDir, top } from './programs.mjs';
import { modernRequest } from './rpc.mjs';
import { run, section, startServer } from './server.mjs';

const openapi = path.join(shared, 'data/openapi');
// The OpenAPI initiative's own examples: two of them, with parts in other files and of version 3.1, or all.
const examples = () => {
  const dir = path.join(openapi, 'oai-learn/examples');
  if (process.env.FIDELITY !== 'full') return ['v2.0/json/petstore-separate/spec/swagger.json', 'v3.1/tictactoe.yaml'];
  return fs.readdirSync(dir, { recursive: true }).filter((f) => /\.(json|yaml)$/.test(f) && (!f.includes('petstore-separate') || /swagger\.\w+$/.test(f))).sort();
};
export const documents = () => [
  ['own', path.join(top, 'tests/data/openapi/styles.json')],
  ...(fs.existsSync(openapi) ? [
    ['alertmanager', 'alertmanager/openapi.yaml'], ['awork', 'awork/swagger.json'], ['evcc', 'evcc/openapi.yaml'], ['forgejo', 'forgejo/swagger.v1.json'],
    ['frigate', 'frigate/frigate-api.yaml'], ['github', 'github/api.github.com.json'], ['go2rtc', 'go2rtc/openapi.yaml'], ['gotify', 'gotify/spec.json'],
    ['grocy', 'grocy/grocy.openapi.json'], ['harbor', 'harbor/swagger.yaml'], ['kubernetes', 'kubernetes/swagger.yaml'], ['netbox', 'netbox/openapi.yaml'],
    ['openhue', 'openhue/src/main.yaml'], ['portainer', 'portainer/swagger.yaml'], ['stripe', 'stripe/spec3.json'], ['twilio', 'twilio/twilio_api_v2010.json'],
    ['vikunja', 'vikunja/swagger.json'], ['workos', 'workos/open-api-spec.yaml'],
    ...examples().map((f) => [`oai-${f.replace(/\W+/g, '-').toLowerCase()}`.slice(0, 32).replace(/-$/, ''), `oai-learn/examples/${f}`]),
  ].map(([name, file]) => [name, path.join(openapi, file)]) : []),
];

// An upstream that answers everything and keeps the last request.
async function recorder() {
  const self = { last: null };
  const server = http.createServer({ maxHeaderSize: 1 << 20, keepAliveTimeout: 60000 }, (q, r) => {
    const parts = [];
    q.on('data', (d) => parts.push(d));
    q.on('end', () => {
      self.last = { method: q.method, target: q.url, headers: q.headers, raw: q.rawHeaders, body: Buffer.concat(parts) };
      r.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 2 }).end('{}');
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  self.url = `http://127.0.0.1:${server.address().port}`;
  self.stop = () => { server.closeAllConnections(); server.close(); };
  return self;
}

// What ends a run is that nothing goes on, not that it is long: on a machine that others use, too, thousands of calls take
// what they take. So much time has each step by itself: an import, a start, a call.
const STEP_MS = 300000;

// One kept connection to the gate: thousands of calls in order.
function mcp(server, key, api) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const post = (method, params) => new Promise((resolve, reject) => {
    const { headers, body } = modernRequest(method, params, { key });
    const q = http.request({ port: server.port, host: '127.0.0.1', method: 'POST', path: `/${api}/mcp`, agent, headers: Object.fromEntries(headers) }, (r) => {
      const parts = [];
      r.on('data', (d) => parts.push(d));
      r.on('end', () => { try { resolve(JSON.parse(Buffer.concat(parts))); } catch (e) { reject(e); } });
    });
    q.on('error', reject);
    q.setTimeout(STEP_MS, () => q.destroy(new Error(`${method}: no answer for ${STEP_MS / 1000} s`)));
    q.end(body);
  });
  return { post, close: () => agent.destroy() };
}

const HOWS = [{ bare: true }, { full: true }, {}, {}];
const under = (path, at) => at.every((part, i) => String(path[i]) === String(part));

// Every text, number and truth value of the arguments that the request does not hold: schemas alone would not see a value
// that became another one of the same type.
const fileText = (url) => { const [head, data] = [url.slice(0, url.indexOf(',')), url.slice(url.indexOf(',') + 1)]; return head.endsWith(';base64') ? Buffer.from(data, 'base64').toString('utf8') : decodeURIComponent(data); };
function lost(args, { target, headers, body }) {
  const decoded = (s) => { try { return decodeURIComponent(s); } catch { return s; } };
  const type = headers['content-type'] ?? '', text = body.toString('utf8');
  const parts = target.split(/[/?&=;,]/).map(decoded);
  const hay = [decoded(target), ...Object.values(headers).map(String), ...Object.values(headers).map((h) => decoded(String(h))), ...parts,
    /urlencoded/.test(type) ? text.split(/[&=,]/).map(decoded).join('\n') : text];
  const leaves = [], walk = (v) => { if (typeof v === 'string' && v.startsWith('data:')) v = fileText(v); if (v && typeof v === 'object') Object.values(v).forEach(walk); else if (v !== null && v !== '') leaves.push(v); };
  walk(body.length ? args : { ...args, content_type: '' }); // the type of a body that is not there
  const found = (v) => [String(v), JSON.stringify(v), JSON.stringify(String(v)).slice(1, -1)].some((s) => hay.some((h) => h.includes(s)));
  return leaves.filter((v) => !found(v)).map((v) => ({ path: [], code: 'lost', message: `the request does not hold ${JSON.stringify(v)}` }));
}

// Violations that are not the request's fault, with the reason; the rest stay. list: what the judge said.
function sort(list, excuses) {
  const left = [], excused = [];
  const choices = list.filter((v) => v.code === 'oneOf' || v.code === 'anyOf' || v.code === 'not' || v.code === 'if');
  for (const v of list) {
    if (v.code === 'format' && /"byte"/.test(v.message)) { excused.push({ ...v, why: 'format byte: JSON Schema knows no such format' }); continue; }
    if (v.code === 'pattern' || v.code === 'uniqueItems') { excused.push({ ...v, why: `${v.code}: not in the tool's schema, which strict clients would refuse` }); continue; }
    const choice = choices.find((c) => under(v.path, c.path));
    const why = choice ? `${choice.code}: the tool's schema tells the choice in words` : excuses.find((e) => e.fits(v))?.why;
    (why ? excused : left).push(why ? { ...v, why } : v);
  }
  return { left, excused };
}

async function callAll({ judge, tools, ops, calls, seed, share, excuses, upstream }) {
  const out = { operations: 0, calls: 0, refused: [], violations: [], excused: new Map() };
  for (const tool of tools) {
    const key = ops.get(tool.name);
    const d = dice(seedOf(`${seed} ${key}`));
    if (!key || d.real() >= share) continue;
    out.operations++;
    const op = judge.operation(key);
    const places = Object.fromEntries((op.request?.headers ?? []).map((h) => [h.name.replace(/[^A-Za-z0-9_.-]/g, '_'), 'header']));
    for (const how of HOWS) {
      const args = JSON.parse(JSON.stringify(argumentsOf(tool, d, how, places))); // as they travel
      upstream.last = null;
      const r = await calls.post('tools/call', { name: tool.name, arguments: args });
      out.calls++;
      const text = r.result?.content?.[0]?.text ?? JSON.stringify(r.error);
      if (!upstream.last) { out.refused.push({ tool: tool.name, key, args, text }); continue; }
      const said = [...await judge.judge(key, upstream.last, { base: '/base', args }), ...lost(args, upstream.last)];
      const { left, excused } = sort(said, excuses.filter((e) => e.key === undefined || e.key === key));
      for (const v of excused) out.excused.set(v.why, (out.excused.get(v.why) ?? 0) + 1);
      if (left.length) out.violations.push({ tool: tool.name, key, args, target: upstream.last.target, headers: upstream.last.headers, body: upstream.last.body.toString('utf8').slice(0, 2000), left });
    }
  }
  return out;
}

// Judges one document. share: the part of its operations that is tried (0 to 1).
export async function fidelity(name, file, { seed = '1', share = 1, excuses = [] } = {}) {
  const upstream = await recorder(), { dir, remove } = tempDir('fidelity');
  let server;
  try {
    const cat = path.join(dir, `${name}.cat`);
    const imported = await run(['import', file, '-o', cat, '--report', path.join(dir, 'report.json')], { timeout: STEP_MS });
    if (imported.code !== 0 && imported.code !== 3) return { name, unread: imported.err.trim().split('\n')[0] };
    const report = JSON.parse(fs.readFileSync(path.join(dir, 'report.json')));
    if (report.counts.operations === 0) return { name, unread: 'it has no operations' };
    const ops = new Map((await run(['catalog', 'show', cat], { timeout: STEP_MS })).out.trim().split('\n').map((l) => l.split('\t')).filter((l) => l.length > 3).map((l) => [l[0], `${l[2]} ${l[3]}`]));
    server = await startServer({ apis: [{ name, document: file, options: { mode: 'tools', response_budget: '4k', answer_within: '0s' }, environments: [{ name: 'sandbox', base_url: `${upstream.url}/base` }] }],
      extra: section('role', 'all', { allow: '*', destructive: 'none' }), startup: STEP_MS }); // nothing asks back before it is sent
    const calls = mcp(server, await server.key('all', name, ['--destructive', '--role', 'all']), name);
    const judge = await openJudge(file);
    const { result } = await calls.post('tools/list', {});
    const out = await callAll({ judge, tools: result.tools, ops, calls, seed, share, excuses, upstream });
    calls.close();
    return { name, document: judge.keys.length, tools: result.tools.length, skipped: report.counts.skipped, elsewhere: report.counts.elsewhere, ...out };
  } finally {
    await server?.stop();
    upstream.stop();
    remove();
  }
}
