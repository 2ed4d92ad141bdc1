# Every public prototype has a comment directly above it, or stands in a group (no blank line between) that does.
# usage: awk -f tools/headers.awk src/*/*.h
FNR == 1 { documented = 0; inlined = 0 }
/^static inline/ { inlined = 1; next }
/^\}/ { inlined = 0 }
inlined { next }
/^$/ { documented = 0; next }
/\*\/[ \t]*$/ { documented = 1; next }
/^[A-Za-z_].*[a-z0-9_]\(.*/ && !/^#/ && !/^static_assert/ && !/^(struct|enum|union) [a-z_]* \{/ && !/^typedef/ {
	if (!documented) {
		print FILENAME ":" FNR ": no comment above: " $0
		bad = 1
	}
}
END { exit bad }
