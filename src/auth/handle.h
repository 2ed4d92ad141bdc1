/* handle: short texts that we give out and that come back: session ids, cursors, continuation
 * handles. Self-contained and authenticated (HMAC-SHA256, 128 bits of it), so any worker can judge
 * them and nothing needs to be stored.
 *
 *      base64url( payload | mac16( key, purpose 0x00 bind 0x00 payload ) )
 *
 * The payload is readable by whoever holds the handle: it is not secret. bind is what the handle is
 * good for (principal, api) without being in it. */
#ifndef AUTH_HANDLE_H
#define AUTH_HANDLE_H

#include "base/buf.h"

#define HANDLE_KEY_N 32
#define HANDLE_PAYLOAD_MAX 64 /* bytes; 108 characters of text */

/* Appends a handle for payload. out->over when there is no room. */
void handle_make(struct buf *out, const u8 key[HANDLE_KEY_N], const char *purpose, struct str bind, struct str payload);

/* Judges a handle: its payload is copied to payload (HANDLE_PAYLOAD_MAX bytes) and its length
 * returned; ERR_BAD when it was not made here for this purpose and bind. Constant time in the
 * comparison. */
int handle_open(const u8 key[HANDLE_KEY_N], const char *purpose, struct str bind, struct str text,
    u8 payload[HANDLE_PAYLOAD_MAX]);

#endif
