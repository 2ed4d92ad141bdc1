#include "app/consent.h"

#include "app/html.h"
#include "app/person.h"
#include "base/base64.h"
#include "base/le.h"
#include "crypt/hash.h"
#include "http/form.h"
#include "http/url.h"

#define ARENA_N 48000      /* the request, who sits there, and the page */
#define TICKET_S 600
#define TICKET_MAX 9000    /* characters */
#define QUERY_MAX 6000     /* bytes of a request that fits a ticket */
#define CLIENT_KEEP_S (400 * 86400) /* a dynamic client that nobody used this long leaves the lists */

static const char *const scope_names[] = { "read", "write", "destructive" }; /* by bit */

static struct seal_use
ticket_use(const struct job *j)
{
	return (struct seal_use){ STR("consent|1"), str_of(j->person->who.key, BROWSER_KEY_N) };
}

/* ---- the page -------------------------------------------------------------------------------------------- */

/* The host of an address, for people: a client's name can be anything, this cannot. */
static struct str
host_of(struct str url)
{
	struct url u;

	if (url_parse(url, &u) == 0)
		return u.authority;
	return str_cut(url, 0, (u32)str_find(url, ':', 0) + 1);
}

/* Where a form's answer may lead: the origin of the redirect URI, or its private-use scheme. */
static struct str
origin_of(struct str url)
{
	struct url u;

	if (url_parse(url, &u))
		return host_of(url);
	return str_cut(url, 0, (u32)(u.authority.p - url.p) + u.authority.n);
}

/* The scopes this user may grant of those that are asked for; production is a matter of environments. */
static u8
grantable(const struct consent *c)
{
	const struct user *u = &c->o->job->person->who.user;

	return c->asked & grant_role_scopes(user_role(u)) & (u8)~SCOPE_PRODUCTION;
}

/* Whether the user chooses environments: where there are several, or a pinned one is production beside others. */
static bool
chooses(const struct consent *c)
{
	return c->endpoint.api->environments > 1;
}

static void
put_boxes(struct consent *c, struct html *h)
{
	const struct api *api = c->endpoint.api;

	for (u32 i = 0; i < ARRAY_N(scope_names); i++) {
		static const char *const texts[] = { "scope_read", "scope_write", "scope_destructive" };

		if (!(grantable(c) & 1U << i))
			continue;
		html_row(h, "scope");
		html_put(h, "value", str_c(scope_names[i]));
		html_text(h, "label", texts[i]);
	}
	html_top(h);
	html_flag(h, "environment_any", chooses(c));
	for (u32 i = 0; chooses(c) && i < api->environments; i++) {
		if (c->endpoint.view.pinned != GATE_ANY_ENVIRONMENT && c->endpoint.view.pinned != i)
			continue;
		html_row(h, "environment");
		html_put(h, "value", api->environment[i].name);
		html_flag(h, "ticked", !api->environment[i].production);
		html_flag(h, "production", api->environment[i].production);
	}
	html_top(h);
}

static struct str
make_ticket(struct job *j, struct str query)
{
	struct arena *a = exchange_arena(&j->x);
	u32 n = BASE64_URL_N(query.n + 4 + SEAL_EXTRA) + SEAL_EXTRA + 8;
	struct buf out = arena_buf(a, n), plain = arena_buf(a, query.n + 4);
	wall till = store_wall(j->app->store) + TICKET_S;

	buf_le(&plain, till, 4);
	buf_put(&plain, query);
	if (!out.p || plain.over ||
	    seal_make_text(&j->app->token_seal, j->app->rng, ticket_use(j), buf_str(&plain), &out))
		return STR_NONE;
	return buf_str(&out);
}

static enum step
show(struct consent *c)
{
	struct oauth *o = c->o;
	struct job *j = o->job;
	const struct user *u = &j->person->who.user;
	const struct client *client = &o->client;
	struct str ticket = make_ticket(j, j->x.req.query), host;
	struct html h;

	html_begin(&h, &j->x, "consent");
	host = client->kind == CLIENT_DOCUMENT ? host_of(client->id) : host_of(o->p[P_REDIRECT_URI]);
	html_put(&h, "client", client->name.n ? client->name : host);
	html_put(&h, "host", host_of(o->p[P_REDIRECT_URI]));
	if (client->kind == CLIENT_DOCUMENT)
		html_put(&h, "home", host);
	html_flag(&h, "unverified", client->kind == CLIENT_DYNAMIC);
	html_flag(&h, "loopback", client_uri_loopback(o->p[P_REDIRECT_URI]));
	html_put(&h, "api", c->endpoint.api->title.n ? c->endpoint.api->title : c->endpoint.api->name);
	html_put(&h, "view", str_c(c->endpoint.name));
	html_put(&h, "team", user_team(u));
	html_put(&h, "ticket", ticket);
	put_boxes(c, &h);
	h.form_to = origin_of(o->p[P_REDIRECT_URI]);
	return ticket.p ? html_reply(&h, 200) : html_error(&j->x, 503, "error_busy");
}

enum step
consent_page(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct consent c = { .o = j->oauth };
	enum step s;

	if (!c.o) {
		if (!oauth_on(j))
			return STEP_DONE;
		if (x->req.query.n > QUERY_MAX)
			return html_error(x, 400, "oauth_long");
		exchange_arena_n(x, ARENA_N);
		c.o = oauth_begin(j, x->req.query);
		if (!c.o)
			return STEP_DONE;
		c.o->may_fetch = true;
	}
	if (oauth_client(c.o, now) == STEP_WAIT)
		return STEP_WAIT;
	if (!j->person && consent_judge(&c))
		return STEP_DONE;
	s = person_know(j, now);
	if (s != STEP_DONE)
		return s == STEP_WAIT ? s : STEP_DONE;
	if (consent_judge(&c)) /* again: its result does not outlive a wait */
		return STEP_DONE;
	if (str_is(c.o->p[P_PROMPT], "none"))
		return consent_back(&c, j->person->who.level == BROWSER_IN ? "consent_required"
		                                                           : "login_required", NULL);
	c.o->asks_to = host_of(c.o->p[P_REDIRECT_URI]);
	c.o->asks = c.o->client.name.n ? c.o->client.name :
	            c.o->client.kind == CLIENT_DOCUMENT ? host_of(c.o->client.id) : c.o->asks_to;
	s = person_need(j, now);
	return s == STEP_DONE ? show(&c) : s == STEP_WAIT ? s : STEP_DONE;
}

/* ---- the answer ---------------------------------------------------------------------------------------------- */

enum { AT_FORM, AT_CLIENT, AT_GRANT };

/* What the form ticked; kept in the request's arena, since the body may go. */
struct ticks {
	u8 at, scopes, mask;
	bool denied;
	struct str names[ENVIRONMENTS_MAX];
	u32 n;
	u8 ticket[HASH_N];
	char key[GRANT_KEY_N];
	u8 record[GRANT_RECORD_MAX];
};

/* Takes the ticket's query out, and a hash of it all. p NULL: no such ticket, of another session, or too old: the reply
 * is set. */
static struct str
open_ticket(struct job *j, u8 hash[HASH_N])
{
	struct arena *a = exchange_arena(&j->x);
	struct str text = STR_NONE;
	const struct html_field field[] = { { "ticket", TICKET_MAX, &text } };
	struct buf b = arena_buf(a, TICKET_MAX);

	if (html_form(&j->x, field, ARRAY_N(field)))
		return STR_NONE;
	if (!text.p || seal_open_text(&j->app->token_seal, ticket_use(j), text, &b) || buf_len(&b) < 4) {
		html_error(&j->x, 403, "error_session");
		return STR_NONE;
	}
	if (le32(b.p + b.r) < store_wall(j->app->store)) {
		html_error(&j->x, 403, "error_session");
		return STR_NONE;
	}
	hash_once(text, hash);
	return str_cut(buf_str(&b), 4, buf_len(&b));
}

static void
read_ticks(struct ticks *a, struct arena *arena, struct str form)
{
	struct str name, value;

	a->denied = true;
	while (form_next(&form, &name, &value)) {
		struct buf b = arena_buf(arena, 40);

		if (form_is(name, STR("action")))
			a->denied = !form_is(value, STR("allow"));
		for (u32 i = 0; form_is(name, STR("scope")) && i < ARRAY_N(scope_names); i++)
			if (form_is(value, str_c(scope_names[i])))
				a->scopes |= (u8)(1U << i);
		if (form_is(name, STR("environment")) && a->n < ENVIRONMENTS_MAX && form_decode(&b, value) == 0 &&
		    !b.over)
			a->names[a->n++] = buf_str(&b);
	}
}

static enum step
take_form(struct job *j, msec now)
{
	struct exchange *x = &j->x;
	struct ticks *a;
	struct str query;
	enum step s;

	exchange_arena_n(x, ARENA_N);
	s = person_need_form(j, now);
	if (s != STEP_DONE)
		return s == STEP_WAIT ? s : STEP_DONE;
	a = ARENA_NEW(exchange_arena(x), struct ticks);
	if (!a)
		return html_error(x, 503, "error_busy");
	query = open_ticket(j, a->ticket);
	if (!query.p)
		return STEP_DONE;
	read_ticks(a, exchange_arena(x), x->body);
	if (!oauth_begin(j, query))
		return STEP_DONE;
	a->at = AT_CLIENT;
	j->own = a;
	return STEP_MORE;
}

/* Which environments were ticked, as a list of names; production among them is the scope of that name. */
static struct str
ticked(struct consent *c, const struct ticks *a, u8 *scopes)
{
	const struct api *api = c->endpoint.api;
	struct arena *arena = exchange_arena(&c->o->job->x);
	struct buf b = arena_buf(arena, PRINCIPAL_LIST_MAX);

	for (u32 i = 0; i < api->environments; i++)
		for (u32 k = 0; k < a->n; k++) {
			if (!str_same(api->environment[i].name, a->names[k]))
				continue;
			if (c->endpoint.view.pinned != GATE_ANY_ENVIRONMENT && c->endpoint.view.pinned != i)
				continue;
			if (b.w)
				buf_byte(&b, ',');
			buf_put(&b, api->environment[i].name);
			if (api->environment[i].production)
				*scopes |= SCOPE_PRODUCTION;
		}
	return b.over ? STR("") : buf_str(&b);
}

/* A dynamic client that a person allowed something stands in the lists from now on. Nobody waits for that. */
static void
keep_client(struct oauth *o)
{
	struct app *app = o->job->app;
	struct store_op op = { .verb = STORE_PUT, .lazy = true, .ttl_s = CLIENT_KEEP_S };
	struct client used = o->client;
	char key[CLIENT_KEY_N];

	if (o->client.kind != CLIENT_DYNAMIC)
		return;
	used.id = STR_NONE;
	used.made = store_wall(app->store);
	o->got.r = o->got.w = 0;
	client_encode(&o->got, &used); /* the decoded id lies in id_room, not here */
	client_key(key, 'c', o->p[P_CLIENT_ID]);
	op.key = str_of(key, sizeof key);
	op.val = buf_str(&o->got);
	if (!o->got.over)
		store_start(app->store, &op, 0);
}

static enum step
make_grant(struct consent *c, struct ticks *a, msec now)
{
	struct oauth *o = c->o;
	struct job *j = o->job;
	const struct user *u = &j->person->who.user;
	struct grant g = { .state = GRANT_CODE, .scopes = a->scopes & grantable(c), .epoch = u->epoch };
	struct buf b = buf_over(a->record, sizeof a->record);
	wall at = store_wall(j->app->store);

	g.environments = chooses(c) ? ticked(c, a, &g.scopes) : STR("");
	if (a->denied || !(g.scopes & ~SCOPE_PRODUCTION) || (chooses(c) && !g.environments.n))
		return consent_back(c, "access_denied", a->denied ? "the user refused"
		                                                   : "the user left nothing to allow");
	for (u32 i = 0; i < 8; i++)
		o->family[i] = (u8)(u->id >> (56 - 8 * i));
	/* one page allows once, however often it is sent */
	memcpy(o->family + 8, a->ticket, GRANT_FAMILY_N - 8);
	hash_once(o->p[P_CLIENT_ID], g.client);
	hash_once(o->p[P_REDIRECT_URI], g.redirect);
	g.dynamic = o->client.kind == CLIENT_DYNAMIC;
	g.made = at;
	g.dies = at + GRANT_LIFE_S;
	g.user = user_name(u);
	g.audience = buf_str(&c->audience);
	g.name = o->client.name;
	g.host = str_cut(host_of(o->client.kind == CLIENT_DOCUMENT ? o->client.id : o->p[P_REDIRECT_URI]), 0,
	    GRANT_HOST_MAX);
	g.challenge = o->p[P_CHALLENGE];
	grant_encode(&b, &g);
	keep_client(o);
	grant_key(a->key, o->family);
	a->at = AT_GRANT;
	j->op = (struct store_op){ .verb = STORE_ADD, .key = str_of(a->key, GRANT_KEY_N), .val = buf_str(&b) };
	j->op.ttl_s = GRANT_CODE_S;
	j->op.owner = exchange_ready(&j->x);
	oauth_audit(o, "done", g.user, "consent");
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

enum step
consent_answer(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct ticks *a = j->own;
	struct consent c = { .post = true };
	enum step s = STEP_MORE;

	if (!a) {
		if (!oauth_on(j))
			return STEP_DONE;
		s = take_form(j, now);
		a = j->own;
	}
	if (s != STEP_MORE)
		return s;
	c.o = j->oauth;
	if (a->at == AT_CLIENT) {
		if (oauth_client(c.o, now) == STEP_WAIT)
			return STEP_WAIT;
		if (consent_judge(&c))
			return STEP_DONE;
		s = make_grant(&c, a, now);
		if (s != STEP_MORE)
			return s;
	}
	if (!j->op.done)
		return STEP_WAIT;
	if (j->op.err)
		return j->op.err == ERR_LATE ? html_error(x, 403, "error_session") : html_error(x, 503, "error_store");
	return consent_back(&c, NULL, NULL);
}
