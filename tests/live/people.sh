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
password 'battery staple 2' passwd bob
expect 'the console sets a password whatever the browser tried' 0 err 'bob: changed'
web POST /login 'name=bob&password=correct+horse+1'
sees 'the old one is over' 403 'do not belong together'
web POST /login 'name=bob&password=battery+staple+2'
sees 'the new one holds' 303
user list --json
expect 'a list from the server' 0 out '"name":"bob","display":"Bob <b>&amp;","team":"ops"'
user remove bob
expect removed 0 err 'bob: removed'
web GET /login
sees 'a removed user is out' 200 '<form method="post" action="/login">'
stop 'the end'
for secret in 'battery staple' "$first" 'invite/'; do
	grep -q -- "$secret" "$T/log" && bad "'$secret' stands in the log" || ok
	grep -qr -- "$secret" "$T/data/store" && bad "'$secret' stands in the store" || ok
done
summary
