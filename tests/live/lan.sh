#!/bin/sh
# A box with an authority of its own (tls_name): what it makes, who accepts it, what it may not sign, how it is renewed.
# Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
command -v openssl >/dev/null || { echo 'skipped: no openssl'; exit 0; }
curl -V | grep -q https || { echo 'skipped: curl speaks no https'; exit 0; }
conf "	list tls_name 'box.lan'
	list tls_name '127.0.0.1'
	list tls_name '2001:db8::5'"
tls=$T/data/tls

run "$M" check -c "$T/conf"
expect 'check makes nothing' 0
[ ! -e "$tls" ] && ok || bad 'check made a folder'
start "$M" serve -c "$T/conf"
ready 'it starts'
port=${addr##*:}
same 'modes' '600 600 600 600' "$(stat -c %a "$tls/ca.key" "$tls/ca.pem" "$tls/server.key" "$tls/server.pem" | tr '\n' ' ' | sed 's/ $//')"
get() { curl -sS -m 5 --cacert "$tls/ca.pem" --resolve "box.lan:$port:127.0.0.1" "$@"; }
same 'curl, by name' ok "$(get "https://box.lan:$port/healthz")"
same 'curl, by address' ok "$(get "https://127.0.0.1:$port/healthz")"
curl -sS -m 5 "https://127.0.0.1:$port/healthz" >/dev/null 2>&1 && bad 'nobody trusts it unasked' || ok
get "https://localhost:$port/healthz" >/dev/null 2>&1 && bad 'a name that is not in it' || ok
if command -v node >/dev/null; then
	same 'node' ok "$(NODE_EXTRA_CA_CERTS=$tls/ca.pem node -e "
require('https').get('https://127.0.0.1:$port/healthz', (r) => r.pipe(process.stdout))" 2>&1)"
fi
if command -v python3 >/dev/null; then
	same 'python, strictly' ok "$(python3 -c "
import ssl, urllib.request
c = ssl.create_default_context(cafile='$tls/ca.pem')
c.verify_flags |= ssl.VERIFY_X509_STRICT
print(urllib.request.urlopen('https://127.0.0.1:$port/healthz', context=c).read().decode().strip())" 2>&1 | tail -1)"
fi
for say in '-verify_hostname box.lan' '-verify_ip 127.0.0.1' '-verify_ip 2001:db8::5'; do
	run openssl verify -x509_strict -purpose sslserver $say -CAfile "$tls/ca.pem" "$tls/server.pem"
	expect "openssl verify $say" 0
done
run openssl x509 -in "$tls/ca.pem" -noout -text
expect 'the authority' 0 out 'CA:TRUE, pathlen:0' out 'X509v3 Name Constraints: critical' out 'DNS:box.lan' \
	out 'IP:127.0.0.1/255.255.255.255'
run openssl x509 -in "$tls/server.pem" -noout -text
expect 'the certificate' 0 out 'CA:FALSE' out 'DNS:box.lan, IP Address:127.0.0.1, IP Address:2001:DB8:0:0:0:0:0:5' \
	out 'TLS Web Server Authentication'

# --- what it may not sign ----------------------------------------------------------------------------------------
other() { # other NAME SAN: whether a certificate for SAN, signed by our authority, is accepted
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/o.key" -out "$T/o.csr" -subj /CN=x 2>/dev/null
	printf 'subjectAltName=%s\n' "$2" >"$T/ext"
	openssl x509 -req -in "$T/o.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -CAcreateserial -CAserial "$T/srl" -days 9 \
		-extfile "$T/ext" -out "$T/o.pem" 2>/dev/null
	run openssl verify -CAfile "$tls/ca.pem" "$T/o.pem"
	expect "$1" "$3" ${4:-}
}
other 'its own name' DNS:box.lan 0
other 'another name' DNS:bank.example 2 'err permitted'
other 'another address' IP:127.0.0.2 2 'err permitted'
other 'another address of the other kind' IP:::1 2 'err permitted'

# --- the page -----------------------------------------------------------------------------------------------------------
print=$(openssl x509 -in "$tls/ca.pem" -noout -fingerprint -sha256 | sed 's/.*=//')
logged "our own authority.*sha256=$print" && ok || bad 'the fingerprint is in the log'
get "https://box.lan:$port/ca" >"$T/out"
grep -q "$print" "$T/out" && ok || bad 'and on the page'
get "https://box.lan:$port/ca.pem" >"$T/got.pem"
cmp -s "$T/got.pem" "$tls/ca.pem" && ok || bad 'the page gives the same file'
get "https://box.lan:$port/ca.crt" | openssl x509 -inform der >"$T/got.pem" 2>/dev/null
same 'and as DER' "$print" "$(openssl x509 -in "$T/got.pem" -noout -fingerprint -sha256 | sed 's/.*=//')"
stop 'the end'

# --- again, and renewed ----------------------------------------------------------------------------------------------------
same_key() { cmp -s "$tls/ca.pem" "$T/ca.was" && cmp -s "$tls/server.key" "$T/key.was"; }
cp "$tls/ca.pem" "$T/ca.was"; cp "$tls/server.key" "$T/key.was"; cp "$tls/server.pem" "$T/pem.was"
sed -i "s/127.0.0.1:0'/127.0.0.1:$port'/" "$T/conf"
start "$M" serve -c "$T/conf"
ready 'it starts again'
same 'OAuth by that name' 200 "$(get -o /dev/null -w '%{http_code}' "https://box.lan:$port/.well-known/oauth-authorization-server")"
get "https://box.lan:$port/.well-known/oauth-authorization-server" >"$T/out"
grep -q "\"issuer\":\"https://box.lan:$port\"" "$T/out" && ok || bad 'the issuer'
get "https://box.lan:$port/ca" >"$T/out"
grep -q "download=\"box.lan-ca.crt\"" "$T/out" && ok || bad 'the file has the name of the box'
same_key && cmp -s "$tls/server.pem" "$T/pem.was" && ok || bad 'nothing is made anew'
sed -i '/2001:db8::5/d' "$T/conf"
kill -HUP "$pid"
until_true 5 logged 'generation 2 is in force'
same_key && ! cmp -s "$tls/server.pem" "$T/pem.was" && ok || bad 'a name less: a new certificate of the same authority'
until_true 5 get "https://box.lan:$port/healthz"
same 'and it is shown' 0 "$(openssl s_client -connect "127.0.0.1:$port" </dev/null 2>/dev/null | openssl x509 -noout -text | grep -c 2001:DB8)"
sed -i "s/list tls_name 'box.lan'/&\n\tlist tls_name 'new.lan'/" "$T/conf"
kill -HUP "$pid"
until_true 5 logged 'not made for all of tls_name'
same 'a name more is refused, and the gate goes on' ok "$(get "https://box.lan:$port/healthz")"
stop 'the end'

# --- init does all of it ---------------------------------------------------------------------------------------------------
mkdir "$T/home" && cd "$T/home" || exit 1
new() { run "$M" init --document "$T/api.json" --base-url http://127.0.0.1:9/v1 --credential-env NOT_SET "$@"; }
new --listen "127.0.0.1:$port" --tls-name box.lan,127.0.0.1 --admin root
expect init 0 out "^https://box.lan:$port/invite/................................$" err "first administrator is 'root'"
print=$(openssl x509 -in data/tls/ca.pem -noout -fingerprint -sha256 | sed 's/.*=//')
grep -q "$print" "$T/err" && ok || bad 'init prints the fingerprint'
same 'and keeps the rest to itself' '700 600 600' "$(stat -c %a data data/master.key data/tls/ca.key | tr '\n' ' ' | sed 's/ $//')"
link=$(cat "$T/out")
tls=$T/home/data/tls
export NOT_SET=secret
start "$M" serve -c mcpgated.conf
ready 'what init wrote is served'
same 'the invite' 200 "$(get -o "$T/out" -w '%{http_code}' "$link")"
get -o /dev/null -c "$T/jar" -d "code=${link##*/}&new=correct+horse+1&again=correct+horse+1" "https://box.lan:$port/invite"
get -b "$T/jar" "https://box.lan:$port/account" >"$T/out"
grep -q 'user name root.*role admin' "$T/out" && ok || bad 'the first administrator is in'
grep -q '#HttpOnly_box.lan.*TRUE.*__Host-mcpgated' "$T/jar" && ok || bad 'the cookie is __Host-, Secure and HttpOnly'
same 'the invite works once' 410 "$(get -o /dev/null -w '%{http_code}' "$link")"
logged "${link##*/}" && bad 'the invite stands in the log' || ok
stop 'the end'
new --force --no-admin
expect 'without an administrator' 0
[ ! -s "$T/out" ] && ok || bad 'there is an invite'
new --listen 127.0.0.1:0 --tls-name 'a b' -c other.conf
expect 'no name' 1 err 'tls_name is a name such as'
summary
