#include "crypt/der_priv.h"

static struct str
miss(struct der *d)
{
	d->bad = true;
	d->rest = STR_NONE;
	return STR_NONE;
}

/* Bytes of tag and length; *n is the length of the contents. 0 if it is not one. */
static u32
head(struct str s, u32 *n)
{
	u32 more;

	if (s.n < 2 || (s.p[0] & 0x1f) == 0x1f)
		return 0;
	if (s.p[1] < 0x80) {
		*n = s.p[1];
		return 2;
	}
	more = s.p[1] & 0x7f;
	if (more < 1 || more > 2 || s.n < 2 + more)
		return 0;
	*n = more == 1 ? s.p[2] : (u32)s.p[2] << 8 | s.p[3];
	if (*n < (more == 1 ? 0x80U : 0x100U))
		return 0;
	return 2 + more;
}

bool
der_is(const struct der *d, u8 tag)
{
	return d->rest.n > 0 && d->rest.p[0] == tag;
}

/* Takes the next element; the view begins at its contents or at its head. */
static struct str
take(struct der *d, bool whole)
{
	struct str out;
	u32 n = 0, h = head(d->rest, &n);

	if (d->bad || h == 0 || n > d->rest.n - h)
		return miss(d);
	out = whole ? str_of(d->rest.p, h + n) : str_of(d->rest.p + h, n);
	d->rest = str_of(d->rest.p + h + n, d->rest.n - h - n);
	return out;
}

struct str
der_take(struct der *d, u8 tag)
{
	return der_is(d, tag) ? take(d, false) : miss(d);
}

struct str
der_whole(struct der *d, u8 tag)
{
	return der_is(d, tag) ? take(d, true) : miss(d);
}

struct str
der_any(struct der *d)
{
	return take(d, true);
}

struct der
der_in(struct der *d, u8 tag)
{
	struct der in = der_over(der_take(d, tag));

	in.bad = d->bad;
	return in;
}

struct str
der_uint(struct der *d)
{
	struct str v = der_take(d, DER_INT);

	if (d->bad || v.n == 0 || (v.p[0] & 0x80))
		return miss(d);
	if (v.n > 1 && v.p[0] == 0 && !(v.p[1] & 0x80))
		return miss(d);
	return v.p[0] == 0 ? str_of(v.p + 1, v.n - 1) : v;
}

struct str
der_bits(struct der *d)
{
	struct str v = der_take(d, DER_BITS);

	if (d->bad || v.n == 0 || v.p[0] != 0)
		return miss(d);
	return str_of(v.p + 1, v.n - 1);
}

bool
der_done(const struct der *d)
{
	return !d->bad && d->rest.n == 0;
}

/* ---- writing ------------------------------------------------------------------------------------- */

struct str
derw_str(const struct derw *w, u32 end)
{
	return w->over ? STR_NONE : str_of(w->p + w->at, end - w->at);
}

void
der_raw(struct derw *w, struct str bytes)
{
	if (w->over || bytes.n > w->at) {
		w->over = true;
		return;
	}
	w->at -= bytes.n;
	if (bytes.n)
		memcpy(w->p + w->at, bytes.p, bytes.n);
}

void
der_wrap(struct derw *w, u8 tag, u32 end)
{
	u32 n = end - w->at;
	u8 head[4] = { tag, 0x82, (u8)(n >> 8), (u8)n };

	if (n >= 0x100) {
		der_raw(w, str_of(head, 4));
		return;
	}
	head[1] = n >= 0x80 ? 0x81 : (u8)n;
	head[2] = (u8)n;
	der_raw(w, str_of(head, n >= 0x80 ? 3 : 2));
}

void
der_put(struct derw *w, u8 tag, struct str bytes)
{
	u32 end = w->at;

	der_raw(w, bytes);
	der_wrap(w, tag, end);
}
