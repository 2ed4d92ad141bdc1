/* swagger2_body: parameters and payloads of Swagger 2.0, in the words of OpenAPI 3. */
#include "catalog/swagger2_priv.h"

/* --- parameters ----------------------------------------------------------------------------------- */

static bool
in(struct jcur param, const char *place)
{
	return json_is(json_get(param, "in"), place);
}

static bool
is_payload(struct jcur param)
{
	return in(param, "body") || in(param, "formData");
}

/* How the elements of an array are joined. Each place has its own usual style. */
static void
style(struct swagger2 *w, struct jcur param)
{
	struct jcur format = json_get(param, "collectionFormat");
	bool query = !in(param, "path") && !in(param, "header");

	if (!json_is(json_get(param, "type"), "array"))
		return;
	if (json_is(format, "ssv"))
		jout_c(&w->o, "style", "spaceDelimited");
	else if (json_is(format, "pipes"))
		jout_c(&w->o, "style", "pipeDelimited");
	else if (json_is(format, "tsv"))
		jout_c(&w->o, "style", "tabDelimited");
	else
		jout_c(&w->o, "style", query ? "form" : "simple");
	jout_bool(&w->o, "explode", query && json_is(format, "multi"));
}

/* Members of a parameter that are its own; all others say what its value is. */
static bool
is_own(struct jcur member)
{
	static const char *const own[] = { "name", "in", "required", "allowEmptyValue", "collectionFormat" };

	for (u32 i = 0; i < ARRAY_N(own); i++)
		if (json_key_is(member, own[i]))
			return true;
	return false;
}

/* The schema of a parameter that is not the body. */
static void
own_schema(struct swagger2 *w, struct jcur param, bool form)
{
	bool file = json_is(json_get(param, "type"), "file");

	swagger2_mark(w, param);
	jout_open(&w->o, '{');
	if (file) {
		jout_c(&w->o, "type", "string");
		jout_c(&w->o, "format", "binary");
	}
	for (struct jcur v = refs_members(param); !v.err; v = json_next(v)) {
		bool said = file && (json_key_is(v, "type") || json_key_is(v, "format"));

		if (!is_own(v) && !said && (form || !json_key_is(v, "description")))
			swagger2_member(w, v);
	}
	jout_close(&w->o, '}');
}

static void
parameter(struct swagger2 *w, struct jcur param)
{
	swagger2_mark(w, param);
	jout_open(&w->o, '{');
	swagger2_maybe(w, "name", json_get(param, "name"));
	swagger2_maybe(w, "in", json_get(param, "in"));
	swagger2_maybe(w, "description", json_get(param, "description"));
	swagger2_maybe(w, "required", json_get(param, "required"));
	swagger2_maybe(w, "allowEmptyValue", json_get(param, "allowEmptyValue"));
	style(w, param);
	if (!json_get(param, "schema").err) { /* no such thing in 2.0, but it is clear what is meant */
		swagger2_schema(w, json_get(param, "schema"));
	} else {
		jout_key(&w->o, STR("schema"));
		own_schema(w, param, false);
	}
	jout_close(&w->o, '}');
}

void
swagger2_parameters(struct swagger2 *w, u32 from)
{
	jout_key_open(&w->o, "parameters", '[');
	for (u32 i = from; i < w->param_n; i++) {
		struct jcur p = w->param[i];

		if (json_get(p, "$ref").err && !is_payload(p) && json_kind(p) == JSON_OBJECT)
			parameter(w, p);
		else if (!is_payload(p))
			swagger2_value(w, NULL, p);
	}
	jout_close(&w->o, ']');
}

/* --- bodies --------------------------------------------------------------------------------------- */

/* What is sent or answered: one schema, whatever the content type. */
struct media {
	struct jcur types;  /* an array of content types, or a miss */
	const char *usual;  /* when there are none */
	struct jcur schema; /* a miss: the form that the parameters make */
	bool form, file;
	struct str first;   /* the first type: the others refer to what stands there */
	struct buf *where;  /* pointer to the body or response, as it is written */
};

struct jcur
swagger2_types(struct swagger2 *w, struct jcur op, const char *key)
{
	struct jcur list = json_get(op, key);

	return json_kind(list) == JSON_ARRAY ? list : json_get(w->root, key);
}

void
swagger2_part(struct buf *out, struct str part)
{
	buf_byte(out, '/');
	for (u32 i = 0; i < part.n; i++) {
		u8 c = part.p[i];

		if (c == '~' || c == '/')
			buf_fmt(out, "~%c", c == '~' ? '0' : '1');
		else if (c == '%')
			BUF_LIT(out, "%25");
		else
			buf_byte(out, c);
	}
}

static void
form(struct swagger2 *w)
{
	jout_key_open(&w->o, "schema", '{');
	jout_c(&w->o, "type", "object");
	jout_key_open(&w->o, "properties", '{');
	for (u32 i = 0; i < w->param_n; i++)
		if (in(w->param[i], "formData")) {
			jout_key(&w->o, json_str(json_get(w->param[i], "name"), w->refs->arena));
			own_schema(w, w->param[i], true);
		}
	jout_close(&w->o, '}');
	jout_key_open(&w->o, "required", '[');
	for (u32 i = 0; i < w->param_n; i++)
		if (in(w->param[i], "formData") && json_kind(json_get(w->param[i], "required")) == JSON_TRUE)
			swagger2_maybe(w, NULL, json_get(w->param[i], "name"));
	jout_close(&w->o, ']');
	jout_close(&w->o, '}');
}

static void
encoding(struct swagger2 *w)
{
	jout_key_open(&w->o, "encoding", '{');
	for (u32 i = 0; i < w->param_n; i++)
		if (in(w->param[i], "formData") && json_is(json_get(w->param[i], "type"), "array")) {
			jout_key(&w->o, json_str(json_get(w->param[i], "name"), w->refs->arena));
			jout_open(&w->o, '{');
			style(w, w->param[i]);
			jout_close(&w->o, '}');
		}
	jout_close(&w->o, '}');
}

/* One content type. A large schema is written once. */
static void
one_type(struct swagger2 *w, struct media *m, struct str type)
{
	jout_key(&w->o, type);
	jout_open(&w->o, '{');
	if (m->first.n && (m->form || json_raw(m->schema).n > 200)) {
		u32 mark = m->where->w;

		BUF_LIT(m->where, "/content");
		swagger2_part(m->where, m->first);
		BUF_LIT(m->where, "/schema");
		jout_key_open(&w->o, "schema", '{');
		jout_str(&w->o, "$ref", m->where->over ? STR("#/too/long") : buf_str(m->where));
		jout_close(&w->o, '}');
		m->where->w = mark;
	} else if (m->form) {
		form(w);
	} else if (m->file) {
		jout_raw(&w->o, "schema", STR("{\"type\":\"string\",\"format\":\"binary\"}"));
	} else {
		swagger2_schema(w, m->schema);
	}
	if (m->form)
		encoding(w);
	jout_close(&w->o, '}');
	if (!m->first.n)
		m->first = type;
}

static void
content(struct swagger2 *w, struct media *m)
{
	jout_key_open(&w->o, "content", '{');
	for (struct jcur t = refs_elements(m->types); !t.err; t = json_next(t)) {
		struct str type = json_str(t, w->refs->arena);

		if (type.n && (!m->form || str_is(type, "multipart/form-data") ||
		    (str_is(type, "application/x-www-form-urlencoded") && !m->file)))
			one_type(w, m, type);
	}
	if (!m->first.n)
		one_type(w, m, str_c(m->usual));
	jout_close(&w->o, '}');
}

/* What the parameters in the payload make: the last body parameter, or a form of all the others. */
void
swagger2_request(struct swagger2 *w, struct jcur op, struct buf *where)
{
	struct media m = { .types = swagger2_types(w, op, "consumes"), .where = where, .schema = json_none(ERR_NONE) };
	struct jcur body = json_none(ERR_NONE);
	bool required = false;
	u32 mark_at = where->w;

	for (u32 i = 0; i < w->param_n; i++) {
		struct jcur p = w->param[i];
		bool part = in(p, "formData");

		if (in(p, "body"))
			body = p;
		m.form |= part;
		m.file |= part && json_is(json_get(p, "type"), "file");
		required |= part && json_kind(json_get(p, "required")) == JSON_TRUE;
	}
	if (body.err && !m.form)
		return;
	m.form = body.err != 0;
	m.file = m.file && m.form;
	m.schema = json_get(body, "schema");
	m.usual = m.file ? "multipart/form-data" : m.form ? "application/x-www-form-urlencoded" : "application/json";
	BUF_LIT(where, "/requestBody");
	jout_key(&w->o, STR("requestBody"));
	swagger2_mark(w, body.err ? op : body);
	jout_open(&w->o, '{');
	swagger2_maybe(w, "description", json_get(body, "description"));
	if (!body.err)
		swagger2_maybe(w, "required", json_get(body, "required"));
	else if (required)
		jout_bool(&w->o, "required", true);
	content(w, &m);
	jout_close(&w->o, '}');
	where->w = mark_at;
}

static void
response(struct swagger2 *w, struct jcur r, struct jcur types, struct buf *where)
{
	struct media m = { .types = types, .where = where, .schema = json_get(r, "schema") };

	m.file = json_is(json_get(m.schema, "type"), "file");
	m.usual = m.file ? "application/octet-stream" : "application/json";
	swagger2_mark(w, r);
	jout_open(&w->o, '{');
	for (struct jcur v = refs_members(r); !v.err; v = json_next(v))
		if (!json_key_is(v, "schema") && !json_key_is(v, "examples") && !json_key_is(v, "headers"))
			swagger2_member(w, v);
	if (!m.schema.err)
		content(w, &m);
	jout_close(&w->o, '}');
}

/* References within the file stay: what they lead to is told anew, too. */
void
swagger2_responses(struct swagger2 *w, struct jcur list, struct jcur types, struct buf *where)
{
	u32 mark_at = where->w;

	jout_key_open(&w->o, "responses", '{');
	for (struct jcur v = refs_members(list); !v.err; v = json_next(v)) {
		struct jcur to = refs_follow(w->refs, v);

		if (to.err || json_kind(to) != JSON_OBJECT || ((u32)to.at != (u32)v.at && (u32)to.at < w->first)) {
			swagger2_member(w, v);
			continue;
		}
		where->w = mark_at;
		swagger2_part(where, json_key_str(v, w->refs->arena));
		jout_key(&w->o, json_key_str(v, w->refs->arena));
		response(w, to, types, where);
	}
	jout_close(&w->o, '}');
	where->w = mark_at;
}
