#include "filter/needles_priv.h"

#define CHARS_MAX 80 /* characters that may stand at one place of a form: edges of base64 */

static_assert(NEEDLES_TEXT <= UINT16_MAX, "places in text are u16");
static_assert(5 * NEEDLE_MAX + 8 <= NEEDLES_TEXT, "the longest value fits");

const u8 needles_six[256] = {
	['+'] = 63, ['-'] = 63, ['/'] = 64, ['_'] = 64,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
	40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
};

void
needles_init(struct needles *set)
{
	memset(set, 0, offsetof(struct needles, text));
}

/* ---- the forms of a value -------------------------------------------------------------------- */

/* As it is, less backslashes. */
static void
make_plain(struct needles *set, struct needle *f, struct str value)
{
	*f = (struct needle){ .at = (u16)set->text_n };
	for (u32 i = 0; i < value.n; i++)
		if (value.p[i] != '\\')
			set->text[f->at + f->n++] = value.p[i];
	f->slashed = f->n < value.n;
}

static u32
byte_at(struct str value, u32 before, u32 i)
{
	return i < before || i - before >= value.n ? 0 : value.p[i - before];
}

/* The characters of base64 that hold bits of the value when `before` bytes stand before it in its
 * group of three. */
static void
make_base64(struct needles *set, struct needle *f, struct str value, u32 before)
{
	u32 from = before * 8 / 6, to = ((before + value.n) * 8 + 5) / 6;

	*f = (struct needle){ .at = (u16)set->text_n, .n = (u16)(to - from), .base64 = true };
	f->head = (u8)(63 >> (before * 8 - from * 6));
	f->tail = (u8)(63 & 63 << (to * 6 - (before + value.n) * 8));
	for (u32 i = from; i < to; i++) {
		u32 at = i * 6 / 8, two = byte_at(value, before, at) << 8 | byte_at(value, before, at + 1);

		set->text[f->at + i - from] = (u8)(two >> (10 - i * 6 % 8) & 63);
	}
}

/* ---- what to look for ----------------------------------------------------------------------- */

/* All characters that may stand at place i. */
static u32
chars_at(const struct needles *set, const struct needle *f, u32 i, u8 c[CHARS_MAX])
{
	u32 n = 0;

	if (!f->base64) {
		c[0] = set->text[f->at + i];
		return 1;
	}
	for (u32 x = '+'; x <= 'z'; x++)
		if (needle_fits(set, f, i, (u8)x))
			c[n++] = (u8)x;
	return n;
}

static void
add_kind(struct needles *set, u32 which, u8 kind, u8 c)
{
	set->low[which][c & 15] |= kind;
	set->high[which][c >> 4] |= kind;
}

/* Lets c be found behind a backslash and in hexadecimal. Vectors see ASCII only: a byte beyond it
 * shows its high bit, and no kind has that. */
static void
add_escapes(struct needles *set, const struct needle *f, u8 c)
{
	u8 high = c >> 4;

	if (c < 0x80 && (f->slashed || !is_alnum(c)))
		add_kind(set, 1, KIND_SLASH, c);
	for (u32 letter = 'b'; letter <= 't'; letter++)
		if (control_of((u8)letter) == c && c)
			add_kind(set, 1, KIND_SLASH, (u8)letter);
	add_kind(set, 1, KIND_PERCENT, (u8)(high < 10 ? '0' + high : 'a' + high - 10));
	add_kind(set, 1, KIND_PERCENT, (u8)(high < 10 ? '0' + high : 'A' + high - 10));
	set->wide |= c >= 0x80;
	set->slow |= c >= 0x80 && f->slashed;
}

/* Letters about as often as they stand in JSON that people made, the most usual first. */
static u32
rareness(u8 c)
{
	static const char usual[] =
	    "e\":,taonirsl dc0_u1mp2h-.gf/3b5y4w6v79k8{}[]ESAxTCIRPDjNOMLFB+zUqHGWV";
	int at = str_find(str_of(usual, sizeof usual - 1), c, 0);

	return at < 0 ? 80 : (u32)at + 1;
}

/* Chooses the two neighbours that are rarest together. */
static void
add_mark(struct needles *set, struct needle *f)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                             "abcdefghijklmnopqrstuvwxyz0123456789+/";
	u8 chars[CHARS_MAX], kind = (u8)(1 << (f - set->form) % KINDS_MARK), last = 0;
	u32 best = 0;

	for (u32 i = f->base64; i + f->base64 < f->n; i++) {
		u8 c = set->text[f->at + i];
		u32 score;

		if (f->base64)
			c = (u8)base64[c];
		score = c >= 0x80 || c == '%' ? 0 : rareness(c);
		if (i > f->base64 && score * last > best) {
			best = score * last;
			f->mark = (u16)(i - 1);
		}
		last = (u8)score;
	}
	set->slow |= best == 0;
	for (u32 which = 0; which < 2 && best; which++)
		for (u32 n = chars_at(set, f, f->mark + which, chars); n > 0; n--)
			add_kind(set, which, kind, chars[n - 1]);
}

static void
add_pair(struct needles *set, u32 bit)
{
	set->pair[bit / 8] |= (u8)(1 << bit % 8);
}

static void
add_pairs(struct needles *set, const struct needle *f)
{
	u8 a[CHARS_MAX], b[CHARS_MAX];
	u32 a_n = 0, b_n;

	for (u32 i = 0; i < f->n; i++, a_n = b_n) {
		b_n = chars_at(set, f, i, b);
		for (u32 k = 0; k < b_n; k++) {
			if (i == 0)
				set->first[b[k]] = 1;
			add_escapes(set, f, b[k]);
			for (u32 j = 0; j < a_n; j++)
				add_pair(set, pair_bit(a[j], b[k]));
		}
		memcpy(a, b, b_n);
	}
}

/* Whether all of it could be numbers, words and structure of JSON. */
static bool
may_stand_outside(const struct needles *set, const struct needle *f)
{
	struct str outside = STR("0123456789+-.eEtrufalsn[]{}:, \t\r\n");
	u8 c[CHARS_MAX];

	for (u32 i = 0; i < f->n; i++) {
		bool may = false;

		for (u32 n = chars_at(set, f, i, c); n > 0 && !may; n--)
			may = str_find(outside, c[n - 1], 0) >= 0;
		if (!may)
			return false;
	}
	return true;
}

static void
add_form(struct needles *set)
{
	struct needle *f = &set->form[set->n++];

	set->text_n += f->n;
	set->reach = max_u32(set->reach, f->n);
	f->outside = may_stand_outside(set, f);
	set->outside |= f->outside;
	set->slashed |= f->slashed;
	add_pairs(set, f);
	add_mark(set, f);
}

int
needles_add(struct needles *set, struct str value)
{
	value = str_cut(value, 0, NEEDLE_MAX);
	if (set->n + NEEDLES_FORMS > ARRAY_N(set->form) ||
	    5 * value.n + 8 > NEEDLES_TEXT - set->text_n)
		return ERR_FULL;
	make_plain(set, &set->form[set->n], value);
	if (set->form[set->n].n < NEEDLE_MIN)
		return ERR_BAD;
	add_form(set);
	for (u32 before = 0; before < 3; before++) {
		make_base64(set, &set->form[set->n], value, before);
		add_form(set);
	}
	add_kind(set, 0, KIND_SLASH, '\\');
	add_kind(set, 1, KIND_SLASH, '\\');
	add_kind(set, 1, KIND_SLASH, 'u');
	add_kind(set, 1, KIND_SLASH, '%');
	add_kind(set, 0, KIND_PERCENT, '%');
	if (set->slashed) /* %5C */
		add_kind(set, 1, KIND_PERCENT, '5');
	return 0;
}
