// The HTTP/1.1 vectors of ../shared/data/http against the real listener: whole, byte by byte, and cut at random.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { lacksShared, shared } from './lib/programs.mjs';
import { startServer } from './lib/server.mjs';
import { echoDocument, startUpstream } from './lib/upstream.mjs';

const skip = lacksShared('data/http');
let upstream, server;
before(async () => {
  if (skip) return;
  upstream = await startUpstream();
  server = await startServer({
    apis: [{ name: 'echo', document: echoDocument, options: { auth: 'none' }, environments: [{ name: 'production', base_url: upstream.url }] }],
    server: { allow_host: ['box.example'] },
  });
});
after(async () => {
  const code = await server?.stop();
  await upstream?.stop();
  assert.equal(code ?? 0, 0, 'SIGTERM ends it with 0');
});

const vectors = (split) => new Promise((resolve) => {
  const folder = path.join(shared, 'data/http');
  execFile('python3', [path.join(folder, 'run_http.py'), String(server.port), path.join(folder, 'http_cases.jsonl'), '--split', split, '-v'],
    { timeout: 240000, maxBuffer: 8 << 20 }, (e, out, err) => resolve(out + err));
});
for (const split of ['all', '1byte', 'rand'])
  test(`353 of 353 vectors, split ${split}`, { skip }, async () => {
    const out = await vectors(split);
    assert.match(out, /^353 of 353 vectors as expected$/m, out.slice(-4000));
  });
