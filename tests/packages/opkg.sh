#!/bin/sh
# The package for OpenWrt up to 24.10 in a root of OpenWrt: opkg itself installs, upgrades and removes it, base-files makes
# its user and runs uci-defaults, procd starts it, starts it again, signals it when uci changes the configuration, and
# sysupgrade says what it keeps. Needs an unpacked root of OpenWrt (for instance openwrt-24.10.*-x86-64-rootfs.tar.gz):
#   ROOT=DIR sh tests/packages/opkg.sh       (as root; DIR stays as it is)
# Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
[ "$(id -u)" -eq 0 ] || { echo "skipped: not root"; exit 0; }
for tool in nsenter unshare ip python3; do
	command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 0; }
done
for f in sbin/procd sbin/ubusd etc/rc.common; do
	[ -e "${ROOT:-}/$f" ] || { echo "skipped: ROOT is not a root of OpenWrt"; exit 0; }
done
leave() {
	kill -KILL ${init:-} 2>/dev/null
	wait
	root_end
	cleanup
}
. "$top/tests/lib/root.sh"
trap leave EXIT

make_ipk() { # make_ipk VERSION: into the root's /root/VERSION.ipk
	mkdir -p "$R/root"
	cp "$(cd "$top" && VERSION=$1 PROGRAM=$M OUT=$T/made SOURCE_DATE_EPOCH=1700000000 sh tools/package ipk native)" "$R/root/$1.ipk"
}
inside() { nsenter -t "$init" -m -p -n -r -w env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@" </dev/null; }
now() { inside "$@" >"$T/out" 2>"$T/err"; rc=$?; }
curl() { nsenter -t "$init" -n curl "$@"; }
of_service() { # of_service MEMBER: what procd says of the instance
	inside ubus call service list '{"name":"mcpgated"}' | sed -n "s/^[[:space:]]*\"$1\": \"*\([^\",]*\)\"*,*\$/\1/p" | head -1
}
runs() { [ "$(of_service running)" = true ] && status "http://$addr/readyz" | grep -q 200; }
answers() { rpc "$key" tools/list | grep -q '"tools":\['; }

# --- a router, as far as the package sees it -------------------------------------------------------------
make_ipk 1.0
make_ipk 1.1
unshare -m -p -n -f sh -c 'mount --make-rprivate / && mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/tmp" &&
	mkdir -p "$0/tmp/run/ubus" "$0/tmp/lock" "$0/tmp/state" && ip link set lo up && mount -t tmpfs -o mode=755 tmpfs "$0/dev" &&
	for f in null zero urandom; do : >"$0/dev/$f" && mount --bind "/dev/$f" "$0/dev/$f"; done &&
	exec chroot "$0" /bin/sh -c "ubusd & sleep 0.3; procd -S & while :; do wait; sleep 1; done"' "$R" >"$T/boot" 2>&1 </dev/null &
pids="$pids $!"
until_true 5 sh -c "ps -o pid= --ppid $! | grep -q ." || { bad 'nothing runs'; cat "$T/boot"; summary; }
init=$(children "$!" | tr -d ' ')
: >"$T/log"
nsenter -t "$init" -m python3 -c '
import socket, sys # what logd would do: procd hands it what services say
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
with open(sys.argv[2], "ab", 0) as log:
    while True: log.write(s.recv(8192) + b"\n")' "$R/dev/log" "$T/log" 2>"$T/logd" &
pids="$pids $!"
addr=127.0.0.1:8080
listed() { inside ubus list service | grep -qx service; }
until_true 10 listed && ok || { bad 'procd is on the bus'; cat "$T/boot"; summary; }

# --- install -----------------------------------------------------------------------------------------------
now opkg install /root/1.0.ipk
expect install 0 out 'Configuring mcpgated'
same 'a user of its own' mcpgated:x:8182:8182 "$(grep ^mcpgated: "$R/etc/passwd" | cut -d: -f1-4)"
same 'uci-defaults ran once' '700 gone' "$(stat -c %a "$R/etc/mcpgated/data") $([ -e "$R/etc/uci-defaults/80-mcpgated" ] || echo gone)"
[ -L "$R/etc/rc.d/S95mcpgated" ] && ok || bad 'started at boot'
same 'nothing to serve, nothing runs' '' "$(of_service running)"

# --- configure by uci, start ---------------------------------------------------------------------------------
cp "$top/fs/demo/openapi.json" "$R/etc/mcpgated/api.json"
chmod 644 "$R/etc/mcpgated/api.json"
now reload_config
inside sh -c 'uci set mcpgated.demo=api && uci set mcpgated.demo.document=/etc/mcpgated/api.json &&
	uci set mcpgated.sandbox=environment && uci set mcpgated.sandbox.base_url=http://127.0.0.1:9/v1 && uci commit mcpgated' \
	>"$T/out" 2>"$T/err" && ok || bad uci
now mcpgated check
expect 'what uci wrote is read' 0
now /etc/init.d/mcpgated start
expect start 0
until_true 10 runs && ok || { bad "it runs"; tail -25 "$T/log"; inside ubus call service list; }
main=$(of_service pid)
gate=$main
if [ -x "$R/sbin/ujail" ]; then # what procd started is ujail then, and the gate its child
	gate=$(inside sed 's/ .*//' "/proc/$main/task/$main/children")
	same 'what ujail is asked' '/sbin/ujail -t 15 -n mcpgated -U mcpgated -G mcpgated -C /etc/capabilities/mcpgated.json -c -o -r /etc/config -r /etc/hosts -r /etc/mcpgated -w /etc/mcpgated/data -r /etc/ssl -- /usr/bin/mcpgated serve -c /etc/config/mcpgated ' \
		"$(inside sh -c "tr '\\0' ' ' </proc/$main/cmdline")"
	same 'what the gate sees' 'dev etc usr: config group hosts mcpgated passwd resolv.conf' \
		"$(echo $(inside ls "/proc/$gate/root/")): $(echo $(inside ls "/proc/$gate/root/etc" | grep -vx -e ssl -e nsswitch.conf))"
else
	echo "skipped: procd's jail (no /sbin/ujail in ROOT)"
fi
same 'as whom' '8182 8182' "$(inside sed -n 's/^\([UG]\)id:[[:space:]]*\([0-9]*\).*/\2/p' "/proc/$gate/status" | xargs)"
same 'it may gain no privileges' 1 "$(inside sed -n 's/^NoNewPrivs:[[:space:]]*//p' "/proc/$gate/status")"
until_true 5 logged 'ready url=' && ok || bad 'its words go to the log'
logged 'not in force' && bad 'the jail is not complete' || ok
key=$(inside mcpgated key add first 2>"$T/err")
answers && ok || bad 'tools/list'
now /etc/init.d/mcpgated status
expect status 0 out running

# --- changed by uci: procd tells it; killed: procd starts it again -----------------------------------------------
inside uci set mcpgated.@server[0].log_level=debug
inside uci commit mcpgated
now reload_config
expect 'reload_config' 0
until_true 10 logged 'generation 2 is in force' && ok || bad 'a changed configuration is in force'
same 'in the same process' "$main" "$(of_service pid)"
same 'the service can read it' '640 0:8182' "$(stat -c '%a %u:%g' "$R/etc/config/mcpgated")"
[ "$gate" = "$main" ] || {
	inside sh -c 'mkdir /srv && cp /etc/mcpgated/api.json /srv/ && uci set mcpgated.demo.document=/srv/api.json && uci commit mcpgated'
	now reload_config
	elsewhere() { [ "$(of_service pid)" != "$main" ] && runs && answers; }
	until_true 15 elsewhere && ok || bad 'with a document that the jail did not show it starts anew'
	main=$(of_service pid)
}
inside kill -KILL "$main"
again() { p=$(of_service pid); [ -n "$p" ] && [ "$p" != "$main" ] && runs && answers; }
until_true 15 again && ok || bad 'killed, it comes back with its keys'

# --- what sysupgrade keeps -------------------------------------------------------------------------------------
now sysupgrade -l
for f in /etc/config/mcpgated /etc/mcpgated/api.json /etc/mcpgated/data/master.key; do
	grep -qx "$f" "$T/out" && ok || bad "sysupgrade does not keep $f"
done
now sysupgrade -b /tmp/kept.tar.gz
expect 'sysupgrade -b' 0
inside tar -tzf /tmp/kept.tar.gz | grep -q '^/*etc/mcpgated/data/store/.' && ok || bad 'the store is in it'

# --- upgrade, remove -----------------------------------------------------------------------------------------------
main=$(of_service pid)
before=$(sha256sum <"$R/etc/config/mcpgated")
now opkg install /root/1.1.ipk
expect upgrade 0 out 'Upgrading mcpgated'
same 'the configuration is as it was' "$before" "$(sha256sum <"$R/etc/config/mcpgated")"
until_true 15 again && ok || bad 'after the upgrade another process serves with the key of before'
now opkg remove mcpgated
expect remove 0
gone() { ! inside pidof mcpgated; }
until_true 10 gone && ok || bad 'removed: nothing runs'
[ ! -e "$R/usr/bin/mcpgated" ] && [ ! -e "$R/etc/init.d/mcpgated" ] && [ ! -L "$R/etc/rc.d/S95mcpgated" ] && ok || bad 'removed: its files'
[ -f "$R/etc/config/mcpgated" ] && [ -f "$R/etc/mcpgated/data/master.key" ] && ok || bad 'removed: configuration and data stay'
summary
