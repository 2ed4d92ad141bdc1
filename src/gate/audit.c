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

/* Members: names are ours, most values are plain names, and a line is written for each call, so no more is escaped than
 * must be. */
static void
put_key(struct buf *b, struct str key)
{
	BUF_LIT(b, ",\"");
	buf_put(b, key);
	BUF_LIT(b, "\":");
}

static void
put_text(struct buf *b, struct str key, struct str s)
{
	struct jout o = jout_into(b);
	u32 i = 0;

	if (!s.n)
		return;
	put_key(b, key);
	while (i < s.n && s.p[i] >= ' ' && s.p[i] < 0x7f && s.p[i] != '"' && s.p[i] != '\\')
		i++;
	if (i < s.n) {
		jout_str(&o, NULL, s);
		return;
	}
	buf_byte(b, '"');
	buf_put(b, s);
	buf_byte(b, '"');
}

static void
put_hex(struct buf *b, struct str key, u64 v)
{
	if (!v)
		return;
	put_key(b, key);
	buf_byte(b, '"');
	buf_hex(b, v, 16);
	buf_byte(b, '"');
}

static void
put_number(struct buf *b, struct str key, u64 v)
{
	if (!v)
		return;
	put_key(b, key);
	buf_u64(b, v);
}

static void
put_line(struct audit *a, struct buf *b, const struct audit_line *l, struct str detail, msec now)
{
	put_time(a, b, now);
	put_text(b, STR("what"), str_c(l->what));
	put_text(b, STR("outcome"), str_c(l->outcome));
	if (l->who) {
		put_text(b, STR("who"), principal_name(l->who));
		put_hex(b, STR("id"), l->who->id);
		put_hex(b, STR("user"), l->who->user);
		put_hex(b, STR("team"), l->who->team);
		put_hex(b, STR("client"), l->who->client);
	}
	put_text(b, STR("api"), l->api);
	put_text(b, STR("environment"), l->environment);
	if (l->production)
		BUF_LIT(b, ",\"production\":true");
	put_text(b, STR("operation"), l->operation);
	put_hex(b, STR("args"), l->args);
	put_number(b, STR("status"), l->status);
	put_number(b, STR("bytes"), l->bytes);
	put_number(b, STR("us"), l->us);
	put_text(b, STR("approval"), l->approval);
	put_text(b, STR("detail"), detail);
	BUF_LIT(b, "}\n");
}

static bool
any_down(const struct audit *a)
{
	u32 down = 0;

	for (u32 i = 0; a->down && i < AUDIT_WORKERS; i++)
		down |= __atomic_load_n(&a->down[i], __ATOMIC_RELAXED);
	return down != 0;
}

bool
audit_ready(const struct audit *a)
{
	return !a || a->mode != AUDIT_REQUIRED || (a->ring && ring_well(a->ring) && !any_down(a));
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
	msec next;

	if (!a->ring)
		return MSEC_NEVER;
	if (a->ring->lost)
		tell_lost(a, now);
	next = ring_turn(a->ring, now);
	if (a->down && a->down[a->index] != a->ring->failing)
		__atomic_store_n(&a->down[a->index], a->ring->failing, __ATOMIC_RELAXED);
	return next;
}
