#include "json/json_priv.h"

#include "json/jblock.h"

/* Where the tokens of a text go, and what is open. */
struct maker {
	const u8 *base, *end;
	struct jsmntok *tok;
	int n;
	int in;      /* token of the container that is open, -1 */
	int before;  /* the key, or the element, before in it; 0: none */
	u32 depth;
	bool object; /* what kind it is */
	bool member; /* a key was there: what comes is its value */
};

/* What a container stands in. */
struct outer {
	int in, before;
};

/* Links one token: a key, its value, or an element. */
static void
make(struct maker *m, int kind, const u8 *from, const u8 *end)
{
	int i = m->n++;
	struct jsmntok *t = &m->tok[i];

	*t = (struct jsmntok){ .kind = kind, .from = (int)(from - m->base), .end = (int)(end - m->base) };
	if (m->in < 0)
		return;
	if (m->member) {
		t->kind |= JSON_MEMBER;
		m->member = false;
		return;
	}
	m->tok[m->in].n++;
	if (m->before) {
		m->tok[m->before].next = i;
		if (m->object) /* of one value to the next */
			m->tok[m->before + 1].next = i + 1;
	}
	m->before = i;
	m->member = m->object;
}

/* The quote that ends the string whose text begins at p. */
static const u8 *
quote(const u8 *p, const u8 *end)
{
	while ((p = jblock_skip(p, end)) < end && *p != '"')
		p += 1 + (*p == '\\');
	return p;
}

static const u8 *
scalar(struct maker *m, const u8 *p)
{
	const u8 *from = p;
	u8 c = *p;

	while (++p < m->end && *p > ' ' && *p != ',' && *p != '}' && *p != ']')
		;
	make(m, c == 't' ? JSON_TRUE : c == 'f' ? JSON_FALSE : c == 'n' ? JSON_NULL : JSON_NUMBER, from, p);
	return p;
}

int
json_tokens(struct str text, struct jsmntok *tok)
{
	struct maker m = { .base = text.p, .end = text.p + text.n, .tok = tok, .in = -1 };
	UNSET struct outer outer[JSON_DEPTH_MAX];
	const u8 *p = text.p;

	while (p < m.end) {
		u8 c = *p;

		if (c == '"') {
			const u8 *last = quote(p + 1, m.end);

			make(&m, JSON_STRING, p + 1, last);
			p = last + 1;
		} else if (c == ':' || c == ',' || c <= ' ') {
			p++;
		} else if (c == '{' || c == '[') {
			make(&m, c == '{' ? JSON_OBJECT : JSON_ARRAY, p, p);
			outer[m.depth++] = (struct outer){ m.in, m.before };
			m.in = m.n - 1;
			m.before = 0;
			m.object = c == '{';
			p++;
		} else if (c == '}' || c == ']') {
			tok[m.in].end = (int)(++p - m.base);
			m.in = outer[--m.depth].in;
			m.before = outer[m.depth].before;
			m.member = false;
			m.object = m.in >= 0 && (tok[m.in].kind & ~JSON_MEMBER) == JSON_OBJECT;
		} else {
			p = scalar(&m, p);
		}
	}
	return m.n;
}
