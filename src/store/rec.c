#include "store/rec.h"

#include "base/crc.h"
#include "crypt/ct.h"

#define END_VAL_N (REC_END_N - REC_HEAD_N)
#define END_MAC (REC_END_N - HASH_N) /* offset of the mac in END */

static bool
shape_is_right(const struct rec *r, u32 key_n)
{
	u32 val_n = r->len - REC_HEAD_N - key_n;

	switch (r->kind) {
	case REC_PUT: return key_n && key_n <= STORE_KEY_MAX && val_n <= STORE_VAL_MAX;
	case REC_DROP: return key_n && key_n <= STORE_KEY_MAX && !val_n && !r->dies;
	case REC_END: return !key_n && r->len == REC_END_N && !r->dies;
	}
	return false;
}

int
rec_parse(struct str in, struct rec *r)
{
	u32 key_n;

	if (in.n < REC_HEAD_N)
		return ERR_MORE;
	*r = (struct rec){ .seq = le64(in.p + 8), .len = le32(in.p + 4), .kind = in.p[20] };
	r->dies = le32(in.p + 16);
	key_n = in.p[21];
	if (r->len < REC_HEAD_N + key_n || r->len > REC_MAX || in.p[22] || in.p[23])
		return ERR_BAD;
	if (!shape_is_right(r, key_n))
		return ERR_BAD;
	if (in.n < r->len)
		return ERR_MORE;
	if (crc32c(0, str_of(in.p + 4, r->len - 4)) != le32(in.p))
		return ERR_BAD;
	r->key = str_of(in.p + REC_HEAD_N, key_n);
	r->val = str_of(in.p + REC_HEAD_N + key_n, r->len - REC_HEAD_N - key_n);
	return (int)r->len;
}

void
rec_put(struct buf *b, const struct rec *r)
{
	u8 head[REC_HEAD_N] = { 0 };
	u32 start = b->w;

	put_le32(head + 4, REC_HEAD_N + r->key.n + r->val.n);
	put_le64(head + 8, r->seq);
	put_le32(head + 16, r->dies);
	head[20] = r->kind;
	head[21] = (u8)r->key.n;
	buf_put(b, str_of(head, sizeof head));
	buf_put(b, r->key);
	buf_put(b, r->val);
	if (!b->over)
		put_le32(b->p + start, crc32c(0, str_of(b->p + start + 4, b->w - start - 4)));
}

/* The mac of a group whose records and END stand in bytes. */
static void
group_mac(const struct chain *c, struct str bytes, u8 mac[HASH_N])
{
	struct hash_mac m;
	u32 end = bytes.n - REC_END_N;

	hash_mac_begin(&m, c->key);
	hash_mac_add(&m, str_of(c->mac, HASH_N));
	hash_mac_add(&m, str_of(bytes.p, end));
	hash_mac_add(&m, str_of(bytes.p + end + 4, END_MAC - 4));
	hash_mac_out(&m, mac);
	ct_wipe(&m, sizeof m);
}

static bool
seq_is_right(const struct chain *c, const struct rec *r, u64 last)
{
	if (c->merged)
		return r->seq <= c->seq;
	return r->kind == REC_END ? r->seq == last : r->seq > last;
}

/* END says where it and its group stand. */
static bool
end_is_here(const struct rec *r, const struct chain *c, u32 used, u32 count)
{
	const u8 *v = r->val.p;

	return le32(v) == c->segment && le32(v + 4) == c->at && le32(v + 8) == c->at + used &&
	       le32(v + 12) == count;
}

int
group_parse(struct str in, struct chain *c, struct group *g)
{
	u64 last = c->seq;
	u32 used = 0, count = 0;
	u8 mac[HASH_N];

	for (;;) {
		struct rec r;
		int n = rec_parse(str_cut(in, used, in.n), &r);

		if (n < 0)
			return n == ERR_MORE && in.n >= STORE_GROUP_N ? ERR_BAD : n;
		if (used + (u32)n > STORE_GROUP_N || !seq_is_right(c, &r, last))
			return ERR_BAD;
		if (r.kind == REC_END) {
			if (!end_is_here(&r, c, used, count))
				return ERR_BAD;
			*g = (struct group){ str_cut(in, 0, used), count, le32(r.val.p + 16) };
			break;
		}
		last = r.seq;
		used += (u32)n;
		count++;
	}
	used += REC_END_N;
	group_mac(c, str_cut(in, 0, used), mac);
	if (!ct_same(mac, in.p + used - HASH_N, HASH_N))
		return ERR_BAD;
	memcpy(c->mac, mac, HASH_N);
	c->at += used;
	if (!c->merged)
		c->seq = last;
	return (int)used;
}

void
group_end(struct buf *b, struct chain *c, u32 count, wall at)
{
	u8 val[END_VAL_N] = { 0 };
	u32 n = b->w - b->r;
	u8 *end;

	put_le32(val, c->segment);
	put_le32(val + 4, c->at);
	put_le32(val + 8, c->at + n);
	put_le32(val + 12, count);
	put_le32(val + 16, at);
	rec_put(b, &(struct rec){ c->seq, 0, 0, REC_END, STR_NONE, str_of(val, sizeof val) });
	ASSERT(!b->over);
	end = b->p + b->w - REC_END_N;
	group_mac(c, buf_str(b), c->mac);
	memcpy(end + END_MAC, c->mac, HASH_N);
	put_le32(end, crc32c(0, str_of(end + 4, REC_END_N - 4)));
	c->at += n + REC_END_N;
}

bool
group_later(struct str bytes, u32 at, u32 segment, u32 after)
{
	for (u32 i = 0; i + REC_END_N <= bytes.n; i++) {
		const u8 *p = bytes.p + i;
		struct rec r;

		/* The cheap tests first: this looks at every byte. */
		if (p[20] != REC_END || le32(p + 4) != REC_END_N)
			continue;
		if (le32(p + REC_HEAD_N + 8) != at + i || le32(p + REC_HEAD_N) != segment ||
		    le32(p + REC_HEAD_N + 4) <= after)
			continue;
		if (rec_parse(str_of(p, REC_END_N), &r) > 0)
			return true;
	}
	return false;
}
