// Our YAML reader against a parser that we did not write (npm yaml, pinned): every YAML document of ../shared and cases of
// our own must become the same JSON.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { lacksShared, shared, tempDir, top } from './lib/programs.mjs';

const driver = path.join(top, 'build/native-test/yaml-driver');
const options = { version: '1.2', merge: true, uniqueKeys: false, maxAliasCount: -1, logLevel: 'silent' };

// What each of the files becomes: a value, or { refused } with the line that says where and why.
function ours(files) {
  execFileSync('make', ['-s', 'VARIANT=test', driver.slice(top.length + 1)], { cwd: top, stdio: ['ignore', 'ignore', 'inherit'] });
  const lines = execFileSync(driver, { input: files.join('\n') + '\n', maxBuffer: 256 << 20 }).toString().split('\n');
  return files.map((f, i) => (lines[i].startsWith('! ') ? { refused: lines[i] } : { value: JSON.parse(lines[i]) }));
}

function theirs(text) {
  try {
    return { value: JSON.parse(JSON.stringify(parse(text, options))) };
  } catch (e) {
    return { refused: e.message };
  }
}

test('every YAML document of ../shared', { skip: lacksShared('data/openapi') }, () => {
  const files = fs.readdirSync(path.join(shared, 'data/openapi'), { recursive: true }).filter((f) => /\.ya?ml$/.test(f))
    .map((f) => path.join(shared, 'data/openapi', f));
  assert.ok(files.length > 200);
  const got = ours(files);
  files.forEach((f, i) => {
    const want = theirs(fs.readFileSync(f, 'utf8'));
    assert.ok('value' in want, `${f}: the judge refuses it: ${want.refused}`);
    assert.ok(isDeepStrictEqual(got[i].value, want.value), `${f}: ${got[i].refused ?? 'another value'}`);
  });
});

// One case a string.
const cases = [
  'a: b', '- a\n- b', 'a:\n- b\n- c\nd: e', 'a:\n  - b\n  -\n    - c\n  - - d\n    - e', '- a: 1\n  b: 2\n- c: 3', '"a": b', "'a b': c",
  'a: on\nb: yes\nc: no\nd: off\ne: y\non: 1', 'a: true\nb: True\nc: TRUE\nd: tRue', 'a: ~\nb: null\nc:\nd: ""\ne: Null',
  'a: 1\nb: -1\nc: +1\nd: 1.5\ne: 1e3\nf: 1.5E-3\ng: .5\nh: 5.\ni: 0x1F\nj: 0o17\nk: 007\nl: 1_000\nm: 12e', 'a: 2001-01-01\nb: 12:30:45\nc: 1.2.3',
  'a: 123456789012345678901234567890\nb: 0', 'a: !!str 1\nb: !!int "3"\nc: !!float 1.5\nd: !foo bar\ne: ! 7',
  '? a\n: b\n? c\n: - d\n  - e\n? f', '{a: b, "c": d, e: [f, {g: h}], i}', '[a: b, {c: d}, ? e : f, "g":h]', '{"a":1,"b":[true,null]}', '[]', '{}',
  'a: [\n  b, # c\n  d,\n]\ne: {f: g,\n  h: i}', 'a: http://b/c?d=e#f', 'a: b#c\nd: e #f\n#g\n  # h\ni: j', 'a: b: c'.replace('b: c', '"b: c"'),
  'a: |\n  b\n   c\n\n  d\n', 'a: |-\n  b\n\n', 'a: |+\n  b\n\n\nc: d', 'a: |2\n    b\n   c\n', 'a: |2-\n    b\n', 'a: >\n  b\n  c\n\n  d\n   e\n   f\n  g\n',
  'a: >-\n\n  b\n\n  c\n\n\n', 'a: >+\n  b\n\n\nc: d', '- |\n a\n- >\n b\n c\n', 'a: |\n\nb: c', 'a: |', '|\n a\n b', '--- |\n a', 'a: | # b\n  c',
  'a: b\n  c\n  d\ne: f\n\n  g', 'a\nb\n\nc', '"a\n  b\n\n  c"', "'a\n  b'", '"a \\\n   b\\\n  \\  c"', '"\\t\\n\\x41\\u00e9\\U0001F600\\ud83d\\ude00\\\\\\"\\/\\e\\0\\_\\N\\L\\P"',
  "'it''s'", '"a\\\n"', 'a: "b # c"\nd: \'e: f\'', '&a b', 'a: &x b\nc: *x', 'a: &x\n  b: 1\nc: *x', 'a: &x [1, 2]\nb: [*x, *x]', '- &a a\n- &b b\n- *a\n- *b',
  '&a a: b\n*a : c', 'a: &x 1\nb: &x 2\nc: *x', 'x: &x\n  a: 1\n  b: 2\ny:\n  <<: *x\n  b: 3\n  c: 4', 'x: &x {a: 1}\ny: &y {b: 2, a: 3}\nz:\n  c: 4\n  <<: [*x, *y]',
  'x: &x {a: 1, b: {c: 2}}\ny: &y\n  <<: *x\n  d: &d {e: 5}\nz:\n  <<: *y\n  a: 9\nw: *d\nv: *y', '<<: {a: 1}\nb: 2', '"<<": a', 'a: {<<: {b: c}, d: e}',
  '%YAML 1.2\n---\na: b\n...\n', '---\na: b', '--- a', '---\n...\n', '# a\n---\n# b\nc: d\n# e\n', 'a: b\r\nc:\r\n- d\r\n- |\r\n  e\r\n  f\r\n', '\ufeffa: b', '',
  'a:\tb\nc: \td', 'a:\n  \n\t\n  b: c', '-\ta', 'a : b', '"a" : b', 'a:\n    b:\n        c\n    d: e', '-   - a\n    - b\n-   c: d\n    e: f', '- # a\n  b: c',
  'a:\n  # b\n  c: d\n # e\n  f: g', 'a: -1\nb: - c'.replace('- c', '-c'), 'a: ?b\nc: :d', 'a: b c  \nd: "e"   ', '/a/{b}:\n  get: c', "'200': a\n404: b", 'a: "b": c'.replace('"b": c', "'b'"),
  'a: *b\nb: c'.replace('*b', "'*b'"), 'a: "%b"\nc: d%e', 'a: [b, c]: d'.replace(': d', ''), 'a: 日本\n"é": ü', 'a: "\u2028"', '- a\n-\n- b', 'a:\n-\n- b\nc: d', 'a:\n - b\n - c\nd:\n- e',
];
const refused = [
  'a: \n\ta: b', 'a:\n\tb: c', 'a: b\n\tc: d', '- a\n\t- b', 'a: b: c', 'a: b\n   c: d', 'a: [b', 'a: {b', 'a: "b', "!a: 'b", 'a: ]', '[a, b]]', 
  'a: *b', '- a\nb: c', 'a: - b', 'a: "\\q"', 'a: @b', 'a: `b', 'a: %b', 'a: "b" c', 'a: [b] c', '{a: b}: c: d', 'a: b\n---\nc: d', 'a: |x\n b', 'a\n  b: c',
  'a:\n  b: c\n d: e', '  a: b\nc: d', '%YAML 1.2\na: b', 'a: &b &c d', '? a\n: b\n  : c', '[a,,b]', '{,}', 'a: b\n"c\n', '- [a\n- b', 'a: "b\n---\nc"',
];
// What our reader says of these is meant, and differs: JSON has no such number, so the text stays; a tab.
const own = [['a: !!binary aGk=', { a: 'aGk=' }], ['a: .inf\nb: -.Inf\nc: .NAN', { a: '.inf', b: '-.Inf', c: '.NAN' }], ['1.0: a\n0x10: b\n~: c', { '1.0': 'a', '0x10': 'b', '~': 'c' }],
  ['a: 0xffffffffffffffffff', { a: '0xffffffffffffffffff' }]];

test('cases of our own', () => {
  const { dir, remove } = tempDir('yaml');
  const texts = [...cases, ...refused, ...own.map(([text]) => text)];
  const files = texts.map((text, i) => {
    fs.writeFileSync(path.join(dir, `${i}.yaml`), text);
    return path.join(dir, `${i}.yaml`);
  });
  const got = ours(files);
  const wrong = [];
  texts.forEach((text, i) => {
    const mine = own[i - cases.length - refused.length];
    const want = text === '' || refused.includes(text) ? 'refused' : mine ? mine[1] : theirs(text).value;
    const right = want === 'refused' ? 'refused' in got[i] : isDeepStrictEqual(got[i].value, want);
    if (!right) wrong.push([text, got[i], want]);
  });
  remove();
  assert.deepEqual(wrong, []);
});
