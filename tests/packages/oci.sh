#!/bin/sh
# The image: its layout by what the specification says (each blob is what its name says, each size is right), then
# unpacked and run as its configuration tells: entry point, user, health check. No daemon, no root file system but the
# layer. Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
[ "$(id -u)" -eq 0 ] || { echo "skipped: not root"; exit 0; }
for tool in python3 chroot setpriv; do
	command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 0; }
done
I=$T/image
R=$T/root

image=$(cd "$top" && VERSION=1.0 PROGRAM=$M OUT=$T/1 SOURCE_DATE_EPOCH=1700000000 sh tools/package oci native)
again=$(cd "$top" && VERSION=1.0 PROGRAM=$M OUT=$T/2 SOURCE_DATE_EPOCH=1700000000 sh tools/package oci native)
[ -f "$image" ] && [ "$image" != "$again" ] && cmp "$image" "$again" && ok || bad 'the same bytes twice'
mkdir -p "$I" "$R"
tar -xf "$image" -C "$I"

# of LEVEL FIELD...: what index, manifest or configuration say there, one a line
of() {
	python3 - "$I" "$@" <<-'END'
	import hashlib, json, os, sys
	top, level, path = sys.argv[1], sys.argv[2], sys.argv[3:]
	def blob(d):
	    algorithm, name = d['digest'].split(':')
	    data = open(os.path.join(top, 'blobs', algorithm, name), 'rb').read()
	    assert hashlib.new(algorithm, data).hexdigest() == name and len(data) == d['size'], d
	    return data
	at = json.load(open(os.path.join(top, 'index.json')))
	assert at['schemaVersion'] == 2
	if level != 'index':
	    at = json.loads(blob(at['manifests'][0]))
	if level == 'layer':
	    sys.stdout.buffer.write(blob(at['layers'][0]))
	    sys.exit()
	if level == 'config':
	    at = json.loads(blob(at['config']))
	for key in path:
	    at = at[int(key)] if isinstance(at, list) else at[key]
	for v in at if isinstance(at, list) else [at]:
	    print(v)
	END
}
same 'layout' 1.0.0 "$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["imageLayoutVersion"])' "$I/oci-layout")"
same 'blobs' 3 "$(find "$I/blobs/sha256" -type f | wc -l)"
same 'manifest' application/vnd.oci.image.manifest.v1+json "$(of index manifests 0 mediaType)"
same 'a layer that is compressed' application/vnd.oci.image.layer.v1.tar+gzip "$(of manifest layers 0 mediaType)"
of layer | gzip -dc >"$T/layer"
same 'the layer is what the configuration says' "$(of config rootfs diff_ids)" "sha256:$(sha256sum <"$T/layer" | cut -d' ' -f1)"
tar -xpf "$T/layer" -C "$R" --same-owner
same 'one file' ./mcpgated "$(cd "$R" && find . -type f)"
user=$(of config config User)
same 'not root' 65532:65532 "$user"

cp "$top/fs/demo/openapi.json" "$R/etc/mcpgated/api.json"
cat >"$R/etc/config/mcpgated" <<-'END'
	config server
		option listen '127.0.0.1:0'
	config api 'demo'
		option document '/etc/mcpgated/api.json'
	config environment 'sandbox'
		option base_url 'http://127.0.0.1:9/v1'
END
inside() { setpriv --no-new-privs chroot --userspec="$user" "$R" "$@"; }
as_root() { chroot "$R" "$@"; }
begin() {
	start setpriv --no-new-privs chroot --userspec="$user" "$R" $(of config config Entrypoint) $(of config config Cmd)
	ready "$1"
}
health=$(of config config Healthcheck Test | sed 1d)
begin start
key=$(inside /mcpgated key add first --data /var/lib/mcpgated 2>/dev/null)
rpc "$key" tools/list >"$T/out"
grep -q '"tools"' "$T/out" && ok || bad 'tools/list'
inside $health >"$T/out" 2>"$T/err" && ok || bad 'healthy'
workers=$(children "$pid")
kill -STOP $workers "$pid"
timeout 5 setpriv --no-new-privs chroot --userspec="$user" "$R" $health >"$T/out" 2>"$T/err" && bad 'a server that hangs is healthy' || ok
kill -CONT $workers "$pid"
stop stop
# --- another container with the same volume
begin 'start with the same data'
rpc "$key" tools/list >"$T/out"
grep -q '"tools"' "$T/out" && ok || bad 'the key of before'
stop 'stop again'
summary
