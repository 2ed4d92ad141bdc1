#include "app/adminlog.h"

#include "app/lists.h"
#include "app/person.h"
#include "http/form.h"
#include "store/tail.h"

#define LINES 50
#define FILTER_N 40
#define VALUES 10 /* of a line */

struct adminlog {
	struct tail tail;
	struct str who, outcome, what;
	char team[17]; /* hex, of the team that may be seen; empty: all */
	u8 typed[3][FILTER_N];
};

static struct str
typed(struct job *j, const char *name, u8 room[FILTER_N])
{
	struct buf b = buf_over(room, FILTER_N);
	struct str value = STR_NONE;

	return form_get(j->x.req.query, str_c(name), &b, &value) ? STR_NONE : str_trim(value);
}

static bool
is(struct jcur line, const char *member, struct str wanted)
{
	struct jcur c = json_get(line, member);

	return !wanted.n || (json_kind(c) == JSON_STRING && json_same(c, wanted));
}

static bool
wanted(const struct adminlog *l, struct jcur line)
{
	struct str who = json_str(json_get(line, "who"), NULL);

	if (l->team[0] && !json_is(json_get(line, "team"), l->team))
		return false;
	if (l->who.n && (!who.n || str_find_str(who, l->who) < 0))
		return false;
	return is(line, "outcome", l->outcome) && is(line, "what", l->what);
}

static void
keep(struct html *h, struct jcur line, const char *member)
{
	struct str s = json_str(json_get(line, member), exchange_arena(&h->j->x));

	if (s.n)
		html_keep(h, member, s);
}

static void
put_line(struct html *h, struct jcur line)
{
	static const char *const members[] = { "what", "outcome", "who", "api", "environment", "operation", "detail" };
	struct str time = json_str(json_get(line, "time"), NULL);
	bool production = false;

	html_row(h, "row");
	if (time.n > 19) {
		html_keep(h, "day", str_cut(time, 0, 10));
		html_keep(h, "time", str_cut(time, 11, 19));
	}
	for (u32 i = 0; i < ARRAY_N(members); i++)
		keep(h, line, members[i]);
	json_bool(json_get(line, "production"), &production);
	html_flag(h, "production", production);
}

static u32
put_lines(struct job *j, struct html *h, struct adminlog *l)
{
	const struct ring *ring = j->app->audit.ring;
	struct str line;
	u32 n = 0;

	if (!ring)
		return 0;
	tail_open(&l->tail, ring->chain.conf.dir);
	while (n < LINES && (line = tail_next(&l->tail)).p) {
		struct jdoc d;

		if (json_parse(&d, line, j->app->mcp.tok, RPC_TOKENS_MAX) || !wanted(l, json_root(&d)))
			continue;
		put_line(h, json_root(&d));
		n++;
	}
	html_top(h);
	html_flag(h, "many", n == LINES || l->tail.cut);
	tail_close(&l->tail);
	return n;
}

enum step
adminlog_page(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s = lists_may(j, false, LISTS_TEAM, now);
	struct adminlog *l;
	struct html h;

	if (s != STEP_DONE)
		return s == STEP_WAIT ? s : STEP_DONE;
	l = ARENA_NEW(exchange_arena(x), struct adminlog);
	if (!l)
		return html_error(x, 503, "error_busy");
	l->who = typed(j, "who", l->typed[0]);
	l->outcome = typed(j, "outcome", l->typed[1]);
	l->what = typed(j, "what", l->typed[2]);
	if (!person_runs_box(&j->person->who.user)) {
		struct buf b = buf_over((u8 *)l->team, 16);

		buf_hex(&b, j->person->who.user.team_id, 16);
	}
	html_begin(&h, x, "admin_audit");
	html_items(&h, HTML_ITEMS + (VALUES + 1) * LINES);
	html_put(&h, "q_who", l->who);
	html_put(&h, "q_outcome", l->outcome);
	html_put(&h, "q_what", l->what);
	html_flag(&h, "off", !j->app->audit.ring);
	put_lines(j, &h, l);
	return html_reply(&h, 200);
}
