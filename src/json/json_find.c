#include "json/json.h"
#include "json/json_priv.h"

#define PAIRWISE_MAX 24 /* members that are compared each with each */

/* --- duplicate keys -------------------------------------------------------------------------- */

/* One total order of keys as they are after decoding. */
static int
key_order(struct str a, struct str b)
{
	u8 ta[4], tb[4];
	struct str pa = STR_NONE, pb = STR_NONE;

	if (str_find(a, '\\', 0) < 0 && str_find(b, '\\', 0) < 0)
		return str_cmp(a, b);
	for (;;) {
		if (pa.n == 0 && a.n)
			pa = json_piece(&a, ta);
		if (pb.n == 0 && b.n)
			pb = json_piece(&b, tb);
		if (pa.n == 0 || pb.n == 0)
			return (pa.n > 0) - (pb.n > 0);
		if (pa.p[0] != pb.p[0])
			return pa.p[0] < pb.p[0] ? -1 : 1;
		pa = str_cut(pa, 1, pa.n);
		pb = str_cut(pb, 1, pb.n);
	}
}

static bool
any_escaped_key(struct jcur c)
{
	if (!c.doc->escapes)
		return false;
	for (c = json_first(c); !c.err; c = json_next(c))
		if (str_find(json_key(c), '\\', 0) >= 0)
			return true;
	return false;
}

/* In a document without escapes. */
static int
dup_plain(struct jcur c, struct jcur *second)
{
	const struct jsmntok *tok = c.doc->tok;
	const u8 *text = c.doc->text.p;
	UNSET const struct jsmntok *key[PAIRWISE_MAX];
	u32 n = 0;

	for (int at = c.at + 2; at; at = tok[at].next) {
		const struct jsmntok *k = &tok[at - 1];
		int size = k->end - k->from;

		for (u32 i = 0; i < n; i++) {
			if (key[i]->end - key[i]->from != size)
				continue;
			if (memcmp(text + key[i]->from, text + k->from, (u32)size) == 0) {
				*second = json_moved(c, at);
				return 1;
			}
		}
		key[n++] = k;
	}
	return 0;
}

static int
dup_pairwise(struct jcur c, struct jcur *second)
{
	bool escaped = any_escaped_key(c);
	UNSET struct str key[PAIRWISE_MAX];
	u32 n = 0;

	for (c = json_first(c); !c.err; c = json_next(c)) {
		key[n] = json_key(c);
		for (u32 i = 0; i < n; i++)
			if (escaped ? key_order(key[i], key[n]) == 0 : str_same(key[i], key[n])) {
				*second = c;
				return 1;
			}
		n++;
	}
	return 0;
}

static int
order_at(struct jcur c, u32 a, u32 b)
{
	return key_order(json_key(json_moved(c, (int)a)), json_key(json_moved(c, (int)b)));
}

/* Heap sort: no worst case that an outsider could ask for, no memory but the array. */
static void
sift(struct jcur c, u32 *heap, u32 at, u32 n)
{
	for (;;) {
		u32 big = at, left = 2 * at + 1, tmp;

		if (left < n && order_at(c, heap[left], heap[big]) > 0)
			big = left;
		if (left + 1 < n && order_at(c, heap[left + 1], heap[big]) > 0)
			big = left + 1;
		if (big == at)
			return;
		tmp = heap[at];
		heap[at] = heap[big];
		heap[big] = tmp;
		at = big;
	}
}

static int
dup_sorted(struct jcur c, u32 *heap, u32 n, struct jcur *second)
{
	u32 i = 0, last = 0;

	for (struct jcur m = json_first(c); !m.err; m = json_next(m))
		heap[i++] = (u32)m.at;
	ASSERT(i == n);
	for (i = n / 2; i > 0; i--)
		sift(c, heap, i - 1, n);
	/* the largest comes off first: equal keys come off one after another */
	for (i = n; i > 0; i--) {
		u32 top = heap[0];

		if (last && order_at(c, top, last) == 0) {
			*second = json_moved(c, (int)max_u32(top, last));
			return 1;
		}
		last = top;
		heap[0] = heap[i - 1];
		sift(c, heap, 0, i - 1);
	}
	return 0;
}

int
json_dup_key(struct jcur c, struct arena *scratch, struct jcur *second)
{
	u32 n = json_len(c), *heap;
	size_t mark;
	int err;

	if (json_kind(c) != JSON_OBJECT || n < 2)
		return 0;
	if (n <= PAIRWISE_MAX)
		return c.doc->escapes ? dup_pairwise(c, second) : dup_plain(c, second);
	if (!scratch)
		return ERR_FULL;
	mark = scratch->used;
	heap = ARENA_ARRAY(scratch, u32, n);
	err = heap ? dup_sorted(c, heap, n, second) : ERR_FULL;
	arena_rewind(scratch, mark);
	return err;
}

int
json_dup_any(struct jcur c, struct arena *scratch, struct jcur *second)
{
	const struct jsmntok *t, *last;
	int end;

	if (c.err)
		return 0;
	t = &c.doc->tok[c.at];
	last = &c.doc->tok[c.doc->n];
	end = t->end;
	for (; t < last && t->from < end; t++) {
		int err = t->n > 1 ? json_dup_key(json_moved(c, (int)(t - c.doc->tok)), scratch, second) : 0;

		if (err)
			return err;
	}
	return 0;
}

/* --- pointer --------------------------------------------------------------------------------- */

/* Decodes ~0 and ~1 of one part into tmp when it has any. Parts longer than tmp with a ~ are
 * never found. */
static struct str
pointer_part(struct str part, u8 *tmp, u32 cap)
{
	struct buf b = buf_over(tmp, cap);

	if (str_find(part, '~', 0) < 0)
		return part;
	for (u32 i = 0; i < part.n; i++) {
		u8 c = part.p[i];

		if (c == '~') {
			u8 which = ++i < part.n ? part.p[i] : 0;

			if (which != '0' && which != '1')
				return STR_NONE;
			c = which == '0' ? '~' : '/';
		}
		buf_byte(&b, c);
	}
	return b.over ? STR_NONE : buf_str(&b);
}

static struct jcur
pointer_step(struct jcur c, struct str part)
{
	u64 i;

	if (json_kind(c) == JSON_OBJECT)
		return json_get_str(c, part);
	if (json_kind(c) != JSON_ARRAY || str_u64(part, &i) || i >= json_len(c))
		return json_none(c.err ? c.err : ERR_NONE);
	if (part.n > 1 && part.p[0] == '0')
		return json_none(ERR_NONE);
	return json_at(c, (u32)i);
}

struct jcur
json_pointer(struct jcur c, struct str pointer)
{
	UNSET u8 tmp[512];

	if (pointer.n == 0)
		return c;
	if (pointer.p[0] != '/')
		return json_none(ERR_BAD);
	pointer = str_cut(pointer, 1, pointer.n);
	while (pointer.p && !c.err) {
		struct str part = str_next(&pointer, '/');

		part = pointer_part(part, tmp, sizeof tmp);
		c = part.p ? pointer_step(c, part) : json_none(ERR_NONE);
	}
	return c;
}
