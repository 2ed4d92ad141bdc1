#!/bin/sh
# Every board of another machine, and tiny on both of its: built, within its budget, the way of a new user (smoke.sh), all
# unit tests; under qemu where the processor is another. Takes half an hour; CI runs s390x alone (run.sh).
# Needs of Debian 12: gcc-{aarch64,s390x,mipsel}-linux-gnu gcc-arm-linux-gnueabihf libc6-dev-{arm64,armhf,mipsel,s390x}-cross
# qemu-user-static libcmocka-dev python3 curl.
# usage: sh tests/boards/all.sh [JOBS] [BOARD...]       Last line: N passed, N failed
set -u
cd "$(dirname "$0")/../.." || exit 1
jobs=${1:-2}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- x86_64 aarch64 armhf mipsel s390x tiny-mipsel tiny-x86_64
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
trap 'exit 1' HUP INT TERM
passed=0
failed=0
summary=
make -s -j"$jobs" || exit 1 # what stores and catalogs are exchanged with
for board; do
	echo "=== $board"
	ALL=1 sh tests/boards/run.sh "$board" "$jobs" >"$out" 2>&1
	cat "$out"
	set -- $(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$out" | tail -1 | tr -c '0-9\n' ' ') 0 1
	passed=$((passed + $1))
	failed=$((failed + $2))
	summary="$summary$(printf '%-12s %8d bytes %5d passed %4d failed' "$board" "$(wc -c <"build/$board/mcpgated" | tr -d ' ')" "$1" "$2")$(
		sed -n 's/^process [0-9]*: \([0-9]* KB resident\).*/, \1/p' "$out" | tr -d '\n')
"
done
echo
printf %s "$summary"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
