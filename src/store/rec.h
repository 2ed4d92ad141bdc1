/* rec: records and groups of records as bytes, little endian, encoded by hand: no system calls, no
 * state.
 *
 *   record   crc32c 4 | len 4 | seq 8 | dies 4 | kind 1 | key_n 1 | zero 2 | key | val
 *            crc: of all that follows it
 *   group    record record ... END
 *   END      a record without key; val = segment 4 | start 4 | at 4 | count 4 | wall 4 | mac 32
 *
 * mac = HMAC(key, mac of the group before | the group's records | END from len up to mac): it binds
 * every group to all groups before it and to its place, so nothing can be moved, left out, or
 * brought back. */
#ifndef STORE_REC_H
#define STORE_REC_H

#include "base/buf.h"
#include "base/le.h"
#include "base/limits.h"
#include "crypt/hash.h"

#define REC_HEAD_N 24
#define REC_MAX (REC_HEAD_N + STORE_KEY_MAX + STORE_VAL_MAX)
#define REC_END_N (REC_HEAD_N + 20 + HASH_N)

enum rec_kind { REC_PUT = 1, REC_DROP = 2, REC_END = 3 };

struct rec {
	u64 seq; /* rises by one from record to record; the entry's version */
	u32 len; /* bytes of the whole record */
	wall dies;
	u8 kind;
	struct str key, val;
};

/* Parses the record at the start of in. Bytes used; ERR_MORE; ERR_BAD: no record, or damaged. */
int rec_parse(struct str in, struct rec *r);

/* Appends r; len is worked out. */
void rec_put(struct buf *b, const struct rec *r);

/* A place between two groups of a segment. */
struct chain {
	const struct hash_key *key;
	u32 segment, at; /* number of the segment; offset in it */
	u64 seq;         /* last sequence before this place; merged: none may be above it */
	bool merged;     /* records of many times in any order: their seq does not rise */
	u8 mac[HASH_N];
};

struct group {
	struct str records; /* without END */
	u32 count;
	wall wall; /* when it was written, as the store judged the time */
};

/* Parses and verifies the group at the start of in, which stands at c, and moves c behind it.
 * Bytes used; ERR_MORE: in ends before the group does; ERR_BAD: damaged, or larger than
 * STORE_GROUP_N. c is unchanged then. */
int group_parse(struct str in, struct chain *c, struct group *g);

/* Appends END to the records in b (all of which belong to this group) and moves c behind it. */
void group_end(struct buf *b, struct chain *c, u32 count, wall at);

/* Looks in bytes, which stand at offset `at` of the segment, for the END of a group that starts
 * behind `after`: a sign that what is unreadable at `after` was once good. */
bool group_later(struct str bytes, u32 at, u32 segment, u32 after);

#endif
