/* media: what a content type (RFC 9110 section 8.3) means for a request body, at import and when it is sent. */
#ifndef CATALOG_MEDIA_H
#define CATALOG_MEDIA_H

#include "base/buf.h"

/* A content type without its parameters. */
struct str media_essence(struct str type);

/* Whether a content type is written as JSON text: JSON itself, +json, any type, and YAML, which JSON is a part of. */
bool media_is_json(struct str type);

/* enum catalog_kind of a content type; never CATALOG_KIND_NONE. */
u32 media_kind(struct str type);

#endif
