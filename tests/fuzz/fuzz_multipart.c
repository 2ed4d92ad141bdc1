/* floor: http */
#include "http/multipart.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t n);

/* The parameters of a type in the first line, then a body: each part lies in it, one behind the other. What is open at
 * its end is watched again, and in two pieces: what the one lets pass, so does the other. */
int
LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	struct str body = str_of(data, n), params = str_next(&body, '\n');
	struct multipart_part p;
	struct multipart m;
	struct multipart_watch w;
	const u8 *at = body.p;

	if (!body.p || multipart_begin(&m, body, params))
		return 0;
	while (multipart_next(&m, &p) > 0) {
		ASSERT(p.name.n && p.name.p >= at && p.data.p >= p.name.p && p.data.p + p.data.n <= body.p + body.n);
		at = p.data.p + p.data.n;
	}
	if (m.open && multipart_watch_begin(&w, &m, &p) == 0) {
		struct multipart_watch two = w;
		int whole = multipart_watch(&w, body), half = multipart_watch(&two, str_cut(body, 0, body.n / 2));

		half = half ? half : multipart_watch(&two, str_cut(body, body.n / 2, body.n));
		ASSERT(whole == half && !w.ended && !two.ended);
	}
	return 0;
}
