#include "http/body.h"

#include "http/head_priv.h"

enum { AT_DATA, AT_DATA_END, AT_SIZE, AT_TRAILER, AT_END };

static int
refuse(struct body *b, u16 status, const char *why)
{
	b->status = status;
	b->why = why;
	return ERR_BAD;
}

void
body_init(struct body *b, enum framing framing, u64 n, u64 max)
{
	*b = (struct body){ .framing = (u8)framing, .max = max };
	switch (framing) {
	case FRAMING_NONE:
		b->done = true;
		break;
	case FRAMING_LENGTH:
		b->left = n;
		b->done = n == 0;
		break;
	case FRAMING_CHUNKED:
		b->state = AT_SIZE;
		break;
	case FRAMING_CLOSE:
		break;
	}
	if (b->done)
		b->state = AT_END;
}

/* ;token or ;token=token, as often as CHUNK_EXT_MAX bytes hold; no blanks, no quoted strings. */
static bool
extensions_ok(struct str s)
{
	struct str rest = str_cut(s, 1, s.n);

	if (s.n == 0)
		return true;
	if (s.p[0] != ';' || s.n > CHUNK_EXT_MAX)
		return false;
	while (rest.p) {
		struct str value = str_next(&rest, ';');
		struct str name = str_next(&value, '=');

		if (!field_token(name) || (value.p && !field_token(value)))
			return false;
	}
	return true;
}

static int
chunk_size(struct body *b, struct str line)
{
	u32 digits = 0;
	u64 n;

	while (digits < line.n && (u8)(line.p[digits] - '0') <= 9)
		digits++;
	while (digits < line.n && (((line.p[digits] | 0x20) >= 'a' && (line.p[digits] | 0x20) <= 'f') ||
	                           (u8)(line.p[digits] - '0') <= 9))
		digits++;
	if (digits > 8 || str_hex(str_cut(line, 0, digits), &n))
		return refuse(b, 400, "chunk size");
	if (!extensions_ok(str_cut(line, digits, line.n)))
		return refuse(b, 400, "chunk extension");
	if (n == 0) {
		b->state = AT_TRAILER;
		return 0;
	}
	b->chunks++;
	if (n > b->max - b->total)
		return refuse(b, 413, "body above the limit");
	if (b->chunks_max && b->chunks > b->chunks_max)
		return refuse(b, 413, "too many chunks");
	b->total += n;
	b->left = n;
	b->state = AT_DATA;
	return 0;
}

/* 0 with the line taken off *rest, ERR_MORE, or refuses. */
static int
take_line(struct body *b, struct str *rest, u32 limit, u16 too_long, struct line *l)
{
	const char *why = NULL;
	int err = line_take(rest, limit, l, &why);

	if (err == ERR_FULL)
		return refuse(b, too_long, "line too long");
	return err == ERR_BAD ? refuse(b, 400, why) : err;
}

static int
take_size(struct body *b, struct str *rest)
{
	struct line l;
	int err = take_line(b, rest, CHUNK_LINE_MAX, 400, &l);

	return err ? err : chunk_size(b, l.s);
}

static int
take_trailer(struct body *b, struct str *rest)
{
	struct field f;
	struct line l;
	const char *why;
	int err = take_line(b, rest, TRAILER_MAX, 431, &l);

	if (err)
		return err;
	if (l.s.n == 0) {
		b->state = AT_END;
		b->done = true;
		return 0;
	}
	if (b->trailer_n + l.s.n + 2 > TRAILER_MAX)
		return refuse(b, 431, "trailers too long");
	b->trailer_n = (u16)(b->trailer_n + l.s.n + 2);
	why = line_field(&l, &f);
	if (why)
		return refuse(b, 400, why);
	if (l.marks & MARK_NO_TRAILER || !line_ascii(&l, &f))
		return refuse(b, 400, "forbidden trailer");
	return 0;
}

static int
take_data_end(struct body *b, struct str *rest)
{
	if (rest->n == 0)
		return ERR_MORE;
	if (rest->p[0] != '\r' || (rest->n > 1 && rest->p[1] != '\n'))
		return refuse(b, 400, "chunk is not followed by CRLF");
	if (rest->n == 1)
		return ERR_MORE;
	*rest = str_cut(*rest, 2, rest->n);
	b->state = AT_SIZE;
	return 0;
}

static int
take_data(struct body *b, struct str *rest, struct str *part)
{
	u64 n = b->framing == FRAMING_CLOSE || b->left > rest->n ? rest->n : b->left;

	if (b->framing != FRAMING_CHUNKED) {
		if (b->framing == FRAMING_LENGTH ? b->left > b->max - b->total : n > b->max - b->total)
			return refuse(b, 413, "body above the limit");
		b->total += n;
	}
	if (n == 0)
		return ERR_MORE;
	*part = str_of(rest->p, (size_t)n);
	*rest = str_cut(*rest, (u32)n, rest->n);
	if (b->framing == FRAMING_CLOSE)
		return 0;
	b->left -= n;
	if (b->left == 0) {
		b->done = b->framing == FRAMING_LENGTH;
		b->state = b->done ? AT_END : AT_DATA_END;
	}
	return 0;
}

static int
take_one(struct body *b, struct str *rest, struct str *part)
{
	switch (b->state) {
	case AT_DATA: return take_data(b, rest, part);
	case AT_DATA_END: return take_data_end(b, rest);
	case AT_SIZE: return take_size(b, rest);
	case AT_TRAILER: return take_trailer(b, rest);
	}
	return ERR_MORE;
}

int
body_take(struct body *b, struct str in, struct str *part)
{
	struct str rest = in;
	int err = 0;

	*part = (struct str){ in.p, 0 };
	if (b->status)
		return ERR_BAD;
	while (!b->done && part->n == 0 && err == 0)
		err = take_one(b, &rest, part);
	if (err == ERR_BAD)
		return ERR_BAD;
	if (rest.n == in.n && !b->done)
		return ERR_MORE;
	return (int)(in.n - rest.n);
}

int
body_eof(struct body *b)
{
	if (b->framing == FRAMING_CLOSE && !b->status) {
		b->state = AT_END;
		b->done = true;
	}
	return b->done ? 0 : ERR_BAD;
}

int
body_pack(struct body *b, u8 *p, u32 n, u32 *payload_n)
{
	struct str rest = { p, n };

	*payload_n = 0;
	while (!b->done) {
		struct str part;
		int used = body_take(b, rest, &part);

		if (used == ERR_MORE)
			break;
		if (used < 0)
			return used;
		if (part.n)
			memmove(p + *payload_n, part.p, part.n);
		*payload_n += part.n;
		rest = str_cut(rest, (u32)used, rest.n);
	}
	return (int)(n - rest.n);
}
