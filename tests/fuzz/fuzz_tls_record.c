/* floor: crypt: bytes from a stranger into a server's end, whose answers are taken away */
#include "crypt/tls.h"

#include <stdio.h>

int
LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	static _Alignas(16) u8 mem[TLS_SERVER_N], room[1 << 14], memory[1 << 14], store[400];
	struct arena a = arena_over(memory, sizeof memory);
	FILE *f = fopen("tests/data/tls/both.pem", "rb");
	struct str pem = str_of(room, f ? fread(room, 1, sizeof room, f) : 0);
	struct cert_chain chain;
	struct tls_cache cache;
	struct cert_key key;
	struct rng rng;
	const char *why;

	ASSERT(f && !fclose(f) && !cert_chain_read(pem, &a, &chain, &why));
	ASSERT(!cert_key_read(pem, &a, &key, &why));
	tls_cache_init(&cache, store, sizeof store);
	rng_init(&rng, STR("the same seed for every input, 32 bytes"));
	struct tls *t = tls_accept(mem, &(struct tls_server){ &chain, &key, &cache }, &rng);
	for (size_t at = 0, k = 1; at < n && k; at += k) {
		k = tls_feed(t, str_of(data + at, n - at < 100 ? n - at : 100));
		tls_write(t, NULL, 0, &(struct buf){ .p = room, .cap = sizeof room });
		tls_eat(t, tls_plain(t).n);
	}
	return 0;
}
