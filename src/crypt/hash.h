/* hash: SHA-256, HMAC-SHA256 and HKDF-SHA256. All state is the caller's, small enough for the
 * stack; nothing fails. */
#ifndef CRYPT_HASH_H
#define CRYPT_HASH_H

#include "base/str.h"

#define HASH_N 32 /* bytes of every result */

/* A hash under way. */
struct hash {
	_Alignas(8) u8 state[112];
};

/* SHA-256 of s. */
void hash_once(struct str s, u8 out[HASH_N]);

/* In pieces: begin, add any number of times, then the result. hash_out changes nothing: more may be
 * added after it. */
void hash_begin(struct hash *h);
void hash_add(struct hash *h, struct str s);
void hash_out(const struct hash *h, u8 out[HASH_N]);

/* An HMAC key made ready: saves two of the four blocks that a short message costs. A secret: wipe
 * it. */
struct hash_key {
	_Alignas(8) u8 state[144];
};

/* An HMAC under way. Holds key material: wipe it. */
struct hash_mac {
	_Alignas(8) u8 state[288];
};

/* Makes a key of any length ready. */
void hash_key(struct hash_key *k, struct str key);

/* HMAC-SHA256 of s. */
void hash_mac(const struct hash_key *k, struct str s, u8 out[HASH_N]);

/* In pieces, like hash_begin, hash_add, hash_out. */
void hash_mac_begin(struct hash_mac *m, const struct hash_key *k);
void hash_mac_add(struct hash_mac *m, struct str s);
void hash_mac_out(const struct hash_mac *m, u8 out[HASH_N]);

/* HKDF (RFC 5869): n bytes (at most 255 * 32) from a secret; salt may be empty, info says what the
 * bytes are for. */
void hash_hkdf(struct str secret, struct str salt, struct str info, u8 *out, size_t n);

#endif
