#!/bin/sh
# Crash tests of the store: ../shared/data/store/crashstates.py rebuilds the disk states that a power cut may leave,
# crashloop.py kills (or refuses) at every write-class system call. Both judge the store driver by what it acknowledged.
# usage: tests/store/run.sh [STORE_DRIVER]     FULL=1 in the environment: 20,000 states and every call (half an hour)
# last line: N passed, N failed
set -u
cd "$(dirname "$0")/../.." || exit 1
D=${1:-build/native-test/store-driver}
J=../shared/data/store
STATES=2000
LIFE=160
[ -z "${FULL:-}" ] || STATES=20000 LIFE=1300
passed=0
failed=0

if [ ! -f $J/crashstates.py ]; then
	echo "skipped: no ../shared"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi
for tool in strace python3; do
	if ! command -v $tool >/dev/null; then
		echo "skipped: no $tool"
		echo "0 passed, 0 failed, 1 skipped"
		exit 0
	fi
done
[ -x "$D" ] || make -s VARIANT=test "$D" || exit 1
T=$(mktemp -d) && trap 'rm -rf "$T"' EXIT
D=$(realpath "$D")

judge() { # judge NAME STATUS WANT OUTPUT: one count per test
	if [ "$2" -eq "$3" ]; then
		passed=$((passed + 1))
		echo "ok   $1: $(tail -1 "$4" | cut -c1-150)"
	else
		failed=$((failed + 1))
		echo "FAIL $1"
		tail -8 "$4" | sed 's/^/     /'
	fi
}

# The judges make their directories with the modes of the day; the store wants them private.
private='chmod 700 {dir}; chmod 600 {dir}/* 2>/dev/null; '

power() { # power NAME WANT OPERATIONS [FAULTS]: power cuts; WANT 1 is a lie that the judge must notice
	timeout 1200 python3 $J/crashstates.py --dir "$T/power" --max "$STATES" \
		--run "${private}${4:+MCPGATED_TEST_FAULT=$4} exec $D run {dir} $3" \
		--check "${private}exec $D check {dir} $3" >"$T/out" 2>"$T/err"
	judge "$1" $? "$2" "$T/out"
}

# loop NAME CALLS INJECT OPERATIONS FIRST: every (or, without FULL, a bounded number of) system calls of these kinds
loop() {
	timeout 1200 python3 $J/crashloop.py --dir "$T/loop" --calls "$2" --inject "$3" --max "$5" \
		--run "sh -c '${private}exec $D run {dir} $4 threaded'" \
		--check "${private}exec $D check {dir} $4" >"$T/out" 2>"$T/err"
	judge "$1" $? 0 "$T/out"
}

power 'power cuts'                          0 $LIFE
power 'power cuts: lying data syncs found'  1 60 fdatasync:SKIP
power 'power cuts: lying dir syncs found'   1 60 fsync:SKIP
if [ -n "${FULL:-}" ]; then
	all=write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,ftruncate,unlink,unlinkat,openat,close
	loop 'killed at every call' $all signal=KILL 60 100000
	loop 'every call: no space' $all error=ENOSPC 36 100000
	loop 'every call: EIO'      $all error=EIO 36 100000
	loop 'every call: EINTR'    pwrite64,fsync,fdatasync,ftruncate,openat error=EINTR 36 100000
else
	loop 'killed at calls' pwrite64,fsync,fdatasync,renameat,renameat2,ftruncate,unlinkat,openat,write signal=KILL 24 10
	loop 'no space at calls' pwrite64,openat,renameat,renameat2 error=ENOSPC 24 9
	loop 'EIO at calls' pwrite64,fsync,fdatasync,openat error=EIO 24 9
	loop 'EINTR at calls' pwrite64,fdatasync,ftruncate error=EINTR 24 6
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
