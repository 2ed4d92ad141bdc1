/* floor: auth */
#include "auth/grant.h"

#include "http/form.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t n);

/* A query to /oauth/authorize or a form to /oauth/token: pairs decode within their length; scopes, challenges, codes and
 * refresh tokens are read from whatever comes out. */
int
LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	static u8 room[4096];
	static const u8 key[HANDLE_KEY_N];
	struct str form = str_of(data, n < sizeof room ? n : sizeof room), name, raw;
	u8 family[GRANT_FAMILY_N];
	bool unknown;
	u32 seq;

	while (form_next(&form, &name, &raw)) {
		struct buf b = buf_over(room, raw.n);

		if (form_decode(&b, raw))
			continue;
		ASSERT(!b.over && grant_scopes_read(buf_str(&b), &unknown) <= SCOPE_ALL);
		grant_verifier_ok(buf_str(&b), buf_str(&b));
		ASSERT(grant_code_open(key, buf_str(&b), family) <= 0 && grant_refresh_open(key, buf_str(&b), family, &seq) <= 0);
	}
	return 0;
}
