#!/bin/sh
# Drives the real binary with programs that we did not write. usage: tests/outside/run.sh [FILE.test.mjs ...]
# env: MCPGATED (default build/native/mcpgated). Installs the pinned programs into this folder when the lock changed.
# Last line: N passed, N failed, N skipped
set -u
cd "$(dirname "$0")" || exit 1
stamp=node_modules/.installed
if ! cmp -s package-lock.json $stamp 2>/dev/null; then
	npm ci --ignore-scripts --loglevel=error >&2 || { echo "npm ci failed"; echo "0 passed, 1 failed"; exit 1; }
	cp package-lock.json $stamp
fi
node=node
for own in node_modules/node-linux-*/bin/node; do # Debian 12 has Node 18, some of the programs want 22
	[ -x "$own" ] && "$own" --version >/dev/null 2>&1 && node=$PWD/$own
done
[ $# -gt 0 ] || set -- *.test.mjs
# What a failed test leaves open must not keep its file from ending.
exec "$node" --test --test-force-exit --test-concurrency=1 --test-timeout=300000 --test-reporter=./lib/reporter.mjs "$@"
