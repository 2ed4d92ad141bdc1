#include "app/switching.h"

#include "app/act.h"
#include "app/guard.h"
#include "app/hashing.h"
#include "auth/team.h"

#define LIST_N 4096
#define PRINT_N 24000

enum { AT_START, AT_USER, AT_HASH, AT_WORK };

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

/* ---- resuming takes a password ------------------------------------------------------------------- */

struct resuming {
	struct str password;
	struct user user;
	struct hashing hashing;
	u8 key[USER_KEY_MAX];
	u8 room[USER_RECORD_MAX];
};

const char *
switching_resumer(const struct user *u, struct pass_record *rec)
{
	if (!u->admin || u->disabled || !str_same(user_team(u), TEAM_FIRST) ||
	    pass_read(str_of(u->pass, u->pass_n), rec))
		return SWITCHING_NOBODY;
	return NULL;
}

static enum step
change(struct job *j, struct str target, u8 bits, bool on)
{
	j->at = AT_WORK;
	return switches_change(j->app->switches, j->app->store, j->switching, target, bits, on, exchange_ready(&j->x));
}

static enum step
ask_user(struct job *j, struct jcur body, struct arena *a)
{
	struct resuming *r = ARENA_NEW(a, struct resuming);
	struct str name;

	j->own = r;
	if (!r)
		return reply_error(&j->x, 503, "busy: try again");
	name = json_str(json_get(body, "user"), NULL);
	r->password = json_str(json_get(body, "password"), a);
	r->password = r->password.n <= USER_PASSWORD_MAX ? arena_dup(a, r->password) : STR_NONE;
	if (user_set_name(&r->user, name))
		return reply_error(&j->x, 403, SWITCHING_NOBODY);
	j->out = buf_over(r->room, sizeof r->room);
	j->op = (struct store_op){ .verb = STORE_GET, .key = user_key(user_name(&r->user), r->key), .out = &j->out,
		.owner = exchange_ready(&j->x) };
	j->at = AT_USER;
	return store_start(j->app->store, &j->op, 0) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

static enum step
prove(struct job *j)
{
	struct resuming *r = j->own;
	struct pass_record rec;
	const char *why;
	enum step s;

	if (j->at == AT_USER) {
		if (!j->op.done)
			return STEP_WAIT;
		if (j->op.err && j->op.err != ERR_NONE)
			return reply_error(&j->x, 507, "the store cannot be read: nothing was changed");
		why = j->op.err || user_decode(j->op.val, &r->user) ? SWITCHING_NOBODY :
		                                                      switching_resumer(&r->user, &rec);
		if (why)
			return reply_error(&j->x, 403, why);
		j->at = AT_HASH;
		return hashing_check(j, &r->hashing, r->password, &rec) == STEP_FAIL ? STEP_DONE : STEP_MORE;
	}
	s = hashing_step(j, &r->hashing);
	if (s != STEP_DONE)
		return s;
	if (!hashing_same(&r->hashing))
		return reply_error(&j->x, 403, SWITCHING_WRONG);
	return change(j, STR("stop"), SWITCH_ENABLED, true);
}

static enum step
start(struct job *j)
{
	struct arena *a = exchange_arena_n(&j->x, LIST_N + PRINT_N + 8192);
	struct jcur body;
	struct jdoc d;
	struct str word, target;
	bool on = true;

	j->switching = ARENA_NEW(a, struct switches_work);
	if (!j->switching)
		return reply_error(&j->x, 503, "busy: try again");
	if (json_parse_request(&d, j->x.body, j->app->mcp.tok, RPC_TOKENS_MAX, a) ||
	    json_bool(json_get(json_root(&d), "on"), &on))
		return reply_error(&j->x, 400, "the body is {\"target\", \"switch\", \"on\"}");
	body = json_root(&d);
	word = json_str(json_get(body, "switch"), NULL);
	target = json_str(json_get(body, "target"), NULL);
	if (on && str_is(target, "stop"))
		return ask_user(j, body, a);
	return change(j, target, word.n ? switches_bits(word) : SWITCH_ENABLED, on);
}

enum step
switching_set(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct str target, word;
	enum step s;

	if (!guard_control(j))
		return STEP_DONE;
	s = j->at == AT_START ? start(j) : j->at == AT_WORK ?
	    switches_step(j->app->switches, j->app->store, j->switching) : prove(j);
	if (x->reply.kind || s == STEP_WAIT || s == STEP_MORE)
		return x->reply.kind ? STEP_DONE : s;
	if (s == STEP_FAIL)
		return reply_error(x, j->switching->op.err == ERR_BAD ? 400 : 507, switching_why(j->switching->op.err));
	word = str_cut(j->switching->op.key, 2, j->switching->op.key.n);
	target = str_next(&word, '#');
	act_switch(j, target, word, j->switching->on);
	return answer_list(x);
}
