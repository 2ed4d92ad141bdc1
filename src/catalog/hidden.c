#include "catalog/hidden.h"

struct hidden {
	struct str name[HIDDEN_MAX];
	bool sure[HIDDEN_MAX], read[HIDDEN_MAX]; /* it is secret in any case; it is a member that may be read, too */
	u32 n;
};

static bool
is_true(struct jcur schema, const char *key)
{
	bool is = false;

	json_bool(json_get(schema, key), &is);
	return is;
}

/* A name that can stand in our list. */
static bool
plain(struct str s)
{
	for (u32 i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == ',' || s.p[i] == '\\' || s.p[i] == '!')
			return false;
	return s.n > 0 && s.n <= 60;
}

static void
look(struct hidden *h, const struct refs *r, struct jcur at, bool first)
{
	struct jcur schema = refs_follow(r, at);
	bool sure = json_is(json_get(schema, "format"), "password") || is_true(schema, "x-secret") ||
	            is_true(at, "x-secret");
	struct str name = json_key(at);
	u32 i = 0;

	if (json_kind(schema) != JSON_OBJECT || !plain(name))
		return;
	while (i < h->n && !str_same(h->name[i], name))
		i++;
	if (first) {
		if (i == HIDDEN_MAX || !(sure || is_true(schema, "writeOnly")))
			return;
		h->n = max_u32(h->n, i + 1);
		h->name[i] = name;
		h->sure[i] |= sure;
	} else if (i < h->n && !sure && !is_true(schema, "writeOnly")) {
		h->read[i] = true;
	}
}

static void
look_everywhere(struct hidden *h, const struct refs *r, bool first)
{
	for (int i = 0; i < r->doc->n; i++) {
		struct jcur c = refs_at(r, (u32)i);

		if (!json_has_key(c) || !json_key_is(c, "properties"))
			continue;
		for (c = refs_members(c); !c.err; c = json_next(c))
			look(h, r, c, first);
	}
}

struct str
hidden_names(const struct refs *r)
{
	struct hidden *h = ARENA_NEW(r->arena, struct hidden);
	u32 n = HIDDEN_MAX * 61;
	struct buf b = arena_buf(r->arena, n);

	if (!h || !b.p)
		return STR_NONE;
	look_everywhere(h, r, true);
	if (h->n)
		look_everywhere(h, r, false);
	for (u32 i = 0; i < h->n; i++)
		if (h->sure[i] || !h->read[i])
			buf_fmt(&b, "%s%S", b.w ? "," : "", h->name[i]);
	return buf_str(&b);
}
