#include "catalog/args_priv.h"

enum { FITS, CHANGED, REFUSED };

static int visit(struct args_walk *w, u32 at, struct jcur cur, u32 depth);

static void
keep(struct args_walk *w, struct jcur cur)
{
	if (w->out)
		buf_put(w->out, json_raw(cur));
}

static int
wrong(struct args_walk *w, const struct catalog_node *node, struct jcur cur)
{
	args_say_wrong(w, node, node->types, cur);
	return REFUSED;
}

static void
down(struct args_walk *w, struct str key, u32 index)
{
	if (w->depth < ARGS_PATH_MAX)
		w->step[w->depth] = (struct args_step){ key, index };
	w->depth++;
}

/* A walk that neither says nor writes anything. */
static struct args_walk
trial_of(const struct args_walk *w)
{
	struct args_walk trial = *w;

	trial.room = args_room(w);
	trial.out = NULL;
	trial.quiet = 1;
	return trial;
}

/* --- values --------------------------------------------------------------------------------------- */

/* Characters of a string as written: escapes count one, surrogate pairs too. */
static u32
characters(struct str s)
{
	u32 n = 0;

	for (u32 i = 0; i < s.n; i++) {
		if (s.p[i] == '\\') {
			bool low = s.p[i + 1] == 'u' && (s.p[i + 2] | 32) == 'd' && (s.p[i + 3] | 32) >= 'c';

			i += s.p[i + 1] == 'u' ? 5 : 1;
			n += !low;
		} else {
			n += (s.p[i] & 0xc0) != 0x80;
		}
	}
	return n;
}

static bool
string_fits(const struct catalog_node *node, struct jcur cur)
{
	struct str raw = json_raw(cur);
	u32 n;

	if (!(node->flags & (CATALOG_HAS_LEN_MIN | CATALOG_HAS_LEN_MAX)))
		return true;
	n = characters(str_cut(raw, 1, raw.n - 1));
	return !(node->flags & CATALOG_HAS_LEN_MIN && n < node->len_min) &&
	       !(node->flags & CATALOG_HAS_LEN_MAX && n > node->len_max);
}

/* Whether v is a multiple of step, as far as doubles can tell. */
static bool
is_step(double v, double step)
{
	double q = v / step, whole;

	if (!(step > 0) || q > 9e15 || q < -9e15)
		return true;
	whole = (double)(int64_t)(q < 0 ? q - 0.5 : q + 0.5);
	q -= whole;
	return q < 1e-9 * (whole < 0 ? 1 - whole : 1 + whole) && q > -1e-9 * (whole < 0 ? 1 - whole : 1 + whole);
}

static bool
number_fits(const struct catalog_node *node, struct jcur cur)
{
	u32 flags = node->flags;
	double v;

	if (!(flags & (CATALOG_HAS_MIN | CATALOG_HAS_MAX | CATALOG_HAS_STEP)) || !args_number(json_raw(cur), &v))
		return true;
	if (flags & CATALOG_HAS_MIN && (v < node->min || (flags & CATALOG_NODE_OPEN_MIN && v <= node->min)))
		return false;
	if (flags & CATALOG_HAS_MAX && (v > node->max || (flags & CATALOG_NODE_OPEN_MAX && v >= node->max)))
		return false;
	return !(flags & CATALOG_HAS_STEP) || is_step(v, node->step);
}

static int
visit_array(struct args_walk *w, const struct catalog_node *node, struct jcur cur, u32 depth)
{
	u32 n = json_len(cur), i = 0;
	int all = FITS;

	if ((node->flags & CATALOG_HAS_ITEMS_MIN && n < node->items_min) ||
	    (node->flags & CATALOG_HAS_ITEMS_MAX && n > node->items_max))
		return wrong(w, node, cur);
	if (node->items == CATALOG_NONE) {
		keep(w, cur);
		return FITS;
	}
	if (w->out)
		buf_byte(w->out, '[');
	for (struct jcur v = json_first(cur); !v.err; v = json_next(v), i++) {
		int one;

		if (w->out && i)
			buf_byte(w->out, ',');
		down(w, STR_NONE, i);
		one = visit(w, node->items, v, depth + 1);
		w->depth--;
		if (one == REFUSED)
			return REFUSED;
		all |= one;
	}
	if (w->out)
		buf_byte(w->out, ']');
	return all;
}

/* Whether cur is a null where none is allowed, so that leaving it out is what was meant. */
static bool
is_absent(struct args_walk *w, u32 at, struct jcur cur)
{
	struct catalog_node node, alt;

	if (json_kind(cur) != JSON_NULL || at == CATALOG_NONE)
		return false;
	catalog_node(w->c, at, &node);
	if (node.types == 0 || node.types & CATALOG_T_NULL || (node.enums.n && args_enum_has(w, &node, cur)))
		return false;
	for (u32 i = 0; i < node.alt_n; i++) {
		catalog_node(w->c, catalog_alt(w->c, &node, i), &alt);
		if (alt.types & CATALOG_T_NULL)
			return false;
	}
	return true;
}

static void
put_key(struct args_walk *w, struct jcur member, bool *some)
{
	if (!w->out)
		return;
	if (*some)
		buf_byte(w->out, ',');
	*some = true;
	buf_fmt(w->out, "\"%S\":", json_key(member));
}

/* The property a member is, by its name; *at the node it must fit. */
static bool
property(struct args_walk *w, const struct catalog_node *node, struct jcur member, struct catalog_prop *prop)
{
	struct str key = json_key(member);

	if (str_find(key, '\\', 0) < 0)
		return catalog_prop_named(w->c, node, key, prop) >= 0;
	for (u32 i = 0; i < node->prop_n; i++) {
		catalog_prop(w->c, node, i, prop);
		if (json_key_same(member, prop->name))
			return true;
	}
	return false;
}

static int
visit_member(struct args_walk *w, const struct catalog_node *node, struct jcur member, bool *some, u32 depth)
{
	struct catalog_prop prop = { .node = node->additional };
	int one;

	if (!property(w, node, member, &prop)) {
		prop = (struct catalog_prop){ .node = node->additional };
		if (node->flags & CATALOG_NODE_CLOSED) {
			args_say_unknown_member(w, node, json_key(member));
			return REFUSED;
		}
	}
	if (!prop.required && is_absent(w, prop.node, member))
		return CHANGED;
	put_key(w, member, some);
	down(w, json_key(member), 0);
	one = visit(w, prop.node, member, depth + 1);
	w->depth--;
	return one;
}

static bool
has_member(struct jcur object, struct str name)
{
	for (struct jcur v = json_first(object); !v.err; v = json_next(v))
		if (json_key_same(v, name))
			return true;
	return false;
}

static int
visit_object(struct args_walk *w, const struct catalog_node *node, struct jcur cur, u32 depth)
{
	u32 n = json_len(cur);
	bool some = false;
	int all = FITS;

	if ((node->flags & CATALOG_HAS_PROPS_MIN && n < node->props_min) ||
	    (node->flags & CATALOG_HAS_PROPS_MAX && n > node->props_max))
		return wrong(w, node, cur);
	for (u32 i = 0; i < node->prop_n; i++) {
		struct catalog_prop prop;

		catalog_prop(w->c, node, i, &prop);
		if (prop.required && !has_member(cur, prop.name)) {
			args_say_lacks(w, prop.name, prop.node);
			return REFUSED;
		}
	}
	if (w->out)
		buf_byte(w->out, '{');
	for (struct jcur v = json_first(cur); !v.err; v = json_next(v)) {
		int one = visit_member(w, node, v, &some, depth);

		if (one == REFUSED)
			return REFUSED;
		all |= one;
	}
	if (w->out)
		buf_byte(w->out, '}');
	return all;
}

static int
repair(struct args_walk *w, const struct catalog_node *node, struct jcur cur, u32 depth)
{
	enum args_fix fix = args_fix(w, node, cur);

	if (fix == FIX_WRAP) { /* only if it is then a list of what is asked for */
		struct args_walk trial = trial_of(w);

		if (visit(&trial, node->items, cur, depth + 1) == REFUSED)
			fix = FIX_NONE;
		w->work = trial.work;
	}
	if (fix == FIX_NONE)
		return wrong(w, node, cur);
	if (w->out)
		args_fix_put(w->out, cur, fix);
	return CHANGED;
}

static int
visit_plain(struct args_walk *w, const struct catalog_node *node, struct jcur cur, u32 depth)
{
	u32 of = args_types(cur);

	if (node->types && !(node->types & of))
		return repair(w, node, cur, depth);
	if (!args_enum_has(w, node, cur))
		return wrong(w, node, cur);
	if (of & CATALOG_T_ARRAY)
		return visit_array(w, node, cur, depth);
	if (of & CATALOG_T_OBJECT)
		return visit_object(w, node, cur, depth);
	if ((of & CATALOG_T_STRING && !string_fits(node, cur)) || (of & CATALOG_T_NUMBER && !number_fits(node, cur)))
		return wrong(w, node, cur);
	keep(w, cur);
	return FITS;
}

/* --- alternatives --------------------------------------------------------------------------------- */

/* How cur fits alternative i, without saying or writing anything. */
static int
try_alt(struct args_walk *w, const struct catalog_node *node, u32 i, struct jcur cur, u32 depth)
{
	struct args_walk trial = trial_of(w);
	int one = visit(&trial, catalog_alt(w->c, node, i), cur, depth + 1);

	w->work = trial.work;
	return one;
}

/* Types that some alternative takes; 0 when one takes anything. */
static u32
alt_types(struct args_walk *w, const struct catalog_node *node)
{
	u32 types = 0;

	for (u32 i = 0; i < node->alt_n; i++) {
		struct catalog_node alt;

		catalog_node(w->c, catalog_alt(w->c, node, i), &alt);
		if (alt.types == 0)
			return 0;
		types |= alt.types;
	}
	return types;
}

/* Whether alternative i takes values of these types at all. */
static bool
alt_takes(struct args_walk *w, const struct catalog_node *node, u32 i, u32 of)
{
	struct catalog_node alt;

	catalog_node(w->c, catalog_alt(w->c, node, i), &alt);
	return alt.types == 0 || alt.types & of;
}

/* The first alternative that fits, else the first that fits repaired; a value is not made another type where some
 * alternative takes it as it is. CATALOG_NONE when there is none. */
static u32
choose_alt(struct args_walk *w, const struct catalog_node *node, u32 types, struct jcur cur, u32 depth)
{
	u32 chosen = CATALOG_NONE, of = args_types(cur);

	for (u32 i = 0; i < node->alt_n; i++) {
		int one = try_alt(w, node, i, cur, depth);

		if (one == FITS)
			return i;
		if (one == CHANGED && chosen == CATALOG_NONE && ((types && !(types & of)) || alt_takes(w, node, i, of)))
			chosen = i;
	}
	return chosen;
}

/* When no alternative fits, a value of a right type is left to upstream: its own check knows better than a flattened
 * schema. */
static int
visit_alts(struct args_walk *w, const struct catalog_node *node, struct jcur cur, u32 depth)
{
	struct args_walk trial = trial_of(w);
	int own = visit_plain(&trial, node, cur, depth);
	u32 chosen, types;

	w->work = trial.work;
	if (own != FITS)
		return visit_plain(w, node, cur, depth);
	types = alt_types(w, node);
	chosen = choose_alt(w, node, types, cur, depth);
	if (chosen != CATALOG_NONE)
		return visit(w, catalog_alt(w->c, node, chosen), cur, depth + 1);
	if (types && !(types & args_types(cur))) {
		args_say_wrong(w, node, types, cur);
		return REFUSED;
	}
	keep(w, cur);
	return FITS;
}

/* depth is bounded by that of the document (JSON_DEPTH_MAX), and by w->work where alternatives multiply. */
static int
visit(struct args_walk *w, u32 at, struct jcur cur, u32 depth)
{
	struct catalog_node node;

	if (at == CATALOG_NONE || depth > 2 * JSON_DEPTH_MAX || w->work == 0) {
		keep(w, cur);
		return FITS;
	}
	w->work--;
	catalog_node(w->c, at, &node);
	return node.alt_n ? visit_alts(w, &node, cur, depth) : visit_plain(w, &node, cur, depth);
}

/* --- arguments ------------------------------------------------------------------------------------ */

/* The parameter a member is an argument for; its number or ERR_NONE. */
static int
parameter(struct args_walk *w, const struct catalog_op *op, struct jcur member, struct catalog_param *param)
{
	struct str key = json_key(member);

	if (str_find(key, '\\', 0) < 0)
		return catalog_param_named(w->c, op, key, param);
	for (u32 i = 0; i < op->param_n; i++) {
		catalog_param(w->c, op, i, param);
		if (json_key_same(member, param->arg))
			return (int)i;
	}
	return ERR_NONE;
}

/* Whether an undeclared member may travel in the body: not when a declared one has that name on the wire. */
static bool
may_be_extra(struct args_walk *w, const struct catalog_op *op, struct jcur member)
{
	if (!(op->flags & CATALOG_OP_BODY_OPEN))
		return false;
	for (u32 i = 0; i < op->param_n; i++) {
		struct catalog_param param;

		catalog_param(w->c, op, i, &param);
		if (param.in == CATALOG_MEMBER && json_key_same(member, param.wire))
			return false;
	}
	return true;
}

static int
visit_argument(struct args_walk *w, const struct catalog_op *op, struct jcur member, u8 *seen, bool *some)
{
	struct catalog_param param = { .node = op->body_extra };
	int i = parameter(w, op, member, &param), one;

	if (i < 0) {
		param = (struct catalog_param){ .node = op->body_extra };
		if (!may_be_extra(w, op, member)) {
			args_say_unknown(w, op, json_key(member));
			return REFUSED;
		}
	}
	if (!(param.flags & CATALOG_PARAM_REQUIRED) && is_absent(w, param.node, member))
		return CHANGED;
	if (i >= 0)
		seen[i / 8] |= (u8)(1U << (i % 8));
	put_key(w, member, some);
	w->depth = 0;
	down(w, json_key(member), 0);
	one = visit(w, param.node, member, 0);
	w->depth = 0;
	return one;
}

static void
note_wrong(struct args *a, struct str name)
{
	if (a->wrong_n < ARGS_PROBLEMS)
		a->wrong[a->wrong_n++] = name;
}

static int
find_missing(struct args_walk *w, const struct catalog_op *op, struct args *a, const u8 *seen)
{
	int all = FITS;

	for (u32 i = 0; i < op->param_n; i++) {
		struct catalog_param param;

		catalog_param(w->c, op, i, &param);
		if (!(param.flags & CATALOG_PARAM_REQUIRED) || seen[i / 8] & 1U << (i % 8))
			continue;
		args_say_missing(w, &param);
		note_wrong(a, param.arg);
		all = REFUSED;
	}
	return all;
}

bool
args_skips(struct str skip, struct jcur member)
{
	while (skip.n)
		if (json_key_same(member, str_next(&skip, ',')))
			return true;
	return false;
}

/* One walk over all arguments: judges, or writes when w->out is set. */
static int
walk(struct args_walk *w, const struct catalog_op *op, struct args *a)
{
	u8 seen[CATALOG_ARGS_MAX / 8];
	bool some = false;
	int all = FITS, missing;

	memset(seen, 0, (op->param_n + 7) / 8);
	if (w->out)
		buf_byte(w->out, '{');
	for (struct jcur v = json_first(a->use); !v.err && w->problems < ARGS_PROBLEMS; v = json_next(v)) {
		int one;

		if (a->skip.n && args_skips(a->skip, v)) {
			put_key(w, v, &some);
			keep(w, v);
			continue;
		}
		one = visit_argument(w, op, v, seen, &some);
		if (one == REFUSED)
			note_wrong(a, json_key(v));
		all = one == REFUSED || all == REFUSED ? REFUSED : all | one;
	}
	if (w->out)
		buf_byte(w->out, '}');
	missing = find_missing(w, op, a, seen);
	return missing == REFUSED ? REFUSED : all;
}

static int
refuse(struct buf *why, int err, const char *text)
{
	buf_c(why, text);
	return err;
}

/* The free rest of canon. */
static struct buf
rest_of(const struct buf *canon)
{
	return buf_over(canon->p + canon->w, buf_room(canon));
}

static int
no_key_twice(const struct args *a, struct buf *why)
{
	struct arena scratch = arena_over(a->canon.p + a->canon.w, buf_room(&a->canon));
	struct jcur second;
	int err = json_dup_any(a->use, &scratch, &second);

	if (err == 0)
		return 0;
	if (err == 1) {
		buf_fmt(why, "The name \"%S\" is given twice in the arguments.", str_cut(json_key(second), 0, 64));
		return ERR_BAD;
	}
	return refuse(why, ERR_FULL, "The arguments have too many members.");
}

/* Writes what was judged CHANGED, repaired, behind what canon holds, and reads it again. */
static int
rewrite(struct args_walk *w, const struct catalog_op *op, struct args *a, struct buf *why)
{
	struct buf out = rest_of(&a->canon);
	int err;

	w->out = &out;
	w->work = ARGS_WORK;
	walk(w, op, a);
	if (out.over)
		return refuse(why, ERR_FULL, "The arguments are too large.");
	a->canon.w += out.w;
	a->repaired = true;
	err = json_parse(&a->doc, buf_str(&out), a->tok, a->tok_max);
	if (err == ERR_BAD)
		return refuse(why, ERR_BAD, "The arguments are nested too deeply.");
	if (err)
		return refuse(why, ERR_FULL, "The arguments have too many values.");
	a->use = json_root(&a->doc);
	return 0;
}

int
args_check(const struct catalog *c, const struct catalog_op *op, struct args *a, struct buf *why)
{
	a->use = a->given;
	a->repaired = false;
	a->wrong_n = 0;
	for (u32 round = 0; round < ARGS_ROUNDS; round++) {
		struct args_walk w = { .c = c, .why = why, .work = ARGS_WORK, .room = rest_of(&a->canon) };
		int err = a->use.err ? 0 : no_key_twice(a, why), all;

		if (err)
			return err;
		all = walk(&w, op, a);
		if (all == FITS)
			return 0;
		if (all == REFUSED)
			return ERR_BAD;
		err = rewrite(&w, op, a, why);
		if (err)
			return err;
	}
	return refuse(why, ERR_BAD, "The arguments hold JSON written as text, inside JSON written as text: "
	    "write values as plain JSON.");
}
