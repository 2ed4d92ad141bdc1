# Reports includes that go up or sideways, and private headers used from outside.
# usage: awk -f tools/floors.awk tools/floors.txt $(find src -name '*.[ch]')
function folder(path,  part) { sub(/^src\//, "", path); split(path, part, "/"); return part[1] }
FNR == NR {
	sub(/#.*/, "")
	if (!NF)
		next
	me = $1
	sub(/:/, "", me)
	known[me] = 1
	may[me, me] = 1
	for (i = 2; i <= NF; i++) {
		if (!($i in known)) {
			print FILENAME ": " me " names " $i " before it exists"
			bad = 1
		}
		may[me, $i] = 1
	}
	next
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, quoted, "\"")
	if (quoted[2] == "sizes.h" || quoted[2] == "jsmn.h" || quoted[2] == "bearssl.h")
		next
	from = folder(FILENAME)
	to = folder(quoted[2])
	if (!(to in known)) {
		print FILENAME ":" FNR ": write includes as \"floor/file.h\": " quoted[2]
		bad = 1
	} else if (!((from, to) in may)) {
		print FILENAME ":" FNR ": " from " may not include " quoted[2]
		bad = 1
	} else if (quoted[2] ~ /_priv\.h$/ && from != to) {
		print FILENAME ":" FNR ": private header of " to ": " quoted[2]
		bad = 1
	}
}
/^[ \t]*#[ \t]*include/ && /bearssl/ && folder(FILENAME) != "crypt" {
	print FILENAME ":" FNR ": only crypt/ knows BearSSL"
	bad = 1
}
/^[ \t]*#[ \t]*include/ && /jsmn/ && folder(FILENAME) != "json" {
	print FILENAME ":" FNR ": only json/ knows jsmn"
	bad = 1
}
END { exit bad }
