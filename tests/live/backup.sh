#!/bin/sh
# The data of a box that serves go into one sealed file and come back: keys work, what was revoked stays so, the audit is
# whole; what was changed, cut, taken from another box or does not belong there is refused, and nothing is half done.
# Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"

serves() { # serves NAME KEY
	rpc "$2" tools/list >"$T/out"
	grep -q '"tools":\[' "$T/out" && ok || bad "$1"
}
refused() { # refused NAME PATTERN COMMAND...: exit 1, the reason, and nothing in $T/new but the key
	name=$1 pattern=$2
	shift 2
	run "$@"
	expect "$name" 1 err "$pattern"
	same "$name: nothing is left" master.key "$(ls -A "$T/new")"
}

# --- while it serves and is written to ----------------------------------------------------------------------
conf
start "$M" serve -c "$T/conf"
ready start
key=$("$M" key add first --data "$T/data" 2>/dev/null)
gone=$("$M" key add second --data "$T/data" 2>/dev/null)
"$M" key revoke second --data "$T/data" >/dev/null 2>&1
printf 'the-secret-of-an-api' | "$M" credential add demo/sandbox --data "$T/data" >"$T/out" 2>"$T/err"
rpc "$key" tools/call get_project '{"id":1}' >/dev/null
: >"$T/go"
( i=0; while [ -e "$T/go" ]; do i=$((i + 1)); "$M" key add "busy$i" --data "$T/data"; rpc "$key" tools/call get_project '{"id":1}'; done >/dev/null 2>&1 ) &
writer=$!
( while [ -e "$T/go" ]; do "$M" key add "b$$" --data "$T/data"; "$M" key revoke "b$$" --data "$T/data"; done >/dev/null 2>&1 ) &
writer2=$!
for n in 1 2 3; do
	run "$M" backup "$T/box$n" -c "$T/conf"
	expect "backup $n while it is written to" 0 err 'sealed with the master key'
done
slow= # so slow that lines come between any two of its files
command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null && slow='strace -qq -o /dev/null -e inject=openat:delay_enter=150000'
run $slow "$M" backup "$T/box4" -c "$T/conf"
expect 'backup 4 while it is written to' 0 err 'sealed with the master key'
rm "$T/go"
wait $writer $writer2
serves 'it went on serving' "$key"
same 'its mode' 600 "$(stat -c %a "$T/box3")"
for secret in first the-secret get_project demo; do
	grep -qarF -- "$secret" "$T/data/store" "$T/data/audit" "$T/data/catalogs" || [ $secret = the-secret ] || bad "the data have no $secret"
	grep -qaF -- "$secret" "$T/box3" && bad "in clear: $secret" || ok
done
run "$M" backup "$T/box3" -c "$T/conf"
expect 'a file that is there is not replaced' 1 err exists
stop stop

# --- back, into another directory ----------------------------------------------------------------------------
for n in 1 2 3 4; do
	rm -rf "$T/new"
	mkdir -m 700 "$T/new"
	cp -p "$T/data/master.key" "$T/new/"
	run "$M" restore "$T/box$n" --data "$T/new"
	expect "restore $n" 0 err 'files restored'
	[ ! -e "$T/new/restore.unfinished" ] && [ "$(find "$T/new" -type f ! -perm 600 | wc -l)" = 0 ] && ok || bad "restore $n: modes"
done
sed "s,$T/data,$T/new," "$T/conf" >"$T/conf2"
start "$M" serve -c "$T/conf2"
ready 'start on what was restored'
logged 'does not end where it should' && bad 'lines of the audit are missing' || ok
serves 'the key of before' "$key"
rpc "$gone" tools/list >"$T/out"
grep -q '"tools":\[' "$T/out" && bad 'a revoked key lives again' || ok
run "$M" key list --data "$T/new"
expect 'key list' 0 out first
run "$M" audit verify --data "$T/new"
expect 'the audit is whole' 0
run "$M" restore "$T/box1" --data "$T/new"
expect 'not into a directory in use' 1 err 'is not empty'
serves 'it still serves' "$key"
stop 'stop again'

# --- what is refused, without a trace ----------------------------------------------------------------------------
fresh() {
	rm -rf "$T/new"
	mkdir -m 700 "$T/new"
	cp -p "$T/data/master.key" "$T/new/"
}
fresh
n=$(stat -c %s "$T/box1")
cp "$T/box1" "$T/bent"
printf 'X' | dd of="$T/bent" bs=1 seek=$((n / 2)) conv=notrunc 2>/dev/null
refused 'one byte changed' 'damaged' "$M" restore "$T/bent" --data "$T/new"
for cut in 1 60 $((n / 2)) $((n - 40)); do
	head -c -"$cut" "$T/box1" >"$T/bent"
	refused "cut by $cut" 'damaged' "$M" restore "$T/bent" --data "$T/new"
done
: >"$T/bent"
refused 'an empty file' 'damaged' "$M" restore "$T/bent" --data "$T/new"
head -c 33 "$T/box2" >"$T/bent" && tail -c +34 "$T/box1" >>"$T/bent"
refused 'the pieces of one under the name of another' 'damaged' "$M" restore "$T/bent" --data "$T/new"
head -c 32 /dev/urandom >"$T/new/master.key"
refused 'another master key' 'another master key' "$M" restore "$T/box1" --data "$T/new"
rm "$T/new/master.key"
run "$M" restore "$T/box1" --data "$T/new"
expect 'no master key' 1 err 'put the one that sealed this data there'
same 'no master key: none is made' '' "$(ls -A "$T/new")"
run env "MCPGATED_MASTER_KEY_FILE=$T/data/master.key" "$M" restore "$T/box1" --data "$T/new"
expect 'the key handed over' 0

# --- ended in the middle: nothing starts on the half ----------------------------------------------------------------
fresh
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	run strace -qq -o /dev/null -e inject=fsync,fdatasync:signal=KILL:when=6 "$M" restore "$T/box1" --data "$T/new"
	[ -e "$T/new/restore.unfinished" ] && ok || bad 'killed: it is marked'
	run "$M" key list --data "$T/new"
	expect 'killed: no command opens it' 1 err 'a restore did not finish'
	run "$M" serve -c "$T/conf2"
	expect 'killed: no server starts on it' 1 err 'a restore did not finish'
	fresh
	run strace -qq -o /dev/null -e inject=write:error=ENOSPC:when=4 "$M" restore "$T/box1" --data "$T/new"
	[ "$rc" -eq 1 ] && [ -e "$T/new/restore.unfinished" ] && ok || bad 'no room: it is marked'
	run strace -qq -o /dev/null -e inject=pwrite64:error=ENOSPC:when=4 "$M" backup "$T/none" --data "$T/data"
	expect 'backup without room' 1 err 'No space left'
	[ ! -e "$T/none" ] && ok || bad 'backup without room: no half file'
fi

# --- root does it for a service that runs as somebody else ------------------------------------------------------------
as_nobody() { run setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$T"
	fresh
	chown -R 65534 "$T/new"
	run "$M" restore "$T/box1" --data "$T/new"
	expect 'restore for another user' 0 err 'files restored'
	as_nobody "$M" key list --data "$T/new"
	expect 'restored: it is his' 0 out first
	rm -rf "$T/new"
	mkdir -m 700 "$T/new"
	chown 65534 "$T/new"
	run "$M" key add early --data "$T/new"
	expect 'a first command before the service ever ran' 0
	as_nobody "$M" key add late --data "$T/new"
	expect 'what it made is his' 0
	same 'all of it' 0 "$(find "$T/new" ! -user 65534 | wc -l)"
	rm -rf "$T/new" && mkdir -m 700 "$T/new" && chown 65534 "$T/new" && cp "$T/data/master.key" "$T/new/"
	run "$M" restore "$T/box1" --data "$T/new"
	expect 'restore beside a key of root' 0
	same 'a key that root keeps stays his' 0 "$(stat -c %u "$T/new/master.key")"
fi
run "$M" backup "$T/none" --data "$T/nowhere"
expect 'backup of nothing' 1
[ ! -e "$T/nowhere" ] && [ ! -e "$T/none" ] && ok || bad 'backup of nothing makes nothing'
summary
