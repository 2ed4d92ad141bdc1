/* floor: store */
#include "store/far_priv.h"
#include "store/resp.h"

/* What comes from a store elsewhere: values, and packets of ours. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t n);

int
LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	struct str in = str_of(data, n), key, val;
	int64_t number[ASK_N];
	struct resp r;
	int used = resp_read(in, &r);

	ASSERT(used <= (int)n && (used < 0 || used >= 3));
	for (u32 i = 0; used > 0 && i < r.n; i++)
		ASSERT(!r.item[i].n || (r.item[i].p >= data && r.item[i].p + r.item[i].n <= data + used));
	if (used > 0) /* the same without its last byte is not whole */
		ASSERT(resp_read(str_cut(in, 0, (u32)used - 1), &r) == ERR_MORE);
	if (far_hear(in, number, ASK_N, &key, &val) == 0)
		ASSERT(key.n + val.n < n);
	return 0;
}
