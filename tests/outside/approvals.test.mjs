// Irreversible calls: described first, done once and only as described. Nothing here may ever be destroyed that was not
// confirmed or approved in exactly this form.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { caller, handleOf } from './lib/rpc.mjs';
import { startGate, startThings } from './lib/things.mjs';

const roles = `config role 'careful'
	list allow '*'
	option destructive 'approve'
config role 'member'
	list allow '*'
	list approve '* /people/{id}'
	list confirm 'PUT where id in 100..199'
`;
let things, gate, short, key, other, careful, a, b, c, thing = 1000;
before(async () => {
  things = await startThings();
  gate = await startGate(things, { extra: roles });
  short = await startGate(things, { extra: roles, options: { approval_time: "10s" } });
  [key, other] = [await gate.key('one', 'things', ['--destructive']), await gate.key('two', 'things', ['--destructive'])];
  careful = await gate.key('careful', 'things', ['--destructive', '--role', 'careful']);
  a = caller(gate, { key });
  b = caller(gate, { key: other });
  c = caller(gate, { key: careful });
});
after(async () => {
  await short?.end();
  await gate?.end();
  await things?.stop();
});

const next = () => ++thing;
// Asks for a deletion and returns its handle; nothing was done by that.
async function ask(who, tool, args) {
  const r = await who.tool(tool, args), path = `${tool === 'delete_person' ? 'people' : tool.slice(7) + (tool === 'delete_thing' ? 's' : '')}/${args.id}`;
  assert.equal(r.isError, false, r.text);
  assert.equal(things.count(path), 0);
  const handle = handleOf(r.text);
  assert.ok(handle, r.text);
  return { handle, text: r.text, path };
}
const until = async (f) => { for (let i = 0; i < 500 && !f(); i++) await sleep(10); assert.ok(f()); };
const approve = async (text, yes = true, which = gate) => which.command([yes ? 'approve' : 'deny', /approve\/([0-9a-f]{32})/.exec(text)[1]]);

test('expired: asked for now, brought back at the end', { concurrency: false }, async () => {
  const shortKey = await short.key('short', 'things', ['--destructive']);
  const s = caller(short, { key: shortKey }), id = next();
  const { handle } = await ask(s, 'delete_thing', { id });
  await sleep(11000);
  const r = await s.tool('delete_thing', { id, approval: handle });
  assert.equal(r.isError, true);
  assert.equal(things.count(`things/${id}`), 0);
});

test('described, confirmed, done once', async () => {
  const id = next(), { handle, text, path } = await ask(a, 'delete_thing', { id });
  assert.match(text, new RegExp(`DELETE ${things.url}/things/${id}\n`));
  assert.match(text, new RegExp(`"name":"things ${id}","version":1`));
  assert.equal((await a.tool('delete_thing', { id, approval: handle })).isError, false);
  assert.equal(things.count(path), 1);
  assert.equal((await a.tool('delete_thing', { id, approval: handle })).isError, true); // replayed
  assert.equal(things.count(path), 1);
});

test('forged, of another form, of another caller, for other arguments, tools, environments', async () => {
  const id = next(), { handle, path } = await ask(a, 'delete_thing', { id });
  const flip = handle.slice(0, -1) + (handle.endsWith('0') ? '1' : '0');
  for (const [who, tool, args] of [
    [a, 'delete_thing', { id, approval: flip }], [a, 'delete_thing', { id, approval: 'f'.repeat(32) }], [a, 'delete_thing', { id, approval: handle.toUpperCase() }],
    [a, 'delete_thing', { id, approval: true }], [a, 'delete_thing', { id, approval: '' }], [a, 'delete_thing', { id, approval: 'x'.repeat(100000) }],
    [a, 'delete_thing', { id, confirm: true, approval: 'yes' }], [b, 'delete_thing', { id, approval: handle }],
    [a, 'delete_thing', { id: id + 5000, approval: handle }], [a, 'delete_tagged', { id, approval: handle }], [a, 'delete_blind', { id, approval: handle }],
    [a, 'delete_thing', { id, name: 'more', approval: handle }], [a, 'delete_thing', { id, environment: 'production', approval: handle }],
  ]) {
    const r = await who.tool(tool, args).catch((e) => ({ isError: true, text: e.message }));
    assert.equal(r.isError, true, `${JSON.stringify(args).slice(0, 100)}: ${r.text}`);
  }
  assert.deepEqual(things.deleted.filter((d) => d.endsWith(`/${id}`) || d.endsWith(`/${id + 5000}`)), []);
  assert.equal((await a.tool('delete_thing', { id, approval: handle })).isError, false); // it was good all the time
  assert.equal(things.count(path), 1);
});

test('the order of members does not matter, everything else does', async () => {
  const id = next(), note = { x: 1, y: { b: 2, a: [1, 2] } };
  let { handle } = await ask(a, 'delete_thing', { id, name: 'n', note });
  for (const bad of [{ ...note, x: 2 }, { ...note, y: { b: 2, a: [2, 1] } }, { ...note, z: 0 }, { x: 1 }])
    assert.equal((await a.tool('delete_thing', { id, name: 'n', note: bad, approval: handle })).isError, true);
  assert.equal((await a.tool('delete_thing', { approval: handle, note: { y: { a: [1, 2], b: 2 }, x: 1 }, name: 'n', id })).isError, false);
  assert.equal(things.count(`things/${id}`), 1);
});

test('changed meanwhile: by version, by ETag, and between the look and the act', async () => {
  for (const tool of ['delete_thing', 'delete_tagged']) {
    const id = next(), { handle, path } = await ask(a, tool, { id });
    things.touch(id);
    const r = await a.tool(tool, { id, approval: handle });
    assert.equal(r.isError, true);
    assert.match(r.text, /has changed since/);
    assert.equal((await a.tool(tool, { id, approval: handle })).isError, true); // and the handle is spent
    assert.equal(things.count(path), 0);
  }
  const id = next(), { handle } = await ask(a, 'delete_tagged', { id });
  assert.equal((await a.tool('delete_tagged', { id, approval: handle })).isError, false);
  assert.equal(things.seen.findLast((q) => q.method === 'DELETE').headers['if-match'], '"tagged-1"');
});

test('turned off between the look and the act: nothing is done', async () => {
  for (const target of [['api:things', 'write'], ['tool:things/delete_thing']]) {
    const id = next(), { handle, path } = await ask(a, 'delete_thing', { id });
    const from = things.seen.length;
    let looked;
    things.look = new Promise((resolve) => { looked = resolve; });
    const acting = a.modern('tools/call', { name: 'delete_thing', arguments: { id, approval: handle } });
    await until(() => things.seen.length > from);
    things.look = null;
    const off = await gate.command(['switch', ...target, 'off']), r = (looked(), await acting), on = await gate.command(['switch', ...target, 'on']);
    assert.deepEqual([off.code, on.code], [0, 0]);
    assert.ok(r.json.error ?? r.json.result.isError, r.body);
    assert.equal(things.count(path), 0);
  }
});

test('what cannot be read is described without its state', async () => {
  const id = next(), { handle, text } = await ask(a, 'delete_blind', { id });
  assert.match(text, /no operation that reads it/);
  assert.equal((await a.tool('delete_blind', { id, approval: handle })).isError, false);
});

test('50 connections bring one handle at once: one of them does it', async () => {
  for (let round = 0; round < 10; round++) {
    const id = next(), { handle, path } = await ask(a, 'delete_thing', { id });
    const all = await Promise.all(Array.from({ length: 50 }, () => a.tool('delete_thing', { id, approval: handle }).catch(() => ({ isError: true }))));
    assert.equal(all.filter((r) => !r.isError).length, 1);
    assert.equal(things.count(path), 1);
  }
});

test('a person approves: not before, once, not after a no, not by a client that says so', async () => {
  const id = next(), { handle, text, path } = await ask(c, 'delete_thing', { id });
  const r = await c.tool('delete_thing', { id, approval: handle });
  assert.match(r.text, /Nobody has approved this yet/);
  assert.equal((await approve(text)).code, 0);
  assert.equal((await b.tool('delete_thing', { id, approval: handle })).isError, true);
  assert.equal((await c.tool('delete_thing', { id, approval: handle })).isError, false);
  assert.equal(things.count(path), 1);
  const no = next(), refused = await ask(c, 'delete_thing', { id: no });
  assert.equal((await approve(refused.text, false)).code, 0);
  assert.equal((await approve(refused.text)).code, 1); // decided is decided
  assert.match((await c.tool('delete_thing', { id: no, approval: refused.handle })).text, /has refused/);
  const third = next(), asked = await ask(c, 'delete_thing', { id: third });
  await approve(asked.text);
  things.touch(third);
  assert.match((await c.tool('delete_thing', { id: third, approval: asked.handle })).text, /has changed since/);
  assert.deepEqual([things.count(`things/${no}`), things.count(`things/${third}`)], [0, 0]);
});

test('50 connections after a yes, while a no comes as well', async () => {
  for (let round = 0; round < 3; round++) {
    const id = next(), { handle, text, path } = await ask(c, 'delete_thing', { id });
    const [yes, no, ...all] = await Promise.all([approve(text), approve(text, false), ...Array.from({ length: 48 }, () => c.tool('delete_thing', { id, approval: handle }).catch(() => ({ isError: true })))]);
    assert.equal((yes.code === 0) + (no.code === 0), 1); // one of them decides
    const last = await c.tool('delete_thing', { id, approval: handle });
    const done = [...all, last].filter((r) => !r.isError).length;
    assert.equal(done, yes.code === 0 ? 1 : 0);
    assert.equal(things.count(path), done);
  }
});

const caps = (elicitation) => (m) => { m.params._meta['io.modelcontextprotocol/clientCapabilities'] = { elicitation }; return m; };
const again = (state, more = {}) => (m) => { Object.assign(m.params, { requestState: state, inputResponses: { approval: { action: 'accept', content: { approve: true } } } }, more); m.id = 2; return caps({ url: {}, form: {} })(m); };
const call = (who, id, message) => who.modern('tools/call', { name: 'delete_person', arguments: { id } }, { message });

test('URL elicitation: the page is asked for, and accept approves nothing (S05)', async () => {
  const id = next(), r = await call(a, id, caps({ url: {} })), q = r.json.result;
  assert.equal(q.resultType, 'input_required');
  const { method, params } = q.inputRequests.approval;
  assert.deepEqual([method, params.mode], ['elicitation/create', 'url']);
  assert.match(params.url, new RegExp(`^${gate.origin}/approve/[0-9a-f]{32}$`));
  assert.ok(!params.url.includes(q.requestState)); // the page's address does not carry out anything
  const refused = async (who, state, n = id) => {
    const x = await call(who, n, again(state));
    assert.ok(x.json?.error || x.json?.result.isError || x.status >= 400, x.body.slice(0, 200));
  };
  await refused(a, q.requestState);
  await refused(a, q.requestState.slice(0, -1) + (q.requestState.endsWith('0') ? '1' : '0')); // by one bit
  await refused(a, 'A'.repeat(1 << 17));
  await approve(params.url);
  await refused(b, q.requestState); // of another user
  await refused(a, q.requestState, id + 1); // for another call
  const done = await call(a, id, again(q.requestState));
  assert.equal(done.json.result.isError, false, done.body);
  await refused(a, q.requestState); // replayed
  assert.equal(things.count(`people/${id}`), 1);
  // a form is never offered to a key, and does not count
  const form = await call(a, next(), caps({ form: {} }));
  assert.equal(form.json.result.resultType, 'complete');
  assert.match(form.json.result.content[0].text, /A person must approve/);
});

test('dry run sends nothing, and rules look at arguments', async () => {
  const before = things.seen.length;
  const dry = await a.tool('delete_thing', { id: 5, name: 'x', dry_run: true });
  assert.match(dry.text, /Dry run.*DELETE .*\/things\/5\n.*body: \{"name":"x"\}.*confirmed first/s);
  assert.equal(things.seen.length, before);
  assert.equal((await a.tool('put_thing', { id: 5, name: 'x' })).isError, false); // no rule is about 5
  const { handle } = { handle: handleOf((await a.tool('put_thing', { id: 150, name: 'x' })).text) };
  assert.ok(handle);
  assert.equal((await a.tool('put_thing', { id: 151, name: 'x', approval: handle })).isError, true);
  assert.equal((await a.tool('put_thing', { id: 150, name: 'x', approval: handle })).isError, false);
});

test('legacy clients and batches', async () => {
  const { session } = await a.session();
  const id = next(), legacy = (args) => a.legacy('tools/call', { name: 'delete_thing', arguments: args }, { session });
  const first = await legacy({ id });
  const handle = handleOf(first.json.result.content[0].text);
  assert.ok(handle);
  assert.equal((await legacy({ id, approval: handle })).json.result.isError, false);
  assert.equal(things.count(`things/${id}`), 1);
  const two = [next(), next()];
  const batch = await a.post({ headers: Object.entries({ 'Content-Type': 'application/json', Accept: 'application/json', Authorization: `Bearer ${key}`, 'MCP-Protocol-Version': '2025-03-26' }),
    body: JSON.stringify(two.map((n, i) => ({ jsonrpc: '2.0', id: i, method: 'tools/call', params: { name: 'delete_thing', arguments: { id: n } } }))) });
  const handles = JSON.parse(batch.body).map((m) => handleOf(m.result.content[0].text));
  assert.ok(handles.every(Boolean), batch.body);
  assert.equal((await a.tool('delete_thing', { id: two[0], approval: handles[1] })).isError, true);
  assert.equal((await a.tool('delete_thing', { id: two[0], approval: handles[0] })).isError, false);
  assert.deepEqual(two.map((n) => things.count(`things/${n}`)), [1, 0]);
});

test('stop-all voids what waits', async () => {
  const id = next(), { handle } = await ask(a, 'delete_thing', { id }), person = await ask(a, 'delete_person', { id });
  assert.equal((await gate.command(['stop-all'])).code, 0);
  assert.equal((await a.modern('tools/list')).status, 503);
  await gate.command(['user', 'add', 'ada', '--role', 'admin', '--password-stdin'], { input: 'correct horse battery' });
  assert.equal((await gate.command(['stop-all', '--resume', '--user', 'ada', '--password-stdin'], { input: 'correct horse battery' })).code, 0);
  await approve(person.text);
  assert.equal((await a.tool('delete_thing', { id, approval: handle })).isError, true);
  assert.equal((await a.tool('delete_person', { id, approval: person.handle })).isError, true);
  await sleep(1100); // to the second
  const anew = await ask(a, 'delete_thing', { id });
  assert.equal((await a.tool('delete_thing', { id, approval: anew.handle })).isError, false);
});

test('a restart and a kill -9: what was given is good, what was spent is spent', async () => {
  const kept = next(), spent = next(), flying = next();
  const keptAsk = await ask(a, 'delete_thing', { id: kept }), spentAsk = await ask(a, 'delete_thing', { id: spent }), person = await ask(a, 'delete_person', { id: kept });
  await approve(person.text);
  assert.equal((await a.tool('delete_thing', { id: spent, approval: spentAsk.handle })).isError, false);
  const flyingAsk = await ask(a, 'delete_thing', { id: flying });
  things.delay = 300;
  const dying = a.tool('delete_thing', { id: flying, approval: flyingAsk.handle }).catch(() => null);
  await until(() => things.seen.some((q) => q.method === 'DELETE' && q.url === `/things/${flying}`)); // sent: it is spent
  await gate.kill('SIGKILL');
  things.delay = 0;
  await dying;
  await gate.again();
  assert.equal((await a.tool('delete_thing', { id: spent, approval: spentAsk.handle })).isError, true);
  assert.equal((await a.tool('delete_thing', { id: flying, approval: flyingAsk.handle })).isError, true);
  assert.equal((await a.tool('delete_thing', { id: kept, approval: keptAsk.handle })).isError, false);
  assert.equal((await a.tool('delete_person', { id: kept, approval: person.handle })).isError, false);
  assert.ok(things.count(`things/${flying}`) <= 1);
  assert.deepEqual([things.count(`things/${spent}`), things.count(`things/${kept}`), things.count(`people/${kept}`)], [1, 1, 1]);
});

test('four workers: an approval is good with whichever it is brought to, and nothing is ever done twice', async () => {
  const four = await startGate(things, { extra: roles, options: { workers: 4 } });
  const who = caller(four, { key: await four.key('four', 'things', ['--destructive']) });
  for (let round = 0; round < 12; round++) {
    const id = next(), handle = handleOf((await who.tool('delete_thing', { id })).text);
    assert.ok(handle);
    const all = await Promise.all(Array.from({ length: 50 }, () => who.tool('delete_thing', { id, approval: handle })));
    assert.equal(all.filter((r) => !r.isError).length, 1);
    assert.equal(things.count(`things/${id}`), 1);
  }
  await four.end();
});
