#include "store/far_priv.h"

#include "base/log.h"
#include "base/pool.h"
#include "sys/sock.h"

#include <poll.h>

#define ASKED 32                  /* questions under way; the others wait in the queue */
#define ROOM_N (FAR_PACKET_N + FAR_OUT_N) /* the question in front, behind it what it is answered with */
#define NO_VERB 255
#define OLD_LIST 254

/* One question under way. */
struct asked {
	struct store_op op;
	struct link link; /* keeper.asked */
	u32 worker;
	int64_t id;
	struct buf out;
	u8 room[ROOM_N];
};

struct keeper {
	struct store *st;
	const struct far_lines *lines;
	struct far_page *page;
	struct watch in;
	struct ready ready;
	struct link asked;
	struct pool pool; /* struct asked */
	u64 heard;        /* workers that have asked this keeper, a bit for each */
};

/* Those before us had all questions of this worker up to this one: they are not answered any more. It is woken to see
 * that. */
static void
had(struct keeper *k, u32 worker, u64 id)
{
	static const int64_t hello[TELL_N] = { FAR_HELLO };

	__atomic_store_n(&k->page->before[worker], id, __ATOMIC_RELEASE);
	__atomic_add_fetch(&k->page->changes[worker], 1, __ATOMIC_RELEASE);
	far_say(k->lines->answer[worker][1], hello, TELL_N, STR_NONE, STR_NONE);
}

/* Places in a list are ours alone: the one before us had its entries elsewhere. */
static u32
own_mark(const struct keeper *k)
{
	return (k->page->keepers % 255 + 1) * FAR_CURSOR_N;
}

/* Who does not read answers is not waited for: the question is given up there. */
static void
answer(struct keeper *k, struct asked *a)
{
	const struct store_op *op = &a->op;
	int64_t n[TELL_N] = { a->id, op->err, (int64_t)op->version, op->dies, op->total, op->cursor };

	if (op->cursor)
		n[TELL_CURSOR] |= own_mark(k);
	if (!op->lazy)
		far_say(k->lines->answer[a->worker][1], n, TELL_N, STR_NONE, op->err ? STR_NONE : buf_str(&a->out));
	list_out(&a->link);
	pool_give(&k->pool, a);
}

/* Reads a question. ERR_BAD: it is none; a worker that was taken over must not take us along. */
static int
read_question(struct keeper *k, struct asked *a, u32 n)
{
	int64_t v[ASK_N];
	struct store_op *op = &a->op;

	if (far_hear(str_of(a->room, n), v, ASK_N, &op->key, &op->val) || v[ASK_WORKER] < 1 ||
	    v[ASK_WORKER] >= k->lines->workers || v[ASK_VERB] < 0 || v[ASK_VERB] > STORE_LIST || v[ASK_TTL] < 0 ||
	    v[ASK_TTL] > UINT32_MAX || v[ASK_CURSOR] < 0 || v[ASK_CURSOR] > UINT32_MAX)
		return ERR_BAD;
	a->worker = (u32)v[ASK_WORKER];
	a->id = v[ASK_ID];
	op->verb = (u8)v[ASK_VERB];
	op->lazy = v[ASK_LAZY] != 0;
	op->ttl_s = (u32)v[ASK_TTL];
	op->version = (u64)v[ASK_VERSION];
	op->by = v[ASK_BY];
	op->cursor = (u32)v[ASK_CURSOR] % FAR_CURSOR_N;
	op->owner = &k->ready;
	a->out = buf_over(a->room + n, 0);
	if (v[ASK_ROOM] >= 0) {
		a->out.cap = (u32)(v[ASK_ROOM] < FAR_OUT_N ? v[ASK_ROOM] : FAR_OUT_N);
		op->out = &a->out;
	}
	if (!(k->heard >> a->worker & 1)) {
		/* One that the keeper before us had in its hand when it died was taken up by nobody. */
		k->heard |= 1ULL << a->worker;
		had(k, a->worker, (u64)a->id - 1);
	}
	__atomic_store_n(&k->page->taken[a->worker], (u64)a->id, __ATOMIC_RELEASE);
	if (op->cursor && (u32)v[ASK_CURSOR] - op->cursor != own_mark(k))
		op->verb = OLD_LIST;
	if ((verb_writes(op) && op->verb != STORE_DROP && op->verb != STORE_TAKE && !op->ttl_s) ||
	    (op->verb == STORE_LIST && !op->out))
		op->verb = NO_VERB;
	return 0;
}

/* Takes up one question. Whether there was one. */
static bool
take_one(struct keeper *k, msec now)
{
	struct asked *a = (struct asked *)pool_take_raw(&k->pool);
	int n;

	if (!a)
		return false;
	a->op = (struct store_op){ 0 };
	list_init(&a->link);
	n = sock_recv(k->lines->ask[0], a->room, FAR_PACKET_N);
	if (n <= 0 || read_question(k, a, (u32)n)) {
		pool_give(&k->pool, a);
		return n > 0;
	}
	list_last(&k->asked, &a->link);
	if (a->op.verb >= OLD_LIST)
		a->op.err = a->op.verb == OLD_LIST ? ERR_IO : ERR_BAD;
	else if (store_start(k->st, &a->op, now) == STEP_WAIT)
		return true;
	answer(k, a);
	return true;
}

static void
answer_done(struct keeper *k)
{
	for (struct link *l = k->asked.next, *next; l != &k->asked; l = next) {
		struct asked *a = CONTAINER_OF(l, struct asked, link);

		next = l->next;
		if (a->op.done)
			answer(k, a);
	}
}

static void
on_ready(struct ready *r, msec now)
{
	struct keeper *k = CONTAINER_OF(r, struct keeper, ready);
	bool full;

	answer_done(k);
	if (k->in.got)
		for (u32 i = 0; i < ASKED && take_one(k, now); i++)
			;
	k->in.got = 0; /* poll says so again when there are more */
	full = k->pool.used == ASKED;
	watch_want(k->st->loop, &k->in, full ? 0 : POLLIN);
}

void
keeper_before(struct store *st, const struct store_op *op, msec now)
{
	struct ready *due = st->first;

	if (verb_writes(op))
		far_note(st->page, store_hash(op->key, st->page->seed));
	if (!list_linked(&due->link))
		return;
	ready_cancel(due);
	due->run(due, now);
}

void
keeper_publish(struct store *st)
{
	__atomic_store_n(&st->page->wall, st->age.wall, __ATOMIC_RELAXED);
	st->kind->figures(st, &st->page->figures);
}

void
keeper_end(struct store *st)
{
	struct keeper *k = CONTAINER_OF(st->first, struct keeper, ready);

	watch_end(st->loop, &k->in);
	ready_cancel(&k->ready);
}

size_t
keeper_bytes(void)
{
	return sizeof(struct keeper) + pool_bytes(sizeof(struct asked), ASKED) + 64;
}

int
keeper_begin(struct store *st, const struct far_lines *l, struct arena *a)
{
	struct keeper *k = ARENA_NEW(a, struct keeper);

	if (!k || pool_init(&k->pool, a, sizeof(struct asked), ASKED))
		return ERR_FULL;
	k->st = st;
	k->lines = l;
	k->page = (struct far_page *)l->page;
	list_init(&k->asked);
	k->page->keepers++;
	for (u32 i = 0; i < ARRAY_N(k->page->stamp); i++)
		k->page->stamp[i]++; /* what the keeper before us had not acknowledged may be gone */
	st->stamp = k->page->stamp;
	st->page = k->page;
	st->first = &k->ready;
	if (st->kind->note)
		st->kind->note(st, k->page);
	else
		memset(k->page->seen, 0xff, sizeof k->page->seen);
	keeper_publish(st);
	ready_init(&k->ready, on_ready);
	watch_add(st->loop, &k->in, l->ask[0], POLLIN, &k->ready);
	for (u32 i = 1; i < l->workers; i++)
		had(k, i, k->page->taken[i]); /* what was taken up; we take up more before they look */
	return 0;
}
