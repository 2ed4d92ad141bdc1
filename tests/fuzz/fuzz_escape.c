/* floor: filter */
#include "filter/escape.h"
#include "json/jscan.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* The first two bytes say where the input is cut and how much room the output has: always one valid JSON string. */
int
LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static u8 whole[1 << 16], small[6 + 255];
	struct buf out = buf_over(whole, sizeof whole), part;
	struct str s = str_of(data + (size < 2 ? size : 2), size < 2 ? 0 : size - 2);
	u32 cut = size < 2 ? 0 : data[0], at = 0;
	struct escape e = { .kept_n = 0 };
	int err;

	if (s.n > sizeof whole / 6 - 1)
		return 0;
	buf_byte(&out, '"');
	do {
		part = buf_over(small, size < 2 ? 6 : 6U + data[1]);
		at += escape_run(&e, str_cut(s, at, at < cut ? cut : s.n), &part);
		err = at < s.n ? ERR_FULL : escape_end(&e, &part);
		buf_put(&out, buf_str(&part));
	} while (err);
	buf_byte(&out, '"');
	ASSERT(!out.over && jscan_check(buf_str(&out), 1, 0, NULL) == 0);
	return 0;
}
