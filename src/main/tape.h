/* tape: the file of a backup: pieces one after another, each sealed with the master key and bound to its place.
 *
 *   "mcpgated backup1\n"  id (16 random bytes)  then pieces: length (4 bytes, little-endian), sealed bytes
 *
 * A piece begins with its kind. What is changed, left out, moved or taken from another backup does not open, and
 * without the last piece it is not whole. Memory is the caller's; nothing is kept. */
#ifndef MAIN_TAPE_H
#define MAIN_TAPE_H

#include "crypt/seal.h"

#define TAPE_PIECE 65536 /* bytes of a file in one piece */

enum tape_kind {
	TAPE_FILE = 'F', /* a file begins: its name, "store/seg-0000002a" */
	TAPE_DATA = 'D', /* bytes of it */
	TAPE_END = 'E',
};

struct tape {
	int fd;
	u64 at, pieces;
	u8 id[16];
	struct seal_keys *keys;
	struct rng *rng;
	u8 *plain, *sealed; /* TAPE_PIECE + 128 bytes each */
};

/* Begins anew at the start of the open file. 0 or ERR_IO. */
int tape_begin(struct tape *t);

/* Appends a piece. 0 or ERR_IO. */
int tape_put(struct tape *t, enum tape_kind kind, struct str text);

/* Goes to the start of a file that is to be read. 0, or ERR_BAD: it is no backup. */
int tape_rewind(struct tape *t);

/* The next piece, in *text until the next call. Its kind; ERR_BAD: damaged, cut, or sealed with another key. */
int tape_next(struct tape *t, struct str *text);

#endif
