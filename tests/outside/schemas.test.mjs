// Every tool of every document, as a client is given it: the schemas compile in Ajv's strict mode, and the rules of the
// strictest known clients hold. What a model fills in by the schema is no other shape than what the gate takes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { documents } from './lib/fidelity.mjs';
import { lacks, programs, runProgram, tempDir } from './lib/programs.mjs';
import { caller } from './lib/rpc.mjs';
import { startServer } from './lib/server.mjs';

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/; // begins with a letter: Gemini
const ARGUMENT = /^[A-Za-z0-9_.-]{1,64}$/;
const TYPES = ['string', 'integer', 'number', 'boolean', 'array', 'object'];
const KEYWORDS = ['type', 'description', 'properties', 'required', 'items', 'enum', 'default', 'format', 'minimum', 'maximum',
  'minLength', 'maxLength', 'minItems', 'maxItems', 'additionalProperties'];
const FORMATS = { string: ['date-time', 'date', 'time', 'duration', 'email', 'uri', 'uuid', 'ipv4', 'ipv6', 'hostname'] };

// What the strictest client would refuse in a schema, with where it stands.
function* refused(s, at, depth = 0) {
  if (!TYPES.includes(s.type)) yield `${at}: type ${JSON.stringify(s.type)}`; // one type, no list of them
  for (const k of Object.keys(s)) if (!KEYWORDS.includes(k)) yield `${at}: keyword ${k}`; // no $ref, oneOf, anyOf, allOf, not
  if (depth > 10) yield `${at}: too deep`;
  if (s.type === 'array' && (!s.items || Array.isArray(s.items))) yield `${at}: an array without items`;
  if (s.enum && (s.type !== 'string' || !s.enum.length || s.enum.some((e) => typeof e !== 'string' || !e))) yield `${at}: enum ${JSON.stringify(s.enum).slice(0, 80)}`;
  if (s.enum && new Set(s.enum).size !== s.enum.length) yield `${at}: a value twice in enum`;
  if (s.format && !FORMATS[s.type]?.includes(s.format)) yield `${at}: format ${s.format}`;
  if (s.additionalProperties !== undefined && typeof s.additionalProperties !== 'boolean') yield `${at}: additionalProperties is a schema`;
  if (s.properties && (typeof s.properties !== 'object' || Array.isArray(s.properties))) yield `${at}: properties`;
  for (const r of s.required ?? []) if (!s.properties?.[r]) yield `${at}: required ${r} is no property`;
  if (s.required && (!s.required.length || new Set(s.required).size !== s.required.length)) yield `${at}: required`;
  for (const [k, v] of Object.entries(s.properties ?? {})) {
    if (depth === 0 && !ARGUMENT.test(k)) yield `${at}: argument ${k}`;
    yield* refused(v, `${at}.${k}`, depth + 1);
  }
  if (s.items) yield* refused(s.items, `${at}[]`, depth + 1);
}

function* tool(t) {
  if (!NAME.test(t.name)) yield `${t.name}: its name`;
  if (!t.title || t.title.length > 200) yield `${t.name}: title`;
  if (!t.description || t.description.length > 1024) yield `${t.name}: description of ${t.description?.length} characters`;
  for (const h of ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint']) if (typeof t.annotations?.[h] !== 'boolean') yield `${t.name}: ${h}`;
  if (t.annotations.readOnlyHint && t.annotations.destructiveHint) yield `${t.name}: reads and destroys`;
  if (t.inputSchema.type !== 'object' || typeof t.inputSchema.properties !== 'object') yield `${t.name}: its schema is no object`;
  yield* refused(t.inputSchema, t.name);
}

// Compiling is slow where there are a thousand tools: then some of them, all with FIDELITY=full.
const full = process.env.FIDELITY === 'full';
const few = (tools) => (full || tools.length < 40 ? tools : tools.filter((one, i) => i % Math.ceil(tools.length / 30) === 0));
const compile = (schema) => {
  const ajv = new Ajv2020({ strict: true, strictRequired: true, strictTypes: true, strictTuples: true, validateFormats: true, allErrors: false });
  addFormats(ajv);
  try { ajv.compile(schema); return null; } catch (e) { return e.message; }
};

for (const [name, document] of documents()) {
  test(`${name}: the strictest client takes every tool`, { timeout: full ? Infinity : undefined }, async (t) => {
    const environments = ['sandbox', 'production'].map((e) => ({ name: e, base_url: 'http://127.0.0.1:9' }));
    const server = await startServer({ apis: [{ name, document, options: { mode: 'tools' }, environments }], startup: 300000 });
    try {
      const key = await server.key('all', name, ['--environment', 'sandbox', '--environment', 'production', '--destructive']);
      const tools = await caller(server, { key }).tools();
      if (!tools.length) { t.skip('no tools'); return; }
      const wrong = tools.flatMap((one) => [...tool(one)]);
      assert.deepEqual(wrong.slice(0, 10), [], `${wrong.length} in all`);
      assert.equal(new Set(tools.map((one) => one.name.toLowerCase())).size, tools.length, 'no two names that differ in capitals only');
      const broken = few(tools).flatMap((one) => [one.inputSchema, one.outputSchema].filter(Boolean).map((s) => compile(s)).filter(Boolean).map((e) => `${one.name}: ${e}`));
      assert.deepEqual(broken.slice(0, 10), [], `${broken.length} in all`);
      if (lacks('inspector') || !(full || ['own', 'workos'].includes(name))) return;
      const { dir, remove } = tempDir('home');
      const r = await runProgram([programs.node, programs.inspector, '--cli', server.url(name), '--format', 'json', '--stored-auth-only', '--header', `Authorization: Bearer ${key}`,
        '--method', 'tools/list', '--strict'], { home: dir });
      remove();
      assert.equal(r.code, 0, `the Inspector, strict: ${r.out.slice(-500)}`);
    } finally {
      await server.stop();
    }
  });
}

test('the rules find what clients refuse', () => {
  const wrong = (schema) => [...refused({ type: 'object', properties: {}, ...schema }, 't')].length > 0 || compile({ type: 'object', ...schema }) !== null;
  assert.equal(wrong({}), false);
  for (const s of [{ oneOf: [] }, { $ref: '#' }, { required: ['x'] }, { properties: { a: { type: ['string', 'null'] } } }, { properties: { a: { type: 'array' } } },
    { properties: { a: { type: 'integer', enum: [1] } } }, { properties: { 'a b': { type: 'string' } } }, { properties: { a: { type: 'string', format: 'int32' } } },
    { properties: { a: { type: 'object', additionalProperties: { type: 'string' } } } }]) assert.equal(wrong(s), true, JSON.stringify(s));
  assert.notEqual(compile({ type: 'object', properties: { a: { type: 'string', minimum: 1 } } }), null, 'Ajv is strict');
});
