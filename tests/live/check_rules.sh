#!/bin/sh
# tools/check judges everything else, so it is tried itself: a small good tree passes, and each rule fails on a tree
# that breaks just this rule. Last line: N passed, N failed
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
T=$(mktemp -d) && trap 'rm -rf "$T"' EXIT
M=$(dirname "$(find /usr/lib/*-linux-musl/rcrt1.o 2>/dev/null | head -1)" 2>/dev/null)
passed=0
failed=0

good_tree() { # a program of two floors, built as the Makefile builds the real one
	rm -rf "$T/t" && mkdir -p "$T/t" && cd "$T/t" || exit 1
	mkdir -p .ci board fs src/base src/sys src/main tests vendor build/obj
	cp -R "$top/tools" tools
	touch .gitignore Makefile README.md board/x fs/x tests/x vendor/x
	echo '#!/bin/sh' >.ci/run
	printf '/* Adds. */\nint add(int a, int b);\n' >src/base/add.h
	printf '#include "base/add.h"\nint\nadd(int a, int b)\n{\n\treturn a + b;\n}\n' >src/base/add.c
	printf '/* Says no. */\nint deny(void);\n' >src/sys/deny.h
	printf '#include "base/add.h"\n#include "sys/deny.h"\nint\ndeny(void)\n{\n\treturn add(1, 2);\n}\n' >src/sys/deny.c
	printf 'enum { START };\n' >src/sys/start.c
	cat >src/main/main.c <<-'END'
	#include "sys/deny.h"
	static const char *const words[] = { "no", "never" };
	int
	main(int argc, char **argv)
	{
	char room[64];
	for (int i = 0; i < 60; i++)
	room[i] = argv[0][i % 3];
	return deny() + words[argc & 1][0] + room[argc];
	}
	END
}

build() {
	for c in src/*/*.c; do
		o=build/obj/${c#src/}
		mkdir -p "$(dirname "$o")"
		${CC:-gcc} -O1 -fPIE -fstack-protector-strong -Isrc ${CF:-} -c -o "${o%.c}.o" "$c" || exit 1
	done
	[ -n "$M" ] || return 0
	gcc -static-pie -nostdlib -nostartfiles "$M/rcrt1.o" "$M/crti.o" $(find build/obj -name '*.o') \
		-Wl,--start-group "$M/libc.a" -lgcc -Wl,--end-group "$M/crtn.o" \
		${LF:--Wl,-z,relro,-z,now,-z,noexecstack,--no-dynamic-linker} -o build/mcpgated.sym 2>"$T/ld" || { cat "$T/ld"; exit 1; }
	strip -s -o build/mcpgated build/mcpgated.sym
}

expect() { # expect RULE TEXT: exactly this rule fails, and its finding holds TEXT
	sh tools/check build >"$T/out" 2>&1
	if grep "^FAIL $1" "$T/out" >/dev/null && grep "^     .*$2" "$T/out" >/dev/null &&
		[ "$(grep -c '^FAIL' "$T/out")" -eq 1 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL: wanted only '$1' to fail with '$2', got:"
		sed 's/^/  /' "$T/out"
	fi
}

good_tree; build
if sh tools/check build >"$T/out" 2>&1; then
	passed=$((passed + 1))
else
	failed=$((failed + 1)); echo "FAIL: the good tree does not pass:"; cat "$T/out"
fi

good_tree; build; sed -i '1i #include "sys/deny.h"' src/base/add.c; expect floors 'base may not include sys/deny.h'
good_tree; build; { printf 'void\nlong_one(void)\n{\n'; yes '	;' | head -60; echo '}'; } >>src/base/add.c; expect length '62 lines'
good_tree; build; yes '/* a line */' | head -601 >src/base/tall.c; expect files 'tall.c: 601 lines'
good_tree; build; printf '\nint bare(int a);\n' >>src/base/add.h; expect headers 'add.h:4: no comment above'
good_tree; build; cp src/base/add.c src/sys/add.c; expect stems 'also in src/base'
good_tree; printf 'char *other(char *, const char *) __asm__("stpcpy");\nchar *copy(char *a);\nchar *\ncopy(char *a)\n{\n\treturn other(a, a);\n}\n' >>src/base/add.c
build; expect objects 'src/base/add.c: calls stpcpy'
good_tree; build; printf '/* malloc(1) "free(" */\n#define GRAB() alloca(9)\n' >>src/base/add.c; expect calls 'add.c:8: calls alloca'
good_tree; printf 'int counter = 3;\n' >>src/base/add.c; build; expect globals 'writable global counter'
good_tree; printf '#!/bin/sh\nif true; then\n' >tools/broken; build; expect scripts 'tools/broken'
good_tree; build; touch extra.txt; expect 'top level' 'extra.txt: not a top-level'
good_tree; build; rm README.md; expect 'top level' 'README.md: missing'
good_tree; build; touch .ci/other; expect 'top level' 'only .ci/run'
if [ -n "$M" ]; then
	good_tree; LF='-Wl,-z,norelro,-z,lazy,-z,noexecstack,--no-dynamic-linker' build; expect binary 'no GNU_RELRO'
	good_tree; LF='-Wl,-z,relro,-z,now,-z,execstack,--no-dynamic-linker' build; expect binary 'stack is executable'
	good_tree; build; gcc -static -no-pie -nostdlib -nostartfiles "$M/crt1.o" "$M/crti.o" $(find build/obj -name '*.o') \
		"$M/libc.a" -lgcc "$M/crtn.o" -Wl,-z,relro,-z,now -o build/mcpgated; cp build/mcpgated build/mcpgated.sym; expect binary 'not DYN'
	good_tree; build; gcc -pie -o build/mcpgated $(find build/obj -name '*.o') -Wl,-z,relro,-z,now; cp build/mcpgated build/mcpgated.sym; expect binary 'INTERP'
	good_tree; sed -i 's/room\[64\]/room = 0/; /for (/d; /room\[i\]/d; s/room\[argc\]/room/' src/main/main.c; build; expect canary 'only 0 of 1 objects'
	good_tree; build; printf 'int deny(void);\nint start(void);\nint\nstart(void)\n{\n\treturn deny();\n}\n' >src/sys/start.c; build
	expect start 'needs deny'
	good_tree; printf '#include <stdio.h>\nint say(void);\nint\nsay(void)\n{\n\treturn fopen("x", "r") != 0;\n}\n' >>src/sys/deny.c
	sed -i 's/return add(1, 2)/extern int say(void); return say()/' src/sys/deny.c; CC=musl-gcc build; expect heap 'linked in: malloc'
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
