/* pass: passwords as PBKDF2-HMAC-SHA256, in slices: one hash is a fifth of a second or more, so it
 * runs some thousand rounds at a time between other work.
 *
 *   pass_begin > pass_step ... STEP_MORE ... STEP_DONE > pass_same (or use sum) > pass_done
 */
#ifndef CRYPT_PASS_H
#define CRYPT_PASS_H

#include "base/buf.h"
#include "crypt/hash.h"

#define PASS_ROUNDS_MIN 600000 /* fewest rounds for a new record */
#define PASS_ROUNDS_MAX 100000000
#define PASS_SLICE 2000 /* rounds of one step: under a millisecond here */
#define PASS_SALT_N 16
#define PASS_RECORD_MAX 96 /* characters of a printed record */

/* What is stored of a password. */
struct pass_record {
	u32 rounds;
	u8 salt[PASS_SALT_N];
	u8 hash[HASH_N];
};

/* One derivation under way. */
struct pass {
	struct hash_key key;
	u8 last[HASH_N], sum[HASH_N];
	u32 left;
};

/* Begins: the password is not needed any more after this. rounds > 0. */
void pass_begin(struct pass *p, struct str password, struct str salt, u32 rounds);

/* Does at most n rounds. STEP_MORE, or STEP_DONE: p->sum is the derived key. */
enum step pass_step(struct pass *p, u32 n);

/* Whether the finished derivation is that of the record, in constant time. */
bool pass_same(const struct pass *p, const struct pass_record *rec);

/* Wipes everything. */
void pass_done(struct pass *p);

/* Appends a record as text, "pbkdf2-sha256$600000$salt$hash" with base64url parts. */
void pass_print(struct buf *b, const struct pass_record *rec);

/* Reads such a text. ERR_BAD else. */
int pass_read(struct str text, struct pass_record *rec);

#endif
