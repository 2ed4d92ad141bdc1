#include "op/meter.h"

#include "base/map.h"
#include "base/utf8.h"

#define RESET_MAX CALL_RETRY_AFTER_MAX /* seconds: a longer wish is cut to this, as Retry-After is */

static bool
is_write(const struct op *op)
{
	return op->effect != CATALOG_READ;
}

static u64
environment_tag(const struct op *op)
{
	return op->environment->origin ^ map_hash(op->environment->name, op->api->tag);
}

static int
refuse(struct op *op, u32 seconds)
{
	op->ops->no = (struct quota_no){ .retry_after_s = max_u32(seconds, 1), .left = UINT32_MAX };
	return OP_FAULT_LIMIT;
}

/* The same write by the same caller, of which nobody knows whether it was carried out. */
static int
refuse_again(struct op *op, u32 seconds, struct buf *why)
{
	buf_fmt(why, "Not done: the same call was sent before, its answer never came, and nobody knows whether it was "
	    "carried out. Look first whether it was. To do it all the same, add idempotency_key with a text of your "
	    "own, or wait %u s.", seconds);
	return refuse(op, seconds);
}

/* What makes two writes the same: who, what, and the key that the caller gave. */
static u64
write_tag(const struct op *op)
{
	return op->args ^ op->caller * 0x9e3779b97f4a7c15ULL ^ environment_tag(op);
}

int
meter_take(struct op *op, const struct op_spec *spec, struct buf *why)
{
	struct ops *o = op->ops;
	const struct api *api = op->api;
	const struct environment *e = op->environment;
	u64 now = o->loop->now_us;
	u32 s;

	if (!o->quota.cell)
		return 0;
	if (quota_busy(&o->quota, now)) {
		if (e->heed && (s = quota_paused(&o->quota, environment_tag(op), now)) != 0) {
			buf_fmt(why, "Not done: the API has had too many calls and wants a pause. Try again in %u s.",
			    s);
			return refuse(op, s);
		}
		if (is_write(op) && !op->offers_key &&
		    (s = quota_doubted(&o->quota, write_tag(op), NULL, now)) != 0)
			return refuse_again(op, s, why);
	}
	if (api->limited || e->rate.calls) {
		struct quota_ask ask = { .who = &op->who, .caller = op->caller, .rates = api->rate, .host = &e->rate };

		ask.api = api->tag;
		ask.tool = op->operation + 1;
		ask.origin = e->origin;
		ask.budget = api->budget;
		ask.team_budget = api->team_budget;
		if (quota_take(&o->quota, &ask, now, &o->no, why))
			return OP_FAULT_LIMIT;
	}
	return 0;
}

/* --- Idempotency-Key ------------------------------------------------------------------------------- */

static bool
offers_key(const struct op_spec *spec)
{
	struct catalog_param p;

	for (u32 i = 0; i < spec->operation->param_n; i++) {
		catalog_param(spec->catalog, spec->operation, i, &p);
		if (p.in == CATALOG_HEADER && str_same_nocase(p.wire, STR("Idempotency-Key")))
			return true;
	}
	return false;
}

static u64
hash_of(const struct op *op, u64 nonce)
{
	u64 in[3] = { nonce, op->args, op->caller };
	u8 out[HASH_N];
	u64 v;

	hash_mac(&op->ops->args_key, str_of(in, sizeof in), out);
	memcpy(&v, out, sizeof v);
	return v;
}

void
meter_key(struct op *op, const struct op_spec *spec, struct params *p)
{
	u64 value;

	if (!is_write(op))
		return;
	if (spec->idempotency.n)
		op->args = map_hash(spec->idempotency, op->args);
	if (!op->ops->quota.cell || !offers_key(spec))
		return;
	op->offers_key = true;
	if (str_find_str(buf_str(&p->fields), STR("dempotency-")) >= 0)
		return; /* the caller has given one */
	quota_doubted(&op->ops->quota, write_tag(op), &op->nonce, op->ops->loop->now_us);
	if (!op->nonce)
		op->nonce = hash_of(op, op->ops->loop->now_us ^ ++op->ops->keys << 40);
	value = hash_of(op, op->nonce);
	BUF_LIT(&p->fields, "Idempotency-Key: ");
	buf_hex(&p->fields, op->nonce, 16);
	buf_hex(&p->fields, value, 16);
	BUF_LIT(&p->fields, "\r\n");
}

/* --- what the API says ----------------------------------------------------------------------------- */

/* The number behind "name=" in a list of parameters, or the first number in it where name is empty. */
static bool
number_of(struct str value, struct str name, u64 *n)
{
	int at = name.n ? str_find_str(value, name) : 0;
	u32 i, from;

	if (at < 0)
		return false;
	for (i = from = (u32)at + name.n; i < value.n && (u8)(value.p[i] - '0') <= 9; i++)
		;
	return i > from && str_u64(str_cut(value, from, i), n) == 0;
}

/* RateLimit: "name";r=50;t=30 and its forerunners RateLimit-Remaining, RateLimit-Reset (seconds), X-RateLimit-...
 * (there also as a point in time, which is left alone). */
static void
note(struct op *op, const struct field *f)
{
	struct str name = f->name;
	u64 n;

	if ((name.p[0] | 32) == 'x')
		name = str_cut(name, 2, name.n);
	if (str_same_nocase(name, STR("ratelimit"))) {
		if (number_of(f->value, STR(";r="), &n))
			op->limit_left = (u32)(n < UINT32_MAX ? n : UINT32_MAX - 1);
		if (number_of(f->value, STR(";t="), &n) && n < 100000000)
			op->limit_reset_s = (u32)n;
	} else if (str_same_nocase(name, STR("ratelimit-remaining")) && number_of(f->value, STR(""), &n)) {
		op->limit_left = (u32)(n < UINT32_MAX ? n : UINT32_MAX - 1);
	} else if (str_same_nocase(name, STR("ratelimit-reset")) && number_of(f->value, STR(""), &n) && n < 100000000) {
		op->limit_reset_s = (u32)n;
	}
}

void
meter_head(struct op *op)
{
	const struct fields *f = &op->ops->calls->resp.fields;
	u32 pause = op->status == 429 ? op->retry_after_s : 0;

	for (u32 i = 0; i < f->n; i++) {
		struct str name = f->at[i].name;

		if (name.n >= 9 && name.n <= 21 && ((name.p[0] | 32) == 'r' || (name.p[0] | 32) == 'x') &&
		    (name.p[1] | 32) != 'e')
			note(op, &f->at[i]);
	}
	if (!pause && (op->status == 429 || op->limit_left == 0))
		pause = min_u32(op->limit_reset_s, RESET_MAX);
	if (op->status == 429 && !op->retry_after_s)
		op->retry_after_s = pause;
	if (pause && op->environment->heed && op->ops->quota.cell)
		quota_pause(&op->ops->quota, environment_tag(op), pause, op->ops->loop->now_us);
}

void
meter_end(struct op *op)
{
	if (op->unclear && is_write(op) && op->environment->doubt_ms && op->ops->quota.cell)
		quota_doubt(&op->ops->quota, write_tag(op), op->nonce, op->environment->doubt_ms,
		    op->ops->loop->now_us);
}
