/* schema_node: from shapes to the nodes of a catalog, against which arguments are checked at run time. Nodes get their
 * numbers before their contents, so schemas may refer back to themselves; a queue stands in for recursion. */
#include <float.h>

#include "catalog/order.h"
#include "catalog/schema.h"

#define ALTS_MAX 64    /* alternatives of a node; a schema with more allows anything */
#define ALT_DEPTH_MAX 8
#define ALT_VISITS_MAX 256

static void
later(struct schema *s, u32 number)
{
	if (s->queue_n == s->queue_cap) {
		u32 cap = s->queue_cap ? s->queue_cap * 2 : 256;
		u32 *more = ARENA_ARRAY(s->arena, u32, cap);

		if (!more) {
			s->full = true;
			return;
		}
		if (s->queue_n)
			memcpy(more, s->queue, s->queue_n * sizeof *more);
		s->queue = more;
		s->queue_cap = cap;
	}
	s->queue[s->queue_n++] = number;
}

/* The node number of a shape. Its contents may still be due. */
static u32
number_of(struct schema *s, struct shape *sh)
{
	u8 *p;

	if (sh->node)
		return sh->node - 1;
	sh->node = build_count(s->build, PART_NODES) + 1;
	p = build_add(s->build, PART_NODES);
	put_le32(p + NODE_ADDITIONAL, CATALOG_NONE);
	put_le32(p + NODE_ITEMS, CATALOG_NONE);
	put_le32(p + NODE_BOUNDS, CATALOG_NONE);
	if (sh != &s->anything)
		later(s, sh->number);
	return sh->node - 1;
}

/* A number as written to a double, rounded once for honest lengths; never infinite. */
static double
real_of(struct str s)
{
	u32 at = s.n && s.p[0] == '-';
	int exponent = 0, shift = 0;
	double v = 0, scale = 1;
	u64 mantissa = 0, e = 0;

	for (bool point = false; at < s.n && (s.p[at] == '.' || (s.p[at] >= '0' && s.p[at] <= '9')); at++) {
		if (s.p[at] == '.') {
			point = true;
		} else if (mantissa < 100000000000000000ULL) {
			mantissa = mantissa * 10 + (u64)(s.p[at] - '0');
			shift -= point;
		} else {
			shift += !point;
		}
	}
	if (at < s.n) {
		bool down = at + 1 < s.n && s.p[at + 1] == '-';
		u32 digits = at + 1 + (at + 1 < s.n && (s.p[at + 1] == '-' || s.p[at + 1] == '+'));

		if (str_u64(str_cut(s, digits, s.n), &e) || e > 400)
			e = 400;
		exponent = down ? -(int)e : (int)e;
	}
	exponent += shift;
	v = (double)mantissa;
	for (int i = 0; i < exponent && v <= DBL_MAX / 10; i++)
		v *= 10;
	for (int i = 0; i > exponent && scale <= DBL_MAX / 10; i--)
		scale *= 10;
	v /= scale;
	return s.n && s.p[0] == '-' ? -v : v;
}

static void
put_real(u8 *p, struct str number)
{
	double v = real_of(number);
	u64 bits;

	memcpy(&bits, &v, sizeof bits);
	put_le64(p, bits);
}

static u32
bounds_of(struct schema *s, const struct shape *sh)
{
	u32 at = build_count(s->build, PART_BOUNDS);
	u8 *p;

	if (!(sh->flags & 0x1ff000U) && !sh->pattern.n)
		return CATALOG_NONE;
	p = build_add(s->build, PART_BOUNDS);
	build_text(s->build, sh->pattern, p + BOUNDS_PATTERN);
	put_real(p + BOUNDS_MIN, sh->min);
	put_real(p + BOUNDS_MAX, sh->max);
	put_real(p + BOUNDS_STEP, sh->step);
	for (u32 i = 0; i < LIMITS; i++)
		put_le32(p + BOUNDS_LIMITS + (size_t)4 * i, sh->limit[i]);
	return at;
}

static bool
by_name(const void *ctx, u32 a, u32 b)
{
	const struct shape *sh = ctx;
	int d = str_cmp(sh->prop[a].name, sh->prop[b].name);

	return d ? d < 0 : a < b;
}

/* The members of a shape in order of names, each once. Returns how many. */
static u32
props_of(struct schema *s, const struct shape *sh)
{
	size_t mark = s->scratch.used;
	u32 *order = ARENA_ARRAY(&s->scratch, u32, sh->prop_n), n = 0;

	if (!order) {
		s->full |= sh->prop_n > 0;
		return 0;
	}
	for (u32 i = 0; i < sh->prop_n; i++)
		order[i] = i;
	order_sort(order, sh->prop_n, by_name, sh);
	for (u32 i = 0; i < sh->prop_n; i++) {
		const struct shape_prop *prop = &sh->prop[order[i]];
		struct shape *child;
		u8 *p;

		if (i && str_same(prop->name, sh->prop[order[i - 1]].name))
			continue;
		child = schema_shape(s, prop->ref);
		p = build_add(s->build, PART_PROPS);
		build_text(s->build, prop->name, p);
		put_le32(p + 8, prop->required && !(child->flags & CATALOG_NODE_READ_ONLY));
		put_le32(p + 12, number_of(s, child));
		n++;
	}
	arena_rewind(&s->scratch, mark);
	return n;
}

struct leaves {
	u32 node[ALTS_MAX];
	u32 n, visits;
	bool over;
};

/* Alternatives that have none themselves: what allows a reader to try them without bound. */
static void
leaves_of(struct schema *s, const struct shape *sh, struct leaves *l, u32 depth)
{
	for (u32 i = 0; i < sh->alt_n && !l->over; i++) {
		struct shape *a = schema_shape(s, sh->alt[i]);

		if (depth == ALT_DEPTH_MAX || ++l->visits > ALT_VISITS_MAX || l->n == ALTS_MAX)
			l->over = true;
		else if (a->alt_n)
			leaves_of(s, a, l, depth + 1);
		else
			l->node[l->n++] = number_of(s, a);
	}
}

static u32
alts_of(struct schema *s, const struct shape *sh)
{
	struct leaves l = { .n = 0 };

	leaves_of(s, sh, &l, 0);
	if (l.over)
		return 0;
	for (u32 i = 0; i < l.n; i++)
		put_le32(build_add(s->build, PART_ALTS), l.node[i]);
	return l.n;
}

/* Writes the contents of one node. The record is looked up after everything below it was added: adding moves it. */
static void
fill(struct schema *s, struct shape *sh)
{
	struct build *b = s->build;
	u32 props = build_count(b, PART_PROPS), prop_n = props_of(s, sh);
	u32 alts = build_count(b, PART_ALTS), alt_n = alts_of(s, sh);
	u32 bounds = bounds_of(s, sh), items = CATALOG_NONE, additional = CATALOG_NONE;
	u8 *p;

	if (sh->items != SCHEMA_NONE)
		items = number_of(s, schema_shape(s, sh->items));
	if (sh->additional != SCHEMA_NONE)
		additional = number_of(s, schema_shape(s, sh->additional));
	p = build_at(b, PART_NODES, sh->node - 1);
	put_le32(p + NODE_TYPES, sh->types);
	put_le32(p + NODE_FLAGS, sh->flags & 0xffffffU);
	build_text(b, sh->enums, p + NODE_ENUMS);
	build_text(b, sh->initial, p + NODE_INITIAL);
	build_text(b, sh->example, p + NODE_EXAMPLE);
	build_text(b, sh->format, p + NODE_FORMAT);
	put_le32(p + NODE_PROPS, prop_n ? props : 0);
	put_le32(p + NODE_PROPS + 4, prop_n);
	put_le32(p + NODE_ALTS, alt_n ? alts : 0);
	put_le32(p + NODE_ALTS + 4, alt_n);
	put_le32(p + NODE_ADDITIONAL, additional);
	put_le32(p + NODE_ITEMS, items);
	put_le32(p + NODE_BOUNDS, bounds);
}

u32
schema_node(struct schema *s, u32 ref)
{
	u32 at = number_of(s, schema_shape(s, ref));

	while (s->queue_n && !s->full)
		fill(s, s->shape[s->queue[--s->queue_n]]);
	return at;
}
