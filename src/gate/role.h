/* role: what a principal may do at an API, as rules, and as one byte for each operation and environment.
 *
 *   config role 'NAME' > rules > (supervisor, once for each generation) > verdicts in the generation's pages
 *
 * A call costs one lookup: api->verdict[(role * environments + environment) * ops + operation]. Only where a rule looks
 * at arguments are the rules themselves asked again. What no rule allows is denied, and deny wins.
 *
 * Built in, unless the configuration has roles of these names: viewer (reads), member and admin (everything; what
 * destroys is confirmed). A principal without a role is a member. */
#ifndef GATE_ROLE_H
#define GATE_ROLE_H

#include "base/arena.h"
#include "gate/rule.h"

#define ROLES_MAX 32
#define ROLE_RULES_MAX 64 /* lines of one kind in one role */

enum role_rules { ROLE_ALLOW, ROLE_DENY, ROLE_CONFIRM, ROLE_APPROVE, ROLE_KINDS };

/* What has to happen before an operation is carried out. */
enum role_level {
	LEVEL_NONE,
	LEVEL_CONFIRM, /* the caller looks at a description and calls again with its handle */
	LEVEL_APPROVE, /* a human says yes */
};

struct role {
	struct str name;
	struct {
		const struct rule *at;
		u32 n;
	} rules[ROLE_KINDS];
	u8 destructive;         /* enum role_level: of what destroys */
	bool approve_in_client; /* a form in the client counts as a human's yes */
};

/* A verdict: the operation's effect, whether it is offered, its level, and what the arguments may change. */
#define VERDICT_EFFECT 3u
#define VERDICT_OFFERED 4u
#define VERDICT_ALLOW_IF 8u  /* only with the right arguments */
#define VERDICT_DENY_IF 16u  /* not with the wrong ones */
#define VERDICT_LEVEL_IF 32u /* a rule with arguments may ask for confirmation or approval */
#define VERDICT_LEVEL(v) ((v) >> 6)
#define VERDICT_ARGUMENTS (VERDICT_ALLOW_IF | VERDICT_DENY_IF | VERDICT_LEVEL_IF)

/* The three built-in roles into at. */
#define ROLE_BUILT_IN 3
void role_built_in(struct role at[ROLE_BUILT_IN]);

/* Place of a role by name ("" is member) in the generation, or ERR_NONE. */
int role_find(const struct gen *gen, struct str name);

/* Makes the verdicts of an api from its catalog, in a. ERR_FULL. The generation's roles must be set. */
int role_compile(const struct gen *gen, struct api *api, const struct catalog *c, struct arena *a);

/* Judges arguments (as they will be sent) where the verdict says that they matter. 0 and the level; ERR_DENY: not these
 * arguments, with a sentence in why. */
int role_arguments(const struct role *role, const struct api *api, u32 environment, const struct catalog *c,
    const struct catalog_op *op, struct jcur args, u8 *level, struct buf *why);

/* Whether any rule of the role or the api looks at an argument of this name, or at something in it. */
bool role_looks(const struct role *role, const struct api *api, struct str argument);

#endif
