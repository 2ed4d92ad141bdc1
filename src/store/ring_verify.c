#include "store/ring_priv.h"

#include "base/map.h"
#include "crypt/ct.h"
#include "sys/file.h"

#define MAC STR("\"mac\":\"")

struct check {
	struct ring_report *report;
	const u8 *head;
	u32 writer;
	u8 h[HASH_N], key[HASH_N], segment_key[HASH_N];
	u64 link;          /* number that comes next */
	u32 derived;       /* segment that segment_key belongs to */
	bool keyed, begun; /* begun: h is known */
};

u32
ring_list(int dir, u32 writer, u32 *at, u32 max)
{
	struct file_names names;
	const char *name;
	char want[RING_NAME_N];
	u32 n = 0;

	file_names_init(&names, dir);
	while (file_names_next(&names, &name) == 1) {
		struct str rest = str_c(name), first = str_next(&rest, '-'), number = str_next(&rest, '.');
		u64 v;
		u32 i = n;

		if (!str_starts(first, STR("w")) || str_u64(number, &v) || v >= 100000000)
			continue;
		ring_name(want, writer, (u32)v);
		if (strcmp(want, name) || n == max)
			continue;
		for (; i && at[i - 1] > v; i--)
			at[i] = at[i - 1];
		at[i] = (u32)v;
		n++;
	}
	return n;
}

static int
bad(struct check *c, u32 segment, const char *why)
{
	c->report->bad_segment = segment;
	c->report->bad_line = c->report->lines + 1;
	c->report->why = why;
	return ERR_BAD;
}

/* The keys at the beginning of a segment. */
static void
derive(struct check *c, u32 segment)
{
	for (; c->keyed && c->derived < segment; c->derived++) {
		ring_derive(c->key, c->segment_key, "link");
		ring_derive(c->segment_key, c->segment_key, "segment");
	}
}

/* The number behind a name in the first line, 0 when it is not there. */
static u64
number_in(struct str line, const char *name)
{
	int at = str_find_str(line, str_c(name));
	u64 v = 0;

	for (u32 i = at < 0 ? line.n : (u32)at + (u32)strlen(name); i < line.n; i++) {
		if (line.p[i] < '0' || line.p[i] > '9' || v > UINT64_MAX / 100)
			break;
		v = v * 10 + line.p[i] - '0';
	}
	return v;
}

static bool
read_hex(struct str hex, u8 *out, u32 n)
{
	u64 v;

	for (u32 i = 0; i < n; i++) {
		if (hex.n < 2 * n || str_hex(str_cut(hex, 2 * i, 2 * i + 2), &v))
			return false;
		out[i] = (u8)v;
	}
	return true;
}

/* The first line of a segment must follow what stood before it. tail: what the segment before had behind its last
 * link. */
static int
check_first(struct check *c, u32 segment, struct str line, u64 tail)
{
	int at = str_find_str(line, STR("\"prev\":\""));
	u64 link = number_in(line, "\"link\":"), missing = number_in(line, "\"missing\":");
	u8 h[HASH_N];

	if (number_in(line, "\"segment\":") != segment || at < 0 ||
	    !read_hex(str_cut(line, (u32)at + 8, line.n), h, HASH_N))
		return bad(c, segment, "its first line is not that of a segment");
	c->report->missing += missing;
	if (c->begun && number_in(line, "\"torn\":") != tail)
		return bad(c, segment - 1, "bytes behind its last link that were not there when it ended");
	if (c->begun && !missing && (link != c->link || memcmp(h, c->h, HASH_N)))
		return bad(c, segment, "links between it and the segment before are missing");
	memcpy(c->h, h, HASH_N);
	c->link = link;
	c->begun = true;
	return 0;
}

static u32
count_lines(struct str text)
{
	u32 n = 0;

	for (u32 i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

/* Follows the links of one segment. What is behind the last one goes to *tail. */
static int
check_links(struct check *c, u32 segment, struct str text, u64 *tail)
{
	u8 room[RING_LINK_N];
	u32 at, n;
	int mac;

	while (ring_find_link(text, &at, &n)) {
		struct buf b = buf_over(room, sizeof room);
		struct str lines = str_cut(text, 0, at), is = str_cut(text, at, at + n);
		struct ring_link l = { .number = c->link, .sum = map_hash(lines, 0) };

		if (c->keyed)
			ring_mac(&l, c->h, c->key, lines);
		else if ((mac = str_find_str(is, MAC)) >= 0)
			read_hex(str_cut(is, (u32)mac + MAC.n, n), l.mac, RING_MAC_N);
		ring_put_link(&b, &l, c->h);
		c->report->lines += count_lines(lines);
		if (!str_same(is, buf_str(&b)))
			return bad(c, segment, "a line before this one, or the link, was changed, removed or added");
		c->report->found |= c->head && memcmp(c->h, c->head, RING_MAC_N) == 0;
		c->report->links++;
		c->report->link = c->link++;
		memcpy(c->report->h, c->h, HASH_N);
		text = str_cut(text, at + n, text.n);
	}
	*tail = text.n;
	return 0;
}

static int
check_segment(struct check *c, int dir, u32 segment, u64 *tail)
{
	char name[RING_NAME_N];
	struct str text = STR_NONE, rest, line;
	int fd, err = 0;

	ring_name(name, c->writer, segment);
	fd = file_open(dir, name, FILE_READ);
	if (fd < 0 || file_map(fd, &text)) {
		file_close(fd);
		return bad(c, segment, "it cannot be read");
	}
	file_close(fd);
	derive(c, segment);
	rest = text;
	line = str_next(&rest, '\n');
	if (number_in(line, "\"form\":") != RING_FORM && number_in(line, "\"segment\":") == segment) {
		c->report->others++; /* nothing is known of how it ends */
		c->begun = false;
	} else {
		err = check_first(c, segment, line, *tail);
		if (!err)
			err = check_links(c, segment, text, tail);
	}
	if (text.p)
		file_unmap(text);
	return err;
}

int
ring_verify(int dir, u32 writer, const u8 *first, const u8 *head, struct ring_report *report)
{
	struct check c = { .report = report, .head = head, .writer = writer, .keyed = first };
	u32 at[64], n = ring_list(dir, writer, at, ARRAY_N(at));
	u64 tail = 0;
	int err = 0;

	*report = (struct ring_report){ .first = n ? at[0] : 0, .last = n ? at[n - 1] : 0 };
	if (!n)
		return ERR_NONE;
	if (first)
		ring_first(c.segment_key, first, writer);
	for (u32 i = 0; i < n && !err; i++) {
		if (i && at[i] != at[i - 1] + 1)
			return bad(&c, at[i - 1] + 1, "it is missing");
		err = check_segment(&c, dir, at[i], &tail);
	}
	report->tail = tail;
	ct_wipe(&c, sizeof c);
	return err;
}
