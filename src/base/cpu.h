/* cpu: what this x86 processor can do beyond what every build may use. The word is filled in once, before main: asking
 * the processor is an instruction that a hypervisor may answer in its own time. libgcc's own word of this kind knows
 * all models there are, and is 5 KB. */
#ifndef BASE_CPU_H
#define BASE_CPU_H

#include "base/base.h"

enum {
	CPU_SSSE3 = 1,  /* and POPCNT */
	CPU_AVX512 = 2, /* F, BW and VL, and the system keeps their registers */
	CPU_VBMI2 = 4,  /* AVX512_VBMI, AVX512_VBMI2 and BMI2 besides */
};

/* Bits of the enum. */
extern u32 cpu_found;

#endif
