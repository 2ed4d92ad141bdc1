#!/bin/sh
# What a serving worker can still do: no capabilities, no new privileges, no files but its own, only the listed system
# calls; and that it makes only those while it does everything it does. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
command -v strace >/dev/null || { echo 'skipped: no strace'; exit 0; }
strace -o /dev/null true 2>/dev/null || { echo 'skipped: strace may not trace here'; exit 0; }
nm -C "$M" 2>/dev/null | grep -q __asan_init && { echo 'skipped: built with AddressSanitizer'; exit 0; }

# what HARDENING's list comes to on this architecture; a name here is a promise, not a wish
allowed=' poll ppoll recvfrom sendto sendmsg accept4 close shutdown setsockopt getsockopt getsockname connect socket
recvmsg epoll_ctl epoll_wait epoll_pwait futex read write readv writev pread64 pwrite64 fdatasync fsync openat fstat
newfstatat statx fstatfs lseek ftruncate renameat renameat2 unlinkat fchmod getdents64 flock fcntl munmap mmap madvise
getrandom clock_gettime clock_nanosleep nanosleep restart_syscall rt_sigprocmask rt_sigreturn getpid gettid tkill tgkill
exit exit_group rseq set_robust_list '

serves() { # serves NAME: tools/list with $key
	seen=$(rpc "$key" tools/list 2>&1)
	case $seen in *'"tools":['*) ok ;; *) bad "$1: $(printf %s "$seen" | head -c 300)" ;; esac
}

conf
start "$M" serve -c "$T/conf"
ready start
worker=$(children "$pid" | tr -d ' ')
have() { grep -q "^$1:[[:space:]]*$2\$" "/proc/$worker/status" && ok || bad "$1 is $(grep "^$1:" "/proc/$worker/status")"; }
have CapEff 0000000000000000
have CapPrm 0000000000000000
have NoNewPrivs 1
if grep -q '^Seccomp:' "/proc/$worker/status" && ! logged 'not filtered'; then
	have Seccomp 2
fi
[ "$(id -u)" -ne 0 ] || have CapBnd 0000000000000000
grep -q 'Max core file size  *0  *0 ' "/proc/$worker/limits" && ok || bad 'no core files'
# what holds addresses was filled in at start and is read-only since
set -- $(readelf -lW "$M" 2>/dev/null | awk '/GNU_RELRO/ { print $3, $6 }')
base=$(awk -v file="$(readlink -f "$M")" '$NF == file { sub(/-.*/, "", $1); print $1; exit }' "/proc/$worker/maps")
from=$(((0x$base + $1) & ~4095)) to=$(((0x$base + $1 + $2) & ~4095)) sealed=0
while read -r range may rest; do
	[ $((0x${range%-*})) -lt $to ] && [ $((0x${range#*-})) -gt $from ] || continue
	[ "$may" = r--p ] && sealed=$((sealed + 0x${range#*-} - 0x${range%-*})) || bad "$range $may should be sealed"
done <"/proc/$worker/maps"
[ $((to - from)) -gt 8192 ] && [ $sealed -ge $((to - from)) ] && ok || bad "$sealed bytes of $((to - from)) are sealed"
stop end

# --- everything a worker does, traced from its first moment -----------------------------------------------
sed "s,option base_url .*,option base_url 'unix:$T/none.sock:/v1'," "$T/conf" >"$T/conf.new" && mv "$T/conf.new" "$T/conf"
: >"$T/log"
strace -f -o "$T/trace" "$M" serve -c "$T/conf" >"$T/stdout" 2>"$T/log" </dev/null &
tracer=$!
pids="$pids $tracer"
pid=$tracer
ready traced
super=$(children "$tracer" | tr -d ' ')
pids="$pids $super"
key=$("$M" key add test --data "$T/data" 2>/dev/null)
for i in 1 2 3; do
	rpc "$key" tools/list >/dev/null
	rpc "$key" tools/call get_project '{"id":1}' >/dev/null
	get /healthz >/dev/null
done
rpc wrong tools/list >/dev/null
curl -sS -m 2 -H 'Connection: close' "http://$addr/readyz" >/dev/null
head -c 300000 /dev/zero | curl -sS -m 5 -X POST -H 'Content-Type: application/json' --data-binary @- "http://$addr/mcp" >/dev/null 2>&1
for i in 1 2 3 4 5 6 7 8; do
	"$M" key add "k$i" --data "$T/data" >/dev/null 2>&1
	"$M" key revoke "k$i" --data "$T/data" >/dev/null 2>&1
done
touch "$T/api.json"
kill -HUP "$super"
until_true 10 logged 'generation 2 is in force' && ok || bad 'a reload'
serves 'after the reload'
kill -TERM "$super"
wait "$tracer"
same 'its end' 0 "$?"
grep -q 'SIGSYS' "$T/trace" && bad "killed for a system call: $(grep -B1 SIGSYS "$T/trace" | head -2)" || ok

# the worker: the process that accepts, and the threads it had made before
main=$(awk '$2 ~ /^accept4\(/ { print $1; exit }' "$T/trace")
threads="$main $(awk -v m="$main" '$1 == m && $2 ~ /^clone/ { print $NF }' "$T/trace" | tr '\n' ' ')"
awk -v threads="$threads" -v allowed="$allowed" '
	BEGIN { n = split(threads, t, " "); for (i = 1; i <= n; i++) mine[t[i]] = 1
	        n = split(allowed, a, /[ \n]+/); for (i = 1; i <= n; i++) ok[a[i]] = 1 }
	$2 ~ /^seccomp\(/ && ($1 in mine) { jailed = 1; next }
	!jailed || !($1 in mine) || $2 !~ /^[a-z0-9_]+\(/ { next }
	{ name = $2; sub(/\(.*/, "", name); seen[name]++ }
	END { for (name in seen) { total++; if (!(name in ok)) print name }
	      if (total < 10) print "only " total " different calls were seen: the trace is not what it should be" }
	' "$T/trace" >"$T/strange"
same 'calls that no list names' '' "$(tr '\n' ' ' <"$T/strange")"
grep -q "^$main .*mmap(.*MAP_ANONYMOUS" "$T/trace" || bad 'the trace has no start'
awk -v m="$main" '$1 == m && /^[0-9]+ +seccomp\(/ { jailed = 1 } jailed && $1 == m && /mmap\(.*(PROT_WRITE|PROT_EXEC|MAP_ANONYMOUS)|brk\(|mprotect\(/' \
	"$T/trace" >"$T/memory"
same 'memory taken after the start' '' "$(head -3 "$T/memory")"

# --- a user without rights ---------------------------------------------------------------------------------------
if [ "$(id -u)" -eq 0 ] && grep -q '^nobody:' /etc/passwd; then
	chmod 755 "$T"
	conf "	option user nobody"
	rm -rf "$T/data"
	start "$M" serve -c "$T/conf"
	ready 'as nobody'
	worker=$(children "$pid" | tr -d ' ')
	same 'the worker is nobody' "$(id -u nobody)" "$(awk '/^Uid:/ {print $2}' "/proc/$worker/status")"
	key=$("$M" key add test --data "$T/data" 2>/dev/null)
	serves 'as nobody'
	stop 'as nobody'
	key=$("$M" key add later --data "$T/data" 2>"$T/err")
	case $key in sk-*) ok ;; *) bad 'root adds a key to the store of nobody' ;; esac
	start "$M" serve -c "$T/conf"
	ready 'as nobody again'
	serves 'with the key that root added'
	stop 'as nobody again'
fi

# --- where the jail must be complete ------------------------------------------------------------------------------
conf "	option jail required"
rm -rf "$T/data"
start "$M" serve -c "$T/conf"
if until_true 10 logged 'ready url='; then
	logged 'not in force' && bad 'required, but something is missing' || ok
	stop required
else
	logged 'the jail is required and not complete' && ok || bad 'required: refused with a reason'
fi
conf "	option jail off"
start "$M" serve -c "$T/conf"
ready 'jail off'
worker=$(children "$pid" | tr -d ' ')
have CapEff 0000000000000000
stop 'jail off'
summary
