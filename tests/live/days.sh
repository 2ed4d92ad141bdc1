#!/bin/sh
# A budget for the day is the same one after a restart and after a crash. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
export TMPDIR="$T"

start "$M" demo --listen 127.0.0.1:0 --data "$T/up"
until_true 10 grep -q 'Ctrl-C ends it' "$T/stdout" && ok || bad 'an upstream'
cp "$top/fs/demo/openapi.json" "$T/api.json"
cat >"$T/conf" <<EOF
config server
	list listen '127.0.0.1:0'
	option data '$T/data'
	option workers 2
config api 'demo'
	option document '$T/api.json'
	option budget 9
config environment 'sandbox'
	option base_url 'unix:$T/up/demo.sock:/sandbox/v1'
	option credential_in 'header'
	option credential_name 'X-Demo-Token'
	option credential_from 'env:DAYS_TOKEN'
EOF
DAYS_TOKEN=short "$M" check -c "$T/conf" >"$T/out" 2>&1
grep -q 'shorter than 8 bytes' "$T/out" && ok || bad "a short secret: $(cat "$T/out")"
DAYS_TOKEN=$(cat "$T/up/demo-sandbox.token")
export DAYS_TOKEN
calls() { # calls NAME N WANTED: N calls, of which so many are made
	made=0
	for i in $(seq "$2"); do
		rpc "$key" tools/call list_projects >"$T/out"
		grep -q '"isError":false' "$T/out" && made=$((made + 1))
	done
	same "$1" "$3" "$made"
}
saved() { # the budget reaches the disk within seconds
	sleep 3.5
}
start "$M" serve -c "$T/conf"
ready start
key=$("$M" key add one --data "$T/data" 2>/dev/null)
sleep 1.1
calls 'three of nine' 3 3
stop 'ends in order'
start "$M" serve -c "$T/conf"
ready 'again'
calls 'six of nine' 3 3
saved
all=$(children "$pid")
kill -KILL "$pid" $all
for p in $all; do until_true 5 gone "$p"; done
start "$M" serve -c "$T/conf"
ready 'after a crash'
calls 'nine of nine' 5 3
grep -q 'the 9 calls that one caller may make in a day are used up' "$T/out" && grep -q '"budget_left":0' "$T/out" && ok ||
	bad "the message: $(cat "$T/out")"
kill -KILL "$(children "$pid" | head -1)" # a worker alone: what the others share is not counted twice
sleep 1.5
calls 'a worker comes back' 1 0
key=$("$M" key add two --data "$T/data" 2>/dev/null)
sleep 1.1
calls 'another caller has a day of its own' 2 2
stop end
summary
