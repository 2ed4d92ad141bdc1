/* order: sorts numbers (indexes of things) in place, without memory of its own and without recursion: n log n whatever
 * the order was, because documents come from outside. Not stable: give a comparison that never says equal. */
#ifndef CATALOG_ORDER_H
#define CATALOG_ORDER_H

#include "base/base.h"

/* Sorts item[0 .. n - 1]. less(ctx, a, b) says whether a stands before b. */
void order_sort(u32 *item, u32 n, bool (*less)(const void *ctx, u32 a, u32 b), const void *ctx);

#endif
