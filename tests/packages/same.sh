#!/bin/sh
# The same sources make the same program, byte for byte: built again in another folder with a longer name, at another time,
# with another locale, time zone and umask. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
git -C "$top" rev-parse -q --verify HEAD >/dev/null 2>&1 || { echo "skipped: no checkout"; exit 0; }
[ -z "$(git -C "$top" status --porcelain --untracked-files=no)" ] || { echo "skipped: changes that are not committed"; exit 0; }
other=$T/another/folder/of/some/length
git clone -q "$top" "$other" || { bad clone; summary; }
cp -r "$top/vendor/src" "$other/vendor/"
(umask 077 && cd "$other" && TZ=Pacific/Auckland LC_ALL=C.UTF-8 make -s -j2) >"$T/out" 2>"$T/err" && ok || bad 'it builds'
cmp "$top/build/native/mcpgated" "$other/build/native/mcpgated" >"$T/out" 2>&1 && ok || bad 'the same bytes'
! strings -a "$other/build/native/mcpgated" | grep -F "$T" >"$T/out" && ok || bad 'no folder of the builder is in it'
summary
