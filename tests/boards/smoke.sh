#!/bin/sh
# The way of a new user on the binary of another board, under qemu where the processor is another: import, check, key
# add, serve, tools/list, tools/call, kill -9, start again. Then its store and its catalog under the native binary and
# back. usage: sh tests/boards/smoke.sh BOARD     (after make, and make BOARD=...)   Last line: N passed, N failed
board=${1:?usage: sh tests/boards/smoke.sh BOARD}
. "$(dirname "$0")/../lib/live.sh"
for tool in python3 make; do
	command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 0; }
done
binary=$top/build/$board/mcpgated
[ -x "$binary" ] || { echo "skipped: $binary is not built"; exit 0; }
qemu=$(sed -n 's/^QEMU *:= *//p' "$top/board/${board##*-}/board.mk")
[ -z "$qemu" ] || command -v "$qemu" >/dev/null || { echo "skipped: no $qemu"; exit 0; }
native=$M
M=$T/mcpgated
printf '#!/bin/sh\nexec %s %s "$@"\n' "$qemu" "$binary" >"$M"
chmod +x "$M"

# --- an API that says which path was asked for -------------------------------------------------------------
cat >"$T/api.py" <<'PY'
import http.server, json
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        b = json.dumps({"asked": self.path, "text": "grüß dich ✓"}, ensure_ascii=False).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(b)))
        self.end_headers()
        self.wfile.write(b)
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
print(s.server_address[1], flush=True)
s.serve_forever()
PY
python3 "$T/api.py" >"$T/port" &
pids="$pids $!"
until_true 20 test -s "$T/port" || bad 'the API of this test starts'
cp "$top/fs/demo/openapi.json" "$T/api.json"
cat >"$T/conf" <<END
config server
	list listen '127.0.0.1:0'
	option data '$T/data'
config api 'demo'
	option document '$T/api.json'
config environment 'sandbox'
	option base_url 'http://127.0.0.1:$(cat "$T/port")/v1'
END

add_key() { # add_key NAME PROGRAM: $key
	run "$2" key add "$1" -c "$T/conf"
	key=$(cat "$T/out")
	expect "key add $1" 0 out '^sk-'
}
used() { # used WHAT KEY: what it lists and what a call answers
	rpc "$2" tools/list >"$T/out"
	grep -q '"name":"list_projects"' "$T/out" && ok || bad "$1: tools/list"
	rpc "$2" tools/call get_project '{"id":7}' >"$T/out"
	grep -q '/v1/projects/7.*grüß dich ✓' "$T/out" && ok || bad "$1: tools/call"
}
serve() { # serve WHAT PROGRAM: pid of the program itself: the wrapper is gone by then
	start "$2" serve -c "$T/conf"
	if until_true 60 logged 'ready url='; then
		addr=$(sed -n 's/.* ready url=.* listen=\([^ ]*\) .*/\1/p' "$T/log" | head -1)
		ok
	else
		bad "$1: never ready"
		cat "$T/log"
	fi
}

run "$M" version
expect 'it runs' 0 out '^mcpgated '
mkdir "$T/one" "$T/two"
run "$native" import "$T/api.json" -o "$T/two/api.cat"
expect 'import, native' 0
case $board in
tiny-*) # takes catalogs of others in the place of documents
	run "$M" import "$T/api.json" -o "$T/one/api.cat"
	expect 'a document' 1 err 'compiles no documents: .mcpgated import. on any other machine'
	run "$M" import "$T/two/api.cat" -o "$T/one/api.cat"
	expect 'import of a catalog' 0
	run "$native" import "$T/two/api.cat" -o "$T/two/again.cat"
	expect 'the same, native' 0
	sed -i "s,api.json,two/again.cat," "$T/conf"
	cp -p "$T/two/again.cat" "$T/two/api.cat"
	;;
*)
	run "$M" import "$T/api.json" -o "$T/one/api.cat"
	expect 'import' 0
	;;
esac
cmp -s "$T/one/api.cat" "$T/two/api.cat" && ok || bad 'both boards make the same catalog, byte by byte'
run "$native" catalog show "$T/one/api.cat"
expect 'its catalog is read here' 0 out list_projects
run "$M" catalog show "$T/two/api.cat"
expect 'the catalog made here is read there' 0 out list_projects
run "$M" check -c "$T/conf"
expect 'check' 0
add_key first "$M"
first=$key
serve 'start' "$M"
used 'first' "$first"
add_key running "$M"
running=$key
used 'a key of now' "$running"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
until_true 20 sh -c "! curl -s -m 1 http://$addr/healthz" || bad 'workers end with their supervisor'
serve 'after kill -9' "$M"
used 'after kill -9, the first key' "$first"
used 'after kill -9, the second key' "$running"
stop 'end'

serve 'its store under the native binary' "$native"
used 'native, the first key' "$first"
add_key native "$native"
here=$key
used 'native, a key of here' "$here"
stop 'native, end'
serve 'and back' "$M"
used 'back, the key of the native binary' "$here"
used 'back, its own' "$running"
stop 'back, end'
summary
