#include "auth/grant.h"

#include "auth/tags.h"
#include "base/base64.h"
#include "base/le.h"
#include "crypt/ct.h"
#include "crypt/hash.h"

#define VERSION 1
#define CODE_PREFIX "mcpg-a."
#define REFRESH_PREFIX "mcpg-r."
#define SCOPE_TEXT_MAX 1000

enum tag {
	TAG_STATE = 1,
	TAG_SCOPES,
	TAG_SEEN,
	TAG_CLIENT,
	TAG_REDIRECT,
	TAG_SEQ,
	TAG_EPOCH,
	TAG_MADE,
	TAG_ROTATED,
	TAG_DIES,
	TAG_USER,
	TAG_AUDIENCE,
	TAG_ENVIRONMENTS,
	TAG_NAME,
	TAG_HOST,
	TAG_CHALLENGE,
	TAG_DYNAMIC,
};

void
grant_key(char out[GRANT_KEY_N], const u8 family[GRANT_FAMILY_N])
{
	struct buf b = buf_over(out, GRANT_KEY_N);

	buf_put(&b, GRANT_PREFIX);
	for (u32 i = 0; i < GRANT_FAMILY_N; i++)
		buf_hex(&b, family[i], 2);
}

int
grant_family(struct str key, u8 family[GRANT_FAMILY_N])
{
	u64 v;

	if (key.n != GRANT_KEY_N)
		return ERR_BAD;
	for (u32 i = 0; i < GRANT_FAMILY_N; i++) {
		if (str_hex(str_cut(key, 2 + 2 * i, 4 + 2 * i), &v))
			return ERR_BAD;
		family[i] = (u8)v;
	}
	return 0;
}

void
grant_user_key(char out[18], u64 user)
{
	struct buf b = buf_over(out, 18);

	buf_put(&b, GRANT_PREFIX);
	buf_hex(&b, user, 16);
}

/* Texts and numbers of a record, by tag: written and read by one table. */
static const struct {
	u8 tag;
	u16 at;
} texts[] = {
	{ TAG_USER, offsetof(struct grant, user) },
	{ TAG_AUDIENCE, offsetof(struct grant, audience) },
	{ TAG_ENVIRONMENTS, offsetof(struct grant, environments) },
	{ TAG_NAME, offsetof(struct grant, name) },
	{ TAG_HOST, offsetof(struct grant, host) },
	{ TAG_CHALLENGE, offsetof(struct grant, challenge) },
}, numbers[] = {
	{ TAG_SEQ, offsetof(struct grant, seq) },
	{ TAG_MADE, offsetof(struct grant, made) },
	{ TAG_ROTATED, offsetof(struct grant, rotated) },
	{ TAG_DIES, offsetof(struct grant, dies) },
};

#define AT(type, g, place) ((type *)(void *)((u8 *)(g) + (place)))
#define AT_CONST(type, g, place) ((const type *)(const void *)((const u8 *)(g) + (place)))

void
grant_encode(struct buf *b, const struct grant *g)
{
	buf_byte(b, VERSION);
	tags_num(b, TAG_STATE, g->state);
	tags_num(b, TAG_SCOPES, g->scopes);
	tags_num(b, TAG_SEEN, g->seen);
	tags_num(b, TAG_DYNAMIC, g->dynamic);
	tags_num(b, TAG_EPOCH, g->epoch);
	tags_put(b, TAG_CLIENT, str_of(g->client, sizeof g->client));
	if (g->state == GRANT_CODE)
		tags_put(b, TAG_REDIRECT, str_of(g->redirect, sizeof g->redirect));
	for (u32 i = 0; i < ARRAY_N(numbers); i++)
		tags_num(b, numbers[i].tag, *AT_CONST(u32, g, numbers[i].at));
	for (u32 i = 0; i < ARRAY_N(texts); i++)
		if (texts[i].tag != TAG_CHALLENGE || g->state == GRANT_CODE)
			tags_put(b, texts[i].tag, *AT_CONST(struct str, g, texts[i].at));
}

static int
decode_field(struct grant *g, u8 tag, struct str v)
{
	u64 n = 0;

	if (tags_read_num(v, &n))
		n = 0;
	for (u32 i = 0; i < ARRAY_N(texts); i++)
		if (texts[i].tag == tag) {
			*AT(struct str, g, texts[i].at) = v;
			return 0;
		}
	for (u32 i = 0; i < ARRAY_N(numbers); i++)
		if (numbers[i].tag == tag) {
			*AT(u32, g, numbers[i].at) = (u32)n;
			return 0;
		}
	switch (tag) {
	case TAG_STATE: g->state = (u8)n; return 0;
	case TAG_SCOPES: g->scopes = (u8)n & SCOPE_ALL; return 0;
	case TAG_EPOCH: g->epoch = n; return 0;
	case TAG_DYNAMIC: g->dynamic = n != 0; return 0;
	case TAG_SEEN: g->seen = n != 0; return 0;
	case TAG_CLIENT:
	case TAG_REDIRECT:
		if (v.n != HASH_N)
			return ERR_BAD;
		memcpy(tag == TAG_CLIENT ? g->client : g->redirect, v.p, HASH_N);
		return 0;
	}
	return tag < TAGS_MUST ? 0 : ERR_BAD;
}

int
grant_decode(struct str record, struct grant *g)
{
	struct str rest = str_cut(record, 1, record.n), v;
	u8 tag;
	int got;

	memset(g, 0, sizeof *g);
	if (!record.n || record.p[0] != VERSION)
		return ERR_BAD;
	while ((got = tags_next(&rest, &tag, &v)) > 0)
		if (decode_field(g, tag, v))
			return ERR_BAD;
	return got < 0 || (g->state != GRANT_CODE && g->state != GRANT_LIVE) || !g->user.n ? ERR_BAD : 0;
}

/* ---- codes and refresh tokens ------------------------------------------------------------------------ */

void
grant_code_put(struct buf *b, const u8 key[HANDLE_KEY_N], const u8 family[GRANT_FAMILY_N])
{
	BUF_LIT(b, CODE_PREFIX);
	handle_make(b, key, "code", STR_NONE, str_of(family, GRANT_FAMILY_N));
}

void
grant_refresh_put(struct buf *b, const u8 key[HANDLE_KEY_N], const u8 family[GRANT_FAMILY_N], u32 seq)
{
	u8 payload[GRANT_FAMILY_N + 4];

	memcpy(payload, family, GRANT_FAMILY_N);
	put_le32(payload + GRANT_FAMILY_N, seq);
	BUF_LIT(b, REFRESH_PREFIX);
	handle_make(b, key, "refresh", STR_NONE, str_of(payload, sizeof payload));
}

int
grant_code_open(const u8 key[HANDLE_KEY_N], struct str text, u8 family[GRANT_FAMILY_N])
{
	u8 payload[HANDLE_PAYLOAD_MAX];
	struct str rest = str_cut(text, sizeof CODE_PREFIX - 1, text.n);

	if (!str_starts(text, STR(CODE_PREFIX)) ||
	    handle_open(key, "code", STR_NONE, rest, payload) != GRANT_FAMILY_N)
		return ERR_BAD;
	memcpy(family, payload, GRANT_FAMILY_N);
	return 0;
}

int
grant_refresh_open(const u8 key[HANDLE_KEY_N], struct str text, u8 family[GRANT_FAMILY_N], u32 *seq)
{
	u8 payload[HANDLE_PAYLOAD_MAX];
	struct str rest = str_cut(text, sizeof REFRESH_PREFIX - 1, text.n);

	if (!str_starts(text, STR(REFRESH_PREFIX)) ||
	    handle_open(key, "refresh", STR_NONE, rest, payload) != GRANT_FAMILY_N + 4)
		return ERR_BAD;
	memcpy(family, payload, GRANT_FAMILY_N);
	*seq = le32(payload + GRANT_FAMILY_N);
	return 0;
}

enum grant_verdict
grant_judge(const struct grant *g, u32 seq, wall now)
{
	if (seq == g->seq)
		return GRANT_ROTATE;
	if (seq + 1 != g->seq || now > g->rotated + GRANT_GRACE_S)
		return GRANT_THEFT;
	return g->seen ? GRANT_STALE : GRANT_AGAIN;
}

/* ---- PKCE -------------------------------------------------------------------------------------------- */

static bool
is_unreserved(struct str s, bool all)
{
	for (u32 i = 0; i < s.n; i++) {
		u8 c = s.p[i], letter = c | 0x20;

		if (!((letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		      (all && (c == '.' || c == '~'))))
			return false;
	}
	return true;
}

bool
grant_challenge_ok(struct str challenge)
{
	return challenge.n == BASE64_URL_N(HASH_N) && is_unreserved(challenge, false);
}

bool
grant_verifier_ok(struct str verifier, struct str challenge)
{
	u8 hash[HASH_N], room[BASE64_URL_N(HASH_N)];
	struct buf b = buf_over(room, sizeof room);

	if (verifier.n < 43 || verifier.n > 128 || !is_unreserved(verifier, true) || challenge.n != sizeof room)
		return false;
	hash_once(verifier, hash);
	base64_put_url(&b, str_of(hash, sizeof hash));
	return ct_same(room, challenge.p, sizeof room);
}

/* ---- scopes ------------------------------------------------------------------------------------------ */

void
grant_scopes_put(struct buf *b, u8 scopes)
{
	u32 from = b->w;

	scopes_print(b, scopes);
	for (u32 i = from; i < b->w; i++)
		if (b->p[i] == ',')
			b->p[i] = ' ';
}

int
grant_scopes_read(struct str text, bool *unknown)
{
	int bits = 0;

	*unknown = false;
	if (text.n > SCOPE_TEXT_MAX)
		return ERR_BAD;
	for (u32 i = 0; i < text.n; i++)
		if (text.p[i] < 0x20 || text.p[i] > 0x7e || text.p[i] == '"' || text.p[i] == '\\')
			return ERR_BAD;
	while (text.p) {
		struct str word = str_next(&text, ' ');
		int bit = word.n ? scopes_read(word) : 0;

		if (bit > 0)
			bits |= bit;
		else if (word.n && !str_is(word, "offline_access") && !str_is(word, "openid"))
			*unknown = true;
	}
	return bits;
}

u8
grant_role_scopes(struct str role)
{
	return str_is(role, "viewer") ? SCOPE_READ | SCOPE_PRODUCTION : SCOPE_ALL;
}
