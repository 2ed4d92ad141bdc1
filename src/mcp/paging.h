/* paging: how the next page of a list is asked for, as an overlay says it (x-gate next, option next), and a
 * result's ready arguments for it: a last block {"next":{...}}, which is the arguments of the next call.
 *
 *      page NAME    [size=NAME] [per=N] [first=N] [list=PATH] [total=PATH]   counts pages, from 1 unless first says so
 *      offset NAME  [size=NAME] [per=N] [list=PATH] [total=PATH]             counts elements
 *      cursor NAME  value=PATH                                               hands on what the answer holds
 *      link                                                                  follows the header Link: <...>; rel="next"
 *
 * NAME is an argument, PATH dotted names in the answer ("meta.next"), no list: the answer is the list. There is
 * a next page when total says so, else when a page was full, else, where nobody says how large one is, when
 * it was not empty. */
#ifndef MCP_PAGING_H
#define MCP_PAGING_H

#include "mcp/mcp.h"

/* Sees to it that there is a m->project, where paging may want one later: while there is a request. */
void paging_room(struct mcp *m);

/* Before the body: sees to it that what the recipe needs is kept on its way. */
void paging_begin(struct mcp *m);

/* Behind a whole answer: appends the block, if there is a next page. */
void paging_put(struct mcp *m, struct buf *out);

#endif
