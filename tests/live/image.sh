#!/bin/sh
# The release unpacks itself at start: what its pages may do then, and what it does where the system refuses one way.
# usage: sh tests/live/image.sh [BUILD_DIR]         last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
readelf -lW "$M" 2>/dev/null | awk '$1 == "LOAD" && $5 == "0x000000" && $7 == "R" { packed = 1 } END { exit !packed }' ||
	{ echo "skipped: $M is not packed"; exit 0; }
version=$("$M" --version)

# --- which pages: none is writable and executable; the code is a file in memory that nobody can write --------
"$M" demo --listen 127.0.0.1:0 >"$T/out" 2>&1 </dev/null &
pid=$!
pids="$pids $pid"
until_true 10 grep -q '^ *mcpgated\|http://' "$T/out"
for p in $pid $(cat /proc/$pid/task/$pid/children); do
	grep -q ' .wx' "/proc/$p/maps" && bad "writable and executable: $(grep ' .wx' /proc/$p/maps)" || ok
	[ "$(awk '$2 == "r-xp" && $6 !~ /^\[v/ { print $6 ($6 ~ /^\/memfd:mcpgated/) }' "/proc/$p/maps" | sed 's,^/.*/mcpgated0$,file,' | tr '\n' ' ')" = \
		'/memfd:mcpgated1 file ' ] && ok || bad "executable: $(grep ' r-x' /proc/$p/maps)"
done
code=$(awk '$2 == "r-xp" && $6 ~ /^\/memfd/ { print $1; exit }' "/proc/$pid/maps")
[ ! -e "/proc/$pid/map_files/$code" ] || if ( : >>"/proc/$pid/map_files/$code" ) 2>/dev/null &&
	printf x 2>/dev/null >>"/proc/$pid/map_files/$code"; then
	bad "the code of a process can be written"
else
	ok
fi
ls -l "/proc/$pid/fd" | grep -q memfd && bad 'the file in memory stays open' || ok
kill "$pid"; wait "$pid" 2>/dev/null

# --- what the system may refuse ------------------------------------------------------------------------------
if command -v python3 >/dev/null; then
	denied() { python3 -c 'import ctypes, os, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit(77)
os.execv(sys.argv[1], sys.argv[1:])' "$@"; }
	denied /bin/true
	if [ $? -ne 77 ]; then # as MemoryDenyWriteExecute of systemd: no page becomes executable
		[ "$(denied "$M" --version)" = "$version" ] && ok || bad 'where pages cannot become executable'
	fi
fi
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	inject() { strace -o "$T/trace" -e inject="$1" ${2:+-e inject="$2"} "$M" --version 2>"$T/err"; }
	[ "$(inject memfd_create:error=ENOSYS)" = "$version" ] && ok || bad "without files in memory: $(cat "$T/err")"
	grep -q 'mprotect(.*PROT_READ|PROT_EXEC) *= 0' "$T/trace" && ok || bad 'it does without them'
	[ "$(inject memfd_create:error=EINVAL:when=1)" = "$version" ] && ok || bad 'Linux before 6.3'
	grep -q 'memfd_create("mcpgated", MFD_CLOEXEC|MFD_ALLOW_SEALING) = ' "$T/trace" && ok || bad 'the older flags'
	grep -q 'F_SEAL_SEAL|F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE) = 0' "$T/trace" && ok || bad 'sealed'
	[ "$(inject memfd_create:error=EACCES mprotect:error=EACCES)" = '' ] && [ "$(cat "$T/err")" = \
		'mcpgated: the program cannot be unpacked: no memory, or none that may be executed' ] && ok || bad "neither way: $(cat "$T/err")"
	inject memfd_create:error=EACCES mprotect:error=EACCES >/dev/null
	[ $? -eq 127 ] && ok || bad 'ends with 127'
	inject mmap:error=ENOMEM >/dev/null
	[ $? -eq 127 ] && ok || bad 'no memory: ends with 127'

	# Where there are two processors a second process helps. What it does not do is done without it.
	if [ "$(nproc)" -gt 1 ]; then
		helped() { # N INJECTION: so often it was asked to help
			[ "$(strace -f -o "$T/trace" -e inject="$2" "$M" --version 2>"$T/err")" = "$version" ] && ok || bad "$2: $(cat "$T/err")"
			[ "$(grep -c ' clone(child_stack=NULL, flags=0' "$T/trace")" = "$1" ] && ok || bad "$2: $(grep clone "$T/trace")"
		}
		helped 2 sched_yield:error=EPERM # nothing
		helped 2 clone:error=EAGAIN
		helped 2 sched_setaffinity:error=EPERM
		helped 2 getcpu:error=ENOSYS
		helped 2 wait4:error=EINTR:when=1
		helped 2 wait4:error=ECHILD
		helped 1 memfd_create:error=ENOSYS
		helped 0 sched_getaffinity:error=ENOSYS
		helped 0 mmap:error=ENOMEM:when=1
		[ "$( { strace -f -o "$T/trace" -e inject=exit_group:signal=KILL:when=1 "$M" --version; } 2>/dev/null)" = "$version" ] && ok || bad 'a helper that dies'
		[ "$(grep -c 'killed by SIGKILL' "$T/trace")" -ge 2 ] && ok || bad "a helper that dies: $(cat "$T/trace")"
		[ "$(taskset -c 0 strace -f -o "$T/trace" "$M" --version)" = "$version" ] && ! grep -q 'clone(' "$T/trace" && ok || bad 'one processor'
	fi
fi

summary
