#include "json/jout.h"

#include "json/jesc.h"

void
jout_quoted(struct buf *b, struct str s)
{
	u32 n;

	buf_byte(b, '"');
	n = jesc_put(s, b);
	s = str_cut(s, n, s.n);
	if (jesc_ends_inside(s))
		BUF_LIT(b, "\xef\xbf\xbd");
	else if (s.n)
		b->over = true;
	buf_byte(b, '"');
}

/* What stands before a value: a comma where one is due, and the key. */
static void
before(struct jout *o, const char *key)
{
	if (o->more)
		buf_byte(o->buf, ',');
	o->more = true;
	if (!key)
		return;
	jout_quoted(o->buf, str_c(key));
	buf_byte(o->buf, ':');
}

void
jout_key(struct jout *o, struct str key)
{
	before(o, NULL);
	jout_quoted(o->buf, key);
	buf_byte(o->buf, ':');
	o->more = false;
}

void
jout_key_open(struct jout *o, const char *key, char bracket)
{
	ASSERT(bracket == '{' || bracket == '[');
	before(o, key);
	buf_byte(o->buf, (u8)bracket);
	o->more = false;
}

void
jout_open(struct jout *o, char bracket)
{
	jout_key_open(o, NULL, bracket);
}

void
jout_close(struct jout *o, char bracket)
{
	ASSERT(bracket == '}' || bracket == ']');
	buf_byte(o->buf, (u8)bracket);
	o->more = true;
}

void
jout_str(struct jout *o, const char *key, struct str value)
{
	before(o, key);
	jout_quoted(o->buf, value);
}

void
jout_c(struct jout *o, const char *key, const char *value)
{
	jout_str(o, key, str_c(value));
}

void
jout_num(struct jout *o, const char *key, int64_t value)
{
	before(o, key);
	buf_i64(o->buf, value);
}

void
jout_u64(struct jout *o, const char *key, u64 value)
{
	before(o, key);
	buf_u64(o->buf, value);
}

void
jout_bool(struct jout *o, const char *key, bool value)
{
	before(o, key);
	buf_put(o->buf, value ? STR("true") : STR("false"));
}

void
jout_null(struct jout *o, const char *key)
{
	before(o, key);
	BUF_LIT(o->buf, "null");
}

void
jout_raw(struct jout *o, const char *key, struct str value)
{
	before(o, key);
	buf_put(o->buf, value);
}
