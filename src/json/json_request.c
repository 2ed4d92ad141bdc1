#include "json/json_priv.h"

#include "base/utf8.h"
#include "json/jblock.h"
#include "json/jscan.h"

/* Where the tokens of a text go, and what is open. */
struct maker {
	const u8 *base, *end;
	struct jsmntok *tok;
	int n, max;
	int in;       /* token of the container that is open, -1 */
	int before;   /* the key, or the element, before in it; 0: none */
	u32 depth;
	bool object;  /* what kind it is */
	bool member;  /* a key was there: what comes is its value */
	bool checked; /* jscan has found the text valid */
	bool escapes; /* some string has a backslash */
	struct outer {
		int in, before;
	} outer[JSON_DEPTH_MAX]; /* what the open containers stand in */
};

/* What follows takes a piece of the text at p and returns where the next one begins, or NULL: jscan has to look. */

/* Links one token: a key, its value, or an element, and goes on at next. */
static inline const u8 *
make(struct maker *m, int kind, struct str s, const u8 *next)
{
	int i = m->n;
	struct jsmntok *t = &m->tok[i];

	if (i == m->max)
		return NULL;
	m->n++;
	*t = (struct jsmntok){ .kind = kind, .from = (int)(s.p - m->base), .end = (int)(s.p + s.n - m->base) };
	if (m->in < 0)
		return next;
	if (m->member) {
		t->kind |= JSON_MEMBER;
		m->member = false;
		return next;
	}
	m->tok[m->in].n++;
	if (m->before) {
		m->tok[m->before].next = i;
		if (m->object) /* of one value to the next */
			m->tok[m->before + 1].next = i + 1;
	}
	m->before = i;
	m->member = m->object;
	return next;
}

/* Past blanks. The text may end there, so there is always an answer. */
static inline const u8 *
blanks(const struct maker *m, const u8 *p)
{
	while (p < m->end && *p <= ' ' && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

static bool
simple_escape(u8 c)
{
	return c && memchr("\"\\/bfnrt", c, 8);
}

/* What stops jblock_skip inside a string: an escape without digits, characters beyond ASCII. */
static const u8 *
odd(struct maker *m, const u8 *p)
{
	u32 point;
	int n;

	if (*p == '\\') {
		m->escapes = true;
		return m->checked || (m->end - p >= 2 && simple_escape(p[1])) ? p + 2 : NULL;
	}
	for (; p < m->end && *p >= 0x80; p += n) {
		n = utf8_take(str_of(p, (size_t)(m->end - p)), &point);
		if (n <= 0)
			return NULL;
	}
	return p < m->end && *p >= ' ' ? p : NULL;
}

/* The text of a string, from behind its first quote. */
static const u8 *
string(struct maker *m, const u8 *from)
{
	const u8 *p = jblock_skip(from, m->end);

	while (p < m->end && *p != '"') {
		p = odd(m, p);
		if (!p)
			return NULL;
		p = jblock_skip(p, m->end);
	}
	return p < m->end ? make(m, JSON_STRING, str_of(from, (size_t)(p - from)), p + 1) : NULL;
}

static const u8 *
key(struct maker *m, const u8 *p)
{
	p = blanks(m, p);
	p = p < m->end && *p == '"' ? string(m, p + 1) : NULL;
	p = p ? blanks(m, p) : m->end;
	return p < m->end && *p == ':' ? p + 1 : NULL;
}

/* Length of a whole number, 0 when it has no or too many digits. Where more than digits follow, nothing that may follow
 * a value does. */
static u32
whole(struct str s)
{
	u32 first = s.n && s.p[0] == '-', n = first;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n == first || (s.p[first] == '0' && n > first + 1) || n > JSCAN_NUMBER_MAX ? 0 : n;
}

static const u8 *
scalar(struct maker *m, const u8 *p)
{
	static const char *const words[] = { [JSON_TRUE] = "true", [JSON_FALSE] = "false", [JSON_NULL] = "null" };
	int kind = *p == 't' ? JSON_TRUE : *p == 'f' ? JSON_FALSE : *p == 'n' ? JSON_NULL : JSON_NUMBER;
	struct str rest = str_of(p, (size_t)(m->end - p));
	u32 n = 0;

	if (m->checked)
		while (n < rest.n && p[n] > ' ' && p[n] != ',' && p[n] != '}' && p[n] != ']')
			n++;
	else if (kind == JSON_NUMBER)
		n = whole(rest);
	else if (str_starts(rest, str_c(words[kind])))
		n = (u32)strlen(words[kind]);
	return n ? make(m, kind, str_cut(rest, 0, n), p + n) : NULL;
}

static const u8 *
container(struct maker *m, const u8 *p)
{
	struct outer *o = &m->outer[m->depth];
	bool object = *p == '{';

	if (m->depth == JSON_DEPTH_MAX || !make(m, object ? JSON_OBJECT : JSON_ARRAY, str_of(p, 0), p))
		return NULL;
	*o = (struct outer){ m->in, m->before };
	m->depth++;
	m->in = m->n - 1;
	m->before = 0;
	m->object = object;
	return p + 1;
}

/* Closes what ends at p, one after the other. */
static const u8 *
closed(struct maker *m, const u8 *p)
{
	for (p = blanks(m, p); m->depth && p < m->end && *p == (m->object ? '}' : ']'); p = blanks(m, p)) {
		m->tok[m->in].end = (int)(++p - m->base);
		m->in = m->outer[--m->depth].in;
		m->before = m->outer[m->depth].before;
		m->member = false;
		m->object = m->in >= 0 && (m->tok[m->in].kind & ~JSON_MEMBER) == JSON_OBJECT;
	}
	return p;
}

/* One element, or one key with its value; p was moved behind what it closes and the comma. */
static const u8 *
element(struct maker *m, const u8 *p)
{
	bool opens;

	if (m->object && !(p = key(m, p)))
		return NULL;
	p = blanks(m, p);
	if (p == m->end)
		return NULL;
	opens = *p == '{' || *p == '[';
	p = opens ? container(m, p) : *p == '"' ? string(m, p + 1) : scalar(m, p);
	if (!p)
		return NULL;
	if (opens) { /* empty, or its first element comes */
		p = blanks(m, p);
		if (p < m->end && *p != '}' && *p != ']')
			return p;
	}
	p = closed(m, p);
	if (m->depth == 0)
		return p;
	return p < m->end && *p == ',' ? p + 1 : NULL;
}

bool
json_tokens(struct jdoc *d, struct jsmntok *tok, u32 max, bool checked)
{
	UNSET struct maker m;
	const u8 *p = d->text.p;

	m.base = p;
	m.end = p + d->text.n;
	m.tok = tok;
	m.max = (int)max;
	m.n = m.before = 0;
	m.depth = 0;
	m.in = -1;
	m.object = m.member = m.escapes = false;
	m.checked = checked;
	if (d->text.n == 0 || d->text.n > JSCAN_TEXT_MAX)
		return false;
	do
		p = element(&m, p);
	while (p && m.depth);
	if (p != m.end)
		return false;
	d->n = m.n;
	d->escapes = m.escapes;
	return true;
}
