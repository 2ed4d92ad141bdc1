/* rule: one line of a role or of an api's deny list, parsed once when the configuration is read.
 *
 *   'DELETE /vlans/{id}'                      methods and a path, '*' for any characters
 *   'read tag:reports'                        effects (read, write, destructive), a tag
 *   'op:delete_*  api:netbox  env:production' names of operations, apis, environments; env:production also means
 *                                             every environment of that kind
 *   'PATCH /vlans/{id} where id in 10,20,100..199 and name in lab-*'
 *
 * Words are narrowed down one by one; '*' alone is everything. Values behind `in` are numbers, ranges, texts, or
 * beginnings that end in '*'; an argument inside another is named "filter.id", and
 * "filter.*" are all in it. Views point into the configuration. */
#ifndef GATE_RULE_H
#define GATE_RULE_H

#include "gate/api.h"
#include "json/json.h"

#define RULE_WHERES 4 /* arguments one rule may look at */

struct rule_where {
	struct str argument, values;
};

struct rule {
	u16 methods; /* masks; 0: any */
	u8 effects;
	u8 wheres;
	struct str path, tag, operation, api, environment; /* patterns; empty: any */
	struct rule_where where[RULE_WHERES];
	struct str text; /* the line */
};

/* Parses a line. 0, or ERR_BAD with what is wrong in *why (static text). */
int rule_read(struct rule *r, struct str text, const char **why);

/* Whether the rule is about this operation in this environment, whatever its arguments. */
bool rule_meets(const struct rule *r, const struct api *api, const struct environment *e, const struct catalog *c,
    const struct catalog_op *op);

/* Whether the arguments are those it speaks of; true without `where`. A missing argument never is. every: of a list
 * all elements must be (what allows); else one is enough (what denies). */
bool rule_holds(const struct rule *r, struct jcur args, bool every);

#endif
