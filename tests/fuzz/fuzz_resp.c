/* floor: http */
#include "http/head.h"

int LLVMFuzzerTestOneInput(const u8 *p, size_t n);

int
LLVMFuzzerTestOneInput(const u8 *p, size_t n)
{
	struct field at[64];
	struct resp resp = { .method = n && p[0] & 1 ? METHOD_HEAD : METHOD_GET, .fields = { .at = at, .max = 64 } };
	struct str in = n ? str_of(p + 1, n - 1) : STR_NONE;
	int used = resp_parse(in, &resp);

	if (used <= 0) {
		ASSERT(used == ERR_MORE || resp.why);
		return 0;
	}
	ASSERT(used <= (int)in.n && resp.status >= 100 && resp.status != 101);
	ASSERT(resp.framing != FRAMING_LENGTH || resp.body_n <= INT64_MAX);
	ASSERT(!resp.interim || resp.framing == FRAMING_NONE);
	for (u32 i = 0; i < resp.fields.n; i++)
		ASSERT(field_token(resp.fields.at[i].name) && field_value_ok(resp.fields.at[i].value));
	return 0;
}
