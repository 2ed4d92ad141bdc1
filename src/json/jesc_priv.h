/* jesc_priv: the fast part of jesc, one file per family of machines (jesc_x86.c, jesc_arm.c,
 * jesc_any.c); the compiler finds out which one is not empty. All give the same bytes. */
#ifndef JSON_JESC_PRIV_H
#define JSON_JESC_PRIV_H

#include "base/buf.h"

/* What stands behind the backslash: 0 for bytes that stay as they are, 'u' for \u00xx. */
extern const u8 jesc_letter[256];

/* Appends whole blocks of in, escaped, as long as they are easy: there is room for them, nothing
 * in them becomes \u00xx, and (where the machine can tell quickly) their UTF-8 is valid. Returns
 * how many bytes of in that was, often 0; never ends inside a valid character. */
u32 jesc_blocks(struct str in, struct buf *out);

/* The same with the means of every machine: jesc_blocks where there is nothing better. */
u32 jesc_blocks_any(struct str in, struct buf *out);

#if defined(__x86_64__)
/* The two kernels jesc_blocks chooses from, for tests; only where cpu_found has
 * what they need. */
u32 jesc_blocks_ssse3(struct str in, struct buf *out);
u32 jesc_blocks_vbmi2(struct str in, struct buf *out);
#endif

#endif
