/* tool: an operation as the ready JSON that tools/list serves. */
#ifndef CATALOG_TOOL_H
#define CATALOG_TOOL_H

#include "catalog/compile.h"

/* Writes the tool into c->tool and its splice offsets into op. While it is larger than the limit the schema is told
 * shorter, level by level; at the last level it may be four times the limit, then op->why is set. */
void tool_write(struct compile *c, struct operation *op);

/* The largest a tool can become with this limit, for the room of c->tool. */
u32 tool_room(u32 tool_max);

#endif
