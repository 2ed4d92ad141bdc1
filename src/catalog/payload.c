#include "catalog/payload.h"

#include "catalog/media.h"

#define TYPES_MAX 1024 /* bytes of a list of content types */

/* What a content type of the document is called when it is sent: wildcards become the plain type of their kind (of
 * bytes: what the file says of itself, told by a star), and nothing that could end a header line is taken. */
static struct str
sent_as(u32 kind, struct str type)
{
	const struct str usual[CATALOG_KINDS] = { [CATALOG_KIND_JSON] = STR("application/json"),
		[CATALOG_KIND_TEXT] = STR("text/plain"), [CATALOG_KIND_MULTIPART] = STR("multipart/form-data"),
		[CATALOG_KIND_BINARY] = STR("*/*") };

	if (kind == CATALOG_KIND_FORM)
		return STR("application/x-www-form-urlencoded");
	for (u32 i = 0; i < type.n; i++)
		if (type.p[i] < 0x20 || type.p[i] > 0x7e || type.p[i] == '*')
			return usual[kind];
	return type;
}

/* The content the gate can send best: JSON itself, other JSON, form, multipart, text, bytes. A miss: there is none. */
static struct jcur
choose(struct compile *c, struct jcur content, u32 *kind)
{
	static const u8 rank[CATALOG_KINDS] = { [CATALOG_KIND_JSON] = 5, [CATALOG_KIND_FORM] = 4,
		[CATALOG_KIND_MULTIPART] = 3, [CATALOG_KIND_TEXT] = 2, [CATALOG_KIND_BINARY] = 1 };
	struct jcur best = json_none(ERR_NONE);
	u32 best_rank = 0;

	*kind = CATALOG_KIND_NONE;
	for (struct jcur v = refs_members(content); !v.err; v = json_next(v)) {
		struct str type = json_key_str(v, c->im->arena);
		bool plain = str_same_nocase(media_essence(type), STR("application/json"));
		u32 k = media_kind(type), r = rank[k] * 2U + plain;

		if (r > best_rank) {
			best = v;
			best_rank = r;
			*kind = k;
		}
	}
	return best;
}

/* Whether a schema means the bytes of a file, or a list of them. */
static bool
is_file(struct compile *c, u32 ref, u32 depth)
{
	const struct shape *sh = schema_shape(&c->schema, ref);
	struct jcur at = sh->tok == SCHEMA_NONE ? json_none(ERR_NONE) : refs_at(&c->refs, sh->tok);

	if (sh->types & CATALOG_T_ARRAY && depth == 0)
		return is_file(c, sh->items, 1);
	if (str_is(sh->format, "binary"))
		return true;
	return sh->types & CATALOG_T_STRING && !json_get(at, "contentMediaType").err &&
	       json_get(at, "contentEncoding").err;
}

static bool
has_file(struct compile *c, const struct shape *sh)
{
	for (u32 i = 0; i < sh->prop_n; i++)
		if (is_file(c, sh->prop[i].ref, 0))
			return true;
	return false;
}

/* The multipart content where the form that was chosen could not send the files that its members are. */
static struct jcur
with_files(struct compile *c, struct jcur content, struct jcur media, u32 *kind)
{
	struct jcur schema = json_get(refs_follow(&c->refs, media), "schema");
	u32 ref = schema.err ? SCHEMA_NONE : (u32)schema.at;
	struct shape *sh = schema_flat(&c->schema, schema_shape(&c->schema, ref));

	if (*kind != CATALOG_KIND_FORM || !has_file(c, sh))
		return media;
	for (struct jcur v = refs_members(content); !v.err; v = json_next(v))
		if (media_kind(json_key_str(v, c->im->arena)) == CATALOG_KIND_MULTIPART) {
			*kind = CATALOG_KIND_MULTIPART;
			return v;
		}
	return media;
}

/* How a member of a form travels: `encoding` may say style, explode, or a JSON content type. */
static void
encoding(struct compile *c, struct input *in, struct jcur media)
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
	in->type = json_str(json_get(e, "contentType"), c->im->arena);
	if (str_find_str(in->type, STR("json")) >= 0)
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
		encoding(c, &in, media);
		if (op->kind == CATALOG_KIND_MULTIPART && is_file(c, prop->ref, 0))
			in.flags |= CATALOG_PARAM_FILE;
		op->input[op->input_n++] = in;
	}
}

bool
payload_query(struct compile *c, struct operation *op, const struct input *in, struct jcur media)
{
	struct shape *sh = schema_flat(&c->schema, schema_shape(&c->schema, in->ref));
	u32 first = op->input_n;

	if (schema_type(sh) != CATALOG_T_OBJECT || !sh->prop_n)
		return false;
	op->body = json_none(ERR_NONE);
	members(c, op, sh, media);
	for (u32 i = first; i < op->input_n; i++) {
		struct input *field = &op->input[i];

		field->in = CATALOG_QUERY;
		if (!(in->flags & CATALOG_PARAM_REQUIRED))
			field->flags &= ~CATALOG_PARAM_REQUIRED;
		if (field->style == CATALOG_FORM &&
		    schema_type(schema_shape(&c->schema, field->ref)) == CATALOG_T_OBJECT)
			field->flags |= CATALOG_PARAM_JSON;
	}
	return true;
}

/* A form whose fields nobody described is an object with any members. */
static u32
fields_of(struct compile *c, u32 ref)
{
	struct shape *sh = schema_flat(&c->schema, schema_shape(&c->schema, ref));

	if (schema_type(sh) == CATALOG_T_OBJECT)
		return ref;
	sh = schema_new(&c->schema);
	sh->types = CATALOG_T_OBJECT;
	sh->flags = SHAPE_OPEN;
	sh->text = STR("Fields of the form; a file is a data: URL such as data:text/plain;name=a.txt,hello");
	return SCHEMA_SHAPE | sh->number;
}

static void
whole(struct compile *c, struct operation *op, struct jcur media, struct jcur schema)
{
	struct input in = { .wire = STR("body"), .in = CATALOG_BODY, .at = media, .text = op->body_text };
	u32 type;

	if (op->input_n == CATALOG_ARGS_MAX) {
		compile_skip(op, "it has too many parameters", STR_NONE, media);
		return;
	}
	in.ref = schema.err ? SCHEMA_NONE : (u32)schema.at;
	if (op->kind == CATALOG_KIND_BINARY)
		in.flags |= CATALOG_PARAM_FILE;
	/* What is no JSON travels as it was written: XML that a schema describes as an object is text. */
	type = schema_type(schema_shape(&c->schema, in.ref));
	if (op->kind == CATALOG_KIND_BINARY || (op->kind == CATALOG_KIND_TEXT && type != CATALOG_T_STRING))
		in.ref = c->string;
	if (op->kind == CATALOG_KIND_MULTIPART || op->kind == CATALOG_KIND_FORM)
		in.ref = fields_of(c, in.ref);
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
	u32 ref = schema.err ? SCHEMA_NONE : (u32)schema.at;
	struct shape *sh = schema_flat(&c->schema, schema_shape(&c->schema, ref));
	bool object = schema_type(sh) == CATALOG_T_OBJECT;

	if (op->kind == CATALOG_KIND_TEXT || op->kind == CATALOG_KIND_BINARY || !object) {
		whole(c, op, media, schema);
		return;
	}
	if (sh->prop_n) {
		op->body_note = sh->note;
		members(c, op, sh, media);
		open_members(op, sh);
	} else if (!(sh->flags & SHAPE_PROPERTIES) || sh->flags & SHAPE_OPEN) {
		/* A free object is one argument; an object that is declared empty is no body at all. */
		whole(c, op, media, schema);
	} else if (!(op->flags & CATALOG_OP_BODY_REQUIRED)) {
		op->kind = CATALOG_KIND_NONE;
		op->body_type = STR_NONE;
	}
}

/* Whether the arguments made for one kind of body make the other, too. */
static bool
alike(const struct operation *op, u32 kind)
{
	static const u32 members = 1U << CATALOG_KIND_JSON | 1U << CATALOG_KIND_FORM | 1U << CATALOG_KIND_MULTIPART;
	bool spread = op->input_n && op->input[op->input_n - 1].in == CATALOG_MEMBER;

	return kind == op->kind || (spread && members & 1U << kind && members & 1U << op->kind);
}

/* Whether a content type can stand in a list and be sent as it is written there. */
static bool
can_be_named(struct str type)
{
	for (u32 i = 0; i < type.n; i++)
		if (type.p[i] <= 0x20 || type.p[i] > 0x7e || strchr("*\"\\", type.p[i]))
			return false;
	return type.n > 0 && type.n <= 100;
}

/* A list of the content types that may be chosen, the usual one first, as a schema. */
static void
types(struct compile *c, struct operation *op, struct jcur content)
{
	struct input in = { .wire = STR("content_type"), .in = CATALOG_TYPE, .at = content,
		.text = STR("Content type of the request body") };
	u8 *p = arena_bytes(c->im->arena, TYPES_MAX);
	struct buf list = buf_over(p, p ? TYPES_MAX : 0);
	struct shape *sh;
	u32 n = 1;

	if (op->kind == CATALOG_KIND_NONE || op->input_n == CATALOG_ARGS_MAX || !can_be_named(op->body_type))
		return;
	buf_fmt(&list, "[\"%S\"", op->body_type);
	for (struct jcur v = refs_members(content); !v.err; v = json_next(v)) {
		struct str type = json_key_str(v, c->im->arena);

		if (str_same_nocase(type, op->body_type) || !can_be_named(type))
			continue;
		if (!alike(op, media_kind(type))) {
			if (media_kind(type) == CATALOG_KIND_TEXT || media_kind(type) == CATALOG_KIND_BINARY)
				compile_note(c, op, "a content type that needs other arguments cannot be chosen", type,
				    v);
			continue;
		}
		buf_fmt(&list, ",\"%S\"", type);
		n++;
	}
	buf_byte(&list, ']');
	if (n == 1 || list.over)
		return;
	sh = schema_new(&c->schema);
	sh->types = CATALOG_T_STRING;
	sh->enums = buf_str(&list);
	sh->enum_n = n;
	in.ref = SCHEMA_SHAPE | sh->number;
	op->input[op->input_n++] = in;
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
	media = with_files(c, content, media, &kind);
	op->kind = (u8)kind;
	op->body_type = sent_as(kind, json_key_str(media, c->im->arena));
	media = refs_follow(&c->refs, media); /* since 3.2 */
	op->body_text = compile_text(c, op->body, "description");
	if (!json_get(media, "itemSchema").err)
		compile_note(c, op, "its body is a stream of items: they are given as one text", op->body_type, media);
	if (json_kind(json_get(op->body, "required")) == JSON_TRUE)
		op->flags |= CATALOG_OP_BODY_REQUIRED;
	spread(c, op, media, json_get(media, "schema"));
	if (!op->why)
		types(c, op, content);
}
