#!/bin/sh
# Documents made to hurt: circles, bombs, depth, numbers, bytes, sizes. Each ends with a clear word or an honest report,
# in bounded time and memory, and never by a signal. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
command -v python3 >/dev/null || { echo 'skipped: no python3'; exit 0; }

cat >"$T/make.py" <<'PY'
import json, os, sys
d = sys.argv[1]
HEAD = {"openapi": "3.1.0", "info": {"title": "h", "version": "1"}}
def put(name, text):
    with open(os.path.join(d, name), "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
def doc(name, paths, schemas=None, **more):
    put(name, json.dumps({**HEAD, "paths": paths, "components": {"schemas": schemas or {}}, **more}))
def body(schema): return {"requestBody": {"content": {"application/json": {"schema": schema}}}, "responses": {}}
ref = lambda n: {"$ref": "#/components/schemas/" + n}
doc("cycle.json", {"/a": {"post": body(ref("a"))}, "/r": {"$ref": "#/paths/~1r"}}, {"a": ref("b"), "b": ref("a"), "c": {"allOf": [ref("c")]}})
n = 100000
doc("chain.json", {"/a": {"post": body(ref("s0"))}}, {**{"s%d" % i: ref("s%d" % (i + 1)) for i in range(n)}, "s%d" % n: {"type": "string"}})
doc("deepchain.json", {"/a": {"post": body(ref("s0"))}}, {"s%d" % i: {"type": "object", "properties": {"p": ref("s%d" % (i + 1)), "q": ref("s%d" % (i + 2))}} for i in range(n)})
doc("mesh.json", {"/a%d" % i: {"post": body(ref("s0"))} for i in range(200)}, {"s%d" % i: {"type": "object", "allOf": [ref("s%d" % j) for j in range(i + 1, 60)], "properties": {"p%d" % j: ref("s%d" % j) for j in range(60)}} for i in range(60)})
doc("operations.json", {"/p%d" % i: {"get": {"operationId": "same", "responses": {}}} for i in range(n)})
doc("same.json", {"/p%d" % i: {"get": {"operationId": "same", "responses": {}}} for i in range(16000)})
doc("enum.json", {"/a": {"get": {"parameters": [{"name": "e", "in": "query", "schema": {"enum": ["v%d" % i for i in range(10**6)]}}]}}})
doc("dangling.json", {"/p%d" % i: {"post": body(ref("none%d" % i))} for i in range(10000)})
doc("big_numbers.json", {"/a": {"get": {"parameters": [{"name": "e", "in": "query", "schema": {"type": "string", "maxLength": 2**31, "minLength": 2**63, "pattern": "(" * 5000}}, {"name": "f", "in": "query", "schema": {"type": "array", "minItems": 4294967297, "items": {"type": "integer", "maximum": 10**300}}}]}}})
doc("params.json", {"/a": {"get": {"parameters": [{"name": "p%d" % i, "in": "query"} for i in range(n)]}}})
doc("props.json", {"/a": {"post": body({"type": "object", "properties": {"p%d" % i: {"type": "string"} for i in range(n)}})}})
put("nul.json", b'{"openapi":"3.1.0","info":{"title":"a\x00b","version":"1"},"paths":{}}')
put("utf8.json", b'{"openapi":"3.1.0","info":{"title":"a\xff\xfeb","version":"1"},"paths":{}}')
put("surrogate.json", b'{"openapi":"3.1.0","info":{"title":"\\ud800","version":"1"},"paths":{"/a\\u0000":{"get":{}}}}')
put("utf16.json", json.dumps({**HEAD, "paths": {}}).encode("utf-16"))
put("nul.yaml", b"openapi: 3.1.0\ninfo: {title: 'a\x00b', version: '1'}\npaths: {}\n")
put("utf8.yaml", b"openapi: 3.1.0\ninfo: {title: a\xc3\x28, version: '1'}\npaths: {}\n")
put("nest.json", b'{"openapi":"3.1.0","x":' + b"[" * n + b"]" * n + b',"paths":{}}')
put("nest.yaml", b"openapi: 3.1.0\nx: " + b"[" * n + b"]" * n + b"\npaths: {}\n")
put("indent.yaml", b"openapi: 3.1.0\nx:\n" + b"".join(b" " * (i % 4000 + 1) + b"a:\n" for i in range(4000)) + b"paths: {}\n")
put("dashes.yaml", b"openapi: 3.1.0\nx:\n " + b"- " * n + b"a\npaths: {}\n")
put("bomb.yaml", "openapi: 3.1.0\na0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join("a%d: &a%d [%s]\n" % (i, i, ",".join(["*a%d" % (i - 1)] * 9)) for i in range(1, 30)) + "paths: {}\n")
put("mergebomb.yaml", "openapi: 3.1.0\na0: &a0 {x: 1, y: 2}\n" + "".join("a%d: &a%d {k%d: *a%d, l%d: *a%d, <<: [*a%d, *a%d]}\n" % (i, i, i, i-1, i, i-1, i - 1, i - 1) for i in range(1, 60)) + "paths: {}\n")
put("selfalias.yaml", "openapi: 3.1.0\nx: &a [*a]\npaths: {}\n")
put("anchors.yaml", "openapi: 3.1.0\nx:\n" + "".join(" - &a%d b\n" % i for i in range(n)) + "".join(" - *a%d\n" % (n - 1) for i in range(n)) + "paths: {}\n")
put("keys.yaml", "openapi: 3.1.0\nx:\n" + "".join("  k%d: 1\n" % i for i in range(200000)) + "paths: {}\n")
put("types.json", json.dumps({"openapi": "3.1.0", "info": [], "servers": 7, "tags": {}, "security": "x", "components": [], "paths": {"/a": {"get": {"operationId": [], "tags": 3, "parameters": {"a": 1}, "requestBody": [], "responses": [], "security": 1, "servers": {}}, "parameters": 9}, "/b": [], "/c": None, "/d": {"post": {"parameters": [1, None, {}, {"name": 1, "in": 2, "schema": []}], "requestBody": {"content": []}}, "put": {"requestBody": {"content": {"application/json": {"schema": {"type": 9, "properties": [], "required": {}, "enum": {}, "items": 3, "allOf": {"a": 1}, "oneOf": 1, "$ref": 5, "discriminator": []}}}}}}}}))
PY
cat >"$T/large.py" <<'PY'
import sys
M = 64 << 20
what = {
    "string64.json": lambda: b'{"openapi":"3.1.0","info":{"title":"t","version":"1","description":"' + b"a" * M + b'"},"paths":{}}',
    "tokens64.json": lambda: b'{"openapi":"3.1.0","x":[' + b"1," * (M // 2) + b'1],"paths":{}}',
    "tokens64.yaml": lambda: b"openapi: 3.1.0\npaths: {}\nx:\n" + b"- 1\n" * (M // 4),
    "refs64.json": lambda: b'{"openapi":"3.1.0","paths":{},"x":[' + b",".join(b'{"$ref":"f%d.json"}%40s' % (i % 5000, b"") for i in range(M // 60)) + b"]}",
    "quote64.yaml": lambda: b'openapi: "' + b"a" * M,
    "over.json": lambda: b" " * (97 << 20),
}
open(sys.argv[1], "wb").write(what[sys.argv[1].split("/")[-1]]())
PY
# What an import takes: "CODE SECONDS MEGABYTES"
cat >"$T/cost.py" <<'PY'
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, timeout=60).returncode
use = resource.getrusage(resource.RUSAGE_CHILDREN)
print("cost", code, round(use.ru_utime + use.ru_stime), use.ru_maxrss >> 20)
PY
mkdir "$T/h"

# judge FILE CODE PATTERN: less than 10 s of processor and 1 GB, and the report is JSON with counts that add up
judge() {
	[ -f "$T/h/$1" ] || python3 "$T/large.py" "$T/h/$1"
	python3 "$T/cost.py" "$M" import "$T/h/$1" -o "$T/x.cat" --report "$T/r.json" >"$T/out" 2>"$T/err"
	read -r word rc cpu gb <<-EOF
	$(tail -1 "$T/out")
	EOF
	if [ "$word" = cost ] && [ "$cpu" -lt 10 ]; then ok; else bad "$1: $cpu s of processor"; fi
	[ "$gb" = 0 ] && ok || bad "$1: $gb GB"
	expect "$1" "$2" err "$3"
	rm -f "$T/h/$1"
	[ "$1" = over.json ] || python3 - "$T/r.json" <<-'PY' && ok || bad "$1: the report"
	import json, sys
	r = json.load(open(sys.argv[1])); c = r.get("counts")
	assert not r["imported"] or c["operations"] == c["imported"] + c["skipped"] == c["imported"] + len(r["skipped"])
	PY
}

python3 "$T/make.py" "$T/h" || bad 'the documents are made'
judge cycle.json 0 'leads nowhere or in a circle.*schemas/a'
judge chain.json 0 'leads nowhere or in a circle.*schemas/s0'
judge deepchain.json 0 'schemas cut at the depth limit'
judge mesh.json 0 '200 imported'
judge operations.json 3 '16384 imported, 83616 skipped'
judge same.json 0 '16000 imported'
judge enum.json 0 '1 imported'
judge dangling.json 0 '10000  a $ref leads nowhere or in a circle\|notes: 10000$'
judge big_numbers.json 0 '1 imported'
judge params.json 3 'too many parameters'
judge props.json 3 'too many members'
judge nul.json 1 'control character.*nul.json:1:38'
judge utf8.json 1 'not valid UTF-8.*utf8.json:1:38'
judge surrogate.json 1 'lone surrogate.*:1:43'
judge utf16.json 1 'UTF-8 is expected'
judge nul.yaml 1 'control character.*nul.yaml:2:17'
judge utf8.yaml 1 'no UTF-8.*utf8.yaml:2:16'
judge nest.json 1 'nested too deep.*nest.json:1:87'
judge nest.yaml 1 'nested too deep.*nest.yaml:2:67'
judge indent.yaml 1 'nested too deep'
judge dashes.yaml 1 'nested too deep'
judge bomb.yaml 1 'too large with what its aliases stand for'
judge mergebomb.yaml 1 'too large with what its aliases stand for'
judge selfalias.yaml 1 'inside of what it stands for.*:2:8'
judge anchors.yaml 1 'too many anchors'
judge keys.yaml 0 '0 operations'
judge types.json 3 '3 operations: 2 imported, 1 skipped'
judge string64.json 0 '0 operations'
judge tokens64.json 1 'more than 8,388,608 values'
judge tokens64.yaml 1 'more than 8,388,608 values'
judge refs64.json 1 'too many files'
judge quote64.yaml 1 'the closing quote.*:1:10'
judge over.json 1 'larger than 96 MB'
summary
