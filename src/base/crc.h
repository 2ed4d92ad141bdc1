/* crc: CRC-32C (Castagnoli, RFC 3720 B.4), for torn records, not for security. */
#ifndef BASE_CRC_H
#define BASE_CRC_H

#include "base/str.h"

/* CRC of s, continuing from an earlier result (0 to begin). */
u32 crc32c(u32 crc, struct str s);

#endif
