/* later_priv: what later.c keeps of a call and fetch.c finds: see later.h. */
#ifndef MCP_LATER_PRIV_H
#define MCP_LATER_PRIV_H

#include "mcp/later.h"

#define LATER_HANDLE_N 32                     /* characters of a handle */
#define LATER_KEY_N (2 + LATER_HANDLE_N)      /* "l:" and the handle */
#define LATER_SUFFIX_N 3                      /* of the key of a part */
#define LATER_PART_N 15000                    /* bytes of an answer in one record */

#define LATER_RECORD_N (LATER_PART_N + 64)    /* the same, sealed */

static_assert(LATER_RECORD_N <= STORE_VAL_MAX, "a part is one record");

enum later_status { LATER_RUNS, LATER_DONE, LATER_LOST };

/* What has become of a call, as it lies in the store, sealed. The program that wrote it reads it, as in op/again.c. */
struct later_note {
	u32 size, parts, total;
	u8 status, kind, effect, tool_n;
	u32 worker, life;
	wall made, late; /* late: by then it has ended */
	u64 principal, user, client, team, api;
	u8 tool[TOOL_NAME_MAX];
};

/* Whether the worker that wrote this is at work still. */
bool later_lives(const struct mcp_shared *sh, const struct later_note *n);

#endif
