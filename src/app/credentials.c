#include "app/credentials.h"

#include "app/act.h"
#include "app/guard.h"
#include "crypt/ct.h"
#include "http/url.h"

enum { AT_START, AT_WORK };

#define JSON_TYPE "application/json"

#define NAME_WRONG "name must be 1 to 64 characters of letters, digits, _ . / and -"

/* ---- when ---------------------------------------------------------------------------------------- */

struct str
credentials_note_key(struct str name, u8 room[CREDENTIALS_NOTE_N])
{
	struct buf b = buf_over(room, CREDENTIALS_NOTE_N);

	buf_fmt(&b, "b:u:%S", name);
	return buf_str(&b);
}

void
credentials_note(struct store *st, struct str name, bool there)
{
	u8 room[CREDENTIALS_NOTE_N], value[24];
	struct buf b = buf_over(value, sizeof value);
	struct store_op op = { .verb = there ? STORE_PUT : STORE_DROP, .key = credentials_note_key(name, room),
		.lazy = true, .ttl_s = STORE_FOREVER };

	buf_u64(&b, store_wall(st));
	op.val = buf_str(&b);
	store_start(st, &op, 0);
}

/* ---- over the control socket --------------------------------------------------------------------- */

static enum step
answer_name(struct job *j, u16 status)
{
	struct buf b = arena_buf(exchange_arena(&j->x), 200);
	struct jout o = jout_into(&b);

	if (!b.p)
		return reply_error(&j->x, 503, "busy: try again");
	jout_open(&o, '{');
	jout_str(&o, "name", str_cut(j->op.key, 2, j->op.key.n));
	jout_close(&o, '}');
	return reply_bytes(&j->x, status, JSON_TYPE, buf_str(&b));
}

/* The store key of a name, in the exchange's arena. p NULL when the name may not be used. */
static struct str
record_key(struct job *j, struct str name)
{
	struct buf key = arena_buf(exchange_arena(&j->x), 2 + VAULT_NAME_MAX);

	if (!key.p || !vault_name_ok(name))
		return STR_NONE;
	buf_put(&key, VAULT_PREFIX);
	buf_put(&key, name);
	return buf_str(&key);
}

static enum step
run(struct job *j, u8 verb, msec now)
{
	j->op.verb = verb;
	j->op.ttl_s = STORE_FOREVER;
	j->op.owner = exchange_ready(&j->x);
	j->at = AT_WORK;
	return store_start(j->app->store, &j->op, now);
}

static enum step
start_add(struct job *j, msec now)
{
	struct arena *a = exchange_arena_n(&j->x, 12000);
	struct jdoc d;
	struct str name, secret;

	j->out = arena_buf(a, VAULT_SECRET_MAX + SEAL_EXTRA);
	if (!j->out.p || json_parse_request(&d, j->x.body, j->app->mcp.tok, RPC_TOKENS_MAX, a))
		return reply_error(&j->x, 400, "the body must be a JSON object");
	name = json_str(json_get(json_root(&d), "name"), NULL);
	secret = json_str(json_get(json_root(&d), "secret"), a);
	j->op.key = record_key(j, name);
	if (!j->op.key.p)
		return reply_error(&j->x, 400, NAME_WRONG);
	if (secret.n == 0 || secret.n > VAULT_SECRET_MAX || !field_value_ok(secret))
		return reply_error(&j->x, 400, "secret must be 1 to 1024 bytes without control characters");
	if (vault_seal(&j->app->seal, j->app->rng, name, secret, &j->out))
		return reply_error(&j->x, 500, "there is no master key to seal the secret with");
	j->op.val = buf_str(&j->out);
	return run(j, STORE_PUT, now);
}

enum step
credentials_add(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	if (!guard_control(j))
		return STEP_DONE;
	if (j->at == AT_START) {
		s = start_add(j, now);
		if (j->at == AT_START || s == STEP_WAIT)
			return s;
	}
	if (!j->op.done)
		return STEP_WAIT;
	if (j->op.err)
		return reply_error(x, 507, "the store cannot be written: nothing was changed");
	credentials_note(j->app->store, str_cut(j->op.key, 2, j->op.key.n), true);
	act_change(j, "admin", STR("credential add"), str_cut(j->op.key, 2, j->op.key.n));
	return answer_name(j, 201);
}

enum step
credentials_remove(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	u8 room[VAULT_NAME_MAX];
	struct buf name = buf_over(room, sizeof room);

	if (!guard_control(j))
		return STEP_DONE;
	if (j->at == AT_START) {
		if (url_decode(&name, route_param(x->route, x->req.path, 0)) || name.over)
			return reply_error(x, 404, "no credential has this name");
		j->op.key = record_key(j, buf_str(&name));
		if (!j->op.key.p)
			return reply_error(x, 400, NAME_WRONG);
		if (run(j, STORE_DROP, now) == STEP_WAIT)
			return STEP_WAIT;
	}
	if (!j->op.done)
		return STEP_WAIT;
	if (j->op.err == ERR_NONE)
		return reply_error(x, 404, "no credential has this name");
	if (j->op.err)
		return reply_error(x, 507, "the store cannot be written: nothing was changed");
	credentials_note(j->app->store, str_cut(j->op.key, 2, j->op.key.n), false);
	act_change(j, "admin", STR("credential remove"), str_cut(j->op.key, 2, j->op.key.n));
	return answer_name(j, 200);
}

static void
print_names(struct buf *names, struct str entries)
{
	struct jout o = jout_into(names);
	struct store_entry e;

	o.more = names->w > 1;
	while (store_entry(&entries, &e))
		if (e.key.p[2] != '@') /* of a user */
			jout_str(&o, NULL, str_cut(e.key, 2, e.key.n));
}

enum step
credentials_list(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	u32 n = 48 * 1024; /* sealed values come along */
	struct buf *names = j->own;

	if (!guard_control(j))
		return STEP_DONE;
	if (j->at == AT_START) {
		j->out = arena_buf(exchange_arena_n(x, n + 16384), n);
		j->own = names = ARENA_NEW(exchange_arena(x), struct buf);
		if (!j->out.p || !names)
			return reply_error(x, 503, "busy: try again");
		*names = arena_buf(exchange_arena(x), 16000);
		j->op.key = VAULT_PREFIX;
		j->op.out = &j->out;
		buf_byte(names, '[');
		run(j, STORE_LIST, now);
	}
	for (;;) {
		if (!j->op.done)
			return STEP_WAIT;
		if (j->op.err)
			return reply_error(x, 507, "the store cannot be read");
		print_names(names, buf_str(&j->out));
		if (!j->op.cursor)
			break;
		j->out.r = j->out.w = 0;
		run(j, STORE_LIST, now);
	}
	buf_byte(names, ']');
	return names->over ? reply_error(x, 507, "too many credentials to list")
	                  : reply_bytes(x, 200, JSON_TYPE, buf_str(names));
}
