#!/bin/sh
# The binary of another board, judged on this machine: it builds within its budget, is linked as HARDENING asks, the way of
# a new user works on it (smoke.sh), and unit tests pass under qemu: those of what depends on the order of bytes.
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

order='base: base64 buf crc map pack str text utf8
json: jesc jout jscan json shared
store: age compact disk far index power rec resp ring verb
catalog: catalog catalog_open diff documents import locate namebook naming order search
yaml: yaml
http: field head
filter: b64 escape needles veil windows
sys: image'
units=
if [ -n "${ALL:-}" ]; then
	for test in tests/unit/*/test_*.c; do
		test=${test#tests/unit/}
		units="$units build/$board-test/unit/${test%.c}"
	done
else
	units=$(echo "$order" | awk -v at="build/$board-test/unit/" '{ sub(":", "", $1); for (i = 2; i <= NF; i++) printf "%s%s/test_%s ", at, $1, $i }')
fi

# shellcheck disable=SC2086
if make -s -j"$jobs" $words; then
	passed=1
	part facts sh tools/check "build/$board" binary
	part size env SINCE=none make -s size $words
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
