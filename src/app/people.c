#include "app/people.h"

#include "app/act.h"
#include "app/guard.h"
#include "app/tally.h"
#include "base/base64.h"
#include "base/text.h"
#include "crypt/ct.h"
#include "crypt/hash.h"
#include "op/vault.h"

enum { VERB_ADD, VERB_SET, VERB_REMOVE, VERB_LIST, VERB_INVITE, VERB_TEAM_ADD, VERB_TEAM_LIST, VERB_ROUNDS, VERBS };
enum { AT_TEAM, AT_FIRST_TEAM, AT_USER, AT_INVITE, AT_WRITE, AT_LIST, AT_TEAM_ADD, AT_SWEEP };

#define TRIES 5 /* how often a record may change under us */

static const char *const verbs[VERBS] = { "user add", "user set", "user remove", "user list", "invite", "team add",
	"team list", "rounds" };

static enum step
fail(struct people *p, u16 status, const char *why)
{
	p->status = status;
	p->why = why;
	return STEP_FAIL;
}

static enum step
fail_store(struct people *p)
{
	return fail(p, 507, p->op.err == ERR_FULL ? "the store is full: nothing was changed"
	                                          : "the store cannot be written: nothing was changed");
}

void
people_invite_hash(struct str code, u8 hash[USER_INVITE_N])
{
	u8 whole[HASH_N];

	hash_once(code, whole);
	memcpy(hash, whole, USER_INVITE_N);
}

struct str
people_invite_key(const u8 hash[USER_INVITE_N], char room[PEOPLE_KEY_N])
{
	struct buf b = buf_over(room, PEOPLE_KEY_N);

	BUF_LIT(&b, "i:");
	for (u32 i = 0; i < USER_INVITE_N; i++)
		buf_hex(&b, hash[i], 2);
	return buf_str(&b);
}

/* ---- the question -------------------------------------------------------------------------------- */

/* Of somebody who logs in with an account at an API: its id there, @, the api. */
static int
read_name(struct people *p, struct str name, struct jcur q)
{
	struct user *u = &p->want;
	u8 room[USER_NAME_MAX];
	struct buf b = buf_over(room, sizeof room);
	u32 at = name.n;

	if (p->verb != VERB_ADD || json_bool(json_get(q, "upstream"), &u->upstream) || !u->upstream)
		return user_set_name(u, name);
	while (at && name.p[at - 1] != '@')
		at--;
	if (!at || user_upstream(&b, str_cut(name, 0, at - 1), str_cut(name, at, name.n)))
		return ERR_BAD;
	return user_set_name(u, buf_str(&b));
}

static enum step
read_texts(struct people *p, struct jcur q)
{
	struct str display = json_str(json_get(q, "display"), NULL), team = json_str(json_get(q, "team"), NULL),
	           role = json_str(json_get(q, "role"), NULL), pass = json_str(json_get(q, "pass"), NULL);
	struct user *u = &p->want;
	struct pass_record rec;
	bool b;

	if (read_name(p, json_str(json_get(q, "name"), NULL), q))
		return fail(p, 400, "a user name is 1 to 40 of a-z 0-9 . _ - + @ and begins with a letter or digit");
	if (display.n && user_set_display(u, display))
		return fail(p, 400, "a display name is at most 80 bytes of text");
	if (team.n && user_set_team(u, team))
		return fail(p, 400, "a team's name is 1 to 24 of a-z 0-9 . _ -");
	if (role.n && user_set_role(u, role))
		return fail(p, 400, "a role's name is 1 to 24 of a-z 0-9 . _ -");
	if (pass.n && (pass_read(pass, &rec) || pass.n > sizeof u->pass))
		return fail(p, 400, "pass is no record of a password");
	if (pass.n)
		memcpy(u->pass, pass.p, pass.n);
	u->pass_n = (u8)pass.n;
	if (json_bool(json_get(q, "disabled"), &b) == 0)
		p->disabled = b;
	p->no_factor = json_bool(json_get(q, "second_factor"), &b) == 0 && !b;
	p->no_sessions = json_bool(json_get(q, "sessions"), &b) == 0 && !b;
	return STEP_DONE;
}

static void
ask(struct people *p, u8 verb, struct str key)
{
	p->out = buf_over(p->room, sizeof p->room);
	p->op = (struct store_op){ .verb = verb, .key = key, .out = &p->out, .owner = p->owner,
		.cursor = p->op.cursor, .ttl_s = STORE_FOREVER };
	store_start(p->st, &p->op, 0);
}

static enum step
start_team(struct people *p, struct jcur q)
{
	struct buf b = buf_over(p->room, sizeof p->room);

	if (team_set(&p->team, json_str(json_get(q, "name"), NULL), json_str(json_get(q, "title"), NULL)))
		return fail(p, 400, "a team's name is 1 to 24 of a-z 0-9 . _ -, its title at most 80 bytes of text");
	p->team.created = store_wall(p->st);
	team_encode(&b, &p->team);
	p->op = (struct store_op){ .verb = STORE_ADD, .owner = p->owner, .ttl_s = STORE_FOREVER, .val = buf_str(&b) };
	p->op.key = team_key(str_of(p->team.name, p->team.name_n), (u8 *)p->key);
	p->at = AT_TEAM_ADD;
	store_start(p->st, &p->op, 0);
	return people_step(p);
}

static void
ask_user(struct people *p)
{
	p->at = AT_USER;
	ask(p, STORE_GET, user_key(user_name(&p->want), (u8 *)p->key));
}

static enum step
start_user(struct people *p, struct jcur q)
{
	enum step s = read_texts(p, q);

	if (s == STEP_FAIL)
		return s;
	if (p->want.team_n || (p->verb != VERB_SET && p->verb != VERB_REMOVE)) {
		if (!p->want.team_n)
			user_set_team(&p->want, TEAM_FIRST);
		p->at = AT_TEAM;
		ask(p, STORE_GET, team_key(user_team(&p->want), (u8 *)p->key));
	} else {
		ask_user(p);
	}
	return people_step(p);
}

enum step
people_start(struct people *p, struct jcur q)
{
	u64 cursor = 0;

	p->disabled = -1;
	for (p->verb = 0; p->verb < VERBS && !json_is(json_get(q, "verb"), verbs[p->verb]);)
		p->verb++;
	switch (p->verb) {
	case VERB_LIST:
	case VERB_TEAM_LIST:
		json_u64(json_get(q, "cursor"), &cursor);
		p->op.cursor = (u32)cursor;
		p->at = AT_LIST;
		ask(p, STORE_LIST, p->verb == VERB_LIST ? USER_PREFIX : TEAM_PREFIX);
		return people_step(p);
	case VERB_TEAM_ADD: return start_team(p, q);
	case VERB_ROUNDS: return STEP_DONE;
	case VERBS: return fail(p, 400, "no such verb");
	}
	return start_user(p, q);
}

/* ---- changing a user ----------------------------------------------------------------------------- */

static u64
number_of(const u8 *random)
{
	u64 v = 0;

	for (u32 i = 0; i < 8; i++)
		v = v << 8 | random[i];
	return v | 1;
}

static void
begin_user(struct people *p)
{
	p->user = p->want;
	p->user.created = store_wall(p->st);
	p->user.born = number_of(p->random);
	p->user.epoch = number_of(p->random + 8);
	p->user.version = 0;
	if (!p->user.role_n)
		user_set_role(&p->user, STR("member"));
}

/* What was asked for, put into the record as it stands. */
static void
change_user(struct people *p)
{
	struct user *u = &p->user;
	const struct user *w = &p->want;

	if (w->display_n)
		user_set_display(u, str_of(w->display, w->display_n));
	if (w->team_n && p->verb == VERB_SET)
		user_set_team(u, user_team(w));
	if (w->role_n)
		user_set_role(u, user_role(w));
	if (p->disabled >= 0)
		u->disabled = p->disabled;
	if (p->no_factor)
		u->totp_n = u->recovery_n = 0;
	if (w->pass_n) {
		memcpy(u->pass, w->pass, w->pass_n);
		u->pass_n = w->pass_n;
		u->invited_till = 0;
	}
	if (w->pass_n || p->no_factor || p->no_sessions || p->disabled > 0)
		u->epoch = number_of(p->random + 8);
}

/* The code and what names it in the record; the entry that leads to the user is written before the record. */
static void
make_invite(struct people *p)
{
	struct buf b = buf_over(p->invite, sizeof p->invite);

	base64_put_url(&b, str_of(p->random + 16, 24));
	people_invite_hash(buf_str(&b), p->user.invite);
	p->user.invited_till = store_wall(p->st) + PEOPLE_INVITE_S;
	p->op = (struct store_op){ .verb = STORE_PUT, .owner = p->owner, .ttl_s = PEOPLE_INVITE_S,
		.val = user_name(&p->user), .key = people_invite_key(p->user.invite, p->invite_key) };
	p->at = AT_INVITE;
	store_start(p->st, &p->op, 0);
}

static void
write_user(struct people *p)
{
	p->out = buf_over(p->room, sizeof p->room);
	user_encode(&p->out, &p->user);
	p->op = (struct store_op){ .verb = p->user.version ? STORE_SWAP : STORE_ADD, .owner = p->owner,
		.ttl_s = STORE_FOREVER, .version = p->user.version, .val = buf_str(&p->out),
		.key = user_key(user_name(&p->user), (u8 *)p->key) };
	p->at = AT_WRITE;
	store_start(p->st, &p->op, 0);
}

/* The sealed credentials of a user who goes. */
static void
ask_records(struct people *p, u32 from)
{
	struct buf b = buf_over(p->key, sizeof p->key);

	buf_fmt(&b, "%S@", VAULT_PREFIX);
	buf_hex(&b, p->user.born, 16);
	buf_byte(&b, '/');
	p->at = AT_SWEEP;
	p->op.cursor = from;
	ask(p, STORE_LIST, buf_str(&b));
}

/* They go before the user: whoever is interrupted does it once more. */
static enum step
at_sweep(struct people *p)
{
	struct str rest = buf_str(&p->out);
	struct store_entry e;

	if (p->op.err)
		return fail_store(p);
	while (store_entry(&rest, &e)) {
		struct store_op drop = { .verb = STORE_DROP, .key = e.key, .lazy = true };

		store_start(p->st, &drop, 0);
	}
	if (p->op.cursor) {
		ask_records(p, p->op.cursor);
		return STEP_MORE;
	}
	p->at = AT_WRITE;
	ask(p, STORE_DROP, user_key(user_name(&p->want), (u8 *)p->key));
	return STEP_MORE;
}

static enum step
at_user(struct people *p)
{
	bool there = p->op.err == 0;

	if (p->op.err && p->op.err != ERR_NONE)
		return fail_store(p);
	if (there && user_decode(p->op.val, &p->user) && p->verb != VERB_REMOVE)
		return fail(p, 500, "the record of this user cannot be read by this version");
	p->user.version = p->op.version;
	if (there && p->verb == VERB_ADD)
		return fail(p, 409, "there is a user of this name already");
	if ((!there && (p->verb == VERB_SET || p->verb == VERB_REMOVE)) ||
	    (there && p->only && p->user.team_id != p->only))
		return fail(p, 404, "there is no user of this name");
	if (p->verb == VERB_REMOVE) {
		ask_records(p, 0);
		return STEP_MORE;
	}
	p->invites = p->verb == VERB_INVITE || (p->verb == VERB_ADD && !p->want.pass_n && !p->want.upstream);
	if (there)
		change_user(p);
	else
		begin_user(p);
	if (p->invites)
		make_invite(p);
	else
		write_user(p);
	return STEP_MORE;
}

/* The team that a box begins with is made when it is first needed; others by `team add`. */
static enum step
at_team(struct people *p)
{
	struct buf b = buf_over(p->room, sizeof p->room);

	if (p->op.err == 0) {
		ask_user(p);
		return STEP_MORE;
	}
	if (p->op.err != ERR_NONE)
		return fail_store(p);
	if (!str_same(user_team(&p->want), TEAM_FIRST))
		return fail(p, 404, "there is no team of this name: `team add` makes one");
	team_set(&p->team, TEAM_FIRST, STR(""));
	p->team.created = store_wall(p->st);
	team_encode(&b, &p->team);
	p->op = (struct store_op){ .verb = STORE_ADD, .owner = p->owner, .ttl_s = STORE_FOREVER, .val = buf_str(&b),
		.key = team_key(TEAM_FIRST, (u8 *)p->key) };
	p->at = AT_FIRST_TEAM;
	store_start(p->st, &p->op, 0);
	return STEP_MORE;
}

static enum step
at_write(struct people *p)
{
	if (p->op.err == 0) {
		if (p->want.pass_n) /* on the console: opens the account, whatever was tried in the browser */
			tally_clear(p->st, p->handle_key, TALLY_ACCOUNT, user_name(&p->user));
		return STEP_DONE;
	}
	if (p->verb == VERB_REMOVE && p->op.err == ERR_NONE)
		return fail(p, 404, "there is no user of this name");
	if ((p->op.err == ERR_LATE || p->op.err == ERR_NONE) && ++p->tries < TRIES) { /* changed meanwhile: once more */
		ask_user(p);
		return STEP_MORE;
	}
	return fail_store(p);
}

static enum step
one_step(struct people *p)
{
	switch (p->at) {
	case AT_TEAM: return at_team(p);
	case AT_FIRST_TEAM:
		if (p->op.err && p->op.err != ERR_LATE)
			return fail_store(p);
		ask_user(p);
		return STEP_MORE;
	case AT_USER: return at_user(p);
	case AT_INVITE:
		if (p->op.err)
			return fail_store(p);
		write_user(p);
		return STEP_MORE;
	case AT_WRITE: return at_write(p);
	case AT_SWEEP: return at_sweep(p);
	case AT_LIST: return p->op.err ? fail_store(p) : STEP_DONE;
	case AT_TEAM_ADD:
		if (p->op.err == ERR_LATE)
			return fail(p, 409, "there is a team of this name already");
		return p->op.err ? fail_store(p) : STEP_DONE;
	}
	return fail(p, 500, "lost");
}

enum step
people_step(struct people *p)
{
	enum step s;

	do {
		if (!p->op.done)
			return STEP_WAIT;
		s = one_step(p);
	} while (s == STEP_MORE);
	return s;
}

/* ---- the answer ---------------------------------------------------------------------------------- */

static const char *
state_of(const struct user *u)
{
	return u->disabled ? "disabled" : u->pass_n || u->upstream ? "active" : "invited";
}

static void
put_time(struct jout *o, const char *name, wall at)
{
	u8 room[24];
	struct buf b = buf_over(room, sizeof room);

	text_time(&b, at);
	jout_str(o, name, buf_str(&b));
}

void
people_invite_link(const struct people *p, struct buf *b)
{
	buf_fmt(b, "%S/invite/%S", p->base, str_of(p->invite, sizeof p->invite));
}

static void
put_user(const struct people *p, struct jout *o, const struct user *u)
{
	u8 room[600];
	struct buf link = buf_over(room, sizeof room);

	jout_open(o, '{');
	jout_str(o, "name", user_name(u));
	jout_str(o, "display", str_of(u->display, u->display_n));
	jout_str(o, "team", user_team(u));
	jout_str(o, "role", user_role(u));
	jout_c(o, "state", state_of(u));
	jout_bool(o, "second_factor", u->totp_n != 0);
	put_time(o, "created", u->created);
	if (p->invites) {
		people_invite_link(p, &link);
		jout_str(o, "invite", buf_str(&link));
		put_time(o, "invite_expires", u->invited_till);
	}
	jout_close(o, '}');
}

static void
put_team(struct jout *o, const struct team *t)
{
	jout_open(o, '{');
	jout_str(o, "name", str_of(t->name, t->name_n));
	jout_str(o, "title", str_of(t->title, t->title_n));
	put_time(o, "created", t->created);
	jout_close(o, '}');
}

static void
put_list(const struct people *p, struct jout *o)
{
	struct str rest = buf_str(&p->out);
	struct store_entry e;
	struct user u;
	struct team t;

	jout_open(o, '{');
	jout_key_open(o, p->verb == VERB_LIST ? "users" : "teams", '[');
	while (store_entry(&rest, &e)) {
		if (p->verb == VERB_LIST && user_decode(e.val, &u) == 0)
			put_user(p, o, &u);
		else if (p->verb == VERB_TEAM_LIST && team_decode(e.val, &t) == 0)
			put_team(o, &t);
	}
	jout_close(o, ']');
	jout_u64(o, "cursor", p->op.cursor);
	jout_close(o, '}');
}

void
people_print(const struct people *p, struct buf *b)
{
	struct jout o = jout_into(b);

	switch (p->verb) {
	case VERB_LIST:
	case VERB_TEAM_LIST: put_list(p, &o); return;
	case VERB_TEAM_ADD: put_team(&o, &p->team); return;
	case VERB_ROUNDS:
		jout_open(&o, '{');
		jout_u64(&o, "rounds", p->rounds);
		jout_close(&o, '}');
		return;
	case VERB_REMOVE:
		jout_open(&o, '{');
		jout_str(&o, "name", user_name(&p->want));
		jout_close(&o, '}');
		return;
	}
	put_user(p, &o, &p->user);
}

/* ---- over the control socket --------------------------------------------------------------------- */

void
people_ready(struct people *p, struct job *j)
{
	p->st = j->app->store;
	p->owner = exchange_ready(&j->x);
	p->base = j->gen->gen ? j->gen->gen->public_url : STR("");
	p->rounds = j->app->pass_rounds;
	memcpy(p->handle_key, j->app->handle_key, sizeof p->handle_key);
	rng_bytes(j->app->rng, p->random, sizeof p->random);
}

static enum step
start(struct job *j)
{
	struct arena *a = exchange_arena_n(&j->x, PEOPLE_OUT_N + 16000);
	struct people *p = ARENA_NEW(a, struct people);
	struct jdoc d;

	if (!p)
		return reply_error(&j->x, 503, "busy: try again");
	if (json_parse_request(&d, j->x.body, j->app->mcp.tok, RPC_TOKENS_MAX, a))
		return reply_error(&j->x, 400, "the body must be a JSON object");
	people_ready(p, j);
	j->own = p;
	j->own_op = &p->op;
	return people_start(p, json_root(&d));
}

/* Changes are lines of the audit; what was only looked at is not. */
static void
people_tell(struct job *j)
{
	const struct people *p = j->own;

	if (p->verb == VERB_TEAM_ADD)
		act_change(j, "admin", str_c(verbs[p->verb]), str_of(p->team.name, p->team.name_n));
	else if (p->verb != VERB_LIST && p->verb != VERB_TEAM_LIST && p->verb != VERB_ROUNDS)
		act_change(j, "admin", str_c(verbs[p->verb]), user_name(&p->want));
}

enum step
people_control(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct buf b;
	enum step s;

	if (!guard_control(j))
		return STEP_DONE;
	s = j->own ? people_step(j->own) : start(j);
	if (s == STEP_WAIT || !j->own)
		return s;
	if (s == STEP_FAIL)
		return reply_error(x, ((struct people *)j->own)->status, ((struct people *)j->own)->why);
	b = arena_buf(exchange_arena(x), PEOPLE_OUT_N);
	people_tell(j);
	people_print(j->own, &b);
	if (!b.p || b.over)
		return reply_error(x, 503, "busy: try again");
	return reply_bytes(x, 200, "application/json", buf_str(&b));
}
