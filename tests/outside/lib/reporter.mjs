// Reporter for node:test: failures with their reason, skips with theirs, and one closing line. Files and suites are not
// counted, only tests that hold no others; a file that dies before its first test counts as one failure.
import path from 'node:path';

const where = (d) => (d.file ? path.basename(d.file) + ': ' : '');
const reason = (e) => {
  const cause = e?.cause ?? e;
  const text = cause?.message ?? String(cause);
  const at = /\(?(file:[^\s)]+test\.mjs:\d+)/.exec(cause?.stack ?? '');
  return (text + (at ? `\n(${path.basename(at[1])})` : '')).replace(/^/gm, '     ');
};

export default async function* reporter(source) {
  let passed = 0, failed = 0, skipped = 0;
  const parents = new Set();
  for await (const { type, data } of source) {
    if (type === 'test:stdout' || type === 'test:stderr') { if (process.env.VERBOSE) yield data.message; continue; }
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details?.type === 'suite' || parents.has(data.name)) continue;
    const why = data.skip ?? data.todo;
    if (type === 'test:fail') {
      failed++;
      yield `FAIL ${where(data)}${data.name}\n${reason(data.details?.error)}\n`;
    } else if (why !== undefined) {
      skipped++;
      yield `skip ${where(data)}${data.name} (${why === true ? 'no reason given' : why})\n`;
    } else {
      passed++;
      yield `ok   ${where(data)}${data.name} ${Math.round(data.details?.duration_ms ?? 0)} ms\n`;
    }
  }
  yield `${passed} passed, ${failed} failed, ${skipped} skipped\n`;
}
