#!/bin/sh
# The binary of another board, judged on this machine: it builds within its budget, is linked as HARDENING asks, the way of
# a new user works on it (smoke.sh), and unit tests pass under qemu: what depends on the order of bytes, without those
# that go through millions of them: they say nothing about that order and take longer here than all others together.
# ALL=1: every unit test there is (all.sh). tiny: what it leaves out (tiny.sh) instead of units, which are those of its base.
# usage: sh tests/boards/run.sh BOARD [JOBS]     BOARD: a board, or tiny-BOARD
# What is not there fails, nothing is skipped. Last line: N passed, N failed
set -u
cd "$(dirname "$0")/../.." || exit 1
board=${1:?usage: sh tests/boards/run.sh BOARD [JOBS]}
jobs=${2:-1}
words="BOARD=${board%%-*}"
[ "$board" = "${board#*-}" ] || words="$words LIKE=${board#*-}"
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
for test in tests/unit/*/test_*.c; do
	case ${ALL:-} in
	'') case $test in
		*/filter/test_limit.c|*/filter/test_redact.c|*/http/test_vectors.c) continue ;;
		tests/unit/base/*|*/json/*|*/store/*|*/catalog/*|*/yaml/*|*/http/*|*/filter/*|*/sys/test_image.c) ;;
		*) continue ;;
		esac ;;
	esac
	test=${test#tests/unit/}
	units="$units build/$board-test/unit/${test%.c}"
done

# shellcheck disable=SC2086
if make -s -j"$jobs" $words; then
	passed=1
	part facts sh tools/check "build/$board" binary
	part size make -s size $words
	part smoke sh tests/boards/smoke.sh "$board"
	case $board in
	tiny-*) part tiny sh tests/boards/tiny.sh "$board" ;;
	*) part units make -s -j"$jobs" $words VARIANT=test UNITS="$units" units ;;
	esac
else
	echo "FAIL: make $words"
	failed=1
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
