#include "json/json.h"

#include "base/utf8.h"
#include "json/jscan.h"
#include "json/json_priv.h"

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <jsmn.h>
#pragma GCC diagnostic pop

/* jsmn fills the same array in its own words, link() rewrites it in ours. */
union token {
	struct jsmntok ours;
	jsmntok_t theirs;
} __attribute__((may_alias));

static_assert(sizeof(union token) == sizeof(struct jsmntok), "both names of a token have one size");
static_assert(sizeof(jsmntok_t) == sizeof(struct jsmntok), "both names of a token have one size");

static int
kind_of(const union token *t, struct str text)
{
	switch (t->theirs.type) {
	case JSMN_OBJECT: return JSON_OBJECT;
	case JSMN_ARRAY: return JSON_ARRAY;
	case JSMN_STRING: return JSON_STRING;
	default: break;
	}
	switch (text.p[t->theirs.start]) {
	case 't': return JSON_TRUE;
	case 'f': return JSON_FALSE;
	case 'n': return JSON_NULL;
	}
	return JSON_NUMBER;
}

/* One pass forward with the chain of open containers: counts children and gives each the index
 * of its next sibling. A key is on the chain too (jsmn makes it its value's parent), so the
 * chain is twice as long as the nesting. */
static int
link(union token *tok, int n, struct str text)
{
	int chain[2 * JSON_DEPTH_MAX + 2], d = 0;

	for (int i = 0; i < n; i++) {
		struct jsmntok t = { .from = tok[i].theirs.start, .end = tok[i].theirs.end };
		int parent = tok[i].theirs.parent, d_was = d;

		t.kind = kind_of(&tok[i], text);
		while (d > 0 && chain[d - 1] != parent)
			d--;
		if (NEVER((parent >= 0) != (d > 0)) || NEVER(d + 1 >= (int)ARRAY_N(chain)))
			return ERR_BAD;
		if (d > 0 && tok[parent].ours.kind != JSON_STRING)
			tok[parent].ours.n++;
		else if (d > 0)
			t.kind |= JSON_MEMBER;
		if (d < d_was && d > 0) /* something was closed: chain[d] is the sibling before */
			tok[chain[d]].ours.next = i;
		chain[d++] = i;
		tok[i].ours = t;
	}
	return 0;
}

/* Members: a value points to the next member's value, not to its key. */
static void
link_members(struct jsmntok *tok, int n)
{
	for (int i = 1; i < n; i++)
		if (tok[i].kind & JSON_MEMBER)
			tok[i].next = tok[i - 1].next ? tok[i - 1].next + 1 : 0;
}

/* jsmn in strict mode takes no bare number or word at the top: it would wait for a comma. */
static int
parse_bare(struct jdoc *d, struct jsmntok *tok)
{
	struct str s = str_trim(d->text);
	union token t = { .theirs = { .type = JSMN_PRIMITIVE, .start = 0 } };

	tok[0] = (struct jsmntok){ .from = (int)(s.p - d->text.p), .kind = kind_of(&t, s) };
	tok[0].end = tok[0].from + (int)s.n;
	d->n = 1;
	return 0;
}

static int
parse(struct jdoc *d, struct jsmntok *tok, u32 max, u32 flags)
{
	struct jscan_found found;
	jsmn_parser p;
	int n;
	u8 first;

	if (d->text.n > INT32_MAX - 1)
		return ERR_FULL;
	if ((flags & JSCAN_REQUEST) && json_tokens(d, tok, max, false))
		return 0;
	if (jscan_check(d->text, JSON_DEPTH_MAX, flags, &found)) {
		d->fault_at = found.at;
		d->fault = found.why;
		return ERR_BAD;
	}
	d->n = (int)found.tokens;
	d->escapes = found.escapes;
	if (found.tokens > max)
		return ERR_FULL;
	if (flags & JSCAN_REQUEST)
		return NEVER(!json_tokens(d, tok, max, true)) ? ERR_BAD : 0;
	first = str_trim(d->text).p[0];
	if (first != '{' && first != '[' && first != '"')
		return parse_bare(d, tok);
	jsmn_init(&p);
	n = jsmn_parse(&p, (const char *)d->text.p, d->text.n, (jsmntok_t *)(void *)tok, max);
	if (NEVER(n != d->n) || link((union token *)(void *)tok, n, d->text)) {
		d->n = 0;
		d->fault = "cannot be tokenized";
		return ERR_BAD;
	}
	link_members(tok, n);
	return 0;
}

int
json_parse(struct jdoc *d, struct str text, struct jsmntok *tok, u32 max)
{
	*d = (struct jdoc){ .text = text, .tok = tok };
	return parse(d, tok, max, 0);
}

int
json_parse_request(struct jdoc *d, struct str text, struct jsmntok *tok, u32 max,
                   struct arena *scratch)
{
	struct jcur second;
	int err;

	*d = (struct jdoc){ .text = text, .tok = tok };
	err = parse(d, tok, max, JSCAN_REQUEST);
	if (err)
		return err;
	err = json_dup_any(json_root(d), scratch, &second);
	if (err <= 0)
		return err;
	d->fault_at = (u32)tok[second.at - 1].from;
	d->fault = "a key that the object has already";
	return ERR_BAD;
}

/* --- cursor ---------------------------------------------------------------------------------- */

static const struct jsmntok *
token(struct jcur c)
{
	return &c.doc->tok[c.at];
}

struct jcur
json_none(int err)
{
	return (struct jcur){ .err = err };
}

struct jcur
json_root(const struct jdoc *d)
{
	return d->n > 0 && !d->fault ? (struct jcur){ .doc = d } : json_none(ERR_NONE);
}

enum json_kind
json_kind(struct jcur c)
{
	return c.err ? JSON_MISSING : (enum json_kind)(token(c)->kind & ~JSON_MEMBER);
}

struct jcur
json_first(struct jcur c)
{
	enum json_kind kind = json_kind(c);

	if (kind == JSON_MISSING)
		return c;
	if (kind != JSON_OBJECT && kind != JSON_ARRAY)
		return json_none(ERR_BAD);
	if (token(c)->n == 0)
		return json_none(ERR_NONE);
	return json_moved(c, c.at + (kind == JSON_OBJECT ? 2 : 1));
}

struct jcur
json_next(struct jcur c)
{
	if (c.err)
		return c;
	return token(c)->next ? json_moved(c, token(c)->next) : json_none(ERR_NONE);
}

/* In a document without escapes. */
static struct jcur
get_plain(struct jcur c, struct str key)
{
	const struct jsmntok *tok = c.doc->tok;
	const u8 *text = c.doc->text.p;
	int at = tok[c.at].n ? c.at + 2 : 0;

	for (; at; at = tok[at].next) {
		const struct jsmntok *k = &tok[at - 1];

		if ((u32)(k->end - k->from) == key.n && memcmp(text + k->from, key.p, key.n) == 0)
			return json_moved(c, at);
	}
	return json_none(ERR_NONE);
}

struct jcur
json_get_str(struct jcur c, struct str key)
{
	if (c.err)
		return c;
	if (json_kind(c) != JSON_OBJECT)
		return json_none(ERR_BAD);
	if (!c.doc->escapes)
		return get_plain(c, key);
	for (c = json_first(c); !c.err; c = json_next(c))
		if (json_key_same(c, key))
			return c;
	return c;
}

struct jcur
json_get(struct jcur c, const char *key)
{
	return json_get_str(c, str_c(key));
}

struct jcur
json_at(struct jcur c, u32 i)
{
	c = json_first(c);
	while (!c.err && i--)
		c = json_next(c);
	return c;
}

u32
json_len(struct jcur c)
{
	enum json_kind kind = json_kind(c);

	return kind == JSON_OBJECT || kind == JSON_ARRAY ? (u32)token(c)->n : 0;
}

/* --- text ------------------------------------------------------------------------------------ */

/* A string's text between the quotes, as written. */
static struct str
inside(const struct jdoc *d, int at)
{
	const struct jsmntok *t = &d->tok[at];

	return str_cut(d->text, (u32)t->from, (u32)t->end);
}

static u32
hex4(const u8 *p)
{
	u64 v = 0;

	str_hex(str_of(p, 4), &v);
	return (u32)v;
}

/* Decodes the escape at the start of s (jscan found it valid); returns its length. */
static u32
unescape(struct str s, u32 *point)
{
	static const u8 plain[128] = { ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r',
		                       ['t'] = '\t', ['"'] = '"', ['\\'] = '\\', ['/'] = '/' };

	if (s.p[1] != 'u') {
		*point = plain[s.p[1] & 127];
		return 2;
	}
	*point = hex4(s.p + 2);
	if (*point < 0xd800 || *point > 0xdbff)
		return 6;
	*point = 0x10000 + ((*point - 0xd800) << 10) + (hex4(s.p + 8) - 0xdc00);
	return 12;
}

static void
decode(struct str s, struct buf *out)
{
	while (s.n) {
		int at = str_find(s, '\\', 0);
		u32 n = at < 0 ? s.n : (u32)at, point;

		buf_put(out, str_cut(s, 0, n));
		s = str_cut(s, n, s.n);
		if (s.n == 0)
			return;
		n = unescape(s, &point);
		utf8_put(out, point);
		s = str_cut(s, n, s.n);
	}
}

struct str
json_piece(struct str *s, u8 tmp[4])
{
	struct buf b = buf_over(tmp, 4);
	u32 point, n = 1;

	if (s->p[0] == '\\') {
		n = unescape(*s, &point);
		utf8_put(&b, point);
	} else {
		buf_byte(&b, s->p[0]);
	}
	*s = str_cut(*s, n, s->n);
	return buf_str(&b);
}

/* Whether the string of d at this token, decoded, equals plain. Decoding never makes longer, and equal lengths mean
 * that nothing is escaped. */
static bool
same_decoded(const struct jdoc *d, int at, struct str plain)
{
	struct str raw = inside(d, at);
	u8 tmp[4];

	if (!d->escapes)
		return str_same(raw, plain);
	if (raw.n < plain.n)
		return false;
	if (raw.n == plain.n)
		return str_same(raw, plain) && str_find(raw, '\\', 0) < 0;
	if (str_find(raw, '\\', 0) < 0)
		return false;
	while (raw.n) {
		struct str part = json_piece(&raw, tmp);

		if (!str_starts(plain, part))
			return false;
		plain = str_cut(plain, part.n, plain.n);
	}
	return plain.n == 0;
}

static struct str
decoded(const struct jdoc *d, int at, struct arena *a)
{
	struct str raw = inside(d, at);
	struct buf b;
	u8 *p;

	if (!d->escapes || str_find(raw, '\\', 0) < 0)
		return raw;
	p = a ? arena_bytes(a, raw.n) : NULL;
	if (!p)
		return STR_NONE;
	b = buf_over(p, raw.n);
	decode(raw, &b);
	arena_rewind(a, a->used - (raw.n - b.w));
	return buf_str(&b);
}

bool
json_has_key(struct jcur c)
{
	return !c.err && (token(c)->kind & JSON_MEMBER);
}

struct str
json_key(struct jcur c)
{
	return json_has_key(c) ? inside(c.doc, c.at - 1) : STR_NONE;
}

struct str
json_key_str(struct jcur c, struct arena *a)
{
	return json_has_key(c) ? decoded(c.doc, c.at - 1, a) : STR_NONE;
}

bool
json_key_same(struct jcur c, struct str text)
{
	return json_has_key(c) && same_decoded(c.doc, c.at - 1, text);
}

bool
json_key_is(struct jcur c, const char *text)
{
	return json_key_same(c, str_c(text));
}

struct str
json_raw(struct jcur c)
{
	const struct jsmntok *t;
	u32 quote;

	if (c.err)
		return STR_NONE;
	t = token(c);
	quote = json_kind(c) == JSON_STRING;
	return str_cut(c.doc->text, (u32)t->from - quote, (u32)t->end + quote);
}

struct str
json_str(struct jcur c, struct arena *a)
{
	return json_kind(c) == JSON_STRING ? decoded(c.doc, c.at, a) : STR_NONE;
}

int
json_str_put(struct jcur c, struct buf *out)
{
	if (json_kind(c) != JSON_STRING)
		return c.err ? c.err : ERR_BAD;
	decode(inside(c.doc, c.at), out);
	return 0;
}

bool
json_same(struct jcur c, struct str text)
{
	return json_kind(c) == JSON_STRING && same_decoded(c.doc, c.at, text);
}

bool
json_is(struct jcur c, const char *text)
{
	return json_same(c, str_c(text));
}

/* --- scalars --------------------------------------------------------------------------------- */

int
json_u64(struct jcur c, u64 *value)
{
	if (json_kind(c) != JSON_NUMBER)
		return c.err ? c.err : ERR_BAD;
	return str_u64(json_raw(c), value);
}

int
json_i64(struct jcur c, int64_t *value)
{
	struct str s = json_raw(c);
	bool minus = s.n && s.p[0] == '-';
	u64 v;

	if (json_kind(c) != JSON_NUMBER)
		return c.err ? c.err : ERR_BAD;
	if (str_u64(str_cut(s, minus, s.n), &v) || v > (u64)INT64_MAX + minus)
		return ERR_BAD;
	*value = minus ? (int64_t)((u64)0 - v) : (int64_t)v;
	return 0;
}

int
json_bool(struct jcur c, bool *value)
{
	enum json_kind kind = json_kind(c);

	if (kind != JSON_TRUE && kind != JSON_FALSE)
		return c.err ? c.err : ERR_BAD;
	*value = kind == JSON_TRUE;
	return 0;
}
