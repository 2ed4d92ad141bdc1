#!/bin/sh
# TLS at both ends: clients reach a listener over https, and one gate calls another one by pin, by root, and not at all.
# Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
tls=$top/tests/data/tls
curl -V | grep -q https || { echo 'skipped: curl speaks no https'; exit 0; }
pin() { openssl x509 -in "$1" -pubkey -noout 2>/dev/null | openssl pkey -pubin -outform der 2>/dev/null |
	openssl dgst -sha256 -binary | openssl base64; }
command -v openssl >/dev/null || { echo 'skipped: no openssl'; exit 0; }

# --- a listener, with each kind of key -----------------------------------------------------------------
for kind in ec rsa; do
	conf "	option tls_cert '$tls/$kind.pem'
	option tls_key '$tls/$kind.key'
	list allow_host api.example"
	start "$M" serve -c "$T/conf"
	ready "$kind"
	port=${addr##*:}
	c="curl -sS -m 5 --cacert $tls/ca.pem --resolve api.example:$port:127.0.0.1"
	same "$kind: https" ok "$($c "https://api.example:$port/healthz")"
	same "$kind: HTTP/1.1" '1.1 200' "$($c -o /dev/null -w '%{http_version} %{http_code}' "https://api.example:$port/healthz")"
	key=$("$M" key add "t$kind" --data "$T/data" 2>/dev/null)
	$c "https://api.example:$port/mcp" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
		-d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' >"$T/out" 2>"$T/err"
	grep -q '"name":"update_task"' "$T/out" && ok || bad "$kind: tools/list over TLS, $(wc -c <"$T/out") bytes"
	curl -sS -m 5 "http://127.0.0.1:$port/healthz" >/dev/null 2>&1 && bad "$kind: plain HTTP is answered" || ok
	stop "$kind"
done

# --- what cannot be served is told before anybody comes ----------------------------------------------------
conf "	option tls_cert '$tls/ec.pem'
	option tls_key '$tls/rsa.key'"
run "$M" check -c "$T/conf"
expect 'another key' 1 err 'conf:5: tls_key is not the key of the first certificate'
conf "	option tls_cert '$tls/ec.key'
	option tls_key '$tls/ec.key'"
run "$M" check -c "$T/conf"
expect 'no certificate' 1 err 'conf:4: tls_cert cannot be used'
conf "	option tls_cert '$tls/ec.pem'
	option tls_key '$tls/locked.key'"
run "$M" check -c "$T/conf"
expect 'a locked key' 1 err 'conf:5: tls_key cannot be used'

# --- a gate behind a gate ----------------------------------------------------------------------------------
cat >"$T/health.json" <<'EOF'
{"openapi":"3.0.0","info":{"title":"health","version":"1"},"paths":{"/healthz":{"get":{"operationId":"health","summary":"Whether it lives","responses":{"200":{"description":"ok"}}}}}}
EOF
conf "	option tls_cert '$tls/ec.pem'
	option tls_key '$tls/ec.key'"
start "$M" serve -c "$T/conf"
ready 'the one behind'
behind=$pid
port=${addr##*:}
front() { # front LINES: calls through a private worker of another configuration
	cat >"$T/front" <<-EOF
	config server
		option data '$T/fdata'
	config api 'health'
		option document '$T/health.json'
	config environment 'production'
		option base_url 'https://127.0.0.1:$port'
	$1
	EOF
	run "$M" call -c "$T/front" health health
}
front "	option pin '$(pin "$tls/ec.pem")'"
expect 'by pin' 0 out '^ok$'
front "	option pin '$(pin "$tls/rsa.pem")'"
expect 'by a wrong pin' 1 out 'pinned'
front ''
expect 'an address without a pin' 1 err 'needs a pin'
sed -i 's/127.0.0.1:'"$port"'/localhost:'"$port"'/' "$T/front"
printf "	option ca '%s'\n" "$tls/ca.pem" >>"$T/front"
run "$M" call -c "$T/front" health health
expect 'a name that the certificate does not have' 1 out 'hostname'
pid=$behind
stop 'the one behind'
summary
