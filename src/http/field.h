/* field: one header field of a request or response head, and the table of those that the program asks for by id.
 *
 *      struct fields   at[0..n) in the order they came; at is the caller's array of max entries
 *                      first[id] = 1 + index of the first field with that id, 0 when there is none: O(1) access
 *
 * Views point into the bytes that were parsed and die with them. Nothing is copied, folded or joined. */
#ifndef HTTP_FIELD_H
#define HTTP_FIELD_H

#include "base/str.h"

enum field_id {
	FIELD_OTHER, /* a name the table does not know */
	FIELD_ACCEPT,
	FIELD_ACCEPT_ENCODING,
	FIELD_APIKEY,
	FIELD_AUTHORIZATION,
	FIELD_CACHE_CONTROL,
	FIELD_CONNECTION,
	FIELD_CONTENT_DISPOSITION,
	FIELD_CONTENT_ENCODING,
	FIELD_CONTENT_LENGTH,
	FIELD_CONTENT_RANGE,
	FIELD_CONTENT_TYPE,
	FIELD_COOKIE,
	FIELD_ETAG,
	FIELD_EXPECT,
	FIELD_FORWARDED,
	FIELD_HOST,
	FIELD_IF_MATCH,
	FIELD_IF_NONE_MATCH,
	FIELD_KEEP_ALIVE,
	FIELD_LAST_EVENT_ID,
	FIELD_LAST_MODIFIED,
	FIELD_LINK,
	FIELD_LOCATION,
	FIELD_MCP_METHOD,
	FIELD_MCP_NAME,
	FIELD_MCP_PROTOCOL_VERSION,
	FIELD_MCP_SESSION_ID,
	FIELD_MCP_OTHER, /* any further name that begins with mcp- */
	FIELD_ORIGIN,
	FIELD_RANGE,
	FIELD_REFERER,
	FIELD_RETRY_AFTER,
	FIELD_SEC_FETCH_SITE,
	FIELD_SET_COOKIE,
	FIELD_TE,
	FIELD_TRAILER,
	FIELD_TRANSFER_ENCODING,
	FIELD_UPGRADE,
	FIELD_USER_AGENT,
	FIELD_WWW_AUTHENTICATE,
	FIELD_X_API_KEY,
	FIELD_X_FORWARDED_FOR,
	FIELD_X_FORWARDED_HOST,
	FIELD_X_FORWARDED_PROTO,
	FIELD_IDS
};

struct field {
	u16 id;
	struct str name, value; /* name as it was spelled; value without blanks around it */
};

struct fields {
	struct field *at; /* the caller's */
	u16 max, n;
	u8 first[FIELD_IDS];
};

/* Value of the first field with that id; p is NULL when there is none (an empty value has p set). */
static inline struct str
field_get(const struct fields *f, enum field_id id)
{
	return f->first[id] ? f->at[f->first[id] - 1].value : STR_NONE;
}

/* The next field with that id at or after *i, or NULL. *i begins at 0 and is moved behind the field found. */
const struct field *field_next(const struct fields *f, enum field_id id, u32 *i);

/* The first field of any name, compared without case, or NULL. */
const struct field *field_find(const struct fields *f, struct str name);

/* Whether some field of that id holds token in its comma-separated list, without case ("close" in Connection). */
bool field_has(const struct fields *f, enum field_id id, struct str token);

/* The id of a name, without case; FIELD_OTHER for unknown ones. */
enum field_id field_id(struct str name);

/* Whether all of s is a non-empty token of RFC 9110 (field names, methods). */
bool field_token(struct str s);

/* Whether s may be sent as a field value: no control but tab, no DEL. CR, LF and NUL make header injection. */
bool field_value_ok(struct str s);

#endif
