#include "auth/principal.h"

#include "base/utf8.h"
#include "crypt/hash.h"

static const struct {
	const char *name;
	u8 bit;
} scopes[] = {
	{ "read", SCOPE_READ },
	{ "write", SCOPE_WRITE },
	{ "destructive", SCOPE_DESTRUCTIVE },
	{ "production", SCOPE_PRODUCTION },
};

u64
principal_tag(struct str name)
{
	u8 hash[HASH_N];
	u64 v = 0;

	if (!name.n)
		return 0;
	hash_once(name, hash);
	for (u32 i = 0; i < 8; i++)
		v = v << 8 | hash[i];
	return v;
}

void
principal_nobody(struct principal *p, u8 allowed)
{
	*p = (struct principal){ .kind = PRINCIPAL_NONE, .scopes = allowed };
}

static int
set(char *to, u8 *to_n, u32 max, struct str text)
{
	if (text.n > max)
		return ERR_FULL;
	if (text.n)
		memcpy(to, text.p, text.n);
	*to_n = (u8)text.n;
	return 0;
}

static bool
is_plain(struct str text)
{
	for (u32 i = 0; i < text.n; i++) {
		if (text.p[i] < 0x20 || text.p[i] == 0x7f)
			return false;
	}
	return utf8_valid(text);
}

static bool
is_name(struct str text)
{
	for (u32 i = 0; i < text.n; i++) {
		u8 c = text.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '.' || c == '-'))
			return false;
	}
	return text.n > 0;
}

static bool
is_list(struct str list)
{
	struct str rest = list;

	while (rest.p && list.n) {
		if (!is_name(str_next(&rest, ',')))
			return false;
	}
	return true;
}

int
principal_set_name(struct principal *p, struct str name)
{
	return is_plain(name) ? set(p->name, &p->name_n, sizeof p->name, name) : ERR_BAD;
}

int
principal_set_role(struct principal *p, struct str role)
{
	if (role.n && !is_name(role))
		return ERR_BAD;
	return set(p->role, &p->role_n, sizeof p->role, role);
}

int
principal_set_apis(struct principal *p, struct str list)
{
	return is_list(list) ? set(p->apis, &p->apis_n, sizeof p->apis, list) : ERR_BAD;
}

int
principal_set_environments(struct principal *p, struct str list)
{
	if (!is_list(list))
		return ERR_BAD;
	return set(p->environments, &p->environments_n, sizeof p->environments, list);
}

static bool
lists(struct str list, struct str name)
{
	while (list.p) {
		if (str_same(str_next(&list, ','), name))
			return true;
	}
	return false;
}

bool
principal_api(const struct principal *p, struct str api)
{
	return !p->apis_n || lists(str_of(p->apis, p->apis_n), api);
}

bool
principal_environment(const struct principal *p, struct str environment, bool production, bool only)
{
	if (p->environments_n)
		return lists(str_of(p->environments, p->environments_n), environment);
	return only || !production || (p->scopes & SCOPE_PRODUCTION);
}

void
scopes_print(struct buf *b, u8 bits)
{
	const char *before = "";

	for (u32 i = 0; i < ARRAY_N(scopes); i++) {
		if (!(bits & scopes[i].bit))
			continue;
		buf_fmt(b, "%s%s", before, scopes[i].name);
		before = ",";
	}
}

int
scopes_read(struct str text)
{
	int bits = 0;

	while (text.p) {
		struct str word = str_trim(str_next(&text, ','));
		u32 i = 0;

		while (i < ARRAY_N(scopes) && !str_is(word, scopes[i].name))
			i++;
		if (i == ARRAY_N(scopes))
			return ERR_BAD;
		bits |= scopes[i].bit;
	}
	return bits;
}
