#include "auth/client.h"

#include "auth/tags.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "crypt/ct.h"
#include "crypt/hash.h"

#define MAC_N 16
#define VERSION 1
#define SECRET_PREFIX "mcpg-s."

enum tag {
	TAG_ID = 1,
	TAG_NAME,
	TAG_URI,
	TAG_KIND,
	TAG_AUTH,
	TAG_SERIAL,
	TAG_EPOCH,
	TAG_MADE,
	TAG_FRESH,
	TAG_SECRET,
	TAG_NONCE,
	TAG_REMOVED,
	TAG_PINNED,
};

void
client_key(char out[CLIENT_KEY_N], u8 letter, struct str id)
{
	u8 hash[HASH_N];
	struct buf b = buf_over(out, CLIENT_KEY_N);

	hash_once(id, hash);
	buf_byte(&b, letter);
	buf_byte(&b, ':');
	for (u32 i = 0; i < (CLIENT_KEY_N - 2) / 2; i++)
		buf_hex(&b, hash[i], 2);
}

static void
mac_of(const u8 *key, const char *purpose, struct str bytes, u8 out[HASH_N])
{
	struct hash_key k;
	struct hash_mac m;

	hash_key(&k, str_of(key, HANDLE_KEY_N));
	hash_mac_begin(&m, &k);
	hash_mac_add(&m, str_of(purpose, strlen(purpose) + 1));
	hash_mac_add(&m, bytes);
	hash_mac_out(&m, out);
	ct_wipe(&k, sizeof k);
	ct_wipe(&m, sizeof m);
}

/* ---- records, and what a dynamic id says: the same fields ------------------------------------------ */

void
client_encode(struct buf *b, const struct client *c)
{
	buf_byte(b, VERSION);
	tags_put(b, TAG_ID, c->id);
	tags_put(b, TAG_NAME, c->name);
	for (u32 i = 0; i < c->uris; i++)
		tags_put(b, TAG_URI, c->uri[i]);
	tags_num(b, TAG_KIND, c->kind);
	tags_num(b, TAG_AUTH, c->auth);
	tags_num(b, TAG_SERIAL, c->serial);
	tags_num(b, TAG_EPOCH, c->epoch);
	tags_num(b, TAG_MADE, c->made);
	tags_num(b, TAG_FRESH, c->fresh);
	if (c->auth != CLIENT_PUBLIC && c->kind == CLIENT_PRE)
		tags_put(b, TAG_SECRET, str_of(c->secret, sizeof c->secret));
	if (c->auth != CLIENT_PUBLIC && c->kind == CLIENT_DYNAMIC)
		tags_put(b, TAG_NONCE, str_of(c->nonce, sizeof c->nonce));
	tags_num(b, TAG_REMOVED, c->removed);
	tags_num(b, TAG_PINNED, c->pinned);
}

static int
decode_field(struct client *c, u8 tag, struct str v)
{
	u64 n = 0;

	if (tags_read_num(v, &n))
		n = 0;
	switch (tag) {
	case TAG_ID: c->id = v; return 0;
	case TAG_NAME: c->name = v; return 0;
	case TAG_URI:
		if (c->uris == CLIENT_URIS_MAX)
			return ERR_BAD;
		c->uri[c->uris++] = v;
		return 0;
	case TAG_KIND: c->kind = (u8)n; return 0;
	case TAG_AUTH: c->auth = (u8)n; return 0;
	case TAG_SERIAL: c->serial = (u32)n; return 0;
	case TAG_EPOCH: c->epoch = (wall)n; return 0;
	case TAG_MADE: c->made = (wall)n; return 0;
	case TAG_FRESH: c->fresh = (wall)n; return 0;
	case TAG_SECRET:
	case TAG_NONCE:
		if (v.n != (tag == TAG_SECRET ? sizeof c->secret : sizeof c->nonce))
			return ERR_BAD;
		memcpy(tag == TAG_SECRET ? c->secret : c->nonce, v.p, v.n);
		return 0;
	case TAG_REMOVED: c->removed = true; return 0;
	case TAG_PINNED: c->pinned = true; return 0;
	}
	return tag < TAGS_MUST ? 0 : ERR_BAD;
}

int
client_decode(struct str record, struct client *c)
{
	struct str rest = str_cut(record, 1, record.n), v;
	u8 tag;
	int got;

	*c = (struct client){ .kind = CLIENT_DYNAMIC };
	if (!record.n || record.p[0] != VERSION)
		return ERR_BAD;
	while ((got = tags_next(&rest, &tag, &v)) > 0)
		if (decode_field(c, tag, v))
			return ERR_BAD;
	return got < 0 || c->kind > CLIENT_DOCUMENT || c->auth > CLIENT_POST ? ERR_BAD : 0;
}

wall
client_epoch_read(struct str record)
{
	u64 v;

	return str_u64(record, &v) || v > UINT32_MAX ? 0 : (wall)v;
}

void
client_epoch_put(struct buf *b, wall epoch)
{
	buf_u64(b, epoch);
}

void
client_id_make(struct buf *out, const u8 key[HANDLE_KEY_N], const struct client *c)
{
	struct client said = *c;
	u8 room[CLIENT_PAYLOAD_MAX + MAC_N], mac[HASH_N];
	struct buf b = buf_over(room, CLIENT_PAYLOAD_MAX);

	said.id = STR_NONE;
	said.kind = CLIENT_DYNAMIC;
	said.fresh = 0;
	said.removed = said.pinned = false;
	if (said.auth == CLIENT_PUBLIC)
		said.made = 0;
	client_encode(&b, &said);
	if (b.over) {
		out->over = true;
		return;
	}
	mac_of(key, "client", buf_str(&b), mac);
	b.cap += MAC_N;
	buf_put(&b, str_of(mac, MAC_N));
	BUF_LIT(out, CLIENT_PREFIX);
	base64_put_url(out, buf_str(&b));
}

int
client_id_open(const u8 key[HANDLE_KEY_N], struct str id, u8 *room, struct client *c)
{
	u8 mac[HASH_N];
	int n;

	if (!str_starts(id, STR(CLIENT_PREFIX)))
		return ERR_NONE;
	n = base64_read_url(str_cut(id, sizeof CLIENT_PREFIX - 1, id.n), room, CLIENT_PAYLOAD_MAX + MAC_N);
	if (n <= MAC_N)
		return ERR_BAD;
	n -= MAC_N;
	mac_of(key, "client", str_of(room, (u32)n), mac);
	if (!ct_same(mac, room + n, MAC_N) || client_decode(str_of(room, (u32)n), c))
		return ERR_BAD;
	c->id = id;
	return 0;
}

void
client_secret_put(struct buf *out, const u8 key[HANDLE_KEY_N], struct str id)
{
	u8 mac[HASH_N];

	mac_of(key, "client secret", id, mac);
	BUF_LIT(out, SECRET_PREFIX);
	base64_put_url(out, str_of(mac, sizeof mac));
	ct_wipe(mac, sizeof mac);
}

bool
client_secret_ok(const struct client *c, const u8 key[HANDLE_KEY_N], struct str secret)
{
	u8 made[64], want[HASH_N], have[HASH_N];
	struct buf b = buf_over(made, sizeof made);
	bool same;

	client_secret_put(&b, key, c->id); /* always, so that all kinds cost the same */
	hash_once(buf_str(&b), want);
	if (c->kind == CLIENT_PRE)
		memcpy(want, c->secret, sizeof want);
	hash_once(secret, have);
	same = ct_same(want, have, HASH_N) && c->auth != CLIENT_PUBLIC;
	ct_wipe(made, sizeof made);
	return same;
}

/* ---- metadata ---------------------------------------------------------------------------------------- */

/* A name people see: no controls, nor those that turn the direction of writing (U+200E, U+200F, U+202A to U+202E,
 * U+2066 to U+2069), cut to a length. */
static struct str
read_name(struct str s)
{
	if (!utf8_valid(s))
		return STR_NONE;
	for (u32 i = 0; i < s.n; i++) {
		u8 c = s.p[i];

		if (c < 0x20 || c == 0x7f)
			return STR_NONE;
		if (c == 0xe2 && ((s.p[i + 1] == 0x80 && s.p[i + 2] >= 0x8e && s.p[i + 2] <= 0xae &&
		    (s.p[i + 2] <= 0x8f || s.p[i + 2] >= 0xaa)) ||
		    (s.p[i + 1] == 0x81 && s.p[i + 2] >= 0xa6 && s.p[i + 2] <= 0xa9)))
			return STR_NONE;
	}
	return utf8_prefix(s, CLIENT_NAME_MAX);
}

static const char *
read_uris(struct jcur list, struct str schemes, struct arena *a, struct client *c)
{
	if (json_kind(list) != JSON_ARRAY || json_len(list) == 0 || json_len(list) > CLIENT_URIS_MAX)
		return "redirect_uris must be a list of 1 to 12 URIs";
	for (struct jcur e = json_first(list); !e.err; e = json_next(e)) {
		struct str uri = json_str(e, a);

		if (!uri.p || !client_uri_ok(uri, schemes))
			return "redirect_uris must be https, or http on localhost, 127.0.0.1 or [::1], without "
			    "fragment, userinfo or wildcard";
		c->uri[c->uris++] = uri;
	}
	return NULL;
}

static bool
only(struct jcur list, const char *const *words, u32 n)
{
	for (struct jcur e = json_first(list); !e.err; e = json_next(e)) {
		u32 i = 0;

		while (i < n && !json_is(e, words[i]))
			i++;
		if (i == n)
			return false;
	}
	return json_kind(list) == JSON_ARRAY || json_kind(list) == JSON_MISSING;
}

const char *
client_read(struct jcur o, struct str schemes, struct arena *a, struct client *c)
{
	static const char *const grants[] = { "authorization_code", "refresh_token",
	    "urn:ietf:params:oauth:grant-type:device_code" };
	static const char *const code[] = { "code" };
	static const char *const methods[] = { "none", "client_secret_basic", "client_secret_post" };
	struct jcur method = json_get(o, "token_endpoint_auth_method"), name = json_get(o, "client_name");
	u32 i = 0;

	*c = (struct client){ .auth = CLIENT_BASIC };
	if (json_kind(o) != JSON_OBJECT)
		return "the body must be a JSON object";
	if (json_kind(name) != JSON_MISSING && json_kind(name) != JSON_NULL) {
		c->name = read_name(json_str(name, a));
		if (!c->name.p)
			return "client_name must be text without control characters";
	}
	if (!only(json_get(o, "grant_types"), grants, ARRAY_N(grants)))
		return "grant_types may be authorization_code and refresh_token";
	if (!only(json_get(o, "response_types"), code, 1))
		return "response_types may be code";
	if (json_kind(method) != JSON_MISSING && json_kind(method) != JSON_NULL) {
		while (i < ARRAY_N(methods) && !json_is(method, methods[i]))
			i++;
		if (i == ARRAY_N(methods))
			return "token_endpoint_auth_method may be none, client_secret_basic or client_secret_post";
		c->auth = (u8)i;
	}
	return read_uris(json_get(o, "redirect_uris"), schemes, a, c);
}

const char *
client_document(struct str id, struct jcur o, struct arena *a, struct client *c)
{
	const char *why;

	if (!json_same(json_get(o, "client_id"), id))
		return "its client_id is not the URL it lies at";
	if (json_kind(json_get(o, "client_secret")) != JSON_MISSING)
		return "it holds a client_secret";
	why = client_read(o, STR_NONE, a, c);
	if (why)
		return why;
	if (json_kind(json_get(o, "token_endpoint_auth_method")) == JSON_MISSING)
		c->auth = CLIENT_PUBLIC;
	if (c->auth != CLIENT_PUBLIC)
		return "its token_endpoint_auth_method is not none";
	c->kind = CLIENT_DOCUMENT;
	c->id = id;
	return NULL;
}
