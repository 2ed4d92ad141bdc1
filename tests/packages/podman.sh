#!/bin/sh
# The image as programs of others take it: skopeo reads it, umoci unpacks it, podman loads it and runs it with nothing
# writable but its volume: not as root, without capabilities, healthy, again with the same data. Needs podman, as root.
# Last line: N passed, N failed
. "$(dirname "$0")/../lib/live.sh"
[ "$(id -u)" -eq 0 ] || { echo "skipped: not root"; exit 0; }
command -v podman >/dev/null || { echo "skipped: no podman"; exit 0; }
name=mcpgated-test-$$
store="--root $T/storage --runroot $T/run --cgroup-manager=cgroupfs"
pod() { podman $store "$@" 2>"$T/err" </dev/null; }
leave() {
	pod rm -f -t 0 $name >/dev/null 2>&1
	pod unshare true >/dev/null 2>&1
	umount "$T"/storage/overlay 2>/dev/null
	cleanup
}
trap leave EXIT
chmod 755 "$T"
image=$(cd "$top" && VERSION=1.0 PROGRAM=$M OUT=$T/made SOURCE_DATE_EPOCH=1700000000 sh tools/package oci native)

# --- read by others -------------------------------------------------------------------------------------
if command -v skopeo >/dev/null; then
	run skopeo inspect --config "oci-archive:$image"
	expect skopeo 0 out '"User": "65532:65532"'
fi
if command -v umoci >/dev/null; then
	mkdir "$T/layout"
	tar -xf "$image" -C "$T/layout"
	run umoci unpack --image "$T/layout:mcpgated:1.0" "$T/bundle"
	expect umoci 0
	same 'one file' ./mcpgated "$(cd "$T/bundle/rootfs" && find . -type f)"
	[ "$(stat -c '%a %u' "$T/bundle/rootfs/var/lib/mcpgated")" = '700 65532' ] && ok || bad 'who owns the data'
fi

# --- run ------------------------------------------------------------------------------------------------
pod load -q -i "$image" >"$T/out" && ok || { bad 'podman load'; summary; }
id=$(pod images -q | head -1)
port=$((20000 + $$ % 20000))
cp "$top/fs/demo/openapi.json" "$T/api.json"
cat >"$T/conf" <<-END
	config server
		option listen '127.0.0.1:$port'
	config api 'demo'
		option document '/etc/mcpgated/api.json'
	config environment 'sandbox'
		option base_url 'http://127.0.0.1:9/v1'
END
chmod 644 "$T/conf" "$T/api.json"
begin() { # begin NAME: with what the image says, and less
	pod run -d --name $name --network host --read-only --read-only-tmpfs=false --cap-drop all \
		--cgroups=disabled --pull never --ulimit nofile=4096:4096 --ulimit nproc=4096:4096 \
		--security-opt no-new-privileges -v "$T/conf:/etc/config/mcpgated:ro" -v "$T/api.json:/etc/mcpgated/api.json:ro" \
		-v "mcpgated-$$:/var/lib/mcpgated" --health-interval=disable \
		--health-cmd '["/mcpgated","switch","--data","/var/lib/mcpgated"]' \
		"$id" >"$T/out" || { bad "$1: podman run"; summary; }
	until_true 10 sh -c "podman $store logs $name 2>&1 | grep -q 'ready url='" && ok ||
		{ bad "$1: never ready"; podman $store logs $name; summary; }
	addr=127.0.0.1:$port
}
begin 'start'
podman $store logs $name >"$T/log" 2>&1
logged 'not in force' && { bad 'the jail inside of the container'; grep 'not in force' "$T/log"; } || ok
main=$(pod inspect -f '{{.State.Pid}}' $name)
same 'not root' '65532 65532' "$(awk '/^Uid:/ { print $2, $3 }' "/proc/$main/status")"
same 'no capabilities' 0000000000000000 "$(awk '/^CapBnd:/ { print $2 }' "/proc/$main/status")"
key=$(pod exec $name /mcpgated key add first --data /var/lib/mcpgated)
rpc "$key" tools/list >"$T/out"
grep -q '"tools"' "$T/out" && ok || bad 'tools/list'
pod healthcheck run $name >"$T/out" && ok || bad 'healthy'
kill -STOP $(children "$main") "$main"
timeout 20 podman $store healthcheck run $name >"$T/out" 2>"$T/err" && bad 'a server that hangs is healthy' || ok
kill -CONT $(children "$main") "$main"
pod stop -t 10 $name >"$T/out" && ok || bad stop
same 'it ended by itself' 0 "$(pod inspect -f '{{.State.ExitCode}}' $name)"
pod rm $name >/dev/null
begin 'another container with the same volume'
rpc "$key" tools/list >"$T/out"
grep -q '"tools"' "$T/out" && ok || bad 'the key of before'
pod exec $name /bin/sh -c true >/dev/null && bad 'the image has a shell' || ok
summary
