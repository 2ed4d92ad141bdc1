// PowerDNS behind the gate: what tools answer is what its REST API answers, and what they change is changed there.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { absent, documentOf, startReal } from './lib/real.mjs';
import { caller } from './lib/rpc.mjs';
import { freePort, run, startServer } from './lib/server.mjs';

const skip = absent('pdns_server');
const API_KEY = 'pdns-test-key-7f3a9c';
const ZONE = 'gate.test.', AT = `/servers/localhost/zones/${ZONE}`, where = { server_id: 'localhost', zone_id: ZONE };
let pdns, server, call;

before(async () => {
  if (skip) return;
  pdns = await startReal('pdns', { args: [API_KEY, await freePort()], probe: '/servers', headers: { 'X-API-Key': API_KEY }, root: '/api/v1' });
  server = await startServer({
    apis: [{
      name: 'pdns', document: documentOf('pdns'), environments: [{
        name: 'production', base_url: pdns.url, credential_in: 'header', credential_name: 'X-API-Key', credential_value: '{secret}', credential_from: 'env:PDNS_KEY',
      }],
    }],
    env: { PDNS_KEY: API_KEY },
  });
  call = caller(server, { key: await server.key('pdns', 'pdns', ['--destructive']) });
});
after(async () => {
  const code = await server?.stop();
  await pdns?.stop();
  assert.equal(code ?? 0, 0, 'SIGTERM ends it with 0');
});
const pdnsTest = (name, f) => test(name, { skip }, f);

// The tool's text is, byte for byte, what the API answers to the same request.
async function same(tool, args, path) {
  const [mine, theirs] = [await call.tool(tool, args), await pdns.ask(path)];
  assert.equal(theirs.status, 200);
  assert.equal(mine.isError, false, mine.text);
  assert.equal(mine.text, theirs.text);
  return theirs;
}
async function done(tool, args) {
  const r = await call.confirmed(tool, args);
  assert.equal(r.isError, false, `${tool}: ${r.text}`);
  return r;
}

pdnsTest('the document is imported whole', async () => {
  const r = await run(['import', documentOf('pdns'), '-o', `${server.dir}/whole.cat`, '--strict', '--report', '-']);
  assert.equal(r.code, 0, r.out + r.err);
  assert.equal((await call.tools()).filter((t) => t.name !== 'get_result').length, 32);
});
pdnsTest('effects are told: reads, writes, deletions', async () => {
  const hints = Object.fromEntries((await call.tools()).map((t) => [t.name, t.annotations]));
  assert.equal(hints.list_zones.readOnlyHint, true);
  assert.equal(hints.create_zone.readOnlyHint, false);
  assert.equal(hints.delete_zone.destructiveHint, true);
  assert.equal(hints.set_metadata.idempotentHint, true);
});
pdnsTest('servers and configuration', async () => {
  await same('list_servers', {}, '/servers');
  await same('get_server', { server_id: 'localhost' }, '/servers/localhost');
  await same('list_config', { server_id: 'localhost' }, '/servers/localhost/config');
  const one = await call.tool('get_config', { server_id: 'localhost', setting: 'launch' }); // described, but not made in 4.7
  const theirs = await pdns.ask('/servers/localhost/config/launch');
  assert.equal(one.isError, theirs.status >= 400, one.text);
  assert.ok(one.text.includes(theirs.text) && (theirs.status === 200 || one.text.includes(String(theirs.status))), one.text);
  const stats = await done('get_statistics', { server_id: 'localhost', includerings: false });
  assert.deepEqual(JSON.parse(stats.text).map((s) => s.name), (await pdns.ask('/servers/localhost/statistics?includerings=false')).json.map((s) => s.name));
});
pdnsTest('a zone is created', async () => {
  const r = await done('create_zone', { server_id: 'localhost', name: ZONE, kind: 'Native', nameservers: ['ns1.gate.test.'] });
  const { id, kind, rrsets } = JSON.parse(r.text);
  assert.deepEqual([id, kind], [ZONE, 'Native']);
  assert.ok(rrsets.some((s) => s.type === 'NS'));
  await same('list_zones', { server_id: 'localhost' }, '/servers/localhost/zones');
  await same('list_zones', { server_id: 'localhost', zone: ZONE, dnssec: false }, `/servers/localhost/zones?zone=${ZONE}&dnssec=false`);
  await same('get_zone', where, AT);
});
pdnsTest('creating it again is an error a model can read', async () => {
  const r = await call.tool('create_zone', { server_id: 'localhost', name: ZONE, kind: 'Native', nameservers: [] });
  assert.equal(r.isError, true);
  assert.match(r.text, /409/);
  assert.match(r.text, /Conflict|already/i);
});
pdnsTest('records are set, replaced, and removed', async () => {
  const record = (name, type, content, ttl = 300) => ({ name, type, ttl, changetype: 'REPLACE', records: [].concat(content).map((c) => ({ content: c, disabled: false })) });
  await done('change_records', { ...where, rrsets: [record('www.gate.test.', 'A', ['127.0.0.1', '127.0.0.2']), record('txt.gate.test.', 'TXT', '"quoted \\" and ü"')] });
  const zone = (await same('get_zone', where, AT)).json;
  assert.deepEqual(zone.rrsets.find((s) => s.name === 'www.gate.test.').records.map((r) => r.content).sort(), ['127.0.0.1', '127.0.0.2']);
  await done('change_records', { ...where, rrsets: [record('www.gate.test.', 'A', '127.0.0.3', 60)] });
  const one = (await same('get_zone', { ...where, rrset_name: 'www.gate.test.', rrset_type: 'A' }, `${AT}?rrset_name=www.gate.test.&rrset_type=A`)).json;
  assert.deepEqual(one.rrsets.map((s) => [s.ttl, s.records.map((r) => r.content)]), [[60, ['127.0.0.3']]]);
  await same('search_data', { server_id: 'localhost', q: '*gate.test*', max: 50, object_type: 'record' }, '/servers/localhost/search-data?q=*gate.test*&max=50&object_type=record');
  await same('export_zone', where, `${AT}/export`);
  await done('change_records', { ...where, rrsets: [{ name: 'www.gate.test.', type: 'A', changetype: 'DELETE' }] });
  const left = (await same('get_zone', where, AT)).json;
  assert.ok(!left.rrsets.some((s) => s.name === 'www.gate.test.'));
});
pdnsTest('a bad record is an error with the reason of the API', async () => {
  const r = await call.tool('change_records', { ...where, rrsets: [{ name: 'x.gate.test.', type: 'A', ttl: 1, changetype: 'REPLACE', records: [{ content: 'not an address' }] }] });
  assert.equal(r.isError, true);
  assert.match(r.text, /422/);
  assert.match(r.text, /not an address|Record/);
});
pdnsTest('settings and metadata', async () => {
  await done('update_zone', { ...where, account: 'tests', soa_edit: 'INCEPTION-INCREMENT' });
  assert.equal((await same('get_zone', where, AT)).json.account, 'tests');
  await done('set_metadata', { ...where, metadata_kind: 'X-Gate', metadata: ['one', 'two'] });
  await same('get_metadata', { ...where, metadata_kind: 'X-Gate' }, `${AT}/metadata/X-Gate`);
  await done('add_metadata', { ...where, kind: 'X-Other', metadata: ['three'] });
  await same('list_metadata', where, `${AT}/metadata`);
  await done('delete_metadata', { ...where, metadata_kind: 'X-Gate' });
  assert.deepEqual((await pdns.ask(`${AT}/metadata/X-Gate`)).json.metadata, []);
});
pdnsTest('DNSSEC keys and TSIG keys', async () => {
  await done('create_cryptokey', { ...where, keytype: 'csk', active: true, algorithm: 'ecdsa256' });
  const [key] = (await same('list_cryptokeys', where, `${AT}/cryptokeys`)).json;
  assert.equal(key.active, true);
  await done('update_cryptokey', { ...where, cryptokey_id: key.id, active: false });
  assert.equal((await same('list_cryptokeys', where, `${AT}/cryptokeys`)).json[0].active, false);
  await done('delete_cryptokey', { ...where, cryptokey_id: key.id });
  await same('list_cryptokeys', where, `${AT}/cryptokeys`);
  await done('create_tsigkey', { server_id: 'localhost', name: 'gatekey', algorithm: 'hmac-sha256' });
  await same('list_tsigkeys', { server_id: 'localhost' }, '/servers/localhost/tsigkeys');
  await done('delete_tsigkey', { server_id: 'localhost', tsigkey_id: 'gatekey.' });
});
pdnsTest('a zone is deleted', async () => {
  await done('delete_zone', where);
  assert.equal((await pdns.ask(AT)).status, 404);
  const r = await call.tool('get_zone', where);
  assert.equal(r.isError, true);
  assert.match(r.text, /404/);
  assert.match(r.text, /Not Found/);
});
pdnsTest('mcpgated call says the same on the console', async () => {
  const r = await server.command(['call', 'pdns', 'list_servers']);
  assert.equal(r.code, 0, r.err);
  assert.equal(r.out.trim(), (await pdns.ask('/servers')).text.trim());
  const bad = await server.command(['call', 'pdns', 'get_zone', 'server_id=localhost', `zone_id=${ZONE}`]);
  assert.equal(bad.code, 1, bad.out + bad.err);
});
