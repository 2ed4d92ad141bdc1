#include "gate/tempo.h"

#define BURST_LEAST 5

static const struct {
	char letter;
	const char *word;
	u32 seconds;
} units[] = { { 's', "second", 1 }, { 'm', "minute", 60 }, { 'h', "hour", 3600 }, { 'd', "day", 86400 } };

int
tempo_read(struct str text, struct tempo *r)
{
	struct str rest = text, calls = str_trim(str_next(&rest, '/')), unit = str_next(&rest, ' ');
	struct str word = str_next(&rest, ' ');
	u64 n, burst = 0;

	*r = (struct tempo){ .calls = 0 };
	if (!text.n)
		return 0;
	if (str_u64(calls, &n) || n == 0 || n > 1000000 || unit.n != 1)
		return ERR_BAD;
	if (word.n && (!str_is(word, "burst") || str_u64(str_trim(rest), &burst) || burst == 0 || burst > 1000000))
		return ERR_BAD;
	for (u32 i = 0; i < ARRAY_N(units); i++)
		if (unit.p[0] == (u8)units[i].letter) {
			u32 each = (u32)n / units[i].seconds;

			r->calls = (u32)n;
			r->unit = units[i].letter;
			r->step_us = max_u32(1, (u32)(units[i].seconds * 1000000ULL / n));
			r->burst = burst ? (u32)burst : each > BURST_LEAST ? each : min_u32((u32)n, BURST_LEAST);
			return 0;
		}
	return ERR_BAD;
}

void
tempo_print(struct buf *b, const struct tempo *r)
{
	for (u32 i = 0; i < ARRAY_N(units); i++)
		if (units[i].letter == r->unit)
			buf_fmt(b, "%u call%s per %s", r->calls, r->calls == 1 ? "" : "s", units[i].word);
}
