#include "lib/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Each mapping begins with this head; its last page is the unreadable one. */
struct mapping {
	struct mapping *next;
	size_t n;
};

static struct mapping *mappings;

void *
guard_room(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t body = (sizeof(struct mapping) + n + page - 1) / page * page;
	u8 *p = mmap(NULL, body + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct mapping *m = (struct mapping *)(void *)p;

	if (p == MAP_FAILED || mprotect(p + body, page, PROT_NONE)) {
		perror("guard");
		exit(1);
	}
	m->n = body + page;
	m->next = mappings;
	mappings = m;
	return p + body - n;
}

struct str
guard_bytes(struct str s)
{
	u8 *p = guard_room(s.n);

	if (s.n)
		memcpy(p, s.p, s.n);
	return str_of(p, s.n);
}

struct str
guard_str(const char *s)
{
	return guard_bytes(str_c(s));
}

int
guard_free(void **state)
{
	while (mappings) {
		struct mapping *m = mappings;

		mappings = m->next;
		munmap(m, m->n);
	}
	return 0;
}
