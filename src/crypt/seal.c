#include "crypt/seal.h"

#include "base/base64.h"
#include "crypt/ct.h"
#include "crypt/hash.h"

#include <bearssl.h>

#define FORM 1
#define SALT_AT 2
#define TEXT_AT 34

static_assert(SEAL_EXTRA == TEXT_AT + SEAL_TAG_N, "head and tag");

/* HKDF by hand: one block of output, with an info of three parts that need not be joined first. */
static void
record_key(const u8 *master, const u8 *head, struct str what, u8 key[HASH_N])
{
	struct hash_key k;
	struct hash_mac m;

	hash_key(&k, str_of(head + SALT_AT, TEXT_AT - SALT_AT));
	hash_mac(&k, str_of(master, SEAL_KEY_N), key);
	hash_key(&k, str_of(key, HASH_N));
	hash_mac_begin(&m, &k);
	hash_mac_add(&m, str_of(head, SALT_AT));
	hash_mac_add(&m, what);
	hash_mac_add(&m, STR("\x01"));
	hash_mac_out(&m, key);
	ct_wipe(&m, sizeof m);
	ct_wipe(&k, sizeof k);
}

/* Turns n bytes at text into their opposite, in place, and makes the tag. */
static void
run(const u8 key[HASH_N], struct str ad, u8 *text, size_t n, u8 tag[SEAL_TAG_N], int encrypt)
{
	static const u8 nonce[12]; /* the key serves one record only */
	br_chacha20_run chacha = br_chacha20_sse2_get();
	br_poly1305_run poly = br_poly1305_ctmulq_get();

	if (!chacha)
		chacha = br_chacha20_ct_run;
	if (!poly)
		poly = br_poly1305_ctmul_run;
	poly(key, nonce, text, n, ad.p, ad.n, tag, chacha, encrypt);
}

void
seal_tag(const u8 key[SEAL_KEY_N], struct str text, u8 tag[SEAL_TAG_N])
{
	u8 none[1];

	run(key, text, none, 0, tag, 1);
}

static const u8 *
find_key(const struct seal_keys *k, u8 id)
{
	for (u32 i = 0; i < k->n; i++)
		if (k->id[i] == id)
			return k->key[i];
	return NULL;
}

int
seal_key(struct seal_keys *k, u8 id, const u8 key[SEAL_KEY_N])
{
	if (find_key(k, id))
		return ERR_LATE;
	if (k->n == SEAL_KEYS_MAX)
		return ERR_FULL;
	k->id[k->n] = id;
	memcpy(k->key[k->n++], key, SEAL_KEY_N);
	return 0;
}

/* Makes a record at p, which has room for it. */
static void
make(const struct seal_keys *k, struct rng *rng, struct seal_use use, struct str plain, u8 *p)
{
	u8 key[HASH_N];

	ASSERT(k->n > 0);
	p[0] = FORM;
	p[1] = k->id[0];
	rng_bytes(rng, p + SALT_AT, TEXT_AT - SALT_AT);
	if (plain.n)
		memmove(p + TEXT_AT, plain.p, plain.n);
	record_key(k->key[0], p, use.what, key);
	run(key, use.ad, p + TEXT_AT, plain.n, p + TEXT_AT + plain.n, 1);
	ct_wipe(key, sizeof key);
}

/* Opens the record of n bytes at p in place; its text is then at p + TEXT_AT. Bytes of text, or an
 * error. */
static int
open_at(const struct seal_keys *k, struct seal_use use, u8 *p, u32 n)
{
	const u8 *master;
	u8 key[HASH_N], tag[SEAL_TAG_N];

	if (n < SEAL_EXTRA || p[0] != FORM)
		return ERR_BAD;
	master = find_key(k, p[1]);
	if (!master)
		return ERR_NONE;
	record_key(master, p, use.what, key);
	run(key, use.ad, p + TEXT_AT, n - SEAL_EXTRA, tag, 0);
	ct_wipe(key, sizeof key);
	return ct_same(tag, p + n - SEAL_TAG_N, SEAL_TAG_N) ? (int)(n - SEAL_EXTRA) : ERR_BAD;
}

/* Opens the record of n bytes that lies at the start of out's room and leaves only its text
 * there. */
static int
open_room(const struct seal_keys *k, struct seal_use use, struct buf *out, u32 n)
{
	u8 *p = out->p + out->w;
	int text_n = open_at(k, use, p, n);

	if (text_n < 0) {
		ct_wipe(p, n); /* what came out of a changed record is nobody's business */
		return text_n;
	}
	memmove(p, p + TEXT_AT, (u32)text_n);
	ct_wipe(p + text_n, n - (u32)text_n);
	out->w += (u32)text_n;
	return 0;
}

int
seal_make(const struct seal_keys *k, struct rng *rng, struct seal_use use, struct str plain,
          struct buf *out)
{
	u64 n = (u64)plain.n + SEAL_EXTRA;

	if (out->over || n > buf_room(out))
		return ERR_FULL;
	make(k, rng, use, plain, out->p + out->w);
	out->w += (u32)n;
	return 0;
}

int
seal_open(const struct seal_keys *k, struct seal_use use, struct str sealed, struct buf *out)
{
	if (sealed.n < SEAL_EXTRA)
		return ERR_BAD;
	if (out->over || sealed.n > buf_room(out))
		return ERR_FULL;
	memcpy(out->p + out->w, sealed.p, sealed.n);
	return open_room(k, use, out, sealed.n);
}

/* The record is made at the end of the room its text will take and encoded from there: the text
 * never catches up with the bytes still to be read. */
int
seal_make_text(const struct seal_keys *k, struct rng *rng, struct seal_use use, struct str plain,
               struct buf *out)
{
	u64 n = (u64)plain.n + SEAL_EXTRA, text_n = BASE64_URL_N(n);
	u8 *at;

	if (out->over || text_n > buf_room(out))
		return ERR_FULL;
	at = out->p + out->w + (text_n - n);
	make(k, rng, use, plain, at);
	base64_put_url(out, str_of(at, (size_t)n));
	return 0;
}

int
seal_open_text(const struct seal_keys *k, struct seal_use use, struct str text, struct buf *out)
{
	int n;

	if (out->over)
		return ERR_FULL;
	n = base64_read_url(text, out->p + out->w, buf_room(out));
	return n < 0 ? n : open_room(k, use, out, (u32)n);
}
