#!/bin/sh
# make size tells what changed since the last tag: in a clone that has one, whose build lies there already; without a tag,
# and with one that does not build, it says so and judges the budgets all the same.
# usage: sh tests/live/size.sh                      last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
[ -f "$top/build/native/mcpgated.sym" ] && [ "$M" -ef "$top/build/native/mcpgated" ] || { echo "skipped: no build/native/mcpgated.sym"; exit 0; }
git -C "$top" rev-parse --git-dir >/dev/null 2>&1 || { echo "skipped: no git repository"; exit 0; }
git clone -q "$top" "$T/clone" 2>/dev/null && cd "$T/clone" || { echo "skipped: the repository cannot be cloned"; exit 0; }
git tag | xargs -r git tag -d >/dev/null
git config user.name size && git config user.email size@localhost
mkdir build && ln -s "$top/build/native" build/native
size=$(wc -c <build/native/mcpgated | tr -d ' ')
told() { sed -n "s/^$1  *\(.*\)/\1/p" "$T/out" | tr -s ' '; }

run sh "$top/tools/size" build/native
expect 'no tag' 0 out 'there is no tag yet, so nothing is compared' out '^ok   stripped binary' \
	out '^  together  *[0-9.]* MB' out 'The 20 largest symbols'

git tag v0.1
mkdir -p build/was/v0.1/build/native
head -c $((size - 1000)) build/native/mcpgated >build/was/v0.1/build/native/mcpgated
cp build/native/mcpgated.sym build/was/v0.1/build/native/
run sh "$top/tools/size" build/native
expect 'a tag' 0 out '^since v0.1  *then  *now  *change'
same 'the file' "$((size - 1000)) $size +1000" "$(told file)"
case $(told text) in *' +0') ok ;; *) bad "equal code: $(told text)" ;; esac

cp "$top/build/host/pack" build/was/v0.1/build/native/mcpgated.sym # smaller in every way
run sh "$top/tools/size" build/native
set -- $(told text)
[ "$#" -eq 3 ] && [ "$1" -lt 65536 ] && [ "$3" = "+$(($2 - $1))" ] && ok || bad "other code: $*"

git checkout -q --orphan empty && git rm -rqf . && git commit -q --allow-empty -m none && git tag v0.2
git checkout -q -f - 2>/dev/null || git checkout -q -f "$(git rev-parse v0.1)"
git merge -q -s ours --allow-unrelated-histories -m both v0.2 2>/dev/null
git tag -d v0.1 >/dev/null
run sh "$top/tools/size" build/native
expect 'a tag that does not build' 0 out 'since v0.2: that tag does not build here' out '^ok   stripped binary'

SIZE_MAX=$((size - 1))
export SIZE_MAX
run sh "$top/tools/size" build/native
expect 'a budget that is broken' 1 out '^FAIL stripped binary'
summary
