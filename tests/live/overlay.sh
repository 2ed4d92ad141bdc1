#!/bin/sh
# Changes to a document that survive its next version: config tool, an overlay file, names that stay, next pages ready to
# be asked for. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
command -v python3 >/dev/null || { echo 'skipped: no python3'; exit 0; }

cat >"$T/api.py" <<'PY'
import http.server, json, urllib.parse as u
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        url = u.urlsplit(self.path)
        q = {k: v[0] for k, v in u.parse_qs(url.query).items()}
        fields, status = {}, 200
        if url.path == "/pages":
            page, size = int(q.get("pagenumber", 1)), int(q.get("pagesize", 10))
            rows = list(range(25))[(page - 1) * size:page * size]
            body = {"data": [{"id": i} for i in rows], "meta": {"total": 25}, "asked": q}
        elif url.path == "/offsets":
            at, n = int(q.get("offset", 0)), int(q.get("limit", 10))
            body = list(range(30))[at:at + n]
        elif url.path == "/cursors":
            body = {"items": [1, 2], "next": {"cursor": 'b"2' if "after" not in q else None}, "asked": q}
        elif url.path == "/links":
            body = [1]
            if q.get("page") != "2":
                fields["Link"] = '<https://elsewhere.example/links?page=2&sort=a%20b>; rel="next", <x?page=9>; rel="last"'
        else:
            status, body = 403, {"no": 1}
        body = json.dumps(body).encode()
        self.send_response(status)
        for k, v in fields.items():
            self.send_header(k, v)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
print(s.server_address[1], flush=True)
s.serve_forever()
PY
python3 "$T/api.py" >"$T/api.port" 2>"$T/api.log" &
pids="$pids $!"
until_true 10 test -s "$T/api.port" || bad 'the API of this test starts'
document() { # document ID: operationIds begin with it
	python3 - "$1" >"$T/api.json" <<'PY'
import json, sys
def get(name, *params):
    return {"get": {"operationId": sys.argv[1] + name, "parameters": [{"name": p, "in": "path" if p == "id" else "query",
        "required": p in ("id", "fixed"), "schema": {"type": "integer" if p in ("id", "pagesize", "pagenumber", "offset") else "string",
        **({"minimum": 1} if p == "id" else {})}} for p in params],
        "responses": {"200": {"description": "", "content": {"application/json": {}}}}}}
print(json.dumps({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {
    "/pages": get("pages", "pagenumber", "pagesize", "status", "fixed"), "/offsets": get("offsets", "offset", "limit"),
    "/cursors": get("cursors", "after"), "/links": get("links", "page", "sort"), "/thing/{id}": get("thing", "id"),
    "/secret": get("secret"), "/extra": get("extra")}}))
PY
}
document one_
cat >"$T/overlay.json" <<'JSON'
{"overlay": "1.0.0", "info": {"title": "o", "version": "1"}, "actions": [
{"target": "$.paths['/secret']", "remove": true},
{"target": "$.paths['/links'].get", "update": {"x-gate": {"next": "link"}}},
{"target": "$.paths['/nothing']", "remove": true}]}
JSON
cat >"$T/conf" <<END
config server
	list listen '127.0.0.1:0'
	option data '$T/data'
config api 'a'
	option document '$T/api.json'
	option overlay '$T/overlay.json'
config environment 'sandbox'
	option base_url 'http://127.0.0.1:$(cat "$T/api.port")'
config tool
	option operation 'GET /pages'
	option name 'list_pages'
	option description 'All pages there are.'
	option effect 'write'
	list pin 'fixed=yes'
	list default 'pagesize=10'
	option next 'page pagenumber size=pagesize per=10 list=data total=meta.total'
config tool
	option operation '*offsets'
	option next 'offset offset size=limit per=10'
config tool
	option operation 'GET /cursors'
	option next 'cursor after value=next.cursor'
config tool
	option operation 'GET /thing/*'
	option error 'API error (HTTP {status}): {body} Sorry.'
	list wrong 'id={name} is required and must be > 0'
config tool
	option operation '*extra'
	option hide '1'
END
run "$M" check -c "$T/conf"
expect 'the configuration, as it is served' 0 out '^  5 tools (4 read, 1 write, 0 destructive)' \
	out 'role member, mode auto: 5 operations, about [0-9]* tokens a list: tools (up to 100 operations'
sed "s,'\*extra','GET /gone*'," "$T/conf" >"$T/unmet.conf"
run "$M" check -c "$T/unmet.conf"
expect 'a change to what is not there' 0 err "warning: api 'a': an overlay's target is not in the document: GET /gone\*"
start "$M" serve -c "$T/conf"
ready start
key=$("$M" key add all --data "$T/data" 2>/dev/null)
sleep 1.1
tools() {
	rpc "$key" tools/list | python3 -c 'import json, sys
print(" ".join(t["name"] for t in json.load(sys.stdin)["result"]["tools"] if t["name"] != "get_result"))'
}
ask() { # ask NAME ARGUMENTS: the blocks' texts, one a line, into $T/out
	rpc "$key" tools/call "$1" "$2" | python3 -c 'import json, sys
for b in json.load(sys.stdin)["result"]["content"]: print(b["text"])' >"$T/out" 2>"$T/err"
}
line() { sed -n "$1p" "$T/out"; }

same 'renamed, hidden, removed' 'list_pages one_cursors one_links one_offsets one_thing' "$(tools)"
rpc "$key" tools/list >"$T/list"
same 'the tool' '{"inputs": ["pagenumber", "pagesize", "status", "fields"], "read": false, "said": true}' "$(python3 -c 'import json, sys
t = [t for t in json.load(open(sys.argv[1]))["result"]["tools"] if t["name"] == "list_pages"][0]
print(json.dumps({"inputs": list(t["inputSchema"]["properties"]), "read": t["annotations"]["readOnlyHint"],
    "said": t["description"].startswith("All pages there are.")}))' "$T/list")"
sed -i '/option effect/d' "$T/conf"
kill -HUP "$pid"
until_true 10 logged 'generation 2 is in force' || bad 'a changed config tool is taken'
sleep 1.2
ask list_pages '{"status":"x"}'
same 'pinned and default' '{"pagesize": "10", "fixed": "yes", "status": "x"}' "$(line 1 | python3 -c 'import json, sys
q = json.load(sys.stdin)["asked"]; print(json.dumps({k: q[k] for k in ("pagesize", "fixed", "status")}))')"
same 'the next page' '{"next":{"status":"x","pagenumber":2}}' "$(line 2)"
ask list_pages '{"status":"x","pagenumber":2,"pagesize":"10","fixed":"no"}'
same 'the page behind' '{"next":{"status":"x","pagesize":"10","fixed":"no","pagenumber":3}}' "$(line 2)"
same 'a pin holds' yes "$(line 1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["asked"]["fixed"])')"
ask list_pages '{"pagenumber":3,"fields":"data"}'
same 'the last page' '{"data":[{"id": 20},{"id": 21},{"id": 22},{"id": 23},{"id": 24}]}' "$(cat "$T/out")"
ask one_offsets '{"offset":10}'
same 'the next offset' '{"next":{"offset":20}}' "$(line 2)"
ask one_offsets '{"offset":20,"limit":"15"}'
same 'a short page is the last' '' "$(line 2)"
ask one_cursors '{}'
same 'the cursor' '{"next":{"after":"b\"2"}}' "$(line 2)"
ask one_cursors '{"after":"b\"2"}'
same 'no cursor' '' "$(line 2)"
ask one_links '{"page":"1"}'
same 'the link' '{"next":{"page":"2","sort":"a b"}}' "$(line 2)"
ask one_links '{"page":"2"}'
same 'no link' '' "$(line 2)"
ask one_thing '{"id":1}'
same 'words of an error' 'API error (HTTP 403): {"no": 1} Sorry.' "$(cat "$T/out")"
ask one_thing '{}'
same 'words of a missing argument' 'id is required and must be > 0' "$(cat "$T/out")"
ask one_thing '{"id":0}'
same 'words of a wrong argument' 'id is required and must be > 0' "$(cat "$T/out")"

# the document's next version: other operationIds, the same operations
document two_
until_true 20 logged 'generation 3 is in force' || { kill -HUP "$pid"; until_true 10 logged 'generation 3 is in force'; } ||
	bad 'a newer document is taken'
sleep 1.2
same 'names stay' 'list_pages one_cursors one_links one_offsets one_thing' "$(tools)"

# only some of them, for everybody
logged "api=a mode auto: 5 operations, .*: tools (up to" || bad 'the log says what auto decides'
logged "an overlay's target is not in the document: \$.paths\['/nothing'\]" || bad 'the log says what an overlay does not meet'
sed -i "/option overlay/i\\	list only 'GET /thing*'\n\tlist only 'op:*_links'" "$T/conf"
kill -HUP "$pid"
until_true 10 logged 'generation 4 is in force' || bad 'list only is taken'
sleep 1.2
same 'only what is to be offered' 'one_links one_thing' "$(tools)"
rpc "$key" tools/call list_pages '{}' | grep -q 'Unknown tool: list_pages' && ok || bad 'the rest is no tool'
stop end

# the command
run "$M" import "$T/api.json" -o "$T/x.cat" --overlay "$T/overlay.json" --report "$T/report.json"
expect 'import with an overlay' 0 err "an overlay's target is not in the document: \$.paths\['/nothing'\]"
run "$M" import "$T/api.json" -o "$T/x.cat" --overlay "$T/none.json"
expect 'no overlay there' 1 err 'overlay cannot be read'
echo '{}' >"$T/bad.json"
run "$M" import "$T/api.json" -o "$T/x.cat" --overlay "$T/bad.json"
expect 'no overlay in it' 1 err 'actions'
summary
