#include "catalog/style.h"

#include "http/url.h"

#define NEST_MAX 16      /* brackets in one another (deepObject) */
#define PREFIX_MAX 1024  /* bytes of a name with its brackets */

/* Decoded text is at most as long as its JSON form, so that much is kept free at the end of the room. */
static struct str
decode(const struct buf *room, struct str raw, struct jcur value, bool key)
{
	u32 n = raw.n;
	struct arena a;

	if (n > buf_room(room))
		return STR_NONE;
	a = arena_over(room->p + room->cap - n, n);
	return key ? json_key_str(value, &a) : json_str(value, &a);
}

struct str
style_peek(const struct buf *room, struct jcur value)
{
	struct str raw = json_raw(value);

	if (json_kind(value) != JSON_STRING)
		return raw;
	if (str_find(raw, '\\', 0) < 0)
		return str_cut(raw, 1, raw.n - 1);
	return decode(room, raw, value, false);
}

/* allowReserved, but for what would end the value, begin another one, or may not stand there at all. */
static void
encode_reserved(struct buf *b, struct str s, const char *but)
{
	while (s.n) {
		u32 n = 0;

		while (n < s.n && !strchr(but, s.p[n]))
			n++;
		url_encode(b, str_cut(s, 0, n), URL_RESERVED);
		if (n < s.n)
			url_encode(b, str_cut(s, n, n + 1), URL_COMPONENT);
		s = str_cut(s, n + 1, s.n);
	}
}

static void
encode(const struct style *s, struct buf *b, struct str text)
{
	switch (s->coding) {
	case STYLE_COMPONENT: url_encode(b, text, URL_COMPONENT); break;
	case STYLE_RESERVED: encode_reserved(b, text, "&#+[]"); break;
	case STYLE_COOKIE: encode_reserved(b, text, ";,"); break;
	case STYLE_RAW: buf_put(b, text); break;
	}
}

/* Encodes text that may lie at the end of out's own memory: what is written must not reach it. */
static void
encode_apart(const struct style *s, struct buf *b, struct str text)
{
	u32 cap = b->cap;

	if (!text.p) {
		b->over = true;
		return;
	}
	if (text.p >= b->p + b->w && text.p < b->p + cap)
		b->cap = (u32)(text.p - b->p);
	encode(s, b, text);
	b->cap = cap;
}

void
style_text(const struct style *s, struct jcur value)
{
	encode_apart(s, s->out, style_peek(s->room, value));
}

static void
put_key(const struct style *s, struct buf *b, struct jcur member)
{
	struct str key = json_key(member);

	if (str_find(key, '\\', 0) >= 0)
		key = decode(s->room, key, member, true);
	encode_apart(s, b, key);
}

static void
put_name(const struct style *s)
{
	if (s->coding == STYLE_RAW)
		buf_put(s->out, s->name);
	else
		url_encode(s->out, s->name, URL_COMPONENT);
}

/* What each style puts where. first: NULL for s->first. join: between the values of a list that is not exploded. */
static const struct { const char *first, *sep, *join; bool named, equals_when_empty; } forms[CATALOG_STYLES] = {
	[CATALOG_SIMPLE] = { "",   ",",  ",",   false, false },
	[CATALOG_LABEL]  = { ".",  ".",  ",",   false, false },
	[CATALOG_MATRIX] = { ";",  ";",  ",",   true,  false },
	[CATALOG_FORM]   = { NULL, NULL, ",",   true,  true },
	[CATALOG_SPACE]  = { NULL, NULL, "%20", true,  true },
	[CATALOG_PIPE]   = { NULL, NULL, "%7C", true,  true },
	[CATALOG_DEEP]   = { NULL, NULL, ",",   true,  true },
};

static void
put_first(const struct style *s)
{
	buf_c(s->out, forms[s->style].first ? forms[s->style].first : s->first);
}

static void
put_sep(const struct style *s, u32 n)
{
	if (n == 0)
		put_first(s);
	else
		buf_c(s->out, forms[s->style].sep ? forms[s->style].sep : s->sep);
}

static u32
put_scalar(const struct style *s, struct jcur value)
{
	bool empty = json_kind(value) == JSON_STRING && json_raw(value).n == 2;

	put_first(s);
	if (forms[s->style].named) {
		put_name(s);
		if (!empty || forms[s->style].equals_when_empty)
			buf_byte(s->out, '=');
	}
	style_text(s, value);
	return 1;
}

/* All values behind one name: a,b,c or k,v,k,v. */
static u32
put_joined(const struct style *s, struct jcur list)
{
	bool object = json_kind(list) == JSON_OBJECT;
	u32 n = 0;

	put_first(s);
	if (forms[s->style].named) {
		put_name(s);
		buf_byte(s->out, '=');
	}
	for (struct jcur v = json_first(list); !v.err; v = json_next(v)) {
		buf_c(s->out, n++ ? forms[s->style].join : "");
		if (object) {
			put_key(s, s->out, v);
			buf_c(s->out, forms[s->style].join);
		}
		style_text(s, v);
	}
	return n;
}

/* Each value by itself: name=a, name=b or k=v, k=v. */
static u32
put_exploded(const struct style *s, struct jcur list)
{
	bool object = json_kind(list) == JSON_OBJECT;
	u32 n = 0;

	for (struct jcur v = json_first(list); !v.err; v = json_next(v)) {
		put_sep(s, n++);
		if (object)
			put_key(s, s->out, v);
		else if (forms[s->style].named)
			put_name(s);
		if (object || forms[s->style].named)
			buf_byte(s->out, '=');
		style_text(s, v);
	}
	return n;
}

/* name%5Bkey%5D=value for every leaf. prefix: the coded name so far. depth is bounded by NEST_MAX. */
static u32
put_deep(const struct style *s, struct buf *prefix, struct jcur list, u32 n, u32 depth)
{
	bool object = json_kind(list) == JSON_OBJECT;
	u32 i = 0;

	for (struct jcur v = json_first(list); !v.err; v = json_next(v), i++) {
		enum json_kind kind = json_kind(v);
		u32 mark = prefix->w;

		BUF_LIT(prefix, "%5B");
		if (object)
			put_key(s, prefix, v);
		else
			buf_u64(prefix, i);
		BUF_LIT(prefix, "%5D");
		if ((kind == JSON_OBJECT || kind == JSON_ARRAY) && depth < NEST_MAX) {
			n = put_deep(s, prefix, v, n, depth + 1);
		} else {
			put_sep(s, n++);
			buf_put(s->out, buf_str(prefix));
			buf_byte(s->out, '=');
			style_text(s, v);
		}
		if (prefix->over)
			s->out->over = true;
		prefix->w = mark;
	}
	return n;
}

u32
style_put(const struct style *s, struct jcur value)
{
	enum json_kind kind = json_kind(value);
	UNSET u8 bytes[PREFIX_MAX];
	struct buf prefix = buf_over(bytes, sizeof bytes);

	if (kind != JSON_OBJECT && kind != JSON_ARRAY)
		return put_scalar(s, value);
	if (json_len(value) == 0)
		return 0;
	if (s->style == CATALOG_DEEP) {
		url_encode(&prefix, s->name, URL_COMPONENT);
		return put_deep(s, &prefix, value, 0, 0);
	}
	return s->explode ? put_exploded(s, value) : put_joined(s, value);
}
