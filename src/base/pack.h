/* pack: what is packed into the binary: the files of fs/ by tools/pack.c, folder by folder, and the program itself
 * by tools/squeeze.c (sys/image.h).
 *
 * A part is LZ77: pairs, each of which says how many bytes follow as they are, and how many are then copied from
 * where. A symbol tells both numbers of a pair, another one the distance, and each byte is a symbol; a range coder
 * codes them in its rANS form (J. Duda, "Asymmetric numeral systems", 2013). What symbols cost stands before them,
 * for the whole part, in rows: which row a byte has follows from the byte before it, or from the place in a word of
 * four bytes; which row a pair has, from the pair before. Pairs and bytes are two streams, so one can go on while
 * the other one waits for memory, and no symbol is searched for: a processor that guesses goes wrong little more
 * than once in a pair.
 *
 * A part: flags; the lengths of its three pieces, three bytes each, low first; then the pieces. The first are plain
 * bits, the lowest of each byte first; the second are the rows, and then the pairs; the third are the bytes.
 * Unpacked, a folder is a row of files: name, NUL, three bytes of length (low first), the bytes. What comes out
 * lives where the caller's arena lives: who serves files opens their folder once, at load. tools/packer.h includes
 * this header for what both sides share; base/undo.h is the side that unpacks. */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include "base/arena.h"

enum {
	PACK_SCALE = 11,          /* bits of a probability */
	PACK_BYTE_ROWS = 16,      /* kinds of places a byte may follow on, each with probabilities of its own */
	PACK_PAIR_ROWS = 8,       /* the same for pairs */
	PACK_FAR_ROWS = 4,        /* and for distances, by the length: 2, 3, 4, more */
	PACK_RUNS = 8,            /* classes of how many bytes follow: 0 to 6, and more */
	PACK_LENGTHS = 32,        /* classes of lengths: 2 to 17, then four for each power of two */
	PACK_LEN_MIN = 2,
	PACK_LEN_MAX = PACK_LEN_MIN + 255,
	PACK_FARS = 44,           /* classes of distances: the last one, 1, 2, 3, then two for each power of two */
	PACK_FAR_SYMBOLS = 2 * PACK_FARS, /* among words: distances of whole words, then all others */
	PACK_CLASSES = 16,        /* of how probable a symbol is */
	PACK_HEAD = 10,           /* bytes before the pieces */
	PACK_WORDS = 1,           /* flag of a part: it consists of words of four bytes */
};

/* What symbols cost: to which one each slot belongs, and for each where its slots begin << 16 | how many it has. */
struct pack_row {
	u32 entry[256];
	u8 slot[(1u << PACK_SCALE) + 8];
};

/* What unpacking needs while it runs. */
struct pack_counts {
	struct pack_row byte[PACK_BYTE_ROWS], pair[PACK_PAIR_ROWS], far[PACK_FAR_ROWS], class[2];
	u8 byte_map[256], pair_map[256];
	u16 byte_row[256], pair_row[256]; /* the same: where the row begins, in units of eight bytes */
};

/* Bytes of an arena while pack_open runs. */
#define PACK_UNDO (sizeof(struct pack_counts) + 16)

/* Whose row byte_map has for byte `at`, which follows byte `before`. */
static inline u32
pack_byte_place(u32 flags, u32 at, u32 before)
{
	return flags & PACK_WORDS ? (at & 3) << 6 | before >> 2 : before;
}

/* Whose row pair_map has for the pair that begins with byte `at` and follows pair `before`. */
static inline u32
pack_pair_place(u32 flags, u32 at, u32 before)
{
	return flags & PACK_WORDS ? (at & 3) << 6 | (before & 31) << 1 | (before > 31) : before;
}

/* Which row tells the distance of so long a copy. */
static inline u32
pack_far_place(u32 length)
{
	return length < PACK_LEN_MIN + 3 ? length - PACK_LEN_MIN : 3;
}

/* What tools/pack writes: a packed folder of n bytes, unpacked to `room`. */
struct pack_folder {
	const char *name;
	const u8 *p;
	u32 n, room;
};
extern const struct pack_folder pack_folders[];
extern const u32 pack_folders_n;

/* Bytes of an arena that a folder ("help") takes, beside PACK_UNDO while pack_open runs; 0: none has that name. */
size_t pack_room(const char *folder);

/* Unpacks a folder into the arena. The row of its files; p NULL when there is no such folder or no room. */
struct str pack_open(const char *folder, struct arena *a);

/* One file of a row by its name in the folder ("serve.txt"), p NULL when it is not there. */
struct str pack_file(struct str row, const char *name);

/* Turns one packed part into the n bytes at out. The number of bytes it took; ERR_BAD when they cannot be what the
 * tools made; whatever they are, nothing outside is touched. */
int pack_undo(struct str in, struct pack_counts *c, u8 *out, u32 n);

#endif
