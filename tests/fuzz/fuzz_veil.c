/* floor: filter */
#include "filter/veil.h"
#include "json/jscan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Valid JSON stays valid; in one piece or in two, the same comes out. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static u8 one[1 << 16], two[1 << 16];
	struct buf a = buf_over(one, sizeof one), b = buf_over(two, sizeof two);
	struct veil_names names;
	struct veil v;

	if (size < 1 || size > 4096)
		return 0;
	veil_names_init(&names);
	veil_put(&names, str_of(data + 1, (u32)size - 1), &a);
	veil_init(&v, &names);
	for (u32 at = 1, end = min_u32((u32)size, 1 + data[0]); at < size; at = end, end = (u32)size)
		for (struct str in = str_of(data + at, end - at), part; (part = veil_look(&v, &in)).n;) {
			buf_put(&b, part);
			veil_took(&v, &in, part.n);
		}
	ASSERT(str_same(buf_str(&a), buf_str(&b)));
	if (jscan_check(str_of(data + 1, (u32)size - 1), 64, 0, NULL) == 0)
		ASSERT(jscan_check(buf_str(&a), 64, 0, NULL) == 0);
	return 0;
}
