#include "filter/windows.h"

#include "base/utf8.h"
#include "filter/needles_priv.h"

#define BEFORE (WINDOWS_N - 1) /* characters of a window before its last one */
#define REGION 192             /* characters with escapes among them that are looked at together */
#define LOOK_N 4096            /* bytes in which escapes are looked for at once */
#define SLASHES_MAX 7          /* backslashes before one character */

/* ---- characters ------------------------------------------------------------------------------------ */

static int
hex_value(const u8 *p, u32 digits)
{
	int value = 0;

	for (u32 i = 0; i < digits; i++) {
		u8 c = p[i], low = c | 32;

		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if (low >= 'a' && low <= 'f')
			value = value << 4 | (low - 'a' + 10);
		else
			return ERR_BAD;
	}
	return value;
}

/* The next character at `at`, however it is written, as bytes in c. How many bytes it takes of the input; 0: none, the
 * string ends; ERR_MORE. */
static int
take(const struct needles_in *in, u32 at, u8 c[4], u32 *c_n)
{
	const u8 *p = in->in.p + at;
	u32 left = in->in.n - at, n = 0;
	struct buf b = buf_over(c, 4);
	int value;

	while (n < left && p[n] == '\\' && n < SLASHES_MAX)
		n++;
	if (n == left)
		return in->more ? ERR_MORE : (buf_byte(&b, '\\'), *c_n = 1, (int)n);
	if (p[n] == '"' && in->json && n % 2 == 0)
		return 0;
	*c_n = 1;
	c[0] = p[n];
	if (p[n] == '%' || (n && p[n] == 'u')) {
		u32 digits = p[n] == '%' ? 2 : 4;

		if (left - n - 1 < digits)
			return in->more ? ERR_MORE : (int)n + 1;
		value = hex_value(p + n + 1, digits);
		if (value < 0)
			return (int)n + 1;
		if (digits == 2 || value < 0x80)
			c[0] = (u8)value;
		else {
			utf8_put(&b, (u32)value);
			*c_n = max_u32(b.w, 1);
		}
		return (int)(n + 1 + digits);
	}
	if (n && control_of(p[n]))
		c[0] = control_of(p[n]);
	return (int)n + 1;
}

static u8
plain(u8 c)
{
	return c == '-' ? '+' : c == '_' ? '/' : c;
}

/* ---- hashes ---------------------------------------------------------------------------------------- */

static inline u32
triple_of(const struct windows *w, const u8 *c)
{
	u64 h = w->key[c[0]] + (w->key[c[1]] << 21 | w->key[c[1]] >> 43) + (w->key[c[2]] << 42 | w->key[c[2]] >> 22);

	return (u32)(h >> 46);
}

static inline bool
may(const struct windows *w, const u8 *c)
{
	u32 bit = triple_of(w, c);

	return w->triple[bit / 8] >> bit % 8 & 1;
}

static u64
hash_of(const struct windows *w, const u8 *c)
{
	u64 h = w->key[0];

	for (u32 i = 0; i < WINDOWS_N; i++)
		h = (h ^ w->key[c[i]]) * (w->key[255] | 1);
	return h ^ h >> 32;
}

/* ---- the forms of a value -------------------------------------------------------------------------- */

void
windows_init(struct windows *w, void (*mac)(const void *of, struct str chars, u8 out[WINDOWS_MAC_N]), const void *of)
{
	memset(&w->n, 0, offsetof(struct windows, form) - offsetof(struct windows, n));
	w->key['-'] = w->key['+'];
	w->key['_'] = w->key['/'];
	w->mac = mac;
	w->of = of;
}

static bool
may_stand_outside(const u8 *c, u32 n)
{
	struct str outside = STR("0123456789+-.eEtrufalsn[]{}:, \t\r\n");

	while (n > 0 && str_find(outside, c[n - 1], 0) >= 0)
		n--;
	return n == 0;
}

static void
add_form(struct windows *w, const u8 *c, u32 n, u32 all)
{
	struct windows_form *f = &w->form[w->n++];
	u16 *head;

	*f = (struct windows_form){ .hash = hash_of(w, c), .n = (u16)n, .all = (u16)all };
	f->outside = may_stand_outside(c, n);
	w->outside |= f->outside;
	w->mac(w->of, str_of(c, n), f->mac);
	head = &w->head[f->hash % WINDOWS_HEADS];
	f->next = *head;
	*head = (u16)w->n;
	w->first[c[0] / 8] |= (u8)(1 << c[0] % 8);
	if (c[0] == '+' || c[0] == '/')
		w->first[(c[0] == '+' ? '-' : '_') / 8] |= (u8)(1 << (c[0] == '+' ? '-' : '_') % 8);
	for (u32 i = 0; i + 2 < WINDOWS_N; i++)
		w->triple[triple_of(w, c + i) / 8] |= (u8)(1 << triple_of(w, c + i) % 8);
}

/* The characters of base64 all of whose bits are the value's when `before` bytes stand before it in its group. */
static u32
base64_of(struct str value, u32 before, u8 c[WINDOWS_CHARS])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	u32 from = (before * 8 + 5) / 6, to = min_u32((before + value.n) * 8 / 6, from + WINDOWS_CHARS);

	for (u32 i = from; i < to; i++) {
		u32 bit = i * 6 - before * 8, two = (u32)value.p[bit / 8] << 8;

		if (bit / 8 + 1 < value.n)
			two |= value.p[bit / 8 + 1];
		c[i - from] = (u8)digits[two >> (10 - bit % 8) & 63];
	}
	return to - from;
}

int
windows_add(struct windows *w, struct str value)
{
	struct needles_in in = { .in = value };
	u8 c[WINDOWS_CHARS + 4];
	u32 n = 0, one;

	if (w->n + NEEDLES_FORMS > ARRAY_N(w->form))
		return ERR_FULL;
	for (u32 at = 0; at < value.n && n < WINDOWS_CHARS;) { /* as it will be read again */
		at += (u32)take(&in, at, c + n, &one);
		for (u32 i = 0; i < one; i++)
			c[n + i] = plain(c[n + i]);
		n += one;
	}
	if (n < WINDOWS_N || value.n < NEEDLE_MIN)
		return ERR_BAD;
	add_form(w, c, min_u32(n, WINDOWS_CHARS), n + value.n - min_u32(value.n, n));
	for (u32 before = 0; before < 3; before++) {
		n = base64_of(value, before, c);
		add_form(w, c, n, max_u32(n, (before + min_u32(value.n, NEEDLE_MAX)) * 8 / 6 - (before * 8 + 5) / 6));
	}
	return 0;
}

/* ---- finding --------------------------------------------------------------------------------------- */

/* Whether the form begins at `at`: bytes it takes; 0; ERR_MORE. */
static int
match(const struct windows *w, const struct windows_form *f, const struct needles_in *in, u32 at)
{
	u8 c[WINDOWS_CHARS + 4], mac[WINDOWS_MAC_N], differs = 0;
	u32 p = at, n = 0, one;

	while (n < f->n) {
		int used = p == in->in.n ? (in->more ? ERR_MORE : 0) : take(in, p, c + n, &one);

		if (used <= 0)
			return used;
		for (u32 i = 0; i < one; i++)
			c[n + i] = plain(c[n + i]);
		n += one;
		p += (u32)used;
	}
	w->mac(w->of, str_of(c, f->n), mac);
	for (u32 i = 0; i < sizeof mac; i++)
		differs |= mac[i] ^ f->mac[i];
	if (differs || (in->json && f->outside && !needles_quoted(in, at)))
		return 0;
	while (n < f->all) {
		int used = p == in->in.n ? (in->more ? ERR_MORE : 0) : take(in, p, c, &one);

		if (used == ERR_MORE)
			return used;
		if (used == 0)
			break;
		n += one;
		p += (u32)used;
	}
	return (int)(p - at);
}

/* What begins at `at` with this window: the longest form, 0, or ERR_MORE. */
static int
begins(const struct windows *w, const struct needles_in *in, u32 at, const u8 *c)
{
	u64 hash = hash_of(w, c);
	int best = 0;

	for (u32 i = w->head[hash % WINDOWS_HEADS]; i; i = w->form[i - 1].next) {
		int n = w->form[i - 1].hash == hash ? match(w, &w->form[i - 1], in, at) : 0;

		if (n == ERR_MORE)
			return ERR_MORE;
		best = n > best ? n : best;
	}
	return best;
}

/* Characters without escapes, from .. to. Whether something begins there: *at, *n (ERR_MORE: not all is there). */
static bool
look_plain(const struct windows *w, const struct needles_in *in, u32 from, u32 to, u32 *at, int *n)
{
	const u8 *p = in->in.p;

	for (u32 last = from + BEFORE; last < to;) {
		if (!may(w, p + last - 2)) {
			last += WINDOWS_N - 2;
			continue;
		}
		*n = begins(w, in, last - BEFORE, p + last - BEFORE);
		if (*n) {
			*at = last - BEFORE;
			return true;
		}
		last++;
	}
	return false;
}

/* What a search knows on its way. */
struct search {
	u32 next;    /* where to go on */
	u32 tail;    /* from here on windows end beyond the input */
	u32 at;      /* what was found, */
	int n;       /* and its length, or ERR_MORE */
	u32 slash, percent; /* the next of each, */
	u32 limit;          /* as far as is known */
};

/* Decodes characters from s->next on, until none has been an escape for a window, or the string or the input ends. */
static u32
decode(const struct needles_in *in, struct search *s, u8 c[REGION + 4], u32 place[REGION + 4])
{
	u32 p = s->next, many = 0, since = 0, one;
	int used = 1;

	while (p < in->in.n && many < REGION && since < WINDOWS_N) {
		used = take(in, p, c + many, &one);
		if (used <= 0)
			break;
		since = used == 1 && c[many] == in->in.p[p] && c[many] != '%' ? since + 1 : 0;
		for (u32 i = 0; i < one; i++)
			place[many++] = p;
		p += (u32)used;
	}
	s->tail = many > BEFORE ? place[many - BEFORE] : s->next;
	s->next = p < in->in.n && used > 0 ? s->tail : in->in.n;
	if (used == 0) {
		while (in->in.p[p] == '\\')
			p++;
		s->next = s->tail = p + 1;
	}
	return many;
}

/* Characters with escapes among them. Whether something begins there. */
static bool
look_region(const struct windows *w, const struct needles_in *in, struct search *s)
{
	u8 c[REGION + 4];
	u32 place[REGION + 4], many = decode(in, s, c, place);

	for (u32 last = BEFORE; last < many;) {
		if (!may(w, c + last - 2)) {
			last += WINDOWS_N - 2;
			continue;
		}
		s->at = place[last - BEFORE];
		s->n = begins(w, in, s->at, c + last - BEFORE);
		if (s->n)
			return true;
		last++;
	}
	return false;
}

static bool
is_plain(u8 c)
{
	return c != '\\' && c != '%';
}

/* A quick no to the escape at `at`, none being before it up to `from` that a window could hold: a window that holds it
 * holds also the three characters before it or those behind. Its length; 0: look closer. */
static u32
harmless(const struct windows *w, struct str s, u32 from, u32 at)
{
	const u8 *p = s.p + at;
	u32 left = s.n - at, n = 2;

	if (left < 9 || p[1] == '\\')
		return 0;
	if (p[0] == '%')
		n = hex_value(p + 1, 2) < 0 ? 1 : 3;
	else if (p[1] == 'u')
		n = hex_value(p + 2, 4) < 0 ? 2 : 6;
	if (!is_plain(p[n]) || !is_plain(p[n + 1]) || !is_plain(p[n + 2]) || may(w, p + n))
		return 0;
	return at - from >= 3 && may(w, p - 3) ? 0 : n;
}

static u32
next_of(struct str s, u8 c, u32 at, u32 to)
{
	const u8 *p = (const u8 *)memchr(s.p + at, c, to - at);

	return p ? (u32)(p - s.p) : to;
}

/* The next escape from s->next on, or s->limit: no further than that is looked. */
static u32
next_escape(struct str b, struct search *s)
{
	if (s->next + BEFORE >= s->limit && s->limit < b.n) {
		s->limit = min_u32(b.n, s->next + LOOK_N);
		s->slash = s->percent = 0;
	}
	if (s->slash < s->next || s->slash == 0)
		s->slash = next_of(b, '\\', s->next, s->limit);
	if (s->percent < s->next || s->percent == 0)
		s->percent = next_of(b, '%', s->next, s->limit);
	return min_u32(s->slash, s->percent);
}

/* What may begin at the end, to be told by bytes that follow. */
static u32
end_of(const struct windows *w, struct str s, u32 at)
{
	while (at < s.n && s.p[at] != '\\' && s.p[at] != '%' && !(w->first[s.p[at] / 8] >> s.p[at] % 8 & 1))
		at++;
	return at;
}

u32
windows_find(const struct windows *w, const struct needles_in *in, u32 to, u32 *n)
{
	struct str b = in->in;
	struct search s = { .next = 0 };

	*n = 0;
	while (s.next < b.n && s.next <= to) {
		u32 escape = next_escape(b, &s), skip = 0;
		bool any = look_plain(w, in, s.next, escape, &s.at, &s.n);

		if (!any && escape < s.limit)
			skip = harmless(w, b, s.next, escape);
		s.tail = skip ? escape + skip : max_u32(s.next, escape - min_u32(escape, BEFORE));
		s.next = escape < b.n ? s.tail : b.n;
		if (any || (escape < s.limit && !skip && look_region(w, in, &s))) {
			*n = s.n > 0 ? (u32)s.n : 0;
			return s.at;
		}
	}
	return in->more ? end_of(w, b, s.tail) : b.n;
}
