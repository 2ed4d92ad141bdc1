#include "base/cpu.h"

#if defined(__x86_64__)

#include <cpuid.h>

#define SSSE3_POPCNT (1u << 9 | 1u << 23)         /* leaf 1, ecx */
#define OSXSAVE (1u << 27)
#define F_BW_VL (1u << 16 | 1u << 30 | 1u << 31)  /* leaf 7, ebx */
#define BMI2 (1u << 8)
#define VBMI_VBMI2 (1u << 1 | 1u << 6)            /* leaf 7, ecx */
#define KEPT 0xe6u /* XCR0: SSE, AVX, masks and both halves of the large registers */

u32 cpu_found;

static inline u32
kept(void)
{
	u32 low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

__attribute__((constructor)) static void
ask(void)
{
	u32 a, b, c, d, wide;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & SSSE3_POPCNT) != SSSE3_POPCNT)
		return;
	cpu_found = CPU_SSSE3;
	wide = c & OSXSAVE && (kept() & KEPT) == KEPT;
	if (!wide || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || (b & F_BW_VL) != F_BW_VL)
		return;
	cpu_found |= CPU_AVX512;
	if (b & BMI2 && (c & VBMI_VBMI2) == VBMI_VBMI2)
		cpu_found |= CPU_VBMI2;
}

#endif
