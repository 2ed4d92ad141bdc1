#!/bin/sh
# What an API answers and what a client gets of it: chosen members, cut lists that go on, pictures, sounds, files by a
# link that works once. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
command -v python3 >/dev/null || { echo 'skipped: no python3'; exit 0; }

cat >"$T/api.py" <<'PY'
import http.server, json, random
item = lambda i: {"id": i, "name": "n%d" % i, "owner": {"id": i, "login": "u%d" % i}, "text": "x" * 200}
BIG = random.Random(7).randbytes(300000)
HITS = []
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def say(self, status, kind, body, chunked=False):
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked and body else body)
    def do_GET(self):
        path, _, query = self.path.partition("?")
        HITS.append(self.path)
        if path == "/items":
            self.say(200, "application/json", json.dumps({"total": 100, "data": [item(i) for i in range(100)]}).encode())
        elif path == "/list":
            self.say(200, "application/json", json.dumps([item(i) for i in range(60)]).encode(), True)
        elif path == "/picture":
            self.say(200, "image/png", b"\x89PNG" + b"p" * 96)
        elif path == "/sound":
            self.say(200, "audio/mpeg", b"ID3" + b"s" * 97)
        elif path == "/small":
            self.say(200, "application/pdf", b"%PDF-" + b"d" * 95)
        elif path == "/big":
            self.say(200, "application/zip", BIG, "chunked" in query)
        elif path == "/empty":
            self.say(204, None, b"")
        elif path == "/html":
            self.say(404, "text/html", b"<h1>no</h1>")
        elif path == "/hits":
            self.say(200, "application/json", json.dumps(HITS).encode())
    def log_message(self, *a): pass
open("big", "wb").write(BIG)
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
print(s.server_address[1], flush=True)
s.serve_forever()
PY
(cd "$T" && exec python3 api.py) >"$T/api.port" 2>"$T/api.log" &
pids="$pids $!"
until_true 10 test -s "$T/api.port" || bad 'the API of this test starts'
python3 - >"$T/api.json" <<'PY'
import json
def get(name, kind, params=()):
    return {"get": {"operationId": name, "parameters": [{"name": p, "in": "query", "schema": {"type": "string"}} for p in params],
        "responses": {"200": {"description": "", "content": {kind: {}}}}}}
print(json.dumps({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {
    "/items": get("items", "application/json", ["q"]), "/list": get("list", "application/json", ["fields"]),
    "/picture": get("picture", "image/png"), "/sound": get("sound", "audio/mpeg"), "/small": get("small", "application/pdf"),
    "/big": get("big", "application/zip", ["how"]), "/empty": get("empty", "application/json"),
    "/html": get("html", "application/json"), "/hits": get("hits", "text/plain")}}))
PY
cat >"$T/conf" <<END
config server
	list listen '127.0.0.1:0'
	option data '$T/data'
config api 'a'
	option document '$T/api.json'
	option response_budget '10k'
config environment 'sandbox'
	option base_url 'http://127.0.0.1:$(cat "$T/api.port")'
END
start "$M" serve -c "$T/conf"
ready start
url=http://$addr
key=$("$M" key add all --data "$T/data" 2>/dev/null)
other=$("$M" key add other --data "$T/data" 2>/dev/null)
sleep 1.1

# ask NAME ARGUMENTS [KEY]: the result's blocks into $T/out, one JSON value a line
ask() {
	curl -s "$url/mcp" -H "Authorization: Bearer ${3:-$key}" -H 'Content-Type: application/json' \
		-H 'Mcp-Protocol-Version: 2025-11-25' \
		-d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"$1\",\"arguments\":$2}}" |
		python3 -c 'import json, sys
r = json.load(sys.stdin)["result"]
print(r["isError"])
for b in r["content"]: print(json.dumps(b))' >"$T/out" 2>"$T/err"
	rc=$?
}
# of EXPRESSION: a Python expression over b, the blocks
of() {
	python3 -c 'import base64, json, sys
b = [json.loads(l) for l in open(sys.argv[1]).read().splitlines()[1:]]
t = b[0].get("text", "")
print(eval(sys.argv[2]))' "$T/out" "$1" 2>&1 | tail -1
}

# --- members -------------------------------------------------------------------------------------------
ask items '{"fields":"data.id, data.owner.login"}'
same 'chosen members' "{'data': [{'id': 0, 'owner': {'login': 'u0'}}" "$(of 'str(json.loads(t))[:45]')"
same 'all of the list' 100 "$(of 'len(json.loads(t)["data"])')"
ask items '{"fields":["total"],"q":"x"}'
same 'a list of names' "{'total': 100}" "$(of 'json.loads(t)')"
ask list '{"gate_fields":"id","fields":"own"}'
same 'the operation keeps its own argument' 60 "$(of 'len(json.loads(t))')"
ask items '{"fields":7}'
same 'what is no name' True "$(head -1 "$T/out")"
ask hits '{}'
same 'fields is not sent' "['/items', '/items?q=x', '/list?fields=own', '/hits']" "$(of 'json.loads(t)')"

# --- lists that are cut --------------------------------------------------------------------------------
ask items '{"q":"a b"}'
seen=$(of '[i["id"] for i in json.loads(t)["data"]]')
handles=
for i in 1 2 3 4 5 6; do
	handle=$(of '__import__("re").search("gate_continue .([0-9a-f]{32})", b[1]["text"]).group(1) if len(b) > 1 else ""')
	[ -n "$handle" ] || break
	handles="$handles $handle"
	ask items "{\"gate_continue\":\"$handle\"}"
	seen="$seen$(of '[i["id"] for i in json.loads(t)["data"]]')"
done
same 'a cut list goes on to its end' "$(python3 -c 'print(list(range(100)))' | tr -d '[]')" \
	"$(echo "$seen" | sed 's/\]\[/, /g' | tr -d '[]')"
set -- $handles
ask items "{\"gate_continue\":\"$1\"}" "$other"
same 'a handle of another key' True "$(head -1 "$T/out")"
ask list "{\"gate_continue\":\"$1\"}"
same 'a handle of another tool' True "$(head -1 "$T/out")"
ask items '{"gate_continue":"0123456789abcdef0123456789abcdef"}'
same 'a handle of nobody' True "$(head -1 "$T/out")"
ask list '{}'
first=$(of 'json.loads(t)[-1]["id"]')
ask list "{\"gate_continue\":\"$(of '__import__("re").search("gate_continue .([0-9a-f]{32})", b[1]["text"]).group(1)')\"}"
same 'a bare list goes on' "$((first + 1))" "$(of 'json.loads(t)[0]["id"]')"

# --- other bodies --------------------------------------------------------------------------------------
ask picture '{}'
same 'a picture' "image image/png 100" "$(of '" ".join([b[0]["type"], b[0]["mimeType"], str(len(base64.b64decode(b[0]["data"])))])')"
ask sound '{}'
same 'a sound' "audio audio/mpeg 100" "$(of '" ".join([b[0]["type"], b[0]["mimeType"], str(len(base64.b64decode(b[0]["data"])))])')"
ask small '{}'
same 'a small file' "resource application/pdf 100" \
	"$(of '" ".join([b[0]["type"], b[0]["resource"]["mimeType"], str(len(base64.b64decode(b[0]["resource"]["blob"])))])')"
ask empty '{}'
same 'an empty answer' '(empty answer, HTTP 204)' "$(of t)"
ask html '{"fields":"id"}'
same 'an error of its own type' 'API error (HTTP 404): <h1>no</h1>' "$(of t)"

# --- files ---------------------------------------------------------------------------------------------
ask big '{"how":"length"}'
same 'a link with size and type' "resource_link big application/zip 300000" \
	"$(of '" ".join([b[1]["type"], b[1]["name"], b[1]["mimeType"], str(b[1]["size"])])')"
link=http://$addr/files/$(of 'b[1]["uri"].split("/")[-1]') # the public address has port 0 here
same 'HEAD' 200 "$(curl -sI -o "$T/head" -w '%{http_code}' "$link")"
same 'a page of another origin' 403 "$(curl -s -o "$T/file" -w '%{http_code}' -H 'Origin: https://evil.example' "$link")"
same 'GET after HEAD' 200 "$(curl -s -D "$T/head" -o "$T/file" -w '%{http_code}' -H 'Cookie: a=b' "$link")"
cmp -s "$T/file" "$T/big" && ok || bad 'the file is the file'
for line in 'content-disposition: attachment; filename="big"' 'x-content-type-options: nosniff' \
	"content-security-policy: sandbox" 'content-type: application/zip' 'cache-control: no-store'; do
	grep -qi "^$line" "$T/head" && ok || bad "the file comes with $line"
done
grep -qi '^access-control' "$T/head" && bad 'no CORS for files' || ok
same 'GET once' 404 "$(curl -s -o "$T/file" -w '%{http_code}' "$link")"
ask big '{"how":"chunked"}'
link=http://$addr/files/$(of 'b[1]["uri"].split("/")[-1]') # the public address has port 0 here
same 'a file of unknown length' 200 "$(curl -s -o "$T/file" -w '%{http_code}' "$link")"
cmp -s "$T/file" "$T/big" && ok || bad 'the file of unknown length is the file'
ask big '{}' "$other"
link=http://$addr/files/$(of 'b[1]["uri"].split("/")[-1]') # the public address has port 0 here
"$M" key revoke other --data "$T/data" >/dev/null 2>&1
sleep 0.2
same 'the key is gone' 404 "$(curl -s -o "$T/file" -w '%{http_code}' "$link")"
ask big '{}'
link=http://$addr/files/$(of 'b[1]["uri"].split("/")[-1]')
run "$M" stop-all --data "$T/data"
expect 'stop-all' 0
echo 'correct horse 1' | "$M" user add ada --role admin --password-stdin --data "$T/data" 2>/dev/null
echo 'correct horse 1' | timeout 30 "$M" stop-all --resume --user ada --password-stdin --data "$T/data" >"$T/out" 2>"$T/err"
rc=$?
expect 'stop-all --resume' 0
same 'a link from before is void' 404 "$(curl -s -o "$T/file" -w '%{http_code}' "$link")"
same 'a link of nobody' 404 "$(curl -s -o "$T/file" -w '%{http_code}' "$url/files/0123456789abcdef0123456789abcdef")"
same 'no link' 404 "$(curl -s -o "$T/file" -w '%{http_code}' "$url/files/x")"

summary
