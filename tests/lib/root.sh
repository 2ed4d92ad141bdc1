# $R: a root of another system to try a package in, over the folder $ROOT, which stays as it is: what is written goes to
# memory. Source it behind live.sh, as root; call root_end before cleanup, or $T is removed with $R mounted in it.
R=$T/root
mkdir -p "$R" "$T/mem"
mount -t tmpfs tmpfs "$T/mem" && mkdir "$T/mem/up" "$T/mem/work" &&
	mount -t overlay overlay -o "lowerdir=$ROOT,upperdir=$T/mem/up,workdir=$T/mem/work" "$R" ||
	{ umount "$T/mem" 2>/dev/null; echo "skipped: no overlay"; exit 0; }

root_end() {
	umount -l "$R" && umount -l "$T/mem" # lazily: what was killed may still be leaving
}
