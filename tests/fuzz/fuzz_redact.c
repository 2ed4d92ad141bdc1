/* floor: filter */
#include "filter/redact.h"
#include "json/jscan.h"
#include "lib/naive.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* Kind, piece size, lengths of two values, the values, then what makes a text: redacted as naive_redact does it. */
int
LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static u8 mem[200000], room[3][1 << 17], inside[1 << 16];
	static struct { struct needles set; struct naive naive; } s;
	struct buf text = buf_over(room[0], 1 << 15), want = buf_over(room[1], 1 << 17), got = buf_over(room[2], 1 << 17);
	struct arena a = arena_over(mem, sizeof mem);
	struct str all = str_of(data, size), in, v, value[2];
	struct lease lease = { 0 };
	struct redact r;

	for (u32 i = 0; i < LEASE_CLASSES; i++)
		ASSERT(pool_init(&lease.pool[i], &a, i ? i == 1 ? 16384 : 16 : 4096, 1) == 0);
	needles_init(&s.set);
	for (u32 i = 0, at = 4; i < 2; i++, at += value[i - 1].n)
		if (size < 5 || (value[i] = str_cut(all, at, at + 8 + data[2 + i] % 24)).n < 8 || needles_add(&s.set, value[i]))
			return 0;
	naive_init(&s.naive, value, 2, data[0] & 1);
	naive_text(&text, str_cut(all, 4 + value[0].n + value[1].n, all.n), value, 2);
	redact_init(&r, &s.set, data[0] & 1, data[0] & 2 ? text.w : REDACT_UNKNOWN, &lease);
	for (u32 at = 0, step = 1U + data[1]; at < text.w + step; at += step)
		for (in = str_cut(buf_str(&text), at, at + step), in.n ? (void)0 : redact_end(&r); (v = redact_look(&r, &in)).n;
		     redact_took(&r, &in, v.n))
			buf_put(&got, v);
	ASSERT(r.count == naive_redact(&s.naive, buf_str(&text), inside, &want) && lease.pool[0].used == 0 && !r.err);
	ASSERT(str_same(buf_str(&got), buf_str(&want)));
	if (data[0] & 1 && !memchr(data, '"', 4 + value[0].n + value[1].n) && !jscan_check(buf_str(&text), 64, 0, NULL))
		ASSERT(!jscan_check(buf_str(&got), 64, 0, NULL));
	return 0;
}
