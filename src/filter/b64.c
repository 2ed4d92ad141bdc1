#include "filter/b64.h"

#include "base/base64.h"

static void
put(const struct b64 *b, struct str s, struct buf *out)
{
	if (b->url)
		base64_put_url(out, s);
	else
		base64_put(out, s);
}

/* Fills the group that an earlier piece began. Returns the bytes of in used. */
static u32
fill(struct b64 *b, struct str in, struct buf *out)
{
	u8 group[3] = { b->kept[0], b->kept[1] };
	u32 need = 3U - b->kept_n;

	memcpy(group + b->kept_n, in.p, need);
	put(b, str_of(group, 3), out);
	b->kept_n = 0;
	return need;
}

u32
b64_run(struct b64 *b, struct str in, struct buf *out)
{
	u32 at = 0, groups;

	if (in.n == 0 || out->over)
		return 0;
	if (b->kept_n && b->kept_n + (u64)in.n >= 3) {
		if (buf_room(out) < 4)
			return 0;
		at = fill(b, in, out);
	}
	groups = b->kept_n ? 0 : min_u32((in.n - at) / 3, buf_room(out) / 4);
	put(b, str_cut(in, at, at + 3 * groups), out);
	at += 3 * groups;
	while (at < in.n && (u64)in.n - at + b->kept_n < 3)
		b->kept[b->kept_n++] = in.p[at++];
	return at;
}

int
b64_end(struct b64 *b, struct buf *out)
{
	if (buf_room(out) < 4 || out->over)
		return ERR_FULL;
	put(b, str_of(b->kept, b->kept_n), out);
	b->kept_n = 0;
	return 0;
}
