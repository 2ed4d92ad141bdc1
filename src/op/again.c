#include "op/again.h"

#include "crypt/rng.h"

/* What stands before the texts of a record. The program that wrote it reads it, so it may lie as it does in memory;
 * another version finds another size. */
struct head {
	u32 size;
	u32 pinned;
	wall made;
	u64 from;
	bool readonly;
	u16 n[6]; /* bytes of each text */
	struct principal who;
};

static void
texts_of(struct again *a, struct str *text[6])
{
	text[0] = &a->api;
	text[1] = &a->environment;
	text[2] = &a->operation;
	text[3] = &a->key;
	text[4] = &a->path;
	text[5] = &a->args;
}

static struct seal_use
use_of(struct str key)
{
	return (struct seal_use){ .what = STR("again|1"), .ad = key };
}

/* Requests are built and sent at once: between that their scratch is free. */
static_assert(UPSTREAM_URL_MAX >= 2 * AGAIN_RECORD_MAX, "a record is made in the scratch of request targets");

/* The record, sealed, into out. */
static int
make(struct ops *o, struct again a, struct str key, struct buf *out)
{
	struct buf b = buf_over(o->target + AGAIN_RECORD_MAX, AGAIN_RECORD_MAX - SEAL_EXTRA);
	struct head h;
	struct str *text[6];

	memset(&h, 0, sizeof h);
	h.size = sizeof h;
	h.pinned = a.view.pinned;
	h.made = store_wall(o->vault.store);
	h.from = a.from;
	h.readonly = a.view.readonly;
	h.who = a.who;
	texts_of(&a, text);
	for (u32 i = 0; i < ARRAY_N(text); i++)
		h.n[i] = (u16)min_u32(text[i]->n, UINT16_MAX);
	buf_put(&b, str_of(&h, sizeof h));
	for (u32 i = 0; i < ARRAY_N(text); i++)
		buf_put(&b, *text[i]);
	return b.over ? ERR_FULL : seal_make(o->vault.keys, o->rng, use_of(key), buf_str(&b), out);
}

int
again_key(const char *prefix, struct str handle, u8 room[AGAIN_KEY_N], struct str *key)
{
	struct buf b = buf_over(room, AGAIN_KEY_N);

	if (handle.n != AGAIN_HANDLE_N)
		return ERR_BAD;
	for (u32 i = 0; i < handle.n; i++)
		if (!(handle.p[i] >= '0' && handle.p[i] <= '9') && !(handle.p[i] >= 'a' && handle.p[i] <= 'f'))
			return ERR_BAD;
	buf_c(&b, prefix);
	buf_put(&b, handle);
	*key = buf_str(&b);
	return 0;
}

int
again_keep(struct ops *o, const char *prefix, const struct again *a, msec now, char handle[AGAIN_HANDLE_N + 1])
{
	u8 random[AGAIN_HANDLE_N / 2], key_room[AGAIN_KEY_N];
	struct buf hex = buf_over(handle, AGAIN_HANDLE_N), out = buf_over(o->target, AGAIN_RECORD_MAX);
	struct store_op op = { .verb = STORE_ADD, .lazy = true, .ttl_s = AGAIN_TTL_S };
	struct store_figures f;
	int err;

	store_figures(o->vault.store, &f);
	if (!o->vault.keys->n || !o->rng || f.keys > f.keys_max / 2)
		return ERR_FULL;
	rng_bytes(o->rng, random, sizeof random);
	for (u32 i = 0; i < sizeof random; i++)
		buf_hex(&hex, random[i], 2);
	handle[AGAIN_HANDLE_N] = 0;
	again_key(prefix, buf_str(&hex), key_room, &op.key);
	err = make(o, *a, op.key, &out);
	if (err)
		return err;
	op.val = buf_str(&out);
	if (store_start(o->vault.store, &op, now) == STEP_WAIT) /* some stores answer late even to lazy writes */
		store_cancel(o->vault.store, &op);
	return op.done ? op.err : 0;
}

static struct seal_use
answer_use(struct str key)
{
	return (struct seal_use){ .what = STR("answer|1"), .ad = key };
}

int
again_seal(struct ops *o, struct str key, struct str plain, struct buf *out)
{
	return seal_make(o->vault.keys, o->rng, answer_use(key), plain, out);
}

int
again_unseal(struct ops *o, struct str key, struct str record, struct buf *room)
{
	return seal_open(o->vault.keys, answer_use(key), record, room);
}

int
again_open(struct ops *o, struct str key, struct str record, struct buf *room, struct again *a)
{
	struct str plain, *text[6];
	struct head h;

	if (seal_open(o->vault.keys, use_of(key), record, room))
		return ERR_BAD;
	plain = buf_str(room);
	if (plain.n < sizeof h)
		return ERR_BAD;
	memcpy(&h, plain.p, sizeof h);
	if (h.size != sizeof h)
		return ERR_BAD;
	*a = (struct again){ .who = h.who, .view = { .readonly = h.readonly, .pinned = h.pinned }, .from = h.from,
		.made = h.made };
	plain = str_cut(plain, sizeof h, plain.n);
	texts_of(a, text);
	for (u32 i = 0; i < ARRAY_N(text); i++) {
		if (h.n[i] > plain.n)
			return ERR_BAD;
		*text[i] = str_cut(plain, 0, h.n[i]);
		plain = str_cut(plain, h.n[i], plain.n);
	}
	return 0;
}
