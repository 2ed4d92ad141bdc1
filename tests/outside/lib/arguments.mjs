// Arguments for a tool from its input schema, from a seed: the same seed gives the same arguments.

// mulberry32: 32 bits of state are plenty for choosing.
export function dice(seed) {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { real: next, int: (lo, hi) => lo + Math.floor(next() * (hi - lo + 1)), pick: (list) => list[Math.floor(next() * list.length)], chance: (p) => next() < p };
}

export const seedOf = (text) => {
  let h = 2166136261;
  for (const c of Buffer.from(text)) h = Math.imul(h ^ c, 16777619);
  return h >>> 0;
};

const FORMATS = {
  'date-time': (d) => `20${d.int(10, 40)}-0${d.int(1, 9)}-1${d.int(0, 9)}T1${d.int(0, 9)}:2${d.int(0, 9)}:3${d.int(0, 9)}Z`,
  date: (d) => `20${d.int(10, 40)}-0${d.int(1, 9)}-1${d.int(0, 9)}`,
  time: (d) => `1${d.int(0, 9)}:20:30Z`,
  uuid: (d) => '123e4567-e89b-42d3-a456-4266141740' + d.int(10, 99),
  uri: (d) => `https://example.com/a%20b?c=${d.int(1, 9)}&d=e#f`, url: (d) => `https://example.com/?q=${d.int(1, 9)}`,
  'uri-reference': () => '/a/b?c=d', 'uri-template': () => '/a/{b}',
  email: (d) => `ann+${d.int(1, 99)}@example.com`, hostname: (d) => `host-${d.int(1, 99)}.example.com`,
  ipv4: (d) => `192.0.2.${d.int(1, 254)}`, ipv6: (d) => `2001:db8::${d.int(1, 9)}`,
  byte: (d) => Buffer.from('x'.repeat(d.int(1, 5))).toString('base64'), regex: () => '^a+$', duration: () => 'P1D', 'json-pointer': () => '/a',
};

// What upsets encoders: separators of every style, what ends a URL part, quotes, spaces, other alphabets.
const TEXTS = ['plain', 'two words', 'a,b', 'a|b', 'a b&c=d', 'x/y?z#w', '100%', '%41', 'a+b', 'ü ñ', '漢字', '😀', "it's", 'say "hi"', 'a;b', 'a:b@c', '[x]', '{y}', '~.-_', '<&>', 'back\\slash', '0', 'true', 'null', ' '];
const HEADER_TEXTS = TEXTS.filter((t) => /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(t));

const FILES = [(s) => `data:text/plain,${encodeURIComponent(s)}`, (s) => `data:image/png;name=a.png;base64,${Buffer.from(s).toString('base64')}`, (s) => `data:;base64,${Buffer.from(s).toString('base64')}`];

function text(schema, d, kind) {
  if (/A file: base64/.test(schema.description ?? '')) return d.pick(FILES)(d.pick(TEXTS.slice(0, 8)));
  let s = schema.format in FORMATS ? FORMATS[schema.format](d) : d.pick(kind === 'header' ? HEADER_TEXTS : TEXTS);
  const min = schema.minLength ?? 0, max = schema.maxLength ?? 1e9;
  while ([...s].length < min) s += s || 'x';
  if ([...s].length > max) s = [...s].slice(0, max).join('');
  return s;
}

function number(schema, d, whole) {
  const step = schema.multipleOf ?? (whole ? 1 : 0.25);
  let lo = schema.minimum ?? (schema.exclusiveMinimum !== undefined ? schema.exclusiveMinimum + step : undefined);
  let hi = schema.maximum ?? (schema.exclusiveMaximum !== undefined ? schema.exclusiveMaximum - step : undefined);
  lo ??= hi !== undefined ? hi - 1000 * step : d.chance(0.2) ? -1000 : 0;
  hi ??= Math.max(lo, 0) + 1000 * step;
  lo = Math.max(lo, -9007199254740991); // what a client written in JavaScript can send
  hi = Math.min(hi, 9007199254740991);
  const n = Math.floor((hi - lo) / step + 1e-9);
  const v = Math.ceil(lo / step - 1e-9) * step + d.int(0, Math.max(0, Math.min(n, 1e6))) * step;
  return Math.min(hi, whole ? Math.round(v) : v);
}

// how: { full: every optional member, bare: none, else some }; kind: where the value travels, when that limits its characters.
export function value(schema, d, how, kind, depth = 0) {
  if (schema === undefined || schema === true) return text({}, d, kind);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum?.length) return d.pick(schema.enum);
  const values = ['integer', 'number'].includes(schema.type) && /Values: (.+?)(?:\. |\.$| \.\.\.)/.exec(schema.description ?? ''); // numbers are told in words
  if (values && values[1].split(', ').every((v) => v !== '' && Number.isFinite(Number(v)))) return Number(d.pick(values[1].split(', ')));
  if (depth > 0 && schema.type === 'array' && /A file: base64/.test(schema.description ?? '')) return text(schema, d, kind);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'integer': return number(schema, d, true);
    case 'number': return number(schema, d, false);
    case 'boolean': return d.chance(0.5);
    case 'null': return null;
    case 'array': {
      const min = schema.minItems ?? (how.bare ? 0 : 1), n = Math.min(schema.maxItems ?? 1e9, Math.max(min, d.int(1, depth > 3 ? 1 : 3)));
      const list = [];
      for (let i = 0, tries = 0; i < n && tries < 20; tries++) {
        const v = value(/A file: base64/.test(schema.description ?? '') ? schema : schema.items, d, how, kind, depth + 1);
        if (schema.uniqueItems && list.some((o) => JSON.stringify(o) === JSON.stringify(v))) continue;
        list.push(v);
        i++;
      }
      return list;
    }
    case 'object': return object(schema, d, how, kind, depth);
    default: return text(schema, d, kind);
  }
}

function object(schema, d, how, kind, depth) {
  const out = {}, required = new Set(schema.required ?? []);
  for (const [name, s] of Object.entries(schema.properties ?? {}))
    if (required.has(name) || how.full || (!how.bare && d.chance(depth > 2 ? 0.3 : 0.6))) out[name] = value(s, d, how, kind, depth + 1);
  const room = (schema.maxProperties ?? 1e9) - Object.keys(out).length;
  const open = schema.additionalProperties && (typeof schema.additionalProperties === 'object' || !schema.properties);
  const want = Math.max((schema.minProperties ?? 0) - Object.keys(out).length, open && !how.bare && depth > 0 ? 1 : 0);
  for (let i = 0; i < Math.min(room, want); i++) out[`extra${i}`] = value(typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {}, d, how, kind, depth + 1);
  return out;
}

// Arguments of a call. places: argument name → 'header' for those whose values must be ASCII.
export function argumentsOf(tool, d, how, places = {}) {
  const { properties = {}, required = [] } = tool.inputSchema, out = {};
  for (const [name, s] of Object.entries(properties)) {
    if (name.startsWith('gate_') || /^Only these of the answer/.test(s.description ?? '') || (name === 'environment' && places[name] === undefined)) continue;
    if (required.includes(name) || how.full || (!how.bare && d.chance(0.6))) out[name] = value(s, d, how, places[name]);
  }
  return out;
}
