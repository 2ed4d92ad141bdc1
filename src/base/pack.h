/* pack: the files of fs/, packed into the binary by tools/pack.c, folder by folder.
 *
 * A folder is one stream of bits: LZ77 whose decisions, lengths, distances and literals are each coded by a binary
 * range coder with adaptive probabilities. Unpacked it is a row of files: name, NUL, three bytes of length (low first),
 * the bytes. What comes out lives where the caller's arena lives: who serves files opens their folder once, at load.
 * tools/pack.c includes this header for the numbers both sides share. */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include "base/arena.h"

/* Adaptive bits: each kind of decision has its own row of them. */
enum {
	PACK_WHAT = 0,                 /* a match follows: after a literal, after a match */
	PACK_AGAIN = PACK_WHAT + 2,    /* its distance is that of the match before */
	PACK_LONG = PACK_AGAIN + 1,    /* its length is 10 or more: new distance, old one */
	PACK_LEN = PACK_LONG + 2,      /* length - 2 in 3 bits: new, old */
	PACK_LEN_FAR = PACK_LEN + 16,  /* length - 10 in 8 bits */
	PACK_DIST = PACK_LEN_FAR + 256, /* how many bits the distance has, in 5 bits: length 2, 3, 4 and more */
	PACK_LOW = PACK_DIST + 3 * 32, /* the bits below its first: by their number, then by place */
	PACK_LIT = PACK_LOW + 32 * 32, /* a literal in 8 bits: by the upper bits of the byte before */
	PACK_BITS = PACK_LIT + 8 * 256,

	PACK_LEN_MIN = 2,
	PACK_LEN_MAX = 10 + 255,
	PACK_RATE = 28, /* a probability moves by 1 / (times seen + 2), at least by 1 / (this + 2) */
};

/* One bit to come: how likely it is 0, of 65,536, and how often it was seen. */
struct pack_bit {
	u16 zero, seen;
};

/* The next state of a bit that came out as `one`. */
static inline void
pack_learn(struct pack_bit *b, u32 one)
{
	int to = one ? 32 : 65536 - 32, by = (to - b->zero) / (b->seen + 2);

	b->zero = (u16)(b->zero + by);
	b->seen = (u16)(b->seen + (b->seen < PACK_RATE));
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

/* Turns packed bytes into the n bytes at out. ERR_BAD when they cannot be what tools/pack made; whatever they are,
 * nothing outside is touched. */
int pack_undo(struct str in, struct pack_bit bit[PACK_BITS], u8 *out, u32 n);

#endif
