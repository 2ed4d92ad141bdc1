/* floor: auth */
#include "auth/external.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t n);

/* JWK sets and tokens of another issuer from any text: a set that is taken has keys to rely on, and no token is believed
 * that nobody signed. */
int
LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	static u8 memory[1 << 16];
	static struct jsmntok tok[512];
	struct arena a = arena_over(memory, sizeof memory);
	struct str text = str_of(data, n);
	struct external_keys keys;
	struct external x = { .issuer = STR("https://as.example"), .user = STR("sub"), .keys = &keys, .any_type = true };
	struct external_claims claims;

	if (!external_jwks(text, tok, 512, &a, &keys)) {
		ASSERT(keys.n > 0);
		for (u32 i = 0; i < keys.n; i++)
			ASSERT(verify_key_ok(&keys.key[i].key));
	}
	ASSERT(external_read(&x, text, tok, 512, &a, 1000000000, &claims));
	return 0;
}
