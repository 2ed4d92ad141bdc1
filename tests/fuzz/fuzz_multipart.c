/* floor: http */
#include "http/multipart.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t n);

/* The parameters of a type in the first line, then a body: each part lies in it, one behind the other. */
int
LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	struct str body = str_of(data, n), params = str_next(&body, '\n');
	struct multipart_part p;
	struct multipart m;
	const u8 *at = body.p;

	if (!body.p || multipart_begin(&m, body, params))
		return 0;
	while (multipart_next(&m, &p) > 0) {
		ASSERT(p.name.n && p.name.p >= at && p.data.p >= p.name.p && p.data.p + p.data.n <= body.p + body.n);
		at = p.data.p + p.data.n;
	}
	return 0;
}
