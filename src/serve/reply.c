#include "serve/reply.h"

#include "http/hout.h"
#include "serve/conn.h"
#include "serve/reply_priv.h"

#define FIELD_LINE_MAX 4096 /* bytes of one header line an app adds */

static void
start(struct exchange *x, u16 status, const char *type, enum reply_kind kind)
{
	x->reply.status = status;
	x->reply.type = type;
	x->reply.kind = (u8)kind;
}

enum step
reply_bytes(struct exchange *x, u16 status, const char *type, struct str body)
{
	return reply_views(x, status, type, &body, 1);
}

enum step
reply_views(struct exchange *x, u16 status, const char *type, const struct str *views, u32 n)
{
	ASSERT(n <= REPLY_VIEWS_MAX);
	start(x, status, type, REPLY_VIEWS);
	x->reply.views = (u8)n;
	for (u32 i = 0; i < n; i++)
		x->reply.view[i] = views[i];
	return STEP_DONE;
}

enum step
reply_pull(struct exchange *x, u16 status, const char *type, struct pull *p)
{
	start(x, status, type, REPLY_PULL);
	x->reply.pull = p;
	return STEP_DONE;
}

struct ready *
reply_stream(struct exchange *x, const char *type, struct pull *p)
{
	struct serve *s = x->conn->serve;

	if (s->draining || s->streams >= s->streams_max)
		return NULL;
	s->streams++;
	start(x, 200, type, REPLY_STREAM);
	x->reply.pull = p;
	x->conn->pull = p;
	return exchange_ready(x);
}

enum step
reply_empty(struct exchange *x, u16 status)
{
	start(x, status, NULL, REPLY_EMPTY);
	return STEP_DONE;
}

/* The text as a JSON string: quotes, backslashes and controls escaped. */
static void
put_json(struct buf *b, struct str s)
{
	for (u32 i = 0; i < s.n; i++) {
		u8 c = s.p[i];

		if (c == '"' || c == '\\')
			buf_byte(b, '\\');
		if (c >= 0x20) {
			buf_byte(b, c);
		} else {
			BUF_LIT(b, "\\u");
			buf_hex(b, c, 4);
		}
	}
}

void
reply_error_text(struct buf *b, u16 status, const char *message)
{
	BUF_LIT(b, "{\"error\":\"");
	put_json(b, message ? str_c(message) : hout_reason(status));
	BUF_LIT(b, "\"}");
}

enum step
reply_error(struct exchange *x, u16 status, const char *message)
{
	u32 room = 64 + (message ? (u32)strlen(message) * 6 : 0);
	struct buf b = arena_buf(exchange_arena(x), room);

	if (!b.p)
		return reply_bytes(x, status, "application/json", STR("{\"error\":\"out of memory: try again\"}"));
	reply_error_text(&b, status, message);
	return reply_bytes(x, status, "application/json", buf_str(&b));
}

/* Lines lie one behind the other: the old ones are copied in front of the new one. */
void
reply_field(struct exchange *x, const char *name, struct str value)
{
	struct str old = x->reply.fields;
	u32 room = old.n + (u32)strlen(name) + value.n + 4;
	struct buf b;

	if (NEVER(!field_value_ok(value) || value.n > FIELD_LINE_MAX))
		return;
	b = arena_buf(exchange_arena(x), room);
	if (!b.p)
		return;
	buf_put(&b, old);
	hout_field(&b, name, value);
	x->reply.fields = buf_str(&b);
}
