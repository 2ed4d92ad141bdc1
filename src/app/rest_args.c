#include "app/rest_args.h"

#include "base/base64.h"
#include "http/form.h"
#include "http/multipart.h"
#include "http/url.h"
#include "json/jout.h"

#define PAIRS_MAX 200 /* of a query or form */

static int
refuse(struct buf *why, const char *what, struct str name)
{
	buf_fmt(why, "%s '%S'", what, str_cut(name, 0, 64));
	return 400;
}

static void
put_name(struct rest_ask *a, struct str arg)
{
	if (a->out.w > 1)
		buf_byte(&a->out, ',');
	jout_quoted(&a->out, arg);
	buf_byte(&a->out, ':');
}

/* The parameter of that place and wire name; ERR_NONE. */
static int
find(const struct rest_ask *a, u8 in, struct jcur member, struct str raw, struct catalog_param *p)
{
	for (u32 i = 0; i < a->op->param_n; i++) {
		catalog_param(a->catalog, a->op, i, p);
		if (p->in == in && (raw.p ? form_is(raw, p->wire) : json_key_same(member, p->wire)))
			return 0;
	}
	return ERR_NONE;
}

/* ---- path, header -------------------------------------------------------------------------------- */

/* A value without what its style puts before it: ".7", ";id=7". */
static struct str
without_style(const struct catalog_param *p, struct str v)
{
	if (p->style == CATALOG_LABEL && str_starts(v, STR(".")))
		return str_cut(v, 1, v.n);
	if (p->style == CATALOG_MATRIX && str_starts(v, STR(";")) && str_starts(str_cut(v, 1, v.n), p->wire))
		return str_cut(v, p->wire.n + 2, v.n);
	return v;
}

static int
from_path(struct rest_ask *a, struct buf *why)
{
	for (u32 i = 0; i < a->op->piece_n; i++) {
		struct catalog_piece piece;
		struct catalog_param p;
		struct buf value = buf_over(a->scratch.p, (u32)a->scratch.cap);

		catalog_piece(a->catalog, a->op, i, &piece);
		if (piece.param == CATALOG_NONE)
			continue;
		catalog_param(a->catalog, a->op, piece.param, &p);
		if (url_decode(&value, without_style(&p, a->value[i])) || value.over)
			return refuse(why, "the path holds no good value for", p.wire);
		put_name(a, p.arg);
		jout_quoted(&a->out, buf_str(&value));
	}
	return 0;
}

/* Only fields that the document names. */
static void
from_header(struct rest_ask *a)
{
	struct catalog_param p;

	for (u32 i = 0; i < a->op->param_n; i++) {
		const struct field *f;

		catalog_param(a->catalog, a->op, i, &p);
		f = p.in == CATALOG_HEADER ? field_find(&a->req->fields, p.wire) : NULL;
		if (!f)
			continue;
		put_name(a, p.arg);
		jout_quoted(&a->out, f->value);
	}
}

/* ---- query, form --------------------------------------------------------------------------------- */

/* Appends raw decoded, as a JSON string. It is decoded behind it first. */
static int
put_form(struct rest_ask *a, struct str raw)
{
	u32 room = buf_room(&a->out), n = raw.n * 6 + 2; /* the most that it may take, escaped */
	struct buf tail = buf_over(a->out.p + a->out.w + min_u32(n, room), room - min_u32(n, room));

	if (form_decode(&tail, raw))
		return ERR_BAD;
	a->out.over |= tail.over;
	jout_quoted(&a->out, buf_str(&tail));
	return 0;
}

static bool
is_list(const struct rest_ask *a, const struct catalog_param *p)
{
	struct catalog_node node;

	if (p->node == CATALOG_NONE)
		return false;
	catalog_node(a->catalog, p->node, &node);
	return node.types & CATALOG_T_ARRAY;
}

/* The values of one name: one text, or a list of them. */
static int
put_values(struct rest_ask *a, const struct catalog_param *p, struct str form, u32 n)
{
	u8 sep = p->style == CATALOG_PIPE ? '|' : p->style == CATALOG_SPACE ? '+' : ',';
	bool parted = n == 1 && !(p->flags & CATALOG_PARAM_EXPLODE) && is_list(a, p), more = false;
	struct str name, value;

	put_name(a, p->arg);
	if (n > 1 || parted)
		buf_byte(&a->out, '[');
	while (form_next(&form, &name, &value)) {
		if (!form_is(name, p->wire))
			continue;
		do {
			struct str one = parted ? str_next(&value, sep) : value;

			if (more)
				buf_byte(&a->out, ',');
			more = true;
			if (put_form(a, one))
				return ERR_BAD;
		} while (parted && value.p);
	}
	if (n > 1 || parted)
		buf_byte(&a->out, ']');
	return 0;
}

static int
from_form(struct rest_ask *a, u8 in, struct str form, struct buf *why)
{
	struct str rest = form, name, value;
	struct catalog_param p;
	u32 pairs = 0;

	while (form_next(&rest, &name, &value))
		if (++pairs > PAIRS_MAX || find(a, in, json_none(ERR_NONE), name, &p))
			return refuse(why, in == CATALOG_QUERY ? "this operation has no query parameter" :
			    "this operation's body has no member", name);
	for (u32 i = 0; pairs && i < a->op->param_n; i++) {
		u32 n = 0;

		catalog_param(a->catalog, a->op, i, &p);
		rest = form;
		while (p.in == in && form_next(&rest, &name, &value))
			n += form_is(name, p.wire);
		if (n && put_values(a, &p, form, n))
			return refuse(why, "this is not percent-encoded as it should be:", p.wire);
	}
	return 0;
}

/* ---- bodies -------------------------------------------------------------------------------------- */

/* The parameter that is the whole body; ERR_NONE. */
static int
whole_body(const struct rest_ask *a, struct catalog_param *p)
{
	for (u32 i = 0; i < a->op->param_n; i++) {
		catalog_param(a->catalog, a->op, i, p);
		if (p->in == CATALOG_BODY)
			return 0;
	}
	return ERR_NONE;
}

static int
from_members(struct rest_ask *a, struct jcur body, struct buf *why)
{
	struct catalog_param p;

	for (struct jcur v = json_first(body); !v.err; v = json_next(v)) {
		struct str key = json_key(v);

		if (find(a, CATALOG_MEMBER, v, STR_NONE, &p) == 0)
			put_name(a, p.arg);
		else if (!(a->op->flags & CATALOG_OP_BODY_OPEN) ||
		         catalog_param_named(a->catalog, a->op, key, NULL) >= 0)
			return refuse(why, "this operation's body has no member", key);
		else
			buf_fmt(&a->out, "%s\"%S\":", a->out.w > 1 ? "," : "", key);
		buf_put(&a->out, json_raw(v));
	}
	return 0;
}

static int
too_large(struct buf *why)
{
	buf_fmt(why, "JSON and form fields are judged whole and may have %u KB; text, bytes and forms with files may "
	    "have %u MB", RPC_BODY_MAX >> 10, UPLOAD_MAX >> 20);
	return 413;
}

static int
from_json(struct rest_ask *a, struct buf *why)
{
	struct catalog_param p;
	int err = json_parse_request(&a->doc, a->body, a->tok, RPC_TOKENS_MAX, &a->scratch);

	if (err) {
		buf_c(why, err == ERR_FULL ? "the body has too many values" : "the body is not valid JSON");
		return err == ERR_FULL ? 413 : 400;
	}
	if (whole_body(a, &p) == 0) {
		put_name(a, p.arg);
		buf_put(&a->out, json_raw(json_root(&a->doc)));
		return 0;
	}
	if (json_kind(json_root(&a->doc)) == JSON_OBJECT)
		return from_members(a, json_root(&a->doc), why);
	BUF_LIT(why, "the body must be a JSON object");
	return 400;
}

/* Anything else is a body as a whole: a text, or bytes. */
static int
from_bytes(struct rest_ask *a, struct str type, struct buf *why)
{
	struct catalog_param p;

	if (whole_body(a, &p)) {
		BUF_LIT(why, "send the body as application/json or application/x-www-form-urlencoded");
		return 415;
	}
	put_name(a, p.arg);
	if (a->raw) {
		BUF_LIT(&a->out, "\"upload:\"");
		return 0;
	}
	if (str_starts(type, STR("text/"))) {
		jout_quoted(&a->out, a->body);
		return 0;
	}
	BUF_LIT(&a->out, "\"data:");
	buf_put(&a->out, type); /* two tokens: nothing in them needs an escape */
	BUF_LIT(&a->out, ";base64,");
	base64_put(&a->out, a->body);
	buf_byte(&a->out, '"');
	return 0;
}

/* A file, as arguments hold files: data:TYPE;name=NAME;base64,... or upload:NAME. */
static void
put_file(struct rest_ask *a, const struct multipart_part *part)
{
	struct str rest = part->type, type = str_trim(str_next(&rest, ';')), sub = type, main = str_next(&sub, '/');

	if (a->raw) {
		BUF_LIT(&a->out, "\"upload:");
	} else {
		BUF_LIT(&a->out, "\"data:");
		buf_put(&a->out, field_token(main) && field_token(sub) ? type : STR("application/octet-stream"));
		if (part->file.n)
			BUF_LIT(&a->out, ";name=");
	}
	for (u32 i = 0; i < part->file.n; i++) {
		u8 c = part->file.p[i];

		buf_byte(&a->out, c == ';' || c == ',' || c == '"' || c == '\\' || c < 0x20 ? '_' : c);
	}
	if (!a->raw) {
		BUF_LIT(&a->out, ";base64,");
		base64_put(&a->out, part->data);
	}
	buf_byte(&a->out, '"');
}

/* What passes as it is has its name in plain: not everybody decodes it. */
static bool
part_is(const struct rest_ask *a, const struct multipart_part *part, const struct catalog_param *p)
{
	return str_same(part->name, p->wire) || (!a->raw && form_is(part->name, p->wire));
}

static void
put_part(struct rest_ask *a, const struct catalog_param *p, const struct multipart_part *part, bool *more)
{
	if (*more)
		buf_byte(&a->out, ',');
	*more = true;
	if (p->flags & CATALOG_PARAM_FILE)
		put_file(a, part);
	else
		jout_quoted(&a->out, part->data);
}

/* All parts of one member: a value, or a list of them. JSON comes as text, which is read where it is wanted. */
static void
put_parts(struct rest_ask *a, struct str params, const struct catalog_param *p, u32 n)
{
	struct multipart m;
	struct multipart_part part;
	bool more = false;

	put_name(a, p->arg);
	if (n > 1)
		buf_byte(&a->out, '[');
	multipart_begin(&m, a->body, params);
	while (multipart_next(&m, &part) > 0)
		if (part_is(a, &part, p))
			put_part(a, p, &part, &more);
	if (a->open.name.p && part_is(a, &a->open, p))
		put_part(a, p, &a->open, &more);
	if (n > 1)
		buf_byte(&a->out, ']');
}

/* The content type is said where the operation has several. */
static void
put_type(struct rest_ask *a)
{
	struct catalog_param p;

	for (u32 i = 0; i < a->op->param_n; i++) {
		catalog_param(a->catalog, a->op, i, &p);
		if (p.in != CATALOG_TYPE)
			continue;
		put_name(a, p.arg);
		jout_quoted(&a->out, STR("multipart/form-data"));
	}
}

/* Reads all parts; *all how many. What passes as it is must be read by everybody as it is here. */
static int
count_parts(struct rest_ask *a, struct str params, u32 *all)
{
	struct multipart m;
	struct multipart_part part;
	int more = multipart_begin(&m, a->body, params) ? ERR_BAD : multipart_next(&m, &part);

	for (*all = 0; more > 0 && *all < PAIRS_MAX; more = multipart_next(&m, &part), ++*all)
		;
	if (more < 0 && a->pours && m.open && part.file.p) {
		a->watched = true;
		a->open = part;
		more = multipart_watch_begin(a->watch, &m, &part);
		++*all;
	} else if (a->pours) {
		return ERR_BAD;
	}
	if (more || !a->raw)
		return more;
	a->form = buf_over(a->type, sizeof a->type);
	multipart_type(&m, &a->form);
	if (!str_starts(a->body, str_of(m.mark + 2, m.n - 2u)))
		return ERR_BAD;
	return multipart_marks(&m, str_cut(a->body, 0, a->pours ? m.at : a->body.n)) == *all + !a->pours ? 0 : ERR_BAD;
}

static int
from_multipart(struct rest_ask *a, struct str params, struct buf *why)
{
	struct multipart m;
	struct multipart_part part;
	struct catalog_param p;
	u32 all, known = 0;

	if (count_parts(a, params, &all)) {
		buf_c(why, a->pours ? "a form of this size must be multipart/form-data whose fields come first, within "
		    "32 KB, then its files" : "the body is no multipart/form-data, or has too many parts");
		return 400;
	}
	for (u32 i = 0; i < a->op->param_n; i++) {
		u32 n = 0;

		catalog_param(a->catalog, a->op, i, &p);
		multipart_begin(&m, a->body, params);
		while (p.in == CATALOG_MEMBER && multipart_next(&m, &part) > 0)
			n += part_is(a, &part, &p);
		if (p.in == CATALOG_MEMBER && a->open.name.p && part_is(a, &a->open, &p)) {
			if (!(p.flags & CATALOG_PARAM_FILE))
				return refuse(why, "this is no file, and comes behind 32 KB:", p.wire);
			n++;
		}
		known += n;
		if (n)
			put_parts(a, params, &p, n);
	}
	if (known != all)
		return refuse(why, "of this operation's body a part is not known among those of", a->op->name);
	put_type(a);
	return 0;
}

static int
from_body(struct rest_ask *a, struct buf *why)
{
	struct str rest = field_get(&a->req->fields, FIELD_CONTENT_TYPE), type = str_trim(str_next(&rest, ';'));
	struct str sub = type, main = str_next(&sub, '/');

	if (!a->body.n)
		return 0;
	if (!field_token(main) || !field_token(sub) || field_get(&a->req->fields, FIELD_CONTENT_ENCODING).n) {
		BUF_LIT(why, "a body needs its Content-Type, and must not be compressed");
		return 415;
	}
	if (str_same_nocase(type, STR("application/json")) || str_ends(type, STR("+json")))
		return a->pours ? too_large(why) : from_json(a, why);
	if (str_same_nocase(type, STR("application/x-www-form-urlencoded")))
		return a->pours ? too_large(why) : from_form(a, CATALOG_MEMBER, a->body, why);
	a->raw = a->pours || a->body.n > REST_FILE_MAX;
	if (str_same_nocase(type, STR("multipart/form-data")))
		return from_multipart(a, rest, why);
	return from_bytes(a, type, why);
}

int
rest_args(struct rest_ask *a, struct buf *why)
{
	int status;

	buf_byte(&a->out, '{');
	status = from_path(a, why);
	from_header(a);
	if (!status)
		status = from_form(a, CATALOG_QUERY, a->req->query, why);
	if (!status)
		status = from_body(a, why);
	buf_byte(&a->out, '}');
	if (status)
		return status;
	if (a->out.over || json_parse_request(&a->doc, buf_str(&a->out), a->tok, RPC_TOKENS_MAX, &a->scratch)) {
		buf_c(why, a->out.over ? "the request is too large" : "the same argument was given twice, or too many");
		return a->out.over ? 413 : 400;
	}
	return 0;
}
