/* floor: crypt */
#include "crypt/cert.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t n);

/* Chains, keys and anchors from any text: answered within the arena, and a key that was read can be
 * asked for its match. */
int
LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	static u8 memory[1 << 16];
	struct arena a = arena_over(memory, n % 7 ? sizeof memory : 600);
	struct str text = str_of(data, n);
	struct cert_anchors anchors;
	struct cert_chain chain;
	struct cert_key key;
	u8 pin[CERT_PIN_N];
	const char *why = NULL;

	int c = cert_chain_read(text, &a, &chain, &why), k = cert_key_read(text, &a, &key, &why);
	int t = cert_anchors_read(text, &a, &anchors, &why);

	ASSERT((c == 0 && k == 0 && t == 0) || why);
	if (c == 0 && k == 0)
		cert_match(&chain, &key);
	cert_pin_read(text, pin);
	return 0;
}
