#!/bin/sh
# Clients that mean harm: each time the same worker must still be there, and others must be served.
# Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 0; }

abuse() { timeout 90 python3 "$top/tests/lib/abuse.py" "$@"; }
# hold KIND PORT ARG...: clients that stay until let_go; $holder
hold() {
	rm -f "$T/hold"
	mkfifo "$T/hold"
	timeout 60 python3 "$top/tests/lib/abuse.py" "$@" <"$T/hold" >"$T/held" 2>&1 &
	holder=$!
	pids="$pids $holder"
	exec 9>"$T/hold"
	until_true 20 grep -q held "$T/held" || bad "$1: $(cat "$T/held")"
}
let_go() {
	exec 9>&-
	wait $holder
}
figure() { curl -sS -m 5 --unix-socket "$T/data/control" http://localhost/control/status |
	sed -n 's/.*"'"$1"'":\([0-9]*\).*/\1/p'; }
quiet() { [ "$(figure ops)" = 0 ] && [ "$(figure jobs)" = 1 ] && [ "$(figure connections)" = 1 ]; }
# still NAME: the worker is the same one and nothing is left of what was done to it
still() {
	same "$1: the worker" "$workers" "$(children "$pid" | tr -d ' \n')"
	until_true 15 quiet && ok || bad "$1: left over: ops $(figure ops) jobs $(figure jobs) connections $(figure connections)"
}
served() { # served NAME SECONDS: one call is answered in time
	took=$(abuse good "$port")
	case $took in
	[0-9]*.*) [ "${took%.*}" -lt "$2" ] && ok || bad "$1: a call took $took s" ;;
	*) bad "$1: a call was not answered: $took" ;;
	esac
}

python3 "$top/tests/lib/abuse.py" upstream >"$T/upstream" 2>&1 &
pids="$pids $!"
until_true 5 grep -q . "$T/upstream"
cat >"$T/api.json" <<-'EOF'
{"openapi":"3.0.3","info":{"title":"abused","version":"1"},"servers":[{"url":"http://127.0.0.1:1"}],"paths":{
"/ok":{"get":{"operationId":"ok","responses":{"200":{"description":"x"}}}},
"/q/{n}":{"get":{"operationId":"q","parameters":[{"name":"n","in":"path","required":true,"schema":{"type":"integer"}}],
	"responses":{"200":{"description":"x"}}}},
"/slow/{s}":{"post":{"operationId":"slow","parameters":[{"name":"s","in":"path","required":true,
	"schema":{"type":"number"}}],"responses":{"200":{"description":"x"}}}}}}
EOF
cat >"$T/conf" <<-EOF
config server
	list listen 'http://127.0.0.1:0'
	list listen 'https://127.0.0.2:0'
	option data '$T/data'
	option tls_cert '$top/tests/data/tls/ec.pem'
	option tls_key '$top/tests/data/tls/ec.key'
config api 'abused'
	option document '$T/api.json'
	option auth 'none'
	option response_budget '8m'
config environment 'sandbox'
	option base_url 'http://127.0.0.1:$(cat "$T/upstream")'
EOF
start "$M" serve -c "$T/conf"
ready start
[ $failed = 0 ] || summary
tls=$(sed -n 's/.* ready url=.* listen=[^ ]*:\([0-9]*\) workers.*/\1/p' "$T/log" | head -1)
port=$(sed -n 's/.* ready url=[^ ]* listen=[^ ]*:\([0-9]*\) .*/\1/p' "$T/log" | head -1)
workers=$(children "$pid" | tr -d ' \n')
served 'at first' 2

hold half "$port" 250 6000
served 'beside half requests' 2
let_go
still 'half requests'

hold readers "$port" 60 6000000
served 'beside clients that do not read' 8
let_go
still 'clients that do not read'

hold tls "$tls" 140
same 'beside silent TLS connections' 200 "$(status -k "https://127.0.0.2:$tls/healthz")"
let_go
still 'silent TLS connections'

ended=$(abuse sessions "$port" 34000)
[ "$(figure store_keys)" -lt 33000 ] && ok || bad "ended sessions fill the store: $(figure store_keys) entries, $ended"
run "$M" key add late --data "$T/data"
expect 'a key beside them' 0 out '^sk-'

for seed in 1 2; do
	n=$(abuse storm "$port" 5 $seed)
	[ "$n" -gt 100 ] && ok || bad "storm $seed: $n connections"
	served "after storm $seed" 2
	still "storm $seed"
done
grep -q 'ended (' "$T/log" && bad "a worker ended: $(grep 'ended (' "$T/log" | head -3)" || ok
stop end
summary
