#!/bin/sh
# The package for OpenWrt, in a root of busybox: unpacked as opkg does it, its scripts run with stand-ins for base-files
# and procd that write down what they are asked; what procd is told to start is then started, as that user, in that jail.
# Install, start, use, reload, upgrade with data and configuration kept, remove. A router is not shown by that, nor is opkg.
# Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
[ "$(id -u)" -eq 0 ] || { echo "skipped: not root"; exit 0; }
busybox=${BUSYBOX:-$(command -v busybox || echo /bin/busybox)}
[ -x "$busybox" ] && ! ldd "$busybox" 2>/dev/null | grep -q '=>' || { echo "skipped: no static busybox"; exit 0; }
R=$T/root

make_ipk() { # make_ipk VERSION [DIR]
	(cd "$top" && VERSION=$1 PROGRAM=$M OUT=$T/made${2:-} SOURCE_DATE_EPOCH=1700000000 sh tools/package ipk native)
}
in_root() { chroot "$R" /bin/sh -c "$1"; }

# --- a root like a router's, as far as the package sees it ---------------------------------------------
mkdir -p "$R/bin" "$R/etc/init.d" "$R/lib" "$R/tmp" "$R/usr/lib/opkg/info" "$R/dev"
cp "$busybox" "$R/bin/busybox"
for tool in sh tar gzip grep sed awk mkdir chmod chown cat rm cp mv ls sha256sum find cut sort tail logger; do
	ln -s busybox "$R/bin/$tool"
done
echo 'root:x:0:0:root:/root:/bin/sh' >"$R/etc/passwd"
echo 'root:x:0:' >"$R/etc/group"
cat >"$R/etc/rc.common" <<-'END'
	# stand-in: what procd is asked goes to /tmp/procd
	script=$1
	action=$2
	note() { echo "$*" >>/tmp/procd; }
	for f in open_instance close_instance set_param send_signal add_reload_trigger add_jail add_jail_mount add_jail_mount_rw; do
		eval "procd_$f() { note $f \"\$@\"; }"
	done
	procd_running() { [ -e /tmp/running ]; }
	start() { start_service; }
	. /lib/functions.sh
	. "$script"
	case $action in
	start) start_service ;;
	reload) reload_service ;;
	triggers) service_triggers ;;
	esac
END
cat >"$R/lib/functions.sh" <<-'END'
	# stand-in for what base-files does with a package
	user_exists() { grep -q "^$1:" /etc/passwd; }
	user_add() { echo "$1:x:${2:-32768}:$3:$1:/var/run/$1:/bin/false" >>/etc/passwd; }
	group_add_next() { grep -q "^$1:" /etc/group || echo "$1:x:32768:" >>/etc/group; sed -n "s/^$1:x:\([0-9]*\):.*/\1/p" /etc/group; }
	default_postinst() {
		user=$(sed -n 's/^Require-User: //p' /usr/lib/opkg/info/mcpgated.control)
		IFS=:= read -r name uid group gid <<-X
		$user
		X
		grep -q "^$name:" /etc/passwd || {
			echo "$name:x:$uid:$gid:$name:/var/run/$name:/bin/false" >>/etc/passwd
			echo "$group:x:$gid:" >>/etc/group
		}
		[ ! -e /etc/uci-defaults/80-mcpgated ] || { sh /etc/uci-defaults/80-mcpgated && rm /etc/uci-defaults/80-mcpgated; }
	}
	default_prerm() { rm -f /tmp/running; }
END

# install FILE: what opkg does with it; a conffile that was changed stays
install_ipk() {
	cp "$1" "$R/tmp/p.ipk"
	in_root 'set -e; cd /tmp; rm -rf p; mkdir p; tar -xzf p.ipk -C p; cd p; grep -qx 2.0 debian-binary
		mkdir c d; tar -xzf control.tar.gz -C c; tar -xzf data.tar.gz -C d
		for f in $(cat c/conffiles); do [ ! -e "$f" ] || rm "d$f"; done
		(cd d && find . ! -type d) >/usr/lib/opkg/info/mcpgated.list
		cp c/control /usr/lib/opkg/info/mcpgated.control; cp c/prerm /usr/lib/opkg/info/mcpgated.prerm
		cp -a d/. /; c/postinst configure; cd /; rm -rf /tmp/p /tmp/p.ipk' >"$T/out" 2>"$T/err"
}

one=$(make_ipk 1.0)
cmp "$one" "$(make_ipk 1.0 2)" && ok || bad 'the same bytes twice'
install_ipk "$one" && ok || { bad install; summary; }
same 'a user of its own' mcpgated:x:8182:8182 "$(grep ^mcpgated "$R/etc/passwd" | cut -d: -f1-4)"
same 'uci-defaults ran once' '700 gone' "$(stat -c %a "$R/etc/mcpgated/data") $([ -e "$R/etc/uci-defaults/80-mcpgated" ] || echo gone)"
same 'sysupgrade keeps the data' /etc/mcpgated/ "$(cat "$R/lib/upgrade/keep.d/mcpgated")"

# --- start: nothing without an api, then as procd is told ---------------------------------------------
rc_() { : >"$R/tmp/procd"; in_root "sh /etc/rc.common /etc/init.d/mcpgated $1" >"$T/out" 2>"$T/err"; }
rc_ start
same 'nothing to serve, nothing started' 0 "$(wc -l <"$R/tmp/procd")"
cp "$top/fs/demo/openapi.json" "$R/etc/mcpgated/api.json"
chmod 644 "$R/etc/mcpgated/api.json"
sed -i 's/127.0.0.1:8080/127.0.0.1:0/' "$R/etc/config/mcpgated"
cat >>"$R/etc/config/mcpgated" <<-'END'
	config api 'demo'
		option document '/etc/mcpgated/api.json'
	config environment 'sandbox'
		option base_url 'http://127.0.0.1:9/v1'
END
config=$(sha256sum <"$R/etc/config/mcpgated")
param() { sed -n "s/^set_param $1 //p" "$R/tmp/procd"; }
asked() { sed -n "s/^$1 //p" "$R/tmp/procd"; }

# stand-in for ujail: a root that shows what procd was asked to mount and the program, namespaces of its own, the user,
# signals are handed on to the process within, which is the first of its namespace
cat >"$T/ujail" <<-'END'
	from=$1 jail=$2 id=$3 ro=$4 rw=$5
	shift 5
	bind() {
		[ -e "$from$2" ] || return 0
		if [ -d "$from$2" ]; then mkdir -p "$jail$2"; else mkdir -p "$jail${2%/*}" && : >"$jail$2"; fi
		mount --bind "$from$2" "$jail$2" && mount -o "remount,bind,$1" "$jail$2" || echo "ujail: no $2" >&2
	}
	mount --make-rprivate / && mkdir -p "$jail" && mount -t tmpfs -o mode=755 tmpfs "$jail"
	for p in $(for f in $ro "$1"; do echo "$f"; done | sort -u); do bind ro "$p"; done
	for p in $rw; do bind rw "$p"; done
	mkdir "$jail/dev"
	for d in null urandom; do : >"$jail/dev/$d" && mount --bind "/dev/$d" "$jail/dev/$d"; done
	mount -o remount,bind,ro "$jail"
	exec unshare -p sh -c 'root=$1 id=$2; shift 2
		trap "kill -HUP \$c" HUP; trap "kill -TERM \$c" TERM
		setpriv --no-new-privs chroot --userspec="$id" "$root" "$@" & c=$!
		while :; do wait $c; rc=$?; kill -0 $c 2>/dev/null || exit $rc; done' sh "$jail" "$id" "$@"
END
begin() {
	rc_ start
	id=$(grep "^$(param user):" "$R/etc/passwd" | cut -d: -f3,4)
	if unshare -m -i true 2>/dev/null; then
		start unshare -m -i sh "$T/ujail" "$R" "$T/jail" "$id" "$(asked add_jail_mount)" "$(asked add_jail_mount_rw)" $(param command)
	else
		echo "skipped: the jail (no namespaces here)"
		start setpriv --no-new-privs chroot --userspec="$id" "$R" $(param command)
	fi
	touch "$R/tmp/running"
	ready "$1"
}
begin 'start'
same 'as whom' 8182:8182 "$id"
same 'it comes back' '3600 5 0' "$(param respawn)"
same 'no new privileges' 1 "$(param no_new_privs)"
same 'in a jail, where procd has one' 'mcpgated ronly' "$(asked add_jail)"
same 'which shows' '/etc/config /etc/mcpgated /etc/ssl /etc/hosts' "$(asked add_jail_mount)"
same 'where it may write' /etc/mcpgated/data "$(asked add_jail_mount_rw)"
python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); sys.exit(any(d.values()))' "$R$(param capabilities)" 2>"$T/err" && ok ||
	bad 'without capabilities'
logged 'not in force' && bad 'its own jail is not complete' || ok
gate=$(children "$pid" | tr -d ' ')
[ ! -e "$T/ujail" ] || same 'what it sees' 'dev etc usr: config mcpgated' \
	"$(echo $(ls "/proc/$gate/root/")): $(echo $(ls "/proc/$gate/root/etc" | grep -vx -e ssl -e hosts))"
key=$(chroot "$R" /usr/bin/mcpgated key add first 2>/dev/null)
rpc "$key" tools/list >"$T/out"
grep -q '"tools"' "$T/out" && ok || bad 'tools/list'
[ -s "$R/etc/mcpgated/data/master.key" ] && [ ! -e "$R/var" ] && ok || bad 'data in flash'
rc_ triggers
same 'a changed configuration reloads' 'add_reload_trigger mcpgated' "$(cat "$R/tmp/procd")"
chmod 600 "$R/etc/config/mcpgated" # as uci does it
chown 0:0 "$R/etc/config/mcpgated"
rc_ reload
same 'the service can read its configuration again' '640 0:8182' "$(stat -c '%a %u:%g' "$R/etc/config/mcpgated")"
same 'reload' 'send_signal mcpgated * HUP' "$(tail -n 1 "$R/tmp/procd")"
same 'with the jail that it needs now' 1 "$(grep -c ^open_instance "$R/tmp/procd")"
sed 's/config server/&\n\toption log_level debug/' "$R/etc/config/mcpgated" >"$R/etc/config/.new"
cp -p "$R/etc/config/mcpgated" "$T/before"
mv "$R/etc/config/.new" "$R/etc/config/mcpgated" # as uci does it: another file
rc_ reload
kill -HUP "$pid"
until_true 5 logged 'generation 2 is in force' && ok || bad 'it reads its configuration again'
cp "$R/etc/mcpgated/api.json" "$R/etc/mcpgated/.new"
mv "$R/etc/mcpgated/.new" "$R/etc/mcpgated/api.json"
until_true 8 logged 'generation 3 is in force' && ok || bad 'it sees that its document was replaced'
get /healthz >"$T/out" && ok || bad 'it answers after the signal'
stop stop
mv "$T/before" "$R/etc/config/mcpgated"

# --- what else a configuration names; a box that lost the user --------------------------------------------
cp -p "$R/etc/config/mcpgated" "$T/before"
cat >>"$R/etc/config/mcpgated" <<-'END'
	config api 'more'
		option document /srv/docs/more.json
		list overlay "/tmp/over.json"
		option path '/etc/passwd'
	config environment 'production'
		option base_url 'unix:/run/api/api.sock:/v1'
		option ca '/etc/acme/ca.pem'
		option credential_from 'file:/etc/secrets/more key'
END
rc_ start
same 'files that the configuration names' '/etc/config /etc/mcpgated /etc/ssl /etc/hosts /etc/acme /etc/secrets /run/api /srv/docs /tmp/over.json' \
	"$(asked add_jail_mount)"
mv "$T/before" "$R/etc/config/mcpgated"
cp "$R/etc/passwd" "$T/passwd"
sed -i /^mcpgated/d "$R/etc/passwd"
rc_ start
same 'lost, the user is made again' 'mcpgated:x:32768:8182 mcpgated' "$(grep ^mcpgated: "$R/etc/passwd" | cut -d: -f1-4) $(param user)"
sed -i 's/^mcpgated:x:[0-9]*/mcpgated:x:0/' "$R/etc/passwd"
rc_ start
grep -q 'not started: there is no user mcpgated of its own' "$T/err" && [ ! -s "$R/tmp/procd" ] && ok || bad 'never as root'
cp "$T/passwd" "$R/etc/passwd"
sed -i "s,/etc/mcpgated/data,/etc/config," "$R/etc/config/mcpgated"
rc_ start
grep -q 'not started: /etc/config .option data. holds something else' "$T/err" && [ ! -s "$R/tmp/procd" ] && ok || bad 'nothing of others is given to it'
sed -i "s,option data '/etc/config',option data '/etc/mcpgated/data'," "$R/etc/config/mcpgated"

# --- upgrade, remove ----------------------------------------------------------------------------------
install_ipk "$(make_ipk 1.1)" && ok || bad upgrade
same 'the new version' 1.1-1 "$(sed -n 's/^Version: //p' "$R/usr/lib/opkg/info/mcpgated.control")"
same 'the configuration is as it was' "$config" "$(sha256sum <"$R/etc/config/mcpgated")"
begin 'start after the upgrade'
rpc "$key" tools/list >"$T/out"
grep -q '"tools"' "$T/out" && ok || bad 'the key of before'
stop 'stop again'
in_root 'set -e; sh /usr/lib/opkg/info/mcpgated.prerm remove; cd /
	grep -v "^./etc/config/" /usr/lib/opkg/info/mcpgated.list | while read -r f; do rm -f "$f"; done' >"$T/out" 2>"$T/err" &&
	ok || bad remove
same 'removed: configuration and data stay' './etc/config/mcpgated ./etc/mcpgated' \
	"$(cd "$R" && find . \( -name 'mcpgated*' -o -name '80-mcpgated' \) ! -path './usr/lib/opkg/*' | sort | tr '\n' ' ' | sed 's/ $//')"
summary
