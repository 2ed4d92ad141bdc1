#!/bin/sh
# The binary of another board, judged on this machine: it builds, the way of a new user works on it (smoke.sh), and what
# depends on the order of bytes passes its unit tests under qemu. Left out are the units that go through millions of
# bytes: they say nothing about that order and take longer here than all others together.
# usage: sh tests/boards/run.sh BOARD [JOBS]     What is not there fails, nothing is skipped. Last line: N passed, N failed
set -u
cd "$(dirname "$0")/../.." || exit 1
board=${1:?usage: sh tests/boards/run.sh BOARD [JOBS]}
jobs=${2:-1}
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
trap 'exit 1' HUP INT TERM
passed=0
failed=0

# part NAME COMMAND...: its last line counts; any other last line, a skip too, is one failure
part() {
	name=$1
	shift
	"$@" >"$out" 2>&1
	rc=$?
	cat "$out"
	line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$out" | tail -1)
	set -- $(echo "$line" | tr -c '0-9\n' ' ') 0 0
	passed=$((passed + $1))
	failed=$((failed + $2))
	[ -n "$line" ] && { [ $rc -eq 0 ] || [ "$2" -gt 0 ]; } || {
		echo "FAIL: $board, $name: ended with $rc, last line '$line'"
		failed=$((failed + 1))
	}
}

units=
for test in tests/unit/base/test_*.c tests/unit/json/test_*.c tests/unit/store/test_*.c tests/unit/catalog/test_*.c \
	tests/unit/yaml/test_*.c tests/unit/http/test_*.c tests/unit/filter/test_*.c; do
	case $test in */filter/test_limit.c|*/filter/test_redact.c|*/http/test_vectors.c) continue ;; esac
	test=${test#tests/unit/}
	units="$units build/$board-test/unit/${test%.c}"
done

if make -s -j"$jobs" BOARD="$board"; then
	passed=1
	part smoke sh tests/boards/smoke.sh "$board"
	part units make -s -j"$jobs" BOARD="$board" VARIANT=test UNITS="$units" units
else
	echo "FAIL: make BOARD=$board"
	failed=1
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
