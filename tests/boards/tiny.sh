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
printf '#!/bin/sh\nexec %s %s "$@"\n' "$qemu" "$binary" >"$M"
chmod +x "$M"

# --- what is left out ---------------------------------------------------------------------------------------
run "$M" demo
expect 'demo' 1 err 'mcpgated demo: not in this build'
run "$M" help demo
expect 'help demo' 0 out '^Not in this build'
run "$M" --help
expect 'help' 0 out '^  demo  *not in this build' out 'Start with `mcpgated init`'
cp "$top/fs/demo/openapi.json" "$T/api.json"
cat >"$T/conf" <<END
config server
	list listen '127.0.0.1:0'
	option data '$T/data'
	option workers '1'
config api 'demo'
	option document '$T/api.json'
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

# --- memory: what is really there, pages that processes share counted once -----------------------------------
if [ -z "$qemu" ] && [ -r "/proc/$pid/smaps_rollup" ]; then
	sleep 1
	for p in $pid $(cat "/proc/$pid/task/$pid/children"); do
		rss=$(awk '/^Rss:/ { print $2 }' "/proc/$p/smaps_rollup")
		pss=$(awk '/^Pss:/ { print $2 }' "/proc/$p/smaps_rollup")
		echo "process $p: $rss KB resident, $pss KB its own share"
		[ "$rss" -lt 1536 ] && ok || bad "process $p: $rss KB resident, budget 1536"
	done
fi
stop 'end'
summary
