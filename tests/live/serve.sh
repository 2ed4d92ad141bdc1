#!/bin/sh
# The life of a server: start, answer, reload, lose a worker, refuse what is wrong, end. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"

# --- start, answer, end ---------------------------------------------------------------------------
conf
start "$M" serve -c "$T/conf"
ready start
same healthz ok "$(get /healthz)"
same readyz ready "$(get /readyz)"
same 'an unknown path' 404 "$(status "http://$addr/nope")"
same 'no key' 401 "$(status -X POST -H 'Content-Type: application/json' -d '{}' "http://$addr/mcp")"
[ "$(stat -c %a "$T/data")" = 700 ] && ok || bad 'the data directory is private'
[ "$(stat -c %a "$T/data/control")" = 600 ] && ok || bad 'the control socket is private'
run "$M" serve -c "$T/conf"
expect 'a second server on the same data' 1 err 'a server is running on this data directory'
worker=$(children "$pid")
stop TERM
[ -z "$(ps -o pid= -p $worker)" ] && ok || bad 'the worker is gone'
[ ! -e "$T/data/control" ] && ok || bad 'the control socket is gone'

start "$M" serve -c "$T/conf"
ready 'start again'
stop INT INT

# --- a request that is open is answered before the end; who comes later is refused ------------------
conf "	option drain_timeout '3s'"
start "$M" serve -c "$T/conf"
ready drain
(printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n'; sleep 2; printf '\r\n'; sleep 1) |
	curl -sS -m 5 telnet://"$addr" >"$T/slow" 2>/dev/null &
slow=$!
port=$(printf ':%04X' "${addr##*:}")
connected() { grep -q "$port [0-9A-F:]* 01 " /proc/net/tcp; }
until_true 5 connected || bad 'the request is on its way'
sleep 0.2
kill -TERM "$pid"
closed() { [ "$(status "http://$addr/healthz" 2>/dev/null)" = 000 ]; }
until_true 2 closed && ok || bad 'no new connections'
wait "$pid"
same 'drained: exit code' 0 "$?"
wait $slow
grep -q '200 OK' "$T/slow" && ok || bad "the open request was answered: $(head -c 200 "$T/slow")"

# --- workers that die come back ---------------------------------------------------------------------
conf
start "$M" serve -c "$T/conf"
ready restart
before=$(children "$pid" | tr -d ' ')
kill -KILL "$before"
until_true 5 logged 'it starts again' && ok || bad 'the end of a worker is logged'
until_true 5 get /healthz && ok || bad 'another worker answers'
after=$(children "$pid" | tr -d ' ')
[ -n "$after" ] && [ "$after" != "$before" ] && ok || bad "a new worker: $before, $after"

# --- the supervisor dies: its workers follow, and a new one starts at once ----------------------------
conf "	list listen '$addr'"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
sed -i "/127.0.0.1:0/d" "$T/conf"
start "$M" serve -c "$T/conf"
ready 'after kill -9 of the supervisor'
until_true 5 gone "$after" && ok || bad 'the orphaned worker ends'
same 'it answers' ok "$(get /healthz)"

# --- several workers: one keeps the store, the others ask it; a second behind at most ------------------------
all_say() { # all_say CODE KEY: twenty requests on connections of their own
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ "$(rpc "$2" tools/list 2>/dev/null | head -c 40 | grep -c '"result"')" = "$1" ] || return 1
	done
}
stop TERM
conf "	option workers 3"
start "$M" serve -c "$T/conf"
ready 'three workers'
three() { [ "$(children "$pid" | wc -l)" -eq 3 ]; }
until_true 5 three && ok || bad 'three workers'
sleep 0.3
key=$("$M" key add many --data "$T/data" 2>/dev/null)
sleep 1.1
all_say 1 "$key" && ok || bad 'a new key works in all workers'
third=$(children "$pid" | tail -1 | tr -d ' ')
kill -KILL "$third"
until_true 5 gone "$third" && until_true 5 three && ok || bad 'the third worker comes back'
all_say 1 "$key" && ok || bad 'all answer again'
"$M" key revoke many --data "$T/data" 2>/dev/null
sleep 1.1
all_say 0 "$key" && ok || bad 'a revoked key is refused by all workers'
stop 'three workers'
conf "	list listen '$addr'"
sed -i "/127.0.0.1:0/d" "$T/conf"
start "$M" serve -c "$T/conf"
ready 'one worker again'

# --- the port is taken --------------------------------------------------------------------------------
sed "s,$T/data,$T/data2," "$T/conf" >"$T/conf2"
run "$M" serve -c "$T/conf2"
expect 'port taken' 1 err "$addr is taken by another program: choose another port"
stop TERM
run "$M" serve -c "$T/nothing"
expect 'no configuration' 1 err 'there is no such file. `mcpgated init` writes a first one'
conf "	list listen '192.0.2.1:8080'"
run "$M" serve -c "$T/conf"
expect 'not our address' 1 err 'is no address of this machine'

# --- what is wrong is told with its line ------------------------------------------------------------------
conf "	option wrokers 2"
run "$M" serve -c "$T/conf"
expect 'a misspelt option' 1 err "conf:4: config server has no option 'wrokers'; did you mean 'workers'?"
conf "	option data '/proc/nope'"
sed -i "/option data '\/tmp/d" "$T/conf"
run "$M" serve -c "$T/conf"
expect 'data that cannot be' 1 err 'the data directory cannot be'
rm -rf "$T/data" # with a catalog from before it would serve on
conf
echo 'not json' >"$T/api.json"
run "$M" serve -c "$T/conf"
expect 'a bad document' 1 err 'api.json: this is no OpenAPI document'
rm "$T/api.json"
run "$M" serve -c "$T/conf"
expect 'a missing document' 1 err 'api.json: No such file'
conf
sed -i '/config environment/,$d' "$T/conf"
run "$M" serve -c "$T/conf"
expect 'no environment' 1 err "config environment 'production'" err "option api 'demo'"
summary
