#include "catalog/locate.h"

/* Where the value at `at` ends: at a slash, the end, or the literal that follows it in the segment. */
static u32
value_end(const struct catalog *c, const struct catalog_op *op, u32 i, struct str path, u32 at)
{
	int slash = str_find(path, '/', at), found;
	u32 end = slash < 0 ? path.n : (u32)slash;
	struct catalog_piece next;

	if (i + 1 == op->piece_n)
		return end;
	catalog_piece(c, op, i + 1, &next);
	if (next.param != CATALOG_NONE || !next.literal.n || next.literal.p[0] == '/')
		return end;
	next.literal = str_cut(next.literal, 0, max_u32((u32)str_find(next.literal, '/', 0), 1));
	found = str_find_str(str_cut(path, at, end), next.literal);
	return found < 0 ? at : at + (u32)found;
}

/* Whether the template fits; *literal: bytes of it that are no values. */
static bool
fits(const struct catalog *c, const struct catalog_op *op, struct str path, struct str *value, u32 *literal)
{
	u32 at = 0;

	*literal = 0;
	for (u32 i = 0; i < op->piece_n; i++) {
		struct catalog_piece p;
		u32 end;

		catalog_piece(c, op, i, &p);
		value[i] = STR_NONE;
		if (p.param == CATALOG_NONE) {
			if (!str_starts(str_cut(path, at, path.n), p.literal))
				return false;
			at += p.literal.n;
			*literal += p.literal.n;
			continue;
		}
		end = value_end(c, op, i, path, at);
		if (end == at)
			return false;
		value[i] = str_cut(path, at, end);
		at = end;
	}
	return at == path.n;
}

int
locate(const struct catalog *c, u8 method, struct str path, struct catalog_op *op, struct str value[LOCATE_PIECES])
{
	struct str here[LOCATE_PIECES];
	struct catalog_op it;
	u32 best = 0, literal;
	int found = ERR_NONE;

	for (u32 i = 0; i < c->op_n; i++) {
		catalog_op(c, i, &it);
		if (it.method != method || it.piece_n > LOCATE_PIECES || !fits(c, &it, path, here, &literal) ||
		    (found == 0 && literal <= best))
			continue;
		found = 0;
		best = literal;
		*op = it;
		memcpy(value, here, sizeof here);
	}
	return found;
}
