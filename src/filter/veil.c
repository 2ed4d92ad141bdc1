#include "filter/veil_priv.h"

#include "base/map.h"

#define MARK "[redacted]\""

enum { PLAIN, COLON, SLASH, OPEN, INSIDE };

/* Whatever an API calls so is a secret. Not "token": that is a page's or an upload's name as often. */
static const char everywhere[] = "password,passwd,passphrase,secret,client_secret,app_secret,api_secret,"
    "secret_key,secret_access_key,shared_secret,signing_secret,webhook_secret,totp_secret,"
    "otp_secret,api_key,api_token,access_token,refresh_token,auth_token,bearer_token,id_token,"
    "session_token,private_key,private_token,preshared_key,psk,current_password,new_password,"
    "old_password,password_confirmation,password_hash,authorization,proxy_authorization";

/* ---- names --------------------------------------------------------------------------------------- */

/* A key as it is compared, in room (VEIL_KEY_N): without case, "_" and "-", its escapes read. Its length. */
static u32
plain_key(struct str key, u8 *room)
{
	u32 n = 0;
	u64 point;

	for (u32 i = 0; i < key.n && n < VEIL_KEY_N; i++) {
		u8 c = key.p[i];

		if (c == '\\')
			continue;
		if (c == 'u' && i && key.p[i - 1] == '\\' && str_hex(str_cut(key, i + 1, i + 5), &point) == 0) {
			c = (u8)(point < 0x80 ? point : 0xff);
			i += 4;
		}
		if (c == '_' || c == '-')
			continue;
		room[n++] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
	}
	return n;
}

static bool
has(const struct veil_names *s, u64 hash)
{
	for (u32 i = 0; i < s->n; i++)
		if (s->hash[i] == hash)
			return true;
	return false;
}

static void
take_out(struct veil_names *s, u64 hash)
{
	for (u32 i = 0; i < s->n; i++)
		if (s->hash[i] == hash)
			s->hash[i] = s->hash[--s->n];
}

/* A key may end in last with one of those before it, by their lowest five bits. */
static void
note_pair(struct veil_names *s, u8 last, u32 before)
{
	u8 kind = (u8)(1U << (last & 7));

	s->ends[last & 31] |= before;
	s->last[last & 31] |= kind;
	for (u32 i = 0; i < 32; i++)
		if (before >> i & 1)
			s->before[i] |= kind;
}

/* A key may also end in "_", or have one before its last character. */
static void
note_end(struct veil_names *s, const u8 *name, u32 n)
{
	note_pair(s, '_', UINT32_MAX);
	note_pair(s, name[n - 1], n > 1 ? 1U << ('_' & 31) | 1U << (name[n - 2] & 31) : UINT32_MAX);
}

int
veil_names_add(struct veil_names *s, struct str list)
{
	while (list.n) {
		struct str name = str_next(&list, ',');
		bool out = name.n && name.p[0] == '!';
		u8 room[VEIL_KEY_N];
		u32 n = plain_key(str_cut(name, out, name.n), room);
		u64 hash = map_hash(str_of(room, n), 0);

		if (!n)
			continue;
		note_end(s, room, n);
		if (out)
			take_out(s, hash);
		else if (s->n == VEIL_NAMES)
			return ERR_FULL;
		else if (!has(s, hash))
			s->hash[s->n++] = hash;
	}
	return 0;
}

void
veil_names_init(struct veil_names *s)
{
	memset(s, 0, sizeof *s);
	veil_names_add(s, str_c(everywhere));
}

void
veil_init(struct veil *v, const struct veil_names *names)
{
	v->names = names;
	v->clear = v->count = v->slashes = 0;
	v->state = PLAIN;
	v->tail_n = 0;
	v->mark = STR_NONE;
}

/* ---- keys ---------------------------------------------------------------------------------------- */

/* The byte that stands k bytes before in.p[at], maybe in what passed before; 0 where nothing is known. */
static u8
before(const struct veil *v, struct str in, u32 at, u32 k)
{
	if (k <= at)
		return in.p[at - k];
	k -= at;
	return k <= v->tail_n ? v->tail[v->tail_n - k] : 0;
}

/* Whether the colon at `at` stands behind a key that is secret. */
static bool
is_secret(struct veil *v, struct str in, u32 at)
{
	UNSET u8 room[VEIL_KEY_N], plain[VEIL_KEY_N];
	u8 c;
	u32 k = 1, n = 0;

	while (k < 8 && (c = before(v, in, at, k), c == ' ' || c == '\n' || c == '\t' || c == '\r'))
		k++;
	if (before(v, in, at, k) != '"')
		return false;
	v->nested = before(v, in, at, k + 1) == '\\';
	if (v->nested && before(v, in, at, k + 2) == '\\')
		return false;
	for (k += 1 + v->nested; n < sizeof room; k++) {
		c = before(v, in, at, k);
		if (c == 0 || (c == '"' && (before(v, in, at, k + 1) == '\\') == v->nested))
			break;
		room[sizeof room - ++n] = c;
	}
	if (c != '"')
		return false;
	n = plain_key(str_of(room + sizeof room - n, n), plain);
	return n && has(v->names, map_hash(str_of(plain, n), 0));
}

/* ---- values -------------------------------------------------------------------------------------- */

/* The colon at or after i (below in.n) behind a key that is secret, or in.n. */
static u32
find_secret(struct veil *v, struct str in, u32 i)
{
	for (; i < in.n && i < VEIL_BEFORE; i++)
		if (in.p[i] == ':' && is_secret(v, in, i))
			return i;
	for (; i < in.n; i++) {
		i = veil_skip(v->names, in, i);
		if (i < in.n && is_secret(v, in, i))
			break;
	}
	return min_u32(i, in.n);
}

/* How many bytes may pass. At the end of in, or where a secret begins: then the state is INSIDE. */
static u32
scan(struct veil *v, struct str in)
{
	for (u32 i = 0; i < in.n; i++) {
		u8 c = in.p[i];

		switch (v->state) {
		case COLON:
			if (c == ' ' || c == '\n' || c == '\t' || c == '\r')
				continue;
			v->state = !v->nested && c == '"' ? OPEN : v->nested && c == '\\' ? SLASH : PLAIN;
			break;
		case SLASH: v->state = c == '"' ? OPEN : PLAIN; break;
		case OPEN:
			v->state = c == '"' ? PLAIN : INSIDE; /* what is empty is no secret */
			v->slashes = 0;
			if (v->state == INSIDE)
				return i;
			break;
		default:
			i = find_secret(v, in, i);
			if (i == in.n)
				return in.n;
			v->state = COLON;
		}
	}
	return in.n;
}

/* Whether a quote behind so many backslashes ends the value; an even number ends the outer text in any case. */
static bool
ends(const struct veil *v)
{
	return v->slashes % 2 == 0 || (v->nested && v->slashes % 4 == 1);
}

/* Leaves out bytes of a secret. At its end the mark takes its place. */
static void
leave_out(struct veil *v, struct str *in)
{
	for (u32 i = 0; i < in->n; i++) {
		u8 c = in->p[i];

		if (c == '"' && ends(v)) {
			v->mark = v->slashes % 2 ? STR("[redacted]\\\"") : STR(MARK);
			v->state = PLAIN;
			v->count++;
			*in = str_cut(*in, i + 1, in->n);
			return;
		}
		v->slashes = c == '\\' ? v->slashes + 1 : 0;
	}
	*in = str_cut(*in, in->n, in->n);
}

struct str
veil_look(struct veil *v, struct str *in)
{
	if (!v->names)
		return *in;
	while (!v->mark.n && !v->clear && in->n) {
		if (v->state == INSIDE)
			leave_out(v, in);
		else
			v->clear = scan(v, *in);
	}
	return v->mark.n ? v->mark : str_cut(*in, 0, v->clear);
}

/* Remembers the end of what passes: a key may go on in the next piece. */
static void
remember(struct veil *v, struct str s)
{
	u32 keep;

	s = str_cut(s, s.n > sizeof v->tail ? s.n - (u32)sizeof v->tail : 0, s.n);
	keep = min_u32(v->tail_n, (u32)sizeof v->tail - s.n);
	memmove(v->tail, v->tail + v->tail_n - keep, keep);
	memcpy(v->tail + keep, s.p, s.n);
	v->tail_n = (u8)(keep + s.n);
}

void
veil_took(struct veil *v, struct str *in, u32 n)
{
	if (v->mark.n) {
		remember(v, str_cut(v->mark, 0, n));
		v->mark = str_cut(v->mark, n, v->mark.n);
		return;
	}
	if (v->names) {
		remember(v, str_cut(*in, 0, n));
		v->clear -= n;
	}
	*in = str_cut(*in, n, in->n);
}

void
veil_put(const struct veil_names *names, struct str text, struct buf *out)
{
	struct veil v;
	struct str part;

	veil_init(&v, names);
	while ((part = veil_look(&v, &text)).n) {
		buf_put(out, str_cut(part, 0, buf_room(out)));
		veil_took(&v, &text, part.n);
	}
}
