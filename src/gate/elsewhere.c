#include "gate/elsewhere.h"

const struct environment *
elsewhere(const struct environment *e, const struct catalog *c, const struct catalog_op *op)
{
	struct catalog_server s;

	if (!(op->flags & CATALOG_OP_ELSEWHERE))
		return e;
	catalog_server(c, op->server, &s);
	for (u32 i = 0; i < e->others; i++)
		if (str_same(e->other[i].server, s.url) || str_same(e->other[i].server, s.template))
			return &e->other[i];
	return s.absolute && str_same(e->server, s.url) ? e : NULL;
}
