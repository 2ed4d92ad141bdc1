/* retry: the Retry-After field of an answer, as seconds. */
#ifndef CALL_RETRY_H
#define CALL_RETRY_H

#include "base/str.h"

/* Seconds to wait, at most `most`. A date counts from the answer's own Date field, so a wrong clock on either side does
 * no harm; without one it gives `most`. 0 when the value is missing or makes no sense (negative, in the past). */
u32 retry_after(struct str value, struct str date, u32 most);

/* Reads "Sun, 06 Nov 1994 08:49:37 GMT" as seconds since 1970. 0, or ERR_BAD for anything else. */
int retry_date(struct str text, u64 *seconds);

#endif
