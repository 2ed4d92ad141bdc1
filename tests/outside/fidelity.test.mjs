// Fidelity: what arrives upstream fits the original document, says a library that we did not write. A sample of every
// document; all of it with FIDELITY=full (make fidelity), SEED=n for other arguments.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documents, fidelity } from './lib/fidelity.mjs';
import { openJudge } from './lib/judge.mjs';

const full = process.env.FIDELITY === 'full', seed = process.env.SEED ?? '1';

// What the judge says although the request is right, with the proof.
const excuses = {
  own: [{ why: 'allowReserved is the reserved expansion of RFC 6570 (3.2.1): "%41" goes as it is, and arrives as A', fits: (v) => v.code === 'lost' && v.message.endsWith('"%41"') }],
  github: [{ key: 'POST /orgs/{org}/campaigns', why: 'document: secret_scanning_alerts is demanded by oneOf, and refused by additionalProperties: false',
    fits: (v) => v.code === 'additionalProperties' && /secret_scanning_alerts/.test(v.message) }],
  portainer: [{ why: 'document: a parameter in a path that the path lacks', fits: (v) => v.code === 'required' && /^Request path must have required property/.test(v.message) },
    { why: 'document: an operation with a body and without consumes: JSON is sent', fits: (v) => String(v.code) === '415' && /^No supported content types/.test(v.message) }],
  stripe: [{ why: 'argument: an object without members has no form in a form body (x-www-form-urlencoded)',
    fits: (v) => v.code === 'required' && /inventory/.test(v.message) }],
};

const say = (v) => `${v.key} ${v.left.map((l) => `${l.code} ${l.path.join('.')}: ${l.message}`).join('; ')}\n  arguments ${JSON.stringify(v.args)}\n  ${v.target} ${v.body}`;

for (const [name, file] of documents()) {
  test(`${name}: requests fit the document`, { timeout: Infinity }, async (t) => { // each step of it has a limit
    const r = await fidelity(name, file, { seed, share: full || name === 'own' ? 1 : 0.05, excuses: excuses[name] });
    if (r.unread) { t.skip(r.unread); return; }
    if (full) console.log(`${name}: ${r.document} operations, ${r.tools} tools, ${r.calls} calls, ${r.refused.length} refused, ${r.violations.length} violations; excused: ${JSON.stringify(Object.fromEntries(r.excused))}`);
    assert.equal(r.tools + r.skipped + r.elsewhere, r.document, 'every operation is a tool, or reported');
    assert.equal(r.violations.length, 0, r.violations.slice(0, 5).map(say).join('\n'));
    // Refused before anything was sent: only what the tool's schema does not say, because it was cut to fit.
    assert.deepEqual(r.refused.filter((x) => !/must be one of|must be |lacks|too (large|many|long)/.test(x.text)).slice(0, 3), []);
    assert.ok(r.refused.length <= r.calls / 10, `${r.refused.length} of ${r.calls} calls refused: ${r.refused[0]?.key} ${r.refused[0]?.text}`);
  });
}

test('the judge finds what is wrong with a request', async () => {
  const { judge } = await openJudge(documents()[0][1]);
  const said = async (key, target, { method = key.split(' ')[0], headers = {}, body = '', args } = {}) =>
    (await judge(key, { method, target, headers: { ...headers, ...(body ? { 'content-length': String(body.length) } : {}) }, body: Buffer.from(body) }, { args })).length > 0;
  const json = { 'content-type': 'application/json' }, form = { 'content-type': 'application/x-www-form-urlencoded' };
  assert.equal(await said('GET /query/form/explode/integer', '/query/form/explode/integer?v=5'), false);
  assert.equal(await said('GET /query/form/explode/integer', '/query/form/explode/integer?v=five'), true, 'another type');
  assert.equal(await said('GET /query/form/explode/integer', '/query/form/explode/integer'), true, 'missing');
  assert.equal(await said('GET /query/deepObject/explode/object', '/query/deepObject/explode/object?v[red]=1&v[on]=true'), false);
  assert.equal(await said('GET /query/deepObject/explode/object', '/query/deepObject/explode/object?v[red]=1'), true, 'a member is missing');
  assert.equal(await said('GET /query/spaceDelimited/plain/numbers', '/query/spaceDelimited/plain/numbers?v=1,2'), true, 'commas for spaces');
  assert.equal(await said('GET /path/label/explode/object/{v}', '/path/label/explode/object/.red=1,on=true', { args: { v: { red: 1, on: true } } }), true, 'commas for dots');
  assert.equal(await said('GET /cookie/form/plain/integer', '/cookie/form/plain/integer', { headers: { cookie: 'v=x' } }), true, 'cookie');
  assert.equal(await said('POST /body/form', '/body/form', { headers: form, body: 'name=a&count=x' }), true, 'form');
  assert.equal(await said('PATCH /body/0', '/body/0', { headers: json, body: '{"name":"a"}' }), false);
  assert.equal(await said('PATCH /body/0', '/body/0', { headers: json, body: '{"name":1}' }), true, 'body');
  assert.equal(await said('PATCH /body/0', '/body/0', { headers: { 'content-type': 'text/plain' }, body: 'x' }), true, 'content type');
});
