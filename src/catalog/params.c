#include "catalog/params_priv.h"

#include "catalog/args.h"
#include "catalog/media.h"
#include "catalog/style.h"
#include "http/field.h"
#include "http/url.h"
#include "json/jout.h"

int
params_refuse(struct making *m, struct str arg, const char *what)
{
	buf_fmt(m->why, "The argument \"%S\" %s.", arg, what);
	return ERR_BAD;
}

struct jcur
params_value(const struct making *m, u32 i)
{
	if (m->given->at[i] == 0)
		return json_none(ERR_NONE);
	return (struct jcur){ .doc = m->p->args.doc, .at = m->given->at[i] };
}

static int
parameter(const struct making *m, struct jcur member)
{
	struct str key = json_key(member);
	struct catalog_param param;

	if (str_find(key, '\\', 0) < 0)
		return catalog_param_named(m->c, m->op, key, NULL);
	for (u32 i = 0; i < m->op->param_n; i++) {
		catalog_param(m->c, m->op, i, &param);
		if (json_key_same(member, param.arg))
			return (int)i;
	}
	return ERR_NONE;
}

static int
find_given(struct making *m)
{
	memset(m->given->at, 0, m->op->param_n * sizeof m->given->at[0]);
	for (struct jcur v = json_first(m->p->args); !v.err; v = json_next(v)) {
		int i = parameter(m, v);

		if (v.at > UINT16_MAX) {
			BUF_LIT(m->why, "The arguments have too many values.");
			return ERR_FULL;
		}
		if (i >= 0 && !(m->p->skip.n && args_skips(m->p->skip, v)))
			m->given->at[i] = (u16)v.at;
	}
	return 0;
}

/* How a parameter is written into out. first: what stands before it. */
static struct style
style_of(struct making *m, const struct catalog_param *param, struct buf *out, const char *first)
{
	return (struct style){
		.out = out, .room = &m->p->body, .style = param->style, .name = param->wire, .first = first, .sep = "&",
		.explode = (param->flags & CATALOG_PARAM_EXPLODE) != 0,
		.coding = !(param->flags & CATALOG_PARAM_RESERVED) ? STYLE_COMPONENT :
		    param->in == CATALOG_COOKIE ? STYLE_COOKIE : STYLE_RESERVED,
	};
}

/* A value that travels as JSON text: like a scalar. */
static void
put_json(const struct style *s, struct jcur value, bool named)
{
	struct style json = *s;

	buf_c(s->out, s->first);
	if (named) {
		url_encode(s->out, s->name, URL_COMPONENT);
		buf_byte(s->out, '=');
	}
	if (json.coding == STYLE_RAW)
		buf_put(s->out, json_raw(value));
	else
		url_encode(s->out, json_raw(value), URL_COMPONENT);
}

/* --- path ----------------------------------------------------------------------------------------- */

static bool
has_control(struct str s)
{
	for (u32 i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

/* Whether the path has come to a query that its template holds. Values are encoded, so only a template's ? is one. */
static bool
in_query(const struct making *m)
{
	return str_find(buf_str(&m->p->target), '?', 0) >= 0;
}

/* What makes a path value unfit: NULL when nothing does. Judged before encoding, so that a "%2e%2e" that upstream
 * decodes twice is seen, too. */
static const char *
path_fault(struct making *m, struct jcur value)
{
	enum json_kind kind = json_kind(value);
	struct str text;

	if (kind == JSON_MISSING)
		return "is missing: it is a part of the path";
	if (kind == JSON_NULL)
		return "must not be null: it is a part of the path";
	text = style_peek(&m->p->body, value);
	if (!text.p)
		m->p->body.over = true; /* no room to look: told at the end */
	else if (kind == JSON_STRING && text.n == 0)
		return "must not be empty: it is a part of the path";
	if ((kind == JSON_ARRAY || kind == JSON_OBJECT) && json_len(value) == 0)
		return "must not be empty: it is a part of the path";
	if (has_control(text))
		return "must not hold control characters: it is a part of the path";
	if (url_dots(text) && !in_query(m))
		return "must not lead to another path (\".\" or \"..\")";
	return NULL;
}

static int
put_path_value(struct making *m, u32 i)
{
	struct catalog_param param;
	struct jcur value = params_value(m, i);
	const char *fault = path_fault(m, value);
	struct style s;

	catalog_param(m->c, m->op, i, &param);
	if (fault)
		return params_refuse(m, param.arg, fault);
	s = style_of(m, &param, &m->p->target, "");
	s.coding = STYLE_COMPONENT;
	if (param.flags & CATALOG_PARAM_JSON)
		put_json(&s, value, false);
	else
		style_put(&s, value);
	return 0;
}

static int
put_path(struct making *m)
{
	struct buf *t = &m->p->target;
	struct str rest, path;

	buf_put(t, m->p->base);
	for (u32 i = 0; i < m->op->piece_n; i++) {
		struct catalog_piece piece;

		catalog_piece(m->c, m->op, i, &piece);
		if (piece.param == CATALOG_NONE)
			buf_put(t, piece.literal);
		else if (put_path_value(m, piece.param))
			return ERR_BAD;
	}
	if (t->over)
		return 0; /* told at the end */
	rest = buf_str(t);
	path = str_next(&rest, '?');
	if (!url_path_ok(path) || !str_starts(path, m->p->base)) {
		BUF_LIT(m->why, "These arguments make a path that cannot be called: values in it must not be \".\", "
		    "\"..\" or hold control characters.");
		return ERR_BAD;
	}
	return 0;
}

/* --- query, fields, cookies ------------------------------------------------------------------------- */

/* Whether there is a value to be sent: null is left out. */
bool
params_has(struct jcur value)
{
	return json_kind(value) != JSON_MISSING && json_kind(value) != JSON_NULL;
}

static void
put_query(struct making *m, const struct catalog_param *param, struct jcur value, bool *some)
{
	struct style s = style_of(m, param, &m->p->target, *some ? "&" : "?");
	bool whole = param->style == CATALOG_SIMPLE; /* in: querystring */
	u32 n = 1;

	if (param->flags & CATALOG_PARAM_JSON) {
		put_json(&s, value, !whole);
	} else {
		buf_c(&m->p->target, whole ? s.first : "");
		n = style_put(&s, value);
	}
	*some = *some || n;
}

/* What makes a header value unfit: NULL when nothing does. Servers read bytes beyond ASCII as they like: refused. */
static const char *
header_fault(struct str value)
{
	if (!field_value_ok(value))
		return "must not hold line breaks or other control characters: it travels in a header";
	for (u32 i = 0; i < value.n; i++)
		if (value.p[i] > 0x7e)
			return "must hold ASCII characters only: it travels in a header";
	return NULL;
}

static int
put_header(struct making *m, const struct catalog_param *param, struct jcur value)
{
	struct buf *f = &m->p->fields;
	struct style s = style_of(m, param, f, "");
	u32 mark = f->w, from;
	const char *fault;

	s.coding = STYLE_RAW;
	buf_fmt(f, "%S: ", param->wire);
	from = f->w;
	if (param->flags & CATALOG_PARAM_JSON)
		put_json(&s, value, false);
	else
		style_put(&s, value);
	fault = f->over ? NULL : header_fault(str_of(f->p + from, f->w - from));
	if (fault || (!f->over && f->w == from)) {
		f->w = mark;
		return fault ? params_refuse(m, param->arg, fault) : 0;
	}
	BUF_LIT(f, "\r\n");
	return 0;
}

static void
put_cookie(struct making *m, const struct catalog_param *param, struct jcur value, bool *some)
{
	struct style s = style_of(m, param, &m->p->fields, *some ? "; " : "Cookie: ");
	u32 n = 1;

	s.sep = "; ";
	if (param->flags & CATALOG_PARAM_JSON)
		put_json(&s, value, true);
	else
		n = style_put(&s, value);
	*some = *some || n;
}

static int
put_params(struct making *m)
{
	bool query = in_query(m), cookie = false;

	for (u32 i = 0; i < m->op->param_n; i++) {
		struct catalog_param param;
		struct jcur value = params_value(m, i);

		if (!params_has(value))
			continue;
		catalog_param(m->c, m->op, i, &param);
		if (param.in == CATALOG_QUERY)
			put_query(m, &param, value, &query);
		else if (param.in == CATALOG_COOKIE)
			put_cookie(m, &param, value, &cookie);
		else if (param.in == CATALOG_HEADER && put_header(m, &param, value))
			return ERR_BAD;
	}
	if (cookie)
		BUF_LIT(&m->p->fields, "\r\n");
	return 0;
}

/* --- body ----------------------------------------------------------------------------------------- */

bool
params_is_extra(const struct making *m, struct jcur member)
{
	return !(m->p->skip.n && args_skips(m->p->skip, member)) && parameter(m, member) < 0;
}

static void
put_members(struct making *m)
{
	struct buf *b = &m->p->body;
	u32 n = 0;

	buf_byte(b, '{');
	for (u32 i = 0; i < m->op->param_n; i++) {
		struct catalog_param param;

		if (m->given->at[i] == 0)
			continue;
		catalog_param(m->c, m->op, i, &param);
		if (param.in != CATALOG_MEMBER)
			continue;
		buf_c(b, n++ ? "," : "");
		jout_quoted(b, param.wire);
		buf_byte(b, ':');
		buf_put(b, json_raw(params_value(m, i)));
	}
	for (struct jcur v = json_first(m->p->args); m->op->flags & CATALOG_OP_BODY_OPEN && !v.err; v = json_next(v))
		if (params_is_extra(m, v))
			buf_fmt(b, n++ ? ",\"%S\":%S" : "\"%S\":%S", json_key(v), json_raw(v));
	buf_byte(b, '}');
	m->p->has_body = n || m->op->flags & CATALOG_OP_BODY_REQUIRED;
	if (!m->p->has_body)
		b->w = 0;
}

/* One field of a form. An object is JSON text unless its style says otherwise (OpenAPI: the default of objects). */
static void
put_field(struct making *m, const struct catalog_param *param, struct jcur value)
{
	struct style s = style_of(m, param, &m->p->body, m->p->body.w ? "&" : "");
	bool object = json_kind(value) == JSON_OBJECT && param->style == CATALOG_FORM;

	if (param->flags & CATALOG_PARAM_JSON || object)
		put_json(&s, value, true);
	else
		style_put(&s, value);
}

/* Members of an object as form fields. skip_declared: only those nobody declared as an argument. */
static void
put_free_fields(struct making *m, struct jcur object, bool skip_declared)
{
	for (struct jcur v = json_first(object); !v.err; v = json_next(v)) {
		struct catalog_param param = { .style = CATALOG_FORM, .flags = CATALOG_PARAM_EXPLODE };
		u8 name[256];
		struct buf b = buf_over(name, sizeof name);
		struct arena a = arena_over(name, sizeof name);

		if (!params_has(v) || (skip_declared && !params_is_extra(m, v)))
			continue;
		param.wire = json_key(v);
		if (str_find(param.wire, '\\', 0) >= 0)
			param.wire = json_key_str(v, &a);
		b.over = !param.wire.p;
		if (b.over)
			m->p->body.over = true;
		else
			put_field(m, &param, v);
	}
}

static void
put_form(struct making *m)
{
	for (u32 i = 0; i < m->op->param_n; i++) {
		struct catalog_param param;

		catalog_param(m->c, m->op, i, &param);
		if (param.in == CATALOG_MEMBER && params_has(params_value(m, i)))
			put_field(m, &param, params_value(m, i));
	}
	if (m->op->flags & CATALOG_OP_BODY_OPEN)
		put_free_fields(m, m->p->args, true);
	m->p->has_body = m->p->body.w || m->op->flags & CATALOG_OP_BODY_REQUIRED;
}

/* A body that is a file. Where the document takes any type, it is the one that the file's data: URL names. */
static int
put_octets(struct making *m, const struct catalog_param *param, struct jcur value)
{
	struct buf room = buf_over(m->p->type_room, sizeof m->p->type_room);
	struct str type, name;
	int err = parts_file(m, param->arg, value, &type, &name);

	if (str_find(m->p->body_type, '*', 0) < 0)
		return err;
	if (str_find(type, '/', 0) <= 0 || header_fault(type))
		type = STR("application/octet-stream");
	buf_put(&room, type);
	m->p->body_type = room.over ? STR("application/octet-stream") : buf_str(&room);
	return err;
}

static int
put_whole(struct making *m, const struct catalog_param *param, struct jcur value)
{
	struct buf *b = &m->p->body;
	enum json_kind kind = json_kind(value);

	m->p->has_body = true;
	if (m->kind == CATALOG_KIND_FORM && kind == JSON_OBJECT)
		put_free_fields(m, value, false);
	else if (m->kind == CATALOG_KIND_MULTIPART && kind == JSON_OBJECT)
		return parts_put(m, value);
	else if (m->kind == CATALOG_KIND_BINARY && kind == JSON_STRING)
		return put_octets(m, param, value);
	else if (m->kind != CATALOG_KIND_JSON && kind == JSON_STRING)
		json_str_put(value, b);
	else
		buf_put(b, json_raw(value));
	return 0;
}

/* The content type that was chosen: always the last parameter, one of a list that the schema has judged. */
static void
choose_type(struct making *m)
{
	u32 last = m->op->param_n - 1;
	struct catalog_param param;
	struct str raw;

	m->kind = m->op->kind;
	m->p->body_type = m->op->body_type;
	if (!m->op->param_n || !m->given->at[last])
		return;
	catalog_param(m->c, m->op, last, &param);
	raw = json_raw(params_value(m, last));
	if (param.in != CATALOG_TYPE || json_kind(params_value(m, last)) != JSON_STRING)
		return;
	m->p->body_type = str_cut(raw, 1, raw.n - 1);
	m->kind = (u8)media_kind(m->p->body_type);
}

static int
put_body(struct making *m)
{
	if (m->op->kind == CATALOG_KIND_NONE)
		return 0;
	choose_type(m);
	for (u32 i = 0; i < m->op->param_n; i++) {
		struct catalog_param param;

		catalog_param(m->c, m->op, i, &param);
		if (param.in == CATALOG_BODY)
			return m->given->at[i] ? put_whole(m, &param, params_value(m, i)) : 0;
	}
	if (m->kind == CATALOG_KIND_FORM)
		put_form(m);
	else if (m->kind == CATALOG_KIND_JSON)
		put_members(m);
	else if (m->kind == CATALOG_KIND_MULTIPART)
		return parts_put(m, json_none(ERR_NONE));
	return 0;
}

int
params_build(const struct catalog *c, const struct catalog_op *op, struct params *p, struct buf *why)
{
	struct given given;
	struct making m = { .c = c, .op = op, .p = p, .why = why, .given = &given };
	int err = find_given(&m);

	p->has_body = false;
	p->body_type = STR_NONE;
	if (!err)
		err = put_path(&m);
	if (!err)
		err = put_params(&m);
	if (!err)
		err = put_body(&m);
	if (err)
		return err;
	if (!p->target.over && !p->fields.over && !p->body.over)
		return 0;
	buf_c(why, p->target.over ? "The arguments make a URL that is too long." :
	        p->fields.over ? "The arguments for header fields are too long." : "The request body is too large.");
	return ERR_FULL;
}
