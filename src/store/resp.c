#include "store/resp.h"

#define LINE_MAX_N 512 /* bytes of a line: a number, or an error in words */

int
resp_number(struct str item, int64_t *value)
{
	bool minus = item.n && item.p[0] == '-';
	u64 digits = 0;

	if (str_u64(minus ? str_cut(item, 1, item.n) : item, &digits) < 0 || digits > INT64_MAX)
		return ERR_BAD;
	*value = minus ? -(int64_t)digits : (int64_t)digits;
	return 0;
}

/* The line that begins behind the kind at from, without its end. How many bytes both take. */
static int
line_of(struct str in, struct str *line)
{
	struct str look = str_cut(in, 1, 1 + LINE_MAX_N);
	int end = str_find_str(look, RESP_END);

	if (end < 0)
		return in.n > LINE_MAX_N ? ERR_BAD : ERR_MORE;
	*line = str_cut(look, 0, (u32)end);
	return end + 3;
}

/* A bulk string behind the line that says its length. */
static int
bulk_of(struct str in, u32 from, int64_t n, struct str *item)
{
	if (n == -1)
		return (int)from;
	if (n < 0 || n > INT32_MAX / 2)
		return ERR_BAD;
	if (in.n < from + (u32)n + 2)
		return ERR_MORE;
	if (!str_same(str_cut(in, from + (u32)n, from + (u32)n + 2), RESP_END))
		return ERR_BAD;
	*item = str_of(in.p + from, (u32)n);
	return (int)(from + (u32)n + 2);
}

/* One value that is no array; of an array the line only, its length in *more. */
static int
value_of(struct str in, struct str *item, int64_t *more)
{
	struct str line = STR_NONE;
	int64_t n = 0;
	int used = in.n ? line_of(in, &line) : ERR_MORE;

	*item = STR_NONE;
	if (used < 0)
		return used;
	switch (in.p[0]) {
	case '+':
	case '-':
		*item = line;
		return used;
	case ':':
		*item = line;
		return resp_number(line, &n) ? ERR_BAD : used;
	case '$':
		return resp_number(line, &n) ? ERR_BAD : bulk_of(in, (u32)used, n, item);
	case '*':
		return !more || resp_number(line, more) || *more < -1 || *more > RESP_ITEMS ? ERR_BAD : used;
	}
	return ERR_BAD;
}

int
resp_read(struct str in, struct resp *r)
{
	int64_t n = 0;
	int used = value_of(in, &r->item[0], &n);
	u32 at = (u32)used;

	if (used < 0)
		return used;
	r->kind = in.p[0];
	r->n = 1;
	if (r->kind != '*')
		return used;
	r->n = n < 0 ? 0 : (u32)n;
	for (u32 i = 0; i < r->n; i++) {
		used = value_of(str_cut(in, at, in.n), &r->item[i], NULL);
		if (used < 0)
			return used;
		at += (u32)used;
	}
	return (int)at;
}

void
resp_array(struct buf *b, u32 n)
{
	buf_fmt(b, "*%u\r\n", n);
}

void
resp_bulk_head(struct buf *b, u32 n)
{
	buf_fmt(b, "$%u\r\n", n);
}

void
resp_bulk(struct buf *b, struct str item)
{
	resp_bulk_head(b, item.n);
	buf_put(b, item);
	buf_put(b, RESP_END);
}

void
resp_bulk_number(struct buf *b, int64_t value)
{
	u8 room[24];
	struct buf digits = buf_over(room, sizeof room);

	buf_i64(&digits, value);
	resp_bulk(b, buf_str(&digits));
}
