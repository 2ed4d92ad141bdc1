#include "app/act.h"
#include "app/adminpage.h"
#include "app/clients.h"
#include "app/credentials.h"
#include "app/keypage.h"
#include "app/people.h"
#include "app/person.h"
#include "app/prove.h"
#include "auth/team.h"
#include "crypt/ct.h"
#include "gate/role.h"
#include "http/url.h"

enum { AT_START, AT_PROVE, AT_RUN, AT_GET, AT_DROP };

#define QUESTION_N 700
#define ANSWER_N 6000 /* of a client that goes */

/* What a form may ask to be done to somebody. */
struct deed {
	const char *word, *verb;
	bool gives;                /* power: it takes the password */
	bool self;                 /* may be done to oneself */
	const char *member, *value; /* of the question */
};

static const struct deed deeds[] = {
	{ "add",     "user add",    true,  false, NULL,            NULL    },
	{ "role",    "user set",    true,  false, NULL,            NULL    },
	{ "disable", "user set",    false, false, "disabled",      "true"  },
	{ "enable",  "user set",    true,  false, "disabled",      "false" },
	{ "logout",  "user set",    false, true,  "sessions",      "false" },
	{ "factor",  "user set",    true,  false, "second_factor", "false" },
	{ "invite",  "invite",      true,  false, NULL,            NULL    },
	{ "remove",  "user remove", false, false, NULL,            NULL    },
	{ "team",    "team add",    false, false, NULL,            NULL    },
};

struct adminact {
	const struct deed *deed;
	struct str name, display, team, role, secret, password, word;
	struct prove prove;
	struct people people;
	struct clients *clients;
	size_t mark;                /* of the arena, before them */
	struct buf answer;
	const char *why; /* what is shown of a person beside */
	struct user shown;
	u8 key[USER_KEY_MAX];
	u8 record[USER_RECORD_MAX];
	u8 sealed[VAULT_SECRET_MAX + SEAL_EXTRA];
	u8 sealed_key[2 + VAULT_NAME_MAX];
	u8 named[USER_NAME_MAX * 3];
};

/* Room, once who sits there is known to be an admin. NULL: what to return is in *s. */
static struct adminact *
begin(struct job *j, bool form, enum lists_who who, msec now, enum step *s)
{
	struct adminact *a;

	*s = lists_may(j, form, who, now);
	if (*s != STEP_DONE) {
		*s = *s == STEP_WAIT ? STEP_WAIT : STEP_DONE;
		return NULL;
	}
	j->own = a = ARENA_NEW(exchange_arena(&j->x), struct adminact);
	if (!a)
		*s = html_error(&j->x, 503, "error_busy");
	return a;
}

/* ---- one person ---------------------------------------------------------------------------------- */

static enum step
show_person(struct job *j)
{
	struct adminact *a = j->own;
	struct user *u = &a->shown;
	struct html h;

	if (!j->op.done)
		return STEP_WAIT;
	if (j->op.err && j->op.err != ERR_NONE)
		return html_error(&j->x, 503, "error_store");
	if (j->op.err || user_decode(j->op.val, u) || !lists_sees(j, u->team_id))
		return html_error(&j->x, 404, "people_gone");
	html_begin(&h, &j->x, "admin_person");
	html_items(&h, HTML_ITEMS + 3 * ROLES_MAX);
	keypage_roles(j, &h, user_role(u));
	if (a->why)
		html_text(&h, "why", a->why);
	html_put(&h, "name", user_name(u));
	html_put(&h, "who", user_called(u));
	html_put(&h, "of", user_team(u));
	html_put(&h, "is", user_role(u));
	html_time(&h, "created", u->created);
	html_flag(&h, "disabled", u->disabled);
	html_flag(&h, "invited", !u->pass_n && !u->upstream && !u->disabled);
	html_flag(&h, "factor", u->totp_n != 0);
	html_flag(&h, "other", !str_same(user_name(u), user_name(&j->person->who.user)));
	return html_reply(&h, a->why ? 400 : 200);
}

static enum step
ask_person(struct job *j, struct str name, msec now)
{
	struct adminact *a = j->own;

	if (user_set_name(&a->shown, name))
		return html_error(&j->x, 404, "people_gone");
	j->out = buf_over(a->record, sizeof a->record);
	j->op = (struct store_op){ .verb = STORE_GET, .key = user_key(user_name(&a->shown), a->key), .out = &j->out,
		.owner = exchange_ready(&j->x) };
	j->x.at = AT_GET;
	store_start(j->app->store, &j->op, now);
	return show_person(j);
}

static struct str
named(struct job *j)
{
	struct adminact *a = j->own;
	struct buf b = buf_over(a->named, sizeof a->named);

	return url_decode(&b, route_param(j->x.route, j->x.req.path, 0)) || b.over ? STR("") : buf_str(&b);
}

enum step
adminpage_person(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	if (x->at == AT_GET)
		return show_person(j);
	return begin(j, false, LISTS_TEAM, now, &s) ? ask_person(j, named(j), now) : s;
}

/* ---- what is done to people and teams ------------------------------------------------------------ */

/* The page that the form stood on, with what is wrong. */
static enum step
again(struct job *j, const char *why, msec now)
{
	struct adminact *a = j->own;

	if (str_is(a->word, "team"))
		return lists_show(j, &adminpage_list_teams, why, now);
	if (str_is(a->word, "add"))
		return lists_show(j, &adminpage_list_people, why, now);
	a->why = why;
	return ask_person(j, a->name, now);
}

static enum step
show_invite(struct job *j)
{
	struct adminact *a = j->own;
	struct buf link = arena_buf(exchange_arena(&j->x), 600);
	struct html h;

	html_begin(&h, &j->x, "admin_invited");
	people_invite_link(&a->people, &link);
	html_put(&h, "link", buf_str(&link));
	html_put(&h, "name", user_name(&a->people.user));
	html_time(&h, "until", a->people.user.invited_till);
	return link.over ? html_error(&j->x, 503, "error_busy") : html_reply(&h, 200);
}

static enum step
done(struct job *j)
{
	struct adminact *a = j->own;
	u8 room[160];
	struct buf b = buf_over(room, sizeof room), where = arena_buf(exchange_arena(&j->x), 200);

	buf_fmt(&b, "%S", a->name);
	if (str_is(a->word, "role") || str_is(a->word, "add"))
		buf_fmt(&b, " %S of %S", user_role(&a->people.user), user_team(&a->people.user));
	act_change(j, "admin", arena_dup(exchange_arena(&j->x), a->word), buf_str(&b));
	if (a->people.invites)
		return show_invite(j);
	if (str_is(a->word, "team") || str_is(a->word, "remove"))
		return html_go(&j->x, str_is(a->word, "team") ? STR("/admin/teams") : STR("/admin/people"));
	buf_fmt(&where, "/admin/people/%S", user_name(&a->people.user));
	return html_go(&j->x, buf_str(&where));
}

static enum step
ran(struct job *j, enum step s, msec now)
{
	struct adminact *a = j->own;

	if (s == STEP_WAIT)
		return s;
	if (s == STEP_DONE)
		return done(j);
	switch (a->people.status) {
	case 400: return again(j, "people_form", now);
	case 404: return again(j, a->team.n ? "people_team" : "people_gone", now);
	case 409: return again(j, "people_taken", now);
	}
	return html_error(&j->x, 503, "error_store");
}

static enum step
run(struct job *j, msec now)
{
	struct adminact *a = j->own;
	struct arena *room = exchange_arena(&j->x);
	struct buf text = arena_buf(room, QUESTION_N);
	struct jout o = jout_into(&text);
	struct jdoc d;

	jout_open(&o, '{');
	jout_c(&o, "verb", a->deed->verb);
	jout_str(&o, "name", a->name);
	if (a->deed->member)
		jout_bool(&o, a->deed->member, a->deed->value[0] == 't');
	jout_str(&o, "display", a->display);
	jout_str(&o, "title", a->display);
	if (str_is(a->word, "add") || str_is(a->word, "role")) {
		jout_str(&o, "team", a->team);
		jout_str(&o, "role", a->role);
	}
	jout_close(&o, '}');
	if (text.over || json_parse_request(&d, buf_str(&text), j->app->mcp.tok, RPC_TOKENS_MAX, room))
		return html_error(&j->x, 503, "error_busy");
	people_ready(&a->people, j);
	if (!person_runs_box(&j->person->who.user))
		a->people.only = j->person->who.user.team_id;
	j->own_op = &a->people.op;
	j->x.at = AT_RUN;
	return ran(j, people_start(&a->people, json_root(&d)), now);
}

/* Whether this admin may do that to this name at all. NULL, or what is wrong. */
static const char *
objection(struct job *j)
{
	struct adminact *a = j->own;
	const struct user *me = &j->person->who.user;
	struct buf folded = buf_over(a->named, sizeof a->named);

	if (!a->deed)
		return "people_form";
	if (user_fold(&folded, a->name) == 0 && str_same(buf_str(&folded), user_name(me)) && !a->deed->self)
		return "people_self";
	if ((str_is(a->word, "add") || str_is(a->word, "role")) && role_find(j->gen->gen, a->role) < 0)
		return "people_role";
	if (!person_runs_box(me) && ((a->team.n && !str_same(a->team, user_team(me))) || str_is(a->word, "team")))
		return "people_team";
	return NULL;
}

static enum step
start(struct job *j, struct adminact *a, msec now)
{
	const char *why;

	if (html_form(&j->x, (struct html_field[]){ { "name", USER_NAME_MAX, &a->name },
	    { "display", USER_DISPLAY_MAX, &a->display }, { "team", TEAM_NAME_MAX, &a->team },
	    { "role", PRINCIPAL_ROLE_MAX, &a->role }, { "password", USER_PASSWORD_MAX, &a->password } }, 5))
		return STEP_DONE;
	a->name = str_trim(a->name);
	a->team = str_trim(a->team);
	for (u32 i = 0; i < ARRAY_N(deeds); i++)
		if (str_is(a->word, deeds[i].word))
			a->deed = &deeds[i];
	if (str_is(a->word, "add") && !a->team.n)
		a->team = user_team(&j->person->who.user);
	why = objection(j);
	if (why)
		return again(j, why, now);
	if (!a->deed->gives)
		return run(j, now);
	j->x.at = AT_PROVE;
	prove_either(j, &a->prove, a->password, now);
	return STEP_MORE;
}

/* The rest of a form of this file, whatever it does; go: once the password was right. */
static enum step
proved(struct job *j, const struct list_kind *k, enum step (*go)(struct job *j, msec now), msec now)
{
	struct adminact *a = j->own;
	enum step s = prove_step(j, &a->prove);

	if (s != STEP_DONE)
		return s == STEP_FAIL ? STEP_DONE : s;
	if (a->prove.good)
		return go(j, now);
	return k ? lists_show(j, k, "prove_wrong", now) : again(j, "prove_wrong", now);
}

static enum step
change(struct job *j, struct str word, msec now)
{
	struct adminact *a;
	enum step s;

	if (lists_showing(j))
		return lists_page(&j->x, &adminpage_list_people, now);
	switch (j->x.at) {
	case AT_PROVE: return proved(j, NULL, run, now);
	case AT_RUN: return ran(j, people_step(&((struct adminact *)j->own)->people), now);
	case AT_GET: return show_person(j);
	}
	a = begin(j, true, LISTS_TEAM, now, &s);
	if (!a)
		return s;
	a->word = word;
	if (!word.n && html_form(&j->x, (struct html_field[]){ { "do", 8, &a->word } }, 1))
		return STEP_DONE;
	return start(j, a, now);
}

enum step
adminpage_invite(struct exchange *x, msec now)
{
	return change(job_of(x), STR("add"), now);
}

enum step
adminpage_change(struct exchange *x, msec now)
{
	return change(job_of(x), STR(""), now);
}

enum step
adminpage_team(struct exchange *x, msec now)
{
	return change(job_of(x), STR("team"), now);
}

/* ---- clients ------------------------------------------------------------------------------------- */

static enum step
client_gone(struct job *j, enum step s, msec now)
{
	struct adminact *a = j->own;

	if (s == STEP_WAIT)
		return s;
	if (s == STEP_FAIL) {
		const char *why = a->clients->status < 500 ? "clients_gone" : "error_store";

		arena_rewind(exchange_arena(&j->x), a->mark); /* a page of rows takes all there is */
		return lists_show(j, &adminpage_list_clients, why, now);
	}
	act_change(j, "admin", STR("client remove"), a->name);
	return html_go(&j->x, STR("/admin/clients"));
}

static enum step
start_client(struct job *j, struct adminact *a, msec now)
{
	struct arena *room = exchange_arena(&j->x);
	struct buf text = arena_buf(room, 200);
	struct jout o = jout_into(&text);
	struct jdoc d;

	if (html_form(&j->x, (struct html_field[]){ { "id", CLIENT_KEY_N, &a->name } }, 1))
		return STEP_DONE;
	a->mark = room->used;
	a->clients = ARENA_NEW(room, struct clients);
	a->answer = arena_buf(room, ANSWER_N);
	if (!a->clients || !a->answer.p)
		return html_error(&j->x, 503, "error_busy");
	jout_open(&o, '{');
	jout_c(&o, "verb", "remove");
	jout_str(&o, "which", a->name);
	jout_close(&o, '}');
	if (a->name.n != CLIENT_KEY_N - 2 ||
	    json_parse_request(&d, buf_str(&text), j->app->mcp.tok, RPC_TOKENS_MAX, room))
		return html_error(&j->x, 404, "clients_gone");
	a->clients->st = j->app->store;
	a->clients->owner = exchange_ready(&j->x);
	a->clients->out = &a->answer;
	memcpy(a->clients->handle_key, j->app->handle_key, sizeof a->clients->handle_key);
	j->own_op = &a->clients->op;
	j->x.at = AT_RUN;
	return client_gone(j, clients_start(a->clients, json_root(&d), j->app->mcp.tok, RPC_TOKENS_MAX), now);
}

enum step
adminpage_client(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct adminact *a;
	enum step s;

	if (lists_showing(j))
		return lists_page(x, &adminpage_list_clients, now);
	if (x->at == AT_RUN)
		return client_gone(j, clients_step(((struct adminact *)j->own)->clients), now);
	a = begin(j, true, LISTS_BOX, now, &s);
	return a ? start_client(j, a, now) : s;
}

/* ---- credentials --------------------------------------------------------------------------------- */

static enum step
credential_done(struct job *j, msec now)
{
	struct adminact *a = j->own;
	bool removed = j->x.at == AT_DROP;

	if (!j->op.done)
		return STEP_WAIT;
	if (j->op.err == ERR_NONE && removed)
		return lists_show(j, &adminpage_list_credentials, "credentials_gone", now);
	if (j->op.err)
		return html_error(&j->x, 503, "error_store");
	credentials_note(j->app->store, a->name, !removed);
	act_change(j, "admin", removed ? STR("credential remove") : STR("credential add"), a->name);
	return html_go(&j->x, STR("/admin/credentials"));
}

static enum step
change_credential(struct job *j, msec now)
{
	struct adminact *a = j->own;
	struct buf key = buf_over(a->sealed_key, sizeof a->sealed_key), b = buf_over(a->sealed, sizeof a->sealed);
	bool removes = str_is(a->word, "remove");

	buf_fmt(&key, "u:%S", a->name);
	if (!removes && vault_seal(&j->app->seal, j->app->rng, a->name, a->secret, &b))
		return html_error(&j->x, 503, "error_store");
	j->op = (struct store_op){ .verb = removes ? STORE_DROP : STORE_PUT, .key = buf_str(&key), .val = buf_str(&b),
		.ttl_s = STORE_FOREVER, .owner = exchange_ready(&j->x) };
	j->x.at = removes ? AT_DROP : AT_RUN;
	store_start(j->app->store, &j->op, now);
	return credential_done(j, now);
}

static enum step
start_credential(struct job *j, struct adminact *a, msec now)
{
	if (html_form(&j->x, (struct html_field[]){ { "name", VAULT_NAME_MAX, &a->name },
	    { "secret", VAULT_SECRET_MAX, &a->secret }, { "do", 8, &a->word },
	    { "password", USER_PASSWORD_MAX, &a->password } }, 4))
		return STEP_DONE;
	a->name = str_trim(a->name);
	if (!vault_name_ok(a->name))
		return lists_show(j, &adminpage_list_credentials, "credentials_name", now);
	if (str_is(a->word, "remove"))
		return change_credential(j, now);
	if (!a->secret.n || !field_value_ok(a->secret))
		return lists_show(j, &adminpage_list_credentials, "credentials_secret", now);
	j->x.at = AT_PROVE;
	prove_either(j, &a->prove, a->password, now);
	return STEP_MORE;
}

enum step
adminpage_credential(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct adminact *a;
	enum step s;

	if (lists_showing(j))
		return lists_page(x, &adminpage_list_credentials, now);
	if (x->at == AT_PROVE)
		return proved(j, &adminpage_list_credentials, change_credential, now);
	if (x->at == AT_RUN || x->at == AT_DROP)
		return credential_done(j, now);
	a = begin(j, true, LISTS_BOX, now, &s);
	return a ? start_credential(j, a, now) : s;
}
