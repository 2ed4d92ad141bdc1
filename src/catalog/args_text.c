#include "base/text.h"
#include "base/utf8.h"
#include "catalog/args_priv.h"

#define VALUE_MAX 60    /* bytes of a given value that are shown */
#define EXAMPLE_MAX 120 /* bytes of a documented example that are shown */
#define NAMES_MAX 24    /* names listed */
#define OPTIONS_MAX 20  /* enum values listed */
#define EXAMPLE_DEPTH 3

/* Begins a sentence: problems stand in lines of their own. False while quiet. */
static bool
begin(struct args_walk *w)
{
	if (w->quiet)
		return false;
	if (w->problems++)
		buf_byte(w->why, '\n');
	return true;
}

/* Outside text, cut at a character. */
static void
put_cut(struct buf *b, struct str s, u32 max)
{
	struct str part = utf8_prefix(s, max);

	text_safe(b, part, part.n);
	if (part.n < s.n)
		BUF_LIT(b, "...");
}

/* "filter.tags[2]" */
static void
put_path(struct args_walk *w)
{
	for (u32 i = 0; i < w->depth && i < ARGS_PATH_MAX; i++) {
		if (!w->step[i].key.p) {
			buf_fmt(w->why, "[%u]", w->step[i].index);
			continue;
		}
		if (i)
			buf_byte(w->why, '.');
		put_cut(w->why, w->step[i].key, 64);
	}
	if (w->depth > ARGS_PATH_MAX)
		BUF_LIT(w->why, "...");
}

/* A bound as a person writes it: 10, 0.5, 1e+30 would be written in full, so large ones are left rough. */
static void
put_real(struct buf *b, double v)
{
	double rest;

	if (v < 0) {
		buf_byte(b, '-');
		v = -v;
	}
	if (v > 1e18) {
		BUF_LIT(b, "1000000000000000000");
		return;
	}
	buf_u64(b, (u64)v);
	rest = v - (double)(u64)v;
	if (rest < 1e-6)
		return;
	buf_byte(b, '.');
	for (u32 i = 0; i < 6 && rest > 1e-6; i++) {
		rest = rest * 10 + 1e-9;
		buf_byte(b, (u8)('0' + (int)rest));
		rest -= (double)(int)rest;
	}
}

static void
put_range(struct buf *b, const struct catalog_node *node)
{
	bool min = node->flags & CATALOG_HAS_MIN, max = node->flags & CATALOG_HAS_MAX;

	if (min && max && !(node->flags & (CATALOG_NODE_OPEN_MIN | CATALOG_NODE_OPEN_MAX))) {
		BUF_LIT(b, " from ");
		put_real(b, node->min);
		BUF_LIT(b, " to ");
		put_real(b, node->max);
	} else {
		if (min) {
			buf_c(b, node->flags & CATALOG_NODE_OPEN_MIN ? " above " : " of at least ");
			put_real(b, node->min);
		}
		if (max) {
			buf_c(b, min ? " and" : "");
			buf_c(b, node->flags & CATALOG_NODE_OPEN_MAX ? " below " : " of at most ");
			put_real(b, node->max);
		}
	}
	if (node->flags & CATALOG_HAS_STEP && node->step > 0) {
		BUF_LIT(b, " in steps of ");
		put_real(b, node->step);
	}
}

/* " with 2 to 5 items". flag: that of the lower bound; the one of the upper bound is twice that. */
static void
put_count(struct buf *b, const struct catalog_node *node, u32 flag, u32 min, u32 max, const char *what)
{
	bool has_min = node->flags & flag, has_max = node->flags & flag << 1;

	if (has_min && has_max && min == max)
		buf_fmt(b, " with %u %s", min, what);
	else if (has_min && has_max)
		buf_fmt(b, " with %u to %u %s", min, max, what);
	else if (has_min)
		buf_fmt(b, " with at least %u %s", min, what);
	else if (has_max)
		buf_fmt(b, " with at most %u %s", max, what);
}

static void
put_options(struct buf *b, struct str enums)
{
	struct str option;
	u32 at = 0, n = 0;

	while ((option = args_enum_next(enums, &at)).p) {
		if (n == OPTIONS_MAX) {
			BUF_LIT(b, ", ...");
			return;
		}
		buf_c(b, n++ ? ", " : "");
		put_cut(b, option, VALUE_MAX);
	}
}

static void
put_type(struct buf *b, const struct catalog_node *node, u32 type)
{
	switch (type) {
	case CATALOG_T_NULL: BUF_LIT(b, "null"); break;
	case CATALOG_T_BOOL: BUF_LIT(b, "true or false"); break;
	case CATALOG_T_INTEGER: BUF_LIT(b, "an integer"); put_range(b, node); break;
	case CATALOG_T_NUMBER: BUF_LIT(b, "a number"); put_range(b, node); break;
	case CATALOG_T_STRING:
		BUF_LIT(b, "a string");
		put_count(b, node, CATALOG_HAS_LEN_MIN, node->len_min, node->len_max, "characters");
		if (node->format.n)
			buf_fmt(b, " (%S)", str_cut(node->format, 0, 32));
		break;
	case CATALOG_T_ARRAY:
		BUF_LIT(b, "a list");
		put_count(b, node, CATALOG_HAS_ITEMS_MIN, node->items_min, node->items_max, "items");
		break;
	case CATALOG_T_OBJECT:
		BUF_LIT(b, "an object");
		put_count(b, node, CATALOG_HAS_PROPS_MIN, node->props_min, node->props_max, "members");
		break;
	}
}

/* "an integer from 1 to 100", "one of "a", "b"" */
static void
put_expected(struct buf *b, const struct catalog_node *node, u32 types)
{
	bool some = false;

	if (node->enums.n) {
		buf_c(b, node->flags & CATALOG_NODE_CONST ? "exactly " : "one of ");
		put_options(b, node->enums);
		return;
	}
	if (types & CATALOG_T_NUMBER)
		types &= ~CATALOG_T_INTEGER;
	for (u32 type = CATALOG_T_BOOL; type <= CATALOG_T_OBJECT; type <<= 1) {
		if (!(types & type))
			continue;
		buf_c(b, some ? " or " : "");
		some = true;
		put_type(b, node, type);
	}
	if (types & CATALOG_T_NULL)
		buf_c(b, some ? " or null" : "null");
	else if (!some)
		BUF_LIT(b, "another value");
}

static void put_example(struct args_walk *w, u32 at, u32 types, u32 depth);

static void
put_text_example(struct buf *b, const struct catalog_node *node)
{
	static const char *const by_format[][2] = {
		{ "date-time", "2026-01-31T12:00:00Z" }, { "date", "2026-01-31" }, { "time", "12:00:00" },
		{ "email", "ann@example.com" }, { "uri", "https://example.com/" }, { "url", "https://example.com/" },
		{ "uuid", "123e4567-e89b-12d3-a456-426614174000" }, { "hostname", "example.com" },
		{ "ipv4", "192.0.2.1" },
	};

	for (u32 i = 0; i < ARRAY_N(by_format); i++)
		if (str_is(node->format, by_format[i][0])) {
			buf_fmt(b, "\"%s\"", by_format[i][1]);
			return;
		}
	BUF_LIT(b, "\"text\"");
}

/* An object with what is required of it. */
static void
put_object_example(struct args_walk *w, const struct catalog_node *node, u32 depth)
{
	u32 n = 0;

	buf_byte(w->why, '{');
	for (u32 i = 0; i < node->prop_n && n < 4; i++) {
		struct catalog_prop prop;

		catalog_prop(w->c, node, i, &prop);
		if (!prop.required)
			continue;
		buf_fmt(w->why, n++ ? ", \"%S\": " : "\"%S\": ", prop.name);
		put_example(w, prop.node, 0, depth + 1);
	}
	buf_byte(w->why, '}');
}

static void
put_made_example(struct args_walk *w, const struct catalog_node *node, u32 types, u32 depth)
{
	struct buf *b = w->why;

	if (types & (CATALOG_T_INTEGER | CATALOG_T_NUMBER)) {
		bool high = node->flags & CATALOG_HAS_MAX && node->max < 1;

		put_real(b, node->flags & CATALOG_HAS_MIN && node->min > 1 ? node->min : high ? node->max : 1);
	} else if (types & CATALOG_T_STRING) {
		put_text_example(b, node);
	} else if (types & CATALOG_T_BOOL) {
		BUF_LIT(b, "true");
	} else if (types & CATALOG_T_ARRAY) {
		buf_byte(b, '[');
		put_example(w, node->items, 0, depth + 1);
		buf_byte(b, ']');
	} else if (types & CATALOG_T_OBJECT) {
		put_object_example(w, node, depth);
	} else {
		BUF_LIT(b, "\"text\"");
	}
}

/* A value of the node: the documented example, the default, the first option, else one made from the type. types:
 * what to make when the node does not say (0: its own). depth is bounded by EXAMPLE_DEPTH. */
static void
put_example(struct args_walk *w, u32 at, u32 types, u32 depth)
{
	struct catalog_node node;
	u32 first = 0;

	if (at == CATALOG_NONE || depth > EXAMPLE_DEPTH) {
		BUF_LIT(w->why, "...");
		return;
	}
	catalog_node(w->c, at, &node);
	if (node.example.n && node.example.n <= EXAMPLE_MAX)
		buf_put(w->why, node.example);
	else if (node.initial.n && node.initial.n <= EXAMPLE_MAX)
		buf_put(w->why, node.initial);
	else if (node.enums.n)
		put_cut(w->why, args_enum_next(node.enums, &first), VALUE_MAX);
	else if (node.alt_n && !node.types)
		put_example(w, catalog_alt(w->c, &node, 0), types, depth + 1);
	else
		put_made_example(w, &node, node.types ? node.types : types, depth);
}

static void
put_given(struct buf *b, struct jcur cur)
{
	static const char *const what[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",
	};
	enum json_kind kind = json_kind(cur);

	if (kind == JSON_OBJECT || kind == JSON_ARRAY)
		buf_fmt(b, "%s with %u %s was given", what[kind], json_len(cur),
		    kind == JSON_ARRAY ? "items" : "members");
	else {
		put_cut(b, json_raw(cur), VALUE_MAX);
		BUF_LIT(b, " was given");
	}
}

int
args_say_wrong(struct args_walk *w, const struct catalog_node *node, u32 types, struct jcur cur)
{
	if (!begin(w))
		return ERR_BAD;
	BUF_LIT(w->why, "The argument \"");
	put_path(w);
	BUF_LIT(w->why, "\" must be ");
	put_expected(w->why, node, types);
	BUF_LIT(w->why, ", but ");
	put_given(w->why, cur);
	buf_byte(w->why, '.');
	if (node->enums.n == 0) {
		BUF_LIT(w->why, " For example: ");
		put_example(w, node->at, types, 0);
	}
	return ERR_BAD;
}

static void
put_wanted(struct args_walk *w, u32 at)
{
	struct catalog_node node;

	if (at == CATALOG_NONE)
		return;
	catalog_node(w->c, at, &node);
	BUF_LIT(w->why, ": ");
	if (node.types || node.enums.n) {
		put_expected(w->why, &node, node.types);
		BUF_LIT(w->why, ", ");
	}
	BUF_LIT(w->why, "for example ");
	put_example(w, at, 0, 0);
}

int
args_say_lacks(struct args_walk *w, struct str name, u32 at)
{
	if (!begin(w))
		return ERR_BAD;
	BUF_LIT(w->why, "The argument \"");
	put_path(w);
	buf_fmt(w->why, "\" lacks its required member \"%S\"", name);
	put_wanted(w, at);
	buf_byte(w->why, '.');
	return ERR_BAD;
}

int
args_say_missing(struct args_walk *w, const struct catalog_param *param)
{
	if (!begin(w))
		return ERR_BAD;
	buf_fmt(w->why, "The required argument \"%S\" is missing", param->arg);
	put_wanted(w, param->node);
	buf_byte(w->why, '.');
	return ERR_BAD;
}

/* Finds the name nearest to the one that was given; "" when none is near. */
struct nearest {
	struct str word, name;
	u32 distance;
};

static void
compare(struct nearest *n, struct str name)
{
	u32 d = text_distance(n->word, name);

	if (d <= 3 && d * 2 <= n->word.n && d < n->distance) {
		n->distance = d;
		n->name = name;
	}
}

static void
put_nearest(struct buf *b, const struct nearest *n)
{
	if (n->name.n)
		buf_fmt(b, " Did you mean \"%S\"?", n->name);
}

int
args_say_unknown_member(struct args_walk *w, const struct catalog_node *node, struct str name)
{
	struct nearest near = { .word = name, .distance = 99 };
	struct catalog_prop prop;

	if (!begin(w))
		return ERR_BAD;
	BUF_LIT(w->why, "The argument \"");
	put_path(w);
	BUF_LIT(w->why, "\" cannot have a member \"");
	put_cut(w->why, name, 64);
	BUF_LIT(w->why, "\".");
	for (u32 i = 0; i < node->prop_n; i++) {
		catalog_prop(w->c, node, i, &prop);
		compare(&near, prop.name);
	}
	put_nearest(w->why, &near);
	buf_c(w->why, node->prop_n ? " Its members are: " : " It has none.");
	for (u32 i = 0; i < node->prop_n; i++) {
		catalog_prop(w->c, node, i, &prop);
		if (i == NAMES_MAX) {
			buf_fmt(w->why, " and %u more.", node->prop_n - i);
			break;
		}
		buf_fmt(w->why, "%S%s%s", prop.name, prop.required ? " (required)" : "",
		    i + 1 < node->prop_n ? ", " : ".");
	}
	return ERR_BAD;
}

int
args_say_unknown(struct args_walk *w, const struct catalog_op *op, struct str name)
{
	struct nearest near = { .word = name, .distance = 99 };
	struct catalog_param param;

	if (!begin(w))
		return ERR_BAD;
	BUF_LIT(w->why, "There is no argument \"");
	put_cut(w->why, name, 64);
	BUF_LIT(w->why, "\".");
	for (u32 i = 0; i < op->param_n; i++) {
		catalog_param(w->c, op, i, &param);
		compare(&near, param.arg);
	}
	put_nearest(w->why, &near);
	buf_c(w->why, op->param_n ? " The arguments are: " : " This tool takes no arguments.");
	for (u32 i = 0; i < op->param_n; i++) {
		catalog_param(w->c, op, i, &param);
		if (i == NAMES_MAX) {
			buf_fmt(w->why, " and %u more.", op->param_n - i);
			break;
		}
		buf_fmt(w->why, "%S%s%s", param.arg, param.flags & CATALOG_PARAM_REQUIRED ? " (required)" : "",
		    i + 1 < op->param_n ? ", " : ".");
	}
	return ERR_BAD;
}
