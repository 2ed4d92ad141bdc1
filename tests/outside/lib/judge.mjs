// The judge of requests: @stoplight/prism reads the original document and says whether a request fits it. Nothing here
// knows how the gate reads documents or writes requests.
import { createRequire } from 'node:module';
import { parse as parseQuery } from 'node:querystring';
import { parseTemplate } from 'url-template';

const require = createRequire(import.meta.url);
const RefParser = require('@stoplight/json-schema-ref-parser');
const { bundleTarget, decycle, resolveInlineRef } = require('@stoplight/json');
const { transformOas2Operations } = require('@stoplight/http-spec/oas2/operation');
const { transformOas3Operations } = require('@stoplight/http-spec/oas3/operation');
const { validateInput } = require('@stoplight/prism-http/dist/validator');
const { validateAgainstSchema } = require('@stoplight/prism-http/dist/validator/validators/utils');
const mergeAllOf = require('@stoplight/json-schema-merge-allof');
const cookies = require('cookie');
const qs = require('qs');

// Prism replaces every $ref of a document by what it means, which does not end for some (stripe). What it looks at itself
// are types of parameters and of members of forms, so these alone are replaced; its JSON Schema library knows the others.
function plain(doc, schema, depth = 0) {
  for (let i = 0; i < 20 && typeof schema?.$ref === 'string'; i++) {
    try { schema = resolveInlineRef(doc, schema.$ref); } catch { return {}; }
  }
  if (!schema || typeof schema !== 'object' || depth > 2) return schema;
  let out = { ...schema };
  if (out.properties) out.properties = Object.fromEntries(Object.entries(out.properties).map(([k, v]) => [k, plain(doc, v, depth + 1)]));
  if (out.allOf) out.allOf = out.allOf.map((s) => plain(doc, s, depth));
  if (out.items && !Array.isArray(out.items)) out.items = plain(doc, out.items, depth + 1);
  if (out.allOf && depth === 0) try { out = mergeAllOf(out, { deep: false, ignoreAdditionalProperties: true }); } catch { /* as it is */ }
  return out;
}

const list = (result) => (result._tag === 'Some' || result._tag === 'Left' ? result.value ?? result.left : []);
const typeOf = (schema) => [schema?.type, ...(schema?.anyOf ?? []).map((s) => s.type), ...(schema?.oneOf ?? []).map((s) => s.type)].flat();
const json = (text) => { try { return JSON.parse(text); } catch { return text; } };

// A path that holds a query ("/frame?src={src}&mode=fast", which OpenAPI forbids) as a path and what the query must hold.
function withoutQuery(op) {
  const [path, query] = op.path.split('?');
  if (query === undefined) return { ...op, written: op.path };
  const { request = {} } = op, moved = new Set();
  const pairs = Object.entries(parseQuery(query)).map(([name, value]) => {
    const p = (request.path ?? []).find((one) => value === `{${one.name}}`);
    moved.add(p);
    return { schema: { type: 'string', const: value }, ...p, name, required: true, style: 'form' };
  });
  return { ...op, written: op.path, path, request: { ...request, path: (request.path ?? []).filter((p) => !moved.has(p)),
    query: [...(request.query ?? []).filter((p) => !pairs.some((q) => q.name === p.name)), ...pairs] } };
}

// "a,1,b,2" as an object.
const pairs = (text) => (text === undefined ? undefined : Object.fromEntries(text.split(',').flatMap((k, i, all) => (i % 2 ? [] : [[k, all[i + 1]]]))));

// Prism's own reading of forms takes the last of several values with one name, and makes an absent deepObject one without
// members. So forms are read by node:querystring and qs, as their document says, and judged by Prism's schema check.
function readForm(text, content, encoding) {
  const { properties = {} } = content.schema ?? {};
  const flat = parseQuery(text), nested = qs.parse(text, { depth: 30, arrayLimit: 1000, parameterLimit: 10000 });
  const out = {}, deep = new Set();
  for (const [name, s] of Object.entries(properties)) {
    const e = (content.encodings ?? []).find((one) => one.property === name);
    if (e?.style === 'deepObject') {
      deep.add(name);
      if (name in nested) out[name] = nested[name];
    } else if (name in flat) {
      const types = typeOf(s), v = flat[name];
      if (types.includes('array')) {
        out[name] = encoding[name]?.contentType?.includes('json') ? json(v) : Array.isArray(v) ? v : e?.explode === false ? v.split(e.style === 'pipeDelimited' ? '|' : e.style === 'spaceDelimited' ? ' ' : ',') : [v];
        if (Array.isArray(out[name]) && typeOf(s.items).includes('object')) out[name] = out[name].map(json);
      } else out[name] = types.includes('object') ? json(v) : v;
    }
  }
  for (const name of Object.keys(flat)) if (!(name in properties) && !deep.has(name.split('[')[0])) out[name] = flat[name];
  return out;
}

// Prism reads files as text and every part as a string: multipart bodies are read by Node's own parser, parts that say so
// as JSON, several parts of one name as a list.
async function readMultipart(bytes, type, content) {
  const { properties = {} } = content.schema ?? {}, out = {};
  for (const [name, v] of await new Response(bytes, { headers: { 'content-type': type } }).formData()) {
    const types = typeOf(properties[name]), list = types.includes('array');
    let one = typeof v === 'string' ? v : Buffer.from(await v.arrayBuffer()).toString('latin1');
    const inner = list ? typeOf(properties[name].items) : types;
    if (inner.includes('object') || inner.includes('array')) one = json(one);
    if (list && Array.isArray(one) && !inner.includes('array')) out[name] = one;
    else if (list) (out[name] ??= []).push(one);
    else out[name] = one;
  }
  return out;
}

// Prism prepares every operation at once; only the steps of those that are asked for are taken here, without responses.
export async function openJudge(file) {
  const parser = new RefParser();
  let broken; // references that lead nowhere are the document's fault: what can be read is judged
  await parser.bundle(file, { continueOnError: true, resolve: { http: false } }).catch((e) => { broken = e; });
  if (!parser.schema?.paths) throw broken;
  const doc = parser.schema;
  const ops = doc.swagger ? transformOas2Operations(doc) : transformOas3Operations(doc);
  const by = new Map(ops.map((op) => [`${op.method.toUpperCase()} ${op.path}`, op]));
  const ready = new Map();
  const operation = (key) => {
    if (!ready.has(key)) {
      const op = withoutQuery({ ...by.get(key), responses: [] });
      for (const where of ['path', 'query', 'headers', 'cookie'])
        for (const p of op.request?.[where] ?? []) p.schema = plain(doc, p.schema);
      for (const c of op.request?.body?.contents ?? []) c.schema = plain(doc, c.schema);
      ready.set(key, decycle(bundleTarget({ document: { ...doc, __target__: op }, path: '#/__target__', cloneDocument: false })));
    }
    return ready.get(key);
  };
  const encodingOf = (op, content) => {
    let body = doc.paths[op.written]?.[op.method]?.requestBody;
    if (body?.$ref) body = resolveInlineRef(doc, body.$ref);
    return body?.content?.[content.mediaType]?.encoding ?? {};
  };
  // What of the request is read here, because Prism cannot: the violations, and the operation without it.
  const ours = async (op, { path, query, type, text, bytes, headers, args }) => {
    const says = (value, schema, where) => list(validateAgainstSchema(value, schema, true, 'input', where, op.__bundled__));
    const one = (p, where, value) => (value !== undefined ? says({ [p.name]: value }, { type: 'object', properties: { [p.name]: p.schema } }, where)
      : p.required ? [{ path: [where, p.name], code: 'required', message: `${p.name} is missing` }] : []);
    const found = [], { request = {} } = op, rest = { ...request };
    const content = request.body?.contents?.find((c) => type.split(';')[0] === c.mediaType.split(';')[0]);
    if (content && type.startsWith('application/x-www-form-urlencoded')) {
      found.push(...(text || request.body.required ? says(readForm(text, content, encodingOf(op, content)), content.schema ?? {}, 'body') : []));
      rest.body = undefined;
      delete headers['content-length'];
    }
    if (content && type.startsWith('multipart/')) {
      found.push(...says(await readMultipart(bytes, type, content), content.schema ?? {}, 'body'));
      rest.body = undefined;
      delete headers['content-length'];
    }
    if (content && !/json|form/.test(content.mediaType) && typeOf(content.schema).includes('object')) rest.body = undefined; // XML
    // Prism splits at "%20" what is decoded already, and makes an absent deepObject one without members.
    const odd = (p) => p.style === 'deepObject' || p.style === 'spaceDelimited' || p.content;
    const flat = parseQuery(query), nested = (request.query ?? []).some(odd) ? qs.parse(query, { depth: 30, arrayLimit: 1000, parameterLimit: 10000 }) : {};
    for (const p of (request.query ?? []).filter(odd))
      found.push(...one(p, 'query', p.style === 'deepObject' ? nested[p.name] : typeof flat[p.name] === 'string' ? (p.explode ? [flat[p.name]] : flat[p.name].split(' ')) : flat[p.name]));
    rest.query = (request.query ?? []).filter((p) => !odd(p));
    // Prism reads no cookies, throws when an optional list in a header is missing, and when a list is in the path. How the
    // styles of paths look is RFC 6570: a library for that says what the path should be.
    const jar = cookies.parse(headers.cookie ?? '');
    for (const p of request.cookie ?? [])
      found.push(...one(p, 'cookie', jar[p.name] === undefined || !typeOf(p.schema).includes('array') ? (typeOf(p.schema).includes('object') ? pairs(jar[p.name]) : jar[p.name]) : jar[p.name].split(',')));
    rest.headers = (request.headers ?? []).filter((p) => p.required || p.name.toLowerCase() in headers);
    const lists = (request.path ?? []).filter((p) => typeOf(p.schema).includes('array') || typeOf(p.schema).includes('object') || p.style === 'label' || p.style === 'matrix');
    if (lists.length && args) {
      const template = op.path.replace(/\{([^}]*)\}/g, (all, name) => {
        const p = request.path.find((q) => q.name === name);
        return `{${{ label: '.', matrix: ';' }[p?.style] ?? ''}${name}${p?.explode && typeof args[name] === 'object' ? '*' : ''}}`;
      });
      const want = parseTemplate(template).expand(args);
      if (want !== path) found.push({ path: ['path'], code: 'expand', message: `RFC 6570 says ${want}` });
      rest.path = [];
    }
    return { found, op: { ...op, request: rest } };
  };
  return {
    keys: [...by.keys()], doc, operation,
    // What is wrong with a request { method, target, headers, body: Buffer } for the operation: [{ path, code, message }].
    async judge(key, request, { base = '', args } = {}) {
      const at = request.target.indexOf('?'), path = at < 0 ? request.target : request.target.slice(0, at), query = at < 0 ? '' : request.target.slice(at + 1);
      const headers = { ...request.headers }, type = headers['content-type'] ?? '', text = request.body.toString('utf8');
      try {
        const { found, op } = await ours(operation(key), { path: path.slice(base.length), query, type, text, bytes: request.body, headers, args });
        const body = op.request.body === undefined || !text.length ? undefined : /[/+]json/.test(type) ? JSON.parse(text) : text;
        const element = { method: request.method.toLowerCase(), url: { path: path.slice(base.length), query: parseQuery(query) }, headers, body };
        const said = [...list(validateInput({ resource: op, element })), ...found];
        return said.filter((d) => !d.severity).map(({ path: p = [], code, message }) => ({ path: p, code, message }));
      } catch (e) {
        return [{ path: [], code: 'thrown', message: e.message }];
      }
    },
  };
}
