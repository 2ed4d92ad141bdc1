#include "http/head_priv.h"

/* RFC 9110 token characters, a row for each sixteen; none from 0x80. */
static const u8 token_map[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0,
	0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0,
};

struct known {
	struct str name;
	u8 id, marks;
};

#define K(id, name, marks) { { (const u8 *)(name), sizeof(name) - 1 }, FIELD_##id, (marks) }
#define IDENTITY (MARK_SINGLE | MARK_ASCII | MARK_NO_TRAILER)

/* Sorted by length: a name is looked for only among those as long as it is. */
static const struct known known[] = {
	K(TE, "te", MARK_NO_TRAILER),
	K(HOST, "host", IDENTITY),
	K(ETAG, "etag", 0),
	K(LINK, "link", 0),
	K(RANGE, "range", 0),
	K(ACCEPT, "accept", 0),
	K(APIKEY, "apikey", MARK_SINGLE | MARK_ASCII),
	K(COOKIE, "cookie", MARK_ASCII | MARK_NO_TRAILER),
	K(EXPECT, "expect", IDENTITY),
	K(ORIGIN, "origin", IDENTITY),
	K(REFERER, "referer", 0),
	K(TRAILER, "trailer", MARK_NO_TRAILER),
	K(UPGRADE, "upgrade", MARK_ASCII),
	K(LOCATION, "location", 0),
	K(MCP_NAME, "mcp-name", IDENTITY),
	K(IF_MATCH, "if-match", 0),
	K(FORWARDED, "forwarded", MARK_ASCII),
	K(X_API_KEY, "x-api-key", MARK_SINGLE | MARK_ASCII),
	K(USER_AGENT, "user-agent", 0),
	K(CONNECTION, "connection", MARK_ASCII | MARK_NO_TRAILER),
	K(MCP_METHOD, "mcp-method", IDENTITY),
	K(SET_COOKIE, "set-cookie", 0),
	K(KEEP_ALIVE, "keep-alive", 0),
	K(RETRY_AFTER, "retry-after", 0),
	K(CONTENT_TYPE, "content-type", IDENTITY),
	K(AUTHORIZATION, "authorization", IDENTITY),
	K(IF_NONE_MATCH, "if-none-match", 0),
	K(LAST_EVENT_ID, "last-event-id", 0),
	K(CACHE_CONTROL, "cache-control", 0),
	K(CONTENT_RANGE, "content-range", 0),
	K(LAST_MODIFIED, "last-modified", 0),
	K(CONTENT_LENGTH, "content-length", IDENTITY | MARK_FRAMING),
	K(MCP_SESSION_ID, "mcp-session-id", IDENTITY),
	K(SEC_FETCH_SITE, "sec-fetch-site", 0),
	K(ACCEPT_ENCODING, "accept-encoding", 0),
	K(X_FORWARDED_FOR, "x-forwarded-for", MARK_ASCII),
	K(CONTENT_ENCODING, "content-encoding", MARK_NO_TRAILER | MARK_FRAMING),
	K(WWW_AUTHENTICATE, "www-authenticate", 0),
	K(X_FORWARDED_HOST, "x-forwarded-host", MARK_ASCII),
	K(TRANSFER_ENCODING, "transfer-encoding", IDENTITY | MARK_FRAMING),
	K(X_FORWARDED_PROTO, "x-forwarded-proto", 0),
	K(CONTENT_DISPOSITION, "content-disposition", 0),
	K(MCP_PROTOCOL_VERSION, "mcp-protocol-version", IDENTITY),
};

static_assert(ARRAY_N(known) == FIELD_IDS - 2, "every id but OTHER and MCP_OTHER has a name");

#define NAME_MAX_N 20

/* known[] by length: names of n bytes are known[by_length[n]] up to known[by_length[n + 1]]. */
static const u8 by_length[NAME_MAX_N + 2] = {
	0, 0, 0, 1, 1, 4, 5, 10, 13, 16, 18, 23, 24, 25, 31, 34, 36, 39, 41, 41, 42, 43,
};

/* Equal but for case. name is lower case; in s, which holds no control character, only the wanted bytes give those of
 * name when bit 5 is set: letters have it free. Words at a time; the last ones may overlap. */
static bool
same_token(struct str name, const u8 *s)
{
	const u64 fold = 0x2020202020202020;
	u8 differ = 0;
	u64 a, b, odd = 0;

	if (name.n < 8) {
		for (u32 i = 0; i < name.n; i++)
			differ |= (u8)(name.p[i] ^ (s[i] | 0x20));
		return differ == 0;
	}
	for (u32 i = 0;; i = i + 16 <= name.n ? i + 8 : name.n - 8) {
		memcpy(&a, name.p + i, 8);
		memcpy(&b, s + i, 8);
		odd |= a ^ (b | fold);
		if (i + 8 == name.n)
			return odd == 0;
	}
}

static const struct known *
find(struct str name)
{
	u8 head, tail;

	if (name.n > NAME_MAX_N || name.n < 2)
		return NULL;
	head = name.p[0] | 0x20;
	tail = name.p[name.n - 1] | 0x20;
	for (u32 i = by_length[name.n]; i < by_length[name.n + 1]; i++) {
		const struct known *k = &known[i];

		if (k->name.p[0] == head && k->name.p[name.n - 1] == tail && same_token(k->name, name.p))
			return k;
	}
	return NULL;
}

static bool
is_mcp(struct str name)
{
	return name.n > 4 && same_token(STR("mcp-"), name.p);
}

enum field_id
field_id(struct str name)
{
	const struct known *k = field_token(name) ? find(name) : NULL;

	if (k)
		return k->id;
	return is_mcp(name) ? FIELD_MCP_OTHER : FIELD_OTHER;
}

bool
field_token(struct str s)
{
	for (u32 i = 0; i < s.n; i++)
		if (!token_map[s.p[i]])
			return false;
	return s.n > 0;
}

static bool
control(u8 c)
{
	return (c < 0x20 && c != '\t') || c == 0x7f;
}

bool
field_value_ok(struct str s)
{
	for (u32 i = 0; i < s.n; i++)
		if (control(s.p[i]))
			return false;
	return true;
}

const struct field *
field_next(const struct fields *f, enum field_id id, u32 *i)
{
	while (*i < f->n)
		if (f->at[(*i)++].id == id)
			return &f->at[*i - 1];
	return NULL;
}

const struct field *
field_find(const struct fields *f, struct str name)
{
	for (u32 i = 0; i < f->n; i++)
		if (str_same_nocase(f->at[i].name, name))
			return &f->at[i];
	return NULL;
}

bool
field_has(const struct fields *f, enum field_id id, struct str token)
{
	const struct field *one;
	u32 i = 0;

	while ((one = field_next(f, id, &i))) {
		struct str rest = one->value;

		while (rest.p)
			if (str_same_nocase(str_trim(str_next(&rest, ',')), token))
				return true;
	}
	return false;
}

/* Sixteen bytes at once; every compiler we use turns this into the machine's own vectors, or into words. */
typedef u8 block __attribute__((vector_size(16)));

union halves {
	block b;
	u64 half[2];
};

/* Index of the first byte that is set, of 16; at least one is. */
static u32
first_set(const union halves *m)
{
	u32 at = m->half[0] ? 0 : 8;
	u64 half = at ? m->half[1] : m->half[0];

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		return at + (u32)__builtin_clzll(half) / 8;
	return at + (u32)__builtin_ctzll(half) / 8;
}

/* The first control character (but tab) or DEL at or after p, or end. Bytes before it are OR-ed into *bits, some
 * behind it perhaps too. */
static const u8 *
find_control(const u8 *p, const u8 *end, u8 *bits)
{
	union halves seen = { { 0 } };

	for (; end - p >= 16; p += 16) {
		union halves v, m;

		memcpy(&v, p, 16);
		m.b = (block)(((v.b < 0x20) & (v.b != '\t')) | (v.b == 0x7f));
		seen.b |= v.b;
		if (m.half[0] | m.half[1]) {
			p += first_set(&m);
			break;
		}
	}
	for (; p < end && !control(*p); p++) /* the last bytes; none when a block stopped at a control */
		*bits |= *p;
	if ((seen.half[0] | seen.half[1]) & 0x8080808080808080)
		*bits |= 0x80;
	return p;
}

static int
line_bad(const char **why, const char *text)
{
	*why = text;
	return ERR_BAD;
}

int
line_take(struct str *rest, u32 limit, struct line *l, const char **why)
{
	const u8 *p = rest->p, *end, *stop;
	u8 bits = 0;

	if (rest->n == 0)
		return ERR_MORE;
	end = p + rest->n;
	stop = p + min_u32(rest->n, limit + 2);
	l->odd = false;
	for (;;) {
		p = find_control(p, stop, &bits);
		if ((u32)(p - rest->p) > limit)
			return ERR_FULL;
		if (p == stop)
			return ERR_MORE;
		if (*p == '\r')
			break;
		if (*p == '\n')
			return line_bad(why, "bare LF");
		if (*p == 0)
			return line_bad(why, "NUL");
		l->odd = true;
		p++;
	}
	if (p + 1 == end)
		return ERR_MORE;
	if (p[1] != '\n')
		return line_bad(why, "bare CR");
	l->s = str_of(rest->p, (size_t)(p - rest->p));
	l->high = bits & 0x80;
	*rest = str_of(p + 2, (size_t)(end - p - 2));
	return 0;
}

static bool
has_high(struct str s)
{
	for (u32 i = 0; i < s.n; i++)
		if (s.p[i] & 0x80)
			return true;
	return false;
}

const char *
line_field(struct line *l, struct field *f)
{
	const u8 *p = memchr(l->s.p, ':', l->s.n), *end = l->s.p + l->s.n;
	const struct known *k;

	f->name = str_of(l->s.p, p ? (size_t)(p - l->s.p) : 0);
	k = l->odd ? NULL : find(f->name); /* a known name is a token */
	if (!k && !field_token(f->name))
		return *l->s.p == ' ' || *l->s.p == '\t' ? "folded line" : "field name";
	for (p++; p < end && (*p == ' ' || *p == '\t'); p++)
		;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	f->value = str_of(p, (size_t)(end - p));
	k = k ? k : find(f->name);
	if (k) {
		f->id = k->id;
		l->marks = k->marks;
	} else {
		f->id = is_mcp(f->name) ? FIELD_MCP_OTHER : FIELD_OTHER;
		l->marks = f->id == FIELD_MCP_OTHER ? MARK_ASCII | MARK_NO_TRAILER : 0;
	}
	return l->odd && !field_value_ok(f->value) ? "control in a field value" : NULL;
}

bool
line_ascii(const struct line *l, const struct field *f)
{
	return !l->high || !(l->marks & MARK_ASCII) || !has_high(f->value);
}

void
fields_note(struct fields *f)
{
	u8 *first = &f->first[f->at[f->n++].id];

	if (!*first)
		*first = (u8)f->n;
}
