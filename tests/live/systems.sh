#!/bin/sh
# awork, Worken, ProWorkflow and WorkOS, each as its example says, in front of an API that behaves like it: keys, paths,
# pages, errors, what is never offered, what is asked back, what stays secret. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
command -v python3 >/dev/null || { echo 'skipped: no python3'; exit 0; }

cat >"$T/api.py" <<'PY'
import http.server, json, sys, urllib.parse as u
KEYS = {"/api/v1": ("Authorization", "Bearer awork-secret-1"), "/api/v4": ("apikey", "pwf-secret-1"),
        "/worken": ("Authorization", "Bearer sk-worken-secret"), "/workos": ("Authorization", "Bearer sk_test_secret1")}
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def any(self):
        url = u.urlsplit(self.path)
        q = {k: v[0] for k, v in u.parse_qs(url.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        root = next((r for r in KEYS if url.path.startswith(r)), "")
        path, status, answer = url.path[len(root):], 200, {}
        given = self.headers.get(KEYS[root][0]) if root else None
        if root == "/api/v4" and given in (None, "pwf-secret-2"): # a JWT, or another's key
            given = {"Bearer pwf.jwt.secret-1": KEYS[root][1]}.get(self.headers.get("Authorization"), given and KEYS[root][1])
        live = root == "/workos" and given == "Bearer sk_live_secret1"
        with open(sys.argv[1], "a") as f:
            f.write(" ".join((self.command, self.path, body)).strip() + (" live" if live else "") + "\n")
        if not root or (given != KEYS[root][1] and not live):
            status, answer = 401, {"error": "Unauthorized"}
        elif root == "/api/v1" and path == "/projects":
            n = int(q.get("pageSize", 1000))
            answer = [{"id": i, "name": "p%d" % i} for i in range(n if q.get("page", "1") == "1" else 3)]
        elif root == "/api/v4" and path == "/companies/999":
            status, answer = 403, {"status": "error", "data": ["No access"]}
        elif root == "/api/v4" and self.command == "DELETE":
            status, answer = 204, None
        elif root == "/api/v4" and "pagesize" in q:
            n, p = int(q["pagesize"]), int(q["pagenumber"])
            answer = {"status": "success", "data": [{"id": i} for i in range((p - 1) * n, min(p * n, 250))],
                      "meta": {"count": n, "total": 250, "page": p, "pagesize": n}}
        elif root == "/api/v4":
            answer = {"status": "success", "data": {"id": 5, "asked": json.loads(body or "null")}}
        elif root == "/worken" and path == "/bots" and self.command == "GET":
            answer = [{"id": "b1", "name": "Ann", "description": None, "status": "active"}]
        elif root == "/workos" and path == "/organizations" and self.command == "GET":
            answer = {"object": "list", "data": [{"id": "org_1"}], "list_metadata": {"before": None, "after": "org_1" if "after" not in q else None}}
        elif root == "/workos" and self.command == "GET":
            answer = {"id": path, "name": "Acme", "client_secret": "very-secret-1", "note": "key " + given[7:]}
        elif root == "/workos":
            answer = {"id": "user_1", "got": body}
        out = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        if answer is not None:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = any
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
print(s.server_address[1], flush=True)
s.serve_forever()
PY
python3 "$T/api.py" "$T/seen" >"$T/api.port" 2>"$T/api.log" &
pids="$pids $!"
until_true 10 test -s "$T/api.port" || bad 'the API of this test starts'
api=http://127.0.0.1:$(cat "$T/api.port")
docs=$top/../shared/data/openapi
: >"$T/seen"

# system NAME: serves the example, with our documents, in front of the fake
system() {
	sed "s,/etc/mcpgated/awork.json,$docs/awork/swagger.json,; s,/etc/mcpgated/workos.yaml,$docs/workos/open-api-spec.yaml,
		s,/etc/mcpgated/,$top/fs/etc/examples/,; s,/var/lib/mcpgated,$T/$1.data,; s,127.0.0.1:8080,127.0.0.1:0,
		s,https://api.awork.com,$api,; s,https://api.proworkflow.com,$api,; s,https://api.worken.ru,$api/worken,
		s,https://api.workos.com,$api/workos," "$top/fs/etc/examples/$1.conf" >"$T/conf"
	run "$M" check -c "$T/conf"
	expect "$1: the configuration" 0 err 'the configuration is fine'
	grep 'meets no operation' "$T/err" && bad "$1: a rule of its deny list keeps nothing back" || ok
	start "$M" serve -c "$T/conf"
	ready "$1"
}
key() { "$M" key add "$@" -c "$T/conf" 2>/dev/null; }
tools() { # the list as "name effect", one a line
	rpc "$1" tools/list | python3 -c 'import json, sys
for t in json.load(sys.stdin)["result"]["tools"]:
    a = t["annotations"]; print(t["name"], "read" if a["readOnlyHint"] else "destructive" if a["destructiveHint"] else "write")'
}
ask() { # ask KEY NAME ARGUMENTS: the texts of the answer, one a line, into $T/out
	rpc "$1" tools/call "$2" "${3:-}" >"$T/raw"
	python3 -c 'import json, sys
m = json.load(open(sys.argv[1]))
for b in m["result"]["content"] if "result" in m else [{"text": m["error"]["message"]}]: print(b["text"])' "$T/raw" >"$T/out" 2>"$T/err"
}
has() { grep -q -- "$2" "$T/out" && ok || bad "$1: no '$2'"; }
seen() { same "$1" "$2" "$(tail -1 "$T/seen")"; }
handle() { grep -o '"approval": "[0-9a-f]*"' "$T/out" | head -1 | cut -d'"' -f4; }

# --- ProWorkflow ------------------------------------------------------------------------------------------------------
export AWORK_KEY=awork-secret-1 WORKEN_KEY=sk-worken-secret
export WORKOS_TEST_KEY=sk_test_secret1 WORKOS_LIVE_KEY=sk_live_secret1
system proworkflow
k=pwf.jwt.secret-1 # a JWT of its own; below its keys
tools "$k" >"$T/tools"
same 'ProWorkflow: list, get, create, update and delete of eleven resources, and get_me' '11 create, 11 delete, 12 get, 11 list, 11 update' \
	"$(cut -d_ -f1 "$T/tools" | sort | uniq -c | awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2 }')"
same 'ProWorkflow: whatever deletes says so' 11 "$(grep -c '^delete_.* destructive$' "$T/tools")"
ask "$k" list_projects '{"status":"active","fields":"id,title"}'
seen 'ProWorkflow: pages of 100' 'GET /api/v4/projects?status=active&fields=id%2Ctitle&pagenumber=1&pagesize=100'
has 'ProWorkflow: the next page' '^{"next":{"status":"active","fields":"id,title","pagenumber":2}}$'
ask "$k" list_projects '{"pagenumber":3,"pagesize":100}'
grep -q '"next"' "$T/out" && bad 'ProWorkflow: a page behind the last' || ok
ask "$k" create_project '{"title":"House","companyid":7,"customfields":[{"id":3,"value":"12"}]}'
seen 'ProWorkflow: values of dropdowns' 'POST /api/v4/projects {"title":"House","companyid":7,"customfields":[{"id":3,"value":"12"}]}'
ask "$k" update_item '{"id":9,"status":"","duedate":"2026-12-01"}'
seen 'ProWorkflow: an update is partial, empty clears' 'PUT /api/v4/projects/items/9 {"duedate":"2026-12-01","status":""}'
ask "$k" get_company '{"id":999}'
same 'ProWorkflow: its words of an error' 'API error (HTTP 403): {"status": "error", "data": ["No access"]}' "$(head -1 "$T/out")"
ask "$k" get_company '{"id":0}'
same 'ProWorkflow: its words of an argument' 'id is required and must be > 0' "$(cat "$T/out")"
ask "$k" delete_company '{"id":5,"deletecontacts":false}'
seen 'ProWorkflow: what would be deleted is only read' 'GET /api/v4/companies/5'
ask "$k" delete_company '{"id":5,"deletecontacts":false,"approval":"'"$(handle)"'"}'
seen 'ProWorkflow: confirmed, it is deleted' 'DELETE /api/v4/companies/5?deletecontacts=false'
# an old client at the vendor's path: a session with the key it began with, which later requests need not carry
old() { curl -sS -m 10 -D "$T/head" "http://$addr/api/v4/mcp" -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' -o "$T/out" "$@"; }
answered() { same "$1" "$2" "$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$T/head")"; }
me='{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"get_me","arguments":{}}}'
begin='{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}'
old -H 'apikey: pwf-secret-1' -d "$begin"
session=$(sed -n 's/^[Mm]cp-[Ss]ession-[Ii]d: \([^\r]*\).*/\1/p' "$T/head")
old -H 'apikey: pwf-secret-1' -H "Mcp-Session-Id: $session" -d "$me"
[ -n "$session" ] && has 'ProWorkflow: a session at /api/v4/mcp' 'success' || bad 'ProWorkflow: no session'
seen 'ProWorkflow: its call' 'GET /api/v4/me'
: >"$T/seen"
old -H "Mcp-Session-Id: $session" -d "$me"
has 'ProWorkflow: it goes on with the key it began with' 'success'
seen 'ProWorkflow: and calls with it' 'GET /api/v4/me'
old -H 'apikey: pwf-secret-2' -H "Mcp-Session-Id: $session" -d "$me"
answered "ProWorkflow: another's key is not of this session" 404
old -H 'apikey: wrong-secret-1' -d "$begin"
answered 'ProWorkflow: a key it does not know' 401
old -d "$begin"
answered 'ProWorkflow: no key' 401
old -H 'apikey: pwf-secret-1' -H "Authorization: Bearer $k" -d "$begin"
answered 'ProWorkflow: two of them' 400
own=$(key office)
: >"$T/seen"
old -H "apikey: $own" -d "$me"
has 'ProWorkflow: a key of the gate is not passed on' "the caller.s own credential"
same 'ProWorkflow: the API is not asked' '' "$(cat "$T/seen")"
old -X DELETE -H "Mcp-Session-Id: $session"
answered 'ProWorkflow: the session ends' 204
old -H "Mcp-Session-Id: $session" -d "$me"
answered 'ProWorkflow: and its key with it' 404
grep -q 'pwf-secret\|pwf.jwt' "$T/log" && bad 'ProWorkflow: a credential is in the log' || ok
grep -rq 'pwf-secret\|pwf.jwt' "$T/proworkflow.data" && bad 'ProWorkflow: a credential lies in the data in clear' || ok
stop 'ProWorkflow ends'

# --- Worken -----------------------------------------------------------------------------------------------------------
system worken
k=$(key laptop)
sleep 1.1
same 'Worken: its tools' 'create_bot get_bot get_bot_settings list_bots set_bot_status update_bot update_bot_settings' "$(tools "$k" | cut -d' ' -f1 | tr '\n' ' ' | sed 's/ $//')"
ask "$k" list_bots '{"fields":"id,status"}'
same 'Worken: the list, only what was asked for' '[{"id":"b1","status":"active"}]' "$(tr -d ' ' <"$T/out")"
ask "$k" update_bot_settings '{"bot_id":"b1","ai":{"model":{"temperature":0.5},"tools":{"mail":"user_approve"}}}'
seen 'Worken: settings in part' 'POST /worken/bots/b1/settings {"ai":{"model":{"temperature":0.5},"tools":{"mail":"user_approve"}}}'
same 'Worken: no key, no answer' 401 "$(status -X POST "http://$addr/mcp" -d '{}' -H 'Content-Type: application/json')"
same 'Worken: never in a URL' 400 "$(status -X POST "http://$addr/mcp?key=$k" -d '{}' -H 'Content-Type: application/json' -H "Authorization: Bearer $k")"
get /.well-known/oauth-protected-resource/worken/mcp >"$T/out"
has 'Worken: where to log in' '"authorization_servers":\["https://mcp.example.com"\]'
get /.well-known/oauth-authorization-server >"$T/out"
has 'Worken: revocation is offered' '"revocation_endpoint":"https://mcp.example.com/oauth/revoke"'
run "$M" key revoke laptop -c "$T/conf"
sleep 1.1
same 'Worken: a revoked key' 401 "$(rpc "$k" tools/list >"$T/out"; status -X POST "http://$addr/mcp" -d '{}' -H 'Content-Type: application/json' -H "Authorization: Bearer $k")"
stop 'Worken ends'
sed "s,option deny_list.*,list deny 'DELETE /bots/*'," "$T/conf" >"$T/idle.conf"
run "$M" check -c "$T/idle.conf"
expect 'a rule that keeps nothing back is named' 0 err "deny 'DELETE /bots/\*' meets no operation"

[ -d "$docs" ] || { echo 'skipped: no ../shared (awork, WorkOS)'; summary; }

# --- awork ------------------------------------------------------------------------------------------------------------
system awork
k=$(key all)
a=$(key agent --role agent)
sleep 1.1
"$M" call -c "$T/conf" awork GetProjects pageSize=2 >/dev/null 2>&1
"$M" catalog show "$T/awork.data/catalogs/awork.cat" >"$T/all" 2>/dev/null
same 'awork: 29 POST and PUT paths that delete or remove, all of them destructive' '29 29' \
	"$(awk -F'\t' '($3 == "POST" || $3 == "PUT") && tolower($4) ~ /delete|remove/ { n++; d += $2 == "destructive" } END { print n, d }' "$T/all")"
rpc "$k" tools/list >"$T/out"
has 'awork: the list comes in pages' '"nextCursor"'
ask "$k" GetProjects '{"filterby":"name eq '"'x'"'"}'
seen 'awork: a filter' 'GET /api/v1/projects?pageSize=100&filterby=name%20eq%20%27x%27'
has 'awork: the next page' '{"next":{"filterby":"name eq '"'x'"'","page":2}}'
ask "$k" PostTasksDelete '{"taskIds":["00000000-0000-0000-0000-000000000001"]}'
has 'awork: a POST that deletes is described first' 'Nothing was done yet'
ask "$k" PostTasksDelete '{"taskIds":["00000000-0000-0000-0000-000000000001"],"approval":"'"$(handle)"'"}'
seen 'awork: confirmed, it is done' 'POST /api/v1/tasks/delete {"taskIds":["00000000-0000-0000-0000-000000000001"]}'
ask "$a" PostTasksDelete '{"taskIds":["00000000-0000-0000-0000-000000000001"]}'
run "$M" pending -c "$T/conf"
expect 'awork: for an agent a person is asked' 0 out 'PostTasksDelete'
ask "$k" PostClientApplication '{}'
has 'awork: its own clients are out of reach' '^Unknown tool: PostClientApplication$'
stop 'awork ends'

# --- WorkOS -----------------------------------------------------------------------------------------------------------
system workos
k=$(key support --role agent --environment sandbox --environment production --destructive)
s=$(key sandbox)
sleep 1.1
tools "$k" >"$T/tools"
same 'WorkOS: nothing about its own keys is offered but what reads' 0 "$(grep -ci 'apikeyscontroller_\(create\|delete\)' "$T/tools")"
ask "$k" OrganizationsController_list
seen 'WorkOS: sandbox unless told otherwise' 'GET /workos/organizations'
has 'WorkOS: the next page' '{"next":{"after":"org_1"}}'
ask "$k" OrganizationsController_list '{"environment":"production","after":"org_1"}'
seen 'WorkOS: production, named' 'GET /workos/organizations?after=org_1 live'
grep -q '"next"' "$T/out" && bad 'WorkOS: a page behind the last' || ok
ask "$s" OrganizationsController_list '{"environment":"production"}'
grep -q org_1 "$T/out" && bad 'WorkOS: a key without production reaches it' || ok
ask "$k" OrganizationsController_find '{"id":"org_1"}'
grep -q 'very-secret-1\|sk_test_secret1' "$T/out" && bad 'WorkOS: a secret gets out' || ok
has 'WorkOS: what is no secret stays' 'Acme'
ask "$k" UserlandUsersController_create_0 '{"email":"a@example.com","password":"s3cret-of-user"}'
seen 'WorkOS: a secret can be set' 'POST /workos/user_management/users {"email":"a@example.com","password":"s3cret-of-user"}'
ask "$k" GroupsController_delete '{"organizationId":"org_1","groupId":"g1"}'
has 'WorkOS: in the sandbox the caller is asked back' 'Nothing was done yet'
ask "$k" GroupsController_delete '{"organizationId":"org_1","groupId":"g1","approval":"'"$(handle)"'"}'
seen 'WorkOS: and does it' 'DELETE /workos/organizations/org_1/groups/g1'
ask "$k" GroupsController_delete '{"organizationId":"org_1","groupId":"g1","environment":"production"}'
run "$M" pending -c "$T/conf"
expect 'WorkOS: in production a person is asked' 0 out 'GroupsController_delete'
grep -q 'DELETE .* live' "$T/seen" && bad 'WorkOS: production was changed' || ok
ask "$k" OrganizationsController_deleteOrganization '{"id":"org_1"}'
has 'WorkOS: a team is never deleted' '^Unknown tool'
run "$M" switch api:workos production off -c "$T/conf"
expect 'WorkOS: production is switched off' 0
sleep 1.1
ask "$k" OrganizationsController_list '{"environment":"production"}'
grep -q org_1 "$T/out" && bad 'WorkOS: production is off and answers' || ok
stop 'WorkOS ends'
summary
