/* floor: http */
#include "http/head.h"
#include "http/url.h"

/* A verdict must hold for every longer input once it is final, and views must lie inside. */
int LLVMFuzzerTestOneInput(const u8 *p, size_t n);

int
LLVMFuzzerTestOneInput(const u8 *p, size_t n)
{
	struct field at[64];
	struct req req = { .fields = { .at = at, .max = 64 } }, cut = req;
	int used = head_parse(str_of(p, n), &req), half;

	half = head_parse(str_of(p, n / 2), &cut);
	ASSERT(half == ERR_MORE || half == used || (half > 0 && half <= (int)(n / 2)));
	ASSERT(used != ERR_BAD || (req.status >= 400 && req.status <= 505));
	if (used <= 0)
		return 0;
	ASSERT((size_t)used <= n && req.path.n && (req.path.p[0] == '/' || req.path.p[0] == '*'));
	for (u32 i = 0; i < req.fields.n; i++) {
		const struct field *f = &req.fields.at[i];

		ASSERT(f->name.p >= p && f->value.p + f->value.n <= p + used);
		ASSERT(field_token(f->name) && field_value_ok(f->value) && field_id(f->name) == f->id);
	}
	url_path_ok(req.path);
	return 0;
}
