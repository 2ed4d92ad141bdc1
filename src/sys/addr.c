#include "sys/sock.h"

#include <arpa/inet.h>

int
addr_read_ip(struct addr *a, struct str text)
{
	char c[64];

	memset(a, 0, sizeof *a);
	if (text.n == 0 || text.n >= sizeof c)
		return ERR_BAD;
	memcpy(c, text.p, text.n);
	c[text.n] = 0;
	if (inet_pton(AF_INET, c, a->ip) == 1) {
		a->family = ADDR_V4;
		return 0;
	}
	if (inet_pton(AF_INET6, c, a->ip) == 1) {
		a->family = ADDR_V6;
		return 0;
	}
	return ERR_BAD;
}

static int
read_unix(struct addr *a, struct str path)
{
	memset(a, 0, sizeof *a);
	if (path.n == 0 || path.n > SOCK_UNIX_MAX || str_find(path, 0, 0) >= 0)
		return ERR_BAD;
	a->family = ADDR_UNIX;
	memcpy(a->path, path.p, path.n);
	return 0;
}

int
addr_read(struct addr *a, struct str text, u16 default_port)
{
	struct str host = text, port = STR_NONE;
	u64 v = default_port;
	int at;

	if (str_starts(text, STR("unix:")))
		return read_unix(a, str_cut(text, 5, text.n));
	if (text.n && text.p[0] == '[') {
		at = str_find(text, ']', 0);
		if (at < 0)
			return ERR_BAD;
		host = str_cut(text, 1, (u32)at);
		port = str_cut(text, (u32)at + 1, text.n);
		if (port.n && port.p[0] != ':')
			return ERR_BAD;
		port = str_cut(port, 1, port.n);
	} else {
		at = str_find(text, ':', 0);
		if (at >= 0 && str_find(text, ':', (u32)at + 1) < 0) {
			host = str_cut(text, 0, (u32)at);
			port = str_cut(text, (u32)at + 1, text.n);
		}
	}
	if (port.n && (str_u64(port, &v) || v > 65535))
		return ERR_BAD;
	if (addr_read_ip(a, host))
		return ERR_BAD;
	a->port = (u16)v;
	return 0;
}

static void
print_v4(struct buf *b, const u8 ip[4])
{
	buf_fmt(b, "%u.%u.%u.%u", (u32)ip[0], (u32)ip[1], (u32)ip[2], (u32)ip[3]);
}

/* Where the longest run of two or more zero groups begins, and how long it is (RFC 5952, 4.2). */
static u32
zero_run(const u8 ip[16], u32 *n)
{
	u32 best = 0, run = 0;

	*n = 1;
	for (u32 i = 0; i < 8; i++) {
		run = ip[2 * i] || ip[2 * i + 1] ? 0 : run + 1;
		if (run > *n) {
			*n = run;
			best = i + 1 - run;
		}
	}
	return best;
}

static void
print_v6(struct buf *b, const u8 ip[16])
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	u32 n, at = zero_run(ip, &n);

	if (memcmp(ip, mapped, sizeof mapped) == 0) {
		BUF_LIT(b, "::ffff:");
		print_v4(b, ip + 12);
		return;
	}
	for (u32 i = 0; i < 8; i++) {
		if (n > 1 && i == at) {
			BUF_LIT(b, "::");
			i += n - 1;
			continue;
		}
		if (i && !(n > 1 && i == at + n))
			buf_byte(b, ':');
		buf_fmt(b, "%x", (u32)ip[2 * i] << 8 | ip[2 * i + 1]);
	}
}

/* Not inet_ntop: that brings all of printf along. */
void
addr_print_ip(struct buf *b, const struct addr *a)
{
	switch (a->family) {
	case ADDR_V4: print_v4(b, a->ip); return;
	case ADDR_V6: print_v6(b, a->ip); return;
	case ADDR_UNIX: buf_fmt(b, "unix:%s", a->path); return;
	}
	BUF_LIT(b, "-");
}

void
addr_print(struct buf *b, const struct addr *a)
{
	if (a->family == ADDR_V6)
		buf_byte(b, '[');
	addr_print_ip(b, a);
	if (a->family == ADDR_V6)
		buf_byte(b, ']');
	if (a->family == ADDR_V4 || a->family == ADDR_V6)
		buf_fmt(b, ":%u", (u32)a->port);
}

static enum addr_kind
kind_v4(const u8 *ip)
{
	if (ip[0] == 127)
		return ADDR_LOOPBACK;
	if (ip[0] == 169 && ip[1] == 254)
		return ip[2] == 169 && ip[3] == 254 ? ADDR_METADATA : ADDR_LINK_LOCAL;
	if (ip[0] == 100 && ip[1] == 100 && ip[2] == 100 && ip[3] == 200) /* a cloud's metadata service */
		return ADDR_METADATA;
	if (ip[0] == 10 || (ip[0] == 172 && (ip[1] & 0xf0) == 16) || (ip[0] == 192 && ip[1] == 168) ||
	    (ip[0] == 100 && (ip[1] & 0xc0) == 64))
		return ADDR_PRIVATE;
	if (ip[0] == 0 || ip[0] >= 224 || (ip[0] == 192 && ip[1] == 0 && ip[2] == 0))
		return ADDR_SPECIAL;
	return ADDR_PUBLIC;
}

static enum addr_kind
kind_v6(const u8 *ip)
{
	static const u8 zero[16], mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const u8 nat64[12] = { 0, 0x64, 0xff, 0x9b }, ec2[16] = { 0xfd, 0, 0x0e, 0xc2, [14] = 2, [15] = 0x54 };

	if (memcmp(ip, zero, 15) == 0)
		return ip[15] == 1 ? ADDR_LOOPBACK : ADDR_SPECIAL;
	if (memcmp(ip, mapped, 12) == 0 || memcmp(ip, nat64, 12) == 0 || memcmp(ip, zero, 12) == 0)
		return kind_v4(ip + 12);
	if (ip[0] == 0x20 && ip[1] == 0x02)
		return kind_v4(ip + 2);
	if (memcmp(ip, ec2, 16) == 0)
		return ADDR_METADATA;
	if (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80)
		return ADDR_LINK_LOCAL;
	if ((ip[0] & 0xfe) == 0xfc || (ip[0] == 0xfe && (ip[1] & 0xc0) == 0xc0))
		return ADDR_PRIVATE;
	return ip[0] == 0xff ? ADDR_SPECIAL : ADDR_PUBLIC;
}

enum addr_kind
addr_kind(const struct addr *a)
{
	if (a->family == ADDR_V4)
		return kind_v4(a->ip);
	if (a->family == ADDR_V6)
		return kind_v6(a->ip);
	return a->family == ADDR_UNIX ? ADDR_LOOPBACK : ADDR_SPECIAL;
}

bool
addr_same(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return false;
	if (a->family == ADDR_UNIX)
		return strncmp(a->path, b->path, sizeof a->path) == 0;
	return a->port == b->port && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

int
addr_net_read(struct addr_net *n, struct str text)
{
	struct str ip = str_next(&text, '/');
	u64 bits = 0;

	if (addr_read_ip(&n->at, ip))
		return ERR_BAD;
	n->bits = n->at.family == ADDR_V4 ? 32 : 128;
	if (text.p && (str_u64(text, &bits) || bits > n->bits))
		return ERR_BAD;
	if (text.p)
		n->bits = (u8)bits;
	return 0;
}

bool
addr_in(const struct addr_net *n, const struct addr *a)
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool inside = a->family == ADDR_V6 && n->at.family == ADDR_V4 && memcmp(a->ip, mapped, sizeof mapped) == 0;
	const u8 *ip = inside ? a->ip + sizeof mapped : a->ip;
	u32 whole = n->bits / 8, rest = n->bits % 8;

	if (!inside && a->family != n->at.family)
		return false;
	return memcmp(ip, n->at.ip, whole) == 0 && (!rest || (ip[whole] ^ n->at.ip[whole]) >> (8 - rest) == 0);
}
