#!/bin/sh
# The audit: every call leaves a line, and nobody can change the lines unseen, dead servers included.
# Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"

audit() { run "$M" audit "$@" --data "$T/data"; }
lines() { "$M" audit search --data "$T/data" "$@" 2>/dev/null | wc -l | tr -d ' '; }
has_lines() { [ "$(lines '"what":"call"')" = "$1" ]; }
verify() { printf '%s\n' "$first" | timeout 30 "$M" audit verify --key - --data "$T/data" "$@" >"$T/out" 2>"$T/err"; rc=$?; }
head_of() { sed -n 's/.*head \([0-9a-f]*\)$/\1/p' "$T/out" | head -1; }

# The demo's API as an upstream; the gate that is looked at stands in front of it.
start "$M" demo --listen 127.0.0.1:0 --data "$T/up"
until_true 10 grep -q 'Ctrl-C ends it' "$T/stdout" && ok || bad 'an upstream'
cp "$top/fs/demo/openapi.json" "$T/api.json"
cat >"$T/conf" <<-EOF2
	config server
		list listen '127.0.0.1:0'
		option data '$T/data'
	config api 'demo'
		option document '$T/api.json'
	config environment 'sandbox'
		option base_url 'unix:$T/up/demo.sock:/sandbox/v1'
		option credential_in 'header'
		option credential_name 'X-Demo-Token'
		option credential_from 'file:$T/up/demo-sandbox.token'
EOF2
start "$M" serve -c "$T/conf"
ready start
key=$("$M" key add test --data "$T/data" 2>/dev/null)
first=$(sed -n 's/.*key of the audit chain, shown only now: \([0-9a-f]*\).*/\1/p' "$T/log")
same 'the key is shown' 64 "${#first}"
for i in 1 2 3; do rpc "$key" tools/call list_projects >/dev/null; done
rpc "$key" tools/call get_project '{"id":99999}' >/dev/null
rpc "$key" tools/call create_project '{"nothing":"secret-argument"}' >/dev/null
until_true 5 has_lines 5 && ok || bad "five calls, five lines: $(lines '"what":"call"')"
same 'failed' 1 "$(lines '"outcome":"failed"' '"status":404' get_project)"
same 'done' 3 "$(lines '"what":"call"' '"outcome":"done"')"
same 'who made the key' 1 "$(lines '"what":"admin"' '"outcome":"done"')"
same 'refused for its arguments' 1 "$(lines '"outcome":"refused"' create_project)"
same 'no argument is in it' 0 "$(lines secret-argument)"
audit tail -n 2
expect 'tail' 0 out '"operation":"create_project"'
same 'tail: two lines' 2 "$(wc -l <"$T/out" | tr -d ' ')"
audit export --since 2999
same 'nothing from later' 0 "$(wc -l <"$T/out" | tr -d ' ')"
verify
expect 'verify' 0 out 'writer 1: segments 1 to 1'
head=$(head_of)

# --- killed: what was written stays linked ---------------------------------------------------------------
all=$(children "$pid")
kill -KILL "$pid" $all
for p in $all; do until_true 5 gone "$p"; done
start "$M" serve -c "$T/conf"
ready 'again'
same 'the key is not shown again' 0 "$(grep -c 'shown only now' "$T/log")"
rpc "$key" tools/call list_projects >/dev/null
until_true 5 has_lines 6 && ok || bad 'the lines go on'
stop 'ends in order'
verify --head "$head"
expect 'the head noted before is found' 0 out 'head'
last=$(head_of)

# --- somebody changes it -----------------------------------------------------------------------------------
cp -r "$T/data/audit" "$T/kept"
again() { rm -rf "$T/data/audit"; cp -r "$T/kept" "$T/data/audit"; }
sed -i 's/list_projects/lost_projects/' "$T/data/audit/w1-00000001.log"
verify
expect 'a changed line' 1 err 'BROKEN: segment 1'
again
sed -i '3d' "$T/data/audit/w1-00000001.log"
verify
expect 'a removed line' 1 err 'BROKEN'
again
sed -i '$d' "$T/data/audit/w1-00000001.log"
sed -i '$d' "$T/data/audit/w1-00000001.log"
verify --head "$last"
expect 'a tail that was cut off' 1 err 'stands in no chain'
again
sed -i '1s/,"form":2//' "$T/data/audit/w1-00000001.log"
verify
expect 'a segment of another form is named' 1 err 'NOT VERIFIED: 1 segments are of another form'
again
verify --head "$last"
expect 'put back: all is well' 0

# --- required: what cannot be written down is not done ---------------------------------------------------------
rm -rf "$T/data/audit"
conf "	option audit 'required'"
start "$M" serve -c "$T/conf"
ready 'required'
cp "$T/log" "$T/keylog"
key=$("$M" key add test --data "$T/data" 2>/dev/null)
rpc "$key" tools/call list_projects >"$T/out"
grep -q 'could not be connected\|refused' "$T/out" && ok || bad 'required: calls go on while it is written'
stop 'required'
conf "	option syslog 'nowhere'"
run "$M" check -c "$T/conf"
expect 'a wrong syslog' 1 err 'syslog is udp:ADDR:514 or unix:/dev/log'

# --- syslog ------------------------------------------------------------------------------------------------------
if command -v python3 >/dev/null; then
	python3 - "$T/port" >"$T/syslog" <<-'PY' &
	import socket, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind(("127.0.0.1", 0)); s.settimeout(20)
	open(sys.argv[1], "w").write(str(s.getsockname()[1]))
	while True: print(s.recv(4000).decode(), flush=True)
	PY
	pids="$pids $!"
	until_true 5 test -s "$T/port"
	conf "	option syslog 'udp:127.0.0.1:$(cat "$T/port")'"
	start "$M" serve -c "$T/conf"
	ready 'syslog'
	rpc "$key" tools/call list_projects >/dev/null
	until_true 5 grep -q '^<110>1 - - mcpgated - audit - {"time":.*"operation":"list_projects"' "$T/syslog" && ok ||
		bad "syslog: $(cat "$T/syslog")"
	first=$(sed -n 's/.*key of the audit chain, shown only now: \([0-9a-f]*\).*/\1/p' "$T/keylog")
	stop 'syslog'
	until_true 5 grep -q '"head":' "$T/syslog" && ok || bad "the head goes to syslog: $(cat "$T/syslog")"
	verify --head "$(sed -n 's/.*"head":"\([0-9a-f]*\)".*/\1/p' "$T/syslog" | tail -1)"
	expect 'and stands in the chain' 0 out 'head'
fi
summary
