#include "mcp/later_priv.h"

#include "base/log.h"
#include "mcp/paging.h"
#include "mcp/tools.h"

#define EACH_MAX 8      /* calls of one principal at once */
#define TTL_S 600       /* after the call has ended */
#define CLOSE_N 6144    /* bytes kept free for what stands behind an answer: see mcp/result.c */

enum { AT_CALL, AT_BODY, AT_PART, AT_NOTE, AT_OVER };

/* A call that goes on without its request. */
struct later {
	struct ready ready;
	struct link link; /* mcp_shared.late */
	struct mcp m;     /* the request's, without the request */
	struct principal who;
	u8 key_name[64];
	struct buf block; /* what was taken from the exchange's arena */
	struct buf kept;  /* the answer */
	struct buf sealed;
	struct store_op op;
	struct later_note note;
	u32 used, part;
	u8 at;
	bool whole; /* kept is full: it ends here */
	u8 key[LATER_KEY_N + LATER_SUFFIX_N];
};

bool
later_lives(const struct mcp_shared *sh, const struct later_note *n)
{
	return lives_on(&sh->ops->lives, n->worker, n->life);
}

int
later_init(struct mcp_shared *sh, struct arena *a)
{
	list_init(&sh->late);
	return pool_init(&sh->laters, a, sizeof(struct later), LATERS_MAX);
}

size_t
later_bytes(void)
{
	return pool_bytes(sizeof(struct later), LATERS_MAX);
}

/* ---- to the store ---------------------------------------------------------------------------------- */

/* Writes one record; part 0 is the note. As store_start; ERR_FULL in op.err when it cannot even be tried. */
static enum step
put(struct later *l, u8 verb, u32 part, struct str plain, msec now)
{
	const struct mcp_shared *sh = l->m.shared;
	struct buf key = buf_over(l->key, sizeof l->key);

	key.w = LATER_KEY_N;
	if (part)
		buf_u64(&key, part);
	l->op = (struct store_op){ .verb = verb, .owner = &l->ready, .key = buf_str(&key) };
	l->op.ttl_s = verb == STORE_ADD ? l->note.late - l->note.made + TTL_S : TTL_S;
	l->op.lazy = verb == STORE_ADD;
	l->sealed.r = l->sealed.w = 0;
	l->sealed.over = false;
	if (again_seal(sh->ops, l->op.key, plain, &l->sealed)) {
		l->op.err = ERR_FULL;
		l->op.done = true;
		return STEP_DONE;
	}
	l->op.val = buf_str(&l->sealed);
	return store_start(sh->store, &l->op, now);
}

static enum step
put_note(struct later *l, u8 verb, msec now)
{
	return put(l, verb, 0, str_of(&l->note, sizeof l->note), now);
}

/* ---- the call goes on ------------------------------------------------------------------------------ */

static void
give(struct later *l, msec now)
{
	struct lease *lease = l->m.shared->lease;

	result_end(&l->m.result);
	if (l->m.op)
		op_end(l->m.op, now);
	if (l->op.key.p && !l->op.done)
		store_cancel(l->m.shared->store, &l->op);
	lease_give(lease, &l->kept);
	lease_give(lease, &l->sealed);
	lease_give(lease, &l->block);
	ready_cancel(&l->ready);
	list_out(&l->link);
	--*l->m.hold;
	pool_give(&l->m.shared->laters, l);
}

/* Room for the answer: as much as there is. */
static bool
make_room(struct later *l)
{
	for (u32 n = RESULT_KEEP; n >= 16384 && !l->kept.p; n /= 2)
		l->kept = lease_take(l->m.shared->lease, n);
	l->m.keep = l->kept.p ? min_u32(l->kept.cap, RESULT_KEEP) - CLOSE_N : 0;
	return l->kept.p != NULL;
}

/* The call is over, and its answer complete. */
static void
complete(struct later *l, u8 status, msec now)
{
	if (l->m.op) {
		result_end(&l->m.result);
		l->m.result.m = NULL;
		op_end(l->m.op, now);
	}
	l->m.op = NULL;
	l->note.status = status;
	l->note.total = l->used;
	l->note.parts = (l->used + LATER_PART_N - 1) / LATER_PART_N;
	l->at = status == LATER_DONE ? AT_PART : AT_NOTE;
	if (l->at == AT_NOTE)
		put_note(l, STORE_PUT, now);
}

static enum step
call(struct later *l, msec now)
{
	struct op *op = l->m.op;
	enum step s = op_step(op, now);

	if (s == STEP_WAIT || s == STEP_MORE)
		return s;
	if (!make_room(l)) {
		complete(l, LATER_LOST, now);
	} else if (s == STEP_FAIL) {
		tools_put(&l->m, str_of(op->why, op->why_n), true, op->fault == OP_FAULT_BUSY ? 1 : 0, &l->kept);
		l->used = l->kept.w;
		complete(l, LATER_DONE, now);
	} else {
		result_start(&l->m.result, &l->m);
		l->at = AT_BODY;
	}
	return STEP_MORE;
}

/* Its body, as far as it has come; what does not fit is cut off. */
static enum step
body(struct later *l, msec now)
{
	struct result *r = &l->m.result;
	u32 most = l->m.keep + (l->whole ? CLOSE_N : 0);
	struct buf out = buf_over(l->kept.p + l->used, most - l->used);
	int n = r->pull.fill(&r->pull, &out, now);

	l->used += out.w;
	if (n > 0)
		return STEP_MORE;
	if (n == ERR_MORE)
		return STEP_WAIT;
	if (n == ERR_FULL && !l->whole) {
		result_cut(r);
		l->whole = true;
		return STEP_MORE;
	}
	complete(l, n ? LATER_LOST : LATER_DONE, now);
	return STEP_MORE;
}

/* The parts one after the other, the note last: whoever finds that finds all. */
static enum step
part(struct later *l, msec now)
{
	u32 from = l->part * LATER_PART_N;

	if (l->part && !l->op.done)
		return STEP_WAIT;
	if (l->part && l->op.err) {
		log_warn("later", "the answer of a call cannot be kept: %s", err_text(l->op.err));
		l->note.status = LATER_LOST;
		l->part = l->note.parts;
	}
	if (l->part == l->note.parts) {
		l->at = AT_NOTE;
		return put_note(l, STORE_PUT, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
	}
	l->part++;
	put(l, STORE_PUT, l->part, str_of(l->kept.p + from, min_u32(LATER_PART_N, l->used - from)), now);
	return l->op.done ? STEP_MORE : STEP_WAIT;
}

static enum step
one(struct later *l, msec now)
{
	switch (l->at) {
	case AT_CALL: return call(l, now);
	case AT_BODY: return body(l, now);
	case AT_PART: return part(l, now);
	}
	return l->op.done ? STEP_DONE : STEP_WAIT;
}

static void
run(struct ready *r, msec now)
{
	struct later *l = CONTAINER_OF(r, struct later, ready);
	enum step s = one(l, now);

	if (s == STEP_MORE)
		loop_ready(l->m.shared->ops->loop, r);
	else if (s == STEP_DONE)
		give(l, now);
}

/* ---- taking it over -------------------------------------------------------------------------------- */

static bool
has_enough(const struct mcp *m)
{
	u32 n = 0;

	LIST_EACH(&m->shared->late, it, next) {
		const struct later *l = CONTAINER_OF(it, struct later, link);

		n += l->who.id == m->who->id && l->who.kind == m->who->kind;
	}
	return n >= EACH_MAX;
}

static void
write_note(struct later *l, const struct mcp *m, msec now)
{
	struct later_note *n = &l->note;
	const struct op *op = m->op;

	*n = (struct later_note){ .size = sizeof *n, .status = LATER_RUNS, .kind = m->who->kind, .effect = op->effect };
	n->worker = m->shared->ops->lives.worker;
	n->life = m->shared->ops->lives.own;
	n->made = store_wall(m->shared->store);
	n->late = n->made + (u32)(op->environment->total_ms / 1000) + 60;
	n->principal = m->who->id;
	n->user = m->who->user;
	n->client = m->who->client;
	n->team = m->who->team;
	n->api = m->api->tag;
	n->tool_n = (u8)min_u32(op->name.n, sizeof n->tool);
	memcpy(n->tool, op->name.p, n->tool_n);
}

/* A new handle, and its note in the store. */
static int
begin(struct later *l, struct mcp *m, msec now)
{
	u8 random[LATER_HANDLE_N / 2];
	struct buf key = buf_over(l->key, sizeof l->key);
	struct store_figures f;

	store_figures(m->shared->store, &f);
	l->sealed = lease_take(m->shared->lease, LATER_RECORD_N);
	if (!l->sealed.p || f.live > STORE_BYTES_MAX / 2 || f.keys > f.keys_max / 2)
		return ERR_FULL;
	m->shared->random(m->shared->random_of, random, sizeof random);
	BUF_LIT(&key, "l:");
	for (u32 i = 0; i < sizeof random; i++)
		buf_hex(&key, random[i], 2);
	l->m.shared = m->shared;
	write_note(l, m, now);
	put_note(l, STORE_ADD, now);
	if (!l->op.done) { /* some stores answer late even to lazy writes */
		store_cancel(m->shared->store, &l->op);
		l->op.done = true;
	}
	return l->op.err;
}

/* What m knows of the call, and what that points to. */
static void
move(struct later *l, struct mcp *m)
{
	if (m->asked.overlaid)
		paging_room(m);
	l->who = *m->who;
	l->m = *m;
	l->m.who = l->m.ask.who = &l->who;
	l->m.x = NULL;
	l->m.id = STR_NONE;
	l->m.owner = &l->ready;
	l->m.held = (struct buf){ 0 };
	l->m.connect = (struct vault_wait){ .owner = NULL };
	l->m.key_name = str_cut(m->key_name, 0, sizeof l->key_name);
	if (l->m.key_name.n)
		memcpy(l->key_name, m->key_name.p, l->m.key_name.n);
	l->m.key_name.p = l->key_name;
	if (m->asked.args.p == m->asked_room)
		l->m.asked.args.p = l->m.asked_room;
	l->block = exchange_part(m->x);
	++*m->hold;
	op_owner(m->op, &l->ready);
	m->op = NULL;
	m->resume = NULL;
	m->project = NULL;
}

int
later_take(struct mcp *m, msec now)
{
	struct mcp_shared *sh = m->shared;
	struct later *l = has_enough(m) ? NULL : (struct later *)pool_take(&sh->laters);
	u8 room[700];
	struct buf text = buf_over(room, sizeof room);

	if (!l)
		return ERR_FULL;
	if (begin(l, m, now)) {
		lease_give(sh->lease, &l->sealed);
		pool_give(&sh->laters, l);
		return ERR_FULL;
	}
	buf_fmt(&text, "%S takes longer than %u s and goes on without you waiting. Its answer: call %S with handle "
	    "\"%S\" (good until ten minutes after it has ended). Do not call %S again for it.", m->op->name,
	    (m->api->late_ms + 999) / 1000, later_fetcher(m), str_of(l->key + 2, LATER_HANDLE_N), m->op->name);
	move(l, m);
	ready_init(&l->ready, run);
	list_last(&sh->late, &l->link);
	loop_ready(sh->ops->loop, &l->ready);
	tools_answer(m, buf_str(&text), false, 0);
	return 0;
}

/* Reads are cut, what was sent is awaited without anybody to tell. */
static void
cut(struct later *l, msec now)
{
	result_end(&l->m.result);
	l->m.result.m = NULL;
	if (l->m.op)
		op_leave(l->m.op, false, now);
	l->m.op = NULL;
}

void
later_stop(struct mcp_shared *sh, msec now)
{
	LIST_EACH(&sh->late, it, next) {
		struct later *l = CONTAINER_OF(it, struct later, link);

		cut(l, now);
		give(l, now);
	}
}

void
later_off(struct mcp_shared *sh, const struct switches *s, msec now)
{
	LIST_EACH(&sh->late, it, next) {
		struct later *l = CONTAINER_OF(it, struct later, link);

		if (!l->m.op || !op_off(l->m.op, s))
			continue;
		cut(l, now);
		complete(l, LATER_LOST, now);
		loop_ready(sh->ops->loop, &l->ready);
	}
}
