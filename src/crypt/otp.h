/* otp: one-time codes by time (RFC 6238 over RFC 4226): six digits from HMAC-SHA1, a new one every 30 seconds, as every
 * authenticator app makes them; and base32 (RFC 4648), the form their secrets are typed in. */
#ifndef CRYPT_OTP_H
#define CRYPT_OTP_H

#include "base/buf.h"

#define OTP_STEP_S 30
#define OTP_DIGITS 6

/* The code of a secret in a time step (seconds since 1970 / OTP_STEP_S), below 1,000,000. */
u32 otp_code(struct str secret, u64 step);

/* Which of the steps at-1, at, at+1 has the code, in a time that does not tell; 0 when none has. */
u64 otp_find(struct str secret, u64 at, u32 code);

/* Appends s in base32, without padding. */
void otp_base32(struct buf *b, struct str s);

#endif
