#!/bin/sh
# The Debian package, by dpkg into a root of its own: install, start, use, upgrade with data and configuration kept,
# remove, purge. dpkg and the package's own scripts do it; the scripts run without chroot (DPKG_ROOT), because that root
# holds nothing but the package. What systemd does is not run: its unit is read by systemd-analyze, and the system calls
# of a serving process are held against the unit's filter. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
[ "$(id -u)" -eq 0 ] || { echo "skipped: not root"; exit 0; }
for tool in dpkg dpkg-deb ar useradd chroot xz; do
	command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 0; }
done
R=$T/root

make_deb() { # make_deb VERSION: $deb
	deb=$(cd "$top" && VERSION=$1 PROGRAM=$M OUT=$T/out.$1 SOURCE_DATE_EPOCH=1700000000 sh tools/package deb native)
}
dpkg_in() { run dpkg --root="$R" --force-not-root --force-script-chrootless --force-depends --force-confold "$@"; }

# as root, and as the service does it: who it runs as, no new privileges
as_root() { chroot "$R" /usr/bin/mcpgated "$@"; }
as_service() {
	chmod 600 "$R/etc/config/mcpgated" # as init writes it
	sed -n "s,^ExecStartPre=+,,p" "$top/board/debian/mcpgated.service" >"$T/before"
	while read -r line; do
		eval "$(echo "$line" | sed "s,mcpgated:mcpgated,$owner,; s,chgrp mcpgated,chgrp ${owner#*:},; s, /, $R/,g")"
	done <"$T/before"
	start setpriv --no-new-privs --bounding-set=-all,+setuid,+setgid,+sys_chroot,+setpcap \
		chroot --userspec="$owner" "$R" /usr/bin/mcpgated serve -c /etc/config/mcpgated
}
tools_of() { rpc "$1" tools/list | grep -o '"name":"[a-z_]*"' | wc -l; }

make_deb 1.0
[ -f "$deb" ] && ok || { bad 'no package'; summary; }
one=$deb
sha=$(sha256sum <"$deb")
rm -f "$deb"
make_deb 1.0
same 'the same bytes at another time' "$sha" "$(sha256sum <"$deb")"
run dpkg-deb -c "$deb"
expect 'files belong to root' 0 out '0/0 .*/usr/bin/mcpgated$'
grep -v " 0/0 " "$T/out" | grep -q . && bad 'a file that is not of root' || ok

# --- install --------------------------------------------------------------------------------------
mkdir -p "$R/etc" "$R/dev" "$R/var/lib/dpkg/info" "$R/var/lib/dpkg/updates" "$R/tmp"
: >"$R/var/lib/dpkg/status"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$R/etc/passwd"
printf 'root:x:0:\n' >"$R/etc/group"
: >"$R/etc/shadow"
: >"$R/etc/gshadow"
dpkg_in -i "$one"
expect install 0
owner=$(awk -F: '$1 == "mcpgated" { print $3 ":" $4 }' "$R/etc/passwd")
[ -n "$owner" ] && [ "${owner%:*}" -lt 1000 ] && ok || bad "a system user: '$owner'"
same 'its data are its own' "700 $owner" "$(stat -c '%a %u:%g' "$R/var/lib/mcpgated")"
grep -q ^mcpgated: /etc/passwd && bad 'the machine that tests got a user' || ok
run chroot "$R" /usr/bin/mcpgated check
expect 'nothing to serve yet' 1 err 'nothing to serve'

# --- start, use -------------------------------------------------------------------------------------
cp "$top/fs/demo/openapi.json" "$R/etc/mcpgated/api.json"
sed -i "s/127.0.0.1:8080/127.0.0.1:0/" "$R/etc/config/mcpgated"
cat >>"$R/etc/config/mcpgated" <<-'END'
	config api 'demo'
		option document '/etc/mcpgated/api.json'
	config environment 'sandbox'
		option base_url 'http://127.0.0.1:9/v1'
END
config=$(sha256sum <"$R/etc/config/mcpgated")
as_service
ready 'start as the user of the package'
key=$(as_root key add first 2>/dev/null)
run chroot "$R" /usr/bin/mcpgated key list
expect 'the control socket answers root' 0 out first
tools=$(tools_of "$key")
[ "$tools" -gt 3 ] && ok || bad "tools/list: $tools"
stop stop

# --- upgrade ----------------------------------------------------------------------------------------
make_deb 1.1
two=$deb
dpkg_in -i "$two"
expect upgrade 0
same 'the new version is there' 1.1 "$(sed -n 's/^Version: //p' "$R/var/lib/dpkg/status")"
same 'the configuration is as it was' "$config" "$(sha256sum <"$R/etc/config/mcpgated")"
same 'one user' 1 "$(grep -c ^mcpgated: "$R/etc/passwd")"
as_service
ready 'start after the upgrade'
same 'the key of before is good' "$tools" "$(tools_of "$key")"
stop 'stop again'

# --- remove, purge ----------------------------------------------------------------------------------
dpkg_in -r mcpgated
expect remove 0
[ ! -e "$R/usr/bin/mcpgated" ] && [ ! -e "$R/lib/systemd/system/mcpgated.service" ] && ok || bad 'removed: program and unit'
[ -f "$R/etc/config/mcpgated" ] && [ -f "$R/var/lib/mcpgated/master.key" ] && ok || bad 'removed: configuration and data stay'
rm "$R/etc/mcpgated/api.json"
dpkg_in -P mcpgated
expect purge 0
left=$(find "$R" \( -name '*mcpgated*' -o -path '*/usr/*' -type f \) ! -path '*/var/lib/dpkg/*')
same 'purged: nothing is left' '' "$left"
grep -q mcpgated "$R/etc/passwd" "$R/etc/group" && bad 'purged: the user stays' || ok
grep -q 'Package: mcpgated' "$R/var/lib/dpkg/status" && bad 'purged: dpkg still knows it' || ok

# --- the unit ---------------------------------------------------------------------------------------
unit=$top/board/debian/mcpgated.service
if command -v systemd-analyze >/dev/null; then
	mkdir -p "$R/usr/bin" "$R/bin" && cp "$M" "$R/usr/bin/mcpgated" && cp /bin/grep /bin/kill /bin/chown /bin/chgrp /bin/chmod "$R/bin/"
	sed "s,=\(+*\)/\(usr/bin/mcpgated\|bin/\),=\1$R/\2,; s,^After=.*,,; s,^Wants=.*,," "$unit" >"$T/mcpgated.service"
	run systemd-analyze verify --man=no "$T/mcpgated.service"
	grep 'mcpgated.service' "$T/err" | grep -v 'not executable' | grep -q . && bad 'systemd-analyze verify' || ok
	run systemd-analyze security --offline=yes --threshold=20 "$T/mcpgated.service"
	expect 'systemd-analyze security: 2.0 or less' 0
fi
if command -v systemd-analyze >/dev/null && command -v strace >/dev/null; then
	conf
	start strace -f -qq -o "$T/trace" "$M" serve -c "$T/conf"
	ready 'start under strace'
	get /healthz >/dev/null
	kill -TERM "$(children "$pid" | head -1 | tr -d ' ')"
	wait "$pid"
	allowed=$(for group in $(sed -n 's/^SystemCallFilter=//p' "$unit"); do
		case $group in
		@*) expand=$group; seen=
			while [ -n "$expand" ]; do
				list=$(for g in $expand; do systemd-analyze syscall-filter "$g" | sed '1,2d; s/^ *//; /^#/d'; done)
				echo "$list" | grep -v '^@'
				expand=$(echo "$list" | grep '^@')
			done ;;
		*) echo "$group" ;;
		esac
	done | sort -u)
	sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' "$T/trace" | sort -u >"$T/used"
	echo "$allowed" >"$T/allowed"
	[ "$(wc -l <"$T/used")" -gt 20 ] && ok || bad "strace saw too little: $(wc -l <"$T/used")"
	same 'system calls that the unit refuses' '' "$(grep -vxFf "$T/allowed" "$T/used" | tr '\n' ' ')"
	same 'memory that is written and executed' '' "$(grep -E 'm(map|protect)\(.*PROT_WRITE.PROT_EXEC|mprotect\(.*PROT_EXEC' "$T/trace")"
	same 'sockets of families that the unit refuses' '' "$(grep -E ' socket\(AF_' "$T/trace" | grep -vE 'AF_(INET6?|UNIX)' | head -3)"
fi

# --- man pages (what others say of them: lint.sh) --------------------------------------------------------
sh "$top/tools/manual" man5 >"$T/man5"
for option in $("$M" help config | sed -n 's/^	\(option\|list\) \([a-z_]*\) .*/\2/p' | sort -u); do
	grep -q "^.fB$option.fR" "$T/man5" || bad "mcpgated.conf(5) does not know $option"
done
summary
