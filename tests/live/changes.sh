#!/bin/sh
# A document that means something else than before: with option changes 'hold' it is not served until a person has taken
# it; what only says it in other words is. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"

document() { # document TYPE WORDS [MORE]
	cat >"$T/api.json.new" <<-END
	{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{"/a/{id}":{"get":{"operationId":"read_a","summary":"$2","parameters":[
	{"name":"id","in":"path","required":true,"schema":{"type":"$1"}}],"responses":{}}}${3:-}}}
	END
	mv "$T/api.json.new" "$T/api.json"
}
document integer 'Words of the first'
conf
sed -i "s|option document .*|&\n	option changes 'hold'|" "$T/conf"
start "$M" serve -c "$T/conf"
ready start
key=$("$M" key add test --data "$T/data" 2>/dev/null)
tool() { rpc "$key" tools/list; }
says() { tool | grep -q -- "$1"; }
generation() { grep -c 'is in force' "$T/log"; }
says '"type":"integer"' && ok || bad 'the first document is served'

document integer 'Other words'
until_true 10 says 'Other words' && ok || bad 'other words are served'
[ ! -e "$T/data/catalogs/demo.new.cat" ] && ok || bad 'nothing waits'

document string 'Words of the third' ',"/b":{"get":{"operationId":"read_b","responses":{}}}'
until_true 10 logged 'tools of its new document mean something else' && ok || bad 'it is told'
until_true 10 logged 'generation 3 is in force' && ok || bad 'the rest goes on'
says '"type":"integer"' && says 'Other words' && ok || bad 'it is served as it was'
says read_b && bad 'nothing of the new one is served' || ok
run "$M" catalog diff "$T/data/catalogs/demo.cat" "$T/data/catalogs/demo.new.cat"
expect 'what would change' 3 out 'argument id was integer, is string' out 'read_b'
kill -HUP "$pid"
until_true 10 logged 'generation 4 is in force' && ok || bad 'a reload'
says '"type":"integer"' && ok || bad 'it still waits'

run "$M" catalog accept "$T/data/catalogs/demo.cat"
expect 'it is taken' 0
until_true 10 says read_b && ! says '"type":"integer"' && ok || bad 'and served'
run "$M" catalog accept "$T/data/catalogs/demo.cat"
expect 'once' 1 err 'nothing waits'
stop 'the end'
summary
