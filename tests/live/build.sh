#!/bin/sh
# make knows what the times of files do not tell: a build/ that came from another tree, other flags, a source that is gone.
# Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
[ -d "$top/vendor/src/bearssl" ] || { echo "skipped: nothing was built here"; exit 0; }
unset MAKEFLAGS MFLAGS MAKELEVEL
object=build/native-test/obj/yaml/yaml.o
make() { command make -s VARIANT=test "$@" >"$T/out" 2>"$T/err"; }
has() { ar t build/native-test/lib/libyaml.a | grep -q "^$1\$"; }

mkdir "$T/one"
for f in Makefile board src tools; do
	cp -Rp "$top/$f" "$T/one/"
done
mkdir "$T/one/vendor" "$T/one/fs"
cp -Rp "$top/vendor/fetch" "$top/vendor/pins" "$T/one/vendor/"
ln -s "$top/vendor/src" "$T/one/vendor/src"
cd "$T/one" || exit 1
make $object && ok || bad 'one object'
make -q $object && ok || bad 'it stays as it is'
make -q $object WERROR=-DOTHER && bad 'other flags make it anew' || ok
make -q $object && bad 'and the flags of before, again' || ok
make $object
cp -Rp "$T/one" "$T/two" && cd "$T/two" && find build -exec touch {} + || exit 1
make -q $object && bad 'what was copied from another tree is made anew' || ok
make $object && make -q $object && ok || bad 'once'

printf 'int yaml_extra(void);\nint\nyaml_extra(void)\n{\n\treturn 1;\n}\n' >src/yaml/extra.c
make build/native-test/lib/libyaml.a && has extra.o && ok || bad 'a new source is in its library'
rm src/yaml/extra.c
make build/native-test/lib/libyaml.a && has yaml.o && ! has extra.o && ok || bad 'a source that is gone is in no library'
summary
