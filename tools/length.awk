# Reports functions longer than MAX lines and lines longer than WIDE columns.
# usage: awk -v MAX=60 -v WIDE=100 -f tools/length.awk src/*/*.[ch]
FNR == 1 { start = 0 }
/^\{/ { start = FNR; name = prev }
/^\}/ && start {
	n = FNR - start + 1
	if (n > MAX) {
		print FILENAME ":" start ": " n " lines: " name
		bad = 1
	}
	start = 0
}
/^[A-Za-z_].*\(/ { prev = $0 }
{
	line = $0
	gsub(/\t/, "        ", line)
	if (length(line) > WIDE + 20) {
		print FILENAME ":" FNR ": line of " length(line) " columns"
		bad = 1
	}
}
END { exit bad }
