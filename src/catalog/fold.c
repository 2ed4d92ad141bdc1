#include "catalog/fold.h"

#define LONGER 16 /* bytes that are copied at once */

static u32
slot(const u8 *p)
{
	u64 sum = 0, word;

	for (u32 i = 0; i + 8 <= FOLD_LEAST; i += 8) {
		memcpy(&word, p + i, 8);
		if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
			word = __builtin_bswap64(word);
		sum = (sum ^ word) * 0x9e3779b97f4a7c15ULL;
		sum ^= sum >> 32;
	}
	return (u32)(sum * 0x9e3779b97f4a7c15ULL >> (64 - FOLD_BITS));
}

/* Bytes as they are, and where they are from now on; the first place stays, more of it may come again. */
static void
put_plain(struct fold *f, struct str s, struct buf *out)
{
	u32 at = out->w;

	buf_put(out, s);
	for (u32 i = 0; i + FOLD_LEAST <= s.n; i++) {
		u32 *old = &f->seen[slot(s.p + i)];

		if (!*old || memcmp(out->p + *old - 1, s.p + i, FOLD_LEAST) != 0)
			*old = at + i + 1;
	}
}

static void
put_ref(u32 at, u32 n, struct buf *out)
{
	buf_byte(out, FOLD_MARK);
	for (u32 i = 0; i < 4; i++)
		buf_byte(out, (u8)(at >> 8 * i));
	buf_byte(out, (u8)n);
	buf_byte(out, (u8)(n >> 8));
}

void
fold_put(struct fold *f, struct str text, struct buf *out)
{
	u32 from = 0, i = 0;

	while (i + FOLD_LEAST <= text.n) {
		u32 at = f->seen[slot(text.p + i)], n = 0;

		/* text holds no mark, so what is equal is no part of a reference: places begin in plain bytes. */
		while (at && n < UINT16_MAX && i + n < text.n && at - 1 + n < out->w &&
		       out->p[at - 1 + n] == text.p[i + n])
			n++;
		if (n < FOLD_LEAST) {
			i++;
			continue;
		}
		put_plain(f, str_cut(text, from, i), out);
		put_ref(at - 1, n, out);
		from = i += n;
	}
	put_plain(f, str_cut(text, from, text.n), out);
}

/* What a reference stands for, n bytes from it on; nothing when it is none. */
static struct str
referred(struct str all, const u8 *p, u32 n)
{
	u32 at, len;

	if (n < FOLD_REF_N)
		return STR_NONE;
	at = (u32)p[1] | (u32)p[2] << 8 | (u32)p[3] << 16 | (u32)p[4] << 24;
	len = (u32)p[5] | (u32)p[6] << 8;
	return at < all.n && len <= all.n - at ? str_of(all.p + at, len) : STR_NONE;
}

/* Bytes before the next mark, or all. */
static u32
run_of(const u8 *p, u32 n)
{
	const u64 ones = 0x0101010101010101U;
	u32 i = 0;
	u64 x;

	for (; i + 8 <= n; i += 8) {
		memcpy(&x, p + i, 8);
		x ^= ones * FOLD_MARK;
		if ((x - ones) & ~x & ones << 7)
			break;
	}
	while (i < n && p[i] != FOLD_MARK)
		i++;
	return i;
}

/* As memcpy, for short pieces where LONGER bytes more may be read and written: most pieces are shorter than that. */
static void
copy_short(u8 *to, const u8 *from, u32 n)
{
	u32 i = 0;

	do {
		memcpy(to + i, from + i, LONGER);
		i += LONGER;
	} while (i < n);
}

void
fold_read(struct str all, struct str folded, u32 from, u32 to, struct buf *out)
{
	const u8 *p = folded.p, *end = p + folded.n;
	bool room = to >= from && buf_room(out) >= to - from + LONGER;

	for (u32 at = 0; at < to && p < end;) {
		struct str piece = { p, 0 };
		u32 skip, n;

		if (*p == FOLD_MARK) {
			piece = referred(all, p, (u32)(end - p));
			p += FOLD_REF_N;
		} else {
			piece.n = run_of(p, (u32)(end - p));
			p += piece.n;
		}
		if (!piece.n)
			return;
		skip = from > at ? min_u32(from - at, piece.n) : 0;
		n = min_u32(piece.n, to - at) - skip;
		at += piece.n;
		if (room && (u32)(all.p + all.n - piece.p) >= skip + n + LONGER) {
			copy_short(out->p + out->w, piece.p + skip, n);
			out->w += n;
		} else {
			buf_put(out, str_of(piece.p + skip, n));
		}
	}
}

int
fold_check(struct str all, struct str folded, struct fold_byte *want, u32 wants)
{
	u64 n = 0;

	for (u32 i = 0; i < folded.n;) {
		bool mark = folded.p[i] == FOLD_MARK;
		struct str piece = mark ? referred(all, folded.p + i, folded.n - i)
		                        : str_of(folded.p + i, run_of(folded.p + i, folded.n - i));

		if (!piece.n)
			return ERR_BAD;
		for (; wants && want->at < n + piece.n; want++, wants--)
			want->byte = piece.p[want->at - n];
		i += mark ? FOLD_REF_N : piece.n;
		n += piece.n;
	}
	return n > INT32_MAX ? ERR_BAD : (int)n;
}
