#!/bin/sh
# Real API documents: none is aborted, every operation of the document is accounted for in the report, and the largest
# one (github, 13 MB) costs less than 2 s and 160 MB. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
docs=$top/../shared/data/openapi
[ -d "$docs" ] || { echo 'skipped: no ../shared'; exit 0; }
command -v python3 >/dev/null || { echo 'skipped: no python3'; exit 0; }

# counts DOC REPORT CATALOG_LIST: what is wrong with the numbers, or nothing
cat >"$T/counts.py" <<'PY'
import collections, json, sys
doc, report = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))
tools = [line.split("\t") for line in open(sys.argv[3])]
methods = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
there = {(m.upper(), path) for path, item in doc["paths"].items() for m in item if m in methods}
c = report["counts"]
taken = {(t[2], t[3].rstrip("\n")) for t in tools}

def want(what, ok):
    if not ok:
        print(what)

want("the document has %d operations, the report says %d" % (len(there), c["operations"]), len(there) == c["operations"])
want("imported and skipped do not add up", c["imported"] + c["skipped"] == c["operations"])
want("read, write and destructive do not add up", c["read"] + c["write"] + c["destructive"] == c["imported"])
want("the catalog has %d tools, the report says %d" % (len(tools), c["imported"]), len(tools) == c["imported"])
want("tools that are no operation: %s" % sorted(taken - there)[:3], taken <= there)
ops = report["operations"]
want("operations told one by one: %d of %d" % (len(ops), c["imported"]), {(o["method"], o["path"]) for o in ops} == taken)
renamed = sum("renamed_from" in o for o in ops), sum(len(o.get("renamed_arguments", {})) for o in ops)
want("renamed: tools and arguments %s, in all %d" % (renamed, c["renamed"]), sum(renamed) == c["renamed"])
names = collections.Counter(t[0] for t in tools)
want("names given twice: %s" % [n for n in names if names[n] > 1], max(names.values()) == 1)
want("names over 64: %s" % [n for n in names if len(n) > 64], max(map(len, names)) <= 64)
PY

# What a command takes, with an alarm: "CODE SECONDS MEGABYTES"
cat >"$T/cost.py" <<'PY'
import resource, subprocess, sys, time
began = time.monotonic()
code = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, timeout=60).returncode
use = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, round(use.ru_utime + use.ru_stime, 2), use.ru_maxrss // 1024, round(time.monotonic() - began, 2), file=sys.stderr)
PY

# smaller NAME DOCUMENT: the catalog is smaller than its document
smaller() {
	[ "$(wc -c <"$T/$1.cat")" -lt "$(wc -c <"$2")" ] && ok || bad "$1: its catalog has $(wc -c <"$T/$1.cat") bytes, it $(wc -c <"$2")"
}

import() { # import NAME FILE
	doc=$docs/$1/$2 cat=$T/$1.cat
	[ -f "$doc" ] || { bad "$doc is not there"; return; }
	python3 "$T/cost.py" "$M" import "$doc" -o "$cat" --report "$T/$1.json" >"$T/out" 2>"$T/err"
	read -r rc cpu mb wall <<-END
	$(tail -1 "$T/err")
	END
	skipped=$(grep -o '"skipped":[0-9]*' "$T/$1.json" | head -1 | tr -dc 0-9)
	if [ "${skipped:-none}" = 0 ]; then
		same "$1: exit code" 0 "$rc"
	else
		same "$1: exit code with $skipped left out" 3 "$rc"
	fi
	smaller "$1" "$doc"
	echo "     $1: $(sed 's/.*"operations":\([0-9]*\),"imported":\([0-9]*\).*/\1 operations, \2 tools/' "$T/$1.json"), $cpu s, $mb MB"
	run "$M" catalog show "$cat"
	expect "$1: the catalog opens" 0
	cp "$T/out" "$T/$1.tools"
	cut -f1-4 "$T/out" >"$T/four"
	: >"$T/out"
	same "$1: the counts" '' "$(python3 "$T/counts.py" "$doc" "$T/$1.json" "$T/$1.tools" 2>&1)"
	# The order of the document's members names nothing: all shuffled, the tools are called the same.
	python3 -c 'import json, random, sys
def mixed(v):
    if isinstance(v, dict):
        items = [(k, mixed(x)) for k, x in v.items()]
        random.shuffle(items)
        return dict(items)
    return [mixed(x) for x in v] if isinstance(v, list) else v
random.seed(7)
d = json.load(open(sys.argv[1]))
d["paths"] = mixed(d["paths"])
json.dump(d, sys.stdout)' "$doc" >"$T/mixed.json"
	"$M" import "$T/mixed.json" -o "$T/mixed.cat" >/dev/null 2>&1
	"$M" catalog show "$T/mixed.cat" 2>/dev/null | cut -f1-4 | cmp -s - "$T/four" && ok || bad "$1: the names after shuffling"
	rm -f "$T/mixed"*
	cp "$cat" "$T/first.cat"
	"$M" import "$doc" -o "$cat" >/dev/null 2>&1
	cmp -s "$cat" "$T/first.cat" && ok || bad "$1: the same catalog each time"
}

import awork swagger.json
import stripe spec3.json
import twilio twilio_api_v2010.json
import grocy grocy.openapi.json
import github api.github.com.json
# On a machine that others use, too, the clock on the wall tells more about them: processor time counts.
[ "$(echo "$cpu" | awk '{ print $1 < 2 }')" = 1 ] && ok || bad "github: $cpu s of processor time ($wall s), wanted less than 2"
[ "$mb" -lt 160 ] && ok || bad "github: $mb MB, wanted less than 160"

# yaml NAME FILE OPERATIONS: all of them are there, in less than 3 s and 160 MB
yaml() {
	[ -f "$docs/$1/$2" ] || { bad "$docs/$1/$2 is not there"; return; }
	python3 "$T/cost.py" "$M" import "$docs/$1/$2" -o "$T/$1.cat" --report "$T/$1.json" >"$T/out" 2>"$T/err"
	read -r rc cpu mb wall <<-END
	$(tail -1 "$T/err")
	END
	same "$1: exit code" 0 "$rc"
	grep -q "\"operations\":$3,\"imported\":$3,\"skipped\":0," "$T/$1.json" && ok || bad "$1: not all of $3 operations"
	[ "$1" = openhue ] || smaller "$1" "$docs/$1/$2" # that is 212 files
	echo "     $1: $3 operations, $cpu s, $mb MB"
	[ "$(echo "$cpu $mb" | awk '{ print ($1 < 3 && $2 < 160) }')" = 1 ] && ok || bad "$1: $cpu s, $mb MB"
}
# found NAME WANTED WORD WORDS: what somebody would look for is the first that is found
found() {
	run "$M" catalog search "$T/$1.cat" --limit 1 "$3" $4
	same "$1: $3 $4" "$2" "$(cut -f1 "$T/out")"
}
found github issues_create create 'an issue'
found github repos_delete-branch-protection delete 'branch protection'
found awork PostTimeEntry log 'time on a task'
found stripe PostChargesChargeRefund refund 'a charge'

yaml netbox openapi.yaml 1124
yaml kubernetes swagger.yaml 945
yaml openhue src/main.yaml 133
cat "$docs"/openhue/src/*.yaml "$docs"/openhue/src/*/*.yaml "$docs"/openhue/src/*/*/*.yaml >"$T/openhue.all"
smaller openhue "$T/openhue.all"
yaml harbor swagger.yaml 203
yaml portainer swagger.yaml 339
yaml frigate frigate-api.yaml 179
yaml go2rtc openapi.yaml 68

# The rest of the documents, the learners' and our own: catalogs are smaller than they are. Where one is as small as the
# text of its tools and names alone, no catalog could be: that is told here, and only of such a one.
small() { # small DOCUMENT [OF]: OF: its text, where that is in several files
	rm -f "$T/small.names" # of another document
	run "$M" import "$1" -o "$T/small.cat"
	case $rc in 0 | 3) ok ;; *) bad "$1 is imported: $rc" ;; esac
	if [ "$(wc -c <"$T/small.cat")" -ge "$(cat ${2:-$1} | wc -c)" ]; then
		texts=$(($("$M" catalog show "$T/small.cat" 2>/dev/null | cut -f1 | while read -r one; do
			"$M" catalog show "$T/small.cat" "$one" --json; done | wc -c) + 300)) # and a header
		[ "$texts" -gt "$(cat ${2:-$1} | wc -c)" ] && ok || bad "$1: its catalog has $(wc -c <"$T/small.cat") bytes, it $(cat ${2:-$1} | wc -c)"
	else
		ok
	fi
}
for f in alertmanager/openapi.yaml evcc/openapi.yaml forgejo/swagger.v1.json gotify/spec.json vikunja/swagger.json \
	workos/open-api-spec.yaml; do
	small "$docs/$f"
done
for f in "$docs"/oai-learn/examples/v2.0/*/*.* "$docs"/oai-learn/examples/v3.*/*.*; do
	small "$f"
done
for f in "$docs"/oai-learn/examples/v2.0/*/petstore-separate; do
	small "$f"/spec/swagger.* "$f/spec/* $f/common/*"
done
for f in fs/demo/openapi.json fs/etc/examples/proworkflow.yaml fs/etc/examples/worken.yaml tests/data/openapi/shelf.json \
	tests/data/openapi/styles.json; do
	small "$top/$f"
done
summary
