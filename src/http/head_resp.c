#include "http/head.h"
#include "http/head_priv.h"

static int
refuse(struct resp *resp, const char *why)
{
	resp->why = why;
	return ERR_BAD;
}

static int
take_line(struct resp *resp, struct str *rest, u32 limit, struct line *l)
{
	const char *why = NULL;
	int err = line_take(rest, limit, l, &why);

	if (err == ERR_FULL)
		return refuse(resp, "head too long");
	return err == ERR_BAD ? refuse(resp, why) : err;
}

/* "HTTP/1.1 200 OK", "HTTP/1.1 200 " and, because servers do that, "HTTP/1.1 200". */
static int
status_line(struct resp *resp, const struct line *l)
{
	struct str s = l->s;
	u64 status;

	if (s.n < 12 || memcmp(s.p, "HTTP/1.", 7) != 0 || (s.p[7] | 1) != '1' || s.p[8] != ' ')
		return refuse(resp, "status line");
	if (str_u64(str_cut(s, 9, 12), &status) || status < 100)
		return refuse(resp, "status");
	if (s.n > 12 && s.p[12] != ' ')
		return refuse(resp, "status line");
	if (l->odd && !field_value_ok(s))
		return refuse(resp, "control in the status line");
	resp->minor = (u8)(s.p[7] - '0');
	resp->status = (u16)status;
	resp->reason = str_cut(s, 13, s.n);
	return 0;
}

static int
take_field(struct resp *resp, struct line *l)
{
	struct fields *f = &resp->fields;
	const char *why;

	if (f->n == f->max)
		return refuse(resp, "too many fields");
	why = line_field(l, &f->at[f->n]);
	if (why)
		return refuse(resp, why);
	if (l->marks & MARK_FRAMING && f->first[f->at[f->n].id])
		return refuse(resp, "repeated field");
	fields_note(f);
	return 0;
}

static int
take_fields(struct resp *resp, struct str *rest, u32 limit)
{
	u32 total = 0;

	for (;;) {
		struct line l;
		int err = take_line(resp, rest, limit - total, &l);

		if (err)
			return err;
		if (l.s.n == 0)
			return 0;
		total += l.s.n + 2;
		if (total > limit)
			return refuse(resp, "head too long");
		if (take_field(resp, &l))
			return ERR_BAD;
	}
}

static bool
bodiless(const struct resp *resp)
{
	return resp->interim || resp->status == 204 || resp->status == 304 || resp->method == METHOD_HEAD;
}

static int
read_framing(struct resp *resp)
{
	struct str coding = field_get(&resp->fields, FIELD_TRANSFER_ENCODING);
	struct str length = field_get(&resp->fields, FIELD_CONTENT_LENGTH);

	if (coding.p && length.p)
		return refuse(resp, "Content-Length beside Transfer-Encoding");
	if (coding.p && resp->minor == 0)
		return refuse(resp, "Transfer-Encoding in HTTP/1.0");
	if (coding.p && !str_same_nocase(coding, STR("chunked")))
		return refuse(resp, "Transfer-Encoding");
	if (length.p && (length.n > 19 || str_u64(length, &resp->body_n) || resp->body_n > INT64_MAX))
		return refuse(resp, "Content-Length");
	if (bodiless(resp)) {
		resp->framing = FRAMING_NONE;
		resp->body_n = 0;
	} else {
		resp->framing = coding.p ? FRAMING_CHUNKED : length.p ? FRAMING_LENGTH : FRAMING_CLOSE;
	}
	return 0;
}

static void
read_connection(struct resp *resp)
{
	resp->keep_alive = resp->minor > 0;
	if (resp->minor == 0)
		resp->keep_alive = field_has(&resp->fields, FIELD_CONNECTION, STR("keep-alive"));
	if (resp->framing == FRAMING_CLOSE || field_has(&resp->fields, FIELD_CONNECTION, STR("close")))
		resp->keep_alive = false;
}

int
resp_parse(struct str in, struct resp *resp)
{
	struct fields mine = resp->fields;
	struct str rest = in;
	struct line l;
	int err;

	*resp = (struct resp){ .method = resp->method, .fields = { .at = mine.at, .max = mine.max } };
	err = take_line(resp, &rest, RESP_HEAD_MAX, &l);
	if (err)
		return err;
	if (status_line(resp, &l))
		return ERR_BAD;
	err = take_fields(resp, &rest, RESP_HEAD_MAX - l.s.n);
	if (err)
		return err;
	resp->interim = resp->status < 200;
	if (resp->status == 101)
		return refuse(resp, "101: nothing was asked to switch");
	if (read_framing(resp))
		return ERR_BAD;
	read_connection(resp);
	return (int)(in.n - rest.n);
}
