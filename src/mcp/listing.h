/* listing: lists of tools that are asked for again and again, written once.
 *
 * The catalog keeps its tools folded, so a list is put together for whoever asks. Where the same one is asked for
 * several times within a second it is put together into memory of its generation, and sent from there until the
 * generation ends. What a list depends on is its key, in full: equal keys are equal lists. */
#ifndef MCP_LISTING_H
#define MCP_LISTING_H

#include "base/buf.h"

#define LISTING_ROWS 16

/* All that decides about the bytes behind a list's beginning. No padding: compared as bytes. */
struct listing_of {
	u32 api, role, pinned, environments;
	u32 epoch; /* of the switches, where tools are off */
	u8 could, modern, none[2];
};

struct listing_row {
	struct listing_of of;
	msec since; /* since when it was asked for asked times */
	u32 asked, at, n;
	bool large; /* it does not fit */
};

/* Of one generation. Zeroed but for the bytes, LISTINGS_N of them. */
struct listings {
	u8 *bytes;
	u32 used, rows;
	struct listing_row row[LISTING_ROWS];
};

/* The text; p NULL: there is none yet. Then *room says where to write it, if that is worth while now (p NULL: it is
 * not), before anything else is asked of l. alone: nobody sends a text of l right now. */
struct str listing_find(struct listings *l, const struct listing_of *of, bool alone, msec now, struct buf *room);

/* What was written to room stays when it is whole. */
void listing_keep(struct listings *l, const struct listing_of *of, const struct buf *room, bool whole, bool alone);

#endif
