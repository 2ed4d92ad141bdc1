#include "call/retry.h"

/* Two digits at p, or 100. */
static u32
two(const u8 *p)
{
	u32 tens = (u32)p[0] - '0', ones = (u32)p[1] - '0';

	return tens > 9 || ones > 9 ? 100 : tens * 10 + ones;
}

static u32
month_of(const u8 *p)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (u32 m = 0; m < 12; m++)
		if (memcmp(p, names + m * 3, 3) == 0)
			return m + 1;
	return 0;
}

/* Days since 1970 of a date of the Gregorian calendar, counted in years that begin in March. */
static u64
days(u32 year, u32 month, u32 day)
{
	u64 y = month > 2 ? year : year - 1;
	u64 m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

int
retry_date(struct str s, u64 *seconds)
{
	u32 day, month, century, year, hour, minute, second;

	if (s.n != 29 || !str_ends(s, STR(" GMT")) || s.p[3] != ',' || s.p[7] != ' ' || s.p[11] != ' ' ||
	    s.p[16] != ' ' || s.p[19] != ':' || s.p[22] != ':')
		return ERR_BAD;
	day = two(s.p + 5);
	month = month_of(s.p + 8);
	century = two(s.p + 12);
	year = two(s.p + 14);
	hour = two(s.p + 17);
	minute = two(s.p + 20);
	second = two(s.p + 23);
	if (day < 1 || day > 31 || month == 0 || century > 99 || year > 99 || hour > 23 || minute > 59 || second > 60)
		return ERR_BAD;
	year += century * 100;
	if (year < 1970)
		return ERR_BAD;
	*seconds = days(year, month, day) * 86400 + hour * 3600U + minute * 60U + second;
	return 0;
}

u32
retry_after(struct str value, struct str date, u32 most)
{
	u64 then, now;
	u32 digits = 0;

	while (digits < value.n && (u8)(value.p[digits] - '0') <= 9)
		digits++;
	if (digits && digits == value.n)
		return str_u64(value, &then) || then > most ? most : (u32)then;
	if (retry_date(value, &then))
		return 0;
	if (retry_date(date, &now))
		return most;
	return then <= now ? 0 : then - now > most ? most : (u32)(then - now);
}
