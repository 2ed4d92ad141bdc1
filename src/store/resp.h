/* resp: the words of Redis, version 2 (redis.io, "Redis serialization protocol specification"), as bytes in and bytes
 * out. Read: one value, or an array of values that are no arrays. Written: arrays of bulk strings, as questions are. */
#ifndef STORE_RESP_H
#define STORE_RESP_H

#include "base/buf.h"

#define RESP_ITEMS 16 /* of one array */

struct resp {
	u8 kind; /* of the whole: + - : $ * */
	u32 n;   /* items: 1, or those of the array */
	struct str item[RESP_ITEMS]; /* views into what was read; p NULL: null */
};

/* Reads the value in the beginning of in. How many bytes it takes; ERR_MORE it is not whole yet; ERR_BAD it is none, or
 * of more items than RESP_ITEMS. */
int resp_read(struct str in, struct resp *r);

/* Reads an item that is to be a whole number. ERR_BAD when it is none. */
int resp_number(struct str item, int64_t *value);

/* Begins an array of n items, to be written next. */
void resp_array(struct buf *b, u32 n);

/* Writes one item; as a number. */
void resp_bulk(struct buf *b, struct str item);
void resp_bulk_number(struct buf *b, int64_t value);

/* Writes the head of an item of n bytes, which the caller sends behind it, followed by RESP_END. */
void resp_bulk_head(struct buf *b, u32 n);

#define RESP_END STR("\r\n")

#endif
