/* gate: may you. The one place that decides whether a principal may use an operation in an
 * environment; lists and calls ask the same functions, so a list never shows what a call would
 * refuse for good.
 *
 *      gate_begin (once per request) > gate_offers (lists) | gate_call > gate_arguments > op
 *
 * Order of the questions: DESIGN.md section 4: switches, deny list and role (one byte that was made
 * when the configuration was loaded), scope, environment, arguments, approval. Decisions only:
 * nothing waits, nothing is written.
 *
 * What a token lacks but its user could still grant is listed, and a call answers GATE_STEP_UP with
 * all scopes that it needs. What a key lacks it can never have: that is not listed. */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "gate/role.h"
#include "gate/switches.h"

#define GATE_ANY_ENVIRONMENT UINT32_MAX

/* How an endpoint narrows what it offers: /<api>/mcp/readonly, /<api>/<environment>/mcp. */
struct gate_view {
	bool readonly;
	u32 pinned; /* index of the only environment, or GATE_ANY_ENVIRONMENT */
};

/* Who asks, and where: settled once per request. Lives in the request's job. */
struct gate_ask {
	const struct principal *who;
	const struct api *api;
	const struct role *role;         /* NULL: its role is not known here: nothing is allowed */
	const struct switches *switches; /* NULL: none */
	struct gate_view view;
	u32 role_at;
	u8 effects, could;               /* masks of 1 << enum catalog_effect: by its scopes; by what it could get */
	u8 environments, environments_could; /* masks by place */
};

/* Settles what does not depend on the operation. switches may be NULL. */
void gate_begin(struct gate_ask *g, const struct gen *gen, const struct api *api, struct gate_view view,
    const struct principal *who, const struct switches *switches);

enum gate_answer {
	GATE_OK,
	GATE_HIDDEN,  /* as if there were no such operation: -32602 */
	GATE_REFUSED, /* why says what to do instead: isError */
	GATE_STEP_UP, /* HTTP 403 insufficient_scope: scopes says all that it needs */
};

/* What the gate says about a call. */
struct gate_call {
	u8 answer;       /* enum gate_answer */
	u8 verdict;      /* role.h */
	u8 level;        /* enum role_level, before its arguments are looked at */
	u8 scopes;       /* all scopes it needs */
	u32 environment; /* index */
};

/* Whether the operation is listed, in some environment. */
bool gate_offers(const struct gate_ask *g, const struct catalog_op *op);

/* The highest level the operation has in an environment that may be used: what it has to say about approval. */
u8 gate_level(const struct gate_ask *g, const struct catalog_op *op);

/* Judges a call of the operation in the named environment (p NULL: the pinned one or the default). why gets a sentence
 * with GATE_REFUSED. */
void gate_call(const struct gate_ask *g, const struct catalog_op *op, struct str environment, struct gate_call *out,
    struct buf *why);

/* The same for an environment by its place, without words: whether the call may be made, arguments and approval
 * aside. */
bool gate_admits(const struct gate_ask *g, const struct catalog_op *op, u32 environment, struct gate_call *out);

/* Judges the arguments as they will be sent. 0 and call->level; ERR_DENY with a sentence in why. */
int gate_arguments(const struct gate_ask *g, const struct catalog *c, const struct catalog_op *op, struct jcur args,
    struct gate_call *call, struct buf *why);

/* Whether the principal may use environment i, as far as lists go. */
bool gate_environment_ok(const struct gate_ask *g, u32 i);

/* Number of environments it may choose from; the environment argument is offered from two upward. */
u32 gate_environments(const struct gate_ask *g);

/* The environment of a call: the named one, or without a name the pinned one or the default. Index,
 * or ERR_NONE (no such name), ERR_DENY (not for this principal): then why gets a sentence for the
 * model that names the allowed ones. */
int gate_environment(const struct gate_ask *g, struct str name, struct buf *why);

#endif
