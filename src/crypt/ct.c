#include "crypt/ct.h"

bool
ct_same(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;
	u32 differ = 0;

	for (size_t i = 0; i < n; i++) {
		differ |= x[i] ^ y[i];
		__asm__("" : "+r"(differ)); /* no early exit may be invented here */
	}
	return differ == 0;
}

void
ct_wipe(void *p, size_t n)
{
	if (n)
		memset(p, 0, n);
	__asm__ volatile("" : : "r"(p) : "memory"); /* "somebody reads it": the memset must stay */
}
