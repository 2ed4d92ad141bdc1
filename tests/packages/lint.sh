#!/bin/sh
# What others say of what a package brings: lintian of the .deb, mandoc and groff of the man pages, and completion as a
# person at a terminal meets it, with the tab key, in bash and in zsh. Each is skipped where the tool is missing.
# Last line: N passed, N failed[, N skipped]
. "$(dirname "$0")/../lib/live.sh"
skipped=0
without() { skipped=$((skipped + 1)); echo "without $1: skipped"; }
has() { command -v "$1" >/dev/null || { without "$1"; return 1; }; }

if has lintian; then
	deb=$(cd "$top" && VERSION=1.0 PROGRAM=$M OUT=$T/deb SOURCE_DATE_EPOCH=1700000000 sh tools/package deb native)
	lintian --allow-root --no-tag-display-limit "$deb" >"$T/out" 2>"$T/err"
	: >"$T/err"
	grep -q '^[EW]: ' "$T/out" && bad 'lintian: errors or warnings that have no reason beside them' || ok
fi

for page in man8 man5; do
	DATE=2026-01-01 VERSION=1.0 sh "$top/tools/manual" $page >"$T/$page"
	if has mandoc; then
		mandoc -T lint -W style "$T/$page" >"$T/out" 2>&1
		[ -s "$T/out" ] && bad "$page: mandoc complains" || ok
	fi
	if has groff; then
		groff -man -ww -Tutf8 "$T/$page" >"$T/out" 2>"$T/err"
		[ -s "$T/err" ] && bad "$page: groff complains" || ok
	fi
done

# typed WORDS: what the shell $shell makes of them and a tab
mkdir -p "$T/complete"
sh "$top/tools/manual" bash >"$T/complete/mcpgated"
sh "$top/tools/manual" zsh >"$T/complete/_mcpgated"
cat >"$T/type.py" <<'END'
import os, pty, select, sys, time
folder, shell = sys.argv[1:3]
begin = {
    'bash': (['bash', '--norc', '--noprofile', '-i'], '. %s/mcpgated\n' % folder),
    'zsh': (['zsh', '-f', '-i'], 'fpath=(%s $fpath); autoload -U compinit; compinit -u -D\n' % folder),
}[shell]
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(TERM='dumb', PS1='')
    os.chdir(folder)
    os.execvp(begin[0][0], begin[0])
seen = b''
def until(mark):
    end = time.time() + 10
    global seen
    seen = b''
    while mark not in seen and time.time() < end:
        if select.select([fd], [], [], 0.1)[0]:
            try: seen += os.read(fd, 4096)
            except OSError: break
def send(text): os.write(fd, text.encode())
send(begin[1] + 'printf "rea%s\\n" dy1\n')
until(b'ready1')
for n, typed in enumerate(sys.argv[3:]):
    send(typed + '\t')
    time.sleep(0.2)
    # the line as it is now becomes what printf says
    send('\x01printf "GOT:%%s;" \x05; printf "do%%s\\n" ne%d\n' % n)
    until(b'done%d' % n)
    text = seen.decode(errors='replace')
    print(' '.join(w[w.rfind('GOT:') + 4:] for w in text.split(';') if 'GOT:' in w and '%' not in w[w.rfind('GOT:'):]))
END
: >"$T/complete/here.json"
for shell in bash zsh; do
	has python3 && has $shell || continue
	timeout 60 python3 "$T/type.py" "$T/complete" $shell 'mcpgated che' 'mcpgated key rev' 'mcpgated serve --log-l' \
		'mcpgated serve --log-level deb' 'mcpgated help conf' 'mcpgated import her' >"$T/completed" 2>"$T/err" </dev/null
	while read -r wanted; do
		read -r saw <&3
		same "$shell completes" "$wanted" "$saw"
	done 3<"$T/completed" <<-'END'
		mcpgated check
		mcpgated key revoke
		mcpgated serve --log-level
		mcpgated serve --log-level debug
		mcpgated help config
		mcpgated import here.json
	END
done
[ $skipped -eq 0 ] || { echo "$passed passed, $failed failed, $skipped skipped"; [ $failed -eq 0 ]; exit; }
summary
