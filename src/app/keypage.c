#include "app/keypage.h"

#include "app/person.h"
#include "base/log.h"
#include "crypt/ct.h"

enum { AT_START, AT_ADD };

struct keypage {
	struct key_work *work;
	struct buf secret;
	u8 made[KEY_SECRET_N];
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

static const struct list_kind mine = { "keys", "/keys", "k:", "keys_gone", false, put_mine, put_apis };

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
	struct keypage *k = ARENA_NEW(exchange_arena(&j->x), struct keypage);
	const char *why;
	u8 random[32];

	if (!k || !(k->work = ARENA_NEW(exchange_arena(&j->x), struct key_work)))
		return html_error(&j->x, 503, "error_busy");
	why = read_key(j, &k->work->key);
	if (why)
		return *why ? lists_show(j, &mine, why, now) : STEP_DONE;
	j->own = k;
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

	if (lists_showing(j))
		return lists_page(x, &mine, now);
	if (x->at == AT_ADD)
		return added(j, key_work_step(j->app->keys, ((struct keypage *)j->own)->work));
	s = lists_may(j, true, false, now);
	return s == STEP_DONE ? start_add(j, now) : s == STEP_WAIT ? s : STEP_DONE;
}
