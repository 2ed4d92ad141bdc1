#!/bin/sh
# The package for apk 3 (OpenWrt from 25.12): the same bytes twice, read by a reader of its own, unpacked, its scripts run
# with stand-ins for base-files, the program asked. With a real apk (APK=/path/to/apk, as root) that program installs it,
# upgrades it and removes it, too; Debian has none. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 0; }
here=$(cd "$(dirname "$0")" && pwd)
R=$T/root

make_apk() { # make_apk VERSION [DIR]
	(cd "$top" && VERSION=$1 PROGRAM=$M OUT=$T/made${2:-} SOURCE_DATE_EPOCH=1700000000 sh tools/package apk native)
}
stand_in() { # what base-files would do writes down that it was asked, in the root $1
	mkdir -p "$1/lib" "$1/tmp"
	cat >"$1/lib/functions.sh" <<-'END'
		add_group_and_user() { echo "user $pkgname $(cat "$root/lib/apk/packages/$pkgname.rusers")" >>"$root/tmp/did"; }
		default_postinst() { echo "postinst $pkgname${PKG_UPGRADE:+ again}" >>"$root/tmp/did"; }
		default_prerm() { echo "prerm $pkgname" >>"$root/tmp/did"; }
	END
}

one=$(make_apk 1.0)
cmp "$one" "$(make_apk 1.0 2)" && ok || bad 'the same bytes twice'
same 'its name' mcpgated-1.0-r1-x86_64.apk "$(basename "$one" | sed 's/-r1-.*/-r1-x86_64.apk/')"

# --- read and unpacked ------------------------------------------------------------------------------
stand_in "$R"
mkdir "$T/scripts"
python3 "$here/adb.py" "$one" "$R" "$T/scripts" >"$T/out" 2>"$T/err" && ok || bad 'it is read'
for line in 'name mcpgated' 'version 1.0-r1' 'origin mcpgated'; do
	grep -qx "$line" "$T/out" && ok || bad "no line '$line'"
done
same 'its list' "$(cat "$R/lib/apk/packages/mcpgated.list")" \
	"$(cd "$R" && find . -type f ! -name functions.sh ! -name mcpgated.list -printf '/%P\n' | LC_ALL=C sort)"
same 'modes' '755 600 755' "$(cd "$R" && stat -c %a usr/bin/mcpgated etc/config/mcpgated etc/init.d/mcpgated | xargs)"
same 'the configuration is known as it came' "/etc/config/mcpgated $(sha256sum <"$R/etc/config/mcpgated" | cut -d' ' -f1)" \
	"$(cat "$R/lib/apk/packages/mcpgated.conffiles_static")"
run "$R/usr/bin/mcpgated" version
expect 'the program runs' 0 out mcpgated
for script in post-install post-upgrade pre-deinstall; do
	IPKG_INSTROOT=$R sh "$T/scripts/$script" >"$T/out" 2>"$T/err" && ok || bad "$script"
done
user='user mcpgated mcpgated=8182:mcpgated=8182'
same 'what base-files is asked' "$user
postinst mcpgated
$user
postinst mcpgated again
prerm mcpgated" "$(cat "$R/tmp/did")"
printf x | dd of="$one" bs=1 seek=$(($(stat -c %s "$one") / 2)) conv=notrunc 2>/dev/null
! python3 "$here/adb.py" "$one" "$T/other" "$T/scripts" >"$T/out" 2>"$T/err" && ok || bad 'a changed byte is seen'

# --- with apk itself --------------------------------------------------------------------------------
APK=${APK:-$(command -v apk)}
case $("${APK:-false}" --version 2>/dev/null) in
'apk-tools 3.'*) [ "$(id -u)" -eq 0 ] || { summary; exit; } ;;
*) summary; exit ;;
esac
rm -rf "$R" "$one"
stand_in "$R"
busybox=$(command -v busybox)
mkdir -p "$R/bin"
cp "$busybox" "$R/bin/"
for tool in sh cat; do
	ln -s busybox "$R/bin/$tool"
done
apk_() { "$APK" --root "$R" --arch x86_64 --allow-untrusted --no-network "$@" >"$T/out" 2>"$T/err"; }
apk_ --initdb add "$(make_apk 1.0)" && ok || bad 'apk installs it'
echo '# mine' >>"$R/etc/config/mcpgated"
apk_ add "$(make_apk 1.1)" && ok || bad 'apk upgrades it'
same 'the changed configuration stays' '# mine' "$(tail -1 "$R/etc/config/mcpgated")"
apk_ del mcpgated && ok || bad 'apk removes it'
same 'what base-files was asked' 'postinst mcpgated
postinst mcpgated again
prerm mcpgated' "$(grep -v ^user "$R/tmp/did")"
same 'only the configuration is left' etc/config/mcpgated "$(cd "$R" && find . -name '*mcpgated*' -printf '%P\n')"
summary
