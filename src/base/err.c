#include "base/buf.h"

#include <stdlib.h>
#include <unistd.h>

const char *
err_text(int err)
{
	static const char *const text[] = { "ok", "more", "bad", "full", "none", "late", "deny", "io" };

	if (err >= 0)
		return text[0];
	return -err < (int)ARRAY_N(text) ? text[-err] : "unknown";
}

void
assert_failed(const char *file, int line)
{
	u8 room[300];
	struct buf b = buf_over(room, sizeof room);

	buf_fmt(&b, "mcpgated: %s:%d: does not hold\n", file, line);
	if (write(2, b.p, b.w) < 0)
		abort(); /* either way */
	abort();
}
