#include "lib/fixture.h"

#include "lib/guard.h"

#include <stdio.h>
#include <stdlib.h>

struct str
fixture(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct str s;
	u8 *p;
	long n;

	if (!f || fseek(f, 0, SEEK_END) || (n = ftell(f)) < 0) {
		perror(path);
		exit(1);
	}
	rewind(f);
	p = guard_room((size_t)n);
	s = str_of(p, fread(p, 1, (size_t)n, f));
	fclose(f);
	return s;
}
