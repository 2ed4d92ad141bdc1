#include "app/approving.h"

#include "app/act.h"
#include "app/guard.h"
#include "base/text.h"
#include "json/jout.h"

#define LIST_N 8192
#define PRINT_N 40000

enum { AT_START, AT_WORK };

/* ---- one, and all -------------------------------------------------------------------------------- */

static void
put_time(struct jout *o, const char *name, wall at)
{
	u8 room[24];
	struct buf b = buf_over(room, sizeof room);

	text_time(&b, at);
	jout_str(o, name, buf_str(&b));
}

void
approving_put(struct jout *o, struct str id, const struct approval *a)
{
	static const char *const words[] = { "pending", "approved", "denied" };

	jout_open(o, '{');
	jout_str(o, "id", id);
	jout_c(o, "status", words[a->status % ARRAY_N(words)]);
	jout_str(o, "api", a->api);
	jout_str(o, "environment", a->environment);
	jout_bool(o, "production", a->production);
	jout_str(o, "tool", a->tool);
	jout_str(o, "method", a->method);
	jout_str(o, "url", a->url);
	jout_str(o, "body", a->body);
	jout_str(o, "state", a->shown);
	jout_str(o, "who", a->who);
	put_time(o, "asked", a->created);
	put_time(o, "expires", a->dies);
	jout_close(o, '}');
}

static void
put_entry(struct jout *o, const struct store_entry *e, wall now, wall voided)
{
	struct approval a;

	if (approval_decode(e->val, &a) || a.level != LEVEL_APPROVE || a.status != APPROVAL_PENDING || a.dies <= now ||
	    a.created <= voided || buf_room(o->buf) < 2 * APPROVAL_RECORD_MAX)
		return;
	approving_put(o, str_cut(e->key, 2, e->key.n), &a);
}

int
approving_print(struct store *st, wall voided, struct buf *room, struct buf *out)
{
	struct store_op op = { .verb = STORE_LIST, .key = APPROVAL_PREFIX, .out = room };
	struct jout o = jout_into(out);

	jout_open(&o, '[');
	do {
		struct store_entry e;
		struct str rest;

		room->r = room->w = 0;
		if (store_do(st, &op))
			return op.err;
		for (rest = buf_str(room); store_entry(&rest, &e);)
			put_entry(&o, &e, store_wall(st), voided);
	} while (op.cursor);
	jout_close(&o, ']');
	return out->over ? ERR_FULL : 0;
}

enum step
approving_list(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct arena *a;
	struct buf room, out;

	if (!guard_control(j))
		return STEP_DONE;
	a = exchange_arena_n(x, LIST_N + PRINT_N);
	room = arena_buf(a, LIST_N);
	out = arena_buf(a, PRINT_N);
	if (!room.p || !out.p || approving_print(j->app->store, j->app->switches->voided, &room, &out))
		return reply_error(x, 503, "what waits cannot be listed now");
	return reply_bytes(x, 200, "application/json", buf_str(&out));
}

/* ---- decisions ----------------------------------------------------------------------------------- */

const char *
approving_why(int err)
{
	switch (err) {
	case ERR_NONE: return "nothing waits under this id: it was decided, used, or has expired";
	case ERR_LATE: return "several wait under this id (give more of it), or it is decided already";
	}
	return "the store cannot be written: nothing was decided";
}

static enum step
start(struct job *j)
{
	struct exchange *x = &j->x;
	struct arena *a = exchange_arena_n(x, sizeof *j->approving + APPROVAL_RECORD_MAX * 2 + 1024);
	struct str id = arena_dup(a, route_param(x->route, x->req.path, 0));
	struct jdoc d;
	bool yes;

	j->approving = ARENA_NEW(a, struct approval_work);
	if (!j->approving || !id.p)
		return reply_error(x, 503, "busy: try again");
	if (json_parse_request(&d, x->body, j->app->mcp.tok, RPC_TOKENS_MAX, a) ||
	    json_bool(json_get(json_root(&d), "approve"), &yes))
		return reply_error(x, 400, "the body is {\"approve\": true} or {\"approve\": false}");
	j->approving->by = STR("the console");
	j->at = AT_WORK;
	return approval_decide(j->app->store, j->approving, id, yes, exchange_ready(x));
}

static enum step
decided(struct job *j)
{
	struct buf b = arena_buf(exchange_arena(&j->x), APPROVAL_RECORD_MAX);
	struct jout o = jout_into(&b);

	act_approval(j, str_of(j->approving->key + 2, APPROVAL_KEY_N - 2), &j->approving->approval);
	approving_put(&o, str_of(j->approving->key + 2, APPROVAL_KEY_N - 2), &j->approving->approval);
	if (b.over)
		return reply_empty(&j->x, 204);
	return reply_bytes(&j->x, 200, "application/json", buf_str(&b));
}

enum step
approving_decide(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	if (!guard_control(j))
		return STEP_DONE;
	s = j->at == AT_START ? start(j) : approval_step(j->app->store, j->approving);
	if (x->reply.kind || s == STEP_WAIT)
		return x->reply.kind ? STEP_DONE : s;
	if (s == STEP_FAIL)
		return reply_error(x, j->approving->op.err == ERR_NONE ? 404 : j->approving->op.err == ERR_LATE ? 409 :
		    507, approving_why(j->approving->op.err));
	return decided(j);
}
