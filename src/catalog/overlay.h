/* overlay: small changes to a document before it is compiled, so that they survive its next version.
 * OpenAPI Overlay 1.0 (https://spec.openapis.org/overlay/v1.0.0), as JSON:
 *
 *      { "overlay": "1.0.0", "actions": [
 *          { "target": "$.paths['/pets'].get", "update": { "x-gate": { "name": "list_pets" } } },
 *          { "target": "$.paths['/debug']", "remove": true } ] }
 *
 * A target is a JSONPath of names, *, [0], ['a b'] and [?(@.name=='x')]; or, ours, an operationId or a
 * "METHOD /path", either with * for any text. All targets are looked for in the document as it came.
 * What we read of an operation is its member x-gate (overlay_operation):
 *
 *      name hide title description effect   what is offered, and as what
 *      pin default                          values by argument: always sent, and not offered; when none is given
 *      error                                before a failed answer: "API error (HTTP {status}): {body}"
 *      wrong                                by argument, when it is missing or wrong: "{name} is required"
 *      next                                 how the next page is asked for, see mcp/paging.h */
#ifndef CATALOG_OVERLAY_H
#define CATALOG_OVERLAY_H

#include "catalog/compile.h"

#define OVERLAY_TEXT_MAX (1024 * 1024) /* bytes of an overlay */
#define OVERLAY_EXTRA_MAX 1500         /* bytes of what stays of it for calls, per operation */
#define OVERLAY_WORDS_MAX 300          /* bytes of one text of it */

/* Applies an overlay's text to c->doc, which is another document then. Targets that are not there are
 * notes of the report. ERR_BAD with report.why: it is no overlay; ERR_FULL. */
int overlay_apply(struct compile *c, struct str text);

/* The name x-gate gives to an operation, or empty; whether it hides it. */
struct str overlay_name(struct compile *c, struct jcur operation);
bool overlay_hides(struct compile *c, struct jcur operation);

/* What x-gate says of title, description and effect. Before the inputs are read. */
void overlay_operation(struct compile *c, struct operation *op);

/* What it says of arguments, and what stays for calls: op->extra. After they have names. */
void overlay_inputs(struct compile *c, struct operation *op);

#endif
