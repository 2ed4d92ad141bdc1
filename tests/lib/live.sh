# Helpers of tests/live/*.sh: the real binary, driven from outside. Source it; it makes a private directory $T and ends
# every process that was started with `start`. Last line of a script: summary.
set -u
LC_ALL=C
export LC_ALL
top=$(cd "$(dirname "$0")/../.." && pwd)
M=${MCPGATED:-$top/build/native/mcpgated}
[ -x "$M" ] || { echo "skipped: $M is not built"; exit 0; }
for tool in curl; do
	command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 0; }
done
T=$(mktemp -d) || exit 1
passed=0
failed=0
pids=
unset MCPGATED_TEST_CLOCK MCPGATED_TEST_FAULT

cleanup() {
	for p in $pids; do
		kill -KILL "$p" 2>/dev/null
	done
	rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

ok() { passed=$((passed + 1)); }
bad() { # bad TEXT: with what was seen
	failed=$((failed + 1))
	echo "FAIL: $1"
	[ ! -s "$T/out" ] || head -20 "$T/out" | cut -c1-200 | sed 's/^/  out: /'
	[ ! -s "$T/err" ] || head -20 "$T/err" | cut -c1-200 | sed 's/^/  err: /'
}

# same NAME WANTED SEEN
same() { [ "$2" = "$3" ] && ok || bad "$1: wanted '$2', saw '$3'"; }

# run COMMAND...: into $T/out, $T/err and $rc; 124: it did not end
run() {
	timeout 30 "$@" >"$T/out" 2>"$T/err" </dev/null
	rc=$?
}

# expect NAME CODE [FILE PATTERN]...: the last run ended with CODE, and each file (out, err) holds its pattern
expect() {
	name=$1
	if [ "$rc" -ne "$2" ]; then
		bad "$name: exit code $rc, wanted $2"
		return
	fi
	shift 2
	while [ $# -gt 1 ]; do
		if ! grep -q -- "$2" "$T/$1"; then
			bad "$name: no '$2' on $1"
			return
		fi
		shift 2
	done
	ok
}

# start COMMAND...: in the background; $pid, its words in $T/log
start() {
	: >"$T/log" # before the fork: nobody may read the words of the one before
	: >"$T/stdout"
	"$@" >"$T/stdout" 2>"$T/log" </dev/null &
	pid=$!
	pids="$pids $pid"
}

# until_true SECONDS COMMAND...: tries it ten times a second
until_true() {
	n=$(($1 * 10))
	shift
	while ! "$@" >/dev/null 2>&1; do
		n=$((n - 1))
		[ $n -gt 0 ] || return 1
		sleep 0.1
	done
}

logged() { grep -q -- "$1" "$T/log"; }

# ready NAME: the server that was started serves; $addr is where
ready() {
	if until_true 10 logged 'ready url='; then
		addr=$(sed -n 's/.* ready url=.* listen=\([^ ]*\) .*/\1/p' "$T/log" | head -1)
		ok
	else
		bad "$1: never ready"
		sed 's/^/  log: /' "$T/log" | head -20
	fi
}

# stop NAME [SIGNAL [CODE]]: ends the server and looks at its exit code
stop() {
	kill "-${2:-TERM}" "$pid" 2>/dev/null
	wait "$pid"
	same "$1: exit code" "${3:-0}" "$?"
}

get() { curl -sS -m 5 "http://$addr$1"; }
status() { curl -sS -m 5 -o /dev/null -w '%{http_code}' "$@"; }
children() { ps -o pid= --ppid "$1" 2>/dev/null; }
gone() { case $(ps -o stat= -p "$1") in '' | Z*) ;; *) false ;; esac; } # it has ended, whether or not somebody was told

META='"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'
# rpc KEY METHOD [NAME [ARGUMENTS]]: one modern request
rpc() {
	if [ -n "${3:-}" ]; then
		params='"name":"'$3'","arguments":'${4:-"{}"}','$META
	else
		params=$META
	fi
	curl -sS -m "${RPC_MAX:-10}" "http://$addr/mcp" -H "Authorization: Bearer $1" -H 'Content-Type: application/json' \
		-H 'Accept: application/json, text/event-stream' -H 'MCP-Protocol-Version: 2026-07-28' -H "Mcp-Method: $2" \
		${3:+-H "Mcp-Name: $3"} -d '{"jsonrpc":"2.0","id":1,"method":"'"$2"'","params":{'"$params"'}}'
}

# conf [LINES]: a configuration in front of a place where nobody listens; LINES go into config server
conf() {
	cat >"$T/conf" <<-EOF
	config server
		list listen '127.0.0.1:0'
		option data '$T/data'
	${1:-}
	config api 'demo'
		option document '$T/api.json'
	config environment 'sandbox'
		option base_url 'http://127.0.0.1:9/v1'
	EOF
	[ -f "$T/api.json" ] || cp "$top/fs/demo/openapi.json" "$T/api.json"
}

summary() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
	exit
}
