/* ring_priv: the keys and links of a chain, for its writer (ring.c) and its reader (ring_verify.c). */
#ifndef STORE_RING_PRIV_H
#define STORE_RING_PRIV_H

#include "store/ring.h"

#define RING_MAC_N 16 /* bytes of a mac, and of h in a link: half of what they are */

/* key = SHA-256(from | what). */
void ring_derive(u8 key[HASH_N], const u8 from[HASH_N], const char *what);

/* The first key of a writer. */
void ring_first(u8 key[HASH_N], const u8 first[HASH_N], u32 writer);

/* What a link says: its number, a sum of the bytes before it, and a tag of them that only the key makes. */
struct ring_link {
	u64 number, sum;
	u8 mac[RING_MAC_N];
};

/* Makes the mac of a link over bytes, which follow what h stands for, and turns the key. */
void ring_mac(struct ring_link *l, const u8 h[HASH_N], u8 key[HASH_N], struct str bytes);

/* Appends the link, and turns h. */
void ring_put_link(struct buf *b, const struct ring_link *l, u8 h[HASH_N]);

/* The first link in text: *at where it begins, *n its bytes with the line end. Whether there is one. */
bool ring_find_link(struct str text, u32 *at, u32 *n);

/* The newer valid slot of a state file. 0, or ERR_NONE. */
int ring_read_state(int fd, struct ring_state *s);

/* Writes the older slot: keys that were used before are gone with it the time after. 0 or an error. */
int ring_write_state(int fd, const struct ring_state *s);

#endif
