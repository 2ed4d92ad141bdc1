/* seg: one segment file: a header, two slots, then groups.
 *
 *   0 header | 512 slot A | 1024 slot B | 1536 groups ...          files: seg-0000002a
 *
 * The header is written once: number, the segments it stands for (first..number), the mac chain
 * it continues. Slots alternate and name the last group known to be synced: what lies below must
 * be readable, or the store is damaged; what lies behind may be torn. `merged` segments hold the
 * live records of all segments up to their number, and `tail` is the chain that the next segment
 * continues. */
#ifndef STORE_SEG_H
#define STORE_SEG_H

#include "store/rec.h"
#include "sys/file.h"

#define SEG_SLOT_N 512
#define SEG_DATA (3 * SEG_SLOT_N) /* where groups begin */
#define SEG_VERSION 1
#define SEG_ID_N 16
#define SEG_NAME_N 16
#define SEG_SIZE_MAX (1U << 30)

struct seg {
	int fd; /* -1: closed */
	u32 number, first;
	bool merged;
	bool sealed;       /* a slot says: nothing will follow in this file */
	u8 id[SEG_ID_N];   /* of the store */
	u64 seq;           /* last sequence before this segment; merged: up to its end */
	u8 prev[HASH_N];   /* chain of the segment before */
	u8 tail[HASH_N];   /* merged: chain for the segment after */
	struct chain end;  /* behind the last good group */
	wall wall;         /* highest time seen in it */
	u64 slot_turn;     /* counter of the newest slot; its parity says which one it is */
	u32 slot_at;       /* the newest slot: offset behind the last synced group, */
	u8 slot_mac[HASH_N]; /* and the chain there */
	u32 live;          /* bytes of live records in it */
};

/* "seg-0000002a" and the temporary "new-0000002a", into name (SEG_NAME_N bytes). */
void seg_name(char name[SEG_NAME_N], u32 number, bool temporary);

/* The number in a name, 0 when it is no segment's; *temporary tells which kind. */
u32 seg_number(const char *name, bool *temporary);

/* Makes the header page (SEG_DATA bytes, slot A filled in) of a fresh segment from number, first,
 * merged, id, seq, prev, tail, and sets end, slot_turn and slot_at accordingly. */
void seg_make(struct seg *s, const struct hash_key *key, wall at, u8 page[SEG_DATA]);

/* Makes the next slot, for what end says now: returns the offset where these SEG_SLOT_N bytes
 * belong. Call seg_slot_done once they are written. */
u32 seg_slot(const struct seg *s, bool seal, wall at, u8 slot[SEG_SLOT_N]);
void seg_slot_done(struct seg *s, u32 at, bool seal);

/* Reads the header page of s->fd, which was opened under this number. Checks kind, owner and mode
 * of the file too. 0, or an error with a line in why. end stands before the first group
 * afterwards. */
int seg_read(struct seg *s, const struct hash_key *key, u32 number, struct buf *why);

/* Reading the groups of a segment one after another, through a window of at least STORE_GROUP_N
 * bytes. */
struct scan {
	struct seg *seg;
	u8 *window;
	u32 from, n; /* offset of the window's first byte, bytes in it */
};

/* Begins behind seg->end. */
void scan_init(struct scan *sc, struct seg *seg, u8 *window);

/* The next group, and where its records begin: 1, and seg->end is behind it; the views in g die
 * with the next call. 0: no whole, good group follows. ERR_BAD: damaged where it must be whole
 * (why). ERR_IO. */
int scan_next(struct scan *sc, struct group *g, u32 *at, struct buf *why);

/* After scan_next said 0: whether what is left is a torn tail, to be cut. 0 nothing is left; 1 it
 * is torn; ERR_BAD: a good group follows, so what lies before it was damaged later (why); ERR_IO.
 * */
int scan_tail(struct scan *sc, struct buf *why);

#endif
