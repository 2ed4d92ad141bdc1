/* multipart/form-data (RFC 7578) and files: a file is given as base64 or as a data: URL (RFC 2397), whose parameter
 * `name` is the name it is sent under. */
#include "base/base64.h"
#include "base/map.h"
#include "catalog/media.h"
#include "catalog/params_priv.h"
#include "catalog/style.h"
#include "http/url.h"

#define UPLOAD "upload:"
#define TRIES 8 /* boundaries tried until one does not stand in a part */

struct parts {
	struct making *m;
	struct str boundary;
	u32 n;
};

/* Decodes text that may lie at the end of the body's room to what is free before it. */
static int
decode(struct buf *b, struct str text, bool base64)
{
	u32 cap = text.p >= b->p + b->w && text.p < b->p + b->cap ? (u32)(text.p - b->p) : b->cap, was = b->cap;
	int n = 0;

	if (base64) {
		n = base64_read(text, b->p + b->w, cap - b->w);
		if (n == ERR_BAD)
			n = base64_read_url(text, b->p + b->w, cap - b->w);
		if (n == ERR_FULL)
			b->over = true;
		b->w += n > 0 ? (u32)n : 0;
		return n == ERR_BAD ? ERR_BAD : 0;
	}
	b->cap = cap;
	n = url_decode(b, text);
	b->cap = was;
	return n;
}

/* "image/png;name=a.png;base64": what stands before the comma. */
static bool
data_head(struct str head, struct str *type, struct str *name)
{
	bool base64 = false;

	*type = str_trim(str_next(&head, ';'));
	while (head.p && head.n) {
		struct str one = str_trim(str_next(&head, ';')), key = one, value = STR_NONE;
		int eq = str_find(one, '=', 0);

		if (eq >= 0) {
			key = str_cut(one, 0, (u32)eq);
			value = str_cut(one, (u32)eq + 1, one.n);
		}
		base64 |= str_same_nocase(key, STR("base64"));
		if (str_same_nocase(key, STR("name")) || str_same_nocase(key, STR("filename")))
			*name = value;
	}
	return base64;
}

int
parts_file(struct making *m, struct str arg, struct jcur value, struct str *type, struct str *name)
{
	struct buf *b = &m->p->body;
	struct str text = style_peek(b, value);
	bool base64 = true;
	int comma;

	*type = *name = STR_NONE;
	if (!text.p) {
		b->over = true;
		return 0;
	}
	if (str_starts(text, STR(UPLOAD))) {
		*type = m->p->upload_type;
		*name = str_cut(text, sizeof UPLOAD - 1, text.n);
		if (m->p->raw)
			return 0;
		if (m->uploads++)
			return params_refuse(m, arg,
			    "cannot be uploaded beside another one: give one of them as base64");
		m->p->awaits = !m->p->upload.p;
		m->p->split = b->w;
		buf_put(b, m->p->upload);
		return 0;
	}
	if (text.n >= 5 && str_same_nocase(str_cut(text, 0, 5), STR("data:"))) {
		comma = str_find(text, ',', 5);
		if (comma < 0)
			return params_refuse(m, arg, "is a data: URL without a comma: data:text/plain,hello");
		base64 = data_head(str_cut(text, 5, (u32)comma), type, name);
		text = str_cut(text, (u32)comma + 1, text.n);
	}
	if (decode(b, text, base64) == 0)
		return 0;
	return params_refuse(m, arg, base64 ? "must be a file: base64 without line breaks, or a data: URL such as "
	        "data:text/plain;name=a.txt,hello" : "is a data: URL with a broken % in it");
}

/* A name between quotes: what would end it is percent-encoded, as browsers do. */
static void
put_quoted(struct buf *b, struct str s)
{
	for (u32 i = 0; i < s.n; i++) {
		u8 c = s.p[i];

		if (c == '"' || c < 0x20 || c == 0x7f)
			buf_fmt(b, "%%%x%x", (u32)(c >> 4), (u32)(c & 15));
		else
			buf_byte(b, c);
	}
}

static bool
type_ok(struct str type)
{
	for (u32 i = 0; i < type.n; i++)
		if (type.p[i] <= 0x20 || type.p[i] > 0x7e || type.p[i] == ',' || type.p[i] == '*')
			return false;
	return type.n > 0 && str_find(type, '/', 0) > 0;
}

/* The head of a part. kind of a file: what it says of itself, else what the document says. */
static void
put_head(struct parts *w, const struct catalog_param *param, bool json, struct str type, struct str name)
{
	struct buf *b = &w->m->p->body;
	struct str said = param->type, first = str_trim(str_next(&said, ','));
	bool file = (param->flags & CATALOG_PARAM_FILE) != 0;

	buf_fmt(b, "--%S\r\nContent-Disposition: form-data; name=\"", w->boundary);
	put_quoted(b, param->wire);
	buf_byte(b, '"');
	if (file) {
		BUF_LIT(b, "; filename=\"");
		put_quoted(b, name.n ? name : STR("file"));
		buf_byte(b, '"');
	}
	if (!type_ok(type))
		type = type_ok(first) ? first : file ? STR("application/octet-stream") :
		    json ? STR("application/json") : STR_NONE;
	if (type.n)
		buf_fmt(b, "\r\nContent-Type: %S", type);
	BUF_LIT(b, "\r\n\r\n");
	w->n++;
}

/* A file's head needs what its value says, and the value is decoded behind the head: so it is looked at first. */
static int
put_file(struct parts *w, const struct catalog_param *param, struct jcur value)
{
	struct buf *b = &w->m->p->body;
	struct str text = style_peek(b, value), type = STR_NONE, name = STR_NONE;
	u32 cap = b->cap;
	int comma, err;

	if (text.p && text.n >= 5 && str_same_nocase(str_cut(text, 0, 5), STR("data:")) &&
	    (comma = str_find(text, ',', 5)) > 0)
		data_head(str_cut(text, 5, (u32)comma), &type, &name);
	if (str_starts(text, STR(UPLOAD))) {
		type = w->m->p->upload_type;
		name = str_cut(text, sizeof UPLOAD - 1, text.n);
	}
	if (text.p >= b->p + b->w && text.p < b->p + cap)
		b->cap = (u32)(text.p - b->p); /* the head must not reach what was decoded for it */
	put_head(w, param, false, type, name);
	b->cap = cap;
	err = b->over ? 0 : parts_file(w->m, param->arg, value, &type, &name);
	BUF_LIT(b, "\r\n");
	return err;
}

static int
put_one(struct parts *w, const struct catalog_param *param, struct jcur value)
{
	struct buf *b = &w->m->p->body;
	enum json_kind kind = json_kind(value);
	bool json = kind == JSON_OBJECT || kind == JSON_ARRAY || param->flags & CATALOG_PARAM_JSON;

	if (param->flags & CATALOG_PARAM_FILE && kind == JSON_STRING)
		return put_file(w, param, value);
	put_head(w, param, json, STR_NONE, STR_NONE);
	if (json || kind != JSON_STRING)
		buf_put(b, json_raw(value));
	else
		json_str_put(value, b);
	BUF_LIT(b, "\r\n");
	return 0;
}

/* A list is one part for each element, all under the same name (RFC 7578 section 4.3). */
static int
put_member(struct parts *w, const struct catalog_param *param, struct jcur value)
{
	int err = 0;

	if (json_kind(value) != JSON_ARRAY || param->flags & CATALOG_PARAM_JSON)
		return put_one(w, param, value);
	for (struct jcur v = json_first(value); !v.err && !err; v = json_next(v))
		err = put_one(w, param, v);
	return err;
}

/* Members nobody declared: a data: URL is a file here, too. */
static int
put_free(struct parts *w, struct jcur object, bool skip_declared)
{
	int err = 0;

	for (struct jcur v = json_first(object); !v.err && !err; v = json_next(v)) {
		struct catalog_param param = { .wire = json_key(v), .arg = json_key(v) };

		if (json_kind(v) == JSON_STRING && str_starts(json_raw(v), STR("\"data:")))
			param.flags = CATALOG_PARAM_FILE;
		if (params_has(v) && !(skip_declared && !params_is_extra(w->m, v)))
			err = put_member(w, &param, v);
	}
	return err;
}

static int
put_all(struct parts *w, struct jcur whole)
{
	struct making *m = w->m;
	int err = 0;

	for (u32 i = 0; i < m->op->param_n && !err; i++) {
		struct catalog_param param;

		catalog_param(m->c, m->op, i, &param);
		if (param.in == CATALOG_MEMBER && params_has(params_value(m, i)))
			err = put_member(w, &param, params_value(m, i));
	}
	if (!err && m->op->flags & CATALOG_OP_BODY_OPEN)
		err = put_free(w, m->p->args, true);
	if (!err && !whole.err)
		err = put_free(w, whole, false);
	buf_fmt(&m->p->body, "--%S--\r\n", w->boundary);
	return err;
}

/* Whether the boundary stands in the body only where it was put. */
static bool
only_ours(const struct parts *w)
{
	struct str body = buf_str(&w->m->p->body);
	u32 n = 0;
	int at;

	while ((at = str_find_str(body, w->boundary)) >= 0) {
		body = str_cut(body, (u32)at + w->boundary.n, body.n);
		n++;
	}
	return n == w->n + 1;
}

int
parts_put(struct making *m, struct jcur whole)
{
	u8 room[32];
	u64 seed = map_hash(json_raw(m->p->args), 1 ^ m->p->salt);
	struct buf type = buf_over(m->p->type_room, sizeof m->p->type_room);

	for (u32 i = 0; i < TRIES; i++) {
		struct buf b = buf_over(room, sizeof room);
		struct parts w = { .m = m };
		int err;

		BUF_LIT(&b, "part-");
		buf_hex(&b, seed + i, 16);
		w.boundary = buf_str(&b);
		m->p->body.w = 0;
		m->uploads = 0;
		err = put_all(&w, whole);
		if (err || m->p->body.over)
			return err;
		m->p->has_body = w.n || m->op->flags & CATALOG_OP_BODY_REQUIRED;
		if (!only_ours(&w))
			continue;
		buf_fmt(&type, "%S; boundary=%S", media_essence(m->p->body_type), w.boundary);
		m->p->body_type = buf_str(&type);
		return 0;
	}
	BUF_LIT(m->why, "The request body could not be put together: its parts look like what separates them.");
	return ERR_BAD;
}
