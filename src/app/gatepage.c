#include "app/gatepage.h"

#include "app/act.h"
#include "app/approving.h"
#include "app/html.h"
#include "app/person.h"
#include "app/prove.h"
#include "app/switching.h"
#include "base/utf8.h"

enum { AT_START, AT_LIST, AT_GET, AT_PROVE, AT_DECIDE, AT_CHANGE, AT_EACH, AT_EACH_DECIDE };

#define ARENA_N 60000
#define LIST_N 8192  /* bytes of store entries looked at at once */
#define ROWS 20      /* shown on one page */
#define WORD_N 24
#define SHOWN_N 640  /* bytes of an address, a body or a state in a list */
#define PAGE_N 12000 /* what a page needs beside its rows */
#define IDS_N (ROWS * (APPROVAL_KEY_N - 1)) /* their ids, with commas */

/* A row of either list. */
struct row {
	struct str name, word, where, who, method, url, body, state;
	wall dies;
	bool production;
	bool cut; /* not all of it is shown: not to be decided among others */
};

struct gatepage {
	struct row row[ROWS];
	u32 n;
	bool more;
	const char *why;
	struct prove prove;
	struct buf entries;
	struct approval approval; /* views into room */
	struct str target, word, way, password, answer, ids; /* ids: those of a list still to be decided */
	char key[APPROVAL_KEY_N];
	u8 room[APPROVAL_RECORD_MAX];
};

/* ---- who may what -------------------------------------------------------------------------------- */

static bool
may_turn(const struct user *u, struct str target)
{
	struct str name;

	return person_runs_box(u) ||
	       (u->admin && switches_target(target, &name) == SWITCH_TEAM && str_same(name, user_team(u)));
}

/* Keys made on the console belong to no team: that is a matter of those who run the box. */
static bool
may_decide(const struct job *j, const struct approval *a)
{
	const struct user *u = &j->person->who.user;

	return a->level == LEVEL_APPROVE && a->created > j->app->switches->voided &&
	       a->dies > store_wall(j->app->store) &&
	       ((a->user && a->user == u->id) || person_runs_box(u) || (u->admin && a->team == u->team_id));
}

/* Who it is, then room for all that follows. DONE: go on; else what the handler returns is in *s. */
static bool
begin(struct job *j, bool form, msec now, enum step *s)
{
	struct arena *a = exchange_arena_n(&j->x, ARENA_N);
	struct gatepage *g;

	*s = form ? person_need_form(j, now) : person_need(j, now);
	if (*s != STEP_DONE) {
		*s = *s == STEP_WAIT ? STEP_WAIT : STEP_DONE;
		return false;
	}
	j->own = g = ARENA_NEW(a, struct gatepage);
	if (g)
		g->entries = arena_buf(a, LIST_N);
	if (g && g->entries.p)
		return true;
	*s = html_error(&j->x, 503, "error_busy");
	return false;
}

/* ---- lists --------------------------------------------------------------------------------------- */

static void
ask_more(struct job *j, struct str prefix, u32 cursor, msec now)
{
	struct gatepage *g = j->own;

	g->entries.r = g->entries.w = 0;
	j->op = (struct store_op){ .verb = STORE_LIST, .key = prefix, .out = &g->entries, .cursor = cursor,
		.owner = exchange_ready(&j->x) };
	store_start(j->app->store, &j->op, now);
}

static struct row *
new_row(struct gatepage *g, const struct arena *a)
{
	g->more = g->more || g->n == ROWS || a->cap - a->used < PAGE_N;
	return g->more ? NULL : &g->row[g->n++];
}

/* A copy of a long text's beginning, where it is long. */
static struct str
shown(struct arena *a, struct str s)
{
	return arena_dup(a, utf8_prefix(s, SHOWN_N));
}

/* Takes an entry up, copied: the next ones will lie where it does. */
static void
take_entry(struct job *j, const struct store_entry *e)
{
	struct gatepage *g = j->own;
	struct arena *a = exchange_arena(&j->x);
	struct buf word = arena_buf(a, WORD_N);
	struct approval p;
	struct row *r;
	struct str target;
	u8 bits;

	if (str_starts(e->key, APPROVAL_PREFIX)) {
		if (approval_decode(e->val, &p) || p.status != APPROVAL_PENDING || !may_decide(j, &p) ||
		    !(r = new_row(g, a)))
			return;
		*r = (struct row){ arena_dup(a, str_cut(e->key, 2, e->key.n)), arena_dup(a, p.tool),
			arena_dup(a, p.environment), arena_dup(a, p.who), arena_dup(a, p.method), shown(a, p.url),
			shown(a, p.body), shown(a, p.shown), p.dies, p.production,
			p.url.n > SHOWN_N || p.body.n > SHOWN_N };
		return;
	}
	bits = switches_entry(e, &target);
	if (!bits || str_is(target, "stop") || !may_turn(&j->person->who.user, target) || !(r = new_row(g, a)))
		return;
	switches_print(&word, bits);
	*r = (struct row){ .name = arena_dup(a, target), .word = buf_str(&word) };
}

static void
put_rows(struct html *h, const struct gatepage *g)
{
	html_flag(h, "many", g->more);
	for (u32 i = 0; i < g->n; i++) {
		const struct row *r = &g->row[i];

		html_row(h, "rows");
		html_put(h, "id", r->name);
		html_put(h, "word", r->word);
		html_put(h, "where", r->where);
		html_put(h, "method", r->method);
		html_put(h, "url", r->url);
		html_put(h, "body", r->body);
		html_put(h, "state", r->state);
		html_put(h, "who", r->who);
		html_flag(h, "production", r->production);
		html_time(h, "until", r->dies);
	}
	html_top(h);
}

/* Those on this page, for the form that decides about exactly these. */
static void
put_ids(struct job *j, struct html *h, const struct gatepage *g)
{
	struct buf b = arena_buf(exchange_arena(&j->x), IDS_N);
	u32 n = 0;

	for (u32 i = 0; i < g->n; i++)
		if (!g->row[i].cut && ++n)
			buf_fmt(&b, "%s%S", b.w ? "," : "", g->row[i].name);
	html_flag(h, "several", n > 1 && b.p && !b.over);
	html_put(h, "ids", buf_str(&b));
}

static enum step
show_list(struct job *j, bool admin)
{
	const struct switches *s = j->app->switches;
	const struct user *u = &j->person->who.user;
	struct gatepage *g = j->own;
	const struct gen *gen = j->gen->gen;
	struct html h;

	html_begin(&h, &j->x, admin ? "admin" : "approvals");
	html_items(&h, HTML_ITEMS + 11 * g->n + 2 * gen->apis);
	if (g->why)
		html_text(&h, "why", g->why);
	html_put(&h, "team", user_team(u));
	html_flag(&h, "file", s->file);
	html_flag(&h, "stopped", switches_stopped(s));
	for (u32 i = 0; admin && person_runs_box(u) && i < gen->apis; i++) {
		html_row(&h, "api");
		html_put(&h, "api_name", gen->api[i].name);
	}
	if (!admin)
		put_ids(j, &h, g);
	put_rows(&h, g);
	return html_reply(&h, g->why ? 400 : 200);
}

static enum step
list(struct job *j, msec now)
{
	struct gatepage *g = j->own;
	bool admin = j->op.key.p[0] == 'w';
	struct store_entry e;
	struct str rest;

	for (;;) {
		if (!j->op.done)
			return STEP_WAIT;
		if (j->op.err)
			return html_error(&j->x, 503, "error_store");
		for (rest = buf_str(&g->entries); store_entry(&rest, &e);)
			take_entry(j, &e);
		if (!j->op.cursor)
			return show_list(j, admin);
		ask_more(j, j->op.key, j->op.cursor, now);
	}
}

static enum step
start_list(struct job *j, bool admin, const char *why, msec now)
{
	((struct gatepage *)j->own)->why = why;
	if (admin && !j->person->who.user.admin)
		return html_error(&j->x, 403, "admin_only");
	j->x.at = AT_LIST;
	ask_more(j, admin ? STR("w:") : APPROVAL_PREFIX, 0, now);
	return list(j, now);
}

enum step
gatepage_approvals(struct exchange *x, msec now)
{
	enum step s;

	if (x->at == AT_LIST)
		return list(job_of(x), now);
	return begin(job_of(x), false, now, &s) ? start_list(job_of(x), false, NULL, now) : s;
}

enum step
gatepage_admin(struct exchange *x, msec now)
{
	enum step s;

	if (x->at == AT_LIST)
		return list(job_of(x), now);
	return begin(job_of(x), false, now, &s) ? start_list(job_of(x), true, NULL, now) : s;
}

/* ---- one approval -------------------------------------------------------------------------------- */

static enum step
show_approval(struct job *j, const char *why)
{
	struct gatepage *g = j->own;
	const struct approval *a = &g->approval;
	struct html h;

	html_begin(&h, &j->x, "approve");
	html_put(&h, "id", str_of(g->key + 2, APPROVAL_KEY_N - 2));
	html_put(&h, "who", a->who);
	html_put(&h, "api", a->api);
	html_put(&h, "where", a->environment);
	html_flag(&h, "production", a->production);
	html_put(&h, "tool", a->tool);
	html_put(&h, "method", a->method);
	html_put(&h, "url", a->url);
	html_put(&h, "body", a->body);
	html_put(&h, "state", a->shown);
	html_put(&h, "by", a->by);
	html_time(&h, "asked", a->created);
	html_time(&h, "until", a->dies);
	html_flag(&h, "pending", a->status == APPROVAL_PENDING);
	html_flag(&h, "approved", a->status == APPROVAL_APPROVED);
	html_flag(&h, "denied", a->status == APPROVAL_DENIED);
	if (why)
		html_text(&h, "why", why);
	return html_reply(&h, why ? 403 : 200);
}

static enum step
start_approval(struct job *j, bool form, msec now)
{
	struct gatepage *g = j->own;
	struct str id = route_param(j->x.route, j->x.req.path, 0);
	u64 hex;

	if (id.n != APPROVAL_KEY_N - 2 || str_hex(str_cut(id, 0, 16), &hex) || str_hex(str_cut(id, 16, 32), &hex))
		return html_error(&j->x, 404, "approve_gone");
	if (form && html_form(&j->x, (struct html_field[]){ { "answer", 8, &g->answer },
	    { "password", USER_PASSWORD_MAX, &g->password } }, 2))
		return STEP_DONE;
	memcpy(g->key, "v:", 2);
	memcpy(g->key + 2, id.p, id.n);
	j->out = buf_over(g->room, sizeof g->room);
	j->op = (struct store_op){ .verb = STORE_GET, .key = str_of(g->key, sizeof g->key), .out = &j->out,
		.owner = exchange_ready(&j->x) };
	j->x.at = AT_GET;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

/* The record is there: what is not theirs does not exist for them. */
static enum step
found(struct job *j, msec now)
{
	struct gatepage *g = j->own;
	bool gone = j->op.err == ERR_NONE;

	if (j->op.err && !gone)
		return html_error(&j->x, 503, "error_store");
	if (gone || approval_decode(j->op.val, &g->approval) || !may_decide(j, &g->approval))
		return html_error(&j->x, 404, "approve_gone");
	if (!g->answer.p || g->approval.status != APPROVAL_PENDING)
		return show_approval(j, NULL);
	if (!str_is(g->answer, "yes") && !str_is(g->answer, "no"))
		return html_error(&j->x, 400, "error_form");
	j->x.at = AT_PROVE;
	prove_either(j, &g->prove, g->password, now);
	return STEP_MORE;
}

static enum step
decided(struct job *j, enum step s)
{
	struct gatepage *g = j->own;
	struct approval_work *w = j->approving;

	j->x.at = AT_DECIDE;
	if (s == STEP_WAIT)
		return s;
	if (s == STEP_FAIL)
		return html_error(&j->x, w->op.err == ERR_NONE || w->op.err == ERR_LATE ? 409 : 503,
		    w->op.err == ERR_NONE || w->op.err == ERR_LATE ? "approve_gone" : "error_store");
	act_approval(j, str_of(g->key + 2, APPROVAL_KEY_N - 2), &w->approval);
	g->approval = w->approval;
	return show_approval(j, NULL);
}

static enum step
proved_approval(struct job *j)
{
	struct gatepage *g = j->own;
	enum step s = prove_step(j, &g->prove);

	if (s != STEP_DONE)
		return s == STEP_FAIL ? STEP_DONE : s;
	if (!g->prove.good)
		return show_approval(j, "prove_wrong");
	j->approving = ARENA_NEW(exchange_arena(&j->x), struct approval_work);
	if (!j->approving)
		return html_error(&j->x, 503, "error_busy");
	j->approving->by = user_name(&j->person->who.user);
	return decided(j, approval_decide(j->app->store, j->approving, str_of(g->key + 2, APPROVAL_KEY_N - 2),
	    str_is(g->answer, "yes"), exchange_ready(&j->x)));
}

enum step
gatepage_approve(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	bool form = x->req.method == METHOD_POST;
	enum step s;

	switch (x->at) {
	case AT_START: return begin(j, form, now, &s) ? start_approval(j, form, now) : s;
	case AT_GET: return j->op.done ? found(j, now) : STEP_WAIT;
	case AT_PROVE: return proved_approval(j);
	case AT_DECIDE: return decided(j, approval_step(j->app->store, j->approving));
	}
	return STEP_FAIL;
}

/* ---- several at once: a plan ---------------------------------------------------------------------- */

/* The next of the list; when all are decided, the page of what waits. */
static enum step
next_id(struct job *j, msec now)
{
	struct gatepage *g = j->own;
	struct str id = str_next(&g->ids, ',');

	if (!id.n)
		return html_go(&j->x, STR("/approvals"));
	if (id.n != APPROVAL_KEY_N - 2)
		return html_error(&j->x, 400, "error_form");
	memcpy(g->key, "v:", 2);
	memcpy(g->key + 2, id.p, id.n);
	j->out = buf_over(g->room, sizeof g->room);
	j->op = (struct store_op){ .verb = STORE_GET, .key = str_of(g->key, sizeof g->key), .out = &j->out,
		.owner = exchange_ready(&j->x) };
	j->x.at = AT_EACH;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

static enum step
each_decided(struct job *j, enum step s, msec now)
{
	struct gatepage *g = j->own;

	j->x.at = AT_EACH_DECIDE;
	if (s == STEP_WAIT)
		return s;
	if (s == STEP_DONE)
		act_approval(j, str_of(g->key + 2, APPROVAL_KEY_N - 2), &j->approving->approval);
	return next_id(j, now);
}

/* What was decided, used or has died meanwhile is left as it is. */
static enum step
each_found(struct job *j, msec now)
{
	struct gatepage *g = j->own;

	if (!j->op.done)
		return STEP_WAIT;
	if (j->op.err && j->op.err != ERR_NONE)
		return html_error(&j->x, 503, "error_store");
	if (j->op.err || approval_decode(j->op.val, &g->approval) || !may_decide(j, &g->approval) ||
	    g->approval.status != APPROVAL_PENDING)
		return next_id(j, now);
	memset(j->approving, 0, sizeof *j->approving);
	j->approving->by = user_name(&j->person->who.user);
	return each_decided(j, approval_decide(j->app->store, j->approving, str_of(g->key + 2, APPROVAL_KEY_N - 2),
	    str_is(g->answer, "yes"), exchange_ready(&j->x)), now);
}

static enum step
start_several(struct job *j, msec now)
{
	struct gatepage *g = j->own;

	if (html_form(&j->x, (struct html_field[]){ { "answer", 8, &g->answer }, { "ids", IDS_N, &g->ids },
	    { "password", USER_PASSWORD_MAX, &g->password } }, 3))
		return STEP_DONE;
	j->approving = ARENA_NEW(exchange_arena(&j->x), struct approval_work);
	if (!j->approving || (!str_is(g->answer, "yes") && !str_is(g->answer, "no")))
		return html_error(&j->x, j->approving ? 400 : 503, j->approving ? "error_form" : "error_busy");
	j->x.at = AT_PROVE;
	prove_either(j, &g->prove, g->password, now);
	return STEP_MORE;
}

static enum step
proved_several(struct job *j, msec now)
{
	struct gatepage *g = j->own;
	enum step s = prove_step(j, &g->prove);

	if (s != STEP_DONE)
		return s == STEP_FAIL ? STEP_DONE : s;
	return g->prove.good ? next_id(j, now) : start_list(j, false, "prove_wrong", now);
}

enum step
gatepage_several(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	switch (x->at) {
	case AT_START: return begin(j, true, now, &s) ? start_several(j, now) : s;
	case AT_LIST: return list(j, now);
	case AT_PROVE: return proved_several(j, now);
	case AT_EACH: return each_found(j, now);
	case AT_EACH_DECIDE: return each_decided(j, approval_step(j->app->store, j->approving), now);
	}
	return STEP_FAIL;
}

/* ---- switches ------------------------------------------------------------------------------------ */

static enum step
changed(struct job *j, enum step s, msec now)
{
	struct gatepage *g = j->own;

	j->x.at = AT_CHANGE;
	if (s == STEP_WAIT)
		return s;
	if (s == STEP_FAIL)
		return j->switching->op.err == ERR_BAD ? start_list(j, true, "admin_target", now) :
		                                         html_error(&j->x, 503, "error_store");
	act_switch(j, g->target, g->word, str_is(g->way, "on"));
	return html_go(&j->x, STR("/admin"));
}

static enum step
change(struct job *j, msec now)
{
	struct gatepage *g = j->own;

	j->switching = ARENA_NEW(exchange_arena(&j->x), struct switches_work);
	if (!j->switching)
		return html_error(&j->x, 503, "error_busy");
	return changed(j, switches_change(j->app->switches, j->app->store, j->switching, g->target,
	    switches_bits(g->word), str_is(g->way, "on"), exchange_ready(&j->x)), now);
}

static enum step
start_switch(struct job *j, msec now)
{
	struct gatepage *g = j->own;

	if (html_form(&j->x, (struct html_field[]){ { "target", SWITCHES_TARGET_MAX, &g->target },
	    { "switch", WORD_N, &g->word }, { "way", 4, &g->way },
	    { "password", USER_PASSWORD_MAX, &g->password } }, 4))
		return STEP_DONE;
	g->target = str_trim(g->target);
	if (!str_is(g->way, "on") && !str_is(g->way, "off"))
		return html_error(&j->x, 400, "error_form");
	if (!may_turn(&j->person->who.user, g->target))
		return j->person->who.user.admin ? start_list(j, true, "admin_target", now) :
		                                   html_error(&j->x, 403, "admin_only");
	if (!str_is(g->target, "stop") || str_is(g->way, "off"))
		return change(j, now);
	j->x.at = AT_PROVE;
	prove_either(j, &g->prove, g->password, now);
	return STEP_MORE;
}

static enum step
proved_switch(struct job *j, msec now)
{
	struct gatepage *g = j->own;
	enum step s = prove_step(j, &g->prove);

	if (s != STEP_DONE)
		return s == STEP_FAIL ? STEP_DONE : s;
	return g->prove.good ? change(j, now) : start_list(j, true, "prove_wrong", now);
}

enum step
gatepage_switch(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	switch (x->at) {
	case AT_START: return begin(j, true, now, &s) ? start_switch(j, now) : s;
	case AT_LIST: return list(j, now);
	case AT_PROVE: return proved_switch(j, now);
	case AT_CHANGE: return changed(j, switches_step(j->app->switches, j->app->store, j->switching), now);
	}
	return STEP_FAIL;
}
