#include "catalog/transcribe.h"

#include <stdalign.h>

#include "base/map.h"
#include "json/jout.h"
#include "json/json.h"
#include "yaml/yaml.h"

#define ANCHORS_MAX 4096
#define MERGE_MAX 4096 /* members that one merge key may bring, and that stand beside it: they are compared pairwise */
#define SPARE (1U << 20)
#define GONE UINT32_MAX

/* What an anchor names: a part of the JSON text. */
struct anchor {
	struct str name;
	u32 from, to; /* to 0: not finished, so that an alias inside itself is seen; GONE: merged into another map */
	bool moved;   /* by the merge that is being made */
};

/* An open map or list. */
struct frame {
	u32 from;
	u32 anchor;         /* its own + 1, or 0 */
	bool map, value;    /* value: a key was read, its value is due */
	bool some;          /* a member or element stands before */
	bool merge, merges; /* the key just read is "<<"; one was */
};

struct work {
	struct transcript *t;
	struct arena *arena;
	struct yaml yaml;
	struct yaml_event e;
	struct buf out, room;
	struct anchor *anchor;
	struct map anchors;
	u32 anchor_n, depth;
	struct frame frame[YAML_DEPTH_MAX + 2];
};

static int
fail(struct work *w, const char *why)
{
	if (!w->t->why) {
		w->t->why = why;
		w->t->why_at = w->e.at;
	}
	return ERR_BAD;
}

u64
transcribe_max(u64 n)
{
	return n * 3 + SPARE;
}

/* --- anchors ------------------------------------------------------------------------------------- */

static struct anchor *
named(struct work *w, struct str name)
{
	u32 it = 0, i;
	u64 hash = map_hash(name, 0);

	while (map_next(&w->anchors, hash, &it, &i))
		if (str_same(w->anchor[i].name, name))
			return &w->anchor[i];
	return NULL;
}

/* Begins what the event's anchor names. Its number + 1, 0 when there is none; a name may be given again. */
static int
anchor_begin(struct work *w, u32 *number)
{
	struct anchor *a = w->e.anchor.n ? named(w, w->e.anchor) : NULL;

	*number = 0;
	if (!w->e.anchor.n)
		return 0;
	if (!a && w->anchor_n == ANCHORS_MAX)
		return fail(w, "too many anchors: 4,096 are read");
	if (!a) {
		a = &w->anchor[w->anchor_n++];
		a->name = w->e.anchor;
		if (map_add(&w->anchors, map_hash(a->name, 0), (u32)(a - w->anchor)))
			return ERR_FULL;
	}
	a->from = w->out.w;
	a->to = 0;
	*number = (u32)(a - w->anchor) + 1;
	return 0;
}

static void
anchor_end(struct work *w, u32 number)
{
	if (number)
		w->anchor[number - 1].to = w->out.w;
}

/* --- values -------------------------------------------------------------------------------------- */

static struct frame *
top(struct work *w)
{
	return &w->frame[w->depth];
}

/* What stands between the value before and this one. */
static void
separate(struct work *w)
{
	struct frame *f = top(w);

	if (!w->depth)
		return;
	if (f->map && f->value)
		buf_byte(&w->out, ':');
	else if (f->some)
		buf_byte(&w->out, ',');
	f->some = true;
	if (f->map)
		f->value = !f->value;
}

/* Whether what comes next is the key of a map. */
static bool
key_due(struct work *w)
{
	return w->depth && top(w)->map && !top(w)->value;
}

static void
put_scalar(struct work *w, bool key)
{
	u8 type = key ? YAML_STRING : yaml_type(&w->e);
	u32 was = w->out.w;

	switch (type) {
	case YAML_NULL: BUF_LIT(&w->out, "null"); return;
	case YAML_TRUE: BUF_LIT(&w->out, "true"); return;
	case YAML_FALSE: BUF_LIT(&w->out, "false"); return;
	case YAML_NUMBER:
		if (yaml_number(w->e.text, &w->out) == 0)
			return;
		w->out.w = was;
		break;
	default: break;
	}
	jout_quoted(&w->out, w->e.text);
}

static int
scalar(struct work *w)
{
	bool key = key_due(w), merge = key && w->e.style == YAML_PLAIN && !w->e.tag.n && str_is(w->e.text, "<<");
	u32 number;
	int err;

	separate(w);
	origin_add(&w->t->origin, w->out.w, w->e.at);
	err = anchor_begin(w, &number);
	if (err)
		return err;
	if (key) {
		top(w)->merge = merge;
		top(w)->merges |= merge;
	} else if (w->depth && top(w)->merge) {
		return fail(w, "a map or a list of maps is expected behind <<");
	}
	put_scalar(w, key);
	anchor_end(w, number);
	return 0;
}

/* A key that is an alias: of a scalar, and a string in any case. */
static void
put_key(struct work *w, struct str text)
{
	if (text.p[0] == '"')
		buf_put(&w->out, text);
	else
		jout_quoted(&w->out, text);
}

static int
alias(struct work *w)
{
	const struct anchor *a = named(w, w->e.text);
	bool key = key_due(w);
	struct str text;
	u32 at;

	if (!a)
		return fail(w, "no anchor of this name stands before the alias");
	if (!a->to || a->to == GONE)
		return fail(w, a->to ? "what the alias stands for was merged into another map" :
		    "the alias stands inside of what it stands for");
	text = str_of(w->out.p + a->from, a->to - a->from);
	if (key && (text.p[0] == '{' || text.p[0] == '['))
		return fail(w, "a key must be a text, not a map or list");
	separate(w);
	at = w->out.w;
	if (key)
		put_key(w, text);
	else
		buf_put(&w->out, text);
	if (!key && w->depth && top(w)->merge && text.p[0] != '{' && text.p[0] != '[')
		return fail(w, "a map or a list of maps is expected behind <<");
	if (key)
		top(w)->merge = false;
	origin_add(&w->t->origin, at, w->e.at);
	if (!key && (text.p[0] == '{' || text.p[0] == '['))
		origin_repeat(&w->t->origin, a->from + 1, a->to, at + 1);
	return 0;
}

static int
open(struct work *w, bool map)
{
	u32 number;
	int err;

	if (key_due(w))
		return fail(w, "a key must be a text, not a map or list");
	separate(w);
	origin_add(&w->t->origin, w->out.w, w->e.at);
	err = anchor_begin(w, &number);
	if (err)
		return err;
	w->frame[++w->depth] = (struct frame){ .from = w->out.w, .anchor = number, .map = map };
	buf_byte(&w->out, map ? '{' : '[');
	return 0;
}

/* --- merge keys ----------------------------------------------------------------------------------- */

/* A map with merge keys, being written anew. Offsets in the old text count from the map's first byte. */
struct merge {
	struct work *w;
	struct jdoc doc;
	struct buf out;
	struct origin_mark *was; /* marks of the old text */
	u32 was_n, from;
	u32 work;                /* comparisons left */
	bool some;
};

static bool
is_merge(struct jcur member)
{
	return json_key_is(member, "<<");
}

/* Anchors in the map: moved with what they name, or gone with it. */
static void
move_anchors(struct merge *m, u32 from, u32 to, u32 at)
{
	for (u32 i = 0; i < m->w->anchor_n; i++) {
		struct anchor *a = &m->w->anchor[i];

		if (a->moved || !a->to || a->from < m->from + from || a->from >= m->from + to)
			continue;
		a->to = at + (a->to - m->from - from);
		a->from = at + (a->from - m->from - from);
		a->moved = true;
	}
}

static void
forget_anchors(struct merge *m)
{
	for (u32 i = 0; i < m->w->anchor_n; i++) {
		struct anchor *a = &m->w->anchor[i];

		if (!a->moved && a->to && a->from > m->from)
			a->to = GONE;
		a->moved = false;
	}
}

/* Copies bytes from .. to of the old text, with the marks and anchors in them. */
static void
move(struct merge *m, u32 from, u32 to)
{
	struct origin *o = &m->w->t->origin;
	struct origin was = { .mark = m->was, .n = m->was_n };
	u32 at = m->from + m->out.w;

	for (u32 i = origin_first(&was, m->from + from); i < m->was_n && m->was[i].at < m->from + to; i++)
		origin_add(o, at + (m->was[i].at - m->from - from), m->was[i].from);
	move_anchors(m, from, to, at);
	buf_put(&m->out, str_cut(m->doc.text, from, to));
}

static void
member(struct merge *m, struct jcur c)
{
	struct str key = json_key(c), value = json_raw(c);
	u32 from = (u32)(key.p - m->doc.text.p) - 1, at = (u32)(value.p - m->doc.text.p);

	if (m->some)
		buf_byte(&m->out, ',');
	m->some = true;
	move(m, from, at + value.n);
}

/* Whether a member of the map itself, or of a map merged before (up to, not included), has this key. */
static bool
known(struct merge *m, struct jcur map, struct jcur up_to, struct str key)
{
	for (struct jcur c = json_first(map); !c.err && m->work; c = json_next(c)) {
		m->work--;
		if (!is_merge(c) && json_key_same(c, key))
			return true;
		if (!is_merge(c) || c.at > up_to.at)
			continue;
		for (struct jcur e = json_kind(c) == JSON_ARRAY ? json_first(c) : c; !e.err && e.at < up_to.at;
		    e = json_kind(c) == JSON_ARRAY ? json_next(e) : json_none(ERR_NONE)) {
			m->work -= m->work > json_len(e) ? json_len(e) : m->work;
			if (!json_get_str(e, key).err)
				return true;
		}
	}
	return false;
}

static int
merge_map(struct merge *m, struct jcur map, struct jcur from)
{
	if (json_kind(from) != JSON_OBJECT)
		return fail(m->w, "a map or a list of maps is expected behind <<");
	for (struct jcur c = json_first(from); !c.err; c = json_next(c)) {
		u8 space[512];
		struct arena a = arena_over(space, sizeof space);
		struct str key = json_key_str(c, &a);

		if (!key.p)
			return fail(m->w, "a key of what is merged here is too long");
		if (!known(m, map, from, key))
			member(m, c);
	}
	return m->work ? 0 : fail(m->w, "too many members are merged here");
}

static int
merge_all(struct merge *m)
{
	struct jcur map = json_root(&m->doc);
	int err = 0;

	buf_byte(&m->out, '{');
	for (struct jcur c = json_first(map); !c.err && !err; c = json_next(c)) {
		if (!is_merge(c))
			member(m, c);
		else if (json_kind(c) != JSON_ARRAY)
			err = merge_map(m, map, c);
		else
			for (struct jcur e = json_first(c); !e.err && !err; e = json_next(e))
				err = merge_map(m, map, e);
	}
	buf_byte(&m->out, '}');
	return err;
}

/* Replaces the map at the end of the text, which has merge keys, by what it means. */
static int
merge(struct work *w, u32 from)
{
	struct arena *a = w->arena;
	struct origin *o = &w->t->origin;
	struct merge m = { .w = w, .from = from, .work = MERGE_MAX * 64 };
	struct str old = str_of(w->out.p + from, w->out.w - from);
	u32 first = origin_first(o, from + 1), tokens = (u32)old.n / 2 + 8;
	struct jsmntok *tok = ARENA_ARRAY(a, struct jsmntok, tokens);
	u8 *p = arena_bytes(a, old.n);
	int err;

	m.was_n = o->n - first;
	m.was = ARENA_ARRAY(a, struct origin_mark, m.was_n + 1);
	if (!tok || !p || !m.was)
		return ERR_FULL;
	memcpy(m.was, o->mark + first, m.was_n * sizeof *m.was);
	o->n = first;
	m.out = buf_over(p, old.n);
	err = json_parse(&m.doc, old, tok, tokens);
	if (!err)
		err = merge_all(&m);
	if (err || m.out.over)
		return err ? err : ERR_FULL;
	w->out.w = from;
	buf_put(&w->out, buf_str(&m.out));
	forget_anchors(&m);
	return 0;
}

static int
close(struct work *w)
{
	struct frame f = *top(w);
	size_t mark = w->arena->used;
	int err;

	buf_byte(&w->out, f.map ? '}' : ']');
	w->depth--;
	err = f.merges && !w->out.over ? merge(w, f.from) : 0;
	arena_rewind(w->arena, mark); /* marks only moved: their array did not grow */
	if (err)
		return err;
	anchor_end(w, f.anchor);
	return 0;
}

/* --- the document ----------------------------------------------------------------------------------- */

static int
take(struct work *w)
{
	switch (w->e.kind) {
	case YAML_SCALAR: return scalar(w);
	case YAML_ALIAS: return alias(w);
	case YAML_MAP: return open(w, true);
	case YAML_LIST: return open(w, false);
	default: return close(w);
	}
}

static int
all(struct work *w)
{
	bool begun = false;

	for (;;) {
		int err = yaml_next(&w->yaml, &w->e);

		if (err) {
			w->e.at = w->yaml.why_at;
			fail(w, w->yaml.why);
			return err;
		}
		if (w->e.kind == YAML_DONE)
			return begun ? 0 : fail(w, "the file is empty: a document is expected");
		if (w->e.kind == YAML_DOCUMENT && begun)
			return fail(w, "a second document begins here: one is expected in a file");
		if (w->e.kind == YAML_DOCUMENT) {
			begun = true;
			continue;
		}
		err = take(w);
		if (err)
			return err;
		if (w->out.over) {
			fail(w, "the document is too large with what its aliases stand for");
			return ERR_FULL;
		}
		if (w->t->origin.n > DOC_VALUES_MAX)
			return fail(w, DOC_VALUES_WHY);
		if (w->t->origin.full)
			return ERR_FULL;
	}
}

/* What is kept moves to where the arena began; the room for the work behind it is given back. */
static void
keep(struct transcript *t, struct arena *a, size_t begin)
{
	const u8 *json = t->json.p;
	const struct origin_mark *mark = t->origin.mark;
	u8 *p;

	arena_rewind(a, begin);
	p = arena_bytes(a, t->json.n);
	memmove(p, json, t->json.n);
	t->json.p = p;
	/* not arena_take, which would clear what is still to be moved; behind the text, so it lies before the marks */
	p = arena_bytes(a, t->origin.n * sizeof *mark + alignof(struct origin_mark));
	p += -(uintptr_t)p % alignof(struct origin_mark);
	if (t->origin.n)
		memmove(p, mark, t->origin.n * sizeof *mark);
	t->origin.mark = (struct origin_mark *)(void *)p;
	t->origin.cap = t->origin.n;
}

int
transcribe(struct transcript *t, struct str yaml, struct arena *a)
{
	size_t begin = a->used, room = (size_t)yaml.n + yaml.n / 2 + 16;
	u64 cap = transcribe_max(yaml.n);
	struct work *w = ARENA_NEW(a, struct work);
	u8 *out, *text;
	int err;

	memset(t, 0, sizeof *t);
	t->origin.arena = a;
	out = w && cap < INT32_MAX ? arena_bytes(a, (size_t)cap) : NULL;
	text = arena_bytes(a, room);
	if (!out || !text)
		return ERR_FULL;
	w->t = t;
	w->arena = a;
	w->out = buf_over(out, (size_t)cap);
	w->room = buf_over(text, room);
	w->anchor = ARENA_ARRAY(a, struct anchor, ANCHORS_MAX);
	if (!w->anchor || map_init(&w->anchors, a, ANCHORS_MAX))
		return ERR_FULL;
	yaml_init(&w->yaml, yaml, &w->room);
	err = all(w);
	t->json = buf_str(&w->out);
	if (!err)
		keep(t, a, begin);
	return err;
}
