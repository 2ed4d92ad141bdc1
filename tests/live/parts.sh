#!/bin/sh
# Documents of several files: found on disk below the document's directory or the one that is allowed, never elsewhere
# and never over the network; the server notices when one of them changes. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"

mkdir -p "$T/spec/paths" "$T/common" "$T/data"
op() { # op NAME REF: an operation with a parameter of that name and one that is elsewhere
	printf 'get:\n  operationId: first\n  parameters: [{name: %s, in: query, schema: {}}, {$ref: "%s"}]\n  responses:\n' "$1" "$2"
	printf '    "200": {description: ok}\n'
}
root() { # root REF: the document
	cat >"$T/spec/main.yaml" <<-EOF
	openapi: 3.1.0
	info: {title: Parts, version: "1"}
	servers: [{url: "http://127.0.0.1:9"}]
	paths:
	  /a: {\$ref: paths/a.yaml}
	  /b:
	    get:
	      operationId: b
	      parameters: [{name: x, in: query, schema: {\$ref: "$1"}}]
	      responses: {"200": {description: ok}}
	EOF
}
import() { run "$M" import "$T/spec/main.yaml" -o "$T/x.cat" "$@"; }
first() { "$M" catalog show "$T/x.cat" 2>/dev/null | cut -f1 | tr '\n' ' '; }

# --- import ---------------------------------------------------------------------------------------------
op first '../params.json#/list/0' >"$T/spec/paths/a.yaml"
echo '{"list":[{"name":"q","in":"query","schema":{"type":"integer"}}]}' >"$T/spec/params.json"
echo '{"type":"integer"}' >"$T/common/int.json"
root params.json#/list/0/schema
import
expect 'all below the directory' 0 err '2 imported, 0 skipped'
same 'the tools' 'b first ' "$(first)"
(cd "$T/spec" && "$M" import main.yaml -o "$T/y.cat" >/dev/null 2>&1)
cmp -s "$T/x.cat" "$T/y.cat" && ok || bad 'a relative path makes the same catalog'
root ../common/int.json
import
expect 'out of the directory' 3 err 'points outside the document.*common/int.json'
import --within "$T"
expect 'a directory that is allowed' 0 err '2 imported'
import --within "$T/common"
expect 'a directory that the document is not in' 1 err 'does not begin with'
ln -s ../common/int.json "$T/spec/link.json"
ln -s ../common "$T/spec/out"
for ref in link.json out/int.json /etc/hostname file:///etc/hostname none.yaml; do
	root "$ref"
	import
	expect "not followed: $ref" 3 err "main.yaml:9:"
done
printf 'get:\n  parameters:\n\t- x\n' >"$T/spec/paths/a.yaml"
import
expect 'a broken part is named' 1 err 'paths/a.yaml:3:1'
python3 - "$T/port" <<-'EOF' &
	import socket, sys
	s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); s.settimeout(20)
	open(sys.argv[1], "w").write(str(s.getsockname()[1]))
	try: s.accept(); open(sys.argv[1] + ".hit", "w")
	except OSError: pass
EOF
listener=$!
pids="$pids $listener"
until_true 5 test -s "$T/port"
op first '../params.json#/list/0' >"$T/spec/paths/a.yaml"
root "http://127.0.0.1:$(cat "$T/port")/x.json"
import
expect 'a URL' 3 err 'not followed'
[ ! -e "$T/port.hit" ] && ok || bad 'nothing is fetched'
kill "$listener" 2>/dev/null

# --- serve ----------------------------------------------------------------------------------------------
root params.json#/list/0/schema
cat >"$T/conf" <<-EOF
config server
	list listen '127.0.0.1:0'
	option data '$T/data'
config api 'parts'
	option document '$T/spec/main.yaml'
config environment 'sandbox'
	option base_url 'http://127.0.0.1:9'
EOF
run "$M" check -c "$T/conf"
expect 'check reads the parts' 0 out '2'
start "$M" serve -c "$T/conf"
ready start
key=$("$M" key add test --data "$T/data" 2>/dev/null)
has() { rpc "$key" tools/list | grep -q "\"$1\":"; }
has first && ok || bad 'the tool of a part'
op another '../params.json#/list/0' >"$T/spec/paths/a.yaml"
until_true 8 has another && ok || bad 'a changed part is noticed'
echo '{"list":[{"name":"other","in":"query","schema":{}}]}' >"$T/spec/params.json"
until_true 8 has other && ok || bad 'so is a part of a part'
echo 'get: [' >"$T/spec/paths/a.yaml"
until_true 8 logged 'paths/a.yaml' && ok || bad 'a broken part is told'
has another && ok || bad 'the catalog from before serves on'
op third '../late.json#/p' >"$T/spec/paths/a.yaml"
until_true 8 has third && ok || bad 'it is noticed when the part is good again'
echo '{"p":{"name":"late","in":"query","schema":{}}}' >"$T/spec/late.json"
until_true 8 has late && ok || bad 'a part that was missing has come'
stop end
op fourth '../params.json#/list/0' >"$T/spec/paths/a.yaml"
start "$M" serve -c "$T/conf"
ready again
has fourth && ok || bad 'a part that changed while nobody served'
stop again
summary
