/* floor: filter */
#include "filter/project.h"
#include "json/jscan.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* A line of paths, then a body, all at once and in pieces: the same comes out, and of JSON comes JSON. */
int
LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static u8 got[2][1 << 17];
	struct str all = str_of(data, size), paths = str_next(&all, '\n'), in, v;
	struct buf out[2] = { buf_over(got[0], sizeof got[0]), buf_over(got[1], sizeof got[1]) };
	struct project p;

	for (u32 i = 0; i < 2; i++) {
		project_init(&p);
		if (project_want(&p, paths) || project_list(&p, STR("data"), 1) || project_keep(&p, 0, STR("next")))
			return 0;
		for (u32 at = 0, end = 0; end < all.n; at = (u32)(in.p - all.p)) {
			end = i ? end + 3 : all.n;
			in = str_cut(all, at, end);
			for (; (v = project_look(&p, &in)).n; project_took(&p, &in, v.n))
				buf_put(&out[i], i ? v = str_cut(v, 0, 1), v : v);
		}
	}
	ASSERT(all.n > 100000 || str_same(buf_str(&out[0]), buf_str(&out[1])));
	ASSERT(!all.n || jscan_check(all, 64, 0, NULL) || jscan_check(buf_str(&out[0]), 64, 0, NULL) == 0);
	return 0;
}
