#include "app/person.h"

#include "app/html.h"
#include "app/signin.h"
#include "auth/team.h"
#include "crypt/ct.h"

bool
person_secure(const struct job *j)
{
	return exchange_tls(&j->x) || (j->gen->gen && str_starts(j->gen->gen->public_url, STR("https://")));
}

bool
person_may(const struct job *j)
{
	const struct addr *peer = exchange_peer(&j->x);

	return person_secure(j) || peer->family == ADDR_UNIX || addr_kind(peer) == ADDR_LOOPBACK;
}

static struct str
cookie_name(const struct job *j)
{
	return person_secure(j) ? STR("__Host-mcpgated") : STR("mcpgated");
}

static void
set_cookie(struct job *j, struct str name, struct str value, const char *age)
{
	struct buf b = arena_buf(exchange_arena(&j->x), name.n + value.n + 100);

	buf_fmt(&b, "%S=%S; Path=/; HttpOnly; SameSite=Lax%s%s", name, value, person_secure(j) ? "; Secure" : "",
	    value.n ? age : "; Max-Age=0");
	if (b.p && !b.over)
		reply_field(&j->x, "Set-Cookie", buf_str(&b));
	ct_wipe(b.p, b.w);
}

void
person_cookie(struct job *j, struct str secret)
{
	set_cookie(j, cookie_name(j), secret, "");
}

static struct str
arriving_name(const struct job *j)
{
	return person_secure(j) ? STR("__Host-mcpgated-login") : STR("mcpgated-login");
}

void
person_arriving_set(struct job *j, struct str value)
{
	set_cookie(j, arriving_name(j), value, "; Max-Age=600");
}

/* Cookies of a browser come in one field; several could be read in two ways. */
static struct str
cookies(const struct job *j)
{
	const struct fields *f = &j->x.req.fields;
	u32 i = 0;

	if (!f->first[FIELD_COOKIE] || !field_next(f, FIELD_COOKIE, &i) || field_next(f, FIELD_COOKIE, &i))
		return STR_NONE;
	return field_get(f, FIELD_COOKIE);
}

struct str
person_arriving(const struct job *j)
{
	return browser_find(cookies(j), arriving_name(j));
}

enum step
person_know(struct job *j, msec now)
{
	struct person *p = j->person;
	enum step s;

	if (p && p->known)
		return STEP_DONE;
	if (!p) {
		const struct gen *gen = j->gen->gen;

		p = ARENA_NEW(exchange_arena_n(&j->x, HTML_ARENA_N), struct person);
		if (!p || !gen) {
			reply_error(&j->x, 503, "busy: try again");
			return STEP_FAIL;
		}
		p->check.limits = (struct browser_limits){ gen->session_idle_s, gen->session_max_s };
		j->person = p;
		s = browser_start(&p->check, j->app->store, browser_cookie(cookies(j), cookie_name(j)), &p->who,
		    exchange_ready(&j->x));
	} else {
		s = browser_step(&p->check, &p->who);
	}
	if (s == STEP_FAIL)
		html_error(&j->x, 503, "error_store");
	p->known = s == STEP_DONE;
	return s;
}

enum step
person_need(struct job *j, msec now)
{
	enum step s = person_know(j, now);

	if (s != STEP_DONE || j->person->who.level == BROWSER_IN)
		return s;
	if (j->x.req.method != METHOD_GET && j->x.req.method != METHOD_HEAD)
		html_error(&j->x, 403, "error_session");
	else if (j->person->who.level == BROWSER_HALF)
		signin_show_code(j, j->x.req.target, NULL);
	else
		signin_show(j, j->x.req.target, NULL);
	return STEP_FAIL;
}

bool
person_runs_box(const struct user *u)
{
	return u->admin && str_same(user_team(u), TEAM_FIRST);
}

bool
person_same_site(const struct job *j)
{
	struct str site = field_get(&j->x.req.fields, FIELD_SEC_FETCH_SITE);

	return !site.p || str_is(site, "same-origin") || str_is(site, "none");
}

struct str
person_csrf(struct job *j)
{
	struct person *p = j->person;
	struct buf b = buf_over(p->csrf, sizeof p->csrf);

	if (!p->csrf_n) {
		handle_make(&b, j->app->handle_key, "csrf", str_of(p->who.key, BROWSER_KEY_N), STR(""));
		p->csrf_n = (u8)b.w;
	}
	return str_of(p->csrf, p->csrf_n);
}

enum step
person_need_form(struct job *j, msec now)
{
	enum step s = person_need(j, now);

	return s == STEP_DONE ? person_form(j) : s;
}

enum step
person_form(struct job *j)
{
	struct str csrf = STR_NONE, want;
	const struct html_field field[] = { { "csrf", PERSON_CSRF_MAX, &csrf } };

	if (html_form(&j->x, field, ARRAY_N(field)))
		return STEP_FAIL;
	want = person_csrf(j);
	if (person_same_site(j) && csrf.n == want.n && ct_same(csrf.p, want.p, want.n))
		return STEP_DONE;
	html_error(&j->x, 403, "error_session");
	return STEP_FAIL;
}

void
person_cancel(struct job *j)
{
	if (j->person)
		browser_cancel(&j->person->check);
}
