#include "json/jscan.h"
#include "json/jscan_priv.h"

bool
jscan_after_comma(const struct jscan *j)
{
	return j->state == KEY || (j->state == VALUE && j->depth && !jscan_is_object(j, j->depth));
}

bool
jscan_in_string(const struct jscan *j)
{
	return j->state >= STRING && j->state <= CHARACTER;
}

u32
jscan_loose(const struct jscan *j)
{
	return j->state > STRING ? j->run : 0;
}

void
jscan_close(const struct jscan *j, u32 level, struct buf *out)
{
	ASSERT(level <= j->depth);
	for (; level > 0; level--)
		buf_byte(out, jscan_is_object(j, level) ? '}' : ']');
}

void
jscan_finish(const struct jscan *j, struct str mark, struct buf *out)
{
	switch (j->state) {
	case FIRST:
	case FIRST_KEY:
	case AFTER: break;
	case KEY:
		buf_byte(out, '"');
		buf_put(out, mark);
		BUF_LIT(out, "\":null");
		break;
	case COLON: BUF_LIT(out, ":null"); break;
	case STRING:
	case ESCAPE:
	case HEX:
	case LOW_SLASH:
	case LOW_U:
	case LOW_HEX:
	case CHARACTER:
		buf_put(out, mark);
		buf_byte(out, '"');
		if (j->key)
			BUF_LIT(out, ":null");
		break;
	default: BUF_LIT(out, "null"); break;
	}
	jscan_close(j, j->depth, out);
}

int
jscan_path(const struct jscan *j, u32 level, struct buf *out)
{
	const u8 *name = j->names;

	ASSERT(level >= 1 && level <= j->depth);
	if (level > JSCAN_LEVELS)
		return ERR_NONE;
	for (u32 l = 2; l <= level; l++) {
		const struct jscan_level *at = &j->level[l - 1];

		if (l > 2)
			buf_byte(out, '.');
		if (at->named)
			buf_put(out, str_of(name, at->name_n));
		else
			buf_u64(out, j->level[l - 2].index);
		name += at->name_n;
	}
	return 0;
}
