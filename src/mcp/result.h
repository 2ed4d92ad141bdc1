/* result: what a tools/call answers, streamed: upstream's body becomes the text (or image, audio,
 * blob) of one content block while it flows through, in constant memory. content stands first and
 * isError last, so that an answer that breaks off late still says so. Secrets of the environment
 * are taken out on the way (not out of images and sounds), so are members of JSON whose names say that they are secret,
 * and the answer says how many.
 *
 *   {"jsonrpc":..,"id":..,"result":{"content":[{"type":"text","text":" <body> "} , notes ],"isError":..,...}}
 */
#ifndef MCP_RESULT_H
#define MCP_RESULT_H

#include "filter/b64.h"
#include "filter/escape.h"
#include "filter/limit.h"
#include "filter/project.h"
#include "filter/redact.h"
#include "filter/veil.h"
#include "op/again.h"
#include "serve/reply.h"

struct mcp;

#define RESULT_BLOB_MAX (32 * 1024)   /* bytes of a binary answer given inline */
#define RESULT_MEDIA_MAX (512 * 1024) /* bytes of an image or a sound */

struct result {
	struct pull pull;
	struct mcp *m;
	u8 at, form;
	bool full;    /* no more of the body is wanted */
	bool broke;   /* upstream's answer broke off */
	bool whole;   /* a good answer in JSON: there may be a next page */
	bool skipped; /* the body is not shown at all */
	bool linked;  /* but can be downloaded under handle */
	struct str behind; /* what stands behind a body that is an error */
	struct escape escape;
	struct b64 b64;
	struct redact redact; /* from here on nothing is zeroed: result_start begins them */
	struct veil veil;
	struct limit limit;
	char handle[AGAIN_HANDLE_N + 1];
};

/* Begins the result of m->op, whose head is known. */
void result_start(struct result *r, struct mcp *m);

/* There is no room for more of the body: closes the answer here. */
void result_cut(struct result *r);

/* Gives back what is held, when the result is over or given up. Harmless when never started. */
void result_end(struct result *r);

#endif
