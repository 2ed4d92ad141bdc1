/* pack: what is packed into the binary: the files of fs/ by tools/pack.c, folder by folder, and the program itself by
 * tools/squeeze.c (sys/image.h).
 *
 * A part is LZ77 with one alphabet of literals and lengths and one of distances, coded by a range coder in its rANS
 * form (J. Duda, "Asymmetric numeral systems", 2013) with symbol counts that both sides learn from what went by. Which
 * of PACK_ROWS counts foretell a symbol depends on the byte before, or on the place in a word of four bytes, by a table
 * at the start of the part. Unpacked, a folder is a row of files: name, NUL, three bytes of length (low first), the
 * bytes. What comes out lives where the caller's arena lives: who serves files opens their folder once, at load.
 * tools/packer.h includes this header for what both sides share; base/undo.h is the side that unpacks. */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include "base/arena.h"

enum {
	PACK_SCALE = 15,          /* bits of a probability */
	PACK_ROWS = 16,           /* kinds of places, each with counts of its own */
	PACK_LENGTHS = 32,        /* symbols for lengths: 2 to 17, then four for each power of two */
	PACK_SYMBOLS = 256 + PACK_LENGTHS,
	PACK_FARS = 48,           /* symbols for distances: the last one, 1, 2, 3, then two for each power of two */
	PACK_LEN_MIN = 2,
	PACK_LEN_MAX = PACK_LEN_MIN + 255,
	PACK_STEP = 16,           /* what a symbol gains each time it is seen */
	PACK_EARLY = 8, PACK_LATE = 512, /* symbols between two looks at the counts: at first, at last */
	PACK_BUCKETS = 512,       /* where the search for a symbol begins */
	PACK_BUCKET = 6,          /* bits of a probability within one of them */
	PACK_WORDS = 1,           /* flag of a part: rows go by the place in a word, and the last two bits of a distance
	                           * are a symbol, too */
};

/* Counts of symbols and what follows from them: symbol s has the probabilities from[s] to from[s + 1]. */
struct pack_model {
	u32 n, total, left, period;
	u16 seen[PACK_SYMBOLS], from[PACK_SYMBOLS + 1], first[PACK_BUCKETS + 1];
};

/* What unpacking needs while it runs. */
struct pack_counts {
	struct pack_model row[PACK_ROWS], far[4], low;
	u32 words;
	u8 map[256];
};

/* 2^31 / n, from n = 1 on, rounded down: some processors divide by a function, and there is none yet at start. */
static inline u32
pack_share(u32 n)
{
	u32 share = 0, rest = 0;

	for (u32 bit = 1u << 31; bit; bit >>= 1) {
		rest = rest << 1 | bit >> 31;
		share <<= 1;
		if (rest >= n) {
			rest -= n;
			share |= 1;
		}
	}
	return share;
}

/* The symbol at the beginning of each bucket. */
static inline void
pack_find(struct pack_model *m)
{
	u32 last = 0;

	for (u32 i = 0; i < PACK_BUCKETS; i++)
		m->first[i] = 0;
	for (u32 i = 0; i < m->n; i++) /* each has a probability, so in each place the last one remains */
		m->first[(m->from[i] + (1u << PACK_BUCKET) - 1) >> PACK_BUCKET] = (u16)i;
	for (u32 i = 0; i < PACK_BUCKETS; i++)
		m->first[i] = (u16)(last = m->first[i] > last ? m->first[i] : last);
}

/* Takes what was counted for the probabilities from now on. Every symbol keeps one. */
static inline void
pack_settle(struct pack_model *m)
{
	u32 scale, sum = 0;

	if (m->total > 1u << PACK_SCALE) {
		m->total = 0;
		for (u32 i = 0; i < m->n; i++) {
			m->seen[i] = (u16)((m->seen[i] + 1) / 2);
			m->total += m->seen[i];
		}
	}
	scale = pack_share(m->total);
	for (u32 i = 0; i < m->n; i++) {
		sum += m->seen[i];
		m->from[i + 1] = (u16)(i + 1 < m->n ? sum * scale >> 16 : 1u << PACK_SCALE);
	}
	pack_find(m);
	if (m->period < PACK_LATE)
		m->period *= 2;
	m->left = m->period;
}

static inline void
pack_begin(struct pack_model *m, u32 n)
{
	m->n = m->total = n;
	m->period = PACK_EARLY;
	m->from[0] = 0;
	for (u32 i = 0; i < n; i++)
		m->seen[i] = 1;
	pack_settle(m);
}

/* Symbol s went by. */
static inline void
pack_learn(struct pack_model *m, u32 s)
{
	m->seen[s] = (u16)(m->seen[s] + PACK_STEP);
	m->total += PACK_STEP;
	if (--m->left == 0)
		pack_settle(m);
}

/* The row of the table that foretells byte `at`, which follows byte `before`. */
static inline u32
pack_place(u32 flags, u32 at, u32 before)
{
	return flags & PACK_WORDS ? (at & 3) << 6 | before >> 2 : before;
}

/* What tools/pack writes: a packed folder of n bytes, unpacked to `room`. */
struct pack_folder {
	const char *name;
	const u8 *p;
	u32 n, room;
};
extern const struct pack_folder pack_folders[];
extern const u32 pack_folders_n;

/* Bytes of an arena that pack_open wants for a folder ("help"); 0 when there is none of that name. */
size_t pack_room(const char *folder);

/* Unpacks a folder into the arena. The row of its files; p NULL when there is no such folder or no room. */
struct str pack_open(const char *folder, struct arena *a);

/* One file of a row by its name in the folder ("serve.txt"), p NULL when it is not there. */
struct str pack_file(struct str row, const char *name);

/* Turns one packed part into the n bytes at out. The number of bytes it took; ERR_BAD when they cannot be what the
 * tools made; whatever they are, nothing outside is touched. */
int pack_undo(struct str in, struct pack_counts *c, u8 *out, u32 n);

#endif
