#include "op/login_priv.h"

#include "base/log.h"
#include "crypt/ct.h"
#include "http/form.h"
#include "http/hout.h"
#include "http/url.h"
#include "json/jesc.h"
#include "op/credential.h"
#include "op/op.h"

#define PAUSE_MS 100 /* how often is looked whether somebody else has logged in */

static void login_run(struct ready *r, msec now);

size_t
logins_bytes(void)
{
	return LOGINS_MAX * sizeof(struct login_live) + 16;
}

int
logins_init(struct ops *o, struct arena *a)
{
	o->logins.live = ARENA_ARRAY(a, struct login_live, LOGINS_MAX);
	return o->logins.live ? 0 : ERR_FULL;
}

static struct login_live *
find(const struct logins *l, u64 id)
{
	for (u32 i = 0; i < LOGINS_MAX; i++)
		if (l->live[i].id == id)
			return &l->live[i];
	return NULL;
}

/* The place of this login, or one that nothing happens in, the longest unused first. */
static struct login_live *
place_of(struct ops *o, u64 id)
{
	struct login_live *l = find(&o->logins, id);

	for (u32 i = 0; i < LOGINS_MAX && !l; i++)
		if (!o->logins.live[i].id)
			l = &o->logins.live[i];
	for (u32 i = 0; i < LOGINS_MAX && (!l || (l->id && l->id != id)); i++) {
		struct login_live *k = &o->logins.live[i];

		if ((k->state == NONE || k->state == HAVE) &&
		    (!l || o->logins.clock - k->last > o->logins.clock - l->last))
			l = k;
	}
	if (l && l->id != id) {
		struct buf key;

		if (l->id) {
			store_cancel(o->vault.store, &l->op);
			ready_cancel(&l->ready);
			timer_end(&o->loop->timers, &l->timer);
		}
		ct_wipe(l, sizeof *l);
		l->ops = o;
		l->id = id;
		l->key_n = LOGIN_KEY_N;
		key = buf_over(l->key, sizeof l->key);
		BUF_LIT(&key, "j:");
		buf_hex(&key, id, 16);
		ready_init(&l->ready, login_run);
		list_init(&l->waiting);
		l->secret.owner = &l->ready;
		list_init(&l->op.link);
	}
	return l;
}

/* A user's login is another one than the gate's, or another user's. */
static u64
id_of(const struct credential *c, u64 born)
{
	return c->login->id ^ (born * 0x9e3779b97f4a7c15ULL);
}

/* The credential that is exchanged: a user's own lies in the vault under his name, written to name. */
static struct credential
exchanged(const struct login_live *l, u8 name[VAULT_USER_N])
{
	struct credential c = *l->credential;

	if (l->born)
		c.store = vault_user(l->born, l->environment, name);
	return c;
}

struct str
login_value(const struct logins *all, const struct credential *c, u64 born, u32 i)
{
	const struct login_live *l = c->login && all->live ? find(all, id_of(c, born)) : NULL;
	u32 at = 0;

	if (!l)
		return STR_NONE;
	for (u32 k = 0; k < i; k++)
		at += l->n[k];
	return str_of(l->text + at, l->n[i]);
}

/* ---- the end of it ------------------------------------------------------------------------------- */

static void
finish(struct login_live *l, u8 state, msec now)
{
	if (l->call)
		call_end(l->call, now);
	l->call = NULL;
	login_lease_end(l, now);
	if (l->answer.p)
		ct_wipe(l->answer.p, l->answer.w);
	lease_give(&l->ops->calls->net->lease, &l->answer);
	l->state = state;
	l->ops->logins.changes++;
	--*l->hold;
	LIST_EACH(&l->waiting, link, tmp) {
		struct vault_wait *wait = CONTAINER_OF(link, struct vault_wait, link);

		list_out(link);
		loop_ready(l->ops->loop, wait->owner);
	}
}

/* The vault's record of the user's refresh token. */
static struct str
user_record(struct login_live *l)
{
	struct buf b = buf_over(l->user_key, sizeof l->user_key);
	u8 name[VAULT_USER_N];

	buf_put(&b, VAULT_PREFIX);
	buf_put(&b, vault_user(l->born, l->environment, name));
	return buf_str(&b);
}

/* He has to connect again. */
static void
disconnect(struct login_live *l, msec now)
{
	struct store_op drop = { .verb = STORE_DROP, .lazy = true, .key = user_record(l) };

	if (store_start(l->ops->vault.store, &drop, now) == STEP_WAIT)
		store_cancel(l->ops->vault.store, &drop);
}

/* what: a sentence about the place, which stands before it. */
static void
fail(struct login_live *l, int err, u32 pause_ms, const char *what, struct str more, msec now)
{
	struct buf b = buf_over(l->why, sizeof l->why);

	buf_fmt(&b, "The gate could not log in at %S: %s%S.", l->credential->login->at->host_field, what,
	    str_cut(more, 0, 100));
	l->why_n = (u8)b.w;
	l->err = err;
	l->ends = now + pause_ms;
	memset(l->n, 0, sizeof l->n);
	ct_wipe(l->text, sizeof l->text);
	if (l->born && err == ERR_DENY)
		disconnect(l, now);
	log_warn("login", "%S", buf_str(&b));
	finish(l, NONE, now);
}

/* What the store has is known: if it is another one than ours, it is used; else ours, while it is good. */
static void
looked(struct login_live *l, msec now)
{
	bool good = l->good, another = login_open_record(l, now) && login_texts_hash(l) != l->old;

	if (l->fresh)
		l->good = good;
	if (!l->fresh && !another) {
		login_lease(l, now);
		return;
	}
	l->number += another;
	finish(l, HAVE, now);
}

/* ---- the request --------------------------------------------------------------------------------- */

static int
put_body(struct login_live *l, struct buf *b, msec now, struct buf *why)
{
	u8 name[VAULT_USER_N];
	struct credential c = exchanged(l, name);
	struct str body = c.login->body, secret = STR_NONE, mark = STR("{secret}");
	bool json = str_starts(body, STR("{"));
	int at = str_find_str(body, mark);

	if (at >= 0) {
		int err = credential_secret(&c, &l->ops->vault, &secret, now, why);

		if (err)
			return err;
		if (l->born && str_is(secret, LOGIN_NO_REFRESH))
			return ERR_NONE;
		buf_put(b, str_cut(body, 0, (u32)at));
		if (!json)
			url_encode(b, secret, URL_COMPONENT);
		else if (jesc_put(secret, b) < secret.n)
			b->over = true;
		body = str_cut(body, (u32)at + mark.n, body.n);
	}
	buf_put(b, body);
	return b->over ? ERR_FULL : 0;
}

void
login_write(struct buf *out, const struct login *login, const struct params *p)
{
	struct str body = buf_str(&p->body);

	hout_request(out, head_method_name((enum method)login->method), buf_str(&p->target));
	hout_field(out, "Host", login->at->host_field);
	BUF_LIT(out, "Accept: application/json, */*;q=0.5\r\nAccept-Encoding: identity\r\nUser-Agent: mcpgated\r\n");
	buf_put(out, buf_str(&p->fields));
	if (login->authorization.n)
		hout_field(out, "Authorization", login->authorization);
	if (body.n)
		hout_field(out, "Content-Type", str_starts(body, STR("{")) ? STR("application/json")
		                                                           : STR("application/x-www-form-urlencoded"));
	hout_length(out, body.n);
	hout_end(out);
	buf_put(out, body);
}

static void
start_call(struct login_live *l, msec now)
{
	struct ops *o = l->ops;
	const struct login *login = l->credential->login;
	struct params p = { .target = buf_over(o->target, UPSTREAM_URL_MAX) };
	struct call_spec cs = op_call_spec(login->at);
	u8 room[OP_WHY_MAX];
	struct buf why = buf_over(room, sizeof room), *out;
	int err;

	p.fields = buf_over(o->fields, OPS_FIELDS_N);
	p.body = buf_over(o->body, RPC_BODY_MAX);
	buf_put(&p.target, login->target);
	err = credential_put(l->credential, &o->vault, &p, now, &why);
	if (!err)
		err = put_body(l, &p.body, now, &why);
	if (err == ERR_MORE) {
		l->state = VAULT;
		vault_wait(&o->vault, &l->secret);
		return;
	}
	if (err) {
		fail(l, ERR_DENY, LOGIN_FAILED_MS, "", buf_str(&why), now);
		return;
	}
	cs.method = login->method;
	cs.body_max = LOGIN_ANSWER_MAX;
	l->call = call_start(o->calls, &cs, &l->ready, now);
	out = l->call ? call_out(l->call, buf_len(&p.target) + buf_len(&p.fields) + buf_len(&p.body) + 1024) : NULL;
	if (out)
		login_write(out, login, &p);
	ct_wipe(p.body.p, p.body.w);
	if (!out || out->over || call_send(l->call)) {
		fail(l, ERR_LATE, LOGIN_FAILED_MS, l->call ? "the request does not fit" : o->calls->why, STR_NONE, now);
		return;
	}
	l->state = CALL;
	loop_ready(o->loop, &l->ready);
}

/* ---- the answer ---------------------------------------------------------------------------------- */

/* The new refresh token that came along, into the vault; STEP_WAIT until the disk has it. */
static enum step
save(struct login_live *l, msec now)
{
	struct ops *o = l->ops;
	struct buf plain = buf_over(o->canon, RPC_BODY_MAX), sealed = buf_over(l->room, sizeof l->room);
	struct str key = user_record(l), body = buf_str(&l->answer);
	struct jdoc d;

	body = str_cut(body, 2 + ((u32)body.p[0] << 8 | body.p[1]), body.n); /* behind the one value of the head */
	if (json_parse(&d, body, o->tok, RPC_TOKENS_MAX) ||
	    json_str_put(json_get(json_root(&d), "refresh_token"), &plain) || !plain.w || plain.w > VAULT_SECRET_MAX)
		return STEP_DONE;
	if (vault_seal(o->vault.keys, o->rng, str_cut(key, VAULT_PREFIX.n, key.n), buf_str(&plain), &sealed) == 0) {
		store_cancel(o->vault.store, &l->op);
		l->op = (struct store_op){ .verb = STORE_PUT, .key = key, .val = buf_str(&sealed),
			.ttl_s = STORE_FOREVER, .owner = &l->ready };
		list_init(&l->op.link);
		l->state = SAVE;
	}
	ct_wipe(plain.p, plain.w);
	return l->state == SAVE ? store_start(o->vault.store, &l->op, now) : STEP_DONE;
}

static void
have(struct login_live *l, msec now)
{
	u32 s = 0;
	u32 early;

	if (!login_take_values(l, &s)) {
		fail(l, ERR_DENY, LOGIN_REFUSED_MS, "its answer lacks what login_send names", STR_NONE, now);
		return;
	}
	early = min_u32(s / 10 + 1, 60); /* before it runs out */
	l->ends = s ? now + (msec)s * 1000 - (s > early ? (msec)early * 1000 : 500) : INT64_MAX;
	l->number++;
	l->good = false;
	l->since = now;
	login_keep(l, s ? (s > early ? s - early : 0) : 30 * 86400, now);
	l->stamp = store_stamp(l->ops->vault.store, 'j'); /* ours does not make us look */
	log_info("login", "host=%S seconds=%u", l->credential->login->at->host_field, s);
	if (!l->born || save(l, now) != STEP_WAIT)
		finish(l, HAVE, now);
}

static void
step_body(struct login_live *l, msec now)
{
	struct str part;
	int n;

	while ((n = call_body(l->call, &part, now)) > 0) {
		if (part.n > buf_room(&l->answer)) {
			fail(l, ERR_DENY, LOGIN_REFUSED_MS, "its answer is too long", STR_NONE, now);
			return;
		}
		buf_put(&l->answer, part);
		call_eat(l->call, part.n);
	}
	if (n == ERR_MORE)
		call_settle(l->call);
	else if (n < 0)
		fail(l, ERR_LATE, LOGIN_FAILED_MS, "", call_why(l->call), now);
	else
		have(l, now);
}

static void
step_call(struct login_live *l, msec now)
{
	enum step s = call_step(l->call, now);
	u8 room[40];
	struct buf b = buf_over(room, sizeof room);

	if (s == STEP_WAIT) {
		call_settle(l->call);
	} else if (s == STEP_MORE) {
		loop_ready(l->ops->loop, &l->ready);
	} else if (s == STEP_FAIL) {
		fail(l, ERR_LATE, LOGIN_FAILED_MS, "", call_why(l->call), now);
	} else if (l->call->status < 200 || l->call->status > 299) {
		bool later = l->call->status >= 500 || l->call->status == 429;

		buf_fmt(&b, "it answers %u", (u32)l->call->status);
		fail(l, later ? ERR_LATE : ERR_DENY, later ? LOGIN_FAILED_MS : LOGIN_REFUSED_MS, "", buf_str(&b), now);
	} else {
		l->answer = lease_take(&l->ops->calls->net->lease, LOGIN_ANSWER_MAX + LOGIN_TEXT_MAX);
		if (!l->answer.p) {
			fail(l, ERR_LATE, LOGIN_FAILED_MS, "the gate is out of buffers", STR_NONE, now);
			return;
		}
		login_take_head(l);
		l->state = BODY;
		step_body(l, now);
	}
}

static void
login_run(struct ready *r, msec now)
{
	struct login_live *l = CONTAINER_OF(r, struct login_live, ready);

	switch (l->state) {
	case LOOK:
		if (!l->op.done)
			return;
		looked(l, now);
		return;
	case LEASE:
		if (!l->op.done)
			return;
		l->leased = l->op.err == 0;
		if (l->op.err == ERR_NONE) /* given back while we took it over */
			login_lease(l, now);
		else if (l->op.err == ERR_LATE)
			login_lease_look(l, now);
		else
			start_call(l, now); /* without a lease where there is no store to write to */
		return;
	case WHOSE:
		if (!l->op.done || login_lease_inherit(l, now))
			return;
		l->state = PAUSE;
		timer_set(&l->ops->loop->timers, &l->timer, &l->ready, now + PAUSE_MS);
		return;
	case PAUSE:
		if (now >= l->timer.at)
			login_look(l, now);
		return;
	case VAULT: start_call(l, now); return;
	case SAVE:
		if (l->op.done)
			finish(l, HAVE, now);
		return;
	case CALL: step_call(l, now); return;
	case BODY: step_body(l, now); return;
	default: return;
	}
}

/* ---- for calls ----------------------------------------------------------------------------------- */

int
login_need(struct ops *o, const struct login_ask *ask, u32 *number, msec now, struct buf *why)
{
	struct login_live *l = place_of(o, id_of(ask->credential, ask->born));
	bool busy = l && l->state != NONE && l->state != HAVE;
	u32 stamp = store_stamp(o->vault.store, 'j');

	if (!l) {
		BUF_LIT(why, "The gate is busy: too many logins are in use at once. Try again in a second.");
		return ERR_LATE;
	}
	l->last = ++o->logins.clock;
	*number = l->number;
	if (l->state == HAVE && now < l->ends && l->stamp == stamp)
		return 0;
	if (l->state == NONE && now < l->ends) {
		buf_put(why, str_of(l->why, l->why_n));
		buf_fmt(why, " It is tried again in %u s.", (u32)((l->ends - now) / 1000 + 1));
		return l->err;
	}
	list_out(&ask->wait->link);
	list_last(&l->waiting, &ask->wait->link);
	if (busy)
		return ERR_MORE;
	l->credential = ask->credential;
	l->born = ask->born;
	l->environment = ask->environment;
	l->hold = ask->hold;
	++*l->hold;
	l->fresh = l->state == HAVE && now < l->ends;
	l->stamp = stamp;
	l->old = login_texts_hash(l);
	login_look(l, now);
	return ERR_MORE;
}

int
login_put(struct ops *o, const struct credential *c, u64 born, struct params *p, struct buf *why)
{
	for (u32 i = 0; i < c->login->sends; i++) {
		struct buf room = buf_over(o->canon, RPC_BODY_MAX);
		struct str value = login_value(&o->logins, c, born, i);
		int err = credential_put_text(&c->login->send[i].as, value, &room, p, why);

		ct_wipe(o->canon, room.w);
		if (err)
			return err;
	}
	return 0;
}

void
login_good(struct ops *o, const struct credential *c, u64 born, u32 number)
{
	struct login_live *l = find(&o->logins, id_of(c, born));

	if (l && l->number == number)
		l->good = true;
}

bool
login_refused(struct ops *o, const struct credential *c, u64 born, u32 number, msec now)
{
	struct login_live *l = find(&o->logins, id_of(c, born));

	if (!l || l->number != number)
		return l != NULL; /* there is another one already */
	if (l->state == HAVE && !l->good && now - l->since < LOGIN_AGAIN_MS)
		return false;
	if (l->state == HAVE)
		l->ends = 0;
	return true;
}

void
login_give(struct ops *o, const struct login_ask *ask, struct str access, u32 seconds, msec now)
{
	struct login_live *l = place_of(o, id_of(ask->credential, ask->born));

	if (!l || (l->state != NONE && l->state != HAVE) || access.n > LOGIN_TEXT_MAX)
		return; /* it is obtained with the refresh token */
	l->born = ask->born;
	l->environment = ask->environment;
	memset(l->n, 0, sizeof l->n);
	memcpy(l->text, access.p, access.n);
	l->n[0] = (u16)access.n;
	l->number++;
	l->good = true; /* it came with its user's yes: should it be refused, the refresh token is tried */
	l->since = now;
	l->last = ++o->logins.clock;
	l->state = HAVE;
	l->ends = now + (msec)seconds * 1000;
	login_keep(l, seconds, now);
	l->stamp = store_stamp(o->vault.store, 'j');
}
