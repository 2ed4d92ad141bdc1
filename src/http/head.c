#include "http/head.h"

#include "http/head_priv.h"
#include "http/url.h"

static const struct str names[METHODS] = {
	[METHOD_OTHER] = { (const u8 *)"OTHER", 5 },
	[METHOD_GET] = { (const u8 *)"GET", 3 },
	[METHOD_HEAD] = { (const u8 *)"HEAD", 4 },
	[METHOD_POST] = { (const u8 *)"POST", 4 },
	[METHOD_PUT] = { (const u8 *)"PUT", 3 },
	[METHOD_PATCH] = { (const u8 *)"PATCH", 5 },
	[METHOD_DELETE] = { (const u8 *)"DELETE", 6 },
	[METHOD_OPTIONS] = { (const u8 *)"OPTIONS", 7 },
	[METHOD_TRACE] = { (const u8 *)"TRACE", 5 },
	[METHOD_QUERY] = { (const u8 *)"QUERY", 5 },
};

enum method
head_method(struct str name)
{
	for (u32 i = METHOD_GET; i < METHODS; i++)
		if (str_same(names[i], name))
			return (enum method)i;
	return METHOD_OTHER;
}

struct str
head_method_name(enum method method)
{
	return names[(u32)method < METHODS ? method : METHOD_OTHER];
}

static int
refuse(struct req *req, u16 status, const char *why)
{
	req->status = status;
	req->why = why;
	return ERR_BAD;
}

/* Printable ASCII without blank, and neither '#' nor backslash: those are read differently by different programs. */
static bool
target_bytes(struct str s)
{
	for (u32 i = 0; i < s.n; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || s.p[i] == '#' || s.p[i] == '\\')
			return false;
	return s.n > 0;
}

static void
split_query(struct req *req, struct str target)
{
	int at = str_find(target, '?', 0);

	req->path = target;
	req->query = STR_NONE;
	if (at >= 0) {
		req->path = str_cut(target, 0, (u32)at);
		req->query = str_cut(target, (u32)at + 1, target.n);
	}
}

static u32
scheme_length(struct str s)
{
	if (str_same_nocase(str_cut(s, 0, 7), STR("http://")))
		return 7;
	return str_same_nocase(str_cut(s, 0, 8), STR("https://")) ? 8 : 0;
}

/* http://authority/path?query. Its authority stands above the Host field (RFC 9112 3.2.2). */
static int
absolute_target(struct req *req)
{
	struct str rest = str_cut(req->target, scheme_length(req->target), req->target.n);
	u32 n = 0;

	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
		n++;
	req->authority = str_cut(rest, 0, n);
	if (n == 0 || str_find(req->authority, '@', 0) >= 0)
		return refuse(req, 400, "authority of an absolute target");
	split_query(req, str_cut(rest, n, rest.n));
	if (req->path.n == 0)
		req->path = STR("/");
	return 0;
}

static int
read_target(struct req *req)
{
	if (!target_bytes(req->target))
		return refuse(req, 400, "bytes of the target");
	if (req->target.p[0] == '/') {
		split_query(req, req->target);
		return 0;
	}
	if (str_is(req->target, "*")) {
		req->path = req->target;
		return req->method == METHOD_OPTIONS ? 0 : refuse(req, 400, "asterisk target");
	}
	if (scheme_length(req->target))
		return absolute_target(req);
	return refuse(req, 400, "form of the target");
}

static int
read_version(struct req *req, struct str v)
{
	bool digits;

	if (v.n == 8 && memcmp(v.p, "HTTP/1.", 7) == 0 && (v.p[7] | 1) == '1') {
		req->minor = (u8)(v.p[7] - '0');
		return 0;
	}
	digits = v.n == 8 && v.p[5] >= '0' && v.p[5] <= '9' && v.p[7] >= '0' && v.p[7] <= '9';
	if (digits && memcmp(v.p, "HTTP/", 5) == 0 && v.p[6] == '.')
		return refuse(req, 505, "version");
	return refuse(req, 400, "version");
}

static int
request_line(struct req *req, struct str line)
{
	int first = str_find(line, ' ', 0);
	int second = first < 0 ? -1 : str_find(line, ' ', (u32)first + 1);

	if (second < 0 || str_find(line, ' ', (u32)second + 1) >= 0)
		return refuse(req, 400, "request line is not three parts");
	req->method_name = str_cut(line, 0, (u32)first);
	req->target = str_cut(line, (u32)first + 1, (u32)second);
	if (req->method_name.n > METHOD_MAX || !field_token(req->method_name))
		return refuse(req, 400, "method");
	if (read_version(req, str_cut(line, (u32)second + 1, line.n)))
		return ERR_BAD;
	if (str_is(req->method_name, "CONNECT"))
		return refuse(req, 501, "CONNECT");
	req->method = (u8)head_method(req->method_name);
	return read_target(req);
}

/* 0, ERR_MORE, or refuses with the status that a line beyond its limit has here. */
static int
take_line(struct req *req, struct str *rest, u32 limit, u16 too_long, struct line *l)
{
	const char *why = NULL;
	int err = line_take(rest, limit, l, &why);

	if (err == ERR_FULL)
		return refuse(req, too_long, "line too long");
	return err == ERR_BAD ? refuse(req, 400, why) : err;
}

static int
take_field(struct req *req, struct line *l)
{
	struct fields *f = &req->fields;
	struct field spare, *one = f->n < f->max ? &f->at[f->n] : &spare;
	const char *why = line_field(l, one);

	if (why)
		return refuse(req, 400, why);
	if (!line_ascii(l, one))
		return refuse(req, 400, "non-ASCII in a field that is ASCII");
	if (one == &spare)
		return refuse(req, 431, "too many fields");
	if (l->marks & MARK_SINGLE && f->first[one->id])
		return refuse(req, 400, "repeated field");
	fields_note(f);
	return 0;
}

static int
take_fields(struct req *req, struct str *rest)
{
	u32 total = 0;

	for (;;) {
		struct line l;
		int err = take_line(req, rest, HEAD_MAX - total, 431, &l);

		if (err)
			return err;
		if (l.s.n == 0)
			return 0;
		total += l.s.n + 2;
		if (total > HEAD_MAX)
			return refuse(req, 431, "fields too long");
		if (take_field(req, &l))
			return ERR_BAD;
	}
}

static int
read_host(struct req *req)
{
	struct str value = field_get(&req->fields, FIELD_HOST), host;
	u32 port;

	if (!value.p)
		return req->minor ? refuse(req, 400, "no Host") : 0;
	if (url_authority(value, &host, &port))
		return refuse(req, 400, "Host");
	if (!req->authority.p)
		req->authority = value;
	return 0;
}

static int
read_length(struct req *req, struct str value)
{
	/* Nineteen digits fit 64 bits; str_u64 refuses signs, blanks and lists. */
	if (value.n > 19 || str_u64(value, &req->body_n))
		return refuse(req, 400, "Content-Length");
	if (req->body_max && req->body_n > req->body_max)
		return refuse(req, 413, "Content-Length above the limit");
	req->framing = FRAMING_LENGTH;
	return 0;
}

static int
read_framing(struct req *req)
{
	struct str coding = field_get(&req->fields, FIELD_TRANSFER_ENCODING);
	struct str length = field_get(&req->fields, FIELD_CONTENT_LENGTH);

	if (!coding.p)
		return length.p ? read_length(req, length) : 0;
	if (length.p)
		return refuse(req, 400, "Content-Length beside Transfer-Encoding");
	if (req->minor == 0)
		return refuse(req, 400, "Transfer-Encoding in HTTP/1.0");
	if (!str_same_nocase(coding, STR("chunked")))
		return refuse(req, field_token(coding) ? 501 : 400, "Transfer-Encoding");
	req->framing = FRAMING_CHUNKED;
	return 0;
}

static int
read_expect(struct req *req)
{
	struct str value = field_get(&req->fields, FIELD_EXPECT);

	if (!value.p)
		return 0;
	if (!str_same_nocase(value, STR("100-continue")))
		return refuse(req, 417, "Expect");
	req->expect_continue = req->minor > 0;
	return 0;
}

static void
read_connection(struct req *req)
{
	req->keep_alive = req->minor > 0;
	if (!req->fields.first[FIELD_CONNECTION])
		return;
	if (req->minor == 0)
		req->keep_alive = field_has(&req->fields, FIELD_CONNECTION, STR("keep-alive"));
	if (field_has(&req->fields, FIELD_CONNECTION, STR("close")))
		req->keep_alive = false;
}

static void
forget(struct req *req)
{
	struct fields mine = req->fields;
	u64 body_max = req->body_max;

	*req = (struct req){ .body_max = body_max, .fields = { .at = mine.at, .max = mine.max } };
}

int
head_parse(struct str in, struct req *req)
{
	struct str rest = in;
	struct line l;
	int err;

	forget(req);
	err = take_line(req, &rest, TARGET_MAX, 414, &l);
	if (!err && l.s.n == 0) { /* one empty line is forgiven (RFC 9112 2.2), no more */
		err = take_line(req, &rest, TARGET_MAX, 414, &l);
		if (!err && l.s.n == 0)
			err = refuse(req, 400, "empty lines before the request");
	}
	if (err)
		return err;
	if (request_line(req, l.s))
		return ERR_BAD;
	err = take_fields(req, &rest);
	if (err)
		return err;
	if (read_host(req) || read_framing(req) || read_expect(req))
		return ERR_BAD;
	read_connection(req);
	return (int)(in.n - rest.n);
}
