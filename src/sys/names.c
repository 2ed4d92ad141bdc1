#define _FILE_OFFSET_BITS 64

#include "sys/file.h"

#include "sys/fault.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's record: opendir would ask for memory. */
struct entry {
	u64 inode;
	int64_t next;
	u16 size;
	u8 kind;
	char name[];
};

void
file_names_init(struct file_names *it, int dir)
{
	it->fd = dir;
	it->at = it->n = 0;
	lseek(dir, 0, SEEK_SET);
}

static int
refill(struct file_names *it)
{
	long got;

	do {
		int error = fault_hit("getdents64", NULL);

		got = error ? -1 : syscall(SYS_getdents64, it->fd, it->room, sizeof it->room);
		if (error)
			errno = error;
	} while (got < 0 && errno == EINTR);
	it->at = 0;
	it->n = got > 0 ? (u32)got : 0;
	return got < 0 ? ERR_IO : got > 0;
}

int
file_names_next(struct file_names *it, const char **name)
{
	for (;;) {
		const struct entry *e;
		int more = it->at < it->n ? 1 : refill(it);

		if (more <= 0)
			return more;
		e = (const struct entry *)(const void *)((const u8 *)it->room + it->at);
		it->at += e->size;
		if (strcmp(e->name, ".") == 0 || strcmp(e->name, "..") == 0)
			continue;
		*name = e->name;
		return 1;
	}
}
