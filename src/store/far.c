#include "store/far_priv.h"

#include "store/resp.h"
#include "sys/sock.h"

#include <poll.h>

#define TURN_MS 1000 /* counts at most of the time between two turns */

/* The end that asks. */
struct far {
	struct store st; /* first: a store is a far */
	struct far_page *page;
	int64_t index;
	int ask, answer;
	u64 id; /* of the last question */
	msec counted; /* patience: since when */
	u32 changes;  /* of page->before that were seen */
	u32 patience; /* ms that have passed here; ops note in `dies` when it began */
	struct watch in, room;
	struct ready ready;
	struct link sent;  /* ops that wait for their answer, in the order of asking */
	struct link queue; /* ops that found no room */
	u8 packet[FAR_PACKET_N];
};

static struct far *
far_of(struct store *st)
{
	return CONTAINER_OF(st, struct far, st);
}

/* ---- packets ------------------------------------------------------------------------------------- */

int
far_say(int fd, const int64_t *number, u32 n, struct str key, struct str val)
{
	u8 room[FAR_HEAD_N];
	struct buf b = buf_over(room, sizeof room);
	struct str view[5] = { [1] = key, [3] = val, [4] = RESP_END };

	resp_array(&b, n + 2);
	for (u32 i = 0; i < n; i++)
		resp_bulk_number(&b, number[i]);
	resp_bulk_head(&b, key.n);
	view[0] = buf_str(&b);
	b.r = b.w;
	buf_put(&b, RESP_END);
	resp_bulk_head(&b, val.n);
	view[2] = buf_str(&b);
	ASSERT(!b.over);
	return sock_send(fd, view, 5);
}

int
far_hear(struct str packet, int64_t *number, u32 n, struct str *key, struct str *val)
{
	struct resp r;

	if (resp_read(packet, &r) != (int)packet.n || r.kind != '*' || r.n != n + 2)
		return ERR_BAD;
	for (u32 i = 0; i < n; i++)
		if (resp_number(r.item[i], &number[i]))
			return ERR_BAD;
	*key = r.item[n];
	*val = r.item[n + 1];
	return 0;
}

/* ---- what was ever written ----------------------------------------------------------------------- */

void
far_note(struct far_page *p, u32 hash)
{
	__atomic_or_fetch(&p->seen[hash % FAR_SEEN_BITS / 32], 1U << hash % 32, __ATOMIC_RELEASE);
}

bool
far_noted(const struct far_page *p, u32 hash)
{
	return __atomic_load_n(&p->seen[hash % FAR_SEEN_BITS / 32], __ATOMIC_ACQUIRE) >> hash % 32 & 1;
}

/* ---- asking -------------------------------------------------------------------------------------- */

/* Bytes its answer may have, with what the kernel adds. */
static u32
answer_n(const struct store_op *op)
{
	return 1024 + (op->out ? min_u32(buf_room(op->out), FAR_OUT_N) : 0);
}

/* Whether its answer will find room beside those that are on their way. */
static bool
has_room(const struct far *f, const struct store_op *op)
{
	u32 owed = op->lazy ? 0 : answer_n(op);

	for (const struct link *l = f->sent.next; l != &f->sent && owed <= FAR_OWED_N; l = l->next)
		owed += answer_n(CONTAINER_OF(l, const struct store_op, link));
	return owed <= FAR_OWED_N;
}

/* ERR_MORE: not now. */
static int
ask(struct far *f, struct store_op *op)
{
	int64_t number[ASK_N] = { op->verb, f->index, (int64_t)++f->id, op->lazy, op->ttl_s,
		(int64_t)op->version, op->by, op->cursor, op->out ? (int64_t)buf_room(op->out) : -1 };
	bool carries = op->verb == STORE_PUT || op->verb == STORE_ADD || op->verb == STORE_SWAP;
	int err;

	if (op->key.n > STORE_KEY_MAX || (carries && op->val.n > STORE_VAL_MAX))
		return ERR_BAD;
	op->seq = f->id;
	err = far_say(f->ask, number, ASK_N, op->key, carries ? op->val : STR_NONE);
	return err < 0 ? err : 0;
}

static void
wait_in(struct far *f, struct link *list, struct store_op *op)
{
	list_last(list, &op->link);
	op->waits = true;
	op->dies = f->patience; /* until it is done: since when it waits */
}

/* Whether nothing can be there: then nobody is asked. What will be there is noted. */
static bool
is_absent(struct far *f, const struct store_op *op)
{
	u32 hash = store_hash(op->key, f->page->seed);

	switch (op->verb) {
	case STORE_GET:
	case STORE_TAKE:
	case STORE_SWAP:
	case STORE_DROP:
		return !far_noted(f->page, hash);
	case STORE_LIST:
		return false;
	}
	far_note(f->page, hash);
	return false;
}

static enum step
start(struct store *st, struct store_op *op)
{
	struct far *f = far_of(st);
	int err;

	if (is_absent(f, op))
		err = ERR_NONE;
	else if (!op->lazy && (!list_empty(&f->queue) || !has_room(f, op)))
		err = ERR_FULL;
	else
		err = ask(f, op);
	if ((err == 0 || err == ERR_MORE || err == ERR_FULL) && !op->lazy) {
		wait_in(f, err ? &f->queue : &f->sent, op);
		if (err == ERR_MORE && f->st.loop)
			watch_want(f->st.loop, &f->room, POLLOUT);
		return STEP_WAIT;
	}
	op->err = err == ERR_MORE ? ERR_FULL : err;
	op->done = true;
	return STEP_DONE;
}

static void
finish(struct far *f, struct store_op *op, int err)
{
	if (err)
		op->dies = 0;
	verb_done(&f->st, op, err);
}

/* ---- answers ------------------------------------------------------------------------------------- */

static struct store_op *
op_of(struct far *f, u64 id)
{
	for (struct link *l = f->sent.next; l != &f->sent; l = l->next) {
		struct store_op *op = CONTAINER_OF(l, struct store_op, link);

		if (op->seq == id)
			return op;
	}
	return NULL; /* cancelled, given up, or of the worker that was here before us */
}

static void
take(struct far *f, struct str packet)
{
	int64_t n[TELL_N];
	struct str key, val;
	struct store_op *op;
	u32 from;

	if (far_hear(packet, n, TELL_N, &key, &val))
		return;
	op = op_of(f, (u64)n[TELL_ID]);
	if (!op)
		return;
	op->version = (u64)n[TELL_VERSION];
	op->dies = (wall)n[TELL_DIES];
	op->total = n[TELL_TOTAL];
	op->cursor = (u32)n[TELL_CURSOR];
	if (op->out && n[TELL_ERR] == 0) {
		from = op->out->w;
		buf_put(op->out, val);
		ASSERT(!op->out->over);
		if (op->verb != STORE_LIST)
			op->val = str_of(op->out->p + from, val.n);
	}
	verb_done(&f->st, op, (int)n[TELL_ERR]);
}

static void
take_answers(struct far *f)
{
	int n;

	while ((n = sock_recv(f->answer, f->packet, sizeof f->packet)) > 0)
		take(f, str_of(f->packet, (u32)n));
}

static void
send_queue(struct far *f)
{
	while (!list_empty(&f->queue)) {
		struct store_op *op = CONTAINER_OF(f->queue.next, struct store_op, link);
		int err = has_room(f, op) ? ask(f, op) : ERR_FULL;

		if (err == ERR_FULL)
			break; /* an answer that comes makes room */
		if (err == ERR_MORE) {
			watch_want(f->st.loop, &f->room, POLLOUT);
			return;
		}
		if (err) {
			finish(f, op, err);
			continue;
		}
		list_out(&op->link);
		wait_in(f, &f->sent, op);
	}
	watch_want(f->st.loop, &f->room, 0);
}

/* A read is asked again, once: a question that ends its keeper must not end all of them. */
static void
was_had(struct far *f, struct store_op *op)
{
	if (verb_writes(op) || op->again) {
		finish(f, op, ERR_IO);
		return;
	}
	op->again = true;
	list_out(&op->link);
	wait_in(f, &f->queue, op);
}

/* What a keeper that is gone had taken up: of a write nobody knows whether it was done; a read can be asked again.
 * What it did answer is there by now. */
static void
look_for_keeper(struct far *f)
{
	/* lazy, and nothing: it is only heard */
	struct store_op probe = { .verb = STORE_GET, .lazy = true, .key = STR("-") };
	u32 seen = __atomic_load_n(&f->page->changes[f->index], __ATOMIC_ACQUIRE);
	u64 before;

	if (seen == f->changes)
		return;
	f->changes = seen;
	take_answers(f);
	before = __atomic_load_n(&f->page->before[f->index], __ATOMIC_ACQUIRE);
	while (!list_empty(&f->sent)) {
		struct store_op *op = CONTAINER_OF(f->sent.next, struct store_op, link);

		if (op->seq > before)
			break;
		was_had(f, op);
	}
	if (!list_empty(&f->sent))
		ask(f, &probe); /* what the keeper hears first from us tells what another one had in its hand */
}

static void
on_ready(struct ready *r, msec now)
{
	struct far *f = CONTAINER_OF(r, struct far, ready);

	f->st.now = now > f->st.now ? now : f->st.now;
	if (f->room.got) {
		f->room.got = 0;
		send_queue(f);
	}
	if (!f->in.got)
		return;
	f->in.got = 0;
	take_answers(f);
	look_for_keeper(f);
	send_queue(f);
}

/* ---- the kind ------------------------------------------------------------------------------------ */

static void
give_up(struct far *f, struct link *list)
{
	while (!list_empty(list)) {
		struct store_op *op = CONTAINER_OF(list->next, struct store_op, link);

		if (f->patience - op->dies <= FAR_WAIT_S * 1000)
			return;
		finish(f, op, ERR_IO);
	}
}

/* Turns come often (main/work_turn.c): of a longer time in between we, and often the keeper with us, were stopped for
 * the most part, and an answer may not have had its chance. */
static void
count_patience(struct far *f)
{
	msec passed = f->st.now - f->counted;

	f->patience += passed < TURN_MS ? (u32)passed : TURN_MS;
	f->counted = f->st.now;
}

static void
commit(struct store *st)
{
	struct far *f = far_of(st);

	count_patience(f);
	st->age.wall = max_u32(st->age.wall, __atomic_load_n(&f->page->wall, __ATOMIC_RELAXED));
	if (st->loop) {
		look_for_keeper(f);
		send_queue(f); /* those who gave up make room, too */
	}
	give_up(f, &f->sent);
	give_up(f, &f->queue);
}

static int
attach(struct store *st)
{
	struct far *f = far_of(st);

	ready_init(&f->ready, on_ready);
	watch_add(st->loop, &f->in, f->answer, POLLIN, &f->ready);
	watch_add(st->loop, &f->room, f->ask, 0, &f->ready);
	return 0;
}

static void
figures(const struct store *st, struct store_figures *fig)
{
	*fig = CONTAINER_OF(st, const struct far, st)->page->figures;
}

static void
close_far(struct store *st)
{
	struct far *f = far_of(st);

	if (!st->loop)
		return;
	watch_end(st->loop, &f->in);
	watch_end(st->loop, &f->room);
	ready_cancel(&f->ready);
}

static const struct store_kind far_kind = {
	.start = start,
	.commit = commit,
	.attach = attach,
	.figures = figures,
	.close = close_far,
};

int
store_open_far(struct store **st, const struct far_lines *l, u32 index, struct arena *a, msec now, wall at)
{
	struct far *f = ARENA_NEW(a, struct far);

	*st = NULL;
	if (!f)
		return ERR_FULL;
	f->page = (struct far_page *)l->page;
	f->index = index;
	f->ask = l->ask[1];
	f->answer = l->answer[index][0];
	f->changes = f->page->changes[index];
	f->id = (u64)now << 16; /* beyond every question of the worker that was here before us */
	list_init(&f->sent);
	list_init(&f->queue);
	f->st.kind = &far_kind;
	f->st.stamp = f->page->stamp;
	f->st.now = f->counted = now;
	age_init(&f->st.age, f->page->wall, now, at);
	ready_init(&f->st.ready, NULL);
	*st = &f->st;
	return 0;
}

/* ---- lines --------------------------------------------------------------------------------------- */

size_t
far_page_bytes(void)
{
	return (sizeof(struct far_page) + 63) & ~(size_t)63;
}

int
far_open(struct far_lines *l, void *page, u32 workers)
{
	l->page = page;
	l->workers = workers;
	if (sock_pair_free(l->ask))
		return ERR_IO;
	for (u32 i = 1; i < workers; i++)
		if (sock_pair_free(l->answer[i]))
			return ERR_IO;
	return 0;
}

void
far_take(struct far_lines *l, u32 index)
{
	if (index)
		sock_close(l->ask[0]);
	if (!index || index == UINT32_MAX)
		sock_close(l->ask[1]);
	for (u32 i = 1; i < l->workers; i++) {
		if (i != index)
			sock_close(l->answer[i][0]);
		if (index)
			sock_close(l->answer[i][1]);
	}
}
