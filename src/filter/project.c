#include "filter/project.h"

enum {
	VALUE,  /* a value begins here */
	FIRST,  /* a value, or the end of an empty list */
	MEMBER, /* a key, or the end of an empty object */
	KEY,    /* inside a key */
	COLON,
	AFTER,  /* a comma or the end of a container */
	WHOLE,  /* inside a value that is passed or left out whole */
	DONE,
	BROKEN, /* no JSON: all passes */
};

void
project_init(struct project *p)
{
	memset(p, 0, sizeof *p);
	p->level[0].wanted = true;
}

static int
add(struct project *p, struct str path, u32 *bits)
{
	if (p->paths == PROJECT_PATHS)
		return ERR_FULL;
	p->path[p->paths] = path;
	*bits |= 1U << p->paths;
	if (path.n)
		p->level[0].alive |= 1U << p->paths;
	p->paths++;
	return 0;
}

int
project_want(struct project *p, struct str paths)
{
	for (u32 at = 0; at < paths.n;) {
		u32 from = at;
		int err;

		while (at < paths.n && paths.p[at] != ',' && paths.p[at] > ' ')
			at++;
		err = at > from ? add(p, str_cut(paths, from, at), &p->select) : 0;
		if (err)
			return err;
		at += at < paths.n;
	}
	p->level[0].wanted = !p->select;
	return 0;
}

int
project_list(struct project *p, struct str path, u64 from)
{
	p->from = from;
	return add(p, path, &p->list);
}

int
project_keep(struct project *p, u32 i, struct str path)
{
	int err = i < PROJECT_KEEPS && path.n ? add(p, path, &p->keeps) : ERR_FULL;

	if (!err)
		p->keep_path[i] = (u8)p->paths;
	return err;
}

/* ---- paths --------------------------------------------------------------------------------------- */

/* Name number i of a path; *last: none follows. */
static struct str
name_of(struct str path, u32 i, bool *last)
{
	struct str name = str_next(&path, '.');

	while (i-- && path.p)
		name = str_next(&path, '.');
	*last = !path.p;
	return name;
}

static void
match(struct project *p, const struct project_level *l)
{
	struct str key = str_of(p->hold + 2, p->key_n);

	p->full = p->next = 0;
	for (u32 i = 0; i < p->paths; i++) {
		bool last;

		if (!(l->alive & 1U << i) || !str_same(name_of(p->path[i], l->named, &last), key))
			continue;
		if (last)
			p->full |= 1U << i;
		else
			p->next |= 1U << i;
	}
}

/* ---- what is passed ------------------------------------------------------------------------------ */

static void
hold_byte(struct project *p, u8 c)
{
	p->hold[p->hold_n++] = c;
}

/* Before a value that is shown: the comma and, in an object, its key, which lies in hold behind two bytes of room. */
static void
introduce(struct project *p, struct project_level *l)
{
	p->hold_at = p->hold_n = 0;
	if (l->object) {
		p->hold[0] = ',';
		p->hold[1] = '"';
		p->hold_at = l->any ? 0 : 1;
		p->hold_n = (u8)(2 + p->key_n);
		hold_byte(p, '"');
		hold_byte(p, ':');
	} else if (l->any) {
		hold_byte(p, ',');
	}
	l->any = true;
}

static void
begin_keep(struct project *p)
{
	for (u32 i = 0; i < PROJECT_KEEPS; i++)
		if (p->keep_path[i] && !p->keep[i].p && p->full & 1U << (p->keep_path[i] - 1)) {
			p->keeping = (u8)(i + 1);
			p->keep[i] = str_of(p->kept[i], 0);
			return;
		}
}

static void
keep_byte(struct project *p, u8 c)
{
	struct str *k;

	if (!p->keeping)
		return;
	k = &p->keep[p->keeping - 1];
	if (k->n < PROJECT_KEEP_N)
		p->kept[p->keeping - 1][k->n++] = c;
}

/* ---- values -------------------------------------------------------------------------------------- */

static bool
is_scalar(u8 c)
{
	return c == '"' || c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

static void
whole(struct project *p, u8 c, bool copy)
{
	p->state = WHOLE;
	p->copy = copy;
	p->inner = 0;
	p->string = p->escape = false;
	p->scalar = c != '{' && c != '[' && c != '"';
	p->keeping = 0;
	if (is_scalar(c) && p->full & p->keeps)
		begin_keep(p);
}

static void
enter(struct project *p, u8 c, bool wanted, bool mute)
{
	const struct project_level *l = &p->level[p->depth];
	struct project_level *in = &p->level[p->depth + 1];

	*in = (struct project_level){ .object = c == '{', .wanted = wanted, .mute = mute };
	in->alive = p->next;
	in->named = (u8)(l->named + l->object);
	in->list = c == '[' && (p->full & p->list);
	p->depth++;
	if (!mute)
		hold_byte(p, c);
	p->state = c == '{' ? MEMBER : FIRST;
}

/* What leads on, of the value of an element, or of the body, that begins with c. */
static void
match_element(struct project *p, const struct project_level *l, u8 c)
{
	bool body = p->depth == 0 && c == '[' && p->list && !p->path[__builtin_ctz(p->list)].n;

	p->next = l->alive;
	p->full = body ? p->list : 0;
}

/* The value that begins with c, of the member or element at hand: decides what becomes of it. */
static void
value(struct project *p, u8 c)
{
	struct project_level *l = &p->level[p->depth];
	bool box = c == '{' || c == '[', wanted, mute;

	if (!l->object)
		match_element(p, l, c);
	wanted = l->wanted || (p->full & p->select);
	mute = l->mute || (l->object && !wanted && !(box && p->next & p->select));
	if (l->list && p->index++ < p->from)
		mute = true;
	if (mute)
		p->next &= p->list | p->keeps;
	else if (p->depth && !(l->object && p->key_long))
		introduce(p, l);
	if (box && (p->next | (p->full & p->list)) && p->depth < PROJECT_LEVELS)
		enter(p, c, wanted, mute);
	else
		whole(p, c, !mute);
}

static void
close_level(struct project *p, u8 c)
{
	if (!p->level[p->depth].mute) {
		p->hold_at = p->hold_n = 0;
		hold_byte(p, c);
	}
	p->depth--;
	p->state = p->depth ? AFTER : DONE;
}

/* ---- bytes --------------------------------------------------------------------------------------- */

/* The inside of a string from byte i on. Where it goes on: behind its end, or the end of in. */
static u32
string_run(struct project *p, struct str in, u32 i)
{
	for (; i < in.n; i++) {
		u8 c = in.p[i];

		if (c == '"' && !p->escape) {
			p->string = false;
			return i + 1;
		}
		p->escape = c == '\\' && !p->escape;
		keep_byte(p, c);
	}
	return i;
}

/* How many bytes of in belong to the value that is passed or left out whole; *ends: its last one is among them. */
static u32
whole_run(struct project *p, struct str in, bool *ends)
{
	u32 i = 0;

	for (*ends = false; i < in.n && !*ends;) {
		u8 c = in.p[i];

		if (p->string) {
			i = string_run(p, in, i);
			*ends = !p->string && !p->inner;
			continue;
		}
		if (p->scalar && (c == ',' || c == '}' || c == ']' || c <= ' ')) {
			*ends = true;
			break;
		}
		if (p->scalar)
			keep_byte(p, c);
		i++;
		if (c == '"')
			p->string = true;
		else if (c == '{' || c == '[')
			p->inner++;
		else if (c == '}' || c == ']')
			*ends = --p->inner == 0;
	}
	return i;
}

static void
run_whole(struct project *p, struct str *in)
{
	bool ends;
	u32 n = whole_run(p, *in, &ends);

	if (ends)
		p->state = p->depth ? AFTER : DONE;
	if (p->copy)
		p->clear = n;
	else
		*in = str_cut(*in, n, in->n);
}

/* A key that is too long to be named goes on without us: shown where everything is. */
static void
long_key(struct project *p, struct project_level *l)
{
	if (l->wanted && !l->mute) {
		introduce(p, l);
		p->hold_n -= 2; /* without its end */
	}
	p->key_long = true;
}

/* The key's further bytes after it was found to be too long, with its end. */
static void
run_long_key(struct project *p, struct str *in)
{
	const struct project_level *l = &p->level[p->depth];
	u32 n = 0;

	while (n < in->n && p->state == KEY) {
		u8 c = in->p[n++];

		if (c == '"' && !p->escape)
			p->state = COLON;
		p->escape = c == '\\' && !p->escape;
	}
	if (l->wanted && !l->mute)
		p->clear = n;
	else
		*in = str_cut(*in, n, in->n);
	p->full = p->next = 0;
}

static void
run_key(struct project *p, struct str *in)
{
	struct project_level *l = &p->level[p->depth];

	while (in->n) {
		u8 c = in->p[0];

		if (c == '"' && !p->escape) {
			match(p, l);
			p->state = COLON;
		} else if (p->key_n == PROJECT_KEY_N) {
			long_key(p, l);
			return;
		} else {
			p->escape = c == '\\' && !p->escape;
			p->hold[2 + p->key_n++] = c;
		}
		*in = str_cut(*in, 1, in->n);
		if (p->state == COLON)
			return;
	}
}

static void
begin_key(struct project *p)
{
	p->state = KEY;
	p->key_n = p->hold_n = p->hold_at = 0;
	p->key_long = p->escape = false;
}

/* One byte between values. false: it cannot stand there. */
static bool
between(struct project *p, u8 c)
{
	struct project_level *l = &p->level[p->depth];
	u8 end = l->object ? '}' : ']';

	switch (p->state) {
	case MEMBER:
		if (c == '"')
			begin_key(p);
		else if (c == '}')
			close_level(p, c);
		else
			return false;
		return true;
	case COLON:
		p->state = VALUE;
		p->hold_at = p->hold_n = 0;
		if (p->key_long && l->wanted && !l->mute)
			hold_byte(p, ':');
		return c == ':';
	case AFTER:
		if (c == end)
			close_level(p, c);
		else if (c == ',')
			p->state = l->object ? MEMBER : VALUE;
		return c == end || c == ',';
	case FIRST:
		if (c == ']') {
			close_level(p, c);
			return true;
		} /* fall through */
	default: return false;
	}
}

/* Uses up bytes until something may be passed on or there are no more. */
static void
run(struct project *p, struct str *in)
{
	while (in->n && p->hold_at == p->hold_n && !p->clear) {
		u8 c = in->p[0];

		if (p->state == WHOLE) {
			run_whole(p, in);
			continue;
		}
		if (p->state == KEY) {
			if (p->key_long)
				run_long_key(p, in);
			else
				run_key(p, in);
			continue;
		}
		if (p->state == BROKEN) {
			p->clear = in->n;
			continue;
		}
		if (c <= ' ' || p->state == DONE) {
			*in = str_cut(*in, 1, in->n);
			continue;
		}
		if ((p->state == VALUE || p->state == FIRST) && (is_scalar(c) || c == '{' || c == '[')) {
			value(p, c);
			if (p->state != WHOLE)
				*in = str_cut(*in, 1, in->n);
		} else if (between(p, c)) {
			*in = str_cut(*in, 1, in->n);
		} else {
			p->hold_at = p->hold_n = 0;
			p->state = BROKEN;
		}
	}
}

struct str
project_look(struct project *p, struct str *in)
{
	if (!p->clear && p->hold_at == p->hold_n)
		run(p, in);
	if (p->hold_at < p->hold_n)
		return str_of(p->hold + p->hold_at, p->hold_n - p->hold_at);
	return str_cut(*in, 0, p->clear);
}

void
project_took(struct project *p, struct str *in, u32 n)
{
	if (p->hold_at < p->hold_n) {
		ASSERT(n <= (u32)(p->hold_n - p->hold_at));
		p->hold_at = (u8)(p->hold_at + n);
		return;
	}
	ASSERT(n <= p->clear);
	*in = str_cut(*in, n, in->n);
	p->clear -= n;
}
