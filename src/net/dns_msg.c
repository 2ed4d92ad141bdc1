#include "net/dns_priv.h"

#define HEADER_N 12
#define NAME_WIRE_MAX 255
#define JUMPS_MAX 16    /* compression pointers in one name */
#define RECORDS_MAX 512 /* records looked at in one section */

/* A name as on the wire, lower case: length, label, length, label, 0. Labels may hold any byte, dots too, so this and
 * not text is what names are compared by. */
struct name {
	u32 n;
	u8 p[NAME_WIRE_MAX];
};

/* One resource record. */
struct record {
	struct name owner;
	u16 type, class;
	u32 ttl_s;
	u32 data, data_n; /* place of its data */
};

void
dns_question(struct buf *out, u16 id, u16 type, struct str name)
{
	u8 head[HEADER_N] = { (u8)(id >> 8), (u8)id, 1 /* recursion desired */, 0, 0, 1 };
	struct str rest = name;

	buf_put(out, str_of(head, sizeof head));
	while (rest.p) {
		struct str label = str_next(&rest, '.');

		buf_byte(out, (u8)label.n);
		buf_put(out, label);
	}
	buf_put(out, str_of((u8[]){ 0, (u8)(type >> 8), (u8)type, 0, 1 }, 5));
}

static u16
be16(struct str m, u32 at)
{
	return (u16)(m.p[at] << 8 | m.p[at + 1]);
}

static u32
be32(struct str m, u32 at)
{
	return (u32)be16(m, at) << 16 | be16(m, at + 2);
}

static u8
lower(u8 c)
{
	return c >= 'A' && c <= 'Z' ? (u8)(c + 32) : c;
}

/* Reads the name at *at and moves *at behind it. A pointer must lead to before the name or pointer it stands in, so
 * there is no loop. 0 or ERR_BAD. */
static int
read_name(struct str m, u32 *at, struct name *out)
{
	u32 p = *at, first = *at, jumps = 0;
	bool jumped = false;

	for (out->n = 0;;) {
		u8 n;

		if (p >= m.n)
			return ERR_BAD;
		n = m.p[p];
		if (n >= 0xc0) {
			u32 to;

			if (p + 2 > m.n)
				return ERR_BAD;
			to = be16(m, p) & 0x3fff;
			if (to >= first || ++jumps > JUMPS_MAX)
				return ERR_BAD;
			if (!jumped)
				*at = p + 2;
			jumped = true;
			p = first = to;
			continue;
		}
		if (n > 63 || p + 1 + n > m.n || out->n + 1 + n > NAME_WIRE_MAX)
			return ERR_BAD;
		for (u32 i = 0; i <= n; i++)
			out->p[out->n++] = i ? lower(m.p[p + i]) : n;
		p += 1U + n;
		if (n == 0)
			break;
	}
	if (!jumped)
		*at = p;
	return 0;
}

static bool
name_same(const struct name *a, const struct name *b)
{
	return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

/* Text (dns_name_ok) to wire form. */
static void
name_of(struct str text, struct name *out)
{
	struct str rest = text;

	out->n = 0;
	while (rest.p && out->n + 2 + rest.n <= NAME_WIRE_MAX) {
		struct str label = str_next(&rest, '.');

		out->p[out->n++] = (u8)label.n;
		for (u32 i = 0; i < label.n; i++)
			out->p[out->n++] = lower(label.p[i]);
	}
	out->p[out->n++] = 0;
}

static int
read_record(struct str m, u32 *at, struct record *r)
{
	if (read_name(m, at, &r->owner))
		return ERR_BAD;
	if (*at + 10 > m.n)
		return ERR_BAD;
	r->type = be16(m, *at);
	r->class = be16(m, *at + 2);
	r->ttl_s = be32(m, *at + 4);
	if (r->ttl_s > INT32_MAX)
		r->ttl_s = 0; /* RFC 2181 section 8 */
	r->data_n = be16(m, *at + 8);
	r->data = *at + 10;
	if (r->data_n > m.n - r->data)
		return ERR_BAD;
	*at = r->data + r->data_n;
	return 0;
}

/* Whether the message answers this question; *at is moved behind it. */
static bool
is_ours(struct str m, u16 id, u16 type, const struct name *want, u32 *at)
{
	struct name asked;

	if (m.n < HEADER_N || be16(m, 0) != id || (m.p[2] & 0xf8) != 0x80 || be16(m, 4) != 1)
		return false;
	*at = HEADER_N;
	if (read_name(m, at, &asked) || *at + 4 > m.n || !name_same(&asked, want))
		return false;
	*at += 4;
	return be16(m, *at - 4) == type && be16(m, *at - 2) == 1;
}

/* How long "there is none" may be kept: the SOA of the authority section says, else 0. */
static u32
negative_ttl(struct str m, u32 at, u32 records)
{
	struct record r;
	struct name skip;

	for (u32 i = 0; i < records && i < RECORDS_MAX; i++) {
		u32 p;

		if (read_record(m, &at, &r))
			return 0;
		p = r.data;
		if (r.type != DNS_TYPE_SOA || read_name(m, &p, &skip) || read_name(m, &p, &skip) || p + 20 > m.n)
			continue;
		return min_u32(r.ttl_s, be32(m, p + 16));
	}
	return 0;
}

/* One walk over the answers for the records of name: addresses are taken, and an alias replaces name. 1 alias
 * followed, 0 no alias, ERR_BAD. */
static int
walk(struct str m, u32 at, u16 type, struct name *name, struct dns_list *out, u32 *ttl_s)
{
	u32 records = be16(m, 6), want = type == DNS_TYPE_A ? 4 : 16;
	struct record r;

	for (u32 i = 0; i < records && i < RECORDS_MAX && out->n < DNS_ADDRS_MAX; i++) {
		u32 p;

		if (read_record(m, &at, &r))
			return ERR_BAD;
		if (r.class != 1 || !name_same(&r.owner, name))
			continue;
		p = r.data;
		if (r.type == DNS_TYPE_CNAME) {
			*ttl_s = min_u32(*ttl_s, r.ttl_s);
			return read_name(m, &p, name) || p != r.data + r.data_n ? ERR_BAD : 1;
		}
		if (r.type != type)
			continue;
		if (r.data_n != want)
			return ERR_BAD;
		*ttl_s = min_u32(*ttl_s, r.ttl_s);
		dns_add(out, type == DNS_TYPE_A ? ADDR_V4 : ADDR_V6, m.p + r.data);
	}
	return 0;
}

/* Moves *at behind n records. */
static int
skip_records(struct str m, u32 *at, u32 n)
{
	struct record r;

	for (u32 i = 0; i < n; i++)
		if (i == RECORDS_MAX || read_record(m, at, &r))
			return ERR_BAD;
	return 0;
}

static int
read_answers(struct str m, u32 at, u16 type, struct name *name, struct dns_list *out)
{
	u32 ttl_s = DNS_TTL_MAX_S;

	for (u32 links = 0;; links++) {
		int err = walk(m, at, type, name, out, &ttl_s);

		if (err < 0 || links > DNS_CNAMES_MAX)
			return ERR_BAD;
		if (err == 0)
			return (int)ttl_s;
	}
}

int
dns_reply(struct str m, u16 id, u16 type, struct str name, struct dns_list *out, u32 *ttl_s)
{
	struct name want;
	u32 at, rcode;
	int ttl;

	out->n = 0;
	*ttl_s = 0;
	name_of(name, &want);
	if (!is_ours(m, id, type, &want, &at))
		return ERR_MORE;
	if (m.p[2] & 2)
		return ERR_FULL;
	rcode = m.p[3] & 15;
	if (rcode != 0 && rcode != 3)
		return ERR_IO;
	ttl = rcode == 0 ? read_answers(m, at, type, &want, out) : 0;
	if (ttl < 0) {
		out->n = 0;
		return ERR_BAD;
	}
	*ttl_s = (u32)ttl;
	if (out->n == 0)
		*ttl_s = skip_records(m, &at, be16(m, 6)) ? 0 : negative_ttl(m, at, be16(m, 8));
	return rcode == 3 ? ERR_NONE : 0;
}
