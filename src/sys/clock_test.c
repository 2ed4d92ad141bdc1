#include "sys/clock_test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct clock_offset none;

/* A shared mapping shows what another process writes into the file, without a call. */
static const volatile struct clock_offset *
map_offsets(void)
{
	const char *path = getenv("MCPGATED_TEST_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p = MAP_FAILED;

	if (fd < 0)
		return &none;
	if (lseek(fd, 0, SEEK_END) >= (off_t)sizeof none)
		p = mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? &none : p;
}

struct clock_offset
clock_test_offset(void)
{
	static const volatile struct clock_offset *at;

	if (!at)
		at = map_offsets();
	return *at;
}
