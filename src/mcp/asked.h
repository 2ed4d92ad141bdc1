/* asked: what stands behind one call of a tool beside the operation's own arguments: our arguments
 * (fields, gate_continue), and what is kept to carry a read out once more.
 *
 *      arguments > asked_begin > (record of the store) > arguments to use, m->project > op
 *      answer cut, or a file > asked_handle > "l:..." or "x:f..." in the store */
#ifndef MCP_ASKED_H
#define MCP_ASKED_H

#include "filter/project.h"
#include "mcp/mcp.h"

/* What a continuation needs while it is looked up; in the exchange's arena. */
struct resume {
	struct store_op op;
	struct buf out;
	struct again again;
	struct jdoc doc;
	u8 key[AGAIN_KEY_N], record[AGAIN_RECORD_MAX], plain[AGAIN_RECORD_MAX];
};

/* Takes our arguments out of *args, or puts those of the call that is continued in their place; names
 * what is to be dropped in spec->drop. STEP_DONE go on; STEP_WAIT: call again from the start; STEP_FAIL:
 * why says what is wrong, for the model. */
enum step asked_begin(struct mcp *m, const struct catalog_op *op, struct jcur *args, struct op_spec *spec, msec now,
    struct buf *why);

/* Whether the environment is that of the call which is continued. */
bool asked_environment(const struct mcp *m, u32 environment);

/* Keeps the arguments of a read, before the request is forgotten. */
void asked_keep(struct mcp *m, const struct catalog_op *op, struct jcur args, u32 environment);

/* A handle to carry m's read out again: prefix as for again_keep; path and from for a continuation. Errors as there,
 * or ERR_NONE: it is none that could be. */
int asked_handle(struct mcp *m, const char *prefix, struct str path, u64 from, msec now,
    char handle[AGAIN_HANDLE_N + 1]);

/* A handle that a file can be sent to, for a call that awaits it. Errors as there; ERR_FULL: its arguments are too long
 * to be kept. */
int asked_slot(struct mcp *m, const struct op_spec *spec, msec now, char handle[AGAIN_HANDLE_N + 1]);

/* Gives up what waits, at the end of a message. Harmless when nothing does. */
void asked_end(struct mcp *m);

#endif
