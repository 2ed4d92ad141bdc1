/* gated: the gate's side of a tools/call: our arguments environment, approval and dry_run, what they add to a tool,
 * and what is answered while a call waits for a yes.
 *
 *      list   tool + our properties                     (gated_properties)
 *      call   names > environment > gate > held > answer, or op_start with what held found
 *
 * Where a client opens pages for its user (elicitation, mode url), it is handed the approval page; that it says
 * "accept" counts for nothing: only the stored approval does. */
#ifndef MCP_GATED_H
#define MCP_GATED_H

#include "mcp/mcp.h"
#include "op/held.h"

#define GATED_PROPERTY_N 1600 /* bytes our properties may add to a tool */
/* The names: our own where the operation has no argument of that name, else with gate_ before. */
void gated_names(struct gated *c, const struct catalog *cat, const struct catalog_op *op);

/* Those of them that a call brings along, as one list ("environment,approval,") that lives in c: what the API must not
 * see. Mostly none, and nobody has to look for them. All of them where args are no object, but may be read as one. */
struct str gated_given(struct gated *c, struct jcur args);

/* Appends the properties this principal gets with the tool, "a":{...},"b":{...}; nothing when there are none. */
void gated_properties(const struct mcp *m, const struct catalog_op *op, struct buf *b);

/* Judges the call as far as the gate goes without arguments, and those that are ours (spec->skip): spec->environment
 * and so on. STEP_DONE: go on with op_start; STEP_FAIL: it is answered; WAIT, MORE: call again from the start. */
enum step gated_begin(struct mcp *m, struct rpc *r, const struct gated *c, struct op_spec *spec, msec now);

/* Whether a modern client can ask its user: by a page (mode "url"), or by a form. */
bool gated_can_ask(const struct mcp *m, struct rpc *r, const char *mode);

/* Gives back what waits, at the end of a message. */
void gated_end(struct mcp *m, msec now);

/* list_environments, offered from two environments upward: its name beside those of the catalog, the tool, its
 * answer. */
struct str gated_lister(const struct mcp *m);
void gated_list_tool(const struct mcp *m, struct buf *b);
void gated_list(struct mcp *m);

#endif
