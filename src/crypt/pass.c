#include "crypt/pass.h"

#include "base/base64.h"
#include "crypt/ct.h"

/* The first round takes the salt and the block number, 1: one block is all we need. */
void
pass_begin(struct pass *p, struct str password, struct str salt, u32 rounds)
{
	struct hash_mac m;

	ASSERT(rounds > 0);
	hash_key(&p->key, password);
	hash_mac_begin(&m, &p->key);
	hash_mac_add(&m, salt);
	hash_mac_add(&m, STR("\0\0\0\1"));
	hash_mac_out(&m, p->last);
	ct_wipe(&m, sizeof m);
	memcpy(p->sum, p->last, HASH_N);
	p->left = rounds - 1;
}

enum step
pass_step(struct pass *p, u32 n)
{
	struct hash_mac m;

	n = min_u32(n, p->left);
	for (u32 i = 0; i < n; i++) {
		hash_mac_begin(&m, &p->key);
		hash_mac_add(&m, str_of(p->last, HASH_N));
		hash_mac_out(&m, p->last);
		for (u32 j = 0; j < HASH_N; j++)
			p->sum[j] ^= p->last[j];
	}
	ct_wipe(&m, sizeof m); /* once, not in each round */
	p->left -= n;
	return p->left ? STEP_MORE : STEP_DONE;
}

bool
pass_same(const struct pass *p, const struct pass_record *rec)
{
	ASSERT(p->left == 0);
	return ct_same(p->sum, rec->hash, HASH_N);
}

void
pass_done(struct pass *p)
{
	ct_wipe(p, sizeof *p);
}

void
pass_print(struct buf *b, const struct pass_record *rec)
{
	buf_fmt(b, "pbkdf2-sha256$%u$", rec->rounds);
	base64_put_url(b, str_of(rec->salt, PASS_SALT_N));
	buf_byte(b, '$');
	base64_put_url(b, str_of(rec->hash, HASH_N));
}

int
pass_read(struct str text, struct pass_record *rec)
{
	u64 rounds;

	if (!str_is(str_next(&text, '$'), "pbkdf2-sha256"))
		return ERR_BAD;
	if (str_u64(str_next(&text, '$'), &rounds) || rounds == 0 || rounds > PASS_ROUNDS_MAX)
		return ERR_BAD;
	rec->rounds = (u32)rounds;
	if (base64_read_url(str_next(&text, '$'), rec->salt, PASS_SALT_N) != PASS_SALT_N)
		return ERR_BAD;
	return base64_read_url(text, rec->hash, HASH_N) == HASH_N ? 0 : ERR_BAD;
}
