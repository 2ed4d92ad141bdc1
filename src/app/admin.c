#include "app/admin.h"

#include "app/act.h"
#include "app/guard.h"
#include "base/text.h"
#include "crypt/ct.h"
#include "http/url.h"

enum { AT_START, AT_WORK };

#define JSON_TYPE "application/json"
#define LIST_N 4096   /* bytes of store entries taken at once */
#define PRINT_MAX 900 /* bytes of one key as JSON */

/* ---- a key as JSON ------------------------------------------------------------------------------- */

static void
put_time(struct jout *o, const char *name, wall at)
{
	u8 room[24];
	struct buf b = buf_over(room, sizeof room);

	if (!at) {
		jout_null(o, name);
		return;
	}
	text_time(&b, at);
	jout_str(o, name, buf_str(&b));
}

static void
put_names(struct jout *o, const char *name, struct str list)
{
	jout_key_open(o, name, '[');
	while (list.n)
		jout_str(o, NULL, str_next(&list, ','));
	jout_close(o, ']');
}

void
admin_key_print(struct buf *b, const struct key *k, struct str secret)
{
	struct jout o = jout_into(b);
	u8 room[KEY_ID_N + 64];
	struct buf text = buf_over(room, sizeof room);

	jout_open(&o, '{');
	key_id_print(&text, k);
	jout_str(&o, "id", buf_str(&text));
	jout_str(&o, "name", principal_name(&k->who));
	if (secret.n)
		jout_str(&o, "key", secret);
	jout_str(&o, "hint", str_of(k->hint, k->hint_n));
	if (k->owner_n)
		jout_str(&o, "user", str_of(k->owner, k->owner_n));
	put_names(&o, "apis", str_of(k->who.apis, k->who.apis_n));
	put_names(&o, "environments", str_of(k->who.environments, k->who.environments_n));
	jout_str(&o, "role", principal_role(&k->who));
	text = buf_over(room, sizeof room);
	scopes_print(&text, k->who.scopes);
	put_names(&o, "scopes", buf_str(&text));
	put_time(&o, "created", k->created);
	put_time(&o, "expires", k->who.dies);
	jout_close(&o, '}');
}

/* An array of names, or one name, as the comma-separated list a principal holds. */
static int
read_names(struct jcur c, struct buf *list)
{
	if (json_kind(c) == JSON_MISSING || json_kind(c) == JSON_NULL)
		return 0;
	if (json_kind(c) == JSON_STRING)
		return json_str_put(c, list);
	if (json_kind(c) != JSON_ARRAY)
		return ERR_BAD;
	for (struct jcur e = json_first(c); !e.err; e = json_next(e)) {
		if (buf_len(list))
			buf_byte(list, ',');
		if (json_str_put(e, list))
			return ERR_BAD;
	}
	return list->over ? ERR_FULL : 0;
}

static u8
read_scopes(struct jcur body)
{
	bool readonly = false, destructive = false;

	json_bool(json_get(body, "readonly"), &readonly);
	json_bool(json_get(body, "destructive"), &destructive);
	if (readonly)
		return SCOPE_READ;
	return destructive ? SCOPE_READ | SCOPE_WRITE | SCOPE_DESTRUCTIVE : SCOPE_READ | SCOPE_WRITE;
}

/* Says what is wrong and gives the error for it. */
static int
say(struct buf *why, const char *text)
{
	buf_c(why, text);
	return ERR_BAD;
}

int
admin_key_read(struct jcur body, wall now_s, struct key *k, struct str *secret, struct buf *why)
{
	u8 room[2 * PRINCIPAL_LIST_MAX];
	struct buf list = buf_over(room, sizeof room);
	struct jcur expires = json_get(body, "expires_s");
	u64 seconds = 0;

	memset(k, 0, sizeof *k);
	k->who.kind = PRINCIPAL_KEY;
	k->who.scopes = read_scopes(body);
	k->created = now_s;
	*secret = json_str(json_get(body, "secret"), NULL);
	if (principal_set_name(&k->who, json_str(json_get(body, "name"), NULL)) || !k->who.name_n)
		return say(why, "a key needs a name of 1 to 40 characters");
	if (principal_set_role(&k->who, json_str(json_get(body, "role"), NULL)))
		return say(why, "role must be a name of at most 24 characters");
	if (read_names(json_get(body, "apis"), &list) || principal_set_apis(&k->who, buf_str(&list)))
		return say(why, "apis must be names of at most 120 characters together");
	list = buf_over(room, sizeof room);
	if (read_names(json_get(body, "environments"), &list) ||
	    principal_set_environments(&k->who, buf_str(&list)))
		return say(why, "environments must be names of at most 120 characters together");
	if (json_kind(expires) != JSON_MISSING && json_kind(expires) != JSON_NULL) {
		if (json_u64(expires, &seconds) || seconds == 0 || seconds > 100ULL * 366 * 86400)
			return say(why, "expires_s must be seconds from now, 1 or more");
		k->who.dies = now_s + (wall)seconds;
	}
	return 0;
}

/* ---- adding -------------------------------------------------------------------------------------- */

static enum step
added(struct job *j, struct str secret)
{
	struct buf b = arena_buf(exchange_arena(&j->x), PRINT_MAX);

	switch (j->work->op.err) {
	case 0: break;
	case ERR_LATE: return reply_error(&j->x, 409, "this secret is already a key");
	case ERR_BAD: return reply_error(&j->x, 400, "a secret needs 16 to 256 visible ASCII characters");
	case ERR_FULL: return reply_error(&j->x, 507, "the store is full: nothing was changed");
	default: return reply_error(&j->x, 507, "the store cannot be written: nothing was changed");
	}
	act_change(j, "admin", STR("key add"), principal_name(&j->work->key.who));
	if (!b.p)
		return reply_error(&j->x, 503, "busy: try again");
	admin_key_print(&b, &j->work->key, secret);
	return reply_bytes(&j->x, 201, JSON_TYPE, buf_str(&b));
}

static enum step
start_add(struct job *j)
{
	struct arena *a = exchange_arena_n(&j->x, 12000);
	struct jdoc d;
	struct str given;
	u8 random[32];
	struct buf why = arena_buf(a, 200);
	struct buf made = arena_buf(a, KEY_SECRET_MAX);

	j->work = ARENA_NEW(a, struct key_work);
	if (!j->work || !made.p)
		return reply_error(&j->x, 503, "busy: try again");
	if (json_parse_request(&d, j->x.body, j->app->mcp.tok, RPC_TOKENS_MAX, a))
		return reply_error(&j->x, 400, "the body must be a JSON object");
	if (admin_key_read(json_root(&d), j->app->mcp.now_s, &j->work->key, &given, &why)) {
		buf_byte(&why, 0);
		return reply_error(&j->x, 400, (const char *)why.p);
	}
	if (given.n > KEY_SECRET_MAX)
		return reply_error(&j->x, 400, "a secret needs 16 to 256 visible ASCII characters");
	if (given.p) {
		buf_put(&made, given);
	} else {
		rng_bytes(j->app->rng, random, sizeof random);
		key_secret(&made, random);
		ct_wipe(random, sizeof random);
	}
	j->out = made;
	j->at = AT_WORK;
	return key_add(j->app->keys, j->work, buf_str(&j->out), exchange_ready(&j->x));
}

enum step
admin_key_add(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	if (!guard_control(j))
		return STEP_DONE;
	s = j->at == AT_START ? start_add(j) : key_work_step(j->app->keys, j->work);
	if (j->at == AT_START || s == STEP_WAIT || s == STEP_MORE)
		return s;
	return added(j, buf_str(&j->out));
}

/* ---- revoking ------------------------------------------------------------------------------------ */

static enum step
revoked(struct job *j)
{
	struct buf b = arena_buf(exchange_arena(&j->x), PRINT_MAX);

	switch (j->work->op.err) {
	case 0: break;
	case ERR_NONE: return reply_error(&j->x, 404, "no key has this id, hint or name");
	case ERR_LATE: return reply_error(&j->x, 409, "several keys match: give more of the id");
	default: return reply_error(&j->x, 507, "the store cannot be written: nothing was changed");
	}
	act_change(j, "admin", STR("key revoke"), principal_name(&j->work->key.who));
	if (!b.p)
		return reply_error(&j->x, 503, "busy: try again");
	admin_key_print(&b, &j->work->key, STR_NONE);
	return reply_bytes(&j->x, 200, JSON_TYPE, buf_str(&b));
}

enum step
admin_key_revoke(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct arena *a;
	enum step s;

	if (!guard_control(j))
		return STEP_DONE;
	if (j->at == AT_START) {
		a = exchange_arena_n(x, 12000);
		j->work = ARENA_NEW(a, struct key_work);
		j->out = arena_buf(a, 256);
		if (!j->work || !j->out.p)
			return reply_error(x, 503, "busy: try again");
		if (url_decode(&j->out, route_param(x->route, x->req.path, 0)) || j->out.over)
			return reply_error(x, 404, "no key has this id, hint or name");
		j->at = AT_WORK;
		s = key_revoke(j->app->keys, j->work, buf_str(&j->out), exchange_ready(x));
	} else {
		s = key_work_step(j->app->keys, j->work);
	}
	return s == STEP_WAIT || s == STEP_MORE ? s : revoked(j);
}

/* ---- listing ------------------------------------------------------------------------------------- */

struct listing {
	struct pull pull;
	struct job *job;
	struct buf entries;
	struct str rest;
	bool begun, any;
};

static int
list_more(struct listing *l, msec now)
{
	struct store_op *op = &l->job->op;

	l->entries.r = l->entries.w = 0;
	op->verb = STORE_LIST;
	op->key = KEY_PREFIX;
	op->out = &l->entries;
	op->owner = exchange_ready(&l->job->x);
	op->done = false;
	return store_start(l->job->app->store, op, now) == STEP_WAIT ? ERR_MORE : 0;
}

static void
list_print(struct listing *l, struct buf *out)
{
	struct store_entry e;
	struct key k;

	while (buf_room(out) > 2 * PRINT_MAX && store_entry(&l->rest, &e)) {
		if (key_decode(e.val, &k))
			continue;
		if (l->any)
			buf_byte(out, ',');
		l->any = true;
		admin_key_print(out, &k, STR_NONE);
	}
}

static int
list_fill(struct pull *p, struct buf *out, msec now)
{
	struct listing *l = CONTAINER_OF(p, struct listing, pull);
	struct store_op *op = &l->job->op;
	u32 had = out->w;

	if (buf_room(out) < 3 * PRINT_MAX)
		return ERR_FULL;
	if (!l->begun) {
		buf_byte(out, '[');
		l->begun = true;
		if (list_more(l, now))
			return (int)(out->w - had);
	}
	for (;;) {
		if (!op->done)
			return out->w > had ? (int)(out->w - had) : ERR_MORE;
		if (op->err)
			return ERR_IO;
		if (!l->rest.p)
			l->rest = buf_str(&l->entries);
		list_print(l, out);
		if (l->rest.n)
			return (int)(out->w - had);
		l->rest = STR_NONE;
		if (op->cursor == 0)
			break;
		if (list_more(l, now))
			continue;
	}
	buf_byte(out, ']');
	return 0;
}

enum step
admin_keys(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct arena *a;
	struct listing *l;

	if (!guard_control(j))
		return STEP_DONE;
	a = exchange_arena_n(x, LIST_N + 1024);
	l = ARENA_NEW(a, struct listing);
	if (!l)
		return reply_error(x, 503, "busy: try again");
	l->entries = arena_buf(a, LIST_N);
	l->job = j;
	l->pull.fill = list_fill;
	if (!l->entries.p)
		return reply_error(x, 503, "busy: try again");
	return reply_pull(x, 200, JSON_TYPE, &l->pull);
}

/* ---- figures ------------------------------------------------------------------------------------- */

enum step
admin_status(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct app *app = j->app;
	struct buf b = arena_buf(exchange_arena(x), 1500);
	struct jout o = jout_into(&b);
	struct store_figures f;

	if (!guard_control(j))
		return STEP_DONE;
	if (!b.p)
		return reply_error(x, 503, "busy: try again");
	store_figures(app->store, &f);
	jout_open(&o, '{');
	jout_str(&o, "version", app->version);
	jout_u64(&o, "generation", j->gen->gen ? j->gen->gen->number : 0);
	jout_u64(&o, "requests", app->serve.requests);
	jout_u64(&o, "connections", serve_live(&app->serve));
	jout_u64(&o, "jobs", app->jobs.used);
	jout_u64(&o, "jobs_peak", app->jobs.peak);
	jout_u64(&o, "streams", app->mcp.streams.used);
	jout_u64(&o, "calls", app->calls.started);
	jout_u64(&o, "calls_reused", app->calls.reused);
	jout_u64(&o, "calls_failed", app->calls.failed);
	jout_u64(&o, "ops", app->ops.pool.used);
	jout_u64(&o, "store_keys", f.keys);
	jout_u64(&o, "store_health", f.health);
	jout_close(&o, '}');
	return reply_bytes(x, 200, JSON_TYPE, buf_str(&b));
}
