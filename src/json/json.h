/* json: whole JSON texts as tokens, and a cursor over them. The only folder that knows jsmn,
 * which tokenizes what jscan has found valid; its counts are not trusted, all links are our own.
 * Requests are tokenized by json_request.c, to the same tokens.
 *
 *      struct jdoc d;
 *      if (json_parse(&d, body, tok, RPC_TOKENS_MAX) == 0)
 *              method = json_str(json_get(json_root(&d), "method"), arena);
 *
 * Text and tokens are the caller's and stay unchanged while cursors live. A cursor is a value;
 * after the first miss every later call misses too, so a path is written in one line and checked
 * once. Numbers are kept as written. */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"

enum json_kind {
	JSON_MISSING,
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_STRING,
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
};

/* One value or key; for others only its size counts (carve an array of them). */
struct jsmntok {
	int kind; /* enum json_kind, with JSON_MEMBER for the value of a member */
	int from, end; /* offsets in the text; of strings without the quotes */
	int n;    /* elements or members */
	int next; /* the next element, or the value of the next member; 0: none */
};

struct jdoc {
	struct str text;
	const struct jsmntok *tok;
	int n;
	bool escapes;      /* some string has a backslash: else texts are what they decode to */
	u32 fault_at;      /* after ERR_BAD: offset in the text */
	const char *fault; /* after ERR_BAD: why, a static text; else NULL */
};

struct jcur {
	const struct jdoc *doc;
	int at;
	int err; /* 0, or ERR_NONE (not there), ERR_BAD (not of the kind that has such a thing) */
};

/* Parses a whole text into at most max tokens. 0; ERR_BAD (d->fault_at, d->fault); ERR_FULL when
 * it has more tokens, then d->n says how many. Nesting up to JSON_DEPTH_MAX. Duplicate keys are
 * allowed; json_get finds the first. */
int json_parse(struct jdoc *d, struct str text, struct jsmntok *tok, u32 max);

/* The same for requests: also refuses (ERR_BAD) duplicate keys in any object, U+0000, numbers
 * over 128 characters, and texts over 1 MiB. scratch is used for objects of more than 24 members
 * and left as it was; ERR_FULL if too small. */
int json_parse_request(struct jdoc *d, struct str text, struct jsmntok *tok, u32 max,
                       struct arena *scratch);

/* The cursor at the document's value. */
struct jcur json_root(const struct jdoc *d);

/* A cursor at nothing, whose err is err. */
struct jcur json_none(int err);

/* Kind of the value, JSON_MISSING after a miss. */
enum json_kind json_kind(struct jcur c);

/* Value of the first member with this key (compared after unescaping). O(members). */
struct jcur json_get(struct jcur c, const char *key);
struct jcur json_get_str(struct jcur c, struct str key);

/* The i-th element or member value. O(i). */
struct jcur json_at(struct jcur c, u32 i);

/* First element or member value of c; the one after c, which was reached by json_first,
 * json_next, json_get or json_at. Loop: for (e = json_first(list); !e.err; e = json_next(e)).
 * O(1). */
struct jcur json_first(struct jcur c);
struct jcur json_next(struct jcur c);

/* Number of elements or members; 0 for anything else. */
u32 json_len(struct jcur c);

/* Whether c is the value of a member; only then it has a key. */
bool json_has_key(struct jcur c);

/* Key of the member whose value c is, as written between the quotes (escapes not decoded);
 * STR_NONE if none. */
struct str json_key(struct jcur c);

/* The same decoded, like json_str. */
struct str json_key_str(struct jcur c, struct arena *a);

/* Whether the key equals the text after unescaping. */
bool json_key_is(struct jcur c, const char *text);
bool json_key_same(struct jcur c, struct str text);

/* Exact text of the value, strings with their quotes; STR_NONE after a miss. */
struct str json_raw(struct jcur c);

/* A string's decoded text: a view of the document when there are no escapes, else a copy in a. p
 * is NULL when c is not a string or a has no room; an empty string has p set. a may be NULL when
 * escapes count as a miss. */
struct str json_str(struct jcur c, struct arena *a);

/* Appends a string's decoded text. ERR_BAD when c is not a string (out unchanged); room is told
 * by out->over. */
int json_str_put(struct jcur c, struct buf *out);

/* Whether c is a string that equals the text after unescaping. */
bool json_is(struct jcur c, const char *text);
bool json_same(struct jcur c, struct str text);

/* Reads a whole number written without fraction or exponent, or a boolean. 0; c.err after a
 * miss; ERR_BAD for any other kind or out of range. *value is only written on success. */
int json_u64(struct jcur c, u64 *value);
int json_i64(struct jcur c, int64_t *value);
int json_bool(struct jcur c, bool *value);

/* Looks for two members of the object with the same key (after unescaping): 1 and *second is the
 * later one's value; 0 when all differ or c is no object; ERR_FULL when scratch (left as it was)
 * has no room for 4 bytes a member, which is needed beyond 24 members. O(n log n), whatever the
 * keys are. */
int json_dup_key(struct jcur c, struct arena *scratch, struct jcur *second);

/* The same for all objects at and below c. */
int json_dup_any(struct jcur c, struct arena *scratch, struct jcur *second);

/* JSON Pointer (RFC 6901): "" is c itself, "/a/b~1c/0". A miss when it leads nowhere. */
struct jcur json_pointer(struct jcur c, struct str pointer);

#endif
