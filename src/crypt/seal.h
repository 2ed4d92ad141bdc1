/* seal: secrets at rest and tokens in a client's hands: ChaCha20-Poly1305 under a key of its own
 * for each record.
 *
 *   byte 0   1      2 .. 33   34 ..         last 16
 *   form=1   key    salt      ciphertext    tag        HKDF(master key, salt, form | key | what)
 *
 * The salt is random, so no nonce can ever repeat, not even after a restored backup. `what` says
 * what the record is ("credential|gitea/production|1"); `ad` is bound too, and not stored. Both
 * must be the same at opening: a record cannot be moved to another place. The first key seals, all
 * keys open: add a new one in front to rotate. */
#ifndef CRYPT_SEAL_H
#define CRYPT_SEAL_H

#include "base/buf.h"
#include "crypt/rng.h"

#define SEAL_KEYS_MAX 8
#define SEAL_KEY_N 32
#define SEAL_TAG_N 16
#define SEAL_EXTRA 50 /* bytes a sealed record is longer than its plain text */

/* Wipe it (ct_wipe) when it is given up. */
struct seal_keys {
	u8 n;
	u8 id[SEAL_KEYS_MAX];
	u8 key[SEAL_KEYS_MAX][SEAL_KEY_N];
};

/* What a record is for. */
struct seal_use {
	struct str what; /* type, name, version */
	struct str ad;   /* more that must be the same at opening; may be empty */
};

/* Adds a key behind the others; the first one added seals. ERR_LATE: the id is taken; ERR_FULL. */
int seal_key(struct seal_keys *k, u8 id, const u8 key[SEAL_KEY_N]);

/* Appends plain, sealed: plain.n + SEAL_EXTRA bytes. ERR_FULL: out has no room, nothing is written.
 * No key at all is a caller's mistake (ASSERT). */
int seal_make(const struct seal_keys *k, struct rng *rng, struct seal_use use, struct str plain,
              struct buf *out);

/* Appends what was sealed, working in out: it needs room for the whole record (SEAL_EXTRA more than
 * the text). ERR_BAD: not a record, changed, or made for another use; ERR_NONE: its key is not
 * here; ERR_FULL. Nothing is left in out on failure. */
int seal_open(const struct seal_keys *k, struct seal_use use, struct str sealed, struct buf *out);

/* The same with the record as base64url text. */
int seal_make_text(const struct seal_keys *k, struct rng *rng, struct seal_use use,
                   struct str plain, struct buf *out);
int seal_open_text(const struct seal_keys *k, struct seal_use use, struct str text,
                   struct buf *out);

/* An authenticator for one text: Poly1305 under a key that serves for this text and no other one. */
void seal_tag(const u8 key[SEAL_KEY_N], struct str text, u8 tag[SEAL_TAG_N]);

#endif
