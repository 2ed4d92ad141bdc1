/* floor: filter */
#include "filter/limit.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* Two bytes of budget, one of piece size, then a body: what is cut and not broken is JSON; whole is whole. */
int
LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static u8 mem[LEASE_CLASSES * 300000], got[1 << 17];
	struct arena a = arena_over(mem, sizeof mem);
	struct buf out = buf_over(got, sizeof got);
	struct str s = str_of(data + (size < 3 ? size : 3), size < 3 ? 0 : size - 3), in, v;
	struct lease lease = { 0 };
	struct limit l;

	for (u32 i = 0; i < LEASE_CLASSES; i++)
		ASSERT(pool_init(&lease.pool[i], &a, i ? 16 : 4096, 1) == 0);
	limit_init(&l, LIMIT_JSON, size < 3 ? 0 : (u64)data[0] << 8 | data[1], LIMIT_UNKNOWN, &lease);
	for (u32 at = 0; !limit_over(&l); at += 1U + (size < 3 ? 0 : data[2])) {
		in = str_cut(s, at, at + 1U + (size < 3 ? 0 : data[2]));
		for (in.n ? (void)0 : limit_end(&l); (v = limit_look(&l, &in)).n; limit_took(&l, &in, v.n))
			buf_put(&out, v);
	}
	ASSERT(lease.pool[0].used == 0 && l.passed <= l.budget + 3 && !out.over);
	ASSERT(l.cut || str_same(buf_str(&out), str_cut(s, 0, out.w)));
	ASSERT(l.broken || !l.cut || jscan_check(buf_str(&out), JSCAN_DEPTH_MAX, 0, NULL) == 0);
	return 0;
}
