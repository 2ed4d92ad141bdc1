#!/bin/sh
# The API without MCP: /rest/<api>/<environment>/..., through the same gate. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
command -v python3 >/dev/null || { echo 'skipped: no python3'; exit 0; }
export TMPDIR="$T"

# A task's API for what the demo has not: lists, forms, bodies as a whole, names of secrets.
cat >"$T/api.py" <<'PY'
import http.server, json, sys
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def any(self):
        n = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(n).decode("utf-8", "replace")
        if self.path == "/big":
            self.send_response(200); self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(BIG))); self.end_headers()
            return self.wfile.write(BIG)
        out = json.dumps({"method": self.command, "path": self.path, "body": body, "type": self.headers.get("Content-Type"),
            "trace": self.headers.get("X-Trace"), "cookie": self.headers.get("Cookie"), "token": self.headers.get("X-Token"),
            "auth": self.headers.get("Authorization"), "client_secret": "H1DDEN"}).encode()
        status = 404 if self.path.startswith("/gone") else 204 if self.command == "DELETE" else 200
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", str(len(out)))
        self.send_header("ETag", '"v1"'); self.send_header("Set-Cookie", "a=b"); self.send_header("X-Other", "x")
        self.end_headers()
        if status != 204: self.wfile.write(out)
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = any
    def log_message(self, *a): pass
BIG = json.dumps([{"i": i, "password": "H1DDEN", "text": "shown %d" % i} for i in range(100000)]).encode()
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
print(s.server_address[1], flush=True)
s.serve_forever()
PY
python3 "$T/api.py" >"$T/api.port" 2>"$T/api.log" &
pids="$pids $!"
until_true 10 test -s "$T/api.port" || bad 'the API of this test starts'
cat >"$T/api.json" <<'JSON'
{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{
"/items":{"get":{"operationId":"list","parameters":[{"name":"ids","in":"query","explode":false,"schema":{"type":"array","items":{"type":"integer"}}},
{"name":"tag","in":"query","schema":{"type":"array","items":{"type":"string"}}},{"name":"limit","in":"query","schema":{"type":"integer"}},
{"name":"X-Trace","in":"header","schema":{"type":"string"}}],"responses":{}},
"post":{"operationId":"add","requestBody":{"content":{"application/json":{"schema":{"type":"object","required":["name"],"additionalProperties":false,"properties":{
"name":{"type":"string"},"count":{"type":"integer"}}}}}},"responses":{}}},
"/items/{id}":{"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"integer"}}],
"get":{"operationId":"get","responses":{}},"delete":{"operationId":"remove","responses":{}},
"put":{"operationId":"put","requestBody":{"content":{"application/json":{"schema":{"type":"array","items":{"type":"string"}}}}},"responses":{}}},
"/items/latest":{"get":{"operationId":"latest","responses":{}}},
"/form":{"post":{"operationId":"form","requestBody":{"content":{"application/x-www-form-urlencoded":{"schema":{"type":"object","properties":{
"a":{"type":"string"},"n":{"type":"integer"}}}}}},"responses":{}}},
"/files":{"post":{"operationId":"upload","requestBody":{"content":{"multipart/form-data":{"schema":{"type":"object","required":["title"],"properties":{
"title":{"type":"string"},"count":{"type":"integer"},"tags":{"type":"array","items":{"type":"string"}},"file":{"type":"string","format":"binary"}}}}}},"responses":{}}},
"/gone/{x}":{"get":{"operationId":"gone","parameters":[{"name":"x","in":"path","required":true,"schema":{"type":"string"}}],"responses":{}}},
"/big":{"get":{"operationId":"big","responses":{}}}}}
JSON
cat >"$T/conf" <<EOF
config server
	list listen '127.0.0.1:0'
	option public_url 'http://127.0.0.1:9'
	option data '$T/data'
config api 'things'
	option document '$T/api.json'
	option rate_key '10/m burst 60'
config role 'careful'
	list allow 'read'
	list allow 'POST /items where count in 1..5'
	list allow 'destructive'
	option destructive 'approve'
config environment 'sandbox'
	option base_url 'http://127.0.0.1:$(cat "$T/api.port")'
	option credential_in 'header'
	option credential_name 'X-Token'
	option credential_from 'env:REST_TOKEN'
config environment 'production'
	option base_url 'http://127.0.0.1:$(cat "$T/api.port")'
EOF
REST_TOKEN=c4nary-rest-token
export REST_TOKEN
start "$M" serve -c "$T/conf"
ready start
key=$("$M" key add all --data "$T/data" --destructive 2>/dev/null)
reader=$("$M" key add reader --data "$T/data" --readonly 2>/dev/null)
careful=$("$M" key add careful --data "$T/data" --role careful --destructive 2>/dev/null)
sleep 1.1

# rest METHOD PATH [CURL OPTIONS...]: status to $code, body to $T/out, head to $T/head
use=$key
rest() {
	method=$1 path=$2
	shift 2
	code=$(curl -sS -m 20 -g -X "$method" -H "Authorization: Bearer $use" -D "$T/head" -o "$T/out" -w '%{http_code}' "$@" \
	    "http://$addr/rest/things/$path" 2>"$T/err")
}
is() { # is NAME STATUS [TEXT]
	same "$1" "$2" "$code"
	[ -z "${3-}" ] || grep -qF -- "$3" "$T/out" && ok || bad "$1: no $3 in $(head -c 400 "$T/out")"
}
json='Content-Type: application/json'

# --- what goes in ---------------------------------------------------------------------------------------------------
rest GET sandbox/items/7 -H 'Cookie: mcpgated_session=x'
is 'a read' 200 '"method": "GET", "path": "/items/7"'
is 'no cookie goes on' 200 '"cookie": null'
is 'the key stays here' 200 '"auth": null'
is 'by name' 200 '"client_secret": "[redacted]"'
is 'by value' 200 '"token": "[redacted]"'
for f in 'X-Content-Type-Options: nosniff' 'Content-Security-Policy: sandbox' 'ETag: "v1"' 'X-Environment: sandbox' 'Content-Type: application/json'; do
	grep -qi "^$f" "$T/head" && ok || bad "no $f in $(cat "$T/head")"
done
for f in Set-Cookie Access-Control X-Other; do
	grep -qi "^$f" "$T/head" && bad "$f goes on" || ok
done
rest GET sandbox/items/latest
is 'the literal path first' 200 '"path": "/items/latest"'
rest GET 'sandbox/items?ids=3,4&tag=a%20b&tag=c&limit=5' -H 'X-Trace: abc'
is 'lists' 200 '"path": "/items?ids=3,4&tag=a%20b&tag=c&limit=5"'
is 'a field that is declared' 200 '"trace": "abc"'
rest POST sandbox/items -H "$json" -d '{"name":"Ü \"q\"","count":3}'
is 'a JSON body' 200 '\"count\":3'
rest PUT sandbox/items/1 -H "$json" -d '["a","b"]'
is 'a body as a whole' 200 '[\"a\",\"b\"]'
rest POST sandbox/form -d 'a=x%26y&n=5'
is 'a form' 200 '"body": "a=x%26y&n=5"'
printf 'one\r\ntwo\000' >"$T/a b.bin"
rest POST sandbox/files -F title='A "title"' -F count=3 -F tags=x -F tags=y -F "file=@$T/a b.bin;type=image/png"
for part in 'name=\"title\"' 'A \"title\"' 'name=\"count\"' 'filename=\"a b.bin\"' 'Content-Type: image/png' 'one\r\ntwo\u0000' '"type": "multipart/form-data; boundary='; do
	is "a multipart body: $part" 200 "$part"
done
rest POST sandbox/files -F title=a -F nobody=b
is 'a part that nobody knows' 400 'a part is not known'
rest POST sandbox/files -F count=3
is 'a part that is missing' 400 'title'
rest POST sandbox/files -H 'Content-Type: multipart/form-data; boundary=x' -d 'no parts'
is 'no multipart body' 400 'no multipart/form-data'
rest POST sandbox/files -H 'Content-Type: multipart/form-data' -d 'no parts'
is 'no boundary' 400 'no multipart/form-data'
rest DELETE sandbox/items/9
is 'what destroys is described first' 428 'Nothing was done yet'
handle=$(sed -n 's/.*"handle":"\([0-9a-f]*\)".*/\1/p' "$T/out")
rest DELETE sandbox/items/8 -H "X-Approval: $handle"
is 'the handle is for that call alone' 409 'another call'
rest DELETE sandbox/items/9
handle=$(sed -n 's/.*"handle":"\([0-9a-f]*\)".*/\1/p' "$T/out")
rest DELETE sandbox/items/9 -H "X-Approval: $handle"
is 'and done with the handle' 204
rest DELETE sandbox/items/9 -H "X-Approval: $handle"
is 'once' 409 'unknown, was used'
rest POST sandbox/items -H "$json" -H 'X-Dry-Run: true' -d '{"name":"a"}'
is 'a dry run' 200 'Dry run: nothing was sent'
rest GET sandbox/big
same 'a large answer' 200 "$code"
same 'its secrets' '100000 0' "$(grep -o '\[redacted\]' "$T/out" | wc -l | tr -d ' ') $(grep -c 'H1DDEN' "$T/out")"
python3 -c 'import json,sys; assert len(json.load(open(sys.argv[1]))) == 100000' "$T/out" && ok || bad 'a large answer is JSON'

# --- what is refused -------------------------------------------------------------------------------------------------
rest GET sandbox/gone/x
is "the API's own errors pass" 404 '"path": "/gone/x"'
rest GET sandbox/nothing
is 'no such operation' 404 'no such operation'
rest GET nowhere/items/7
is 'no such environment' 404 'not found'
rest GET sandbox/items/abc
is 'a wrong value' 400 'id'
rest GET 'sandbox/items?nothing=1'
is 'a parameter nobody knows' 400 "no query parameter 'nothing'"
rest GET 'sandbox/items/7?id=8'
is 'a value in another place' 400 "no query parameter 'id'"
rest GET 'sandbox/items/7%2f..%2f8'
[ "$code" = 400 ] || [ "$code" = 404 ] && ok || bad "a path out of its place: $code"
rest POST sandbox/items -H "$json" -d '{"name":"a","name":"b"}'
is 'a name twice' 400 'not valid JSON'
rest POST sandbox/items -H "$json" -d '{"count":3}'
is 'a name that is missing' 400 'name'
rest POST sandbox/items -H "$json" -d '{"name":"a","id":5}'
is 'a member nobody knows' 400 "no member 'id'"
rest POST sandbox/items -H 'Content-Type: text/csv' -d 'a'
is 'a body of another kind' 415
rest GET production/items/7
is 'an environment that is not for this key' 404
rest GET "sandbox/items/7?api_key=$key"
is 'a key in the URL' 400
rest GET sandbox/items/7 -H 'Origin: https://evil.example'
is 'a page of another origin' 403
use=sk-wrongwrongwrongwrongwrongwrongwrongwrongwro
rest GET sandbox/items/7
is 'a wrong key' 401
grep -qi '^www-authenticate: Bearer' "$T/head" && ok || bad 'no challenge'
meta=$(sed -n 's/.*resource_metadata="\([^"]*\)".*/\1/p' "$T/head")
curl -sS -m 5 "http://$addr${meta#http://127.0.0.1:9}" >"$T/out" 2>&1
grep -q '"resource":"http://127.0.0.1:9/rest/things/sandbox/items/7"' "$T/out" && ok || bad "the metadata of the challenge: $meta: $(cat "$T/out")"
use=$reader
rest GET sandbox/items/7
is 'a reader reads' 200
rest POST sandbox/items -H "$json" -d '{"name":"a"}'
is 'a reader does not write' 404
use=$careful
rest POST sandbox/items -H "$json" -d '{"name":"a","count":6}'
is 'a rule about arguments' 403
rest POST sandbox/items -H "$json" -d '{"name":"a","count":5}'
is 'and one that it keeps' 200
rest DELETE sandbox/items/9
is 'a person is asked' 428 '/approve/'
handle=$(sed -n 's/.*"handle":"\([0-9a-f]*\)".*/\1/p' "$T/out")
rest DELETE sandbox/items/9 -H "X-Approval: $handle"
is 'nobody has answered yet' 428 'Nobody has approved'
"$M" approve "$("$M" pending --data "$T/data" 2>/dev/null | grep -o '[0-9a-f]\{12,\}' | head -1)" --data "$T/data" >"$T/o" 2>&1 ||
	bad "approve: $(cat "$T/o")"
rest DELETE sandbox/items/9 -H "X-Approval: $handle"
is 'approved' 204
"$M" switch api:things write off --data "$T/data" >/dev/null 2>&1
rest POST sandbox/items -H "$json" -d '{"name":"a","count":5}'
is 'a switch' 404
"$M" switch api:things write on --data "$T/data" >/dev/null 2>&1
use=$key
for i in $(seq 100); do rest GET sandbox/items/7; [ "$code" = 429 ] && break; done
is 'a limit' 429 'Try again'
grep -qi '^retry-after: [1-9]' "$T/head" && ok || bad 'no Retry-After'

# --- and all of it stands in the audit ---------------------------------------------------------------------------------
count() { "$M" audit search --data "$T/data" "$@" 2>/dev/null | wc -l | tr -d ' '; }
until_true 3 test "$(count '"outcome":"limited"')" -ge 1
[ "$(count '"operation":"remove"' '"status":204')" = 2 ] && [ "$(count '"outcome":"limited"')" -ge 1 ] &&
	[ "$(count '"outcome":"denied"' '"operation":"add"')" -ge 1 ] && ok || bad "audit: $("$M" audit tail --data "$T/data")"
! grep -q "c4nary\|$key" "$T/log" && ok || bad 'a secret in the log'
stop end
summary
