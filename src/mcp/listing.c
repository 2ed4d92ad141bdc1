#include "mcp/listing.h"

#include "base/limits.h"

#define OFTEN 3       /* times within */
#define WITHIN_MS 1000

static_assert(sizeof(struct listing_of) == 5 * sizeof(u32) + 4, "a key is compared as bytes");

static struct listing_row *
row_of(struct listings *l, const struct listing_of *of)
{
	for (u32 i = 0; i < l->rows; i++)
		if (memcmp(&l->row[i].of, of, sizeof *of) == 0)
			return &l->row[i];
	return NULL;
}

/* A row for a list that is not known: a new one, or that of a list without a text which was not asked for the longest
 * time. NULL: all of them have texts. */
static struct listing_row *
row_new(struct listings *l)
{
	struct listing_row *old = NULL;

	if (l->rows < LISTING_ROWS)
		return &l->row[l->rows++];
	for (u32 i = 0; i < LISTING_ROWS; i++)
		if (!l->row[i].n && (!old || l->row[i].since < old->since))
			old = &l->row[i];
	return old;
}

/* What was asked for before may be of no use any more: switches have changed. */
static void
forget(struct listings *l)
{
	l->rows = l->used = 0;
}

struct str
listing_find(struct listings *l, const struct listing_of *of, bool alone, msec now, struct buf *room)
{
	struct listing_row *r = row_of(l, of);

	*room = (struct buf){ 0 };
	if (r && r->n)
		return str_of(l->bytes + r->at, r->n);
	if (!r && (r = row_new(l)))
		*r = (struct listing_row){ .of = *of, .since = now };
	if (!r && alone)
		forget(l);
	if (!r || r->large)
		return STR_NONE;
	if (now - r->since > WITHIN_MS)
		*r = (struct listing_row){ .of = *of, .since = now };
	if (++r->asked >= OFTEN)
		*room = buf_over(l->bytes + l->used, LISTINGS_N - l->used);
	return STR_NONE;
}

void
listing_keep(struct listings *l, const struct listing_of *of, const struct buf *room, bool whole, bool alone)
{
	struct listing_row *r = row_of(l, of);

	if (!r)
		return;
	if (whole && !room->over) {
		r->at = l->used;
		r->n = room->w;
		l->used += room->w;
	} else if (l->used && alone) {
		forget(l);
	} else {
		r->large = l->used == 0;
		r->asked = 0;
	}
}
