#include "app/keypage.h"

#include "app/html.h"
#include "app/person.h"
#include "base/log.h"
#include "crypt/ct.h"

enum { AT_START, AT_LIST, AT_ADD, AT_GET, AT_DROP };

#define ARENA_N 60000
#define SHOWN_MAX 40    /* keys of one person on the page */
#define LIST_N 8192     /* bytes of store entries looked at at once */
#define KEY_NAME_N (2 + KEY_ID_N)

/* One key as the page shows it. */
struct shown {
	u8 name_n, hint_n, apis_n, scopes;
	char name[PRINCIPAL_NAME_MAX], hint[KEY_HINT_MAX], apis[PRINCIPAL_LIST_MAX];
	char id[KEY_ID_N];
	wall created, dies;
};

struct keypage {
	struct shown shown[SHOWN_MAX];
	u32 n;
	bool more;             /* there are others */
	const char *why;
	struct buf entries;
	struct key_work *work; /* adding */
	struct buf secret;
	char key[KEY_NAME_N];  /* revoking */
	u8 made[KEY_SECRET_N];
	u8 room[KEY_RECORD_MAX];
};

/* ---- the list ------------------------------------------------------------------------------------ */

static void
ask_more(struct job *j, u32 cursor, msec now)
{
	struct keypage *k = j->own;

	k->entries.r = k->entries.w = 0;
	j->op = (struct store_op){ .verb = STORE_LIST, .key = KEY_PREFIX, .out = &k->entries, .cursor = cursor,
		.owner = exchange_ready(&j->x) };
	store_start(j->app->store, &j->op, now);
}

static bool
is_mine(const struct job *j, const struct key *key)
{
	const struct user *u = &j->person->who.user;

	return key->owner_n && key->born == u->born && str_same(str_of(key->owner, key->owner_n), user_name(u));
}

static void
note(struct keypage *k, const struct key *key)
{
	struct shown *s = &k->shown[k->n];
	struct buf id = buf_over(s->id, sizeof s->id);

	if (k->n == SHOWN_MAX) {
		k->more = true;
		return;
	}
	k->n++;
	s->name_n = key->who.name_n;
	memcpy(s->name, key->who.name, s->name_n);
	s->hint_n = key->hint_n;
	memcpy(s->hint, key->hint, s->hint_n);
	s->apis_n = key->who.apis_n;
	memcpy(s->apis, key->who.apis, s->apis_n);
	s->scopes = key->who.scopes;
	s->created = key->created;
	s->dies = key->who.dies;
	key_id_print(&id, key);
}

static void
put_key(struct html *h, const struct shown *s)
{
	html_row(h, "keys");
	html_put(h, "name", str_of(s->name, s->name_n));
	html_put(h, "hint", str_of(s->hint, s->hint_n));
	html_put(h, "apis", str_of(s->apis, s->apis_n));
	html_put(h, "id", str_of(s->id, KEY_ID_N));
	html_flag(h, "destructive", s->scopes & SCOPE_DESTRUCTIVE);
	html_flag(h, "write", (s->scopes & (SCOPE_WRITE | SCOPE_DESTRUCTIVE)) == SCOPE_WRITE);
	html_flag(h, "production", s->scopes & SCOPE_PRODUCTION);
	html_time(h, "created", s->created);
	html_time(h, "expires", s->dies);
}

static enum step
show(struct job *j)
{
	struct keypage *k = j->own;
	const struct gen *gen = j->gen->gen;
	struct html h;

	html_begin(&h, &j->x, "keys");
	html_items(&h, HTML_ITEMS + 10 * k->n + 2 * gen->apis);
	if (k->why)
		html_text(&h, "why", k->why);
	html_flag(&h, "many", k->more);
	for (u32 i = 0; i < gen->apis; i++) {
		html_row(&h, "api");
		html_put(&h, "api_name", gen->api[i].name);
	}
	for (u32 i = 0; i < k->n; i++)
		put_key(&h, &k->shown[i]);
	html_top(&h);
	return html_reply(&h, k->why ? 400 : 200);
}

static enum step
list(struct job *j, msec now)
{
	struct keypage *k = j->own;
	struct store_entry e;
	struct str rest;
	struct key key;

	for (;;) {
		if (!j->op.done)
			return STEP_WAIT;
		if (j->op.err)
			return html_error(&j->x, 503, "error_store");
		for (rest = buf_str(&k->entries); store_entry(&rest, &e);)
			if (key_decode(e.val, &key) == 0 && is_mine(j, &key))
				note(k, &key);
		if (!j->op.cursor)
			return show(j);
		ask_more(j, j->op.cursor, now);
	}
}

static enum step
begin_list(struct job *j, const char *why, msec now)
{
	struct keypage *k = j->own;

	k->why = why;
	j->x.at = AT_LIST;
	ask_more(j, 0, now);
	return list(j, now);
}

/* Who it is, then room for all that follows. DONE: go on. */
static enum step
begin(struct job *j, bool form, msec now)
{
	struct arena *a = exchange_arena_n(&j->x, ARENA_N);
	enum step s = form ? person_need_form(j, now) : person_need(j, now);
	struct keypage *k;

	if (s != STEP_DONE)
		return s;
	j->own = k = ARENA_NEW(a, struct keypage);
	if (k)
		k->entries = buf_over(arena_bytes(a, LIST_N), LIST_N);
	if (k && k->entries.p)
		return STEP_DONE;
	html_error(&j->x, 503, "error_busy");
	return STEP_FAIL;
}

enum step
keypage_list(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	if (x->at == AT_LIST)
		return list(j, now);
	s = begin(j, false, now);
	return s == STEP_DONE ? begin_list(j, NULL, now) : s == STEP_WAIT ? s : STEP_DONE;
}

/* ---- a new one ----------------------------------------------------------------------------------- */

static bool
known_api(const struct job *j, struct str name)
{
	const struct gen *gen = j->gen->gen;

	for (u32 i = 0; i < gen->apis; i++)
		if (str_same(gen->api[i].name, name))
			return true;
	return !name.n;
}

static u8
scopes_of(struct str access, struct str production)
{
	u8 scopes = SCOPE_READ;

	if (str_is(access, "write") || str_is(access, "destructive"))
		scopes |= SCOPE_WRITE;
	if (str_is(access, "destructive"))
		scopes |= SCOPE_DESTRUCTIVE;
	return production.n ? scopes | SCOPE_PRODUCTION : scopes;
}

/* Fills in the key from the form. NULL, or the key of the text that says what is wrong. */
static const char *
read_key(struct job *j, struct key *key)
{
	struct str name = STR_NONE, api = STR_NONE, access = STR_NONE, production = STR_NONE, expires = STR_NONE;
	const struct user *u = &j->person->who.user;
	u64 days = 0;

	if (html_form(&j->x, (struct html_field[]){ { "name", PRINCIPAL_NAME_MAX, &name }, { "api", 64, &api },
	    { "access", 16, &access }, { "production", 8, &production }, { "expires", 8, &expires } }, 5))
		return "";
	name = str_trim(name);
	if (!name.n || principal_set_name(&key->who, name))
		return "keys_name";
	if (!known_api(j, api) || principal_set_apis(&key->who, api) ||
	    (expires.n && (str_u64(expires, &days) || days > 3660)))
		return "error_form";
	key->who.scopes = scopes_of(access, production);
	key->created = store_wall(j->app->store);
	key->who.dies = days ? key->created + (wall)days * 86400 : 0;
	key->who.user = u->id;
	key->who.team = u->team_id;
	key->born = u->born;
	key->owner_n = u->name_n;
	memcpy(key->owner, u->name, u->name_n);
	return NULL;
}

static enum step
added(struct job *j, enum step s)
{
	struct keypage *k = j->own;
	struct html h;

	if (s == STEP_WAIT)
		return s;
	if (s == STEP_FAIL)
		return html_error(&j->x, 503, "error_store");
	log_info("key", "added by user=%S name=%S", user_name(&j->person->who.user), principal_name(&k->work->key.who));
	html_begin(&h, &j->x, "key");
	html_put(&h, "key", buf_str(&k->secret));
	html_put(&h, "url", j->gen->gen->public_url);
	return html_reply(&h, 200);
}

static enum step
start_add(struct job *j, msec now)
{
	struct keypage *k = j->own;
	const char *why;
	u8 random[32];

	k->work = ARENA_NEW(exchange_arena(&j->x), struct key_work);
	if (!k->work)
		return html_error(&j->x, 503, "error_busy");
	why = read_key(j, &k->work->key);
	if (why)
		return *why ? begin_list(j, why, now) : STEP_DONE;
	k->secret = buf_over(k->made, sizeof k->made);
	rng_bytes(j->app->rng, random, sizeof random);
	key_secret(&k->secret, random);
	ct_wipe(random, sizeof random);
	j->x.at = AT_ADD;
	j->own_op = &k->work->op;
	return added(j, key_add(j->app->keys, k->work, buf_str(&k->secret), exchange_ready(&j->x)));
}

enum step
keypage_add(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	switch (x->at) {
	case AT_LIST: return list(j, now);
	case AT_ADD: return added(j, key_work_step(j->app->keys, ((struct keypage *)j->own)->work));
	}
	s = begin(j, true, now);
	return s == STEP_DONE ? start_add(j, now) : s == STEP_WAIT ? s : STEP_DONE;
}

/* ---- away with one ------------------------------------------------------------------------------- */

static enum step
start_revoke(struct job *j, msec now)
{
	struct keypage *k = j->own;
	struct buf b = buf_over(k->key, sizeof k->key);
	struct str id = STR_NONE;
	u64 hex;

	if (html_form(&j->x, (struct html_field[]){ { "id", KEY_ID_N, &id } }, 1))
		return STEP_DONE;
	if (id.n != KEY_ID_N || str_hex(str_cut(id, 0, 16), &hex) || str_hex(str_cut(id, 16, 32), &hex))
		return html_error(&j->x, 400, "error_form");
	buf_put(&b, KEY_PREFIX);
	buf_put(&b, id);
	j->out = buf_over(k->room, sizeof k->room);
	j->op = (struct store_op){ .verb = STORE_GET, .key = buf_str(&b), .out = &j->out,
		.owner = exchange_ready(&j->x) };
	j->x.at = AT_GET;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

static enum step
drop(struct job *j, msec now)
{
	struct keypage *k = j->own;
	struct key key;

	if (j->op.err == ERR_NONE || (!j->op.err && (key_decode(j->op.val, &key) || !is_mine(j, &key))))
		return html_error(&j->x, 404, "keys_gone");
	if (j->op.err)
		return html_error(&j->x, 503, "error_store");
	log_info("key", "revoked by user=%S name=%S", user_name(&j->person->who.user), principal_name(&key.who));
	j->op = (struct store_op){ .verb = STORE_DROP, .key = str_of(k->key, sizeof k->key),
		.owner = exchange_ready(&j->x) };
	j->x.at = AT_DROP;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

enum step
keypage_revoke(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	if (x->at == AT_START) {
		s = begin(j, true, now);
		return s == STEP_DONE ? start_revoke(j, now) : s == STEP_WAIT ? s : STEP_DONE;
	}
	if (!j->op.done)
		return STEP_WAIT;
	if (x->at == AT_GET)
		return drop(j, now);
	if (j->op.err && j->op.err != ERR_NONE)
		return html_error(x, 503, "error_store");
	return html_go(x, STR("/keys"));
}
