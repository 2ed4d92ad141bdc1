#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

const char *
err_text(int err)
{
	static const char *const text[] = { "ok", "more", "bad", "full", "none", "late", "deny", "io" };

	if (err >= 0)
		return text[0];
	return -err < (int)ARRAY_N(text) ? text[-err] : "unknown";
}

void
assert_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "mcpgated: %s:%d: must hold: %s\n", file, line, what);
	abort();
}
