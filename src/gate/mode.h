/* mode: whether an api is offered as one tool for each operation, or by code mode: one tool that finds operations and
 * one that runs code which calls them. `mode auto` goes by what tools/list would cost those who see it: above MODE_OPS
 * operations or MODE_TOKENS tokens (estimated as `mcpgated lint` does) code mode is the better. What somebody sees is a
 * matter of his role, so each role has an answer of its own, found when the configuration is loaded.
 *
 * This version has no code mode: what is chosen is told (check, lint, catalog show, the log at start), and tools are
 * served. */
#ifndef GATE_MODE_H
#define GATE_MODE_H

#include "gate/api.h"

/* What of an api's operations is seen, and what that costs in tools/list. */
struct mode {
	u32 operations;
	u64 tokens;
};

/* What helps where a list is too dear. */
#define MODE_NARROW "offer less: `list only 'tag:issues'` or `list deny` of config api, a role with `list allow`, " \
	"`option hide '1'` of config tool, or the view /NAME/mcp/readonly (README, Many operations)"

/* What the role in place `role` of the generation sees of api in any of its environments. After role_compile. */
struct mode mode_of_role(const struct api *api, u32 role, const struct catalog *c);

/* What somebody sees who may do everything. */
struct mode mode_of_all(const struct catalog *c);

/* What `mode auto` offers him: API_MODE_TOOLS or API_MODE_CODE. */
u8 mode_decide(const struct mode *m);

/* Appends both in words: "auto: 1222 operations, about 187721 tokens a list (above 100 operations): code mode would be
 * chosen; this version has none and serves tools". */
void mode_say(const struct mode *m, struct buf *out);

#endif
