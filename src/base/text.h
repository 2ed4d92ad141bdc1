/* text: small helpers for messages that people read. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"

/* Formats like buf_fmt into n bytes at out, always NUL-ended, for system calls and names. Whether all of it fitted;
 * what did not fit is left out. */
bool text_c(char *out, u32 n, const char *fmt, ...);

/* Edit distance of two words of at most 32 characters, without case; 99 when one is longer. */
u32 text_distance(struct str a, struct str b);

/* The candidate nearest to word within distance 3 (and under half its length), or NULL: for "did you mean". */
const char *text_nearest(struct str word, const char *const *candidates, u32 n);

/* Appends s with control characters as \xNN and cut after max bytes with "...": outside bytes in our messages. */
void text_safe(struct buf *b, struct str s, u32 max);

/* Appends a size as a person writes it: "512 B", "4.0 KB", "1.3 MB". */
void text_size(struct buf *b, u64 bytes);

/* Reads "100", "64k", "2m", "1g" (KB, MB, GB of 1024) or a duration "500ms", "30s", "5m", "12h", "7d" (in ms).
 * 0, or ERR_BAD. */
int text_read_size(struct str s, u64 *bytes);
int text_read_duration(struct str s, u64 *ms);

/* Pattern with '*' for any run of characters, as a whole. */
bool text_glob(struct str pattern, struct str s);

/* Wall time as "2026-11-21T08:00:00Z", 20 characters. */
void text_time(struct buf *b, wall at);

#endif
