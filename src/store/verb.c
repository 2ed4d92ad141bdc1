#include "store/store_priv.h"

#include "store/rec.h"
#include "store/resp.h"

#define ENTRY_HEAD_N 17 /* key_n 1, val_n 4, version 8, dies 4 */

static int
result(struct store_op *op, struct str val)
{
	u32 from;

	if (!op->out)
		return 0;
	from = op->out->w;
	buf_put(op->out, val);
	if (op->out->over)
		return ERR_FULL;
	op->val = str_of(op->out->p + from, val.n);
	return 0;
}

static wall
dies_at(const struct store *st, u32 ttl_s)
{
	u64 at = (u64)st->age.wall + ttl_s;

	ASSERT(ttl_s); /* how long it lives is always said */
	if (ttl_s == STORE_FOREVER)
		return 0;
	return at > UINT32_MAX ? UINT32_MAX : (wall)at; /* never 0, which is for ever */
}

static int
run_get(struct store_op *op, const struct found *f)
{
	if (!f->there)
		return ERR_NONE;
	op->version = f->version;
	op->dies = f->dies;
	return result(op, f->val);
}

static int
run_write(struct store *st, struct store_op *op, struct found *f)
{
	wall dies = dies_at(st, op->ttl_s);

	if (op->verb == STORE_ADD && f->there)
		return ERR_LATE;
	if (op->verb == STORE_SWAP && !f->there)
		return ERR_NONE;
	if (op->verb == STORE_SWAP && f->version != op->version)
		return ERR_LATE;
	return st->kind->put(st, op, f, dies);
}

static int
run_take(struct store *st, struct store_op *op, struct found *f)
{
	u32 from = op->out ? op->out->w : 0;
	int err = run_get(op, f);

	if (err)
		return err;
	err = st->kind->drop(st, op, f);
	if (err && op->out)
		op->out->w = from; /* nothing was taken */
	return err;
}

static int
run_incr(struct store *st, struct store_op *op, struct found *f)
{
	u8 text[24];
	struct buf b = buf_over(text, sizeof text);
	int64_t value = 0;
	wall dies = f->there ? f->dies : dies_at(st, op->ttl_s);
	int err;

	if (f->there && resp_number(f->val, &value) < 0)
		return ERR_BAD;
	if (__builtin_add_overflow(value, op->by, &value))
		return ERR_BAD;
	buf_i64(&b, value);
	op->val = buf_str(&b);
	err = st->kind->put(st, op, f, dies);
	op->val = STR_NONE;
	op->total = value;
	return err;
}

static int
run_one(struct store *st, struct store_op *op, struct found *f)
{
	switch (op->verb) {
	case STORE_GET: return run_get(op, f);
	case STORE_PUT:
	case STORE_ADD:
	case STORE_SWAP: return run_write(st, op, f);
	case STORE_TAKE: return run_take(st, op, f);
	case STORE_INCR: return run_incr(st, op, f);
	case STORE_DROP: return f->there ? st->kind->drop(st, op, f) : ERR_NONE;
	}
	ASSERT(!"a verb");
	return ERR_BAD;
}

static bool
is_acceptable(const struct store_op *op)
{
	bool carries = op->verb == STORE_PUT || op->verb == STORE_ADD || op->verb == STORE_SWAP;

	if (op->verb == STORE_LIST)
		return op->key.n <= STORE_KEY_MAX;
	return op->key.n && op->key.n <= STORE_KEY_MAX && (!carries || op->val.n <= STORE_VAL_MAX);
}

bool
verb_run(struct store *st, struct store_op *op, bool *later)
{
	struct found f = { 0 };
	int err = is_acceptable(op) ? 0 : ERR_BAD;

	*later = false;
	op->seq = 0;
	if (!err && op->verb == STORE_LIST)
		err = st->kind->list(st, op);
	else if (!err) {
		err = st->kind->find(st, op->key, &f);
		if (!err)
			err = run_one(st, op, &f);
	}
	if (err == ERR_MORE) {
		*later = true;
		return false;
	}
	op->err = err;
	if (!err && op->verb == STORE_GET && f.unsynced)
		op->seq = f.version; /* an answer must not claim what power could still undo */
	op->done = err || !op->seq || op->lazy;
	return op->done;
}

void
verb_done(struct store *st, struct store_op *op, int err)
{
	list_out(&op->link);
	op->waits = false;
	op->done = true;
	op->err = err;
	if (op->owner && st->loop)
		loop_ready(st->loop, op->owner);
}

bool
verb_entry(struct buf *out, const struct store_entry *e)
{
	u8 head[ENTRY_HEAD_N];

	if (buf_room(out) < ENTRY_HEAD_N + e->key.n + e->val.n)
		return false;
	head[0] = (u8)e->key.n;
	put_le32(head + 1, e->val.n);
	put_le64(head + 5, e->version);
	put_le32(head + 13, e->dies);
	buf_put(out, str_of(head, sizeof head));
	buf_put(out, e->key);
	buf_put(out, e->val);
	return true;
}

bool
store_entry(struct str *rest, struct store_entry *e)
{
	u32 key_n, val_n;

	if (rest->n < ENTRY_HEAD_N)
		return false;
	key_n = rest->p[0];
	val_n = le32(rest->p + 1);
	ASSERT(rest->n - ENTRY_HEAD_N >= key_n && rest->n - ENTRY_HEAD_N - key_n >= val_n);
	e->version = le64(rest->p + 5);
	e->dies = le32(rest->p + 13);
	e->key = str_cut(*rest, ENTRY_HEAD_N, ENTRY_HEAD_N + key_n);
	e->val = str_cut(*rest, ENTRY_HEAD_N + key_n, ENTRY_HEAD_N + key_n + val_n);
	*rest = str_cut(*rest, ENTRY_HEAD_N + key_n + val_n, rest->n);
	return true;
}
