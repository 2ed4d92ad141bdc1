#include "filter/escape.h"

#include "base/utf8.h"
#include "json/jesc.h"

#define REPLACEMENT STR("\xef\xbf\xbd")

/* Goes on with the character whose start was kept. Returns the bytes of in used; kept_n is 0
 * when it is settled. */
static u32
settle(struct escape *e, struct str in, struct buf *out)
{
	u32 at = 0, point;

	while (e->kept_n && at < in.n) {
		u8 bytes[4] = { e->kept[0], e->kept[1], e->kept[2] };
		struct str s = str_of(bytes, e->kept_n + 1U);
		bool whole;

		bytes[e->kept_n] = in.p[at];
		if (jesc_ends_inside(s)) {
			e->kept[e->kept_n++] = in.p[at++];
			continue;
		}
		whole = utf8_take(s, &point) > 0;
		if (buf_room(out) < (whole ? s.n : 3))
			return at;
		buf_put(out, whole ? s : REPLACEMENT);
		at += whole; /* else the byte begins something of its own */
		e->kept_n = 0;
	}
	return at;
}

u32
escape_run(struct escape *e, struct str in, struct buf *out)
{
	struct str rest;
	u32 at;

	if (out->over)
		return 0;
	at = e->kept_n ? settle(e, in, out) : 0;
	if (e->kept_n)
		return at;
	at += jesc_put(str_cut(in, at, in.n), out);
	rest = str_cut(in, at, in.n);
	if (!jesc_ends_inside(rest))
		return at;
	memcpy(e->kept, rest.p, rest.n);
	e->kept_n = (u8)rest.n;
	return in.n;
}

int
escape_end(struct escape *e, struct buf *out)
{
	if (e->kept_n == 0)
		return 0;
	if (buf_room(out) < 3 || out->over)
		return ERR_FULL;
	buf_put(out, REPLACEMENT);
	e->kept_n = 0;
	return 0;
}
