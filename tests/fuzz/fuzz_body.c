/* floor: http */
#include "http/body.h"

int LLVMFuzzerTestOneInput(const u8 *p, size_t n);

/* Decoding in place and by views in two arrivals must agree. The first two bytes choose the cut and the limit. */
int
LLVMFuzzerTestOneInput(const u8 *p, size_t n)
{
	static u8 copy[4096];
	u32 payload, sum = 0, used = 0, all = (u32)n - 2, have = n ? min_u32(p[0], all) : 0;
	struct body a, b;
	int got = 0;

	if (n < 2 || all > sizeof copy)
		return 0;
	memcpy(copy, p + 2, all);
	body_init(&a, FRAMING_CHUNKED, 0, p[1]);
	for (b = a; !b.done && got != ERR_BAD && (got != ERR_MORE || have < all);) {
		struct str part;

		have = got == ERR_MORE ? all : have;
		got = body_take(&b, str_of(p + 2 + used, have - used), &part);
		sum += got > 0 ? part.n : 0;
		used += got > 0 ? (u32)got : 0;
	}
	got = body_pack(&a, copy, all, &payload);
	ASSERT(a.done == b.done && a.status == b.status && (a.status || (sum == payload && (u32)got == used)));
	return 0;
}
