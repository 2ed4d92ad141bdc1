/* gate: may you. The one place that decides whether a principal may use an operation in an
 * environment; the tool list and the call ask the same functions, so a list never shows what a call
 * would refuse for good.
 *
 * Order of the questions: DESIGN.md section 4. What is here: the principal's apis, scopes and
 * built-in roles, views that only narrow, environments. Decisions only: nothing waits, nothing is
 * written. */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "auth/principal.h"
#include "gate/api.h"

#define GATE_ANY_ENVIRONMENT UINT32_MAX

/* How an endpoint narrows what it offers: /<api>/mcp/readonly, /<api>/<environment>/mcp. */
struct gate_view {
	bool readonly;
	u32 pinned; /* index of the only environment, or GATE_ANY_ENVIRONMENT */
};

/* Whether the principal may see and use this operation at all, in some environment. */
bool gate_offers(const struct principal *who, const struct api *api, struct gate_view view,
    const struct catalog_op *op);

/* The effects it may use in this view, as a mask of 1 << enum catalog_effect: for judging many
 * operations at once. */
u8 gate_effects(const struct principal *who, const struct api *api, struct gate_view view);

/* Whether the principal may use environment i of the api in this view. */
bool gate_environment_ok(const struct principal *who, const struct api *api, struct gate_view view, u32 i);

/* Number of environments it may choose from; the environment argument is offered from two upward. */
u32 gate_environments(const struct principal *who, const struct api *api, struct gate_view view);

/* The environment of a call: the named one, or without a name the pinned one or the default. Index,
 * or ERR_NONE (no such name), ERR_DENY (not for this principal): then why gets a sentence for the
 * model that names the allowed ones. */
int gate_environment(const struct principal *who, const struct api *api, struct gate_view view, struct str name,
    struct buf *why);

#endif
