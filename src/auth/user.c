#include "auth/user.h"

#include "auth/tags.h"
#include "base/utf8.h"
#include "crypt/hash.h"

#define RECORD_VERSION 1

enum tag {
	TAG_NAME = 1,
	TAG_DISPLAY,
	TAG_TEAM,
	TAG_ROLE,
	TAG_PASS,
	TAG_TOTP,
	TAG_INVITE,
	TAG_INVITED_TILL,
	TAG_CREATED,
	TAG_BORN,
	TAG_EPOCH,
	TAG_RECOVERY,
	TAG_UPSTREAM,
	TAG_DISABLED = TAGS_MUST,
};

static bool
alnum(u8 c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Names that go into store keys, URLs and lists: begin with a letter or digit, then also some of `more`. */
static bool
plain(struct str s, u32 max, const char *more)
{
	if (!s.n || s.n > max || !alnum(s.p[0]))
		return false;
	for (u32 i = 1; i < s.n; i++)
		if (!alnum(s.p[i]) && (!s.p[i] || !strchr(more, s.p[i])))
			return false;
	return true;
}

int
user_fold(struct buf *b, struct str name)
{
	u32 from = b->w;

	if (name.n > USER_NAME_MAX)
		return ERR_BAD;
	for (u32 i = 0; i < name.n; i++)
		buf_byte(b, name.p[i] >= 'A' && name.p[i] <= 'Z' ? (u8)(name.p[i] + 32) : name.p[i]);
	if (b->over || !plain(str_of(b->p + from, b->w - from), USER_NAME_MAX, "._@+-"))
		return ERR_BAD;
	return 0;
}

#define HASHED_N 11 /* bytes of the hash in such a name */

static_assert(2 + 2 * HASHED_N + 1 + USER_API_MAX <= USER_NAME_MAX, "whatever the id");

int
user_upstream(struct buf *b, struct str id, struct str api)
{
	u8 hash[HASH_N];

	if (!id.n || id.n > 255 || !api.n || api.n > USER_API_MAX)
		return ERR_BAD;
	if (plain(id, USER_NAME_MAX - 1 - api.n, "_-")) { /* no '.': those are hashes */
		buf_put(b, id);
	} else {
		hash_once(id, hash);
		BUF_LIT(b, "x.");
		for (u32 i = 0; i < HASHED_N; i++)
			buf_hex(b, hash[i], 2);
	}
	buf_byte(b, '@');
	buf_put(b, api);
	return b->over ? ERR_BAD : 0;
}

bool
team_name_ok(struct str name)
{
	return plain(name, TEAM_NAME_MAX, "_.-");
}

int
user_set_name(struct user *u, struct str name)
{
	struct buf b = buf_over(u->name, sizeof u->name);

	if (user_fold(&b, name))
		return ERR_BAD;
	u->name_n = (u8)b.w;
	u->id = principal_tag(user_name(u));
	return 0;
}

int
user_set_display(struct user *u, struct str text)
{
	for (u32 i = 0; i < text.n; i++)
		if (text.p[i] < 0x20 || text.p[i] == 0x7f)
			return ERR_BAD;
	return utf8_valid(text) ? tags_read_text(text, u->display, &u->display_n, sizeof u->display) : ERR_BAD;
}

int
user_set_team(struct user *u, struct str name)
{
	if (!team_name_ok(name) || tags_read_text(name, u->team, &u->team_n, sizeof u->team))
		return ERR_BAD;
	u->team_id = principal_tag(name);
	return 0;
}

int
user_set_role(struct user *u, struct str name)
{
	if (!team_name_ok(name) || tags_read_text(name, u->role, &u->role_n, sizeof u->role))
		return ERR_BAD;
	u->admin = str_is(name, "admin");
	return 0;
}

enum user_password
user_password(struct str password, struct str name)
{
	u32 seen[8] = { 0 }, kinds = 0;

	if (password.n < USER_PASSWORD_MIN)
		return USER_PASSWORD_SHORT;
	if (password.n > USER_PASSWORD_MAX)
		return USER_PASSWORD_LONG;
	for (u32 i = 0; i < password.n; i++)
		seen[password.p[i] >> 5] |= 1U << (password.p[i] & 31);
	for (u32 i = 0; i < ARRAY_N(seen); i++)
		for (u32 bits = seen[i]; bits; bits &= bits - 1)
			kinds++;
	return kinds < 5 || str_same_nocase(password, name) ? USER_PASSWORD_WEAK : USER_PASSWORD_OK;
}

struct str
user_key(struct str name, u8 room[USER_KEY_MAX])
{
	struct buf b = buf_over(room, USER_KEY_MAX);

	buf_put(&b, USER_PREFIX);
	buf_put(&b, name);
	return buf_str(&b);
}

void
user_encode(struct buf *b, const struct user *u)
{
	buf_byte(b, RECORD_VERSION);
	tags_put(b, TAG_NAME, user_name(u));
	tags_put(b, TAG_DISPLAY, str_of(u->display, u->display_n));
	tags_put(b, TAG_TEAM, user_team(u));
	tags_put(b, TAG_ROLE, user_role(u));
	tags_put(b, TAG_PASS, str_of(u->pass, u->pass_n));
	tags_put(b, TAG_TOTP, str_of(u->totp, u->totp_n));
	if (u->invited_till)
		tags_put(b, TAG_INVITE, str_of(u->invite, sizeof u->invite));
	tags_num(b, TAG_INVITED_TILL, u->invited_till);
	tags_num(b, TAG_CREATED, u->created);
	tags_num(b, TAG_BORN, u->born);
	tags_num(b, TAG_EPOCH, u->epoch);
	tags_put(b, TAG_RECOVERY, str_of(u->recovery, (u32)u->recovery_n * USER_RECOVERY_N));
	tags_num(b, TAG_UPSTREAM, u->upstream);
	tags_num(b, TAG_DISABLED, u->disabled);
}

static int
decode_wall(struct str bytes, wall *at)
{
	u64 v;

	if (tags_read_num(bytes, &v) || v > UINT32_MAX)
		return ERR_BAD;
	*at = (wall)v;
	return 0;
}

static int
decode_field(struct user *u, u8 tag, struct str bytes)
{
	switch (tag) {
	case TAG_NAME: return user_set_name(u, bytes);
	case TAG_DISPLAY: return user_set_display(u, bytes);
	case TAG_TEAM: return user_set_team(u, bytes);
	case TAG_ROLE: return user_set_role(u, bytes);
	case TAG_PASS: return tags_read_text(bytes, u->pass, &u->pass_n, sizeof u->pass);
	case TAG_TOTP: return tags_read_text(bytes, (char *)u->totp, &u->totp_n, sizeof u->totp);
	case TAG_INVITE:
		if (bytes.n != sizeof u->invite)
			return ERR_BAD;
		memcpy(u->invite, bytes.p, bytes.n);
		return 0;
	case TAG_RECOVERY:
		if (bytes.n > sizeof u->recovery || bytes.n % USER_RECOVERY_N)
			return ERR_BAD;
		memcpy(u->recovery, bytes.p, bytes.n);
		u->recovery_n = (u8)(bytes.n / USER_RECOVERY_N);
		return 0;
	case TAG_INVITED_TILL: return decode_wall(bytes, &u->invited_till);
	case TAG_CREATED: return decode_wall(bytes, &u->created);
	case TAG_BORN: return tags_read_num(bytes, &u->born);
	case TAG_EPOCH: return tags_read_num(bytes, &u->epoch);
	case TAG_UPSTREAM: u->upstream = true; return 0;
	case TAG_DISABLED: u->disabled = true; return 0;
	}
	return tag < TAGS_MUST ? 0 : ERR_BAD;
}

int
user_decode(struct str record, struct user *u)
{
	struct str rest = str_cut(record, 1, record.n), bytes;
	u8 tag;
	int more;

	memset(u, 0, sizeof *u);
	if (!record.n || record.p[0] != RECORD_VERSION)
		return ERR_BAD;
	while ((more = tags_next(&rest, &tag, &bytes)) > 0)
		if (decode_field(u, tag, bytes))
			return ERR_BAD;
	return more == 0 && u->name_n && u->team_n && u->role_n && u->born && u->epoch ? 0 : ERR_BAD;
}

void
user_principal(const struct user *u, struct principal *p)
{
	principal_set_name(p, user_name(u));
	principal_set_role(p, user_role(u));
	p->user = u->id;
	p->born = u->born;
	p->team = u->team_id;
}
