#!/bin/sh
# The commands, one by one: what they print, where, and how they end. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
doc=$top/fs/demo/openapi.json

# --- finding one's way ------------------------------------------------------------------------------------
run "$M"
expect 'no command' 2 out 'usage: mcpgated COMMAND'
run "$M" help
expect help 0 out 'Start with `mcpgated demo`'
for c in serve check demo call import lint catalog init key credential help version; do
	run "$M" $c --help
	expect "$c --help" 0 out "^usage: mcpgated $c"
	run "$M" help $c
	expect "help $c" 0 out "^usage: mcpgated $c"
	grep -q "^  $c " "$top/fs/help/mcpgated.txt" && ok || bad "$c is in the overview"
done
for f in "$top"/fs/help/*.txt; do
	run "$M" help "$(basename "$f" .txt)"
	cmp -s "$f" "$T/out" && ok || bad "help $(basename "$f" .txt) is $f, byte by byte"
done
run "$M" help config
expect 'help config' 0 out 'option base_url' out 'default: 127.0.0.1:8080'
run "$M" help nonsense
expect 'help nonsense' 2 err "no command 'nonsense'"
run "$M" srve
expect 'a misspelt command' 2 err "did you mean 'serve'?"
run "$M" serve --confg x
expect 'a misspelt option' 2 err 'did you mean --config?'
run "$M" serve -c
expect 'a missing value' 2 err '--config takes a value'
run "$M" serve now
expect 'a word too many' 2 err "'now' is one word too many"
run "$M" --version
expect version 0 out '^mcpgated '

"$M" help config markdown | grep '^| `' >"$T/rows"
while IFS= read -r row; do
	grep -qF -- "$row" "$top/README.md" || bad "README.md lacks (run sh tools/reference): $row"
done <"$T/rows"
[ -s "$T/rows" ] && ok || bad 'help config markdown'

# --- init and check -----------------------------------------------------------------------------------------
cd "$T" || exit 1
run "$M" init
expect 'init without words' 2 err '--document and --base-url are needed'
run "$M" init --document "$doc" --base-url nonsense
expect 'init with a bad URL' 2 err '--base-url is like'
run "$M" init --document "$doc" --base-url http://127.0.0.1:9/v1 --name admin
expect 'init with a name of ours' 2 err "the name 'admin' is a path of the server itself"
run "$M" init --document "$doc" --base-url http://127.0.0.1:9/v1 --name demo -c "$T/first.conf"
expect init 0 err '26 operations become tools' err 'mcpgated check -c'
run "$M" init --document "$doc" --base-url http://127.0.0.1:9/v1 -c "$T/first.conf"
expect 'init does not overwrite' 1 err 'is there already: --force replaces it'
run "$M" init --document "$doc" --base-url http://127.0.0.1:9/v1 -c -
expect 'init to standard output' 0 out "config api 'demo-project-management'"
run "$M" init --document "$T/none.json" --base-url http://127.0.0.1:9/v1
expect 'init without a document' 1 err 'No such file'
run "$M" check -c "$T/first.conf"
expect check 0 out '26 tools (12 read, 10 write, 4 destructive)' out 'tools/list about [0-9]* tokens' out '  together ' \
	err 'the configuration is fine'
sed 's/option listen/option lisen/' "$T/first.conf" >"$T/bad.conf"
run "$M" check -c "$T/bad.conf"
expect 'check of a mistake' 1 err "bad.conf:2: config server has no option 'lisen'; did you mean 'listen'?"
sed '/config environment/,$d' "$T/first.conf" >"$T/bad.conf"
run "$M" check -c "$T/bad.conf"
expect 'check without environment' 1 err "config environment 'production'"

# --- import, catalog, lint ------------------------------------------------------------------------------------
cp "$doc" "$T/api.json"
run "$M" import "$T/api.json" --report "$T/report.json"
expect import 0 err "written: $T/api.cat"
grep -q '"imported": *26' "$T/report.json" && ok || bad 'the report counts'
run "$M" import "$T/none.json"
expect 'import of nothing' 1 err 'none.json: No such file'
echo '{"openapi":"3.0.0","info":{"title":"x","version":"1"},"paths":{"/a":{"get":{"operationId":"a","responses":{}}},"/b{c":{"post":{"operationId":"b","responses":{}}}}}' >"$T/lossy.json"
run "$M" import "$T/lossy.json"
expect 'import with losses' 3 err '/b' err 'written'
rm -f "$T/lossy.cat"
run "$M" import "$T/lossy.json" --strict
expect 'import --strict' 1 err '/b'
[ ! -e "$T/lossy.cat" ] && ok || bad '--strict writes nothing'
echo 'openapi: 3.0.0' >"$T/not.json"
run "$M" import "$T/not.json"
expect 'import of no document' 1 err 'not.json'
for c in "$T/api.cat" "$T/api.json"; do
	run "$M" catalog show "$c"
	expect "show $c" 0 out '^list_tasks	read	GET	/tasks' err '26 operations'
done
run "$M" catalog show "$T/api.cat" update_task
expect 'show a tool' 0 out 'operationId: update_task' out '  project_id  .*integer' out '"inputSchema"'
run "$M" catalog show "$T/api.cat" nothing
expect 'show no tool' 1 err "no tool 'nothing'"
run "$M" catalog search "$T/api.cat" time entries of a task
expect search 0 out '^list_task_time_entries'
run "$M" catalog search "$T/api.cat" zebra
expect 'search for nothing' 1 err 'nothing found'
run "$M" catalog diff "$T/api.cat" "$T/api.json"
expect 'no difference' 0 err '0 differences'
sed 's/"List people"/"List the people"/; s/"operationId":"search"/"operationId":"find"/' "$T/api.json" >"$T/new.json"
run "$M" catalog diff "$T/api.cat" "$T/new.json"
expect differences 3 out '^renamed	search' out '^	is called find now' out '^words	list_people' \
	err '2 differences: 0 added, 0 removed, 1 renamed, 0 changed, 1 only in words'
run "$M" catalog diff "$T/api.cat" "$T/new.json" --json
expect 'differences as JSON' 3 out '"change":"renamed","name":"search","method":"GET","path":"/search","what":\["is called find now"\]'
head -c 2000 "$T/api.cat" >"$T/torn.cat"
run "$M" catalog show "$T/torn.cat"
expect 'a torn catalog' 1 err 'torn.cat: not a catalog'
run "$M" lint "$T/lossy.json"
expect lint 3 out 'no-description'
run "$M" lint "$T/lossy.json" --json
expect 'lint --json' 3 out '"rule":"no-description"' out '"tokens":{"a":'
run "$M" lint "$T/lossy.json" --tokens
expect 'lint --tokens' 3 out '^a	tokens	[1-9]'
# what clients refuse: 101 tools, one with a long name, one whose description an overlay made long
python3 - "$T/wide.json" "$T/long.json" <<'PY'
import json, sys
paths = {"/t%d" % i: {"get": {"operationId": "tool%d" % i, "summary": "A tool to do thing %d" % i, "responses": {}}} for i in range(100)}
paths["/long"] = {"get": {"operationId": "n" * 53, "summary": "A tool with a long name", "responses": {}}}
json.dump({"openapi": "3.0.0", "info": {"title": "x", "version": "1"}, "paths": paths}, open(sys.argv[1], "w"))
json.dump({"overlay": "1.0.0", "info": {"title": "o", "version": "1"}, "actions": [
    {"target": "$.paths['/t1'].get", "update": {"x-gate": {"description": "word \"x\" " * 120}}}]}, open(sys.argv[2], "w"))
PY
run "$M" import "$T/wide.json" -o "$T/wide.cat" --overlay "$T/long.json"
run "$M" lint "$T/wide.cat"
expect 'lint: what clients refuse' 3 out 'many-tools	101 tools: Windsurf takes at most 100' out 'nnn	long-name	53 characters: Cursor' \
	err '101 tools, about [0-9]* tokens; [2-9] findings' \
	err '^mode auto: 101 operations, about [0-9]* tokens a list (above 100 operations): code mode would be chosen; this version'
same 'lint: nothing more' 'long-name many-tools' "$(cut -f2 "$T/out" | grep -v long-description | sort -u | tr '\n' ' ' | sed 's/ $//')"
run "$M" catalog show "$T/wide.cat"
expect 'catalog show: what auto decides' 0 err '^mode auto: 101 operations.*code mode would be chosen'
python3 - "$T/wide.json" "$T/fits.json" <<'PY'
import json, sys
d = json.load(open(sys.argv[1])); del d["paths"]["/t99"]; json.dump(d, open(sys.argv[2], "w"))
PY
run "$M" lint "$T/fits.json" --json
expect 'lint: as many as auto serves as tools' 3 out '"mode":{"auto":"tools","served":"tools","text":"auto: 100 operations' err '^mode auto: 100 operations.*: tools (up to 100'

# --- keys, with and without a server ----------------------------------------------------------------------------
one=$(printf '%048d' 7)
key() { "$M" key "$@" --data "$T/kdata" 2>"$T/err"; }
k=$(key add laptop --expires 30d)
case $k in sk-???????????????????????????????????????????) ok ;; *) bad "a key alone on standard output: $k" ;; esac
grep -q 'shown this once' "$T/err" && ok || bad 'what to do with it on standard error'
key list | grep -q '	laptop	' && ok || bad 'list'
key list --json | grep -q '"name":"laptop"' && ok || bad 'list --json'
[ "$(key list | grep -c "$k")" = 0 ] && ok || bad 'the key is not shown again'
echo "sk-$one" | "$M" key add imported --data "$T/kdata" --secret-stdin >"$T/out" 2>"$T/err"
same 'a given secret is printed as it is' "sk-$one" "$(cat "$T/out")"
echo "sk-$one" | "$M" key add again --data "$T/kdata" --secret-stdin >"$T/out" 2>"$T/err"
same 'twice the same secret' 1 "$?"
grep -q 'already a key' "$T/err" && ok || bad 'twice the same secret is told'
echo short | "$M" key add short --data "$T/kdata" --secret-stdin >"$T/out" 2>"$T/err"
same 'a short secret' 1 "$?"
run "$M" key revoke laptop --data "$T/kdata"
expect revoke 0 err 'revoked'
run "$M" key revoke laptop --data "$T/kdata"
expect 'revoke twice' 1 err 'no .*key'
run "$M" key add --data "$T/kdata"
expect 'a key without a name' 2 err "the key's name (after add) is missing"
run "$M" key add x --expires soon --data "$T/kdata"
expect 'a bad time' 2 err '--expires is a time such as'
run "$M" key add x --api gita -c "$T/first.conf"
expect 'a key for no api' 2 err "there is no api 'gita'"
run "$M" key frobnicate --data "$T/kdata"
expect 'no such verb' 2 err 'none of add, list, revoke'

# --- credentials ----------------------------------------------------------------------------------------------------
echo s3cr3t | "$M" credential add main --data "$T/kdata" >"$T/out" 2>"$T/err"
same 'credential add' 0 "$?"
run "$M" credential list --data "$T/kdata"
expect 'credential list' 0 out '^main$'
grep -r s3cr3t "$T/kdata" >/dev/null && bad 'the secret lies on disk in clear' || ok
run "$M" credential remove main --data "$T/kdata"
expect 'credential remove' 0 err removed
run "$M" credential remove main --data "$T/kdata"
expect 'credential remove twice' 1 err 'no such credential'

# --- the examples can be read as they are -----------------------------------------------------------------------------
for f in "$top"/fs/etc/examples/*.conf; do
	run "$M" key list -c "$f" --data "$T/kdata"
	expect "$(basename "$f")" 0
	sed "s,/var/lib/mcpgated,$T/edata," "$f" >"$T/example.conf"
	run "$M" key list -c "$T/example.conf"
	expect "$(basename "$f"), read in full" 0 out '^ID'
done

# --- which servers beside the APIs cannot be reached ---------------------------------------------------------------------
cat >"$T/reach.conf" <<END
config server
	option data '$T/rdata'
	option issuer 'https://id.example'
	option issuer_keys 'http://127.0.0.1:9/keys'
	option issuer_introspect 'http://127.0.0.1:10/introspect'
	option issuer_audience 'x'
config api 'demo'
	option document '$top/fs/demo/openapi.json'
config environment 'sandbox'
	option base_url 'http://127.0.0.1:11'
	option credential_from 'user'
	option authorize_url 'http://127.0.0.1:12/authorize'
	option token_url 'http://127.0.0.1:13/token'
	option client_id 'gate'
END
run "$M" check -c "$T/reach.conf"
expect 'check: an issuer whose keys are out of reach' 0 err 'issuer_keys: 127.0.0.1:9 could not be reached'
expect 'check: its introspection' 0 err 'issuer_introspect: 127.0.0.1:10 could not be reached'
expect "check: where an API's tokens come from" 0 err 'token_url: 127.0.0.1:13 could not be reached'

# --- a credential of the store reaches the API it is for, and no other way in --------------------------------------------
"$M" demo --listen 127.0.0.1:0 --data "$T/demo" >"$T/stdout" 2>"$T/log" </dev/null &
pid=$!
pids="$pids $pid"
until_true 10 grep -q 'Ctrl-C ends it' "$T/stdout" && ok || bad 'the demo starts'
conf
sed -i "s,option base_url .*,option base_url 'unix:$T/demo/demo.sock:/sandbox/v1'," "$T/conf"
run "$M" call -c "$T/conf" demo get_status
expect 'without a credential' 1 out 'HTTP 401'
printf "	option credential_name X-Demo-Token\n	option credential_from store:tok/en\n" >>"$T/conf"
run "$M" call -c "$T/conf" demo get_status
expect 'a credential that is not there' 1 out 'no credential for this environment'
"$M" credential add tok/en -c "$T/conf" <"$T/demo/demo-production.token" 2>/dev/null
run "$M" call -c "$T/conf" demo get_status
expect 'another credential' 1 out 'HTTP 401'
"$M" credential add tok/en -c "$T/conf" <"$T/demo/demo-sandbox.token" 2>/dev/null
run "$M" call -c "$T/conf" demo get_status
expect 'the right one' 0 out '"data":"sandbox"'
grep -q "$(cat "$T/demo/demo-sandbox.token")" "$T/out" "$T/err" && bad 'the secret is shown' || ok
sed -i "s,store:tok/en,file:$T/demo/demo-sandbox.token," "$T/conf"
run "$M" call -c "$T/conf" demo get_status
expect 'from a file' 0 out '"data":"sandbox"'
sed -i "s,file:.*,env:DEMO_TOKEN," "$T/conf"
run env DEMO_TOKEN="$(cat "$T/demo/demo-sandbox.token")" "$M" call -c "$T/conf" demo list_tasks per_page=1 'sort=-id'
expect 'from the environment' 0 out '"per_page":1'
echo '{"per_page":1,"q":"go"}' >"$T/arguments"
DEMO_TOKEN="$(cat "$T/demo/demo-sandbox.token")" "$M" call -c "$T/conf" --stdin --json demo list_tasks <"$T/arguments" >"$T/out" 2>"$T/err"
rc=$?
expect 'arguments on standard input, JSON out' 0 out '"isError":false' out 'Go live'
stop 'the demo'

# --- call, without a server -------------------------------------------------------------------------------------------
conf
run "$M" call -c "$T/conf" demo get_project id=1
expect 'call where nobody listens' 1 out '127.0.0.1:9'
run "$M" call -c "$T/conf" dem get_project id=1
expect 'call of no api' 2 err "there is no api 'dem'; did you mean 'demo'?"
run "$M" call -c "$T/conf" --environment live demo get_project id=1
expect 'call of no environment' 2 err "there is no environment 'live'"
run "$M" call -c "$T/conf" demo get_projct id=1
expect 'call of no tool' 2 err 'Unknown tool: get_projct'
run "$M" call -c "$T/conf" demo get_project 1
expect 'call with half an argument' 2 err "'1' is not NAME=VALUE"
run "$M" call -c "$T/conf" demo get_project id=x
expect 'call with a wrong argument' 1 out 'must be an integer'
# --- a master key kept elsewhere ----------------------------------------------------------------------------
key=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
echo $key >"$T/key.hex"
run env MCPGATED_MASTER_KEY=$key "$M" key add sealed --data "$T/elsewhere"
expect 'a key by the environment' 0
[ ! -e "$T/elsewhere/master.key" ] && ok || bad 'it stays out of the data'
run env MCPGATED_MASTER_KEY_FILE="$T/key.hex" "$M" key list --data "$T/elsewhere"
expect 'the same key by a file' 0 out sealed
run "$M" key list --data "$T/elsewhere"
expect 'without it' 1 err 'has a store but no master.key.*MCPGATED_MASTER_KEY_FILE'
[ ! -e "$T/elsewhere/master.key" ] && ok || bad 'no second key is made'
run env MCPGATED_MASTER_KEY=f${key#0} "$M" key list --data "$T/elsewhere"
expect 'another key' 1 err 'written under another master key'
for bad in abc "${key}0" "x${key#0}"; do
	run env MCPGATED_MASTER_KEY="$bad" "$M" key list --data "$T/elsewhere"
	expect "no key: $bad" 1 err 'not 32 bytes, or 64 hexadecimal digits'
done
run env MCPGATED_MASTER_KEY_FILE="$T/none" "$M" key list --data "$T/elsewhere"
expect 'no such file' 1 err 'MCPGATED_MASTER_KEY_FILE cannot be opened'
printf '%.32s' $key >"$T/elsewhere/master.key"
run env MCPGATED_MASTER_KEY=$key "$M" key list --data "$T/elsewhere"
expect 'two keys that differ' 1 err 'is another key than the one handed over'

summary
