/* tooltext: the JSON of a tool as one text, for tests. Valid until the eighth call after it. */
#ifndef TESTS_TOOLTEXT_H
#define TESTS_TOOLTEXT_H

#include "catalog/catalog.h"

static inline struct str
tool_text(const struct catalog *c, const struct catalog_op *op)
{
	static u8 room[8][1 << 17];
	static u32 turn;
	u8 *p = room[turn++ % 8];
	struct buf b = buf_over(p, sizeof room[0]);

	catalog_tool(c, op, 0, op->tool_n, &b);
	ASSERT(b.w == op->tool_n);
	return buf_str(&b);
}

#endif
