#include "auth/handle.h"

#include "base/base64.h"
#include "crypt/ct.h"
#include "crypt/hash.h"

#define MAC_N 16

static void
mac_of(const u8 *key, const char *purpose, struct str bind, struct str payload, u8 out[HASH_N])
{
	struct hash_key k;
	struct hash_mac m;

	hash_key(&k, str_of(key, HANDLE_KEY_N));
	hash_mac_begin(&m, &k);
	hash_mac_add(&m, str_of(purpose, strlen(purpose) + 1));
	hash_mac_add(&m, bind);
	hash_mac_add(&m, str_of("", 1));
	hash_mac_add(&m, payload);
	hash_mac_out(&m, out);
	ct_wipe(&k, sizeof k);
	ct_wipe(&m, sizeof m);
}

void
handle_make(struct buf *out, const u8 key[HANDLE_KEY_N], const char *purpose, struct str bind, struct str payload)
{
	u8 whole[HANDLE_PAYLOAD_MAX + MAC_N], mac[HASH_N];

	ASSERT(payload.n <= HANDLE_PAYLOAD_MAX);
	mac_of(key, purpose, bind, payload, mac);
	memcpy(whole, payload.p, payload.n);
	memcpy(whole + payload.n, mac, MAC_N);
	base64_put_url(out, str_of(whole, payload.n + MAC_N));
}

int
handle_open(const u8 key[HANDLE_KEY_N], const char *purpose, struct str bind, struct str text,
    u8 payload[HANDLE_PAYLOAD_MAX])
{
	u8 whole[HANDLE_PAYLOAD_MAX + MAC_N], mac[HASH_N];
	int n = base64_read_url(text, whole, sizeof whole);

	if (n < MAC_N)
		return ERR_BAD;
	n -= MAC_N;
	mac_of(key, purpose, bind, str_of(whole, (u32)n), mac);
	if (!ct_same(mac, whole + n, MAC_N))
		return ERR_BAD;
	memcpy(payload, whole, (size_t)n);
	return n;
}
