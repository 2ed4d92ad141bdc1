#!/bin/sh
# Tarballs: of a board, of the source, their sums and the list of what is inside. The source is unpacked and asked
# without a network for what it holds; BUILD=1 builds it there, too (some minutes). Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
git -C "$top" rev-parse -q --verify HEAD >/dev/null 2>&1 || { echo "skipped: no checkout"; exit 0; }
VERSION=1.0 PROGRAM=$M SOURCE_DATE_EPOCH=1700000000
export VERSION PROGRAM SOURCE_DATE_EPOCH
pack() { (cd "$top" && OUT=$T/$1 sh tools/package "$2") || bad "tools/package $2"; }

for n in 1 2; do
	release=$(pack $n tar)
	source=$(pack $n dist)
	pack $n sums >/dev/null
done
(cd "$T/1" && sha256sum -c SHA256SUMS) >"$T/out" 2>&1 && ok || bad 'the sums are right'
same 'three files' 3 "$(wc -l <"$T/1/SHA256SUMS")"
cmp "$T/1/SHA256SUMS" "$T/2/SHA256SUMS" && ok || bad 'the same bytes twice'

mkdir "$T/release"
tar -xzf "$release" -C "$T/release" --strip-components=1
run "$T/release/mcpgated" version
expect 'the program runs' 0 out mcpgated
for f in README.md documents/mcpgated.8 documents/mcpgated.conf.5 documents/licences.txt examples/one-api.conf; do
	[ -s "$T/release/$f" ] && ok || bad "the tarball has no $f"
done

# --- what is inside, as SPDX ---------------------------------------------------------------------------
if command -v python3 >/dev/null; then
	python3 -c '
import hashlib, json, sys
d = json.load(open(sys.argv[1] + "/documents/mcpgated.spdx.json"))
assert d["spdxVersion"] == "SPDX-2.3" and d["dataLicense"] == "CC0-1.0" and d["SPDXID"] == "SPDXRef-DOCUMENT"
by = {p["SPDXID"]: p for p in d["packages"]}
assert {p["name"] for p in d["packages"]} == {"mcpgated", "BearSSL", "jsmn", "musl"}
for p in d["packages"]:
    assert p["versionInfo"] and p["downloadLocation"] and p["filesAnalyzed"] is False
for r in d["relationships"]:
    assert r["relatedSpdxElement"] in by and (r["spdxElementId"] in by or r["spdxElementId"] == "SPDXRef-DOCUMENT")
assert len(d["relationships"]) == 4 and d["documentNamespace"]
ours = hashlib.sha256(open(sys.argv[1] + "/mcpgated", "rb").read()).hexdigest()
assert by["SPDXRef-mcpgated"]["checksums"][0]["checksumValue"] == ours' "$T/release" 2>"$T/err" && ok || bad SPDX
fi

# --- the source ------------------------------------------------------------------------------------------
mkdir "$T/source"
tar -xJf "$source" -C "$T/source" --strip-components=1
(cd "$top" && git ls-tree -r --name-only HEAD | sort) >"$T/want"
(cd "$T/source" && find . -type f ! -path './vendor/src/*' ! -name .version | sed 's,^\./,,' | sort) >"$T/have"
diff "$T/want" "$T/have" >"$T/out" && ok || bad "every file of the checkout"
alone=
command -v unshare >/dev/null && unshare -n true 2>/dev/null && alone='unshare -n'
run env -u VERSION $alone sh "$T/source/vendor/fetch"
expect 'the vendored sources are there and right' 0 out 'as pinned'
run $alone make -C "$T/source" V=1 build/native/obj/main/boot.o
expect "it compiles" 0 out "MCPGATED_VERSION=.*$(git -C "$top" describe --tags --always)"
if [ -n "${BUILD:-}" ]; then
	env -u SOURCE_DATE_EPOCH $alone make -s -C "$T/source" >"$T/out" 2>&1 && ok || bad 'it builds without a network'
	run "$T/source/build/native/mcpgated" version
	expect 'what it built runs' 0 out mcpgated
fi
summary
