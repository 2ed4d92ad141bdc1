#include "catalog/origin.h"

#define FIRST 256

static bool
room_for_one(struct origin *o)
{
	u32 cap = o->cap ? o->cap * 2 : FIRST;
	struct origin_mark *more;

	if (o->n < o->cap)
		return true;
	more = o->full ? NULL : ARENA_ARRAY(o->arena, struct origin_mark, cap);
	if (!more) {
		o->full = true;
		return false;
	}
	if (o->n)
		memcpy(more, o->mark, o->n * sizeof *more);
	o->mark = more;
	o->cap = cap;
	return true;
}

void
origin_add(struct origin *o, u32 at, u32 from)
{
	if (o->n && o->mark[o->n - 1].at == at)
		o->n--;
	if (room_for_one(o))
		o->mark[o->n++] = (struct origin_mark){ at, from };
}

u32
origin_first(const struct origin *o, u32 at)
{
	u32 low = 0, high = o->n;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (o->mark[middle].at < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

u32
origin_of(const struct origin *o, u32 at)
{
	u32 i = origin_first(o, at);

	if (!o->n)
		return at;
	if (i == o->n || o->mark[i].at > at)
		i -= i > 0;
	return o->mark[i].from;
}

void
origin_repeat(struct origin *o, u32 from, u32 to, u32 at)
{
	u32 n = o->n;

	for (u32 i = origin_first(o, from); i < n && o->mark[i].at < to; i++)
		origin_add(o, at + (o->mark[i].at - from), o->mark[i].from);
}
