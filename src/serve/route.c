#include "serve/route.h"

/* Walks pattern and path together. Answers whether they match; param `want` and the rest behind '*' on the way. */
static bool
match(const char *pattern, struct str path, u32 want, struct str *param, struct str *rest)
{
	u32 i = 0, params = 0;

	for (; *pattern; pattern++) {
		if (*pattern == '*' && !pattern[1]) {
			*rest = str_cut(path, i, path.n);
			return true;
		}
		if (*pattern == ':' && pattern[-1] == '/') {
			u32 from = i;

			while (i < path.n && path.p[i] != '/')
				i++;
			if (i == from)
				return false;
			if (params++ == want)
				*param = str_cut(path, from, i);
			while (pattern[1] && pattern[1] != '/')
				pattern++;
			continue;
		}
		if (i == path.n || path.p[i] != (u8)*pattern)
			return false;
		i++;
	}
	return i == path.n;
}

const struct route *
route_find(const struct route *table, u32 n, u8 method, struct str path, u8 *allow)
{
	struct str param, rest;

	*allow = 0;
	for (u32 i = 0; i < n; i++) {
		u8 first = (u8)table[i].path[1];

		/* most end here: the byte after the slash is another one */
		if (path.n > 1 && first != path.p[1] && first != '*' && first != ':')
			continue;
		if (!match(table[i].path, path, 0, &param, &rest))
			continue;
		if (table[i].methods & method)
			return *allow && first == '*' ? NULL : &table[i];
		*allow |= table[i].methods & ROUTE_ANY;
	}
	return NULL;
}

const struct route *
route_recall(struct route_memo *m, const struct route *table, u32 n, u8 method, struct str path, u8 *allow)
{
	if (!m->path_n || m->method != method || !str_same(path, str_of(m->path, m->path_n))) {
		m->route = route_find(table, n, method, path, &m->allow);
		m->method = method;
		m->path_n = path.n <= sizeof m->path ? (u8)path.n : 0;
		memcpy(m->path, path.p, m->path_n);
	}
	*allow = m->allow;
	return m->route;
}

struct str
route_param(const struct route *r, struct str path, u32 i)
{
	struct str param = STR_NONE, rest;

	return match(r->path, path, i, &param, &rest) ? param : STR_NONE;
}

struct str
route_rest(const struct route *r, struct str path)
{
	struct str param, rest = STR_NONE;

	return match(r->path, path, 0, &param, &rest) ? rest : STR_NONE;
}
