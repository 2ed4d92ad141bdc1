#include "op/own.h"

#include "base/base64.h"
#include "crypt/ct.h"
#include "http/hout.h"
#include "op/credential.h"
#include "op/op.h"

/* Whether a field of that name is there already: the arguments of a call must not send a second one along. */
static bool
is_there(const struct buf *fields, struct str name)
{
	struct str rest = buf_str(fields);

	while (rest.n) {
		struct str line = str_next(&rest, '\n');

		if (str_same_nocase(str_next(&line, ':'), name))
			return true;
	}
	return false;
}

int
own_put(const struct environment *e, const struct own *own, struct params *p, struct buf *why)
{
	if (!own) {
		BUF_LIT(why, "This API is called with the caller's own credential, and none came with the request, in");
		for (u32 i = 0; i < e->pass->fields; i++)
			buf_fmt(why, "%s header %S", i ? " or" : "", e->pass->field[i]);
		buf_byte(why, '.');
		return ERR_NONE;
	}
	for (u32 i = 0; i < e->pass->fields; i++)
		if (is_there(&p->fields, e->pass->field[i])) {
			buf_fmt(why, "The header %S is the caller's credential and no argument.", e->pass->field[i]);
			return ERR_DENY;
		}
	hout_pair(&p->fields, own->field, own->value);
	return 0;
}

struct str
own_secret(const struct own *own, u8 *room)
{
	struct str rest = own->value, scheme = str_next(&rest, ' ');
	int n = str_same_nocase(scheme, STR("Basic")) ? base64_read(str_trim(rest), room, OWN_MAX) : ERR_NONE;

	if (n > 0)
		return secrets_part(CREDENTIAL_BASIC, str_of(room, (u32)n));
	return secrets_part(CREDENTIAL_HEADER, own->value);
}

/* ---- for an op ----------------------------------------------------------------------------------- */

/* The credential that stands for c, of which each user has given his own: this user's. It points into name. */
static struct credential
own_user(const struct credential *c, const struct principal *who, u64 environment, u8 name[VAULT_USER_N])
{
	struct credential mine = *c;

	mine.store = vault_user(who->born, environment, name);
	return mine;
}

u64
own_born(const struct op *op, u32 i)
{
	return op->chosen[i]->of == CREDENTIAL_USERS ? op->who.born : 0;
}

bool
own_has(struct op *op, u32 i, msec now)
{
	u8 name[VAULT_USER_N];
	struct str secret;

	if (op->chosen[i]->of != CREDENTIAL_USERS)
		return true;
	return op->who.born && vault_get(&op->ops->vault, vault_user(op->who.born, op->environment->id, name), &secret,
	    now) != ERR_NONE;
}

bool
own_waits(struct op *op, msec now)
{
	u8 name[VAULT_USER_N];
	struct str secret, of;

	for (u32 i = 0; i < op->chosen_n; i++) {
		const struct credential *c = op->chosen[i];

		of = c->of == CREDENTIAL_USERS ? vault_user(op->who.born, op->environment->id, name) :
		     c->login                  ? STR_NONE : c->store;
		if (c->of == CREDENTIAL_USERS && !op->who.born)
			of = STR_NONE;
		if (of.n && vault_get(&op->ops->vault, of, &secret, now) == ERR_MORE) {
			vault_wait(&op->ops->vault, &op->wait);
			return true;
		}
	}
	return false;
}

int
own_ask(struct buf *why)
{
	why->w = why->r;
	BUF_LIT(why, "This API is called with its user's own key of it, which is given on the page /connections of "
	    "this gate, by whoever this caller acts for.");
	return OP_FAULT_CONNECT;
}

int
own_credentials(struct op *op, const struct own *own, struct params *p, msec now, struct buf *why)
{
	struct ops *o = op->ops;
	struct secrets_ask ask = { .environment = op->environment, .vault = &o->vault };
	struct credential mine;
	u8 name[VAULT_USER_N];
	int err = 0;

	for (u32 i = 0; i < op->chosen_n && !err; i++) {
		const struct credential *c = op->chosen[i];

		if (c->of == CREDENTIAL_USERS) {
			if (!own_has(op, i, now))
				return own_ask(why);
			mine = own_user(c, &op->who, op->environment->id, name);
			c = &mine;
		}
		if (c->of == CREDENTIAL_CALLERS)
			err = own_put(op->environment, own, p, why);
		else
			err = c->login ? login_put(o, c, own_born(op, i), p, why)
			               : credential_put(c, &o->vault, p, now, why);
		if (c == &mine && err == ERR_NONE)
			return own_ask(why);
		if (c == &mine && !err)
			ask.own = c->login ? login_value(&o->logins, c, op->who.born, 0)
			                   : secrets_of(c, &o->vault, now);
	}
	if (err)
		return err == ERR_MORE ? OP_FAULT_BUSY : err == ERR_DENY ? OP_FAULT_ARGUMENT : OP_FAULT_CONFIG;
	secrets_give(&o->secrets, op->secrets);
	op->secrets = NULL;
	if (op->environment->pass && own) {
		ask.own = own_secret(own, o->canon);
		ask.brief = true;
	}
	err = secrets_take(&o->secrets, &ask, now, &op->secrets);
	if (ask.own.p == o->canon)
		ct_wipe(o->canon, OWN_MAX);
	if (!err)
		return 0;
	BUF_LIT(why, "The gate is busy: too many environments are in use at once. Try again in a second.");
	return OP_FAULT_BUSY;
}

/* ---- for a session ------------------------------------------------------------------------------- */

/* It opens only under the key of its session, for the environment it was kept for. */
static struct seal_use
use_of(struct buf *ad, const struct own_session *s)
{
	buf_fmt(ad, "%S|%S/%S", s->key, s->api->name, s->environment->name);
	return (struct seal_use){ .what = STR("session|1"), .ad = buf_str(ad) };
}

void
own_keep(struct ops *o, const struct own *own, const struct own_session *s, u32 ttl_s)
{
	struct store_op op = { .verb = STORE_PUT, .lazy = true, .ttl_s = ttl_s, .key = s->key };
	struct buf plain = buf_over(o->canon, RPC_BODY_MAX), sealed = buf_over(o->body, RPC_BODY_MAX);
	struct buf ad = buf_over(o->target, UPSTREAM_URL_MAX);

	buf_fmt(&plain, "%S\n%S", own->field, own->value);
	if (o->vault.keys->n && o->rng &&
	    seal_make(o->vault.keys, o->rng, use_of(&ad, s), buf_str(&plain), &sealed) == 0) {
		op.val = buf_str(&sealed);
		if (store_start(o->vault.store, &op, 0) == STEP_WAIT)
			store_cancel(o->vault.store, &op);
	}
	ct_wipe(plain.p, plain.w);
}

int
own_open(struct ops *o, const struct own_session *s, struct buf *record, struct own *own)
{
	const struct passthrough *pass = s->environment->pass;
	struct buf plain = buf_over(o->canon, RPC_BODY_MAX), ad = buf_over(o->target, UPSTREAM_URL_MAX);
	struct str field;

	if (seal_open(o->vault.keys, use_of(&ad, s), buf_str(record), &plain))
		return ERR_BAD;
	record->r = record->w = 0;
	buf_put(record, buf_str(&plain));
	ct_wipe(plain.p, plain.w);
	own->value = buf_str(record);
	field = str_next(&own->value, '\n');
	for (u32 i = 0; i < pass->fields; i++)
		if (str_same(pass->field[i], field)) {
			own->field = pass->field[i];
			return 0;
		}
	return ERR_NONE;
}
