#!/bin/sh
# The way of the README's first real API, with a small API of our own: init, check, key, serve, call; then what a running
# server does when keys come and go, when it is told to read again, and when it is ended. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
command -v python3 >/dev/null || { echo 'skipped: no python3'; exit 0; }

# --- an API: answers with what it was asked; its address in $T/api.port ------------------------------------
cat >"$T/api.py" <<'PY'
import http.server, json, sys
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        n = int(self.headers.get("Content-Length") or 0)
        seen = {"method": self.command, "path": self.path, "key": self.headers.get("X-API-Key"),
                "authorization": self.headers.get("Authorization"), "body": self.rfile.read(n).decode()}
        b = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(b)))
        self.end_headers()
        self.wfile.write(b)
    do_GET = do_POST = do_DELETE = answer
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
print(s.server_address[1], flush=True)
s.serve_forever()
PY
python3 "$T/api.py" >"$T/api.port" 2>"$T/api.log" &
pids="$pids $!"
until_true 10 test -s "$T/api.port" || bad 'the API of this test starts'
api=http://127.0.0.1:$(cat "$T/api.port")/v1
mkdir "$T/home" && cd "$T/home" || exit 1
cat >things.json <<'JSON'
{"openapi":"3.0.3","info":{"title":"A Box of Small and Large Things, with a long title","version":"1"},"paths":{
"/things":{"get":{"operationId":"listThings","summary":"List things","parameters":[{"name":"limit","in":"query","schema":{"type":"integer"}}],"responses":{}},
"post":{"operationId":"createThing","requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}}}},"responses":{}}},
"/things/{id}":{"get":{"operationId":"getThing","parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],"responses":{}},
"delete":{"operationId":"deleteThing","parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],"responses":{}}}}}
JSON

# --- init and check ---------------------------------------------------------------------------------------------
run "$M" init --document things.json --base-url "$api" -c -
expect 'a name from a long title' 0 out "config api 'a-box-of-small-and-large'"
run "$M" init --document things.json --base-url "$api" --credential-header X-API-Key
expect 'a header without a secret' 2 err 'wants --credential-env'
run "$M" init --document things.json --base-url "$api" --name things --listen 127.0.0.1:0 \
	--credential-env THINGS_KEY --credential-header X-API-Key
expect init 0 err '4 operations become tools' err 'written: mcpgated.conf'
unset THINGS_KEY
run "$M" check -c mcpgated.conf
expect 'check without the secret' 1 err 'mcpgated.conf:[0-9]*: the environment variable THINGS_KEY is not set'
export THINGS_KEY=up-5ecret
run "$M" check -c mcpgated.conf
expect check 0 out '4 tools (2 read, 1 write, 1 destructive)' err 'the configuration is fine'
sed 's|"/things":{|"/odd{a":{"post":{"responses":{}}},&|' things.json >lossy.json
sed "s,things.json,lossy.json,; s,home/data,home/data2," mcpgated.conf >lossy.conf
run "$M" check -c lossy.conf
expect 'check with losses' 3 out '5 operations, 1 left out' err 'mcpgated import --strict .*lossy.json. tells why'
run "$M" import --strict lossy.json
expect 'what check says tells why' 1 err "skipped POST /odd"
[ ! -e lossy.cat ] && ok || bad 'and writes nothing'
mkfifo pipe.cat
run "$M" import things.json -o pipe.cat
expect 'only an ordinary file is replaced' 2 err 'pipe.cat is no ordinary file'
[ -p pipe.cat ] && ok || bad 'the pipe was replaced'
run "$M" check
if [ -e /etc/config/mcpgated ]; then ok; else expect 'check of nothing' 1 err 'no such file'; fi
run "$M" check --nonsense
expect 'check, wrong usage' 2 err 'no option --nonsense'

# --- a key, a server, a call: the API sees its own secret, and never the key ------------------------------------------
run "$M" key add claude -c mcpgated.conf
expect 'key add' 0 out '^sk-' err 'shown this once'
key=$(cat "$T/out")
run "$M" call -c mcpgated.conf things getThing id=7
expect 'call without a server' 0 out '"path": "/v1/things/7"' out '"key": "\[redacted\]"' out '1 secret was removed'
run "$M" call -c mcpgated.conf things getThng id=7
expect 'call of no tool' 2 err 'Unknown tool: getThng' err 'mcpgated catalog show'
start "$M" serve -c mcpgated.conf
ready serve
seen() { # seen NAME PATTERN KEY TOOL ARGUMENTS
	rpc "$3" tools/call "$4" "$5" >"$T/out"
	grep -q -- "$2" "$T/out" && ok || bad "$1: no '$2'"
}
rpc "$key" tools/list >"$T/out"
same 'tools/list, get_result with them' 5 "$(grep -o '"inputSchema"' "$T/out" | wc -l)"
seen 'a call' '\\"path\\": \\"/v1/things?limit=2\\"' "$key" listThings '{"limit":"2"}'
grep -q up-5ecret "$T/api.log" "$T/log" && bad 'a secret in a log' || ok
grep -q "$key" "$T/out" && bad 'the key went upstream' || ok
seen 'a body' '{\\\\\\"name\\\\\\":\\\\\\"x\\\\\\"}' "$key" createThing '{"name":"x"}'
seen 'one environment: a key may destroy, when asked twice' 'DELETE http' "$key" deleteThing '{"id":"1"}'
handle=$(grep -o '[0-9a-f]\{32\}\\" added' "$T/out" | head -c 32)
seen 'the second time' '\\"method\\": \\"DELETE\\"' "$key" deleteThing '{"id":"1","approval":"'"$handle"'"}'
run "$M" call -c mcpgated.conf things listThings
expect 'call through the server' 0 out '"path": "/v1/things"'
same 'a key in the URL' 401 "$(status -X POST -H 'Content-Type: application/json' -d '{}' "http://$addr/mcp?key=$key")"

# --- keys come and go while it runs ---------------------------------------------------------------------------------------
reader=$("$M" key add reader --readonly -c mcpgated.conf 2>/dev/null)
rpc "$reader" tools/list >"$T/out"
same 'what a reader is shown' 3 "$(grep -o '"inputSchema"' "$T/out" | wc -l)"
seen 'what a reader may not' 'Unknown tool' "$reader" deleteThing '{"id":"1"}'
other=$("$M" key add other --api nothing --data data 2>/dev/null)
same 'a key for another api' 403 "$(status -X POST "http://$addr/mcp" -H "Authorization: Bearer $other" -H 'Content-Type: application/json' \
	-H 'Accept: application/json, text/event-stream' -H 'MCP-Protocol-Version: 2026-07-28' -H 'Mcp-Method: tools/list' \
	-d '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{'"$META"'}}')"
brief=$("$M" key add brief --expires 2s -c mcpgated.conf 2>/dev/null)
seen 'a key for two seconds, the first of which has begun' '"result"' "$brief" listThings '{}'
run "$M" key list -c mcpgated.conf
expect 'key list' 0 out '	claude	' out '	reader	'
refused() { rpc "$1" tools/list | grep -qv '"result"'; }
run "$M" key revoke claude -c mcpgated.conf
expect 'key revoke' 0 err revoked
began=$(date +%s%N)
until_true 3 refused "$key" && ok || bad 'a revoked key is refused'
took=$((($(date +%s%N) - began) / 1000000))
[ $took -lt 1000 ] && ok || bad "refused after $took ms, wanted less than 1000"
same 'its status' 401 "$(status -X POST -H 'Content-Type: application/json' -H "Authorization: Bearer $key" -d '{}' "http://$addr/mcp")"
until_true 5 refused "$brief" && ok || bad 'an expired key is refused'
run "$M" key revoke claude -c mcpgated.conf
expect 'twice' 1 err 'no '

# --- SIGHUP -----------------------------------------------------------------------------------------------------------------
cp mcpgated.conf good.conf
sed -i "s,option document,option page '1'\n\toption document," mcpgated.conf
kill -HUP "$pid"
pages() { rpc "$reader" tools/list | grep -q nextCursor; }
until_true 5 pages && ok || bad 'SIGHUP: an option comes into force'
echo 'option stray 1' >mcpgated.conf
kill -HUP "$pid"
until_true 5 logged 'stays in force' && ok || bad 'SIGHUP: a bad configuration is refused'
pages && ok || bad 'and the one before serves on'
cp good.conf mcpgated.conf

# --- the end, and what stays ---------------------------------------------------------------------------------------------------
stop SIGTERM
run "$M" key list -c mcpgated.conf --json
expect 'the store without a server' 0 out '"name":"reader"'
grep -q '"name":"claude"' "$T/out" && bad 'a revoked key is listed' || ok
start "$M" serve -c mcpgated.conf
ready 'once more'
seen 'a key outlives the server' '"result"' "$reader" listThings '{}'
refused "$key" && ok || bad 'a revoked key never comes back'
stop SIGTERM

# --- the README says what the program says -----------------------------------------------------------------------------------------
sh "$top/tools/reference" "$M" >"$T/readme" 2>"$T/err" && ok || bad 'tools/reference'
: >"$T/out"
same 'the option reference of README.md (sh tools/reference renews it)' '' "$(diff "$top/README.md" "$T/readme" | head -5)"
awk '/^    config server/ { on = 1 } /^[^ ]/ { on = 0 } on { sub(/^    /, ""); print }' "$top/README.md" |
	sed "s|/etc/mcpgated/.*json|$T/home/things.json|; s|/var/lib/mcpgated|$T/home/data|; s|env:[A-Z_]*|env:THINGS_KEY|" >readme.conf
run "$M" check -c readme.conf
expect 'the configuration in README.md' 0 out 'served at http://127.0.0.1:8080/.*/mcp and /mcp' err 'is fine'
for word in $(grep -o -- '--[a-z][a-z-]*' "$top/README.md" | sort -u); do
	case $word in
	--transport | --header) ;; # of other programs
	*) grep -q -- "$word\>" "$top"/fs/help/*.txt && ok || bad "README.md: no help tells of $word" ;;
	esac
done
summary
