#!/bin/sh
# The Debian package on a system that systemd runs: installed by dpkg, started by its unit, used with a key, its API's
# credential sealed by systemd-creds, reloaded, upgraded with data kept, removed, purged. Needs systemd-nspawn and a root:
#   debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,curl,procps bookworm DIR
#   ROOT=DIR sh tests/packages/systemd.sh       (as root; DIR stays as it is)
# Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
[ "$(id -u)" -eq 0 ] || { echo "skipped: not root"; exit 0; }
for tool in systemd-nspawn nsenter python3 dpkg-deb ar xz; do
	command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 0; }
done
[ -x "${ROOT:-}/lib/systemd/systemd" ] || { echo "skipped: ROOT is not a root with systemd"; exit 0; }
leave() {
	kill -KILL ${init:-} ${machine:-} ${api:-} 2>/dev/null
	wait
	root_end
	cleanup
}
. "$top/tests/lib/root.sh"
trap leave EXIT

make_deb() { # make_deb VERSION: into the root's /tmp/VERSION.deb
	deb=$(cd "$top" && VERSION=$1 PROGRAM=$M OUT=$T/out.$1 SOURCE_DATE_EPOCH=1700000000 sh tools/package deb native)
	cp "$deb" "$R/root/$1.deb"
}
inside() { nsenter -t "$init" -m -u -i -n -p -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@" </dev/null; }
now() { inside "$@" >"$T/out" 2>"$T/err"; rc=$?; }
is() { same "$1" "$2" "$(inside systemctl show -P "$3" mcpgated.service)"; }
unit_log() { inside journalctl -u mcpgated.service -o cat --no-pager; }
serving() { [ "$(inside systemctl is-active mcpgated.service)" = active ] && unit_log | grep -q 'ready url='; }
curl() { nsenter -t "$init" -n curl "$@"; }
addr=127.0.0.1:8080
tools_of() { rpc "$1" tools/list | grep -o '"name":"[a-z_]*"' | wc -l; }

# --- a machine ----------------------------------------------------------------------------------------
make_deb 1.0
make_deb 1.1
systemd-nspawn --quiet --register=no --keep-unit --private-network --console=pipe --machine="mcpgated-$$" --link-journal=no \
	--system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self" \
	-D "$R" -b >"$T/boot" 2>&1 </dev/null &
machine=$!
until_true 20 sh -c "ps -o pid= --ppid $machine | grep -q ." || { bad 'no machine'; cat "$T/boot"; summary; }
init=$(children "$machine" | tr -d ' ')
booted() { [ "$(inside systemctl is-system-running 2>/dev/null)" = running ] || [ "$(inside systemctl is-system-running)" = degraded ]; }
until_true 30 booted && ok || { bad 'systemd runs'; tail -5 "$T/boot"; summary; }
echo "systemd $(inside systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p'): $(inside systemctl is-system-running)"

# --- install: nothing to serve is no failure -----------------------------------------------------------
now dpkg -i /root/1.0.deb
expect install 0
is 'started at boot' enabled UnitFileState
is 'without an api it waits' inactive ActiveState
is 'and has not failed' exec-condition Result
now systemd-analyze verify --man=no mcpgated.service
[ "$rc" -eq 0 ] && ! grep mcpgated "$T/err" && ok || bad 'systemd-analyze verify'
now systemd-analyze security --no-pager mcpgated.service
level=$(sed -n 's/.*Overall exposure level for mcpgated.service: \([0-9.]*\) .*/\1/p' "$T/out")
echo "systemd-analyze security: $level"
[ -n "$level" ] && [ "$(printf '%s\n2.0\n' "$level" | sort -n | head -1)" = "$level" ] && ok || bad "exposure: $level"

# --- start, with a credential that only this machine opens ----------------------------------------------
cp "$top/fs/demo/openapi.json" "$R/etc/mcpgated/api.json"
printf 'the-key-of-the-api' >"$R/root/API"
head -c 32 /dev/urandom >"$R/root/master"
for cred in API master; do
	now systemd-creds encrypt --with-key=host --name=$cred /root/$cred /etc/mcpgated/$cred.cred
	expect "systemd-creds encrypt $cred" 0
	rm "$R/root/$cred"
done
mkdir -p "$R/etc/systemd/system/mcpgated.service.d"
cat >"$R/etc/systemd/system/mcpgated.service.d/credentials.conf" <<-'END'
	[Service]
	LoadCredentialEncrypted=API:/etc/mcpgated/API.cred
	LoadCredentialEncrypted=master:/etc/mcpgated/master.cred
	Environment=MCPGATED_MASTER_KEY_FILE=%d/master
END
cat >>"$R/etc/config/mcpgated" <<-'END'
	config api 'demo'
		option document '/etc/mcpgated/api.json'
	config environment 'sandbox'
		option base_url 'http://127.0.0.1:9999/v1'
		option credential_from 'file:/run/credentials/mcpgated.service/API'
END
# the API, in the machine's network: it writes down how it was asked
nsenter -t "$init" -n python3 -c '
import http.server, sys
class Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        open(sys.argv[1], "a").write(self.headers.get("Authorization", "") + "\n")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *a): pass
http.server.HTTPServer(("127.0.0.1", 9999), Api).serve_forever()' "$T/asked" 2>/dev/null &
api=$!
now systemctl daemon-reload
now systemctl start mcpgated.service
expect start 0
until_true 10 serving && ok || { bad 'it serves'; unit_log | tail -20; summary; }
is 'as whom' mcpgated User
main=$(inside systemctl show -P MainPID mcpgated.service)
status_of() { inside sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }
worker=$(inside ps -o pid= --ppid "$main" | head -1 | tr -d ' ')
same 'the supervisor has no capabilities' 0000000000000000 "$(status_of "$main" CapEff)"
same 'nor may it gain any' 1 "$(status_of "$main" NoNewPrivs)"
same 'system calls are filtered' 2 "$(status_of "$worker" Seccomp)"
unit_log | grep 'not in force' >"$T/out" && bad 'the jail is not complete under the unit' || ok
inside test -e /var/lib/mcpgated/master.key && bad 'the master key lies in the data' || ok
inside test -r /run/credentials/mcpgated.service/API && ok || bad 'no credential'
key=$(inside mcpgated key add first 2>"$T/err")
tools=$(tools_of "$key")
[ "$tools" -gt 3 ] && ok || bad "tools/list: $tools"
rpc "$key" tools/call get_project '{"id":1}' >"$T/out"
same 'the API is asked with the sealed credential' 'Bearer the-key-of-the-api' "$(cat "$T/asked")"
same 'a wrong key' 0 "$(tools_of sk-wrong)"

# --- reload, restart by itself ----------------------------------------------------------------------------
sed -i "s/option listen.*/&\n\toption log_level 'debug'/" "$R/etc/config/mcpgated"
inside chown root:root /etc/config/mcpgated && inside chmod 600 /etc/config/mcpgated
now systemctl reload mcpgated.service
expect reload 0
until_true 10 sh -c "nsenter -t $init -m -p journalctl -u mcpgated.service -o cat --no-pager | grep -q 'generation 2 is in force'" &&
	ok || bad 'the reload is in force'
same 'the same process' "$main" "$(inside systemctl show -P MainPID mcpgated.service)"
inside kill -KILL "$main"
back() { p=$(inside systemctl show -P MainPID mcpgated.service); [ "$p" != 0 ] && [ "$p" != "$main" ] && [ "$(tools_of "$key")" = "$tools" ]; }
until_true 15 back && ok || bad 'killed, it comes back with its keys'

# --- upgrade, stop, remove, purge -----------------------------------------------------------------------------
before=$(sha256sum <"$R/etc/config/mcpgated")
main=$(inside systemctl show -P MainPID mcpgated.service)
now dpkg -i /root/1.1.deb
expect upgrade 0
until_true 15 back && ok || bad 'after the upgrade another process serves with the key of before'
same 'the configuration is as it was' "$before" "$(sha256sum <"$R/etc/config/mcpgated")"
now systemctl disable --now mcpgated.service
expect 'stop and disable' 0
is 'it ended well' success Result
now dpkg -i /root/1.1.deb
expect 'installed again' 0
is 'what an administrator disabled stays so' disabled UnitFileState
is 'and stopped' inactive ActiveState
now systemctl enable --now mcpgated.service
until_true 10 serving && ok || bad 'it starts again'
now dpkg -r mcpgated
expect remove 0
same 'removed: nothing runs' '' "$(inside pgrep mcpgated)"
inside test -d /var/lib/mcpgated/store && ok || bad 'removed: the data stay'
now dpkg -P mcpgated
expect purge 0
for left in /var/lib/mcpgated /etc/config/mcpgated /etc/systemd/system/multi-user.target.wants/mcpgated.service; do
	inside test -e $left && bad "purged: $left is left" || ok
done
inside getent passwd mcpgated >/dev/null && bad 'purged: the user stays' || ok
same 'no unit is left that failed' '' "$(inside systemctl --failed --no-legend --plain | grep mcpgated)"
summary
