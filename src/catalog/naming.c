#include "catalog/naming.h"

#include "base/buf.h"
#include "base/crc.h"
#include "base/map.h"

#define HASH_DIGITS 6
#define ARG_MAX 64

static bool
letter_or_digit(u8 c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
small(u8 c)
{
	return c >= 'a' && c <= 'z';
}

static bool
capital(u8 c)
{
	return c >= 'A' && c <= 'Z';
}

/* Whether a word begins at i inside a run of letters: "aB" at B, "ABc" at B. */
static bool
hump(struct str s, u32 i)
{
	if (i == 0 || !capital(s.p[i]))
		return false;
	return !capital(s.p[i - 1]) || (i + 1 < s.n && small(s.p[i + 1]));
}

u32
naming_words(struct str name, struct str *word, u32 max)
{
	u32 n = 0, at = 0;

	while (at < name.n && n < max) {
		u32 from;

		while (at < name.n && !letter_or_digit(name.p[at]))
			at++;
		from = at;
		while (at < name.n && letter_or_digit(name.p[at]) && (at == from || !hump(name, at)))
			at++;
		if (at > from)
			word[n++] = str_cut(name, from, at);
	}
	return n;
}

/* Appends s with every character outside letters, digits and more as '_', without '_' at both ends or twice in a row
 * unless the name has it so. */
static void
clean(struct buf *out, struct str s, const char *more)
{
	u32 from = out->w;
	bool due = false;

	for (u32 i = 0; i < s.n; i++) {
		if (!letter_or_digit(s.p[i]) && (!s.p[i] || !strchr(more, s.p[i]))) {
			due = true;
			continue;
		}
		if (due && out->w > from && out->p[out->w - 1] != '_' && s.p[i] != '_')
			buf_byte(out, '_');
		due = false;
		buf_byte(out, s.p[i]);
	}
}

/* A segment of a path. Where it holds a query, "?src={src}", the value says nothing that the name does not. */
static void
clean_part(struct buf *out, struct str part)
{
	int at, end;

	while ((at = str_find_str(part, STR("={"))) >= 0 && (end = str_find(part, '}', (u32)at)) >= 0) {
		clean(out, str_cut(part, 0, (u32)at), "_-");
		part = str_cut(part, (u32)end + 1, part.n);
		buf_c(out, part.n ? "_" : "");
	}
	clean(out, part, "_-");
}

static void
from_path(struct buf *out, struct str method, struct str path)
{
	struct str rest = path;

	for (u32 i = 0; i < method.n; i++)
		buf_byte(out, letter_or_digit(method.p[i]) ? method.p[i] | 0x20 : '_');
	while (rest.p) {
		struct str part = str_next(&rest, '/');

		if (!part.n)
			continue;
		buf_c(out, part.p[0] == '{' ? "_by_" : "_");
		clean_part(out, part);
	}
}

static u32
path_hash(const struct naming_wish *w)
{
	return crc32c(crc32c(crc32c(0, w->method), STR(" ")), w->path);
}

/* The name that id or path give, cut to what a tool name may be. */
static struct str
natural(const struct naming_wish *w, struct buf *out)
{
	out->r = out->w = 0;
	out->over = false;
	clean(out, w->id, "_-");
	if (out->w == 0)
		from_path(out, w->method, w->path);
	if (out->w > TOOL_NAME_MAX || out->over) {
		out->w = min_u32(out->w, TOOL_NAME_MAX - 1 - HASH_DIGITS);
		out->over = false;
		buf_byte(out, '_');
		buf_hex(out, path_hash(w) & 0xffffff, HASH_DIGITS);
	}
	return buf_str(out);
}

struct names {
	struct map map; /* hash of a name to the wish that has it first */
	struct naming_wish *wish;
	struct arena *arena;
	bool *shared;
};

static u32
holder(const struct names *names, struct str name)
{
	u32 it = 0, at;
	u64 hash = map_hash(name, 0);

	while (map_next(&names->map, hash, &it, &at))
		if (str_same(names->wish[at].name, name))
			return at;
	return CATALOG_NONE;
}

/* Makes the hash a part of the name, with more digits while that is taken too. */
static int
with_hash(struct names *names, u32 i)
{
	struct naming_wish *w = &names->wish[i];
	u8 space[TOOL_NAME_MAX + 16];

	for (u32 digits = HASH_DIGITS; digits <= 8; digits++) {
		struct buf out = buf_over(space, sizeof space);

		buf_put(&out, str_cut(w->name, 0, TOOL_NAME_MAX - 1 - digits));
		buf_byte(&out, '_');
		buf_hex(&out, path_hash(w) & ((1ULL << (4 * digits)) - 1), digits);
		if (holder(names, buf_str(&out)) != CATALOG_NONE)
			continue;
		w->name = arena_dup(names->arena, buf_str(&out));
		return w->name.p && !map_add(&names->map, map_hash(w->name, 0), i) ? 0 : ERR_FULL;
	}
	w->name = STR_NONE;
	return 0;
}

/* Names that were given come before all others. */
static int
collect_given(struct names *names, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		struct naming_wish *w = &names->wish[i];

		if (!w->given.n || holder(names, w->given) != CATALOG_NONE) {
			w->given = STR_NONE;
			continue;
		}
		w->name = w->given;
		if (map_add(&names->map, map_hash(w->name, 0), i))
			return ERR_FULL;
	}
	return 0;
}

/* First round: everybody's natural name, and who shares one. */
static int
collect(struct names *names, u32 n)
{
	u8 space[256];
	struct buf out = buf_over(space, sizeof space);

	for (u32 i = 0; i < n; i++) {
		struct str name;
		u32 first;

		if (names->wish[i].given.n)
			continue;
		name = natural(&names->wish[i], &out);
		first = holder(names, name);
		names->wish[i].name = arena_dup(names->arena, name);
		if (!names->wish[i].name.p)
			return ERR_FULL;
		if (first != CATALOG_NONE) {
			names->shared[i] = true;
			names->shared[first] = !names->wish[first].given.n;
			continue;
		}
		if (map_add(&names->map, map_hash(name, 0), i))
			return ERR_FULL;
	}
	return 0;
}

/* Whether wish i keeps a shared name: its operationId is exactly that, and nobody else's is. */
static bool
keeps(const struct names *names, u32 i, const u32 *exact)
{
	const struct naming_wish *w = &names->wish[i];

	u32 first = holder(names, w->name);

	return str_same(w->id, w->name) && exact[first] == 1 && !names->wish[first].given.n;
}

int
naming_tools(struct naming_wish *wish, u32 n, struct arena *a)
{
	struct names names = { .wish = wish, .arena = a };
	u32 *exact = ARENA_ARRAY(a, u32, n); /* by first holder: how many have exactly this operationId */
	bool *keep = ARENA_ARRAY(a, bool, n);
	int err;

	names.shared = ARENA_ARRAY(a, bool, n);
	if (!names.shared || !exact || !keep || map_init(&names.map, a, 2 * n + 1))
		return ERR_FULL;
	err = collect_given(&names, n);
	if (!err)
		err = collect(&names, n);
	for (u32 i = 0; i < n && !err; i++)
		if (names.shared[i] && str_same(wish[i].id, wish[i].name))
			exact[holder(&names, wish[i].name)]++;
	for (u32 i = 0; i < n && !err; i++)
		keep[i] = !names.shared[i] || keeps(&names, i, exact);
	/* The map keeps the shared names taken, whoever its holder is, so nobody's hashed name becomes one of them. */
	for (u32 i = 0; i < n && !err; i++)
		if (!keep[i])
			err = with_hash(&names, i);
	return err;
}

static bool
taken(const struct naming_arg *arg, u32 n, struct str name)
{
	for (u32 i = 0; i < n; i++)
		if (arg[i].arg.p && str_same(arg[i].arg, name))
			return true;
	return false;
}

static void
arg_clean(struct buf *out, struct str wire, const char *before)
{
	out->r = out->w = 0;
	out->over = false;
	buf_c(out, before);
	clean(out, wire, "_.-");
	if (out->w == strlen(before))
		BUF_LIT(out, "arg");
}

static void
arg_hash(struct buf *out, const struct naming_arg *arg)
{
	u32 hash = crc32c(crc32c(0, str_c(catalog_in_text(arg->in))), arg->wire);

	out->w = min_u32(out->w, ARG_MAX - 1 - 8);
	out->over = false;
	buf_byte(out, '_');
	buf_hex(out, hash, 8);
}

static int
arg_name(struct naming_arg *arg, u32 n, u32 i, struct arena *a)
{
	static const char *const before[] = { "path_", "query_", "header_", "cookie_", "body_", "body_", "gate_" };
	u8 space[128];
	struct buf out = buf_over(space, sizeof space);

	arg_clean(&out, arg[i].wire, "");
	if (out.w > ARG_MAX || out.over)
		arg_hash(&out, &arg[i]);
	if (taken(arg, n, buf_str(&out))) {
		arg_clean(&out, arg[i].wire, before[arg[i].in]);
		if (out.w > ARG_MAX || out.over || taken(arg, n, buf_str(&out)))
			arg_hash(&out, &arg[i]);
	}
	if (taken(arg, n, buf_str(&out)))
		return ERR_BAD;
	arg[i].arg = arena_dup(a, buf_str(&out));
	return arg[i].arg.p ? 0 : ERR_FULL;
}

/* Whether the name can stay as it is. */
static bool
plain(struct str wire)
{
	for (u32 i = 0; i < wire.n; i++)
		if (!letter_or_digit(wire.p[i]) && (!wire.p[i] || !strchr("_.-", wire.p[i])))
			return false;
	return wire.n > 0 && wire.n <= ARG_MAX;
}

int
naming_args(struct naming_arg *arg, u32 n, struct arena *a)
{
	for (u32 i = 0; i < n; i++)
		arg[i].arg = STR_NONE;
	/* Plain names first, place by place, so that who keeps a name does not depend on the order in the document. */
	for (u32 in = 0; in < CATALOG_INS; in++)
		for (u32 i = 0; i < n; i++)
			if (arg[i].in == in && plain(arg[i].wire) && !taken(arg, n, arg[i].wire))
				arg[i].arg = arg[i].wire;
	for (u32 i = 0; i < n; i++) {
		int err = arg[i].arg.p ? 0 : arg_name(arg, n, i, a);

		if (err)
			return err;
	}
	return 0;
}
