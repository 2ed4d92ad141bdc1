#include "gate/audit.h"

#include "base/text.h"
#include "base/utf8.h"
#include "json/jout.h"

void
audit_time(struct audit *a, msec now, u64 wall_ms)
{
	a->at = now;
	a->wall_ms = wall_ms;
}

/* "2026-11-21T08:00:00" changes once a second, the rest is cheap. */
static void
put_time(struct audit *a, struct buf *b, msec now)
{
	u64 ms = a->wall_ms + (u64)(now - a->at);
	u8 room[24];
	struct buf text = buf_over(room, sizeof room);

	if (a->second != ms / 1000) {
		a->second = ms / 1000;
		text_time(&text, (wall)a->second);
		memcpy(a->stamp, room, 19);
	}
	BUF_LIT(b, "{\"time\":\"");
	buf_put(b, str_of(a->stamp, 19));
	buf_byte(b, '.');
	buf_byte(b, (u8)('0' + ms / 100 % 10));
	buf_byte(b, (u8)('0' + ms / 10 % 10));
	buf_byte(b, (u8)('0' + ms % 10));
	BUF_LIT(b, "Z\"");
}

static void
put_hex(struct jout *o, const char *key, u64 v)
{
	if (!v)
		return;
	buf_fmt(o->buf, ",\"%s\":\"", key);
	buf_hex(o->buf, v, 16);
	buf_byte(o->buf, '"');
}

static void
put_text(struct jout *o, const char *key, struct str s)
{
	if (s.n)
		jout_str(o, key, s);
}

static void
put_number(struct jout *o, const char *key, u64 v)
{
	if (v)
		jout_u64(o, key, v);
}

static void
put_line(struct audit *a, struct buf *b, const struct audit_line *l, struct str detail, msec now)
{
	struct jout o = jout_into(b);

	put_time(a, b, now);
	o.more = true;
	jout_c(&o, "what", l->what);
	jout_c(&o, "outcome", l->outcome);
	if (l->who) {
		put_text(&o, "who", principal_name(l->who));
		put_hex(&o, "id", l->who->id);
		put_hex(&o, "user", l->who->user);
		put_hex(&o, "team", l->who->team);
		put_hex(&o, "client", l->who->client);
	}
	put_text(&o, "api", l->api);
	put_text(&o, "environment", l->environment);
	if (l->production)
		jout_bool(&o, "production", true);
	put_text(&o, "operation", l->operation);
	put_hex(&o, "args", l->args);
	put_number(&o, "status", l->status);
	put_number(&o, "bytes", l->bytes);
	put_number(&o, "us", l->us);
	put_text(&o, "approval", l->approval);
	put_text(&o, "detail", detail);
	BUF_LIT(b, "}\n");
}

bool
audit_ready(const struct audit *a)
{
	return !a || a->mode != AUDIT_REQUIRED || (a->ring && ring_well(a->ring));
}

void
audit_line(struct audit *a, const struct audit_line *l, msec now)
{
	struct buf *b = a && a->ring && a->mode != AUDIT_OFF ? ring_room(a->ring, AUDIT_LINE_MAX) : NULL;
	struct buf line;
	u32 n;

	if (!b)
		return;
	line = buf_over(b->p + b->w, AUDIT_LINE_MAX);
	n = line.w;
	put_line(a, &line, l, utf8_prefix(l->detail, AUDIT_DETAIL_MAX), now);
	if (line.over) {
		line = buf_over(line.p, AUDIT_LINE_MAX);
		put_line(a, &line, l, STR_NONE, now);
	}
	ASSERT(!line.over && n == 0);
	b->w += line.w;
	a->lines++;
	ring_line(a->ring, l->matters);
}

/* Lines that found no room are told as soon as there is some. */
static void
tell_lost(struct audit *a, msec now)
{
	u64 lost = a->ring->lost;
	u8 room[64];
	struct buf b = buf_over(room, sizeof room);

	a->ring->lost = 0;
	buf_fmt(&b, "%U lines found no room", lost);
	audit_line(a, &(struct audit_line){ .what = "audit", .outcome = "failed", .detail = buf_str(&b),
	    .matters = true }, now);
	if (a->ring->lost) /* it found none either */
		a->ring->lost = lost;
}

msec
audit_turn(struct audit *a, msec now)
{
	if (!a->ring)
		return MSEC_NEVER;
	if (a->ring->lost)
		tell_lost(a, now);
	return ring_turn(a->ring, now);
}
