/* transcribe: a YAML document as JSON text, so that everything behind it reads one language. Aliases become copies of
 * what they stand for, merge keys ("<<") the members they mean, and every value keeps the place it came from. Numbers
 * stay as written where JSON can say them so. */
#ifndef CATALOG_TRANSCRIBE_H
#define CATALOG_TRANSCRIBE_H

#include "catalog/origin.h"

struct transcript {
	struct str json;      /* in the arena */
	struct origin origin; /* of its values and keys */
	const char *why;      /* after an error: what was expected */
	u32 why_at;           /* where in the YAML text */
};

/* Transcribes the first document of text. 0; ERR_BAD with why; ERR_FULL: the arena is too small, or (why is set) the
 * document is nested too deep or its aliases expand beyond transcribe_max bytes. */
int transcribe(struct transcript *t, struct str yaml, struct arena *a);

/* Bytes that the JSON of n bytes of YAML may have. */
u64 transcribe_max(u64 n);

#endif
