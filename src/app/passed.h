/* passed: callers' own credentials that the API was asked about a moment ago, by a keyed hash of them: never the
 * credential itself. A fixed table, the oldest gives way. */
#ifndef APP_PASSED_H
#define APP_PASSED_H

#include "base/base.h"
#include "crypt/hash.h"

#define PASSED_PLACES 256
#define PASSED_GOOD_MS 60000
#define PASSED_BAD_MS 5000 /* one that was refused is not asked about again for so long */

struct passed {
	struct {
		u8 hash[HASH_N];
		msec until; /* 0: free */
		bool good;
	} place[PASSED_PLACES];
	u32 asking; /* questions under way */
};

#endif
