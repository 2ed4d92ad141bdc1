#include "filter/limit.h"

#define LONG_STRING 1024 /* a held string longer than this is cut inside rather than dropped */

enum {
	PASS,    /* within budget for sure: nothing to look at */
	WATCH,   /* JSON, far from the end: passed and scanned */
	HOLD,    /* JSON, near the end: held */
	PLAIN,   /* text: passed until the budget is used */
	RELEASE, /* rest is handed out, then comes next */
	DROP,    /* after the cut */
	OVER,    /* after the end */
};

#define HOLD_ROOM (LIMIT_HOLD + JSCAN_DEPTH_MAX + 64)

static_assert(HOLD_ROOM <= 4096, "what is held and what closes it fit one block");
static_assert(LIMIT_HOLD > JSCAN_NUMBER_MAX, "a number at the cut began among the held bytes");

void
limit_init(struct limit *l, enum limit_kind kind, u64 budget, u64 length, struct lease *lease)
{
	l->budget = budget;
	l->seen = l->passed = 0;
	l->looked = 0;
	l->err = 0;
	l->cut = l->broken = false;
	l->where = (struct limit_where){ 0 };
	l->rest = STR_NONE;
	l->lease = lease;
	l->hold = (struct buf){ 0 };
	if (length <= budget) {
		l->state = PASS;
	} else if (kind == LIMIT_TEXT) {
		l->state = PLAIN;
	} else {
		l->state = WATCH;
		l->comma_level = 0;
		memset(l->mark, 0, sizeof l->mark);
		jscan_init(&l->scan, JSCAN_DEPTH_MAX, JSCAN_PATH | JSCAN_SHORT_NUMBERS);
	}
}

void
limit_know(struct limit *l, u64 length)
{
	if (length <= l->budget && (l->state == WATCH || (l->state == PLAIN && !l->broken)))
		l->state = PASS;
}

static u64
hold_from(const struct limit *l)
{
	return l->budget > LIMIT_HOLD ? l->budget - LIMIT_HOLD : 0;
}

static void
give_back(struct limit *l)
{
	if (l->hold.p)
		lease_give(l->lease, &l->hold);
}

/* Hands out rest, of which input bytes came from upstream, before it goes on with next. */
static void
release(struct limit *l, struct str rest, u32 input, u8 next)
{
	l->rest = rest;
	l->passed += input;
	l->next = next;
	l->state = RELEASE;
	if (rest.n)
		return;
	give_back(l);
	l->state = next;
}

static void
release_hold(struct limit *l, u8 next)
{
	release(l, buf_str(&l->hold), buf_len(&l->hold), next);
}

/* --- where to cut ---------------------------------------------------------------------------- */

/* Notes the comma that was just put into hold: it ends whatever stood deeper. */
static void
note_comma(struct limit *l)
{
	u32 level = l->scan.depth;

	l->comma_at = l->hold.w - 1;
	l->comma_level = level;
	if (level > JSCAN_LEVELS)
		return;
	memset(l->mark + level, 0, sizeof l->mark[0] * (JSCAN_LEVELS - level));
	if (!jscan_is_object(&l->scan, level))
		l->mark[level - 1] = (u16)(l->comma_at + 1);
}

static u32
outermost_array(const struct limit *l, bool marked)
{
	for (u32 level = 1; level <= min_u32(l->scan.depth, JSCAN_LEVELS); level++)
		if (!jscan_is_object(&l->scan, level) && (!marked || l->mark[level - 1]))
			return level;
	return 0;
}

/* Ends the text before the comma of level that stands at offset at of hold. */
static u32
cut_before(struct limit *l, u32 at, u32 level)
{
	l->hold.w = at;
	jscan_close(&l->scan, level, &l->hold);
	return at;
}

static void
cut_json(struct limit *l)
{
	struct limit_where *at = &l->where;
	u32 since = l->hold.w - (l->comma_level ? l->comma_at : 0), kept;

	at->top_level = outermost_array(l, false);
	at->top_index = at->top_level ? l->scan.level[at->top_level - 1].index : 0;
	at->level = outermost_array(l, true);
	if (at->level) {
		at->index = l->scan.level[at->level - 1].index;
		kept = cut_before(l, l->mark[at->level - 1] - 1U, at->level);
	} else if (l->comma_level && l->comma_level <= l->scan.depth &&
		   !(jscan_in_string(&l->scan) && since > LONG_STRING)) {
		kept = cut_before(l, l->comma_at, l->comma_level);
	} else {
		kept = l->hold.w - min_u32(jscan_loose(&l->scan), l->hold.w);
		l->hold.w = kept;
		jscan_finish(&l->scan, STR(LIMIT_MARK), &l->hold);
	}
	l->cut = true;
	release(l, buf_str(&l->hold), kept, DROP);
}

/* --- the states ------------------------------------------------------------------------------ */

static void
broken(struct limit *l)
{
	l->broken = true;
	l->looked = 0;
	l->state = PLAIN;
	if (l->hold.p)
		release_hold(l, PLAIN);
}

static struct str
look_watch(struct limit *l, const struct str *in)
{
	u32 n = (u32)(hold_from(l) - l->passed < in->n ? hold_from(l) - l->passed : in->n);

	if (n > l->looked) {
		if (jscan_feed(&l->scan, str_cut(*in, l->looked, n)))
			broken(l);
		else
			l->looked = n;
	}
	return str_cut(*in, 0, n);
}

/* Takes bytes up to and including the next comma. */
static void
hold_part(struct limit *l, struct str *in, u32 most)
{
	int comma = str_find(str_cut(*in, 0, most), ',', 0);
	struct str part = str_cut(*in, 0, comma < 0 ? most : (u32)comma + 1);

	buf_put(&l->hold, part);
	l->seen += part.n;
	*in = str_cut(*in, part.n, in->n);
	if (jscan_feed(&l->scan, part))
		broken(l);
	else if (comma >= 0 && jscan_after_comma(&l->scan))
		note_comma(l);
}

static bool
is_space(u8 c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void
look_hold(struct limit *l, struct str *in)
{
	while (l->state == HOLD && in->n) {
		u32 most = min_u32((u32)(l->budget - hold_from(l)) - l->hold.w, in->n);

		if (most) {
			hold_part(l, in, most);
		} else if (jscan_whole(&l->scan) && is_space(in->p[0])) {
			l->seen++; /* a line end behind the text is no reason to cut */
			*in = str_cut(*in, 1, in->n);
		} else {
			cut_json(l);
		}
	}
}

static void
hold_begin(struct limit *l)
{
	l->hold = lease_take(l->lease, HOLD_ROOM);
	if (l->hold.p)
		l->state = HOLD;
	else
		l->err = ERR_FULL;
}

/* Text: to the budget, and on to the end of a character that began before it. */
static struct str
look_plain(struct limit *l, const struct str *in)
{
	u64 left = l->budget - l->passed;

	if (l->passed < l->budget)
		return str_cut(*in, 0, left < in->n ? (u32)left : in->n);
	if (in->n == 0)
		return STR_NONE;
	if ((in->p[0] & 0xc0) == 0x80 && l->passed < l->budget + 3)
		return str_cut(*in, 0, 1);
	l->cut = true;
	release(l, STR("\n" LIMIT_MARK), 0, DROP);
	return l->rest;
}

struct str
limit_look(struct limit *l, struct str *in)
{
	if (l->state == PASS)
		return *in;
	if (l->err)
		return STR_NONE;
	if (l->state == WATCH) {
		if (l->passed < hold_from(l))
			return look_watch(l, in);
		if (in->n == 0)
			return STR_NONE;
		hold_begin(l);
	}
	if (l->state == HOLD)
		look_hold(l, in);
	if (l->state == PLAIN)
		return look_plain(l, in);
	if (l->state == RELEASE)
		return l->rest;
	if (l->state == DROP || l->state == OVER) {
		l->seen += in->n;
		*in = STR_NONE;
	}
	return STR_NONE;
}

void
limit_took(struct limit *l, struct str *in, u32 n)
{
	if (l->state == RELEASE) {
		ASSERT(n <= l->rest.n);
		l->rest = str_cut(l->rest, n, l->rest.n);
		if (l->rest.n)
			return;
		give_back(l);
		l->state = l->next;
		return;
	}
	ASSERT(n <= in->n);
	*in = str_cut(*in, n, in->n);
	l->seen += n;
	l->passed += n;
	l->looked -= min_u32(n, l->looked);
}

void
limit_end(struct limit *l)
{
	if ((l->state == WATCH || l->state == HOLD) && jscan_end(&l->scan))
		l->broken = true;
	if (l->state == HOLD)
		release_hold(l, OVER);
	else if (l->state == RELEASE && l->next == PLAIN)
		l->next = OVER;
	else if (l->state != RELEASE && l->state != DROP)
		l->state = OVER;
}

bool
limit_over(const struct limit *l)
{
	return l->state == DROP || l->state == OVER;
}

void
limit_path(const struct limit *l, u32 level, struct buf *out)
{
	if (level)
		jscan_path(&l->scan, level, out);
}

void
limit_done(struct limit *l)
{
	give_back(l);
	l->rest = STR_NONE;
	l->state = DROP;
}
