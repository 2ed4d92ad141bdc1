#include "http/hout.h"

static const struct {
	u16 status;
	const char *text;
} reasons[] = {
	{ 100, "Continue" },
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 402, "Payment Required" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 425, "Too Early" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
	{ 507, "Insufficient Storage" },
};

struct str
hout_reason(u16 status)
{
	for (u32 i = 0; i < ARRAY_N(reasons); i++)
		if (reasons[i].status == status)
			return str_c(reasons[i].text);
	return STR_NONE;
}

void
hout_status(struct buf *b, u16 status)
{
	if (status == 200) {
		BUF_LIT(b, "HTTP/1.1 200 OK\r\n");
		return;
	}
	ASSERT(status >= 100 && status <= 999);
	BUF_LIT(b, "HTTP/1.1 ");
	buf_u64(b, status);
	buf_byte(b, ' ');
	buf_put(b, hout_reason(status));
	BUF_LIT(b, "\r\n");
}

static bool
target_ok(struct str s)
{
	for (u32 i = 0; i < s.n; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f)
			return false;
	return s.n > 0;
}

void
hout_request(struct buf *b, struct str method, struct str target)
{
	if (!field_token(method) || !target_ok(target)) {
		b->over = true;
		return;
	}
	buf_put(b, method);
	buf_byte(b, ' ');
	buf_put(b, target);
	BUF_LIT(b, " HTTP/1.1\r\n");
}

void
hout_pair(struct buf *b, struct str name, struct str value)
{
	if (!field_token(name) || !field_value_ok(value)) {
		b->over = true;
		return;
	}
	buf_put(b, name);
	BUF_LIT(b, ": ");
	buf_put(b, value);
	BUF_LIT(b, "\r\n");
}

void
hout_field(struct buf *b, const char *name, struct str value)
{
	hout_pair(b, str_c(name), value);
}

void
hout_num(struct buf *b, const char *name, u64 value)
{
	buf_c(b, name);
	BUF_LIT(b, ": ");
	buf_u64(b, value);
	BUF_LIT(b, "\r\n");
}

void
hout_length(struct buf *b, u64 n)
{
	hout_num(b, "Content-Length", n);
}

void
hout_chunked(struct buf *b)
{
	BUF_LIT(b, "Transfer-Encoding: chunked\r\n");
}

void
hout_close(struct buf *b)
{
	BUF_LIT(b, "Connection: close\r\n");
}

void
hout_end(struct buf *b)
{
	BUF_LIT(b, "\r\n");
}

void
hout_json(struct buf *b, u64 n, bool keep)
{
	BUF_LIT(b, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ");
	buf_u64(b, n);
	if (keep)
		BUF_LIT(b, "\r\n\r\n");
	else
		BUF_LIT(b, "\r\nConnection: close\r\n\r\n");
}

void
hout_head(struct buf *b, u16 status, struct str type, u64 n, bool keep)
{
	hout_status(b, status);
	if (type.n)
		hout_field(b, "Content-Type", type);
	hout_length(b, n);
	if (!keep)
		hout_close(b);
	hout_end(b);
}

/* Six hexadecimal digits and CRLF: a chunk is written before its size is known, so the width is fixed. */
u32
hout_chunk_open(struct buf *b)
{
	u32 at = b->w;

	BUF_LIT(b, "000000\r\n");
	return at;
}

void
hout_chunk_close(struct buf *b, u32 at)
{
	struct buf size;
	u32 n;

	if (b->over)
		return;
	ASSERT(b->w >= at + HOUT_CHUNK_N);
	n = b->w - at - HOUT_CHUNK_N;
	if (n == 0) {
		b->w = at;
		return;
	}
	ASSERT(n <= 0xffffff);
	size = buf_over(b->p + at, 6);
	buf_hex(&size, n, 6);
	BUF_LIT(b, "\r\n");
}

void
hout_chunk_last(struct buf *b)
{
	BUF_LIT(b, "0\r\n\r\n");
}
