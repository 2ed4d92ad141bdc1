#include "catalog/order.h"

/* Heap sort. Moves item[at] down until both children are smaller. */
static void
sift(u32 *item, u32 at, u32 n, bool (*less)(const void *, u32, u32), const void *ctx)
{
	u32 v = item[at];

	for (;;) {
		u32 child = 2 * at + 1;

		if (child >= n)
			break;
		if (child + 1 < n && less(ctx, item[child], item[child + 1]))
			child++;
		if (!less(ctx, v, item[child]))
			break;
		item[at] = item[child];
		at = child;
	}
	item[at] = v;
}

void
order_sort(u32 *item, u32 n, bool (*less)(const void *ctx, u32 a, u32 b), const void *ctx)
{
	for (u32 i = n / 2; i > 0; i--)
		sift(item, i - 1, n, less, ctx);
	for (u32 end = n; end > 1; end--) {
		u32 v = item[end - 1];

		item[end - 1] = item[0];
		item[0] = v;
		sift(item, 0, end - 1, less, ctx);
	}
}
