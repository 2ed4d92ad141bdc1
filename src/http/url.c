#include "http/url.h"

#define KEEP_COMPONENT 1
#define KEEP_SEGMENT 2
#define KEEP_RESERVED 4
#define HOST_BYTE 8

/* Which sets leave a byte as it is (RFC 3986 section 2), and which bytes a host name has; a row for each sixteen; none
 * from 0x80. */
static const u8 keep_map[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 6, 0, 4, 6, 0, 6, 6, 6, 6, 6, 6, 6, 15, 15, 4,
	15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 6, 6, 0, 6, 0, 4,
	6, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
	15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 4, 0, 4, 0, 15,
	0, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
	15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 0, 0, 0, 7, 0,
};

static int
hex_digit(u8 c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte of a triple at i, or -1. */
static int
triple(struct str s, u32 i)
{
	int high, low;

	if (i + 2 >= s.n || s.p[i] != '%')
		return -1;
	high = hex_digit(s.p[i + 1]);
	low = hex_digit(s.p[i + 2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void
url_encode(struct buf *b, struct str s, enum url_set set)
{
	static const u8 bit[] = { KEEP_COMPONENT, KEEP_SEGMENT, KEEP_RESERVED };
	static const char digits[] = "0123456789ABCDEF";

	for (u32 i = 0; i < s.n; i++) {
		u8 c = s.p[i];

		if (keep_map[c] & bit[set] || (set == URL_RESERVED && triple(s, i) >= 0)) {
			buf_byte(b, c);
			continue;
		}
		u8 out[3] = { '%', (u8)digits[c >> 4], (u8)digits[c & 15] };
		buf_put(b, str_of(out, 3));
	}
}

int
url_decode(struct buf *b, struct str s)
{
	for (u32 i = 0; i < s.n; i++) {
		int c = s.p[i];

		if (c == '%') {
			c = triple(s, i);
			i += 2;
		}
		if (c <= 0)
			return ERR_BAD;
		buf_byte(b, (u8)c);
	}
	return 0;
}

static bool
host_byte(u8 c)
{
	return keep_map[c] & HOST_BYTE;
}

static bool
v6_byte(u8 c)
{
	return hex_digit(c) >= 0 || c == ':' || c == '.';
}

static bool
host_bytes(struct str s, bool v6)
{
	for (u32 i = 0; i < s.n; i++)
		if (v6 ? !v6_byte(s.p[i]) : !host_byte(s.p[i]))
			return false;
	return true;
}

int
url_authority(struct str in, struct str *host, u32 *port)
{
	struct str rest;
	u64 value = 0;
	int at;

	if (in.n == 0 || in.n > 255)
		return ERR_BAD;
	if (in.p[0] == '[') {
		at = str_find(in, ']', 0);
		if (at < 0)
			return ERR_BAD;
		*host = str_cut(in, 1, (u32)at);
		rest = str_cut(in, (u32)at + 1, in.n);
	} else {
		at = str_find(in, ':', 0);
		*host = at < 0 ? in : str_cut(in, 0, (u32)at);
		rest = at < 0 ? STR_NONE : str_cut(in, (u32)at, in.n);
	}
	if (!host_bytes(*host, in.p[0] == '[') || (host->n == 0 && in.p[0] != '['))
		return ERR_BAD;
	if (rest.n && (rest.n > 6 || rest.p[0] != ':' || str_u64(str_cut(rest, 1, rest.n), &value)))
		return ERR_BAD;
	*port = (u32)value;
	return 0;
}

static bool
printable(struct str s)
{
	for (u32 i = 0; i < s.n; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || s.p[i] == '#' || s.p[i] == '\\')
			return false;
	return true;
}

static int
parse_unix(struct str rest, struct url *u)
{
	int at = str_find(rest, ':', 0);

	u->scheme = URL_UNIX;
	u->host = at < 0 ? rest : str_cut(rest, 0, (u32)at);
	u->authority = STR("localhost");
	u->path = at < 0 ? STR_NONE : str_cut(rest, (u32)at + 1, rest.n);
	return u->host.n > 1 && u->host.p[0] == '/' && u->host.n < 108 ? 0 : ERR_BAD;
}

static int
parse_net(struct str rest, struct url *u, u16 port)
{
	u32 n = 0, given;

	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
		n++;
	u->authority = str_cut(rest, 0, n);
	if (url_authority(u->authority, &u->host, &given) || u->host.n == 0 || given > 65535)
		return ERR_BAD;
	if (str_find(u->authority, ':', u->authority.p[0] == '[' ? u->host.n : 0) >= 0 && given == 0)
		return ERR_BAD; /* port 0 */
	u->v6 = u->authority.p[0] == '[';
	u->port = given ? (u16)given : port;
	u->path = str_cut(rest, n, rest.n);
	return 0;
}

static bool
take_scheme(struct str *rest, struct str scheme)
{
	if (!str_same_nocase(str_cut(*rest, 0, scheme.n), scheme))
		return false;
	*rest = str_cut(*rest, scheme.n, rest->n);
	return true;
}

int
url_parse(struct str in, struct url *u)
{
	struct str rest = in;
	int err = ERR_BAD, at;

	*u = (struct url){ 0 };
	if (!printable(in))
		return ERR_BAD;
	if (take_scheme(&rest, STR("unix:"))) {
		err = parse_unix(rest, u);
	} else if (take_scheme(&rest, STR("http://"))) {
		err = parse_net(rest, u, 80);
	} else if (take_scheme(&rest, STR("https://"))) {
		u->scheme = URL_HTTPS;
		err = parse_net(rest, u, 443);
	}
	if (err)
		return err;
	at = str_find(u->path, '?', 0);
	if (at >= 0) {
		u->query = str_cut(u->path, (u32)at + 1, u->path.n);
		u->path = str_cut(u->path, 0, (u32)at);
	}
	return u->path.n && u->path.p[0] != '/' ? ERR_BAD : 0;
}

bool
url_same_origin(const struct url *a, const struct url *b)
{
	if (a->scheme != b->scheme || a->port != b->port)
		return false;
	return a->scheme == URL_UNIX ? str_same(a->host, b->host) : str_same_nocase(a->host, b->host);
}

/* One byte of a path, decoded once; *n is how many it took. */
static u8
path_byte(struct str path, u32 i, u32 *n)
{
	int c = triple(path, i);

	*n = c < 0 ? 1 : 3;
	return c < 0 ? path.p[i] : (u8)c;
}

bool
url_dots(struct str path)
{
	u32 dots = 0, n;
	bool other = false;

	for (u32 i = 0; i < path.n; i += n) {
		u8 c = path_byte(path, i, &n);

		if (c == '/' || c == '\\') {
			if (!other && (dots == 1 || dots == 2))
				return true;
			dots = 0;
			other = false;
		} else if (c == '.') {
			dots++;
		} else {
			other = true;
		}
	}
	return !other && (dots == 1 || dots == 2);
}

/* Nothing but '/' and what a segment may hold as it is, and no dot: nothing more needs to be looked at. */
static bool
path_plain(struct str path)
{
	for (u32 i = 0; i < path.n; i++)
		if (path.p[i] != '/' && (!(keep_map[path.p[i]] & KEEP_SEGMENT) || path.p[i] == '.'))
			return false;
	return path.n > 0 && path.p[0] == '/';
}

bool
url_path_ok(struct str path)
{
	u32 n;

	if (path_plain(path))
		return true;
	if (path.n == 0 || path.p[0] != '/' || !printable(path) || str_find(path, '?', 0) >= 0)
		return false;
	for (u32 i = 0; i < path.n; i += n) {
		u8 c = path_byte(path, i, &n);

		if (c == '%' && n == 1)
			return false;
		if (c < 0x20 || c == 0x7f)
			return false;
	}
	return !url_dots(path);
}
