#include "sys/place.h"

#include "base/text.h"
#include "sys/file.h"
#include "sys/rand.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define TMPFS 0x01021994
#define RAMFS 0x858458f6
#define DEPTH_MAX 3

void
place_here(struct buf *b)
{
	char room[PLACE_N];

	if (syscall(SYS_getcwd, room, sizeof room) > 0) /* libc's would link an allocator */
		buf_c(b, room);
}

bool
place_in_memory(const char *path)
{
	char part[PLACE_N];
	struct statfs fs;

	if (!text_c(part, sizeof part, "%s", path))
		return false;
	while (statfs(part, &fs)) {
		char *slash = strrchr(part, '/');

		if (!slash || slash == part)
			return false;
		*slash = 0;
	}
	return (u32)fs.f_type == TMPFS || (u32)fs.f_type == RAMFS;
}

int
place_temporary(const char *prefix, char out[PLACE_N])
{
	const char *under = getenv("TMPDIR");
	u8 random[8];
	u8 hex[2 * sizeof random];
	struct buf name = buf_over(hex, sizeof hex);

	rand_bytes(random, sizeof random);
	for (u32 i = 0; i < sizeof random; i++)
		buf_hex(&name, random[i], 2);
	if (!under || under[0] != '/')
		under = "/tmp";
	if (!text_c(out, PLACE_N, "%s/%s%S", under, prefix, buf_str(&name)))
		return ERR_IO;
	return file_make_dir(FILE_HERE, out, 0700) ? ERR_IO : 0;
}

static void
empty(int dir, u32 depth)
{
	struct file_names it;
	const char *name;

	file_names_init(&it, dir);
	while (file_names_next(&it, &name) == 1) {
		int inner;

		if (unlinkat(dir, name, 0) == 0 || depth == DEPTH_MAX)
			continue;
		inner = file_open_dir(dir, name);
		if (inner < 0)
			continue;
		empty(inner, depth + 1);
		file_close(inner);
		unlinkat(dir, name, AT_REMOVEDIR);
	}
}

void
place_remove(const char *path)
{
	int dir = file_open_dir(FILE_HERE, path);

	if (dir < 0)
		return;
	empty(dir, 0);
	file_close(dir);
	rmdir(path);
}
