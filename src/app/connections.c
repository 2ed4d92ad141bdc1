#include "app/connections.h"

#include "app/act.h"
#include "app/person.h"
#include "crypt/ct.h"
#include "mcp/connect.h"

enum { AT_START, AT_LOOK, AT_WRITE };

#define ARENA_N 60000
#define SECRET_MIN 8     /* what is shorter could not be found in answers */
#define ROWS 40          /* environments on the page */
#define ROW_VALUES 9

struct connections {
	struct html h;
	u32 api, environment; /* where we are */
	u64 only;             /* id of the environment that is meant; 0: all */
	u32 rows;
	const struct environment *at; /* what was chosen in the form */
};

struct connections *
connections_begin(struct job *j, bool form, msec now, enum step *s)
{
	struct arena *a = exchange_arena_n(&j->x, ARENA_N);

	*s = form ? person_need_form(j, now) : person_need(j, now);
	if (*s != STEP_DONE) {
		*s = *s == STEP_WAIT ? STEP_WAIT : STEP_DONE;
		return NULL;
	}
	j->own = ARENA_NEW(a, struct connections);
	if (!j->own)
		*s = html_error(&j->x, 503, "error_busy");
	return j->own;
}

/* Asks the store for, or writes, the record of this person and environment. */
static enum step
run(struct job *j, u8 verb, u64 born, const struct environment *e, struct str value, msec now)
{
	u8 name[VAULT_USER_N];
	struct buf key = arena_buf(exchange_arena(&j->x), 2 + VAULT_USER_N);

	buf_put(&key, VAULT_PREFIX);
	buf_put(&key, vault_user(born, e->id, name));
	j->op = (struct store_op){ .verb = verb, .key = buf_str(&key), .val = value, .ttl_s = STORE_FOREVER,
		.owner = exchange_ready(&j->x) };
	return store_start(j->app->store, &j->op, now);
}

/* ---- the page ------------------------------------------------------------------------------------ */

static bool
is_meant(const struct connections *c, const struct environment *e)
{
	return e->credential.of == CREDENTIAL_USERS && (!c->only || c->only == e->id);
}

/* The next environment to be asked about. Whether there is one. */
static bool
next(struct job *j, bool first)
{
	struct connections *c = j->own;
	const struct gen *gen = j->gen->gen;

	for (c->environment += !first; c->api < gen->apis; c->api++, c->environment = 0)
		for (; c->environment < gen->api[c->api].environments; c->environment++)
			if (is_meant(c, &gen->api[c->api].environment[c->environment]))
				return c->rows < ROWS;
	return false;
}

static void
put_row(struct job *j)
{
	struct connections *c = j->own;
	const struct api *api = &j->gen->gen->api[c->api];
	const struct environment *e = &api->environment[c->environment];
	struct html *h = &c->h;

	c->rows++;
	html_row(h, "row");
	html_put(h, "api", api->title.n ? api->title : api->name);
	html_put(h, "api_name", api->name);
	html_put(h, "where", e->name);
	html_put(h, "host", e->host_field);
	html_flag(h, "production", e->production && api->environments > 1);
	html_flag(h, "basic", e->credential.in == CREDENTIAL_BASIC && e->credential.value.n == 8);
	html_flag(h, "oauth", e->credential.login);
	html_flag(h, "given", j->op.err != ERR_NONE);
	html_num(h, "n", c->rows);
}

/* Environment by environment: is there one? */
static enum step
look(struct job *j, msec now)
{
	struct connections *c = j->own;
	const struct gen *gen = j->gen->gen;
	bool more = true;

	while (more) {
		if (!j->op.done)
			return STEP_WAIT;
		if (j->op.err && j->op.err != ERR_NONE && j->op.err != ERR_FULL)
			return html_error(&j->x, 503, "error_store");
		put_row(j);
		more = next(j, false);
		if (more)
			run(j, STORE_GET, j->person->who.user.born, &gen->api[c->api].environment[c->environment],
			    STR_NONE, now);
	}
	html_top(&c->h);
	return html_reply(&c->h, 200);
}

static enum step
show(struct job *j, msec now)
{
	struct connections *c = j->own;

	html_begin(&c->h, &j->x, "connections");
	html_items(&c->h, ROW_VALUES * ROWS + 48);
	html_flag(&c->h, "only", c->only);
	if (!next(j, true))
		return c->only ? html_error(&j->x, 404, "connect_gone") : html_reply(&c->h, 200);
	run(j, STORE_GET, j->person->who.user.born, &j->gen->gen->api[c->api].environment[c->environment], STR_NONE,
	    now);
	j->x.at = AT_LOOK;
	return look(j, now);
}

enum step
connections_page(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	if (x->at == AT_LOOK)
		return look(j, now);
	return connections_begin(j, false, now, &s) ? show(j, now) : s;
}

enum step
connections_link(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct connections *c;
	u64 born;
	enum step s;

	if (x->at == AT_LOOK)
		return look(j, now);
	c = connections_begin(j, false, now, &s);
	if (!c)
		return s;
	if (connect_read(j->app->handle_key, route_param(x->route, x->req.path, 0), store_wall(j->app->store), &born,
	        &c->only))
		return html_error(x, 404, "connect_gone");
	if (born != j->person->who.user.born)
		return html_error(x, 403, "connect_other");
	return show(j, now);
}

/* ---- forms --------------------------------------------------------------------------------------- */

const struct environment *
connections_find(const struct job *j, struct str api, struct str where, u64 id)
{
	const struct gen *gen = j->gen->gen;

	for (u32 i = 0; i < gen->apis; i++)
		for (u32 k = 0; k < gen->api[i].environments; k++) {
			const struct environment *e = &gen->api[i].environment[k];

			if (e->credential.of == CREDENTIAL_USERS && (api.p ?
			        str_same(gen->api[i].name, api) && str_same(e->name, where) : e->id == id))
				return e;
		}
	return NULL;
}

int
connections_write(struct job *j, const struct user *u, const struct environment *e, struct str secret, msec now)
{
	struct buf sealed = arena_buf(exchange_arena(&j->x), VAULT_SECRET_MAX + SEAL_EXTRA);
	u8 room[VAULT_USER_N];
	struct str name = vault_user(u->born, e->id, room);

	if (secret.n && vault_seal(&j->app->seal, j->app->rng, name, secret, &sealed))
		return ERR_FULL;
	j->x.at = AT_WRITE;
	run(j, secret.n ? STORE_PUT : STORE_DROP, u->born, e, buf_str(&sealed), now);
	return 0;
}

static enum step
written(struct job *j, const char *what)
{
	const struct connections *c = j->own;

	if (!j->op.done)
		return STEP_WAIT;
	if (j->op.err && j->op.err != ERR_NONE)
		return html_error(&j->x, 503, "error_store");
	act_connection(j, c->at, what);
	return html_go(&j->x, STR("/connections"));
}

static enum step
write(struct job *j, bool give, msec now)
{
	struct connections *c = j->own;
	struct str api = STR_NONE, where = STR_NONE, secret = STR_NONE;
	int err;

	if (html_form(&j->x, (struct html_field[]){ { "api", 64, &api }, { "where", 64, &where },
	    { "secret", VAULT_SECRET_MAX, &secret } }, 3))
		return STEP_DONE;
	c->at = api.p ? connections_find(j, api, where, 0) : NULL;
	if (!c->at || (give && c->at->credential.login))
		return html_error(&j->x, 404, "connect_gone");
	secret = give ? str_trim(secret) : STR_NONE;
	if (give && (secret.n < SECRET_MIN || !field_value_ok(secret)))
		return html_error(&j->x, 400, "connect_short");
	err = connections_write(j, &j->person->who.user, c->at, secret, now);
	if (secret.n)
		ct_wipe((void *)(uintptr_t)secret.p, secret.n);
	return err ? html_error(&j->x, 503, "error_busy") : STEP_MORE;
}

static enum step
change(struct exchange *x, bool give, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	if (x->at == AT_WRITE)
		return written(j, give ? "given" : "removed");
	return connections_begin(j, true, now, &s) ? write(j, give, now) : s;
}

enum step
connections_give(struct exchange *x, msec now)
{
	return change(x, true, now);
}

enum step
connections_remove(struct exchange *x, msec now)
{
	return change(x, false, now);
}
