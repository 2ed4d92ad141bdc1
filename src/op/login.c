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
		list_init(&l->op.link);
	}
	return l;
}

struct str
login_value(const struct logins *all, const struct credential *c, u32 i)
{
	const struct login_live *l = c->login && all->live ? find(all, c->login->id) : NULL;
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
		struct login_wait *wait = CONTAINER_OF(link, struct login_wait, link);

		list_out(link);
		loop_ready(l->ops->loop, wait->owner);
	}
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
	struct str body = l->credential->login->body, secret = STR_NONE, mark = STR("{secret}");
	bool json = str_starts(body, STR("{"));
	int at = str_find_str(body, mark);

	if (at >= 0) {
		int err = credential_secret(l->credential, &l->ops->vault, &secret, now, why);

		if (err)
			return err;
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

static void
write_request(struct buf *out, const struct login *login, const struct params *p)
{
	struct str body = buf_str(&p->body);

	hout_request(out, head_method_name((enum method)login->method), buf_str(&p->target));
	hout_field(out, "Host", login->at->host_field);
	BUF_LIT(out, "Accept: application/json, */*;q=0.5\r\nAccept-Encoding: identity\r\nUser-Agent: mcpgated\r\n");
	buf_put(out, buf_str(&p->fields));
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
	if (err) {
		fail(l, err == ERR_MORE ? ERR_LATE : ERR_DENY, err == ERR_MORE ? 100 : LOGIN_FAILED_MS, "",
		    buf_str(&why), now);
		return;
	}
	cs.method = login->method;
	cs.body_max = LOGIN_ANSWER_MAX;
	l->call = call_start(o->calls, &cs, &l->ready, now);
	out = l->call ? call_out(l->call, buf_len(&p.target) + buf_len(&p.fields) + buf_len(&p.body) + 1024) : NULL;
	if (out)
		write_request(out, login, &p);
	ct_wipe(p.body.p, p.body.w);
	if (!out || out->over || call_send(l->call)) {
		fail(l, ERR_LATE, LOGIN_FAILED_MS, l->call ? "the request does not fit" : o->calls->why, STR_NONE, now);
		return;
	}
	l->state = CALL;
	loop_ready(o->loop, &l->ready);
}

/* ---- the answer ---------------------------------------------------------------------------------- */

/* The value of a cookie that the answer sets (RFC 6265 section 5.2: up to the first ';'). */
static struct str
cookie_of(const struct fields *f, struct str name)
{
	const struct field *field;
	u32 i = 0;

	while ((field = field_next(f, FIELD_SET_COOKIE, &i))) {
		struct str rest = field->value, value = str_next(&rest, ';'), key = str_next(&value, '=');

		if (str_same(str_trim(key), name))
			return str_trim(value);
	}
	return STR_NONE;
}

static struct jcur
json_of(struct jcur c, struct str path)
{
	while (path.p)
		c = json_get_str(c, str_next(&path, '.'));
	return c;
}

static void
add_value(struct login_live *l, u32 i, struct str value)
{
	struct buf b = buf_over(l->text, sizeof l->text);

	for (u32 k = 0; k < i; k++)
		b.w += l->n[k];
	if (value.n > buf_room(&b))
		return;
	buf_put(&b, value);
	l->n[i] = (u16)value.n;
}

/* What stands in the head, while it can be seen; n[] of what stands in the body stays 0. */
static void
take_head(struct login_live *l)
{
	const struct login *login = l->credential->login;
	const struct fields *f = &l->ops->calls->resp.fields;
	struct buf b = buf_over(l->answer.p, l->answer.cap);

	/* kept in front of the body, in order, each behind its length */
	for (u32 i = 0; i < login->sends; i++) {
		struct str from = login->send[i].from, value = STR_NONE;
		const struct field *field;

		if (str_starts(from, STR("cookie:")))
			value = cookie_of(f, str_cut(from, 7, from.n));
		else if (str_starts(from, STR("header:")) && (field = field_find(f, str_cut(from, 7, from.n))))
			value = field->value;
		if (value.n > LOGIN_TEXT_MAX)
			value = STR_NONE;
		buf_byte(&b, (u8)(value.n >> 8));
		buf_byte(&b, (u8)value.n);
		buf_put(&b, value);
	}
	l->answer.w = b.w;
	if (b.over)
		l->answer.p[0] = l->answer.p[1] = 0;
}

static u32
lifetime_of(const struct login *login, struct jcur root)
{
	struct str text = login->lifetime;
	u64 n = 0;

	if (str_starts(text, STR("json:"))) {
		struct jcur c = json_of(root, str_cut(text, 5, text.n));

		if (json_u64(c, &n))
			text = json_str(c, NULL);
	}
	if (!n && str_u64(text, &n))
		n = 0;
	return (u32)(n > 86400 * 365 ? 86400 * 365 : n);
}

/* All of the answer is there: what it gives, in the order in which it is sent. Whether all was found. */
static bool
take_values(struct login_live *l, u32 *lifetime_s)
{
	const struct login *login = l->credential->login;
	struct ops *o = l->ops;
	struct jdoc d;
	struct jcur root = json_none(ERR_NONE);
	struct str head, body = buf_str(&l->answer);

	memset(l->n, 0, sizeof l->n);
	for (u32 i = 0; i < login->sends; i++)
		body = str_cut(body, 2 + ((u32)body.p[0] << 8 | body.p[1]), body.n);
	head = buf_str(&l->answer);
	if (json_parse(&d, body, o->tok, RPC_TOKENS_MAX) == 0)
		root = json_root(&d);
	for (u32 i = 0; i < login->sends; i++) {
		u32 n = (u32)head.p[0] << 8 | head.p[1];
		struct str from = login->send[i].from, value = str_cut(head, 2, 2 + n);
		struct buf b = buf_over(o->canon, RPC_BODY_MAX);

		head = str_cut(head, 2 + n, head.n);
		if (str_starts(from, STR("json:")) && json_str_put(json_of(root, str_cut(from, 5, from.n)), &b) == 0)
			value = buf_str(&b);
		add_value(l, i, value);
		ct_wipe(o->canon, b.w);
		if (!l->n[i])
			return false;
	}
	*lifetime_s = lifetime_of(login, root);
	return true;
}

static void
have(struct login_live *l, msec now)
{
	u32 s = 0;
	u32 early;

	if (!take_values(l, &s)) {
		fail(l, ERR_DENY, LOGIN_REFUSED_MS, "its answer lacks what login_send names", STR_NONE, now);
		return;
	}
	early = min_u32(s / 10 + 1, 60); /* before it runs out */
	l->ends = s ? now + (msec)s * 1000 - (s > early ? (msec)early * 1000 : 500) : INT64_MAX;
	l->number++;
	l->good = false;
	login_keep(l, s ? (s > early ? s - early : 0) : 30 * 86400, now);
	l->stamp = store_stamp(l->ops->vault.store, 'j'); /* ours does not make us look */
	log_info("login", "host=%S seconds=%u", l->credential->login->at->host_field, s);
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
		take_head(l);
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
		if (l->op.err != ERR_LATE) {
			start_call(l, now); /* without a lease where there is no store to write to */
			return;
		}
		l->state = PAUSE;
		timer_set(&l->ops->loop->timers, &l->timer, &l->ready, now + PAUSE_MS);
		return;
	case PAUSE:
		if (now >= l->timer.at)
			login_look(l, now);
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
	struct login_live *l = place_of(o, ask->credential->login->id);
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
	l->hold = ask->hold;
	++*l->hold;
	l->fresh = l->state == HAVE && now < l->ends;
	l->stamp = stamp;
	l->old = login_texts_hash(l);
	login_look(l, now);
	return ERR_MORE;
}

int
login_put(struct ops *o, const struct credential *c, struct params *p, struct buf *why)
{
	for (u32 i = 0; i < c->login->sends; i++) {
		struct buf room = buf_over(o->canon, RPC_BODY_MAX);
		int err = credential_put_text(&c->login->send[i].as, login_value(&o->logins, c, i), &room, p, why);

		ct_wipe(o->canon, room.w);
		if (err)
			return err;
	}
	return 0;
}

void
login_good(struct ops *o, const struct credential *c, u32 number)
{
	struct login_live *l = find(&o->logins, c->login->id);

	if (l && l->number == number)
		l->good = true;
}

bool
login_refused(struct ops *o, const struct credential *c, u32 number)
{
	struct login_live *l = find(&o->logins, c->login->id);

	if (!l || l->number != number)
		return l != NULL; /* there is another one already */
	if (l->state == HAVE && l->good)
		l->ends = 0;
	return l->state != HAVE || l->good;
}
