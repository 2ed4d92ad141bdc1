// Alertmanager behind the gate: what tools answer is what its REST API answers, and what they change is changed there.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { absent, documentOf, startReal } from './lib/real.mjs';
import { caller } from './lib/rpc.mjs';
import { run, startServer } from './lib/server.mjs';

const skip = absent('prometheus-alertmanager');
let am, server, call;
before(async () => {
  if (skip) return;
  am = await startReal('alertmanager', { probe: '/status', root: '/api/v2' });
  server = await startServer({ apis: [{ name: 'am', document: documentOf('alertmanager'), environments: [{ name: 'production', base_url: am.url }] }] });
  call = caller(server, { key: await server.key('am', 'am', ['--destructive']) });
});
after(async () => {
  const code = await server?.stop();
  await am?.stop();
  assert.equal(code ?? 0, 0, 'SIGTERM ends it with 0');
});
const amTest = (name, f) => test(name, { skip }, f);

async function same(tool, args, path) {
  const [mine, theirs] = [await call.tool(tool, args), await am.ask(path)];
  assert.equal(mine.isError, theirs.status >= 400, mine.text);
  if (theirs.status < 400) assert.equal(mine.text, theirs.text);
  return theirs;
}
async function done(tool, args) {
  const r = await call.confirmed(tool, args);
  assert.equal(r.isError, false, `${tool}: ${r.text}`);
  return r;
}
const inAnHour = () => new Date(Date.now() + 3600e3).toISOString();
const query = (...filters) => '?' + filters.map((f) => 'filter=' + encodeURIComponent(f)).join('&');

amTest('the document is imported whole', async () => {
  const r = await run(['import', documentOf('alertmanager'), '-o', `${server.dir}/whole.cat`, '--strict', '--report', '-']);
  assert.equal(r.code, 0, r.out + r.err);
  assert.equal((await call.tools()).filter((t) => t.name !== 'get_result').length, 9);
});
amTest('status and receivers', async () => {
  await same('get_status', {}, '/status');
  assert.deepEqual((await same('list_receivers', {}, '/receivers')).json.map((r) => r.name).sort(), ['nobody', 'pager']);
  assert.equal((await same('list_alerts', {}, '/alerts')).text.trim(), '[]');
});
amTest('alerts are posted: a body that is an array', async () => {
  const tool = (await call.tools()).find((t) => t.name === 'post_alerts');
  const [name, schema] = Object.entries(tool.inputSchema.properties).find(([, s]) => s.type === 'array') ?? [];
  assert.ok(name, `no array argument: ${JSON.stringify(tool.inputSchema)}`);
  assert.deepEqual(tool.inputSchema.required, [name]);
  assert.ok(schema.items.properties.labels);
  const alert = (alertname, severity, instance) => ({ labels: { alertname, severity, instance }, annotations: { note: 'ü "quoted" & <b>' }, endsAt: inAnHour() });
  await done('post_alerts', { [name]: [alert('DiskFull', 'page', 'web-1'), alert('DiskFull', 'page', 'web-2'), alert('Slow', 'info', 'db=1&x')] });
  assert.equal((await same('list_alerts', {}, '/alerts')).json.length, 3);
});
amTest('filters: one, several, and none that fits', async () => {
  assert.equal((await same('list_alerts', { filter: ['alertname="DiskFull"'] }, '/alerts' + query('alertname="DiskFull"'))).json.length, 2);
  assert.equal((await same('list_alerts', { filter: ['alertname="DiskFull"', 'instance=~"web-[2-9]"'] }, '/alerts' + query('alertname="DiskFull"', 'instance=~"web-[2-9]"'))).json.length, 1);
  assert.equal((await same('list_alerts', { filter: ['instance="db=1&x"'] }, '/alerts' + query('instance="db=1&x"'))).json.length, 1);
  assert.equal((await same('list_alerts', { filter: ['severity="page"'], receiver: 'pager', active: true, silenced: false }, '/alerts' + query('severity="page"') + '&receiver=pager&active=true&silenced=false')).json.length, 2);
  assert.equal((await same('list_alerts', { filter: ['alertname="none"'] }, '/alerts' + query('alertname="none"'))).json.length, 0);
  assert.equal((await same('list_alerts', { active: false }, '/alerts?active=false')).json.length, 0);
});
amTest('groups', async () => {
  for (let i = 0; i < 50 && (await am.ask('/alerts/groups')).json.length < 2; i++) await new Promise((resolve) => { setTimeout(resolve, 100); });
  assert.equal((await same('list_alert_groups', { receiver: 'pager' }, '/alerts/groups?receiver=pager')).json.length, 1);
});
amTest('a filter that cannot be parsed: the reason of the API', async () => {
  const r = await call.tool('list_alerts', { filter: ['no matcher at all {'] });
  assert.equal(r.isError, true);
  assert.match(r.text, /400/);
  assert.match(r.text, /bad matcher/);
});
amTest('silences: create, read, list, change, expire', async () => {
  const silence = { matchers: [{ name: 'alertname', value: 'Slow', isRegex: false, isEqual: true }], startsAt: new Date().toISOString(), endsAt: inAnHour(), createdBy: 'tests', comment: 'first' };
  const { silenceID } = JSON.parse((await done('post_silence', silence)).text);
  assert.equal((await same('get_silence', { silenceID }, `/silence/${silenceID}`)).json.comment, 'first');
  assert.equal((await same('list_silences', { filter: ['alertname="Slow"'] }, '/silences' + query('alertname="Slow"'))).json.length, 1);
  const again = JSON.parse((await done('post_silence', { ...silence, id: silenceID, comment: 'second' })).text).silenceID;
  assert.equal((await same('get_silence', { silenceID: again }, `/silence/${again}`)).json.comment, 'second');
  await done('expire_silence', { silenceID: again });
  assert.equal((await same('get_silence', { silenceID: again }, `/silence/${again}`)).json.status.state, 'expired');
});
amTest('a silence that is not there, and one that is wrong', async () => {
  const none = await call.tool('get_silence', { silenceID: '4c2a5d6e-7d8f-4b11-8d8a-000000000000' });
  assert.equal(none.isError, true);
  assert.match(none.text, /404/);
  const wrong = await call.tool('post_silence', { matchers: [], startsAt: inAnHour(), endsAt: inAnHour(), createdBy: 'x', comment: 'y' });
  assert.equal(wrong.isError, true);
});
