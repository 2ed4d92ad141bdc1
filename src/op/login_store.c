#include "op/login_priv.h"

#include "base/le.h"
#include "base/map.h"
#include "crypt/ct.h"
#include "op/op.h"

#define LEASE_S 20 /* more than one login takes */

static struct str
key_of(const struct login_live *l)
{
	return str_of(l->key, l->key_n);
}

u64
login_texts_hash(const struct login_live *l)
{
	u32 n = 0;

	for (u32 i = 0; i < LOGIN_SENDS_MAX; i++)
		n += l->n[i];
	return map_hash(str_of(l->text, n), 0);
}

static struct str
lease_key(struct login_live *l)
{
	struct buf b = buf_over(l->lease, sizeof l->lease);

	buf_fmt(&b, "J%S", str_cut(key_of(l), 1, LOGIN_KEY_N));
	return buf_str(&b);
}

void
login_lease_end(struct login_live *l, msec now)
{
	struct store_op op = { .verb = STORE_DROP, .key = lease_key(l), .lazy = true };

	if (l->leased)
		store_start(l->ops->vault.store, &op, now);
	l->leased = false;
}

static struct seal_use
use_of(const struct login_live *l)
{
	return (struct seal_use){ .what = STR("login|1"), .ad = key_of(l) };
}

void
login_keep(struct login_live *l, u32 ttl_s, msec now)
{
	struct ops *o = l->ops;
	struct buf plain = buf_over(o->canon, RPC_BODY_MAX), sealed = buf_over(l->room, sizeof l->room);
	u32 at = 0;

	if (!o->vault.keys->n || !ttl_s)
		return;
	for (u32 i = 0; i < LOGIN_SENDS_MAX; at += l->n[i++]) {
		buf_byte(&plain, (u8)(l->n[i] >> 8));
		buf_byte(&plain, (u8)l->n[i]);
		buf_put(&plain, str_of(l->text + at, l->n[i]));
	}
	if (seal_make(o->vault.keys, o->rng, use_of(l), buf_str(&plain), &sealed) == 0) {
		store_cancel(o->vault.store, &l->op);
		memset(&l->op, 0, sizeof l->op);
		l->op = (struct store_op){ .verb = STORE_PUT, .key = key_of(l), .val = buf_str(&sealed) };
		list_init(&l->op.link);
		l->op.ttl_s = ttl_s;
		l->op.lazy = true;
		store_start(o->vault.store, &l->op, now);
	}
	ct_wipe(plain.p, plain.w);
}

static void
start_op(struct login_live *l, u8 state, struct store_op op, msec now)
{
	l->state = state;
	l->op = op;
	l->op.owner = &l->ready;
	list_init(&l->op.link);
	if (store_start(l->ops->vault.store, &l->op, now) != STEP_WAIT)
		loop_ready(l->ops->loop, &l->ready);
}

/* What the lease says: whose it is. */
static struct str
our_lease(struct login_live *l)
{
	const struct lives *lives = &l->ops->lives;

	put_le32(l->lease_by, lives->worker);
	put_le32(l->lease_by + 4, lives->own);
	return str_of(l->lease_by, sizeof l->lease_by);
}

static void
look(struct login_live *l, u8 state, struct str key, msec now)
{
	l->out = buf_over(l->room, sizeof l->room);
	start_op(l, state, (struct store_op){ .verb = STORE_GET, .key = key, .out = &l->out }, now);
}

void
login_look(struct login_live *l, msec now)
{
	look(l, LOOK, key_of(l), now);
}

void
login_lease(struct login_live *l, msec now)
{
	start_op(l, LEASE, (struct store_op){ .verb = STORE_ADD, .key = lease_key(l), .val = our_lease(l),
		.ttl_s = LEASE_S }, now);
}

void
login_lease_look(struct login_live *l, msec now)
{
	look(l, WHOSE, lease_key(l), now);
}

bool
login_lease_inherit(struct login_live *l, msec now)
{
	struct str by = l->op.val;

	if (l->op.err || (by.n == sizeof l->lease_by && lives_on(&l->ops->lives, le32(by.p), le32(by.p + 4))))
		return false;
	start_op(l, LEASE, (struct store_op){ .verb = STORE_SWAP, .key = lease_key(l), .val = our_lease(l),
		.ttl_s = LEASE_S, .version = l->op.version }, now);
	return true;
}

bool
login_open_record(struct login_live *l, msec now)
{
	struct ops *o = l->ops;
	struct buf plain = buf_over(o->canon, RPC_BODY_MAX);
	u32 at = 0, n = 0;

	if (l->op.err || !o->vault.keys->n || seal_open(o->vault.keys, use_of(l), l->op.val, &plain))
		return false;
	for (u32 i = 0; i < LOGIN_SENDS_MAX && at + 2 <= plain.w; i++) {
		u32 k = (u32)plain.p[at] << 8 | plain.p[at + 1];

		if (k > plain.w - at - 2 || k > LOGIN_TEXT_MAX - n)
			return false;
		memcpy(l->text + n, plain.p + at + 2, k);
		l->n[i] = (u16)k;
		n += k;
		at += k + 2;
	}
	ct_wipe(plain.p, plain.w);
	l->ends = l->op.dies ? now + ((msec)l->op.dies - store_wall(o->vault.store)) * 1000 : INT64_MAX;
	l->good = true; /* of another time: it may be refused */
	return n > 0;
}
