#include "gate/days.h"

#define PREFIX "q:"
#define LIST_N 4096
#define EACH_MS 2000
#define PUTS 32 /* in one turn */

int
days_load(struct quota *q, struct store *st, struct arena *a)
{
	size_t mark = a->used;
	struct buf out = arena_buf(a, LIST_N);
	struct store_op op = { .verb = STORE_LIST, .key = STR(PREFIX), .out = &out };
	int err = out.p ? 0 : ERR_FULL;

	while (!err) {
		struct store_entry e;
		struct str rest;
		u64 key, value;

		out.r = out.w = 0;
		err = store_do(st, &op);
		for (rest = buf_str(&out); !err && store_entry(&rest, &e);)
			if (str_hex(str_cut(e.key, 2, e.key.n), &key) == 0 && str_u64(e.val, &value) == 0)
				quota_restore(q, key, value);
		if (op.cursor == 0)
			break;
	}
	arena_rewind(a, mark);
	return err;
}

static void
put(struct quota *q, struct store *st, u64 key, u64 value, msec now, u64 now_us)
{
	u8 name[18], number[20];
	struct buf k = buf_over(name, sizeof name), v = buf_over(number, sizeof number);
	struct store_op op = { .verb = STORE_PUT, .lazy = true };

	BUF_LIT(&k, PREFIX);
	buf_hex(&k, key, 16);
	buf_u64(&v, value);
	op.key = buf_str(&k);
	op.val = buf_str(&v);
	op.ttl_s = (u32)((q->day_ends - now_us) / 1000000) + 1;
	store_start(st, &op, now);
}

void
days_turn(struct days *d, struct quota *q, struct store *st, msec now, u64 now_us, bool last)
{
	u64 key, value;
	u32 n = 0;

	if (!last && now < d->next_at)
		return;
	if (last)
		d->at = 0;
	while ((last || n++ < PUTS) && quota_unsaved(q, &d->at, &key, &value, now_us))
		put(q, st, key, value, now, now_us);
	if (last || n <= PUTS) {
		d->at = 0;
		d->next_at = now + EACH_MS;
	}
}
