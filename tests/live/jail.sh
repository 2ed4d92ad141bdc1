#!/bin/sh
# What a serving worker can still do: no capabilities, no new privileges, no files but its own, only the listed system
# calls; and that it makes only those while it does everything it does. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
command -v strace >/dev/null || { echo 'skipped: no strace'; exit 0; }
strace -o /dev/null true 2>/dev/null || { echo 'skipped: strace may not trace here'; exit 0; }
nm -C "$M" 2>/dev/null | grep -q __asan_init && { echo 'skipped: built with AddressSanitizer'; exit 0; }

# what HARDENING's list comes to on this architecture; a name here is a promise, not a wish
allowed=' poll ppoll recvfrom sendto sendmsg accept4 close shutdown setsockopt getsockopt getsockname getpeername connect socket
recvmsg epoll_ctl epoll_wait epoll_pwait futex read write readv writev pread64 pwrite64 fdatasync fsync openat fstat
newfstatat statx fstatfs lseek ftruncate renameat renameat2 unlinkat fchmod getdents64 flock fcntl munmap mmap madvise
getrandom clock_gettime clock_nanosleep nanosleep restart_syscall rt_sigprocmask rt_sigreturn getpid gettid tkill tgkill
exit exit_group rseq set_robust_list '

serves() { # serves NAME: tools/list with $key
	seen=$(rpc "$key" tools/list 2>&1)
	case $seen in *'"tools":['*) ok ;; *) bad "$1: $(printf %s "$seen" | head -c 300)" ;; esac
}

conf
start "$M" serve -c "$T/conf"
ready start
worker=$(children "$pid" | tr -d ' ')
have() { grep -q "^$1:[[:space:]]*$2\$" "/proc/$worker/status" && ok || bad "$1 is $(grep "^$1:" "/proc/$worker/status")"; }
have CapEff 0000000000000000
have CapPrm 0000000000000000
have NoNewPrivs 1
if grep -q '^Seccomp:' "/proc/$worker/status" && ! logged 'not filtered'; then
	have Seccomp 2
fi
[ "$(id -u)" -ne 0 ] || have CapBnd 0000000000000000
grep -q 'Max core file size  *0  *0 ' "/proc/$worker/limits" && ok || bad 'no core files'
# what holds addresses was filled in at start and is read-only since
set -- $(readelf -lW "$M" 2>/dev/null | awk '/GNU_RELRO/ { print $3, $6 }')
base=$(awk -v file="$(readlink -f "$M")" '$NF == file { sub(/-.*/, "", $1); print $1; exit }' "/proc/$worker/maps")
from=$(((0x$base + $1) & ~4095)) to=$(((0x$base + $1 + $2) & ~4095)) sealed=0
while read -r range may rest; do
	[ $((0x${range%-*})) -lt $to ] && [ $((0x${range#*-})) -gt $from ] || continue
	[ "$may" = r--p ] && sealed=$((sealed + 0x${range#*-} - 0x${range%-*})) || bad "$range $may should be sealed"
done <"/proc/$worker/maps"
[ $((to - from)) -gt 8192 ] && [ $sealed -ge $((to - from)) ] && ok || bad "$sealed bytes of $((to - from)) are sealed"
stop end
for step in 'no capabilities' 'no new privileges' 'no dumps' 'descriptors' 'files by Landlock' 'system calls' 'keys locked in memory'; do
	logged "jail: in force: .*$step" || logged 'warn jail: ' && ok || bad "the log tells nothing of '$step'"
done
run "$M" check -c "$T/conf"
expect 'check tells each step' 0 out 'jail of a worker: no capabilities, no new privileges, no dumps, limits' \
	out '^  user: ' out '^  files: ' out '^  system calls: '

# --- what the kernel lacks is told, and goes on, unless all is required -------------------------------------
lacks() { # lacks WHAT INJECT: with option jail 'on', then 'required'
	conf
	start strace -f -qq -o /dev/null -e inject="$2" "$M" serve -c "$T/conf"
	ready "without $1"
	logged "warn jail: not in force: $3" && ok || { bad "without $1: not told"; grep jail "$T/log"; }
	kill -TERM "$(children "$pid" | head -1 | tr -d ' ')"
	wait "$pid"
	conf "	option jail required"
	run strace -f -qq -o /dev/null -e inject="$2" "$M" serve -c "$T/conf"
	expect "without $1, but required" 1 err "the jail is required and not complete: $3"
	run strace -qq -o /dev/null -e inject="$2" "$M" check -c "$T/conf"
	expect "check without $1, but required" 1 err 'the jail is required and would not be complete here' out "^  $4"
	conf
	run strace -qq -o /dev/null -e inject="$2" "$M" check -c "$T/conf"
	expect "check without $1" 0 err 'warning: the jail would not be complete here'
}
lacks Landlock landlock_create_ruleset:error=ENOSYS 'files are not confined: no Landlock' 'files: not confined'
lacks 'filters' seccomp:error=EINVAL 'system calls are not filtered' 'system calls: not filtered'

# --- everything workers and importers do, traced from their first moment ---------------------------------------
# strange TRACE: calls of jailed processes that no list names; what takes memory; and that enough was seen
strange() {
	awk -v allowed="$allowed" -v import="$import" '
	BEGIN { n = split(allowed, a, /[ \n]+/); for (i = 1; i <= n; i++) ok["w", a[i]] = 1
	        n = split(import, a, /[ \n]+/); for (i = 1; i <= n; i++) ok["i", a[i]] = 1 }
	function home(p) { return p in of ? of[p] : p }
	{ rest = $0; sub(/^[0-9]+ +/, "", rest) }
	rest ~ /^(clone|clone3|fork|vfork)\(|^<\.\.\. (clone|clone3|fork|vfork) resumed/ {
		child = $NF; if (child !~ /^[0-9]+$/) { if (rest ~ /CLONE_THREAD/) begun[$1] = 1; next }
		if (rest ~ /CLONE_THREAD/ || ($1 in begun)) of[child] = home($1)
		delete begun[$1]; next }
	$2 == "+++" || $2 == "---" { next }
	rest ~ /^seccomp\(SECCOMP_SET_MODE_FILTER.* = 0$|^<\.\.\. seccomp resumed.* = 0$/ { jailed[home($1)] = 1; next }
	!(home($1) in jailed) || rest !~ /^[a-z0-9_]+\(/ { next }
	{ name = rest; sub(/\(.*/, "", name); seen[home($1) SUBSEP name] = rest }
	name ~ /^(accept4|epoll_wait|epoll_pwait|poll|ppoll)$/ { serves[home($1)] = 1 }
	name == "mmap" && rest ~ /PROT_WRITE|PROT_EXEC|MAP_ANONYMOUS/ || name ~ /^(brk|mprotect)$/ { print "memory: " rest }
	END {
		for (k in seen) {
			split(k, at, SUBSEP); kind = at[1] in serves ? "w" : "i"; total[kind]++
			if (!((kind, at[2]) in ok)) print at[2] " of a " (kind == "w" ? "worker: " : "child that imports: ") seen[k]
		}
		for (p in jailed) count[p in serves ? "w" : "i"]++
		if (count["w"] < 2 || count["i"] < 1 || total["w"] < 25 || total["i"] < 8)
			print "seen too little: " count["w"] + 0 " workers with " total["w"] + 0 " calls, " count["i"] + 0 \
			      " importers with " total["i"] + 0
	}' "$1"
}
# what an importer may: files, nothing else
import=' close futex read write readv writev pread64 pwrite64 fdatasync fsync openat fstat newfstatat statx fstatfs lseek ftruncate
renameat renameat2 unlinkat fchmod getdents64 fcntl munmap mmap madvise getrandom clock_gettime restart_syscall rt_sigprocmask
rt_sigreturn getpid gettid tkill tgkill exit exit_group '

if command -v python3 >/dev/null && command -v openssl >/dev/null && curl -V | grep -q https; then
	port=$((20000 + $$ % 20000))
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$T/up.key" -out "$T/up.pem" -days 2 \
		-subj /CN=up.example -addext subjectAltName=DNS:localhost 2>/dev/null
	cat >"$T/up.py" <<-'END'
	import http.server, os, ssl, sys
	class H(http.server.BaseHTTPRequestHandler):
	    protocol_version = "HTTP/1.1"
	    def do_GET(self):
	        body = b'{"id":1,"text":"' + b'x' * 20000 + b'"}'
	        self.send_response(200)
	        self.send_header("Content-Type", "application/json")
	        self.send_header("Content-Length", str(len(body)))
	        self.end_headers()
	        self.wfile.write(body)
	    def log_message(self, *a): pass
	s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
	c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	c.load_cert_chain(sys.argv[1] + "/up.pem", sys.argv[1] + "/up.key")
	s.socket = c.wrap_socket(s.socket, server_side=True)
	open(sys.argv[1] + "/up.port", "w").write(str(s.server_port))
	s.serve_forever()
	END
	python3 "$T/up.py" "$T" 2>/dev/null &
	pids="$pids $!"
	until_true 10 test -s "$T/up.port" || bad 'no upstream'
	cat >"$T/conf" <<-EOF2
	config server
		list listen 'http://127.0.0.1:0'
		list listen 'https://127.0.0.1:$port'
		list tls_name '127.0.0.1'
		option public_url 'https://127.0.0.1:$port'
		option data '$T/data'
		option workers 4
		option audit_size 4m
		option syslog 'udp:127.0.0.1:9'
	config api 'demo'
		option document '$T/api.json'
		option answer_within '1s'
	config environment 'sandbox'
		option base_url 'https://localhost:$(cat "$T/up.port")'
		option ca '$T/up.pem'
	config environment 'other-sandbox'
		option base_url 'http://nowhere.invalid'
	config environment 'socket-sandbox'
		option base_url 'unix:$T/none.sock:/v1'
	EOF2
	rm -rf "$T/data"
	: >"$T/log"
	strace -f -s 200 -o "$T/trace" "$M" serve -c "$T/conf" >"$T/stdout" 2>"$T/log" </dev/null &
	tracer=$!
	pids="$pids $tracer"
	pid=$tracer
	RPC_MAX=20
	: >"$T/out"
	: >"$T/err"
	until_true 20 logged 'ready url=' && ok || { bad 'traced: never ready'; tail -3 "$T/log"; }
	addr=$(grep ' ready url=' "$T/log" | grep -o 'listen=127.0.0.1:[0-9]*' | grep -v ":$port" | head -1 | cut -d= -f2)
	super=$(children "$tracer" | tr -d ' ')
	pids="$pids $super"
	key=$("$M" key add test --environment sandbox --environment other-sandbox --environment socket-sandbox --data "$T/data" 2>/dev/null)
	curls="curl -sS -m 10 --cacert $T/data/tls/ca.pem"
	same 'TLS' ok "$($curls "https://127.0.0.1:$port/healthz")"
	rpc "$key" tools/call get_project '{"id":1}' | grep -q xxx && ok || bad 'a call over TLS'
	rpc "$key" tools/call get_project '{"id":1,"environment":"other-sandbox"}' >/dev/null
	rpc "$key" tools/call get_project '{"id":1,"environment":"socket-sandbox"}' >/dev/null
	rpc wrong tools/list >/dev/null
	get "/rest/demo/sandbox/projects/1" >/dev/null
	echo 'correct horse battery' | "$M" user add ada --role admin --password-stdin --data "$T/data" >/dev/null 2>&1
	for path in /.well-known/oauth-authorization-server /.well-known/oauth-protected-resource /login /apps /keys /ca /admin; do
		$curls "https://127.0.0.1:$port$path" >/dev/null
	done
	$curls -c "$T/jar" -d 'name=ada&password=correct+horse+battery' "https://127.0.0.1:$port/login" -o "$T/out" -w '%{http_code}\n' |
		grep -q '^30' && ok || bad 'a login'
	$curls -b "$T/jar" "https://127.0.0.1:$port/admin" >/dev/null
	$curls -H 'Content-Type: application/json' -d '{"redirect_uris":["http://127.0.0.1/cb"],"client_name":"x"}' \
		"https://127.0.0.1:$port/oauth/register" | grep -q client_id && ok || bad 'a client registers'
	$curls -d 'grant_type=authorization_code&code=x&client_id=y' "https://127.0.0.1:$port/oauth/token" >/dev/null
	head -c 300000 /dev/zero | curl -sS -m 5 -X POST -H 'Content-Type: application/json' --data-binary @- "http://$addr/mcp" >/dev/null 2>&1
	# enough lines for the next segment of the audit, by one connection and so one worker
	python3 - "$addr" "$key" <<-'END'
	import http.client, sys
	c = http.client.HTTPConnection(sys.argv[1])
	for i in range(700):
	    c.request("POST", "/mcp", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_project","arguments":'
	              '{"id":1,"environment":"socket-sandbox"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",'
	              '"io.modelcontextprotocol/clientCapabilities":{}}}}',
	              {"Authorization": "Bearer " + sys.argv[2], "Content-Type": "application/json",
	               "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2026-07-28",
	               "Mcp-Method": "tools/call", "Mcp-Name": "get_project"})
	    c.getresponse().read()
	END
	for i in 1 2 3 4; do
		"$M" key add "k$i" --data "$T/data" >/dev/null 2>&1
		"$M" key revoke "k$i" --data "$T/data" >/dev/null 2>&1
	done
	touch "$T/api.json"
	kill -HUP "$super"
	until_true 10 logged 'generation 2 is in force' && ok || bad 'a reload'
	serves 'after the reload'
	kill -TERM "$super"
	wait "$tracer"
	same 'its end' 0 "$?"
	ls "$T/data/audit" | grep -q -- '-00000002.log' && ok || bad "the audit began no second segment: $(ls "$T/data/audit" | xargs)"
	grep -q 'SIGSYS' "$T/trace" && bad "killed for a system call: $(grep -B1 SIGSYS "$T/trace" | head -2)" || ok
	strange "$T/trace" >"$T/strange"
	same 'what no list names' '' "$(head -5 "$T/strange")"
	# that it can fail: a call that no list names, of a worker and of an importer
	worker=$(awk '/accept4\(/ { print $1; exit }' "$T/trace")
	{ cat "$T/trace"; echo "$worker execve(\"/bin/sh\", [\"sh\"], 0x0) = 0"; } >"$T/trace2"
	strange "$T/trace2" | grep -q 'execve of a worker' && ok || bad 'a strange call would not be seen'
else
	echo 'skipped: the trace of everything: no python3, openssl or curl with https'
fi

# --- a user without rights ---------------------------------------------------------------------------------------
if [ "$(id -u)" -eq 0 ] && grep -q '^nobody:' /etc/passwd; then
	chmod 755 "$T"
	conf "	option user nobody"
	rm -rf "$T/data"
	start "$M" serve -c "$T/conf"
	ready 'as nobody'
	worker=$(children "$pid" | tr -d ' ')
	same 'the worker is nobody' "$(id -u nobody)" "$(awk '/^Uid:/ {print $2}' "/proc/$worker/status")"
	key=$("$M" key add test --data "$T/data" 2>/dev/null)
	serves 'as nobody'
	stop 'as nobody'
	key=$("$M" key add later --data "$T/data" 2>"$T/err")
	case $key in sk-*) ok ;; *) bad 'root adds a key to the store of nobody' ;; esac
	start "$M" serve -c "$T/conf"
	ready 'as nobody again'
	serves 'with the key that root added'
	stop 'as nobody again'
fi

# --- where the jail must be complete ------------------------------------------------------------------------------
conf "	option jail required"
rm -rf "$T/data"
start "$M" serve -c "$T/conf"
if until_true 10 logged 'ready url='; then
	logged 'not in force' && bad 'required, but something is missing' || ok
	stop required
else
	logged 'the jail is required and not complete' && ok || bad 'required: refused with a reason'
fi
conf "	option jail off"
start "$M" serve -c "$T/conf"
ready 'jail off'
worker=$(children "$pid" | tr -d ' ')
have CapEff 0000000000000000
stop 'jail off'
summary
