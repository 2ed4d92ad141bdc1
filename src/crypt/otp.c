#include "crypt/otp.h"

#include "crypt/ct.h"

#include <bearssl.h>

u32
otp_code(struct str secret, u64 step)
{
	br_hmac_key_context key;
	br_hmac_context mac;
	u8 counter[8], out[br_sha1_SIZE];
	u32 at, code;

	for (u32 i = 0; i < 8; i++)
		counter[i] = (u8)(step >> (56 - 8 * i));
	br_hmac_key_init(&key, &br_sha1_vtable, secret.p, secret.n);
	br_hmac_init(&mac, &key, 0);
	br_hmac_update(&mac, counter, sizeof counter);
	br_hmac_out(&mac, out);
	at = out[sizeof out - 1] & 15;
	code = ((u32)out[at] << 24 | (u32)out[at + 1] << 16 | (u32)out[at + 2] << 8 | out[at + 3]) & 0x7fffffff;
	ct_wipe(&key, sizeof key);
	ct_wipe(&mac, sizeof mac);
	return code % 1000000;
}

u64
otp_find(struct str secret, u64 at, u32 code)
{
	u64 found = 0;

	for (u64 step = at - 1; step <= at + 1; step++) {
		u32 want = otp_code(secret, step);

		if (ct_same(&want, &code, sizeof want))
			found = step;
	}
	return found;
}

void
otp_base32(struct buf *b, struct str s)
{
	u32 bits = 0, n = 0;

	for (u32 i = 0; i < s.n; i++) {
		bits = bits << 8 | s.p[i];
		for (n += 8; n >= 5; n -= 5)
			buf_byte(b, (u8)"abcdefghijklmnopqrstuvwxyz234567"[bits >> (n - 5) & 31]);
	}
	if (n)
		buf_byte(b, (u8)"abcdefghijklmnopqrstuvwxyz234567"[bits << (5 - n) & 31]);
}
