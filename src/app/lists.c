#include "app/lists.h"

#include "app/act.h"
#include "app/person.h"
#include "auth/grant.h"
#include "base/log.h"
#include "base/utf8.h"
#include "http/form.h"

enum { AT_START, AT_LIST = 200, AT_GET, AT_DROP }; /* beside the states of whoever calls lists_show */

#define ARENA_N 60000
#define ENTRIES_N 8192 /* bytes of store entries looked at at once */
#define SEARCH_MAX 40

struct lists {
	const struct list_kind *kind;
	const char *why;
	struct html h;
	struct buf entries;
	struct str id, q;
	struct str rest;  /* entries that were not looked at yet */
	u32 n;
	u64 marks;
	bool listing;     /* entries come */
	bool second;      /* the other prefix is being listed */
	bool wants;       /* what a row has to know beside is being fetched */
	u32 asked_n;
	struct store_op look;
	struct buf found;
	struct user user;
	u8 asked[LISTS_KEY_MAX];
	char key[2 + LISTS_ID_MAX];
	u8 room[GRANT_RECORD_MAX > USER_RECORD_MAX ? GRANT_RECORD_MAX : USER_RECORD_MAX], record[USER_RECORD_MAX];
	u8 typed[SEARCH_MAX];
};

void
html_keep(struct html *h, const char *name, struct str value)
{
	html_put(h, name, arena_dup(exchange_arena(&h->j->x), value));
}

enum step
lists_may(struct job *j, bool form, enum lists_who who, msec now)
{
	struct arena *a = exchange_arena_n(&j->x, ARENA_N);
	enum step s = form ? person_need_form(j, now) : person_need(j, now);

	if (s != STEP_DONE || !a->cap || who == LISTS_MINE || person_runs_box(&j->person->who.user) ||
	    (who == LISTS_TEAM && j->person->who.user.admin))
		return s;
	html_error(&j->x, 403, "error_admin");
	return STEP_FAIL;
}

bool
lists_get(struct job *j, struct str key, struct str *val)
{
	struct lists *l = j->own;

	ASSERT(key.n <= sizeof l->asked);
	*val = STR_NONE;
	if (!l->wants && str_same(str_of(l->asked, l->asked_n), key)) {
		if (!l->look.err)
			*val = l->look.val;
		return true;
	}
	memcpy(l->asked, key.p, key.n);
	l->asked_n = key.n;
	l->wants = true;
	return false;
}

const struct user *
lists_user(struct job *j, struct str name)
{
	struct lists *l = j->own;
	u8 key[USER_KEY_MAX];
	struct str val;

	if (!name.n || name.n > USER_NAME_MAX || !lists_get(j, user_key(name, key), &val))
		return NULL;
	return !val.n || user_decode(val, &l->user) ? NULL : &l->user;
}

void
lists_mark(struct job *j, u32 n)
{
	((struct lists *)j->own)->marks |= (u64)1 << n;
}

bool
lists_unmarked(const struct job *j, u32 n)
{
	const struct lists *l = j->own;

	return l->n <= LISTS_MAX && !(l->marks >> n & 1);
}

bool
lists_sees(const struct job *j, u64 team)
{
	const struct user *u = &j->person->who.user;

	return person_runs_box(u) || (u->admin && team == u->team_id);
}

/* ---- the page ------------------------------------------------------------------------------------ */

static void
ask_more(struct job *j, struct lists *l, u32 cursor, msec now)
{
	const char *prefix = l->second ? l->kind->then : l->kind->prefix;

	l->entries.r = l->entries.w = 0;
	l->listing = true;
	j->op = (struct store_op){ .verb = STORE_LIST, .key = str_c(prefix), .out = &l->entries,
		.cursor = cursor, .owner = exchange_ready(&j->x) };
	store_start(j->app->store, &j->op, now);
}

/* Whether this person may see an entry at all. What the row asks for with lists_get is fetched, and it is asked again.
 * FAIL: the store cannot be read. */
static enum step
judge(struct job *j, struct lists *l, const struct store_entry *e, bool *may, msec now)
{
	for (;;) {
		if (l->wants) {
			if (!l->look.done)
				return STEP_WAIT;
			j->own_op = NULL;
			l->wants = false;
			if (l->look.err && l->look.err != ERR_NONE)
				return STEP_FAIL;
		}
		*may = l->kind->row(j, NULL, e);
		if (!l->wants)
			return STEP_DONE;
		l->found = buf_over(l->record, sizeof l->record);
		l->look = (struct store_op){ .verb = STORE_GET, .key = str_of(l->asked, l->asked_n),
			.out = &l->found, .owner = exchange_ready(&j->x) };
		j->own_op = &l->look;
		store_start(j->app->store, &l->look, now);
	}
}

/* One row more, unless it is not wanted: its values are given up, too. */
static void
put_row(struct job *j, struct lists *l, const struct store_entry *e)
{
	struct arena *a = exchange_arena(&j->x);
	size_t mark = a->used;

	html_row(&l->h, "row");
	html_keep(&l->h, "id", str_cut(e->key, 2, e->key.n));
	l->kind->row(j, &l->h, e);
	if (l->q.n && !html_row_has(&l->h, l->q)) {
		html_row_drop(&l->h);
		arena_rewind(a, mark);
		return;
	}
	if (l->n++ < LISTS_MAX)
		return;
	html_row_drop(&l->h);
	html_flag(&l->h, "many", true);
}

static enum step
put_rows(struct job *j, struct lists *l, msec now)
{
	struct store_entry e;
	struct str rest;
	enum step s;
	bool may;

	while (l->n <= LISTS_MAX) {
		rest = l->rest;
		if (!store_entry(&rest, &e))
			break;
		s = judge(j, l, &e, &may, now);
		if (s != STEP_DONE)
			return s;
		if (may)
			put_row(j, l, &e);
		l->rest = rest;
	}
	return STEP_DONE;
}

static enum step
list(struct job *j, msec now)
{
	struct lists *l = j->own;
	enum step s;

	for (;;) {
		if (!j->op.done)
			return STEP_WAIT;
		if (l->listing)
			l->rest = buf_str(&l->entries);
		l->listing = false;
		s = j->op.err ? STEP_FAIL : put_rows(j, l, now);
		if (s != STEP_DONE)
			return s == STEP_WAIT ? s : html_error(&j->x, 503, "error_store");
		if (l->n > LISTS_MAX || (!j->op.cursor && (l->second || !l->kind->then)))
			break;
		l->second |= !j->op.cursor;
		ask_more(j, l, j->op.cursor, now);
	}
	html_top(&l->h);
	if (l->kind->rest)
		l->kind->rest(j, &l->h);
	return html_reply(&l->h, l->why ? 400 : 200);
}

static struct lists *
begin(struct job *j, const struct list_kind *k)
{
	struct arena *a = exchange_arena(&j->x);
	struct lists *l = ARENA_NEW(a, struct lists);

	if (l) {
		struct buf q = buf_over(l->typed, sizeof l->typed);

		l->entries = arena_buf(a, ENTRIES_N);
		l->kind = k;
		if (form_get(j->x.req.query, STR("q"), &q, &l->q) || !utf8_valid(l->q))
			l->q = STR_NONE;
	}
	j->own = l;
	return l && l->entries.p ? l : NULL;
}

enum step
lists_show(struct job *j, const struct list_kind *k, const char *why, msec now)
{
	struct lists *l = begin(j, k);

	if (!l)
		return html_error(&j->x, 503, "error_busy");
	html_begin(&l->h, &j->x, k->page);
	html_items(&l->h, LISTS_VALUES * LISTS_MAX + 48);
	l->why = why;
	if (why)
		html_text(&l->h, "why", why);
	html_put(&l->h, "q", l->q);
	j->x.at = AT_LIST;
	ask_more(j, l, 0, now);
	return list(j, now);
}

bool
lists_showing(const struct job *j)
{
	return j->x.at == AT_LIST;
}

enum step
lists_page(struct exchange *x, const struct list_kind *k, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	if (x->at == AT_LIST)
		return list(j, now);
	s = lists_may(j, false, k->who, now);
	return s == STEP_DONE ? lists_show(j, k, NULL, now) : s == STEP_WAIT ? s : STEP_DONE;
}

/* ---- away with one ------------------------------------------------------------------------------- */

static enum step
start_drop(struct job *j, const struct list_kind *k, msec now)
{
	struct lists *l = begin(j, k);
	struct buf b;
	u64 hex;

	if (!l)
		return html_error(&j->x, 503, "error_busy");
	if (html_form(&j->x, (struct html_field[]){ { "id", LISTS_ID_MAX, &l->id } }, 1))
		return STEP_DONE;
	for (u32 i = 0; i < l->id.n; i++)
		if (str_hex(str_cut(l->id, i, i + 1), &hex))
			l->id.n = 0;
	b = buf_over(l->key, sizeof l->key);
	buf_c(&b, k->prefix);
	buf_put(&b, l->id);
	l->entries = buf_over(l->room, sizeof l->room);
	j->op = (struct store_op){ .verb = STORE_GET, .key = buf_str(&b), .out = &l->entries,
		.owner = exchange_ready(&j->x) };
	j->x.at = AT_GET;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

static enum step
drop(struct job *j, msec now)
{
	struct lists *l = j->own;
	struct store_entry e = { .key = j->op.key, .val = j->op.val };
	bool may = false;
	enum step s = STEP_DONE;

	if (!j->op.err)
		s = judge(j, l, &e, &may, now);
	if (s == STEP_WAIT)
		return s;
	if (s == STEP_FAIL || (j->op.err && j->op.err != ERR_NONE))
		return html_error(&j->x, 503, "error_store");
	if (!may)
		return html_error(&j->x, 404, l->kind->none);
	log_info("page", "user=%S removes %S", user_name(&j->person->who.user), e.key);
	j->op = (struct store_op){ .verb = STORE_DROP, .key = e.key, .owner = exchange_ready(&j->x) };
	j->x.at = AT_DROP;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

enum step
lists_drop(struct exchange *x, const struct list_kind *k, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	if (x->at == AT_START) {
		s = lists_may(j, true, k->who, now);
		return s == STEP_DONE ? start_drop(j, k, now) : s == STEP_WAIT ? s : STEP_DONE;
	}
	if (!j->op.done)
		return STEP_WAIT;
	if (x->at == AT_GET)
		return drop(j, now);
	if (j->op.err && j->op.err != ERR_NONE)
		return html_error(x, 503, "error_store");
	act_change(j, k->who == LISTS_MINE ? "account" : "admin", STR("remove"),
	    str_of(((struct lists *)j->own)->key, j->op.key.n));
	return html_go(x, str_c(k->path));
}

/* ---- connected apps ------------------------------------------------------------------------------ */

/* One that was given under another password, or waits for its code to be redeemed, connects nobody. */
static bool
is_mine(struct job *j, const struct grant *g)
{
	const struct user *u = &j->person->who.user;

	return str_same(g->user, user_name(u)) && g->epoch == u->epoch;
}

static void
put_grant(struct html *h, const struct grant *g)
{
	html_keep(h, "name", g->name);
	html_keep(h, "host", g->host);
	html_keep(h, "api", g->audience);
	html_keep(h, "environments", g->environments);
	html_flag(h, "read", g->scopes & SCOPE_READ);
	html_flag(h, "write", g->scopes & SCOPE_WRITE);
	html_flag(h, "destructive", g->scopes & SCOPE_DESTRUCTIVE);
	html_time(h, "since", g->made);
	html_time(h, "used", g->rotated ? g->rotated : g->made);
	html_time(h, "dies", g->dies);
}

static bool
put_app(struct job *j, struct html *h, const struct store_entry *e)
{
	struct grant g;

	if (grant_decode(e->val, &g) || g.state != GRANT_LIVE || !is_mine(j, &g))
		return false;
	if (h)
		put_grant(h, &g);
	return true;
}

/* Those of everybody, for admins. */
static bool
put_everybodys(struct job *j, struct html *h, const struct store_entry *e)
{
	const struct user *u;
	struct grant g;

	if (grant_decode(e->val, &g) || g.state != GRANT_LIVE)
		return false;
	u = lists_user(j, g.user);
	if (!u || g.epoch != u->epoch || !lists_sees(j, u->team_id))
		return false;
	if (h) {
		html_keep(h, "user", g.user);
		put_grant(h, &g);
	}
	return true;
}

static const struct list_kind everybodys = { "admin_apps", "/admin/apps", "g:", "apps_gone", LISTS_TEAM, NULL,
	put_everybodys, NULL };

enum step
lists_all_apps_page(struct exchange *x, msec now)
{
	return lists_page(x, &everybodys, now);
}

enum step
lists_all_apps_drop(struct exchange *x, msec now)
{
	return lists_drop(x, &everybodys, now);
}

const struct list_kind lists_apps = { "apps", "/apps", "g:", "apps_gone", LISTS_MINE, NULL, put_app, NULL };

enum step
lists_apps_page(struct exchange *x, msec now)
{
	return lists_page(x, &lists_apps, now);
}

enum step
lists_apps_drop(struct exchange *x, msec now)
{
	return lists_drop(x, &lists_apps, now);
}
