#include "catalog/namebook.h"

#include "base/buf.h"
#include "base/map.h"

struct line {
	struct str method, path, name;
};

static bool
plain(struct str name)
{
	for (u32 i = 0; i < name.n; i++) {
		u8 c = name.p[i];

		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (!letter && c != '_' && c != '-')
			return false;
	}
	return name.n > 0;
}

/* Takes the next whole line off *rest. */
static bool
take_line(struct str *rest, struct line *l)
{
	while (rest->n) {
		struct str line = str_next(rest, '\n');
		int at = -1;

		for (u32 i = line.n; i > 0 && at < 0; i--)
			at = line.p[i - 1] == ' ' ? (int)i - 1 : -1; /* a path may have spaces, a name has none */
		if (at < 0)
			continue;
		l->name = str_cut(line, (u32)at + 1, line.n);
		l->path = str_cut(line, 0, (u32)at);
		l->method = str_next(&l->path, ' ');
		if (plain(l->name) && l->name.n <= TOOL_NAME_MAX && l->path.n)
			return true;
	}
	return false;
}

static bool
same(const struct naming_wish *w, const struct line *l)
{
	return str_same(w->method, l->method) && str_same(w->path, l->path);
}

/* The wish a line is about, looking first where it is when nothing has changed. */
static u32
wish_of(const struct naming_wish *wish, u32 n, const struct line *l, u32 from)
{
	for (u32 i = 0; i < n; i++) {
		u32 at = from + i < n ? from + i : from + i - n;

		if (same(&wish[at], l))
			return at;
	}
	return CATALOG_NONE;
}

void
namebook_keep(struct str text, struct naming_wish *wish, u32 n)
{
	struct line l;
	u32 from = 0;

	while (n && take_line(&text, &l)) {
		u32 at = wish_of(wish, n, &l, from);

		if (at == CATALOG_NONE)
			continue;
		if (!wish[at].given.n)
			wish[at].given = l.name;
		from = at + 1 < n ? at + 1 : 0;
	}
}

int
namebook_write(struct str old, const struct naming_wish *wish, u32 n, struct arena *a, struct str *out)
{
	size_t room = old.n + 16;
	struct line l;
	struct buf b;
	u32 from = 0;

	for (u32 i = 0; i < n; i++)
		room += wish[i].method.n + wish[i].path.n + wish[i].name.n + 3;
	b = arena_buf(a, room);
	if (!b.p)
		return ERR_FULL;
	for (u32 i = 0; i < n; i++)
		if (wish[i].name.n && str_find(wish[i].path, '\n', 0) < 0)
			buf_fmt(&b, "%S %S %S\n", wish[i].method, wish[i].path, wish[i].name);
	while (take_line(&old, &l)) {
		u32 at = n ? wish_of(wish, n, &l, from) : CATALOG_NONE;

		if (at == CATALOG_NONE)
			buf_fmt(&b, "%S %S %S\n", l.method, l.path, l.name);
		else
			from = at + 1 < n ? at + 1 : 0;
	}
	*out = buf_str(&b);
	return b.over ? ERR_FULL : 0;
}
