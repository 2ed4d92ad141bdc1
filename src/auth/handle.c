#include "auth/handle.h"

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

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void
put_text(struct buf *out, const u8 *p, u32 n)
{
	for (u32 i = 0; i < n; i += 3) {
		u32 left = n - i, v = (u32)p[i] << 16;

		if (left > 1)
			v |= (u32)p[i + 1] << 8;
		if (left > 2)
			v |= p[i + 2];
		for (u32 k = 0; k < (left > 2 ? 4 : left + 1); k++)
			buf_byte(out, (u8)digits[v >> (18 - 6 * k) & 63]);
	}
}

/* Value of one character, or -1. No secrets here: the text is what the peer sent. */
static int
digit(u8 c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Decodes canonical text only: no padding, no stray bits, so that a handle has one spelling. */
static int
take_text(struct str text, u8 *out, u32 room)
{
	u32 v = 0, bits = 0, n = 0;

	for (u32 i = 0; i < text.n; i++) {
		int d = digit(text.p[i]);

		if (d < 0)
			return ERR_BAD;
		v = v << 6 | (u32)d;
		bits += 6;
		if (bits >= 8) {
			if (n == room)
				return ERR_BAD;
			bits -= 8;
			out[n++] = (u8)(v >> bits);
			v &= (1U << bits) - 1;
		}
	}
	return v || bits >= 6 ? ERR_BAD : (int)n;
}

void
handle_make(struct buf *out, const u8 key[HANDLE_KEY_N], const char *purpose, struct str bind, struct str payload)
{
	u8 whole[HANDLE_PAYLOAD_MAX + MAC_N], mac[HASH_N];

	ASSERT(payload.n <= HANDLE_PAYLOAD_MAX);
	mac_of(key, purpose, bind, payload, mac);
	memcpy(whole, payload.p, payload.n);
	memcpy(whole + payload.n, mac, MAC_N);
	put_text(out, whole, payload.n + MAC_N);
}

int
handle_open(const u8 key[HANDLE_KEY_N], const char *purpose, struct str bind, struct str text,
    u8 payload[HANDLE_PAYLOAD_MAX])
{
	u8 whole[HANDLE_PAYLOAD_MAX + MAC_N], mac[HASH_N];
	int n = take_text(text, whole, sizeof whole);

	if (n < MAC_N)
		return ERR_BAD;
	n -= MAC_N;
	mac_of(key, purpose, bind, str_of(whole, (u32)n), mac);
	if (!ct_same(mac, whole + n, MAC_N))
		return ERR_BAD;
	memcpy(payload, whole, (size_t)n);
	return n;
}
