#include "app/keypage.h"

#include "app/act.h"
#include "app/guide.h"
#include "app/person.h"
#include "app/prove.h"
#include "auth/team.h"
#include "base/log.h"
#include "crypt/ct.h"
#include "gate/role.h"

enum { AT_START, AT_PROVE, AT_TEAM, AT_ADD };

struct keypage {
	struct key_work *work;
	struct buf secret;
	struct str team, role, password;
	struct prove prove;
	bool admin;
	u8 made[KEY_SECRET_N];
	u8 team_key[TEAM_KEY_MAX], record[TEAM_RECORD_MAX];
};

/* ---- the list ------------------------------------------------------------------------------------ */

void
keypage_put(struct html *h, const struct key *k)
{
	u8 scopes = k->who.scopes;

	html_keep(h, "name", principal_name(&k->who));
	html_keep(h, "hint", str_of(k->hint, k->hint_n));
	html_keep(h, "apis", str_of(k->who.apis, k->who.apis_n));
	html_flag(h, "destructive", scopes & SCOPE_DESTRUCTIVE);
	html_flag(h, "write", (scopes & (SCOPE_WRITE | SCOPE_DESTRUCTIVE)) == SCOPE_WRITE);
	html_flag(h, "production", scopes & SCOPE_PRODUCTION);
	html_time(h, "created", k->created);
	html_time(h, "expires", k->who.dies);
}

static bool
put_mine(struct job *j, struct html *h, const struct store_entry *e)
{
	const struct user *u = &j->person->who.user;
	struct key k;

	if (key_decode(e->val, &k) || !k.owner_n || k.born != u->born ||
	    !str_same(str_of(k.owner, k.owner_n), user_name(u)))
		return false;
	if (h)
		keypage_put(h, &k);
	return true;
}

static void
put_apis(struct job *j, struct html *h)
{
	const struct gen *gen = j->gen->gen;

	for (u32 i = 0; i < gen->apis; i++) {
		html_row(h, "api");
		html_put(h, "api_name", gen->api[i].name);
	}
	html_top(h);
}

static const struct list_kind mine = { "keys", "/keys", "k:", "keys_gone", LISTS_MINE, NULL, put_mine, put_apis };

enum step
keypage_list(struct exchange *x, msec now)
{
	return lists_page(x, &mine, now);
}

enum step
keypage_revoke(struct exchange *x, msec now)
{
	return lists_drop(x, &mine, now);
}

/* Those of everybody, for admins; keys of the console belong to those who run the box. */
static bool
put_anybodys(struct job *j, struct html *h, const struct store_entry *e)
{
	const struct user *u = NULL;
	struct key k;

	if (key_decode(e->val, &k))
		return false;
	if (k.owner_n) {
		u = lists_user(j, str_of(k.owner, k.owner_n));
		if (!u || u->born != k.born)
			return false;
	}
	if (!lists_sees(j, u ? u->team_id : k.who.team))
		return false;
	if (!h)
		return true;
	keypage_put(h, &k);
	html_keep(h, "user", str_of(k.owner, k.owner_n));
	html_keep(h, "is", principal_role(&k.who));
	html_keep(h, "environments", str_of(k.who.environments, k.who.environments_n));
	html_flag(h, "ours", !k.owner_n && k.who.team && k.who.team == j->person->who.user.team_id);
	html_flag(h, "theirs", !k.owner_n && k.who.team && k.who.team != j->person->who.user.team_id);
	return true;
}

void
keypage_roles(struct job *j, struct html *h, struct str chosen)
{
	const struct gen *gen = j->gen->gen;

	for (u32 i = 0; i < gen->roles; i++) {
		html_row(h, "role");
		html_put(h, "role_name", gen->role[i].name);
		html_flag(h, "chosen", str_same(gen->role[i].name, chosen));
	}
	html_top(h);
	html_put(h, "team", user_team(&j->person->who.user));
}

static void
put_choices(struct job *j, struct html *h)
{
	put_apis(j, h);
	keypage_roles(j, h, STR("member"));
}

static const struct list_kind everybodys = { "admin_keys", "/admin/keys", "k:", "keys_none_such", LISTS_TEAM, NULL,
	put_anybodys, put_choices };

enum step
keypage_all(struct exchange *x, msec now)
{
	return lists_page(x, &everybodys, now);
}

enum step
keypage_all_revoke(struct exchange *x, msec now)
{
	return lists_drop(x, &everybodys, now);
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
read_key(struct job *j, struct keypage *g, struct key *key)
{
	struct str name = STR_NONE, api = STR_NONE, access = STR_NONE, production = STR_NONE, expires = STR_NONE;
	const struct user *u = &j->person->who.user;
	u64 days = 0;

	if (html_form(&j->x, (struct html_field[]){ { "name", PRINCIPAL_NAME_MAX, &name }, { "api", 64, &api },
	    { "access", 16, &access }, { "production", 8, &production }, { "expires", 8, &expires },
	    { "team", TEAM_NAME_MAX, &g->team }, { "role", PRINCIPAL_ROLE_MAX, &g->role },
	    { "password", USER_PASSWORD_MAX, &g->password } }, 8))
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
	if (g->admin)
		return NULL;
	key->who.user = u->id;
	key->who.team = u->team_id;
	key->born = u->born;
	key->owner_n = u->name_n;
	memcpy(key->owner, u->name, u->name_n);
	return NULL;
}

/* Whose an admin's key is, and in which role: admins of a team make theirs alone. */
static const char *
read_team(struct job *j, struct keypage *g, struct key *key)
{
	const struct user *u = &j->person->who.user;

	g->team = str_trim(g->team);
	if (!person_runs_box(u) && !g->team.n)
		g->team = user_team(u);
	if (!person_runs_box(u) && !str_same(g->team, user_team(u)))
		return "people_team";
	if (g->team.n && !team_name_ok(g->team))
		return "people_team";
	if (role_find(j->gen->gen, g->role) < 0 || principal_set_role(&key->who, g->role))
		return "people_role";
	key->who.team = g->team.n ? principal_tag(g->team) : 0;
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
	act_change(j, k->admin ? "admin" : "account", STR("key add"), principal_name(&k->work->key.who));
	html_begin(&h, &j->x, "key");
	html_flag(&h, "everybodys", k->admin);
	guide_put(&h, str_of(k->work->key.who.apis, k->work->key.who.apis_n), buf_str(&k->secret));
	return html_reply(&h, 200);
}

static enum step
make(struct job *j, msec now)
{
	struct keypage *k = j->own;
	u8 random[32];

	k->secret = buf_over(k->made, sizeof k->made);
	rng_bytes(j->app->rng, random, sizeof random);
	key_secret(&k->secret, random);
	ct_wipe(random, sizeof random);
	j->x.at = AT_ADD;
	j->own_op = &k->work->op;
	return added(j, key_add(j->app->keys, k->work, buf_str(&k->secret), exchange_ready(&j->x)));
}

static enum step
start_add(struct job *j, bool admin, msec now)
{
	const struct list_kind *list = admin ? &everybodys : &mine;
	struct keypage *k = ARENA_NEW(exchange_arena(&j->x), struct keypage);
	const char *why;

	if (!k || !(k->work = ARENA_NEW(exchange_arena(&j->x), struct key_work)))
		return html_error(&j->x, 503, "error_busy");
	k->admin = admin;
	why = read_key(j, k, &k->work->key);
	if (!why && admin)
		why = read_team(j, k, &k->work->key);
	if (why)
		return *why ? lists_show(j, list, why, now) : STEP_DONE;
	j->own = k;
	if (!admin)
		return make(j, now);
	j->x.at = AT_PROVE;
	prove_either(j, &k->prove, k->password, now);
	return STEP_MORE;
}

/* The team must be there: a key of a team that is made later would be its. */
static enum step
proved(struct job *j, msec now)
{
	struct keypage *k = j->own;
	enum step s = prove_step(j, &k->prove);

	if (s != STEP_DONE)
		return s == STEP_FAIL ? STEP_DONE : s;
	if (!k->prove.good)
		return lists_show(j, &everybodys, "prove_wrong", now);
	if (!k->team.n)
		return make(j, now);
	j->out = buf_over(k->record, sizeof k->record);
	j->op = (struct store_op){ .verb = STORE_GET, .key = team_key(k->team, k->team_key), .out = &j->out,
		.owner = exchange_ready(&j->x) };
	j->x.at = AT_TEAM;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

static enum step
add(struct exchange *x, bool admin, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	if (lists_showing(j))
		return lists_page(x, admin ? &everybodys : &mine, now);
	switch (x->at) {
	case AT_PROVE: return proved(j, now);
	case AT_TEAM:
		if (!j->op.done)
			return STEP_WAIT;
		return j->op.err ? lists_show(j, &everybodys, "people_team", now) : make(j, now);
	case AT_ADD: return added(j, key_work_step(j->app->keys, ((struct keypage *)j->own)->work));
	}
	s = lists_may(j, true, admin ? LISTS_TEAM : LISTS_MINE, now);
	return s == STEP_DONE ? start_add(j, admin, now) : s == STEP_WAIT ? s : STEP_DONE;
}

enum step
keypage_add(struct exchange *x, msec now)
{
	return add(x, false, now);
}

enum step
keypage_all_add(struct exchange *x, msec now)
{
	return add(x, true, now);
}
