#include "catalog/payload.h"

/* A content type without its parameters. */
static struct str
essence(struct str type)
{
	int semicolon = str_find(type, ';', 0);

	return str_trim(semicolon < 0 ? type : str_cut(type, 0, (u32)semicolon));
}

bool
payload_is_json(struct str type)
{
	struct str e = essence(type);

	return str_same_nocase(e, STR("application/json")) || str_same_nocase(e, STR("text/json")) ||
	       (e.n > 5 && str_same_nocase(str_cut(e, e.n - 5, e.n), STR("+json"))) || str_is(e, "*/*") ||
	       str_is(e, "application/*");
}

static u32
kind_of(struct str type)
{
	struct str e = essence(type);

	if (payload_is_json(type))
		return CATALOG_KIND_JSON;
	if (str_same_nocase(e, STR("application/x-www-form-urlencoded")))
		return CATALOG_KIND_FORM;
	if (str_same_nocase(str_cut(e, 0, 10), STR("multipart/")))
		return CATALOG_KIND_MULTIPART;
	if (str_same_nocase(str_cut(e, 0, 5), STR("text/")) || str_same_nocase(e, STR("application/xml")) ||
	    (e.n > 4 && str_same_nocase(str_cut(e, e.n - 4, e.n), STR("+xml"))))
		return CATALOG_KIND_TEXT;
	return CATALOG_KIND_BINARY;
}

/* What a content type of the document is called when it is sent: wildcards and JSON patterns become plain JSON, and
 * nothing that could end a header line is taken. */
static struct str
sent_as(u32 kind, struct str type)
{
	if (kind == CATALOG_KIND_FORM)
		return STR("application/x-www-form-urlencoded");
	for (u32 i = 0; i < type.n; i++)
		if (type.p[i] < 0x20 || type.p[i] > 0x7e || type.p[i] == '*')
			return kind == CATALOG_KIND_JSON ? STR("application/json") : STR("text/plain");
	return type;
}

/* The content the gate can send best: JSON itself, other JSON, form, text. A miss when there is none. */
static struct jcur
choose(struct compile *c, struct jcur content, u32 *kind)
{
	static const u8 rank[CATALOG_KINDS] = { [CATALOG_KIND_JSON] = 4, [CATALOG_KIND_FORM] = 3,
		[CATALOG_KIND_TEXT] = 2, [CATALOG_KIND_MULTIPART] = 1, [CATALOG_KIND_BINARY] = 1 };
	struct jcur best = json_none(ERR_NONE);
	u32 best_rank = 0;

	*kind = CATALOG_KIND_NONE;
	for (struct jcur v = refs_members(content); !v.err; v = json_next(v)) {
		struct str type = json_key_str(v, c->im->arena);
		u32 k = kind_of(type), r = rank[k] * 2U + str_same_nocase(essence(type), STR("application/json"));

		if (r > best_rank) {
			best = v;
			best_rank = r;
			*kind = k;
		}
	}
	return best;
}

/* How a member of a form travels: `encoding` may say style, explode, or a JSON content type. */
static void
encoding(struct input *in, struct jcur media)
{
	struct jcur e = json_get_str(json_get(media, "encoding"), in->wire);
	struct jcur style = json_get(e, "style");
	bool explode;

	in->style = json_is(style, "deepObject") ? CATALOG_DEEP : json_is(style, "spaceDelimited") ? CATALOG_SPACE :
	            json_is(style, "pipeDelimited") ? CATALOG_PIPE : CATALOG_FORM;
	if (json_bool(json_get(e, "explode"), &explode))
		explode = in->style == CATALOG_FORM || in->style == CATALOG_DEEP;
	if (explode)
		in->flags |= CATALOG_PARAM_EXPLODE;
	if (json_kind(json_get(e, "allowReserved")) == JSON_TRUE)
		in->flags |= CATALOG_PARAM_RESERVED;
	if (json_kind(json_get(e, "contentType")) == JSON_STRING &&
	    str_find_str(json_raw(json_get(e, "contentType")), STR("json")) >= 0)
		in->flags |= CATALOG_PARAM_JSON;
}

/* Members of an object body, one input each. */
static void
members(struct compile *c, struct operation *op, const struct shape *sh, struct jcur media)
{
	bool demanded = json_kind(json_get(op->body, "required")) != JSON_FALSE;

	for (u32 i = 0; i < sh->prop_n; i++) {
		const struct shape_prop *prop = &sh->prop[i];
		struct shape *member = schema_shape(&c->schema, prop->ref);
		struct input in = { .wire = prop->name, .in = CATALOG_MEMBER, .ref = prop->ref, .at = media };

		if (member->flags & CATALOG_NODE_READ_ONLY || !prop->name.n)
			continue;
		if (op->input_n == CATALOG_ARGS_MAX) {
			compile_skip(op, "its body has too many members", STR_NONE, media);
			return;
		}
		if (member->tok != SCHEMA_NONE)
			in.at = refs_at(&c->refs, member->tok);
		/* Most documents leave `required` of the body out although its members are: only false is believed. */
		if (prop->required && demanded)
			in.flags |= CATALOG_PARAM_REQUIRED;
		if (member->flags & CATALOG_NODE_DEPRECATED)
			in.flags |= CATALOG_PARAM_DEPRECATED;
		if (op->kind == CATALOG_KIND_FORM)
			encoding(&in, media);
		op->input[op->input_n++] = in;
	}
}

static void
whole(struct operation *op, struct jcur media, struct jcur schema)
{
	struct input in = { .wire = STR("body"), .in = CATALOG_BODY, .at = media, .text = op->body_text };

	if (op->input_n == CATALOG_ARGS_MAX) {
		compile_skip(op, "it has too many parameters", STR_NONE, media);
		return;
	}
	in.ref = schema.err ? SCHEMA_NONE : (u32)schema.at;
	if (op->flags & CATALOG_OP_BODY_REQUIRED)
		in.flags |= CATALOG_PARAM_REQUIRED;
	op->input[op->input_n++] = in;
}

static void
open_members(struct operation *op, const struct shape *sh)
{
	if (!(sh->flags & SHAPE_OPEN) || sh->flags & CATALOG_NODE_CLOSED)
		return;
	op->flags |= CATALOG_OP_BODY_OPEN;
	op->body_extra = sh->additional;
}

static void
spread(struct compile *c, struct operation *op, struct jcur media, struct jcur schema)
{
	struct shape *sh = schema_flat(&c->schema, schema_shape(&c->schema, schema.err ? SCHEMA_NONE : (u32)schema.at));
	bool object = schema_type(sh) == CATALOG_T_OBJECT;

	if (op->kind == CATALOG_KIND_TEXT || !object) {
		whole(op, media, schema);
		return;
	}
	if (sh->prop_n) {
		op->body_note = sh->note;
		members(c, op, sh, media);
		open_members(op, sh);
	} else if (!(sh->flags & SHAPE_PROPERTIES) || sh->flags & SHAPE_OPEN) {
		/* A free object is one argument; an object that is declared empty is no body at all. */
		whole(op, media, schema);
	} else if (!(op->flags & CATALOG_OP_BODY_REQUIRED)) {
		op->kind = CATALOG_KIND_NONE;
		op->body_type = STR_NONE;
	}
}

void
payload_collect(struct compile *c, struct operation *op)
{
	struct jcur content, media;
	u32 kind;

	op->body = refs_follow(&c->refs, json_get(op->at, "requestBody"));
	op->body_extra = SCHEMA_NONE;
	if (json_kind(op->body) != JSON_OBJECT) {
		if (!json_get(op->at, "requestBody").err)
			compile_skip(op, "its request body's $ref leads nowhere", STR_NONE,
			    json_get(op->at, "requestBody"));
		return;
	}
	content = json_get(op->body, "content");
	media = choose(c, content, &kind);
	if (media.err)
		return;
	if (kind == CATALOG_KIND_MULTIPART || kind == CATALOG_KIND_BINARY) {
		compile_skip(op, kind == CATALOG_KIND_MULTIPART ? "it takes only multipart bodies (file uploads)" :
		        "it takes only binary bodies (file uploads)", json_key(media), media);
		return;
	}
	op->kind = (u8)kind;
	op->body_type = sent_as(kind, json_key_str(media, c->im->arena));
	op->body_text = compile_text(c, op->body, "description");
	if (json_kind(json_get(op->body, "required")) == JSON_TRUE)
		op->flags |= CATALOG_OP_BODY_REQUIRED;
	spread(c, op, media, json_get(media, "schema"));
}
