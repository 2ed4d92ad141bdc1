#!/bin/sh
# `mcpgated demo` as a stranger meets it: one command, an endpoint, a key, lines to paste; nothing is left behind.
# Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
export TMPDIR="$T"

call() { rpc "$key" tools/call "$1" "$2"; }
says() { # says NAME PATTERN TEXT
	case $3 in *"$2"*) ok ;; *) bad "$1: no '$2' in: $(printf %s "$3" | head -c 300)" ;; esac
}

begin() {
	start "$M" demo --listen 127.0.0.1:0 "$@"
	until_true 10 grep -q 'Ctrl-C ends it' "$T/stdout" && ok || { bad 'the demo starts'; cat "$T/log"; }
	until_true 5 grep -q 'shows them all' "$T/stdout"
	key=$(sed -n 's/^  key  //p' "$T/stdout")
	addr=$(sed -n 's,^  url  http://\(.*\)/mcp,\1,p' "$T/stdout")
	dir=$(sed -n 's/.*key list --data \([^`]*\)`.*/\1/p' "$T/stdout")
}

begin
# --- every line to paste is there, and those for curl work as they stand -----------------------------------
for client in 'Claude Code' Codex 'VS Code' Cursor curl; do
	grep -q "^$client" "$T/stdout" && ok || bad "lines for $client"
done
sed -n '/^curl/,/^The key/p' "$T/stdout" | grep -v '^curl\|^The key' >"$T/paste"
sh "$T/paste" >"$T/pasted" 2>&1
says 'the pasted tools/list' '"tools":[{"name":"archive_project"' "$(cat "$T/pasted")"
says 'the pasted tools/call' 'Website relaunch' "$(cat "$T/pasted")"
says 'a call succeeds' '"isError":false' "$(cat "$T/pasted")"
for json in $(grep -n '^  {' "$T/stdout" | cut -d: -f1); do
	sed -n "${json}p" "$T/stdout" | python3 -c 'import json,sys; json.load(sys.stdin)' 2>/dev/null && ok || bad "JSON to paste, line $json"
done

alive() { call get_status '{}' | grep -q '"isError":false'; }
# --- CRUD, paging, filters, errors ------------------------------------------------------------------------------
says paging '\"per_page\":2,\"total\":32' "$(call list_tasks '{"per_page":2}')"
says 'a filter' '\"total\":12' "$(call list_tasks '{"status":"done"}')"
says 'a page behind the end' '\"items\":[],\"page\":99' "$(call list_tasks '{"page":99}')"
made=$(call create_task '{"project_id":1,"title":"Über \"quotes\"","due_on":"2027-02-28","estimate_hours":1.5}')
says create '\"title\":\"Über \\\"quotes\\\"\"' "$made"
id=$(printf %s "$made" | sed 's/.*{\\"id\\":\([0-9]*\),.*/\1/')
says 'a number as it was' '\"estimate_hours\":1.5' "$(call get_task "{\"id\":$id}")"
says update '\"status\":\"in_progress\"' "$(call update_task "{\"id\":$id,\"status\":\"in_progress\"}")"
says 'an action' '\"status\":\"done\"' "$(call complete_task "{\"id\":$id}")"
says 'a missing record' 'there is no task 9999' "$(call get_task '{"id":9999}')"
says 'is an error' '"isError":true' "$(call get_task '{"id":9999}')"
says 'a bad date' 'must be a date such as' "$(call create_task '{"project_id":1,"title":"x","due_on":"2027-02-29"}')"
says 'no such project' 'names no project that exists' "$(call create_task '{"project_id":77,"title":"x"}')"
says 'a missing argument' 'title' "$(call create_task '{"project_id":1}')"
says 'an e-mail twice' 'belongs to another person already' "$(call create_person '{"name":"X","email":"ada@sandbox.example"}')"
says 'a report' '\"project_id\":1' "$(call get_project_report '{"id":1}')"
says 'the sandbox' '\"data\":\"sandbox\"' "$(call get_status '{}')"
says 'production, named' '\"data\":\"production\"' "$(call get_status '{"environment":"production"}')"
says 'production is marked' 'This was production' "$(call get_status '{"environment":"production"}')"
says 'list_environments' '\"name\":\"production\"' "$(call list_environments '{}')"

# --- the first five minutes with the gate: confirmed, refused, approved ---------------------------------------------
handle() { printf %s "$1" | grep -o '[0-9a-f]\{32\}\\" added' | head -c 32; }
asked=$(call delete_task '{"id":7}')
says 'a delete is described' 'DELETE unix:' "$asked"
says 'with what it is about' 'Write the manual' "$asked"
says 'nothing was done' 'Write the manual' "$(call get_task '{"id":7}')"
says 'a handle is for one call' 'for another call' "$(call delete_task '{"id":8,"approval":"'"$(handle "$asked")"'"}')"
says 'confirmed' '204' "$(call delete_task '{"id":7,"approval":"'"$(handle "$asked")"'"}')"
says 'once' 'was used' "$(call delete_task '{"id":7,"approval":"'"$(handle "$asked")"'"}')"
says 'it is gone' '404' "$(call get_task '{"id":7}')"
says 'refused in production' 'may not use delete_person' "$(call delete_person '{"id":1,"environment":"production"}')"
says 'dry run' 'nothing was sent' "$(call delete_task '{"id":8,"dry_run":true}')"
asked=$(call delete_task '{"id":8,"environment":"production"}')
says 'a person is asked' 'A person must approve' "$asked"
yes='{"id":8,"environment":"production","approval":"'"$(handle "$asked")"'"}'
says 'not yet' 'Nobody has approved' "$(call delete_task "$yes")"
run "$M" pending --data "$dir"
expect 'pending' 0 out 'DELETE unix' out 'PRODUCTION' out 'Train the team'
id=$(sed -n '1s/ .*//p' "$T/out")
run "$M" approve --data "$dir" "$id"
expect 'approve' 0 out 'approved, once'
run "$M" approve --data "$dir" "$id"
expect 'approved twice' 1 err 'decided already'
says 'done in production' '204' "$(call delete_task "$yes")"
says 'and once' 'was used' "$(call delete_task "$yes")"
asked=$(call delete_task '{"id":9,"environment":"production"}')
run "$M" pending --data "$dir" --json
id=$(sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p' "$T/out")
run "$M" deny --data "$dir" "$id"
expect 'deny' 0 out 'denied'
says 'denied' 'has refused' "$(call delete_task '{"id":9,"environment":"production","approval":"'"$(handle "$asked")"'"}')"
says 'it stands' '"isError":false' "$(call get_task '{"id":9,"environment":"production"}')"

# --- a list that is asked for so often that it is kept is the list that is put together ------------------------------
often() { # often KEY ID...: the list for each id, over one connection, a line each
	k=$1
	shift
	: >"$T/curl"
	for i; do
		[ ! -s "$T/curl" ] || echo next >>"$T/curl"
		cat >>"$T/curl" <<-END
		url = "http://$addr/mcp"
		header = "Authorization: Bearer $k"
		header = "Content-Type: application/json"
		header = "Accept: application/json, text/event-stream"
		header = "MCP-Protocol-Version: 2026-07-28"
		header = "Mcp-Method: tools/list"
		data = "{\"jsonrpc\":\"2.0\",\"id\":$i,\"method\":\"tools/list\",\"params\":{$(echo "$META" | sed 's/"/\\"/g')}}"
		write-out = "\n"
		END
	done
	curl -sS -m 20 -K "$T/curl"
}
once=$(rpc "$key" tools/list)
often "$key" 1 1 1 1 1 1 1 1 >"$T/out"
same 'eight of them' 8 "$(grep -c '"tools":\[{' "$T/out")"
same 'all alike' "$once" "$(sort -u "$T/out")"
same 'each with its id' '"id":7 "id":8' "$(often "$key" 7 8 | grep -o '^{"jsonrpc":"2.0","id":[0-9]*' | sed 's/.*,//' | tr '\n' ' ' | sed 's/ $//')"
reader=$("$M" key add reader --readonly --data "$dir" 2>/dev/null)
same 'another key, another list' 0 "$(often "$reader" 1 1 1 1 1 | grep -c '"create_task"')"
run "$M" switch --data "$dir" tool:demo/list_tasks off
same 'without a tool that is off' 0 "$(often "$key" 1 1 1 1 1 | grep -c '"name":"list_tasks"')"
run "$M" switch --data "$dir" tool:demo/list_tasks on
same 'and with it again' "$once" "$(often "$key" 1 1 1 1 1 | sort -u)"

# --- switches, in force at the next request -------------------------------------------------------------------------
run "$M" switch --data "$dir" api:demo write off
expect 'switch' 0 out 'api:demo	write	off'
says 'no writing' 'Unknown tool' "$(call complete_task '{"id":10}')"
says 'reading' '"isError":false' "$(call get_task '{"id":10}')"
run "$M" switch --data "$dir" api:demo write on
expect 'switch on' 0 out 'everything is on'
run "$M" stop-all --data "$dir"
expect 'stop-all' 0 out 'stopped'
says 'stopped' 'everything is stopped' "$(call get_status '{}')"
run "$M" stop-all --resume --data "$dir"
expect 'resuming takes a password' 2 err 'takes the password of an administrator'
login=$(sed -n 's/^ *login //p' "$T/stdout")
printf '%s\n' "${login#* }" | timeout 30 "$M" stop-all --resume --user "${login%% *}" --password-stdin --data "$dir" >"$T/out" 2>&1
says 'resumed' '"isError":false' "$(call get_status '{}')"
touch "$dir/stop"
stopped() { call get_status '{}' | grep -q 'is stopped'; }
until_true 5 stopped && ok || bad 'the file stop'
rm "$dir/stop"
until_true 5 alive && ok || bad 'the file stop is gone'

# --- other keys, made while it runs -------------------------------------------------------------------------------
sandbox_key=$key
key=$("$M" key add real --data "$dir" --environment production 2>/dev/null)
says 'a key for production' '\"data\":\"production\"' "$(call get_status '{"environment":"production"}')"
says 'its data is another' 'Northwind' "$(call list_projects '{"environment":"production"}')"
"$M" key revoke real --data "$dir" 2>/dev/null
sleep 0.3
says 'a revoked key' 'revoked key' "$(call get_status '{}')"
key=$sandbox_key
run "$M" call --data "$dir" demo get_status
expect 'call through the running demo' 0 out '"data":"sandbox"'
run "$M" call --data "$dir" --environment production demo get_status
expect 'call, production named' 0 out '"data":"production"'

# --- a second one, and the port taken -------------------------------------------------------------------------------
run "$M" demo --listen "$addr"
expect 'port taken' 1 err "$addr is taken by another program" err '--listen 127.0.0.1:0'
run "$M" demo --listen nonsense
expect 'no address' 2 err '--listen is ADDR:PORT'

# --- its API cannot starve it, and comes back -----------------------------------------------------------------------
api=$(ps -o pid=,comm= --ppid "$pid" | awk '$2 == "demo-api" {print $1}')
kill -KILL "$api"
get /healthz >/dev/null && ok || bad 'the gate stands while the API is gone'
until_true 5 alive && ok || bad 'the API comes back'

# --- Ctrl-C ends all of it ---------------------------------------------------------------------------------------------
all=$(children "$pid")
stop 'Ctrl-C' INT
for p in $all; do
	until_true 5 gone "$p" || bad "process $p is still there"
done
[ -n "$all" ] && ok || bad 'all processes end'
same 'nothing is left behind' '' "$(ls -d "$T"/mcpgated-demo-* 2>/dev/null)"

# --- kept data --------------------------------------------------------------------------------------------------------------
begin --data "$T/kept"
first=$key
stop 'with --data'
[ -d "$T/kept/store" ] && ok || bad '--data is kept'
begin --data "$T/kept"
[ "$first" != "$key" ] && ok || bad 'each run has its key'
says 'the old one is gone' 'revoked key' "$(key=$first; rpc "$first" tools/list)"
stop 'again'
summary
