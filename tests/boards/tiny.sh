#!/bin/sh
# What a tiny board leaves out says so, its few connections are a limit and no end, and it needs little memory.
# usage: sh tests/boards/tiny.sh BOARD     (after make)     Last line: N passed, N failed
board=${1:?usage: sh tests/boards/tiny.sh tiny-BOARD}
. "$(dirname "$0")/../lib/live.sh"
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 0; }
binary=$top/build/$board/mcpgated
[ -x "$binary" ] || { echo "skipped: $binary is not built"; exit 0; }
qemu=$(sed -n 's/^QEMU *:= *//p' "$top/board/${board##*-}/board.mk")
M=$T/mcpgated
guest=
[ -z "$qemu" ] || { guest=70368744177664 qemu="$qemu -B 0x400000000000"; } # where qemu lays the memory of the program
printf '#!/bin/sh\nexec %s %s "$@"\n' "$qemu" "$binary" >"$M"
chmod +x "$M"

# --- what is left out ---------------------------------------------------------------------------------------
run "$M" demo
expect 'demo' 1 err 'mcpgated demo: not in this build'
run "$M" help demo
expect 'help demo' 0 out '^Not in this build'
run "$M" --help
expect 'help' 0 out '^  demo  *not in this build' out 'Start with `mcpgated init`'
run "$M" lint x.cat
expect 'lint' 1 err 'mcpgated lint: not in this build'
cp "$top/fs/demo/openapi.json" "$T/api.json"
native=$top/build/native/mcpgated
[ -x "$native" ] || native=$M
"$native" import "$T/api.json" -o "$T/api.cat" >"$T/out" 2>&1 || bad "import on another board: $(cat "$T/out")"
cat >"$T/conf" <<END
config server
	list listen '127.0.0.1:0'
	option data '$T/data'
	option workers '1'
config api 'demo'
	option document '$T/api.cat'
config environment 'sandbox'
	option base_url 'http://127.0.0.1:9/v1'
END
run "$M" check -c "$T/conf"
expect 'check' 0 out '26 tools'
start "$M" serve -c "$T/conf"
until_true 60 logged 'ready url=' && ok || bad 'it serves'
addr=$(sed -n 's/.* ready url=.* listen=\([^ ]*\) .*/\1/p' "$T/log" | head -1)
for page in people teams clients credentials audit; do
	got=$(curl -s -w ' %{http_code}' "http://$addr/admin/$page")
	case $got in *'not in this build'*' 501') ok ;; *) bad "/admin/$page: $got" ;; esac
done
got=$(curl -s -o /dev/null -w '%{http_code}' "http://$addr/login")
same 'the pages of people are there' 200 "$got"
got=$(curl -s -H 'Accept-Language: ru' "http://$addr/login" | head -3)
case $got in *'lang="en"'*) ok ;; *) bad "what is left out is told in English: $got" ;; esac

# --- 32 connections -----------------------------------------------------------------------------------------
python3 - "$addr" >"$T/out" 2>"$T/err" <<'PY'
import socket, sys, time
host, port = sys.argv[1].rsplit(":", 1)
ask = b"GET /healthz HTTP/1.1\r\nHost: " + sys.argv[1].encode() + b"\r\n\r\n"
def one():
    s = socket.create_connection((host, int(port)), 20)
    s.settimeout(20)
    try:
        s.sendall(ask)
        return s, s.recv(4096)[:12]
    except OSError:
        return s, b""
held = [one() for _ in range(40)]
served = sum(a == b"HTTP/1.1 200" for _, a in held)
time.sleep(1)
def open_still(s):
    s.setblocking(False)
    try:
        return s.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
kept = sum(open_still(s) for s, _ in held)
for s, _ in held:
    s.close()
for _ in range(50):
    s, after = one()
    s.close()
    if after == b"HTTP/1.1 200":
        break
    time.sleep(0.1)
print(served, kept, after.decode())
PY
read -r served kept after <"$T/out"
[ "$served" -ge 20 ] && [ "$kept" -ge 20 ] && [ "$kept" -le 32 ] && ok ||
	bad "of 40 connections $served were served and $kept kept"
same 'when they are gone others are served' 'HTTP/1.1 200' "$after"

# --- memory: what is really there, pages that processes share counted once; under qemu those of the program alone ---
pages() { # pages PID FIELD: KB
	awk -v from="${guest:-0}" -v field="$2:" '
	function hex(s,  i, n) { n = 0; for (i = 1; i <= length(s); i++) n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1; return n }
	/^[0-9a-f]+-/ { split($1, a, "-"); at = hex(a[1]); here = from == 0 || (at >= from && at < from + 4294967296) }
	here && $1 == field { n += $2 }
	END { print n + 0 }' "/proc/$1/smaps"
}
if [ -r "/proc/$pid/smaps" ]; then
	sleep 1
	for p in $pid $(cat "/proc/$pid/task/$pid/children"); do
		rss=$(pages "$p" Rss)
		pss=$(pages "$p" Pss)
		echo "process $p: $rss KB resident, $pss KB its own share"
		[ "$rss" -gt 100 ] && [ "$rss" -lt 1536 ] && ok || bad "process $p: $rss KB resident, budget 1536"
	done
else
	bad 'no /proc/PID/smaps to judge memory by'
fi
stop 'end'
summary
