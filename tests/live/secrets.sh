#!/bin/sh
# An upstream gives our credential back: in every form, place and kind of body, cut anywhere. None of it reaches the client
# or the log. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
command -v python3 >/dev/null || { echo 'skipped: no python3'; exit 0; }

# --- an API that tells what it was sent, in the form that is asked for -----------------------------------
cat >"$T/api.py" <<'PY'
import base64, http.server, json, os, sys, urllib.parse as u
full = lambda s, f: "".join(f % ord(c) for c in s)
FORMS = {
    "plain": lambda s: s, "slash": lambda s: s.replace("/", "\\/"), "u": lambda s: full(s, "\\u%04x"), "U": lambda s: full(s, "\\u%04X"),
    "percent": u.quote_plus, "percents": lambda s: full(s, "%%%02x"), "nested": lambda s: json.dumps(json.dumps(s))[1:-1],
    "b64": lambda s: base64.b64encode(s.encode()).decode(), "b64a": lambda s: base64.b64encode(b"a" + s.encode()).decode(),
    "b64ab": lambda s: base64.b64encode(b"ab" + s.encode()).decode(), "url": lambda s: base64.urlsafe_b64encode(b"xy:" + s.encode()).decode(),
    "basic": lambda s: base64.b64encode(b"user:" + s.encode() + b":more").decode(),
    "b64slash": lambda s: base64.b64encode(s.encode()).decode().replace("/", "\\/").replace("+", "\\u002b"),
}
# H1DDEN must not be seen, shown must
RECORD = {"id": 7, "password": "H1DDEN", "clientSecret": 'H1DD"EN', "door_code": "H1DDEN", "voucher": "H1DDEN",
    "pass_in": "H1DDEN", "sha1": "H1DDEN", "next_page_token": "shown", "psk": "shown", "both": "shown", "secret": 12345,
    "api_key": None, "password_set_at": "shown", "list": [{"access_token": "H1DDEN", "token": "shown"}],
    "log": json.dumps({"request": {"new_password": "H1DDEN", "a": "shown"}})}
OTHERS = [os.environ["TELL_OTHER"], os.environ["TELL_THIRD"]]
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])), 0)
    def answer(self, body, cut):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked") if cut else self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for i in range(0, len(body) if cut else 0, cut or 1):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(body[i:i + cut]), body[i:i + cut]))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n" if cut else body)
    def do_GET(self):
        q = {k: v[0] for k, v in u.parse_qs(u.urlsplit(self.path).query).items()}
        if self.path.startswith("/record"):
            return self.answer(json.dumps(RECORD, indent=q.get("indent") and 1).encode(), int(q.get("cut", 0)))
        mine = (self.headers.get("X-Token") or "").split(" ")[-1]
        whose = q.get("whose") # another environment's, another API's, or all in turn
        all = [FORMS[q.get("form", "plain")](w) for w in ([mine] + OTHERS if whose == "all" else [OTHERS[int(whose)]] if whose else [mine])]
        s = all[0]
        kind, times, cut = q.get("kind", "application/json"), int(q.get("times", 1)), int(q.get("cut", 0))
        body = ('{"a":[' + ",".join(['{"n":%d,"t":"%s"}' % (i, all[i % len(all)]) for i in range(times)]) + ']}').encode()
        self.send_response(int(q.get("status", 200)))
        self.send_header("Content-Type", s if kind == "secret" else kind)
        self.send_header("Transfer-Encoding", "chunked") if cut else self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not cut:
            return self.wfile.write(body)
        for i in range(0, len(body), cut):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(body[i:i + cut]), body[i:i + cut]))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
print(s.server_address[1], flush=True)
s.serve_forever()
PY
TELL_TOKEN='c4nary/Wq+7f?~zz'
TELL_OTHER='0ther-"Key"/of=production'
TELL_THIRD='th1rd+key_of.another/API-that-is-longer-than-others'
export TELL_TOKEN TELL_OTHER TELL_THIRD
python3 "$T/api.py" >"$T/api.port" 2>"$T/api.log" &
pids="$pids $!"
until_true 10 test -s "$T/api.port" || bad 'the API of this test starts'
cat >"$T/api.json" <<'JSON'
{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{"/tell":{"get":{"operationId":"tell","parameters":[
{"name":"form","in":"query","schema":{"type":"string"}},{"name":"kind","in":"query","schema":{"type":"string"}},
{"name":"times","in":"query","schema":{"type":"integer"}},{"name":"cut","in":"query","schema":{"type":"integer"}},
{"name":"status","in":"query","schema":{"type":"integer"}},{"name":"whose","in":"query","schema":{"type":"string"}}],
"responses":{}}},
"/record":{"get":{"operationId":"record","parameters":[{"name":"cut","in":"query","schema":{"type":"integer"}},
{"name":"indent","in":"query","schema":{"type":"integer"}}],"responses":{"200":{"description":"",
"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Record"}}}}}},
"post":{"operationId":"set_record","requestBody":{"content":{"application/json":{"schema":{
"$ref":"#/components/schemas/Record"}}}},"responses":{}},
"delete":{"operationId":"delete_record","responses":{}}}},
"components":{"schemas":{"Record":{"type":"object","properties":{"door_code":{"type":"string","format":"password"},
"voucher":{"type":"string","x-secret":true},"pass_in":{"type":"string","writeOnly":true},"password":{"type":"string"},
"both":{"type":"string","writeOnly":true}}},"Other":{"type":"object","properties":{"both":{"type":"string"}}}}}}
JSON
cat >"$T/conf" <<EOF
config server
	list listen '127.0.0.1:0'
	option data '$T/data'
config api 'tell'
	option document '$T/api.json'
	option response_budget '100m'
	list secret 'sha1'
	list secret '!psk'
config environment 'sandbox'
	option api 'tell'
	option base_url 'http://127.0.0.1:$(cat "$T/api.port")'
	option credential_in 'header'
	option credential_name 'X-Token'
	option credential_value 'token {secret}'
	option credential_from 'env:TELL_TOKEN'
config environment 'production'
	option api 'tell'
	option base_url 'http://127.0.0.1:$(cat "$T/api.port")'
	option credential_from 'env:TELL_OTHER'
config api 'another'
	option document '$T/api.json'
config environment 'live'
	option api 'another'
	option base_url 'http://127.0.0.1:$(cat "$T/api.port")'
	option credential_in 'query'
	option credential_name 'k'
	option credential_from 'env:TELL_THIRD'
EOF
start "$M" serve -c "$T/conf"
ready start
key=$("$M" key add all --environment sandbox --destructive --data "$T/data" 2>/dev/null)
sleep 1.1

# --- what came is a result, tells of TIMES removed secrets, and holds no form of it; JSON is JSON ----------
cat >"$T/judge.py" <<'PY'
import base64, json, re, sys, urllib.parse as u
secret, answer, times = sys.argv[1], open(sys.argv[2]).read(), int(sys.argv[3])
r = json.loads(answer)["result"]
blocks = [b["text"] if b["type"] == "text" else base64.b64decode(b["resource"]["blob"]).decode() for b in r["content"]]
text = blocks[0]
if text.startswith("API error"): text = text.split(": ", 1)[1]
decode = lambda t: u.unquote(re.sub(r"\\+", "", re.sub(r"\\+u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), t)))
seen = [text, decode(text), decode(decode(text)), u.unquote_plus(text)]
for c in [secret] + [base64.b64encode(b"x" * n + secret.encode())[4 if n else 0:-4].decode() for n in range(3)]:
    for t in seen + [json.dumps(r), answer]:
        for x in (t, t.replace("-", "+").replace("_", "/")):
            if c in x: sys.exit("%s is in it: %s" % (c, t[:200]))
note = "%d secret%s removed" % (times, " was" if times == 1 else "s were")
if not any(note in b for b in blocks[1:]): sys.exit("no note: %s" % blocks[1:])
got = json.loads(text)["a"]
if len(got) != times or any("[redacted]" not in o["t"] for o in got): sys.exit("not as it was: %s" % text[:200])
PY
ask() { # ask NAME ARGUMENTS TIMES
	rpc "$key" tools/call tell "$2" >"$T/out" 2>"$T/err"
	same "$1" '' "$(python3 "$T/judge.py" "${4:-$TELL_TOKEN}" "$T/out" "$3" 2>&1)"
}
for form in plain slash u U percent percents nested b64 b64a b64ab url basic b64slash; do
	ask "$form" '{"form":"'$form'"}' 1
	ask "$form, byte by byte" '{"form":"'$form'","cut":1}' 1
	ask "$form, in sevens" '{"form":"'$form'","times":20,"cut":7}' 20
	ask "$form, as text" '{"form":"'$form'","kind":"text/plain","cut":5}' 1
	ask "$form, as bytes" '{"form":"'$form'","kind":"application/octet-stream"}' 1
	ask "$form, as an error" '{"form":"'$form'","status":500}' 1
done
ask 'many' '{"times":20000}' 20000
ask 'many, in pieces' '{"times":20000,"cut":4099}' 20000
# the credentials of another environment and of another API, which this call was not made with
for form in plain slash u U percent percents nested b64 b64a b64ab url basic b64slash; do
	[ $form != plain ] && [ $form != slash ] && ask "of production, $form" '{"whose":"0","form":"'$form'"}' 1 "$TELL_OTHER"
	for cut in 1 7; do
		ask "of another API, $form, by $cut" '{"whose":"1","form":"'$form'","times":3,"cut":'$cut'}' 3 "$TELL_THIRD"
	done
	ask "of another API, $form, as text" '{"whose":"1","form":"'$form'","kind":"text/plain","cut":5}' 1 "$TELL_THIRD"
done
# 50 MB of all three: nothing of them, and no memory for it
memory() { # of all its processes, in KB
	cat /proc/$pid/task/*/children | tr ' ' '\n' | while read -r p; do
		sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$p/status" 2>/dev/null
	done | awk '{ n += $1 } END { print n }'
}
ask 'all three' '{"whose":"all","form":"nested","times":30000}' 30000
before=$(memory)
RPC_MAX=60
rpc "$key" tools/call tell '{"whose":"all","form":"nested","times":1000000,"cut":60000}' >"$T/out"
after=$(memory)
[ "$(wc -c <"$T/out")" -gt 40000000 ] && ok || bad "50 MB: $(wc -c <"$T/out") bytes"
same '50 MB: what is left' 0 "$(grep -c -e c4nary -e 0ther -e th1rd "$T/out")"
grep -q '1000000 secrets were removed' "$T/out" && ok || bad "50 MB: $(tail -c 300 "$T/out")"
[ $((after - before)) -lt 1500 ] && ok || bad "50 MB: memory grew from $before to $after KB"
rm "$T/out"
rpc "$key" tools/call tell '{"kind":"secret"}' >"$T/out"
grep -q 'c4nary' "$T/out" && bad 'a secret as a media type' || ok
# --- by schema and by name ----------------------------------------------------------------------------------
seen() { # seen NAME SECRETS SHOWN
	grep -q 'H1DD' "$T/out" && bad "$1: a secret: $(cat "$T/out")" || ok
	same "$1: what stays" "$3" "$(grep -o 'shown' "$T/out" | wc -l | tr -d ' ')"
	grep -q "$2 secrets were removed" "$T/out" && ok || bad "$1: the note: $(cat "$T/out")"
}
for args in '{}' '{"cut":1}' '{"cut":7}' '{"indent":1}' '{"indent":1,"cut":1}'; do
	rpc "$key" tools/call record "$args" >"$T/out"
	seen "by name $args" 8 6
done
rpc "$key" tools/call record '{"fields":"id,password,list"}' >"$T/out"
seen 'by name, chosen members' 8 1
rpc "$key" tools/call set_record '{"password":"H1DDEN","door_code":"H1DDEN","both":"shown"}' >"$T/out"
seen 'the echo of a secret that was set' 2 1
rpc "$key" tools/call set_record '{"password":"H1DDEN","both":"shown","dry_run":true}' >"$T/out"
grep -q 'H1DD' "$T/out" && bad "a dry run tells: $(cat "$T/out")" || ok
rpc "$key" tools/call delete_record '{}' >"$T/out"
grep -q 'Nothing was done yet' "$T/out" && ! grep -q 'H1DD' "$T/out" && ok || bad "a description tells: $(cat "$T/out")"
! grep -q 'c4nary' "$T/log" && ok || bad 'a secret in the log'
stop end
summary
