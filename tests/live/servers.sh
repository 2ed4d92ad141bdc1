#!/bin/sh
# Where and how operations are called: other servers of a document, which are off until an environment names them, queries
# in paths, methods of the document's own. Two upstreams say what they were asked. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
command -v python3 >/dev/null || { echo 'skipped: no python3'; exit 0; }
export TMPDIR="$T"

cat >"$T/api.py" <<'PY'
import http.server, json, sys, threading
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def any(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        out = json.dumps({"at": self.server.name, "line": self.command + " " + self.path, "host": self.headers.get("Host"),
            "token": (self.headers.get("X-Token") or "")[::-1], "length": self.headers.get("Content-Length")}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)
    do_GET = do_POST = do_COPY = do_REPORT = any
    def log_message(self, *a): pass
ports = []
for name in "main", "other":
    s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
    s.name = name
    ports.append(str(s.server_address[1]))
    threading.Thread(target=s.serve_forever).start()
print(*ports, flush=True)
PY
python3 "$T/api.py" >"$T/ports" 2>"$T/api.log" &
pids="$pids $!"
until_true 10 test -s "$T/ports" || bad 'the APIs of this test start'
read -r one two <"$T/ports"
cat >"$T/api.json" <<'JSON'
{"openapi":"3.2.0","info":{"title":"t","version":"1"},"servers":[{"url":"https://api.example.com/v1"}],"paths":{
"/here":{"get":{"operationId":"here","responses":{}}},
"/up":{"servers":[{"url":"https://{region}.example.com/u","variables":{"region":{"default":"eu"}}}],
"post":{"operationId":"up","responses":{}}},
"/far":{"get":{"operationId":"far","servers":[{"url":"https://far.example.com"}],"responses":{}}},
"/frame?src={src}&mode=fast":{"get":{"operationId":"frame","parameters":[{"name":"src","in":"path","required":true,"schema":{"type":"string"}},
{"name":"w","in":"query","schema":{"type":"integer"}}],"responses":{}}},
"/file/{id}":{"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],
"additionalOperations":{"COPY":{"operationId":"copy","responses":{}},"REPORT":{"operationId":"tell","responses":{}}}}}}
JSON
conf_of() { # conf_of LINES: of the environment
	cat >"$T/conf" <<-END
	config server
	 list listen '127.0.0.1:0'
	 option data '$T/data'
	config role 'all'
	 list allow '*'
	 option destructive 'none'
	config role 'others'
	 list allow 'OTHER /file/*'
	 option destructive 'none'
	config api 'things'
	 option document '$T/api.json'
	config environment 'sandbox'
	 option base_url 'http://127.0.0.1:$one/base'
	 option credential_in 'header'
	 option credential_name 'X-Token'
	 option credential_from 'env:SERVERS_TOKEN'
	$1
	END
}
SERVERS_TOKEN=c4nary-servers
export SERVERS_TOKEN
# says NAME TOOL ARGUMENTS PATTERN: the answer holds it, quotes left out
says() {
	rpc "$key" tools/call "$2" "$3" | tr -d '\\"' >"$T/out"
	grep -q -- "$4" "$T/out" && ok || bad "$1: wanted '$4'"
}
tools() { rpc "$key" tools/list | grep -o '"name":"[a-z]*","title"' | cut -d'"' -f4 | grep -v mcpgated | tr '\n' ' '; }

run "$M" import "$T/api.json" -o "$T/api.cat" --report "$T/report"
expect 'everything is imported' 0 err '2 on other servers'
grep -q '"operations":6,"imported":6,"skipped":0' "$T/report" && ok || bad 'the report counts'
[ "$(grep -o '"off":true' "$T/report" | wc -l)" -eq 2 ] && ok || bad 'the report says which are off'

conf_of ''
run "$M" check -c "$T/conf"
expect 'check tells of tools that are off' 0 out '1 tools are on https://far.example.com: off, until' out '1 tools are on https://eu.example.com/u: off'
start "$M" serve -c "$T/conf"
ready start
key=$("$M" key add all --data "$T/data" --destructive --role all 2>/dev/null)
same 'what no environment names is not listed' 'copy frame here tell ' "$(tools)"
says 'nor called' far '{}' 'Unknown tool'
says 'the base url' here '{}' "at: main, line: GET /base/here, host: 127.0.0.1:$one, token: srevres-yran4c"
says 'a query in the path' frame '{"src":"rtsp://a?b&c","w":5}' 'line: GET /base/frame?src=rtsp%3A%2F%2Fa%3Fb%26c&mode=fast&w=5,'
says 'it must be given' frame '{"w":5}' 'src'
says 'a method of its own' copy '{"id":"a b"}' 'line: COPY /base/file/a%20b,.*length: null'
says 'another' tell '{"id":"7"}' 'line: REPORT /base/file/7'
all=$key
key=$("$M" key add others --data "$T/data" --destructive --role others 2>/dev/null)
same 'a rule about methods of their own' 'copy tell ' "$(tools)"
key=$all

conf_of " list server 'https://far.example.com http://127.0.0.1:$two'
 list server 'https://{region}.example.com/u http://127.0.0.1:$two/eu/'"
run "$M" check -c "$T/conf"
expect 'check tells that they are on' 0 out '1 tools are on https://far.example.com: an environment names it'
kill -HUP "$pid"
until_true 10 logged 'generation 2 is in force' && ok || bad 'reload'
same 'what the environment names is listed' 'copy far frame here tell up ' "$(tools)"
says 'there' far '{}' "at: other, line: GET /far, host: 127.0.0.1:$two, token: srevres-yran4c"
says 'by its template' up '{}' "at: other, line: POST /eu/up, host: 127.0.0.1:$two"
says 'the others stay' here '{}' 'at: main'
says 'a dry run shows where' far '{"dry_run":true}' "GET http://127.0.0.1:$two/far"
stop 'the end'
summary
