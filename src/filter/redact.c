#include "filter/redact.h"

#include "filter/windows.h"

#define STEP_N 64 /* bytes added to what is held, at least: most beginnings end at once */

void
redact_init(struct redact *r, const struct needles *set, enum redact_kind kind, u64 length,
    struct lease *lease)
{
	*r = (struct redact){ .set = set && (set->n || set->others) ? set : NULL, .left = length, .lease = lease };
	r->json = kind == REDACT_JSON;
}

/* Looks through bytes from the front on: how many are clear, else how many are a value (*n), else
 * neither: the beginning of one. */
static u32
look(struct redact *r, struct str s, u64 more, u32 *n)
{
	struct needles_in in = { .in = s, .json = r->json, .quoted = r->quoted };
	u32 at, other, other_n;

	in.more = !r->ended && more;
	at = needles_find(r->set, &in, n);
	if (r->set->others) {
		other = windows_find(r->set->others, &in, at, &other_n);
		if (other < at || (other == at && other_n > *n && *n)) {
			at = other;
			*n = other_n;
		}
	}
	if (r->json && (r->set->outside || (r->set->others && r->set->others->outside)))
		r->quoted = needles_quoted(&in, at);
	return at;
}

static void
use(struct redact *r, struct str *in, u32 n)
{
	*in = str_cut(*in, n, in->n);
	r->left -= r->left == REDACT_UNKNOWN ? 0 : n < r->left ? n : r->left;
}

static void
eat(struct redact *r, u32 n)
{
	buf_eat(&r->hold, n);
	if (buf_len(&r->hold) == 0)
		lease_give(r->lease, &r->hold);
}

static void
found(struct redact *r)
{
	r->count++;
	r->mark = STR(REDACT_MARK);
}

/* Takes the next n bytes of input among what is held. */
static void
hold(struct redact *r, struct str *in, u32 n)
{
	if (lease_grow(r->lease, &r->hold, n)) {
		r->err = ERR_FULL;
		return;
	}
	buf_put(&r->hold, str_cut(*in, 0, n));
	use(r, in, n);
}

/* Goes one step on with what is held; false when that needs input. */
static bool
look_held(struct redact *r, struct str *in)
{
	u32 n;

	r->clear = look(r, buf_str(&r->hold), r->left, &n);
	if (r->clear)
		return true;
	if (n) {
		eat(r, n);
		found(r);
		return true;
	}
	if (in->n == 0)
		return false;
	hold(r, in, min_u32(in->n, max_u32(STEP_N, buf_len(&r->hold))));
	return true;
}

/* The same with input, nothing being held. */
static bool
look_in(struct redact *r, struct str *in)
{
	u32 n;

	if (in->n == 0)
		return false;
	r->clear = look(r, *in, r->left - (in->n < r->left ? in->n : r->left), &n);
	if (r->clear)
		return true;
	if (n) {
		use(r, in, n);
		found(r);
	} else {
		hold(r, in, in->n);
	}
	return true;
}

struct str
redact_look(struct redact *r, struct str *in)
{
	if (!r->set)
		return *in;
	while (!r->err) {
		if (r->mark.n)
			return r->mark;
		if (r->clear)
			return str_cut(r->hold.p ? buf_str(&r->hold) : *in, 0, r->clear);
		if (!(r->hold.p ? look_held(r, in) : look_in(r, in)))
			break;
	}
	return STR_NONE;
}

void
redact_took(struct redact *r, struct str *in, u32 n)
{
	if (r->mark.n) {
		r->mark = str_cut(r->mark, n, r->mark.n);
		return;
	}
	r->clear -= min_u32(n, r->clear);
	if (r->hold.p)
		eat(r, n);
	else
		use(r, in, n);
}

void
redact_end(struct redact *r)
{
	r->ended = true;
}

void
redact_done(struct redact *r)
{
	if (r->hold.p)
		lease_give(r->lease, &r->hold);
	r->clear = 0;
	r->mark = STR_NONE;
	r->set = NULL;
}

u32
redact_put(const struct needles *set, struct str text, struct buf *out)
{
	struct redact r;
	struct str v;

	redact_init(&r, set, REDACT_TEXT, text.n, NULL);
	while ((v = redact_look(&r, &text)).n) {
		buf_put(out, str_cut(v, 0, buf_room(out)));
		redact_took(&r, &text, v.n);
	}
	return r.count;
}
