#include "catalog/inputs.h"

#include "base/utf8.h"
#include "catalog/media.h"
#include "catalog/payload.h"
#include "http/field.h"

/* Headers that belong to the gate, to HTTP itself, or (the last three) to OpenAPI, which says to
 * ignore them. */
static const char *const never_sent[] = { "Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive",
	"Upgrade", "TE", "Trailer", "Expect", "Cookie", "Proxy-Authorization", "Proxy-Connection", "Accept-Encoding",
	"Accept", "Content-Type", "Authorization" };

static bool
may_be_sent(const struct compile *c, const struct input *in)
{
	if (servers_is_key(&c->servers, in->in, in->wire))
		return false;
	for (u32 i = 0; in->in == CATALOG_HEADER && i < ARRAY_N(never_sent); i++)
		if (str_same_nocase(in->wire, str_c(never_sent[i])))
			return false;
	return true;
}

#define COOKIE_STYLE "cookie" /* OpenAPI 3.2: as form, and what cookies may hold is not percent-encoded */

/* Which styles each place knows; the first is its default. */
static const struct { const char *name; u8 style, in; } styles[] = {
	{ "simple", CATALOG_SIMPLE, CATALOG_PATH }, { "label", CATALOG_LABEL, CATALOG_PATH },
	{ "matrix", CATALOG_MATRIX, CATALOG_PATH }, { "form", CATALOG_FORM, CATALOG_QUERY },
	{ "spaceDelimited", CATALOG_SPACE, CATALOG_QUERY }, { "pipeDelimited", CATALOG_PIPE, CATALOG_QUERY },
	{ "deepObject", CATALOG_DEEP, CATALOG_QUERY }, { "simple", CATALOG_SIMPLE, CATALOG_HEADER },
	{ "form", CATALOG_FORM, CATALOG_COOKIE }, { COOKIE_STYLE, CATALOG_FORM, CATALOG_COOKIE },
};

static void
style_of(struct compile *c, struct operation *op, struct input *in)
{
	struct jcur style = json_get(in->at, "style"), explode = json_get(in->at, "explode");
	bool known = style.err != 0, exploded;

	in->style = in->in == CATALOG_QUERY || in->in == CATALOG_COOKIE ? CATALOG_FORM : CATALOG_SIMPLE;
	for (u32 i = 0; i < ARRAY_N(styles) && !known; i++)
		if (styles[i].in == in->in && json_is(style, styles[i].name)) {
			in->style = styles[i].style;
			known = true;
		}
	if (in->in == CATALOG_COOKIE) /* allowReserved is about URLs */
		in->flags &= ~CATALOG_PARAM_RESERVED;
	if (in->in == CATALOG_COOKIE && json_is(style, COOKIE_STYLE))
		in->flags |= CATALOG_PARAM_RESERVED;
	if (!known)
		compile_note(c, op, "a parameter's style does not fit its place: the usual one is taken", in->wire,
		    style);
	if (json_bool(explode, &exploded))
		exploded = in->style == CATALOG_FORM || in->style == CATALOG_DEEP;
	if (exploded)
		in->flags |= CATALOG_PARAM_EXPLODE;
}

static bool
set(struct jcur at, const char *key)
{
	return json_kind(json_get(at, key)) == JSON_TRUE;
}

/* The schema: `schema`, or that of the only content type, which is then how the value travels. */
static void
schema_of(struct compile *c, struct input *in)
{
	struct jcur schema = json_get(in->at, "schema"), media;
	const struct shape *sh;

	in->ref = SCHEMA_NONE;
	if (schema.err) {
		media = json_first(json_get(in->at, "content"));
		schema = json_get(refs_follow(&c->refs, media), "schema");
		if (!media.err && media_is_json(json_key(media)))
			in->flags |= CATALOG_PARAM_JSON;
	}
	if (!schema.err)
		in->ref = (u32)schema.at;
	/* What says nothing about its type travels as text all the same. */
	sh = schema_shape(&c->schema, in->ref);
	if (!sh->types && !sh->alt_n && !(in->flags & CATALOG_PARAM_JSON))
		in->ref = c->string;
	in->text = compile_text(c, in->at, "description");
}

/* Reads a parameter object. Whether it names a place and a name that can be used. */
static bool
parameter(struct compile *c, struct operation *op, struct jcur at, struct input *in)
{
	static const char *const places[] = { "path", "query", "header", "cookie" };
	struct jcur place = json_get(at, "in");

	*in = (struct input){ .at = at, .in = CATALOG_INS, .wire = compile_text(c, at, "name") };
	for (u32 i = 0; i < ARRAY_N(places); i++)
		if (json_is(place, places[i]))
			in->in = (u8)i;
	if (json_is(place, "querystring"))
		in->in = CATALOG_QUERY;
	if (in->in == CATALOG_INS || !in->wire.n || !utf8_valid(in->wire) ||
	    (in->in >= CATALOG_HEADER && !field_token(in->wire))) {
		compile_note(c, op, "a parameter without a usable name or place is left out", in->wire, at);
		return false;
	}
	if (!may_be_sent(c, in)) {
		c->report->info.counts.dropped++;
		return false;
	}
	if (in->in == CATALOG_PATH || set(at, "required"))
		in->flags |= CATALOG_PARAM_REQUIRED;
	if (set(at, "allowReserved"))
		in->flags |= CATALOG_PARAM_RESERVED;
	if (set(at, "deprecated"))
		in->flags |= CATALOG_PARAM_DEPRECATED;
	if (set(at, "allowEmptyValue"))
		in->flags |= CATALOG_PARAM_EMPTY_OK;
	style_of(c, op, in);
	schema_of(c, in);
	return true;
}

/* The whole query as one value (since 3.2). The fields of a form are taken as arguments of their own: then true.
 * Anything else stands behind the '?' without a name, which the style says. */
static bool
querystring(struct compile *c, struct operation *op, struct input *in)
{
	struct jcur media = json_first(json_get(in->at, "content"));

	if (!json_is(json_get(in->at, "in"), "querystring"))
		return false;
	if (!media.err && media_kind(json_key(media)) == CATALOG_KIND_FORM)
		return payload_query(c, op, in, refs_follow(&c->refs, media));
	in->style = CATALOG_SIMPLE;
	return false;
}

static struct input *
find(struct operation *op, u32 in, struct str wire)
{
	for (u32 i = 0; i < op->input_n; i++)
		if (op->input[i].in == in && (in == CATALOG_HEADER ? str_same_nocase(op->input[i].wire, wire) :
		                                  str_same(op->input[i].wire, wire)))
			return &op->input[i];
	return NULL;
}

/* Adds the parameters of a list; a later one with the same place and name replaces the earlier one. */
static void
add_list(struct compile *c, struct operation *op, struct jcur list)
{
	for (struct jcur v = refs_elements(list); !v.err && !op->why; v = json_next(v)) {
		struct jcur at = refs_follow(&c->refs, v);
		struct input in, *old;

		if (at.err) {
			compile_note(c, op, "a parameter's $ref leads nowhere: it is left out", STR_NONE, v);
			continue;
		}
		if (!parameter(c, op, at, &in) || querystring(c, op, &in))
			continue;
		old = find(op, in.in, in.wire);
		if (old)
			*old = in;
		else if (op->input_n == CATALOG_ARGS_MAX)
			compile_skip(op, "it has too many parameters", STR_NONE, v);
		else
			op->input[op->input_n++] = in;
	}
}

/* Orders inputs by place, keeping the document's order within one: insertion, because there are few. */
static void
by_place(struct operation *op)
{
	for (u32 i = 1; i < op->input_n; i++) {
		struct input in = op->input[i];
		u32 at = i;

		while (at > 0 && op->input[at - 1].in > in.in) {
			op->input[at] = op->input[at - 1];
			at--;
		}
		op->input[at] = in;
	}
}

/* What of a path is sent: a fragment, which some documents tell operations apart by, is not. */
static struct str
sent_path(const struct operation *op)
{
	struct str rest = op->path;

	return str_next(&rest, '#');
}

/* A query in the path is sent as it stands there. What it holds is no parameter of the query any more: "src={src}"
 * makes src a part of the path, "src=cam" gives its value. */
static void
take_query(struct compile *c, struct operation *op)
{
	struct str rest = sent_path(op);

	str_next(&rest, '?');
	if (!rest.p)
		return;
	compile_note(c, op, "its path holds a query, which OpenAPI forbids: it is sent as it stands there", op->path,
	    op->at);
	while (rest.p) {
		struct str value = str_next(&rest, '&'), name = str_next(&value, '=');
		struct input *in = find(op, CATALOG_QUERY, name);
		bool open = in && value.n == name.n + 2 && value.p[0] == '{' &&
		    str_same(str_cut(value, 1, name.n + 1), name);

		if (open) {
			in->in = CATALOG_PATH;
			in->style = CATALOG_SIMPLE;
			in->flags |= CATALOG_PARAM_REQUIRED;
		} else if (in) {
			*in = op->input[--op->input_n];
		}
	}
}

void
inputs_collect(struct compile *c, struct operation *op)
{
	add_list(c, op, json_get(op->item, "parameters"));
	add_list(c, op, json_get(op->at, "parameters"));
	take_query(c, op);
	by_place(op);
}

/* A literal as it goes into a URL: what may not stand there is percent-encoded, control characters
 * refuse the path. */
static bool
literal(struct compile *c, struct str s, struct inputs_piece *piece)
{
	u8 *p = arena_bytes(c->im->arena, (size_t)s.n * 3);
	struct buf out = buf_over(p, (size_t)s.n * 3);

	piece->input = CATALOG_NONE;
	for (u32 i = 0; i < s.n && p; i++) {
		u8 ch = s.p[i];

		if (ch < 0x20 || ch == 0x7f || ch == '}')
			return false;
		if (ch > 0x20 && ch < 0x7f && !strchr("\"<>\\^`", ch)) {
			buf_byte(&out, ch);
		} else {
			buf_byte(&out, '%');
			buf_byte(&out, (u8) "0123456789ABCDEF"[ch >> 4]);
			buf_byte(&out, (u8) "0123456789ABCDEF"[ch & 15]);
		}
	}
	piece->literal = buf_str(&out);
	return p != NULL;
}

/* The input a {name} of the path means; a new one when the document forgot to declare it. */
static u32
path_input(struct compile *c, struct operation *op, struct str name)
{
	struct input *in = find(op, CATALOG_PATH, name);

	if (in)
		return (u32)(in - op->input);
	if (op->input_n == CATALOG_ARGS_MAX) {
		compile_skip(op, "it has too many parameters", STR_NONE, op->at);
		return 0;
	}
	compile_note(c, op, "a path parameter that is not declared is taken as a string", name, op->at);
	/* Path parameters come first: the others move up. */
	memmove(op->input + 1, op->input, op->input_n * sizeof *op->input);
	op->input_n++;
	op->input[0] = (struct input){ .wire = name, .in = CATALOG_PATH, .style = CATALOG_SIMPLE,
		.flags = CATALOG_PARAM_REQUIRED, .ref = c->string, .at = op->at };
	return 0;
}

/* Declared for the path, but nowhere in it. */
static void
drop_unused(struct compile *c, struct operation *op)
{
	u32 kept = 0;

	for (u32 i = 0; i < op->input_n; i++) {
		u8 space[260];
		struct buf braced = buf_over(space, sizeof space);

		buf_fmt(&braced, "{%S}", op->input[i].wire);
		if (op->input[i].in == CATALOG_PATH && (braced.over || str_find_str(op->path, buf_str(&braced)) < 0)) {
			compile_note(c, op, "a path parameter that the path lacks is left out", op->input[i].wire,
			    op->input[i].at);
			continue;
		}
		op->input[kept++] = op->input[i];
	}
	op->input_n = kept;
}

/* Declares what the path names and nobody declared, before pieces note numbers: declaring moves the inputs. */
static void
declare_all(struct compile *c, struct operation *op)
{
	struct str path = op->path;

	for (u32 at = 0; at < path.n && !op->why; at++) {
		int end;

		if (path.p[at] != '{')
			continue;
		end = str_find(path, '}', at);
		if (end <= (int)at + 1 || str_find(str_cut(path, at + 1, (u32)end), '{', 0) >= 0 || end > (int)at + 200)
			compile_skip(op, "its path has braces that name no parameter", path, op->at);
		else
			path_input(c, op, str_cut(path, at + 1, (u32)end));
		at = op->why ? at : (u32)end;
	}
}

static u32
pieces(struct compile *c, struct operation *op, struct inputs_piece *piece)
{
	u32 n = 0, at = 0;

	if (!op->path.n || op->path.p[0] != '/' || op->path.n > 2000)
		compile_skip(op, "its path is no path", op->path, op->at);
	if (op->why)
		return 0;
	drop_unused(c, op);
	declare_all(c, op);
	while (at < op->path.n && !op->why) {
		int end = str_find(op->path, op->path.p[at] == '{' ? '}' : '{', at);
		u32 to = end < 0 ? op->path.n : (u32)end;

		if (n == INPUTS_PIECES_MAX) {
			compile_skip(op, "its path has too many parts", op->path, op->at);
			return 0;
		}
		if (op->path.p[at] == '{') {
			piece[n].literal = STR_NONE;
			piece[n++].input = path_input(c, op, str_cut(op->path, at + 1, to));
			at = to + 1;
			continue;
		}
		if (!literal(c, str_cut(op->path, at, to), &piece[n++]))
			compile_skip(op, "its path holds a character that no path may have", op->path,
			    op->at);
		at = to;
	}
	return n;
}

u32
inputs_path(struct compile *c, struct operation *op, struct inputs_piece *piece)
{
	struct str whole = op->path;
	u32 n;

	if (sent_path(op).n < whole.n)
		compile_note(c, op, "its path holds a fragment: what stands behind # is never sent", whole, op->at);
	op->path = sent_path(op);
	n = pieces(c, op, piece);
	op->path = whole;
	return n;
}
