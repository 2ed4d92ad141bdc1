#include "catalog/fold.h"

#define LEAST 12 /* bytes that are worth a reference */

static u32
slot(const u8 *p)
{
	u64 word;

	memcpy(&word, p, 8);
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		word = __builtin_bswap64(word);
	return (u32)((word * 0x9e3779b97f4a7c15ULL) >> (64 - FOLD_BITS));
}

/* Bytes as they are, and where they are from now on; the first place stays, more of it may come again. */
static void
put_plain(struct fold *f, struct str s, struct buf *out)
{
	u32 at = out->w;

	buf_put(out, s);
	for (u32 i = 0; i + LEAST <= s.n; i++) {
		u32 *old = &f->seen[slot(s.p + i)];

		if (!*old || memcmp(out->p + *old - 1, s.p + i, LEAST) != 0)
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

	while (i + LEAST <= text.n) {
		u32 at = f->seen[slot(text.p + i)], n = 0;

		/* text holds no mark, so what is equal is no part of a reference: places begin in plain bytes. */
		while (at && n < UINT16_MAX && i + n < text.n && at - 1 + n < out->w &&
		       out->p[at - 1 + n] == text.p[i + n])
			n++;
		if (n < LEAST) {
			i++;
			continue;
		}
		put_plain(f, str_cut(text, from, i), out);
		put_ref(at - 1, n, out);
		from = i += n;
	}
	put_plain(f, str_cut(text, from, text.n), out);
}

/* Takes the next piece off folded: bytes as they are. p NULL at the end, and where there is no such piece. */
static struct str
take(struct str all, struct str *folded)
{
	struct str s = *folded;
	u32 at, n;
	int mark = str_find(s, FOLD_MARK, 0);

	if (mark != 0 || s.n < FOLD_REF_N) {
		n = mark < 0 ? s.n : (u32)mark;
		*folded = str_cut(s, n, s.n);
		return n ? str_cut(s, 0, n) : STR_NONE;
	}
	at = (u32)s.p[1] | (u32)s.p[2] << 8 | (u32)s.p[3] << 16 | (u32)s.p[4] << 24;
	n = (u32)s.p[5] | (u32)s.p[6] << 8;
	*folded = str_cut(s, FOLD_REF_N, s.n);
	return at < all.n && n && n <= all.n - at ? str_of(all.p + at, n) : STR_NONE;
}

void
fold_read(struct str all, struct str folded, u32 from, u32 to, struct buf *out)
{
	u32 at = 0;

	while (at < to) {
		struct str piece = take(all, &folded);

		if (!piece.p)
			return;
		if (at + piece.n > from)
			buf_put(out, str_cut(piece, from > at ? from - at : 0, min_u32(piece.n, to - at)));
		at += piece.n;
	}
}

int
fold_check(struct str all, struct str folded)
{
	u64 n = 0;

	while (folded.n) {
		struct str piece = take(all, &folded);

		if (!piece.p)
			return ERR_BAD;
		n += piece.n;
	}
	return n > INT32_MAX ? ERR_BAD : (int)n;
}
