/* schema_flat: oneOf and anyOf as one object. Clients that cannot choose between schemas get their union, and words
 * that tell the choice; the run-time nodes keep the alternatives. */
#include "catalog/prose.h"
#include "catalog/schema.h"

#define FLAT_DEPTH_MAX 6   /* alternatives of alternatives of ... */
#define FLAT_ALTS_MAX 48   /* alternatives that are looked at */
#define UNION_MAX 24       /* different schemas of one name that are kept apart */
#define NOTE_MAX 400       /* bytes of the words about a choice */

struct flatten {
	struct schema *s;
	struct shape *to;
	struct shape *alt[FLAT_ALTS_MAX];  /* flat, and of the chosen type */
	struct shape *rest[FLAT_ALTS_MAX]; /* flat, and of another one */
	u32 n, rest_n;
	u32 type, also; /* chosen; other types that would do */
	u32 mine;       /* shapes from this number on were made here */
	bool any;       /* one alternative allows anything */
};

static struct shape *flat(struct schema *s, struct shape *sh, u32 depth);

static u32
real_types(const struct shape *sh)
{
	return sh->types & ~CATALOG_T_NULL;
}

static bool
has_type(const struct shape *sh, u32 type)
{
	return sh->types & type || (type == CATALOG_T_NUMBER && sh->types & CATALOG_T_INTEGER);
}

/* Looks at all alternatives, chooses the type, keeps those that have it. */
static void
choose(struct flatten *f, const struct shape *sh, u32 depth)
{
	u32 own = real_types(sh), mask = 0, all = 0;

	for (u32 i = 0; i < sh->alt_n && all < FLAT_ALTS_MAX; i++) {
		struct shape *a = flat(f->s, schema_shape(f->s, sh->alt[i]), depth + 1);

		f->any |= !real_types(a);
		if (a->flags & SHAPE_NULLABLE || a->types & CATALOG_T_NULL)
			f->to->flags |= SHAPE_NULLABLE;
		mask |= real_types(a);
		f->alt[all++] = a;
	}
	if (own & CATALOG_T_NUMBER)
		own |= CATALOG_T_INTEGER;
	if (own && own & mask)
		mask &= own;
	else if (own)
		mask = real_types(sh);
	f->type = schema_type(&(struct shape){ .types = mask });
	f->also = mask & ~f->type;
	if (f->type == CATALOG_T_NUMBER)
		f->also &= ~CATALOG_T_INTEGER;
	for (u32 i = 0; i < all; i++)
		if (f->type && has_type(f->alt[i], f->type))
			f->alt[f->n++] = f->alt[i];
		else
			f->rest[f->rest_n++] = f->alt[i];
}

static bool
listed(const struct shape *sh, u32 ref)
{
	for (u32 i = 0; i < sh->alt_n; i++)
		if (sh->alt[i] == ref)
			return true;
	return sh->alt_n >= UNION_MAX;
}

/* A reference that allows both. */
static u32
unite(struct flatten *f, u32 a, u32 b)
{
	struct schema *s = f->s;
	struct shape *x = schema_shape(s, a), *y = schema_shape(s, b), *both;

	if (x == y || b == SCHEMA_NONE)
		return a;
	if (a == SCHEMA_NONE)
		return b;
	if (x->flags & SHAPE_UNION && x->number >= f->mine && x != &s->anything) {
		if (!listed(x, b))
			schema_add_alt(s, x, b);
		return a;
	}
	both = schema_new(s);
	if (both == &s->anything)
		return a;
	both->flags = SHAPE_UNION | (x->flags & y->flags & CATALOG_NODE_READ_ONLY);
	schema_add_alt(s, both, a);
	schema_add_alt(s, both, b);
	return SCHEMA_SHAPE | both->number;
}

/* Whether every alternative requires the name. */
static bool
all_require(const struct flatten *f, struct str name)
{
	for (u32 i = 0; i < f->n; i++) {
		const struct shape_prop *p = schema_prop(f->alt[i], name);

		if (!p || !p->required)
			return false;
	}
	return f->n > 0;
}

static void
unite_props(struct flatten *f, const struct shape *a, u32 own_n)
{
	for (u32 i = 0; i < a->prop_n && f->s->work; i++) {
		struct shape_prop prop = a->prop[i], *old = schema_prop(f->to, prop.name);

		schema_spend(f->s, 1 + f->to->prop_n / 16 + f->n);
		prop.required = all_require(f, prop.name);
		if (!old) {
			schema_add_prop(f->s, f->to, &prop);
			continue;
		}
		old->required |= prop.required;
		/* What the schema itself says about a name holds in every alternative. */
		if ((u32)(old - f->to->prop) >= own_n || old->ref == SCHEMA_NONE)
			old->ref = unite(f, old->ref, prop.ref);
	}
}

static void
unite_objects(struct flatten *f)
{
	u32 own_n = f->to->prop_n, closed = 0;

	for (u32 i = 0; i < f->n; i++) {
		const struct shape *a = f->alt[i];

		unite_props(f, a, own_n);
		closed += (a->flags & CATALOG_NODE_CLOSED) != 0;
		f->to->flags |= a->flags & (SHAPE_OPEN | SHAPE_PROPERTIES);
		if (f->to->additional == SCHEMA_NONE)
			f->to->additional = a->additional;
	}
	if (f->n && closed == f->n)
		f->to->flags |= CATALOG_NODE_CLOSED;
}

static void
unite_items(struct flatten *f)
{
	for (u32 i = 0; i < f->n; i++)
		f->to->items = unite(f, f->to->items, f->alt[i]->items);
}

/* Enumerations unite when every alternative has one, and no other type would do. */
static void
unite_enums(struct flatten *f)
{
	u32 room = 2, count = 0;
	struct buf out;
	u8 *p;

	for (u32 i = 0; i < f->n; i++) {
		if (!f->alt[i]->enums.n)
			return;
		room += f->alt[i]->enums.n;
	}
	p = f->to->enums.n || !f->n || f->also ? NULL : arena_bytes(f->s->arena, room);
	if (!p)
		return;
	out = buf_over(p, room);
	for (u32 i = 0; i < f->n; i++) {
		u32 at = 1;
		struct str e;

		while ((e = schema_enum_next(f->alt[i]->enums, &at)).p && count < 2000)
			if (count == 0 || !schema_enum_has(buf_str(&out), e)) {
				buf_byte(&out, count++ ? ',' : '[');
				buf_put(&out, e);
			}
	}
	buf_byte(&out, ']');
	f->to->enums = buf_str(&out);
	f->to->enum_n = count;
}

static void
inherit(struct str *to, struct str from)
{
	if (!to->n)
		*to = from;
}

/* With one alternative left, what it says is what holds. */
static void
adopt(struct flatten *f, const struct shape *a)
{
	struct shape *to = f->to;
	u32 bounds = a->flags & ~to->flags & 0x1ff000U;

	inherit(&to->text, a->text);
	inherit(&to->title, a->title);
	inherit(&to->initial, a->initial);
	inherit(&to->example, a->example);
	/* Where other types would do as well, its limits would keep their values out. */
	if (f->also && f->type != CATALOG_T_OBJECT && f->type != CATALOG_T_ARRAY)
		return;
	inherit(&to->format, a->format);
	inherit(&to->pattern, a->pattern);
	inherit(&to->min, a->min);
	inherit(&to->max, a->max);
	inherit(&to->step, a->step);
	inherit(&to->note, a->note);
	for (u32 i = 0; i < LIMITS; i++)
		if (bounds & (CATALOG_HAS_LEN_MIN << i))
			to->limit[i] = a->limit[i];
	to->flags |= bounds | (a->flags & (CATALOG_NODE_SECRET | CATALOG_NODE_OPEN_MIN | CATALOG_NODE_OPEN_MAX));
}

/* Appends what tells one form from the others: the names it requires, else its first ones. */
static void
note_members(const struct shape *a, const struct shape *base, struct buf *out)
{
	u32 n = 0, required = 0;

	for (u32 i = 0; i < a->prop_n; i++)
		required += a->prop[i].required;
	for (u32 i = 0; i < a->prop_n && n < 5; i++) {
		const struct shape_prop *own = schema_prop(base, a->prop[i].name);

		if ((required && !a->prop[i].required) || (own && own->required))
			continue;
		buf_c(out, n++ ? ", " : "");
		prose_put(out, a->prop[i].name, 40);
	}
}

static void
note_forms(struct flatten *f, const struct shape *sh, struct buf *out)
{
	struct shape *const *alt = f->alt;

	if (sh->selector.n) {
		prose_put(out, sh->selector, 60);
		BUF_LIT(out, " chooses the form: ");
	} else {
		BUF_LIT(out, "One of: ");
	}
	for (u32 i = 0; i < f->n && buf_room(out) > 140; i++) {
		struct str name = schema_name(f->s, alt[i]);
		u32 open;

		buf_c(out, i ? "; " : "");
		prose_put(out, name, 50);
		buf_c(out, name.n ? " (" : "(");
		open = out->w;
		note_members(alt[i], sh, out);
		if (out->w == open)
			out->w -= name.n ? 2 : 1;
		else
			buf_byte(out, ')');
	}
	buf_byte(out, '.');
}

static void
note_one(struct buf *out, const struct shape *a, u32 *told)
{
	u32 type = schema_type(a);
	bool values = a->enums.n > 2 && a->enums.n < 60;

	if (!values && *told & type)
		return;
	*told |= values ? 0 : type;
	BUF_LIT(out, ", ");
	if (values)
		buf_put(out, str_cut(a->enums, 1, a->enums.n - 1));
	else
		buf_c(out, schema_type_text(type));
}

/* What would do beside the chosen type; where it is one of a few values, those. Begins with values of the chosen type,
 * which are no enumeration when others would do too. */
static void
note_also(const struct flatten *f, struct buf *out)
{
	u32 told = f->type, from;

	if (!f->also)
		return;
	buf_c(out, out->w ? " Also accepted" : "Also accepted");
	from = out->w;
	for (u32 i = 0; i < f->n && f->type != CATALOG_T_OBJECT && buf_room(out) > 100; i++)
		note_one(out, f->alt[i], &told);
	for (u32 i = 0; i < f->rest_n && buf_room(out) > 100; i++)
		if (f->also & schema_type(f->rest[i]))
			note_one(out, f->rest[i], &told);
	if (out->w > from)
		out->p[from] = ':';
	buf_byte(out, '.');
}

static void
note(struct flatten *f, const struct shape *sh)
{
	u8 space[NOTE_MAX];
	struct buf out = buf_over(space, sizeof space);
	size_t mark = f->s->scratch.used;

	if (f->type == CATALOG_T_OBJECT && f->n > 1)
		note_forms(f, sh, &out);
	note_also(f, &out);
	if (!out.over && out.w) {
		struct str kept = arena_dup(f->s->arena, buf_str(&out));

		inherit(&f->to->note, kept);
	}
	arena_rewind(&f->s->scratch, mark);
}

static void
unite_all(struct flatten *f, const struct shape *sh)
{
	struct shape *to = f->to;

	to->types = f->any && !real_types(sh) && !f->type ? 0 : f->type;
	f->mine = f->s->n;
	if (f->type == CATALOG_T_OBJECT)
		unite_objects(f);
	else if (f->type == CATALOG_T_ARRAY)
		unite_items(f);
	else
		unite_enums(f);
	if (f->n == 1)
		adopt(f, f->alt[0]);
	if (f->n && sh->flags & SHAPE_UNION)
		inherit(&to->text, f->alt[0]->text);
	for (u32 i = 1; i < f->n && !to->format.n; i++)
		if (!str_same(f->alt[i]->format, f->alt[0]->format))
			return;
	if (f->n && !f->also)
		inherit(&to->format, f->alt[0]->format);
}

/* A new shape that says what sh says itself; its alternatives are still to be united. */
static struct shape *
begin(struct schema *s, struct shape *sh)
{
	struct shape *to = schema_new(s);
	u32 number = to->number;

	if (to == &s->anything)
		return to;
	*to = *sh;
	to->number = number;
	to->node = to->flat = to->alt_n = to->alt_cap = to->prop_n = to->prop_cap = 0;
	to->prop = NULL;
	to->alt = NULL;
	for (u32 i = 0; i < sh->prop_n; i++)
		schema_add_prop(s, to, &sh->prop[i]);
	return to;
}

static struct shape *
flat(struct schema *s, struct shape *sh, u32 depth)
{
	struct flatten f = { .s = s };

	if (!sh->alt_n)
		return sh;
	if (sh->flat)
		return s->shape[sh->flat - 1];
	f.to = depth > FLAT_DEPTH_MAX ? &s->anything : begin(s, sh);
	if (f.to == &s->anything)
		return f.to;
	/* Noted before it is whole: an alternative that leads back here finds it. */
	sh->flat = f.to->number + 1;
	s->counts->flattened++;
	choose(&f, sh, depth);
	unite_all(&f, sh);
	note(&f, sh);
	if (f.to->flags & SHAPE_NULLABLE && f.to->types)
		f.to->types |= CATALOG_T_NULL;
	return f.to;
}

struct shape *
schema_flat(struct schema *s, struct shape *sh)
{
	return flat(s, sh, 0);
}
