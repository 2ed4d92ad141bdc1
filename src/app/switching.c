#include "app/switching.h"

#include "app/act.h"
#include "app/guard.h"

#define LIST_N 4096
#define PRINT_N 24000

enum { AT_START, AT_WORK };

/* ---- the list ------------------------------------------------------------------------------------ */

static void
print_entry(struct jout *o, const struct store_entry *e, bool *stopped)
{
	u8 room[40];
	struct buf word = buf_over(room, sizeof room);
	struct str target;
	u8 bits = switches_entry(e, &target);

	if (bits && str_is(target, "stop"))
		*stopped = true;
	if (!bits || str_is(target, "stop"))
		return;
	switches_print(&word, bits);
	jout_open(o, '{');
	jout_str(o, "target", target);
	jout_str(o, "switch", buf_str(&word));
	jout_close(o, '}');
}

int
switching_print(struct store *st, struct buf *room, struct buf *out)
{
	struct store_op op = { .verb = STORE_LIST, .key = STR("w:"), .out = room };
	struct jout o = jout_into(out);
	bool stopped = false;

	jout_open(&o, '{');
	jout_key_open(&o, "off", '[');
	do {
		struct store_entry e;
		struct str rest;

		room->r = room->w = 0;
		if (store_do(st, &op))
			return op.err;
		for (rest = buf_str(room); store_entry(&rest, &e);)
			print_entry(&o, &e, &stopped);
	} while (op.cursor);
	jout_close(&o, ']');
	jout_bool(&o, "stopped", stopped);
	jout_close(&o, '}');
	return out->over ? ERR_FULL : 0;
}

static enum step
answer_list(struct exchange *x)
{
	struct job *j = job_of(x);
	struct arena *a = exchange_arena_n(x, LIST_N + PRINT_N + 64);
	struct buf room = arena_buf(a, LIST_N), out = arena_buf(a, PRINT_N);

	if (!room.p || !out.p || switching_print(j->app->store, &room, &out))
		return reply_error(x, 503, "the switches cannot be listed now");
	return reply_bytes(x, 200, "application/json", buf_str(&out));
}

enum step
switching_list(struct exchange *x, msec now)
{
	return guard_control(job_of(x)) ? answer_list(x) : STEP_DONE;
}

/* ---- changes ------------------------------------------------------------------------------------- */

const char *
switching_why(int err)
{
	switch (err) {
	case ERR_BAD:
		return "a target is server, team:NAME or api:NAME (enabled, production, write), or tool:API/NAME, "
		       "client:ID, key:ID, user:NAME (enabled), key with its whole id; or stop";
	case ERR_FULL: return "too many switches are off, or the store is full: nothing was changed";
	}
	return "the store cannot be written: nothing was changed";
}

static enum step
start(struct job *j)
{
	struct arena *a = exchange_arena_n(&j->x, LIST_N + PRINT_N + 4096);
	struct jdoc d;
	struct str word;
	bool on = true;

	j->switching = ARENA_NEW(a, struct switches_work);
	if (!j->switching)
		return reply_error(&j->x, 503, "busy: try again");
	if (json_parse_request(&d, j->x.body, j->app->mcp.tok, RPC_TOKENS_MAX, a) ||
	    json_bool(json_get(json_root(&d), "on"), &on))
		return reply_error(&j->x, 400, "the body is {\"target\", \"switch\", \"on\"}");
	word = json_str(json_get(json_root(&d), "switch"), NULL);
	j->at = AT_WORK;
	return switches_change(j->app->switches, j->app->store, j->switching,
	    json_str(json_get(json_root(&d), "target"), NULL), word.n ? switches_bits(word) : SWITCH_ENABLED, on,
	    exchange_ready(&j->x));
}

enum step
switching_set(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct str target, word;
	enum step s;

	if (!guard_control(j))
		return STEP_DONE;
	s = j->at == AT_START ? start(j) : switches_step(j->app->switches, j->app->store, j->switching);
	if (x->reply.kind || s == STEP_WAIT)
		return x->reply.kind ? STEP_DONE : s;
	if (s == STEP_FAIL)
		return reply_error(x, j->switching->op.err == ERR_BAD ? 400 : 507, switching_why(j->switching->op.err));
	word = str_cut(j->switching->op.key, 2, j->switching->op.key.n);
	target = str_next(&word, '#');
	act_switch(j, target, word, j->switching->on);
	return answer_list(x);
}
