/* What a login gives: values out of the head and the body of its answer. */
#include "op/login_priv.h"

#include "crypt/ct.h"
#include "op/op.h"

/* The value of a cookie that the answer sets (RFC 6265 section 5.2: up to the first ';'). */
static struct str
cookie_of(const struct fields *f, struct str name)
{
	const struct field *field;
	u32 i = 0;

	while ((field = field_next(f, FIELD_SET_COOKIE, &i))) {
		struct str rest = field->value, value = str_next(&rest, ';'), key = str_next(&value, '=');

		if (str_same(str_trim(key), name))
			return str_trim(value);
	}
	return STR_NONE;
}

static struct jcur
json_of(struct jcur c, struct str path)
{
	while (path.p)
		c = json_get_str(c, str_next(&path, '.'));
	return c;
}

static void
add_value(struct login_live *l, u32 i, struct str value)
{
	struct buf b = buf_over(l->text, sizeof l->text);

	for (u32 k = 0; k < i; k++)
		b.w += l->n[k];
	if (value.n > buf_room(&b))
		return;
	buf_put(&b, value);
	l->n[i] = (u16)value.n;
}

void
login_take_head(struct login_live *l)
{
	const struct login *login = l->credential->login;
	const struct fields *f = &l->ops->calls->resp.fields;
	struct buf b = buf_over(l->answer.p, l->answer.cap);

	/* kept in front of the body, in order, each behind its length */
	for (u32 i = 0; i < login->sends; i++) {
		struct str from = login->send[i].from, value = STR_NONE;
		const struct field *field;

		if (str_starts(from, STR("cookie:")))
			value = cookie_of(f, str_cut(from, 7, from.n));
		else if (str_starts(from, STR("header:")) && (field = field_find(f, str_cut(from, 7, from.n))))
			value = field->value;
		if (value.n > LOGIN_TEXT_MAX)
			value = STR_NONE;
		buf_byte(&b, (u8)(value.n >> 8));
		buf_byte(&b, (u8)value.n);
		buf_put(&b, value);
	}
	l->answer.w = b.w;
	if (b.over)
		l->answer.p[0] = l->answer.p[1] = 0;
}

static u32
lifetime_of(const struct login *login, struct jcur root)
{
	struct str text = login->lifetime;
	u64 n = 0;

	if (str_starts(text, STR("json:"))) {
		struct jcur c = json_of(root, str_cut(text, 5, text.n));

		if (json_u64(c, &n))
			text = json_str(c, NULL);
	}
	if (!n && str_u64(text, &n))
		n = 0;
	return (u32)(n > 86400 * 365 ? 86400 * 365 : n);
}

bool
login_take_values(struct login_live *l, u32 *lifetime_s)
{
	const struct login *login = l->credential->login;
	struct ops *o = l->ops;
	struct jdoc d;
	struct jcur root = json_none(ERR_NONE);
	struct str head, body = buf_str(&l->answer);

	memset(l->n, 0, sizeof l->n);
	for (u32 i = 0; i < login->sends; i++)
		body = str_cut(body, 2 + ((u32)body.p[0] << 8 | body.p[1]), body.n);
	head = buf_str(&l->answer);
	if (json_parse(&d, body, o->tok, RPC_TOKENS_MAX) == 0)
		root = json_root(&d);
	for (u32 i = 0; i < login->sends; i++) {
		u32 n = (u32)head.p[0] << 8 | head.p[1];
		struct str from = login->send[i].from, value = str_cut(head, 2, 2 + n);
		struct buf b = buf_over(o->canon, RPC_BODY_MAX);

		head = str_cut(head, 2 + n, head.n);
		if (str_starts(from, STR("json:")) && json_str_put(json_of(root, str_cut(from, 5, from.n)), &b) == 0)
			value = buf_str(&b);
		add_value(l, i, value);
		ct_wipe(o->canon, b.w);
		if (!l->n[i])
			return false;
	}
	*lifetime_s = lifetime_of(login, root);
	return true;
}
