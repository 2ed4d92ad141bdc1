#!/bin/sh
# SIGHUP: a new configuration comes into force without a lost request, a bad one changes nothing, documents are compiled
# again. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"

tools() { rpc "$key" tools/list | tr '{' '\n' | grep -v get_result | grep -c '"name":"[a-z_]*","title".*"description"'; }
generation() { curl -sS -m 5 --unix-socket "$T/data/control" http://localhost/control/status |
	sed -n 's/.*"generation":\([0-9]*\).*/\1/p'; }
is_generation() { [ "$(generation)" = "$1" ]; }

conf
start "$M" serve -c "$T/conf"
ready start
key=$("$M" key add test --data "$T/data" 2>/dev/null)
same 'tools at first' 26 "$(tools)"
same 'generation at first' 1 "$(generation)"

# --- a bad configuration: refused, with its line, and the old one stays ---------------------------------
conf "	option nonsense 1"
kill -HUP "$pid"
until_true 5 logged "conf:4: config server has no option 'nonsense'" && ok || bad 'the mistake is told'
until_true 5 logged 'refused: the configuration before stays in force' && ok || bad 'it is refused'
same 'it still serves' 26 "$(tools)"
same 'the generation stays' 1 "$(generation)"

# --- a bad document: the catalog from before serves on ---------------------------------------------------
conf
echo '{' >"$T/api.json"
kill -HUP "$pid"
until_true 5 logged 'not compiled' && ok || bad 'the bad document is told'
until_true 5 is_generation 2 && ok || bad 'the configuration is taken all the same'
same 'with the catalog from before' 26 "$(tools)"

# --- another document: noticed without being told ---------------------------------------------------------
python3 - "$top/fs/demo/openapi.json" "$T/api.json.new" <<-'EOF' 2>/dev/null || sed 's,"/status":{,"/status/x":{,' "$top/fs/demo/openapi.json" >"$T/api.json.new"
	import json, sys
	d = json.load(open(sys.argv[1]))
	del d["paths"]["/status"], d["paths"]["/search"]
	json.dump(d, open(sys.argv[2], "w"))
EOF
mv "$T/api.json.new" "$T/api.json"
until_true 8 is_generation 3 && ok || bad 'a changed document is compiled by itself'
same 'its tools' 24 "$(tools)"

# --- under load: not one request is lost over five reloads ------------------------------------------------
(
	n=0
	lost=0
	while [ ! -e "$T/enough" ]; do
		n=$((n + 1))
		[ "$(rpc "$key" tools/list 2>/dev/null | head -c 30)" = '{"jsonrpc":"2.0","id":1,"resul' ] || lost=$((lost + 1))
		echo "$n" >"$T/count"
	done
	echo "$n $lost" >"$T/load"
) &
load=$!
for i in 4 5 6 7 8; do
	touch "$T/api.json"
	kill -HUP "$pid"
	until_true 8 is_generation "$i" || bad "generation $i"
done
many() { [ "$(cat "$T/count")" -gt 20 ]; }
until_true 20 many
touch "$T/enough"
wait $load
read -r n lost <"$T/load"
[ "$n" -gt 20 ] && ok || bad "only $n requests under load"
same 'requests lost' 0 "$lost"

# --- an open stream keeps nothing from changing; it is told ---------------------------------------------------
curl -sS -N -m 15 "http://$addr/mcp" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
	-H 'Accept: application/json, text/event-stream' -H 'MCP-Protocol-Version: 2026-07-28' \
	-H 'Mcp-Method: subscriptions/listen' -d '{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},'"$META"'}}' \
	>"$T/stream" 2>&1 &
stream=$!
pids="$pids $stream"
until_true 5 grep -q acknowledged "$T/stream" && ok || bad "a stream opens: $(head -c 300 "$T/stream")"
touch "$T/api.json"
kill -HUP "$pid"
until_true 8 is_generation 9 && ok || bad 'a reload beside an open stream'
until_true 5 grep -q list_changed "$T/stream" && ok || bad "the stream is told: $(head -c 300 "$T/stream")"
touch "$T/api.json"
kill -HUP "$pid"
until_true 8 is_generation 10 && ok || bad 'and another'

# --- a call that is under way keeps its configuration; the one after the next waits for it ----------------------
if command -v python3 >/dev/null; then
	cat >"$T/slow.py" <<-'EOF'
	import http.server, sys, time
	class H(http.server.BaseHTTPRequestHandler):
	    def do_GET(self):
	        print("asked", flush=True)
	        time.sleep(4)
	        b = b'{"slow":true}'
	        self.send_response(200)
	        self.send_header("Content-Type", "application/json")
	        self.send_header("Content-Length", str(len(b)))
	        self.end_headers()
	        self.wfile.write(b)
	    def log_message(self, *a): pass
	s = http.server.HTTPServer(("127.0.0.1", 0), H)
	print(s.server_port, flush=True)
	s.serve_forever()
	EOF
	python3 "$T/slow.py" >"$T/port" 2>/dev/null &
	pids="$pids $!"
	until_true 5 [ -s "$T/port" ]
	until_true 5 grep -q . "$T/port"
	sed -i "s,option base_url .*,option base_url 'http://127.0.0.1:$(head -1 "$T/port")'," "$T/conf"
	kill -HUP "$pid"
	until_true 8 is_generation 11 && ok || bad 'generation 11'
	rpc "$key" tools/call get_project '{"id":1}' >"$T/called" 2>&1 &
	call=$!
	until_true 3 grep -q asked "$T/port" || bad 'the call is under way'
	sed -i "s,option base_url .*,option base_url 'http://127.0.0.1:9'," "$T/conf"
	kill -HUP "$pid"
	until_true 3 is_generation 12 && ok || bad 'a reload beside an open call'
	[ ! -s "$T/called" ] && ok || bad "the call was too fast to show anything: $(cat "$T/called")"
	kill -HUP "$pid"
	sleep 1
	same 'the second reload waits for the call' 12 "$(generation)"
	wait $call
	grep -q 'slow.*true' "$T/called" && ok || bad "the call ends under the configuration it began with: $(cat "$T/called")"
	until_true 5 is_generation 13 && ok || bad 'then the second reload comes into force'
fi

# --- a reload while a worker begins: the configuration it never took up must not count as used for good -----------
children_now() { read -r now rest <"/proc/$pid/task/$pid/children"; }
for round in 1 2 3 4; do
	[ -r "/proc/$pid/task/$pid/children" ] || break
	g=$(generation)
	children_now
	old=$now
	n=0
	kill -KILL "$old"
	while [ "$now" = "$old" ] || [ -z "$now" ]; do # at once: it shall stop before it reads what it is sent
		children_now
		n=$((n + 1))
		[ $n -lt 100000 ] || break
	done
	kill -STOP "$now"
	kill -HUP "$pid"
	sleep 0.3
	kill -CONT "$now"
	until_true 8 is_generation $((g + 1)) && ok || bad 'a reload beside a worker that begins'
	kill -HUP "$pid"
	until_true 8 is_generation $((g + 2)) && ok || bad 'and one after it'
done

# --- what only a start can change is said -----------------------------------------------------------------------
conf "	option workers 2"
kill -HUP "$pid"
until_true 5 logged 'change only when the server is started anew' && ok || bad 'workers: a start is needed'
kill -TERM $stream 2>/dev/null
stop end

# --- a worker that cannot use a generation is not left behind: it starts anew with it, and later ones come into force ------
tested=$top/build/native-test/mcpgated
if [ -x "$tested" ]; then
	rm -rf "$T/data"
	conf
	start "$tested" serve -c "$T/conf"
	ready 'the catalog is compiled'
	stop 'and there'
	start env MCPGATED_TEST_FAULT=mmap:ENOMEM:2 "$tested" serve -c "$T/conf"
	ready 'a map that will fail'
	kill -HUP "$pid"
	until_true 8 logged 'refuses generation 2' && ok || bad 'a worker refuses'
	until_true 8 is_generation 2 && ok || bad 'it starts anew with what it refused'
	kill -HUP "$pid"
	until_true 8 is_generation 3 && ok || bad 'the next reload comes into force'
	stop 'stop after a refusal'
fi
summary
