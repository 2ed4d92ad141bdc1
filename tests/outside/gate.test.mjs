// The gate against a second model of it, written from what README.md and the issue say and sharing nothing with the code:
// role x scopes x switches x environment x view x operation x arguments, in 100,000 random cells.
// SEED=N and CELLS=N in the environment choose others.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { tempDir, top } from './lib/programs.mjs';

const driver = path.join(top, 'build/native-test/gate-driver');
const CELLS = Number(process.env.CELLS ?? 100000), EACH = 200;
let state = Number(process.env.SEED ?? 20261121) >>> 0;
const random = () => { // mulberry32
  let t = state = (state + 0x6d2b79f5) >>> 0;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
const chance = (p) => random() < p;
const one = (list) => list[Math.floor(random() * list.length)];
const some = (list, p = 0.5) => list.filter(() => chance(p));

// What there is: an operation's effect is told by hand, not taken from the program.
const operations = [
  ['get_thing', 'get', '/things/{id}', 'read', ['things']], ['list_things', 'get', '/things', 'read', ['things', 'lists']],
  ['put_thing', 'put', '/things/{id}', 'write', ['things']], ['create_thing', 'post', '/things', 'write', ['things']],
  ['patch_item', 'patch', '/things/{id}/items', 'write', ['items', 'odd tag']], ['get_item', 'get', '/things/{id}/items', 'read', ['items']],
  ['delete_thing', 'delete', '/things/{id}', 'destructive', ['things']], ['delete_items', 'delete', '/things/{id}/items', 'destructive', ['items']],
  ['purge_people', 'post', '/people/purge', 'destructive', ['people']], ['get_person', 'get', '/people/{id}', 'read', ['people']],
].map(([name, method, route, effect, tags]) => ({ name, method: method.toUpperCase(), route, effect, tags }));
const document = { openapi: '3.0.3', info: { title: 't', version: '1' }, paths: {} };
for (const o of operations)
  (document.paths[o.route] ??= {})[o.method.toLowerCase()] = { operationId: o.name, tags: o.tags, responses: { 200: { description: 'ok' } },
    parameters: [...(o.route.includes('{id}') ? [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }] : []), { name: 'name', in: 'query', schema: { type: 'string' } }] };

const n = (raw) => ({ json: raw, number: raw }), s = (text) => ({ json: JSON.stringify(text), text }), word = (raw) => ({ json: raw, text: raw });
const list = (...items) => ({ json: `[${items.map((i) => i.json)}]`, items }), object = { json: '{"a":1}', object: true };
const values = [n('1'), n('5'), n('10'), n('10.0'), n('10.50'), n('-3'), n('99'), n('100'), n('150'), n('199.99'), n('200'), n('1e2'), n('0'), n('-0'), n('9'.repeat(41)), n('123456789012345678901'),
  s('5'), s('05'), s('10'), s(''), s('lab-'), s('lab-7'), s('Lab-7'), s('lab-é'), s('prod-1'), s('"lab-'), s('a,b'), s('\u0000lab-'), word('true'), word('null'),
  list(), list(n('5'), n('10')), list(n('5'), n('500')), list(s('lab-1'), s('lab-2')), list(s('lab-1'), s('x')), list(list(n('5'))), object];
const wanted = ['10,20,100..199', '5', '-5..5', '0', 'lab-*', 'lab-*,5', 'prod-1,prod-2', '123456789012345678000..123456789012345679000', '10.5', '*', 'true', 'null', '1..2,x*', '100'];

function randomRule() {
  const words = [], r = {};
  const put = (p, name, choices, text = (v) => v) => { if (chance(p)) { r[name] = one(choices); words.push(text(r[name])); } };
  if (chance(0.5)) put(0.6, 'methods', ['GET', 'PUT', 'GET,PUT,POST', 'DELETE', 'PATCH,DELETE', 'POST,PATCH,PUT,DELETE,GET']);
  else put(0.5, 'effects', ['read', 'write', 'destructive', 'read,write', 'write,destructive']);
  put(0.3, 'path', ['/things*', '/things/{id}', '*/items', '/people/*', '/*', '/things/*/items', '*/{id}*']);
  put(0.15, 'tag', ['things', 'items', 'odd*', 'l*s', 'people'], (v) => `tag:${v}`);
  put(0.2, 'op', ['get_*', '*_thing', 'delete_*', '*people', 'put_thing'], (v) => `op:${v}`);
  put(0.15, 'api', ['main', 'm*', 'other'], (v) => `api:${v}`);
  put(0.2, 'env', ['production', 'sandbox', 's*', 'live', 'stage*'], (v) => `env:${v}`);
  r.where = chance(0.3) ? [[one(['id', 'name', 'filter.id']), one(wanted)], ...(chance(0.2) ? [['name', one(wanted)]] : [])] : [];
  if (!words.length) words.push('*');
  words.sort(() => random() - 0.5);
  r.text = words.join(' ') + (r.where.length ? ' where ' + r.where.map(([a, v]) => `${a} in ${v}`).join(' and ') : '');
  return r;
}

const people = ['ann', 'ben', 'cy'], teams = ['', 'red', 'blue'], clients = ['', 'c1', 'c2'], keys = ['1111111111111111', '2222222222222222', '3333333333333333'];
function randomConfig() {
  const environments = one([['production!'], ['sandbox'], ['sandbox', 'production!'], ['production!', 'sandbox'], ['sandbox', 'staging', 'live!'], ['live!', 'production!']])
    .map((e) => ({ name: e.replace('!', ''), production: e.endsWith('!'), word: e }));
  const roles = Array.from({ length: 3 }, (_, i) => ({
    name: `role${i}`, destructive: Math.floor(random() * 3),
    rules: [Array.from({ length: 1 + Math.floor(random() * 4) }, randomRule), ...[0.5, 0.5, 0.5].map((p) => (chance(p) ? [randomRule()] : []))],
  }));
  for (const r of roles) if (chance(0.5)) r.rules[0].push({ text: '*', where: [] });
  const off = [];
  const maybe = (p, target, bits) => { if (chance(p)) off.push([target, bits]); };
  maybe(0.05, 'server', one([1, 2, 4, 6]));
  maybe(0.1, 'api:main', one([1, 2, 4, 6]));
  maybe(0.1, 'api:other', 7);
  maybe(0.2, 'team:red', one([1, 2, 4]));
  maybe(0.1, 'team:blue', one([1, 2, 4, 6]));
  maybe(0.1, 'client:c1', 1);
  maybe(0.1, 'user:ann', 1);
  maybe(0.1, `key:${keys[0]}`, 1);
  maybe(0.15, `tool:main/${one(operations).name}`, 1);
  maybe(0.05, `tool:other/${one(operations).name}`, 1);
  return { environments, roles, off, never: chance(0.4) ? [randomRule()] : [], stop: chance(0.01), file: chance(0.01) };
}

const SCOPES = ['read', 'write', 'destructive', 'production'], bits = (set) => set.reduce((m, v) => m | (1 << SCOPES.indexOf(v)), 0);
function randomCell(c) {
  const kind = one(['key', 'token']), scopes = some(SCOPES, 0.75), names = c.environments.map((e) => e.name);
  const args = {};
  if (chance(0.8)) args.id = one(values);
  if (chance(0.6)) args.name = one(values);
  if (chance(0.3)) args.filter = chance(0.8) ? { json: '', inside: { id: one(values) } } : one(values);
  if (args.filter?.inside) args.filter.json = `{"id":${args.filter.inside.id.json}}`;
  return {
    kind, scopes, grantable: kind === 'token' ? some(SCOPES).filter((v) => !scopes.includes(v)) : [],
    role: one(['', 'viewer', 'member', 'admin', 'role0', 'role1', 'role2', 'role0', 'role1', 'role2', 'gone']), apis: one(['', '', '', 'main', 'other,main', 'other']),
    allowed: chance(0.2) ? some([...names, 'elsewhere'], 0.6) : [], user: one(people), team: one(teams), client: kind === 'token' ? one(clients) : '', key: one(keys),
    readonly: chance(0.1), pinned: chance(0.15) ? Math.floor(random() * names.length) : null, op: one(operations),
    environment: chance(0.5) ? null : one([...names, 'nowhere']), args,
  };
}

// ---- the model ---------------------------------------------------------------------------------------------
const glob = (pattern, text) => new RegExp(`^${pattern.split('*').map((p) => p.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 's').test(text);
// A decimal number as an exact integer of 10^-60, or null.
function exact(text) {
  const m = text.length <= 40 ? /^(-?)(\d*)(?:\.(\d*))?$/.exec(text) : null;
  if (!m || !(m[2] + (m[3] ?? ''))) return null;
  const v = BigInt((m[2] || '0') + (m[3] ?? '').padEnd(60, '0'));
  return m[1] ? -v : v;
}
function oneOf(text, choices) {
  return choices.split(',').some((w) => {
    const range = /^(.+?)\.\.(.*)$/.exec(w), v = exact(text);
    if (range) { const [low, high] = [exact(range[1]), exact(range[2])]; return v !== null && low !== null && high !== null && low <= v && v <= high; }
    if (w.endsWith('*')) return text.startsWith(w.slice(0, -1));
    return text === w || (v !== null && exact(w) === v);
  });
}
// What allows must be sure of every element; what denies or asks needs one, and counts what cannot be compared.
function argumentHolds(value, choices, sure) {
  const single = (v) => {
    if (v.items || v.object || v.inside || (v.number !== undefined && exact(v.number) === null)) return !sure;
    return oneOf(v.number ?? v.text, choices);
  };
  if (value === undefined) return false;
  if (!value.items) return single(value);
  return sure ? value.items.length > 0 && value.items.every(single) : value.items.some(single);
}
const argument = (args, name) => (name === 'filter.id' ? args.filter?.inside?.id : args[name]);
const holds = (r, args, sure) => r.where.every(([name, choices]) => argumentHolds(argument(args, name), choices, sure));
const about = (r, op, env) => (!r.methods || r.methods.split(',').includes(op.method)) && (!r.effects || r.effects.split(',').includes(op.effect)) && (!r.path || glob(r.path, op.route))
  && (!r.tag || op.tags.some((t) => glob(r.tag, t))) && (!r.op || glob(r.op, op.name)) && (!r.api || glob(r.api, 'main'))
  && (!r.env || glob(r.env, env.name) || r.env === (env.production ? 'production' : 'sandbox'));

const builtIn = { viewer: [{ effects: 'read', where: [] }], member: [{ where: [] }], admin: [{ where: [] }] };
function judge(c, cell) {
  const role = c.roles.find((r) => r.name === cell.role) ?? (builtIn[cell.role || 'member'] && { destructive: 1, rules: [builtIn[cell.role || 'member'], [], [], []] });
  const alone = c.environments.length === 1;
  const off = new Set();
  for (const [target, b] of c.off) {
    const mine = ['server', 'api:main', `team:${cell.team}`, `user:${cell.user}`, `client:${cell.client}`, ...(cell.kind === 'key' ? [`key:${cell.key}`] : [])];
    if (mine.includes(target)) ['enabled', 'production', 'write'].forEach((w, i) => { if (b >> i & 1) off.add(w); });
  }
  const closed = c.stop || c.file || off.has('enabled') || !role || (cell.apis && !cell.apis.split(',').includes('main')) || c.off.some(([t]) => t === `tool:main/${cell.op.name}`);
  // By effect: may it at all, with these scopes?
  const may = (scopes) => !closed && (cell.op.effect === 'read' ? scopes.includes('read') : !cell.readonly && !off.has('write')
    && (cell.op.effect === 'write' ? scopes.includes('write') : scopes.includes('destructive') || (alone && cell.kind === 'key' && scopes.includes('write'))));
  const enter = (e, scopes) => (cell.pinned === null || c.environments[cell.pinned] === e) && !(e.production && off.has('production'))
    && (cell.allowed.length ? cell.allowed.includes(e.name) : alone || !e.production || scopes.includes('production'));
  const all = [...cell.scopes, ...cell.grantable];
  const offered = (e) => role && role.rules[0].some((r) => about(r, cell.op, e)) && ![...role.rules[1], ...c.never].some((r) => !r.where.length && about(r, cell.op, e));
  const listed = may(all) && c.environments.some((e) => enter(e, all) && offered(e));
  if (!listed) return { listed, answer: 'hidden' };
  // Where: the named one; else the pinned one, the only one, or one that is not production.
  let e = c.environments.find((x) => x.name === cell.environment);
  if (cell.environment === null)
    e = cell.pinned !== null ? c.environments[cell.pinned] : alone ? c.environments[0] : c.environments.find((x) => !x.production && enter(x, all));
  if (!e || !enter(e, all) || !offered(e)) return { listed, answer: 'refused' };
  const at = c.environments.indexOf(e);
  if (!may(cell.scopes) || !enter(e, cell.scopes)) {
    const need = { read: ['read'], write: ['read', 'write'], destructive: ['read', 'write', 'destructive'] }[cell.op.effect];
    return { listed, answer: 'step up', at, scopes: bits([...need, ...(e.production && !alone ? ['production'] : [])]) };
  }
  const rules = (i, sure) => role.rules[i].some((r) => about(r, cell.op, e) && holds(r, cell.args, sure));
  const denied = c.never.some((r) => about(r, cell.op, e) && holds(r, cell.args, false)) || rules(1, false) || !rules(0, true);
  let level = cell.op.effect === 'destructive' ? role.destructive : 0;
  if (rules(2, false)) level = Math.max(level, 1);
  if (rules(3, false)) level = 2;
  return { listed, answer: 'ok', at, denied, level };
}

const answers = ['ok', 'hidden', 'refused', 'step up'];
function told(line) {
  const [listed, answer, scopes, at, denied, level] = line.split(' ').map(Number), name = answers[answer];
  const r = { listed: listed === 1, answer: name };
  if (name === 'step up') Object.assign(r, { at, scopes });
  if (name === 'ok') Object.assign(r, { at, denied: denied === 1, ...(denied ? {} : { level }) });
  return r;
}

test(`the gate and a model of it agree in ${CELLS} cells`, () => {
  execFileSync('make', ['-s', 'VARIANT=test', driver.slice(top.length + 1)], { cwd: top, stdio: ['ignore', 'ignore', 'inherit'] });
  const { dir, remove } = tempDir('gate'), file = path.join(dir, 'doc.json');
  fs.writeFileSync(file, JSON.stringify(document));
  const lines = [`doc\t${file}`], cells = [];
  while (cells.length < CELLS) {
    const c = randomConfig();
    lines.push(`new\tmain\t${c.environments.map((e) => e.word)}`);
    for (const r of c.roles) lines.push(`role\t${r.name}\t${r.destructive}`, ...r.rules.flatMap((rules, i) => rules.map((x) => `rule\t${i}\t${x.text}`)));
    lines.push(...c.never.map((r) => `never\t${r.text}`), 'compile', ...c.off.map(([t, b]) => `off\t${t}\t${b}`), ...(c.stop ? ['stop'] : []), ...(c.file ? ['file'] : []));
    for (let i = 0; i < EACH; i++) {
      const x = randomCell(c);
      cells.push([c, x]);
      lines.push(['cell', x.kind, bits(x.scopes), bits(x.grantable), x.role, x.apis, x.allowed.join(','), x.user, x.team, x.client, x.key, Number(x.readonly), x.pinned ?? '-', x.op.name,
        x.environment ?? '-', `{${Object.entries(x.args).map(([k, v]) => `"${k}":${v.json}`)}}`].join('\t'));
    }
  }
  const got = execFileSync(driver, { input: lines.join('\n') + '\n', maxBuffer: 64 << 20 }).toString().trim().split('\n').map(told);
  remove();
  assert.equal(got.length, cells.length);
  const seen = {};
  cells.forEach(([c, x], i) => {
    const want = judge(c, x);
    if (want.denied) delete want.level;
    const kind = want.answer + (want.denied ? ' denied' : want.level ? ` level ${want.level}` : '');
    seen[kind] = (seen[kind] ?? 0) + 1;
    assert.deepEqual(got[i], want, `cell ${i}: ${JSON.stringify({ ...x, op: x.op.name })}\n${JSON.stringify({ ...c, roles: c.roles.filter((r) => r.name === x.role) })}`);
  });
  for (const kind of ['ok', 'ok level 1', 'ok level 2', 'ok denied', 'hidden', 'refused', 'step up']) // a test of nothing would agree as well
    assert.ok(seen[kind] > CELLS / 200, `only ${seen[kind]} cells of ${CELLS} are '${kind}'`);
});
