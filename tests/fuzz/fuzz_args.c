/* floor: catalog */
/* The input is the arguments of an operation with most kinds of schemas; what is taken must build a request. */
#include "catalog/args.h"
#include "catalog/params.h"
#include "lib/kinds.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t n);

int
LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	static struct jsmntok tok[2][2048];
	static u8 canon[65536], why[512];
	const struct catalog *c = kinds_catalog();
	struct buf w = buf_over(why, sizeof why);
	struct catalog_op op;
	struct jdoc d;

	if (n > 16384 || json_parse(&d, str_of(data, n), tok[0], 2048) || json_kind(json_root(&d)) != JSON_OBJECT)
		return 0;
	for (u32 i = 0; i < c->op_n; i++) {
		struct args a = { .given = json_root(&d), .canon = buf_over(canon, sizeof canon), .tok = tok[1],
			.tok_max = 2048 };

		catalog_op(c, i, &op);
		if (args_check(c, &op, &a, &w) == 0)
			ASSERT(a.use.err || json_kind(a.use) == JSON_OBJECT);
	}
	return 0;
}
