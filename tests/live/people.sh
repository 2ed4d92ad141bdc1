#!/bin/sh
# People: `user`, `team`, `invite`, with a server and without one, and what a browser does with them, by curl: log in,
# the throttle, invites, passwords, sessions that end. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
conf
user() { run "$M" user "$@" -c "$T/conf"; }
password() { printf '%s\n' "$1" >"$T/password"; shift; timeout 30 "$M" user "$@" --password-stdin -c "$T/conf" \
	>"$T/out" 2>"$T/err" <"$T/password"; rc=$?; }

# --- without a server -----------------------------------------------------------------------------------------
user add Ada --role admin
expect 'a user without a password gets an invite' 0 out '/invite/................................$' err 'once, for 15 minutes'
password 'correct horse 1' add bob --display 'Bob <b>&amp;' --team main
expect 'a user with a password' 0 err 'bob: added'
password short add eve
expect 'a short password' 1 err '10 characters or more'
password 'aaaaaaaaaaaaaaaa' add eve
expect 'a weak password' 1 err 'too easy to guess'
user add bob
expect 'a name that is taken' 1 err 'there is a user of this name'
user add 'a b'
expect 'a name that is none' 1 err 'a user name is 1 to 40'
user add zed --team ops
expect 'a team that is not there' 1 err 'there is no team of this name'
user role nobody viewer
expect 'nobody' 1 err 'there is no user of this name'
user lost bob
expect 'usage' 2
run "$M" team add ops --title Operations -c "$T/conf"
expect 'a team' 0 err 'ops: added'
run "$M" team add ops -c "$T/conf"
expect 'a team twice' 1 err 'there is a team of this name'
run "$M" team list --json -c "$T/conf"
expect 'teams' 0 out '"name":"ops","title":"Operations"'
user set bob --team ops
expect 'another team' 0 err 'bob: changed'
user list
expect 'users' 0 out '^bob	Bob <b>&amp;	ops	member	active	no	20' out '^ada	-	main	admin	invited	no	20'

# --- resuming takes an administrator's password, with a server and without ------------------------------------------
password 'correct horse 2' add root --role admin
password 'correct horse 3' add chief --role admin --team ops
resume() { # resume PASSWORD NAME
	printf '%s\n' "$1" >"$T/password"
	timeout 30 "$M" stop-all --resume --user "$2" --password-stdin -c "$T/conf" >"$T/out" 2>"$T/err" <"$T/password"
	rc=$?
}
stops() {
	run "$M" stop-all -c "$T/conf"
	expect "stopped $1" 0 out 'stopped'
	run "$M" stop-all --resume -c "$T/conf"
	expect "nobody $1" 2 err 'takes the password of an administrator: --user NAME'
	run "$M" stop-all --resume --user root -c "$T/conf"
	expect "nobody to ask $1" 2 err 'where nobody can be asked'
	resume 'correct horse 9' root
	expect "a wrong password $1" 1 err 'this is not the password'
	for who in bob chief nobody ada; do # a member, an admin of another team, nobody, one without a password
		resume 'correct horse 3' $who
		expect "$who may not $1" 1 err 'the password of an administrator'
	done
	run "$M" switch -c "$T/conf"
	expect "still stopped $1" 0 out 'nothing is served'
	resume 'correct horse 2' root
	expect "resumed $1" 0 out 'everything is on'
}
stops 'without a server'
run "$M" stop-all -c "$T/conf"
python3 - "$M" "$T/conf" >"$T/out" 2>&1 <<'EOF'
import os, pty, sys
seen, sent = b'', False
pid, fd = pty.fork()
if not pid:
    os.execv(sys.argv[1], ['mcpgated', 'stop-all', '--resume', '--user', 'root', '-c', sys.argv[2]])
try:
    while True:
        seen += os.read(fd, 1000)
        if b'password of root: ' in seen and not sent:
            sent = True
            os.write(fd, b'correct horse 2\n')
except OSError:
    pass
print(seen.decode(), os.waitpid(pid, 0)[1])
EOF
grep -q 'everything is on' "$T/out" && ! grep -q 'horse' "$T/out" && ok || bad 'asked on a terminal, and not shown'

# --- with a server ----------------------------------------------------------------------------------------------
start "$M" serve -c "$T/conf"
ready 'the server starts'
jar=$T/jar
web() { # web METHOD PATH [FORM]: status in $code, head and body in $T/web
	code=$(curl -sS -m 30 -o "$T/body" -D "$T/head" -w '%{http_code}' -b "$jar" -c "$jar" -X "$1" \
		${3+-d "$3"} "http://$addr$2")
	cat "$T/head" "$T/body" >"$T/out"
}
sees() { # sees NAME CODE PATTERN...
	name=$1 want=$2
	shift 2
	[ "$code" = "$want" ] || { bad "$name: status $code, wanted $want"; return; }
	for p in "$@"; do
		grep -q -- "$p" "$T/out" || { bad "$name: no '$p'"; return; }
	done
	ok
}
csrf() { sed -n 's/.*name="csrf" value="\([^"]*\)".*/\1/p' "$T/body" | head -1; }
web GET /login
sees 'the form' 200 '<form method="post" action="/login">' "frame-ancestors 'none'" "default-src 'none'" 'no-store'
web POST /login 'name=bob&password=wrong+password'
sees 'a wrong password' 403 'do not belong together'
web POST /login 'name=nobody&password=wrong+password'
sees 'an unknown name looks the same' 403 'do not belong together'
web POST /login 'name=ada&password='
sees 'a user without a password' 403 'do not belong together'
web POST /login 'name=bob&name=ada&password=x'
sees 'a field twice' 400 'could not be read'
web POST /login 'name=bob&password=%00'
sees 'a NUL' 400 'could not be read'
same 'a form of another type' 415 "$(status -H 'Content-Type: text/plain' -d 'name=bob' "http://$addr/login")"
same 'a form of another site' 403 "$(status -H 'Sec-Fetch-Site: cross-site' -d 'name=bob&password=correct+horse+1' "http://$addr/login")"
same 'an origin of another site' 403 "$(status -H 'Origin: http://evil.example' -d 'name=bob&password=correct+horse+1' "http://$addr/login")"
web POST /login 'name=BOB&password=correct+horse+1&next=//evil.example/'
sees 'logged in, and not led elsewhere' 303 '^Location: /account' 'Set-Cookie: mcpgated=.*; Path=/; HttpOnly; SameSite=Lax'
first=$(awk '$6 == "mcpgated" { print $7 }' "$jar")
web POST /login 'name=bob&password=correct+horse+1&next=/keys?a=b'
sees 'logged in, and led back' 303 '^Location: /keys?a=b'
[ "$first" != "$(awk '$6 == "mcpgated" { print $7 }' "$jar")" ] && ok || bad 'each login has a session of its own'
web POST /logout 'csrf=wrong'
sees 'logging out takes the right form' 403 'out of date'
web GET /login
sees 'the form is not shown to who is in' 303 '^Location: /account'

# --- the console changes what browsers may --------------------------------------------------------------------------
user disable bob
expect 'disabled' 0 err 'bob: disabled'
web GET /login
sees 'a disabled user is out at once' 200 '<form method="post" action="/login">'
web POST /login 'name=bob&password=correct+horse+1'
sees 'and may not come in' 403 'do not belong together'
user enable bob
expect 'enabled' 0
for i in 1 2 3 4 5 6 7 8 9 10; do
	web POST /login 'name=bob&password=wrong+password'
done
web POST /login 'name=bob&password=correct+horse+1'
sees 'too many failures' 429 'too many failed attempts' '^Retry-After'
web POST /login 'name=ada&password=wrong+password'
sees 'of this account alone' 403 'do not belong together'
password 'battery staple 2' passwd bob
expect 'the console sets a password whatever the browser tried' 0 err 'bob: changed'
web POST /login 'name=bob&password=correct+horse+1'
sees 'the old one is over' 403 'do not belong together'
web POST /login 'name=bob&password=battery+staple+2'
sees 'the new one holds' 303

# --- the account: password, second factor, everywhere ---------------------------------------------------------------
cp "$jar" "$T/other" # another browser of the same session's age
web GET /account
sees 'the account' 200 'Bob &lt;b&gt;&amp;amp; (user name bob), team ops, role member' 'It is off'
c=$(csrf)
web POST /account/password "csrf=$c&old=wrong+password+x&new=staple+battery+3&again=staple+battery+3"
sees 'a wrong current password' 403 'current password is not right'
web POST /account/password "csrf=$c&old=battery+staple+2&new=staple+battery+3&again=staple+battery+4"
sees 'two that differ' 403 'two new passwords differ'
web POST /account/password "csrf=${c}x&old=battery+staple+2&new=staple+battery+3&again=staple+battery+3"
sees 'a form of nobody' 403 'out of date'
web POST /account/password "csrf=$c&old=battery+staple+2&new=staple+battery+3&again=staple+battery+3"
sees 'a new password' 200 'The new password holds'
c=$(csrf)
same 'the other browser is out' 1 "$(curl -sS -b "$T/other" "http://$addr/account" | grep -c 'action="/login"')"
web POST /account/factor "csrf=$c"
sees 'a second factor is offered' 200 'otpauth://totp/mcpgated:bob?secret='
secret=$(sed -n 's,^<p><code>\([a-z2-7]*\)</code></p>,\1,p' "$T/body")
offer=$(sed -n 's/.*name="offer" value="\([^"]*\)".*/\1/p' "$T/body")
code_of() { # code_of OFFSET: what an authenticator app shows that many time steps from now
	python3 -c 'import base64, hashlib, hmac, struct, sys, time
key = base64.b32decode(sys.argv[1].upper())
mac = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + int(sys.argv[2])), hashlib.sha1).digest()
at = mac[-1] & 15
print("%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 1000000))' "$secret" "$1"
}
web POST /account/factor/on "csrf=$(csrf)&offer=$offer&code=000000"
sees 'a wrong code turns nothing on' 403 'This code is not right'
web POST /account/factor/on "csrf=$(csrf)&offer=$offer&code=$(code_of 0)"
sees 'the second factor is on' 200 'Recovery codes'
recovery=$(sed -n 's,^<li><code>\(.*\)</code></li>,\1,p' "$T/body")
same 'eight recovery codes' 8 "$(echo "$recovery" | wc -l)"
c=$(csrf)
web POST /account/everywhere "csrf=$c"
sees 'everywhere' 303 '^Location: /login' 'Max-Age=0'
web GET /account
sees 'out' 200 'action="/login"'

half() { # logs in with the password: half a session
	rm -f "$jar"
	web POST /login 'name=bob&password=staple+battery+3&next=/keys'
	web GET /keys
}
half
sees 'the password alone is half a session' 200 'action="/login/code"' 'value="/keys"'
web POST /keys "csrf=$(csrf)&name=x&access=read"
sees 'which makes no key' 403 'out of date'
half
web POST /login/code "csrf=$(csrf)&next=/keys&code=123"
sees 'a wrong code' 403 'not right'
used=$(code_of 0)
web POST /login/code "csrf=$(csrf)&next=/keys&code=$used"
sees 'the right code' 303 '^Location: /keys' '^Set-Cookie: mcpgated='
half
web POST /login/code "csrf=$(csrf)&next=/keys&code=$used"
sees 'the same code again' 403 'used already'
one=$(echo "$recovery" | sed -n 2p)
web POST /login/code "csrf=$(csrf)&next=/keys&code=$(echo "$one" | tr a-z A-Z | tr -d -)"
sees 'a recovery code' 303 '^Location: /keys'
web GET /account
sees 'one less' 200 '7 recovery codes are left'
half
web POST /login/code "csrf=$(csrf)&code=$one"
sees 'it works once' 403 'not right'
for i in 1 2 3 4 5 6; do
	web POST /login/code "csrf=$(csrf)&code=000000"
	[ "$code" = 403 ] || break
done
half
web POST /login/code "csrf=$(csrf)&code=$(echo "$recovery" | sed -n 3p)"
sees 'codes cannot be tried for long' 429 'too many failed attempts'
password 'battery staple 4' passwd bob --no-second-factor
expect 'the console takes it off' 0
web POST /login 'name=bob&password=battery+staple+4'
web GET /account
sees 'and the password is enough' 200 'It is off'

# --- keys of a person -------------------------------------------------------------------------------------------------
web GET /keys
sees 'no keys yet' 200 'You have no keys'
c=$(csrf)
web POST /keys "csrf=$c&name=&access=read"
sees 'a key needs a name' 400 'in 1 to 40 characters'
web POST /keys "csrf=$c&name=lap%3Cb%3E&api=demo&access=read&expires=30"
sees 'a key is made' 200 'not shown again'
key=$(sed -n 's,^<p><code class="whole">\(sk-.*\)</code></p>,\1,p' "$T/body")
works() { rpc "$key" tools/list | grep -c '"tools"'; }
same 'it works' 1 "$(works)"
web GET /keys
sees 'it is listed' 200 'lap&lt;b&gt;' '; demo' 'ends 20'
id=$(sed -n 's/.*name="id" value="\([^"]*\)".*/\1/p' "$T/body")
run "$M" key list --json -c "$T/conf"
expect 'the console sees whose it is' 0 out '"user":"bob"'
run "$M" key add boxkey --json -c "$T/conf"
other=$(sed -n 's/.*"id":"\([^"]*\)".*/\1/p' "$T/out")
web POST /keys/revoke "csrf=$c&id=$other"
sees 'the key of somebody else' 404 'not yours'
user disable bob
same 'it ends with its owner' 0 "$(works)"
user enable bob
same 'and comes back' 1 "$(works)"
web POST /login 'name=bob&password=battery+staple+4'
web GET /keys
web POST /keys/revoke "csrf=$(csrf)&id=$id"
sees 'it is revoked' 303 '^Location: /keys'
same 'it works no more' 0 "$(works)"
web GET /keys
web POST /keys "csrf=$(csrf)&name=again&access=write&production=yes"
key=$(sed -n 's,^<p><code class="whole">\(sk-.*\)</code></p>,\1,p' "$T/body")
cp "$jar" "$T/bob"

# --- invites ------------------------------------------------------------------------------------------------------------
run "$M" invite carol --role viewer --display Carol -c "$T/conf"
expect 'an invite' 0 out '^http://.*/invite/................................$'
link=$(cat "$T/out")
path=/invite/${link##*/}
web GET "$path"
web GET "$path"
sees 'looking spends nothing' 200 'Hello Carol' 'action="/invite"'
web POST /invite "code=${link##*/}&new=short&again=short"
sees 'a short password does not, either' 403 '10 characters or more'
rm -f "$jar"
web POST /invite "code=${link##*/}&new=carols+horse+1&again=carols+horse+1"
sees 'taken' 303 '^Location: /account' '^Set-Cookie: mcpgated='
web GET /account
sees 'and logged in' 200 'Carol (user name carol), team main, role viewer'
web POST /invite "code=${link##*/}&new=carols+horse+2&again=carols+horse+2"
sees 'it works once' 410 'was used'
web GET "$path"
sees 'it is gone' 410 'was used'
web POST /login 'name=carol&password=carols+horse+1'
sees 'the password holds' 303
web GET /invite/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
sees 'no such invite' 410
curl -sS -H 'Accept-Language: de, ru;q=0.8, en;q=0.5' "http://$addr/login" >"$T/out"
grep -q 'lang="ru"' "$T/out" && ok || bad 'the language that is wanted'
curl -sS -H 'Accept-Language: en-GB, ru;q=0.8' "http://$addr/login" >"$T/out"
grep -q 'lang="en"' "$T/out" && ok || bad 'the language that is wanted more'

cp "$T/bob" "$jar"
# --- a stranger guesses, and the queue is full -----------------------------------------------------------------------------
out=$(hostname -I 2>/dev/null | tr ' ' '\n' | grep -m1 '^[0-9.]*$' || true)
if [ -n "$out" ]; then
	cp "$T/conf" "$T/conf.was"
	stop 'for another address'
	sed "s,list listen .*,list listen '0.0.0.0:0',; s,option data,option public_url 'https://box.example'\n\t&," "$T/conf.was" >"$T/conf"
	start "$M" serve -c "$T/conf"
	ready 'for another address'
	port=${addr##*:}
	from() { # from ADDRESS PASSWORD
		curl -sS -m 30 -o /dev/null -w '%{http_code}' -H 'Host: box.example' -d "name=carol&password=$2" "http://$1:$port/login"
	}
	for i in 1 2 3 4 5 6 7 8 9 10; do
		from "$out" wrong+password >/dev/null
	done
	same 'a stranger has guessed enough' 429 "$(from "$out" carols+horse+1)"
	same 'and the owner comes in from elsewhere' 303 "$(from 127.0.0.1 carols+horse+1)"
	cp "$T/conf.was" "$T/conf"
	stop 'for another address'
	start "$M" serve -c "$T/conf"
	ready 'back'
fi
chosen=$(printf 'A%.0s' $(seq 43))
curl -sS -m 30 -o /dev/null -D "$T/out" -H "Cookie: mcpgated=$chosen" -d 'name=carol&password=carols+horse+1' "http://$addr/login"
grep -q 'Set-Cookie: mcpgated=' "$T/out" && ! grep -q "$chosen" "$T/out" && ok || bad 'a session that somebody chose is not taken over'
same 'it stays worth nothing' 1 "$(curl -sS -H "Cookie: mcpgated=$chosen" "http://$addr/account" | grep -c 'action="/login"')"
# all at once, before the first of them is judged
curl -sS -Z --parallel-immediate -m 60 -d 'name=nobody1&password=wrong+password' -o "$T/page.#1" -w '%{http_code}\n' \
	"http://$addr/login#[1-8]" >"$T/logins" &
logins=$!
sleep 0.3
for i in 1 2 3 4 5 6 7 8 9; do
	curl -sS -m 5 -o /dev/null -w '%{time_total}\n' "http://$addr/healthz"
done | sort -n >"$T/out"
awk 'NR == 5 { exit $1 > 0.1 }' "$T/out" && ok || bad 'a ping beside logins is quick'
wait $logins
same 'one is worked on, four wait, the others come again' '403 403 403 403 403 429 429 429' \
	"$(sort "$T/logins" | tr '\n' ' ' | sed 's/ $//')"
stops 'with a server'
user list --json
expect 'a list from the server' 0 out '"name":"bob","display":"Bob <b>&amp;","team":"ops"'
user remove bob
expect removed 0 err 'bob: removed'
web GET /login
sees 'a removed user is out' 200 '<form method="post" action="/login">'
same 'and so is the key' 0 "$(works)"
user add bob
same 'also for a new one of that name' 0 "$(works)"
stop 'the end'
for secret in 'battery staple' "$first" 'invite/' "${link##*/}" "$secret" "$one" "$key"; do
	grep -q -- "$secret" "$T/log" && bad "'$secret' stands in the log" || ok
	grep -qr -- "$secret" "$T/data/store" && bad "'$secret' stands in the store" || ok
done
summary
