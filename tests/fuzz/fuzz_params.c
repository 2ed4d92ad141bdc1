/* floor: catalog */
/* The input is the arguments of operations with every place and style; what comes out must be a request, no more. */
#include "catalog/params.h"
#include "http/url.h"
#include "lib/kinds.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t n);

int
LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	static struct jsmntok tok[2048];
	static u8 room[3][16384];
	struct jdoc d;

	if (n > 8192 || json_parse(&d, str_of(data, n), tok, 2048) || json_kind(json_root(&d)) != JSON_OBJECT)
		return 0;
	for (u32 i = 0; i < kinds_catalog()->op_n; i++) {
		struct params p = { .args = json_root(&d), .base = STR("/api") };
		u8 why[512];
		struct buf w = buf_over(why, sizeof why);
		struct catalog_op op;

		p.target = buf_over(room[0], sizeof room[0]);
		p.fields = buf_over(room[1], sizeof room[1]);
		p.body = buf_over(room[2], sizeof room[2]);
		catalog_op(kinds_catalog(), i, &op);
		if (params_build(kinds_catalog(), &op, &p, &w) == 0)
			kinds_judge(buf_str(&p.target), buf_str(&p.fields));
	}
	return 0;
}
