/* floor: catalog */
/* A catalog file whose checksums are made to fit, so that what lies behind them is reached. */
#include "catalog/build.h"
#include "catalog/search.h"
#include "catalog/show.h"

static u8 file[1 << 18], room[1 << 17], said[1 << 17];

int LLVMFuzzerTestOneInput(const u8 *p, size_t n);

int
LLVMFuzzerTestOneInput(const u8 *p, size_t n)
{
	struct arena a = arena_over(room, sizeof room);
	struct buf out = buf_over(said, sizeof said);
	struct search_hit hit[8];
	struct catalog_op op;
	struct catalog c;

	if (n < HEAD_N || n > sizeof file)
		return 0;
	build_seal(memcpy(file, p, n), (u32)n);
	if (catalog_open(&c, str_of(file, n)) == 0)
		(void)search_find(&c, STR("get a"), &a, hit, 8);
	for (u32 i = 0; !c.why && i < c.op_n; i++)
		for (u32 k = (catalog_op(&c, i, &op), catalog_tool(&c, &op, 0, op.tool_n, &out), 0); k < op.param_n; k++)
			show_arg(&c, &op, k, &out);
	return 0;
}
