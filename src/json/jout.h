/* jout: writes JSON into a buf, commas included. The first write that does not fit sets
 * buf->over and nothing more is written: check once at the end. Keys are C strings, NULL in
 * arrays and after jout_key.
 *
 *      struct jout o = jout_into(buf);
 *      jout_open(&o, '{');
 *      jout_c(&o, "state", "ready");
 *      jout_key_open(&o, "tools", '[');  ...  jout_close(&o, ']');
 *      jout_close(&o, '}'); */
#ifndef JSON_JOUT_H
#define JSON_JOUT_H

#include "base/buf.h"

struct jout {
	struct buf *buf;
	bool more; /* a value stands before: comma first */
};

/* A writer at the start of a document, appending to b. */
static inline struct jout
jout_into(struct buf *b)
{
	return (struct jout){ .buf = b };
}

/* Opens an array or object: bracket is '[' or '{'. jout_key_open does so as a member. */
void jout_open(struct jout *o, char bracket);
void jout_key_open(struct jout *o, const char *key, char bracket);

/* Closes it: bracket is ']' or '}'. */
void jout_close(struct jout *o, char bracket);

/* Writes only a key, for keys that are no C strings; the value follows with key NULL. */
void jout_key(struct jout *o, struct str key);

/* Write one value each. Strings are escaped; invalid UTF-8 in them becomes U+FFFD. jout_raw's
 * value is JSON already. */
void jout_str(struct jout *o, const char *key, struct str value);
void jout_c(struct jout *o, const char *key, const char *value);
void jout_num(struct jout *o, const char *key, int64_t value);
void jout_u64(struct jout *o, const char *key, u64 value);
void jout_bool(struct jout *o, const char *key, bool value);
void jout_null(struct jout *o, const char *key);
void jout_raw(struct jout *o, const char *key, struct str value);

/* Appends s as a JSON string with its quotes, for text put together by hand. */
void jout_quoted(struct buf *b, struct str s);

#endif
