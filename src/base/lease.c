#include "base/lease.h"

#include "base/limits.h"

#define LARGE 4 /* index of the first class above 16 KB */

static const struct {
	u32 size, count;
} classes[LEASE_CLASSES] = {
	{ 512, LEASE_512 },
	{ 1024, LEASE_1K },
	{ 4096, LEASE_4K },
	{ 16384, LEASE_16K },
	{ 65536, LEASE_64K },
	{ 262144 + 4096, LEASE_256K }, /* a body of 256 KB and the head before it */
};

int
lease_init(struct lease *l, struct arena *a)
{
	for (u32 i = 0; i < LEASE_CLASSES; i++)
		if (pool_init(&l->pool[i], a, classes[i].size, classes[i].count))
			return ERR_FULL;
	return 0;
}

size_t
lease_bytes(void)
{
	size_t n = 0;

	for (u32 i = 0; i < LEASE_CLASSES; i++)
		n += pool_bytes(classes[i].size, classes[i].count);
	return n;
}

struct buf
lease_take(struct lease *l, u32 n)
{
	for (u32 i = 0; i < LEASE_CLASSES; i++) {
		void *block = classes[i].size >= n ? pool_take_raw(&l->pool[i]) : NULL;

		if (block)
			return buf_over(block, classes[i].size);
	}
	return buf_over(NULL, 0);
}

void
lease_give(struct lease *l, struct buf *b)
{
	if (!b->p)
		return;
	for (u32 i = 0; i < LEASE_CLASSES; i++)
		if (b->cap == classes[i].size) {
			pool_give(&l->pool[i], b->p);
			*b = buf_over(NULL, 0);
			return;
		}
	ASSERT(!"a leased block");
}

u32
lease_room(const struct lease *l)
{
	return lease_room_beside(l, 0);
}

u32
lease_room_beside(const struct lease *l, u32 spare)
{
	u32 large = 0;

	for (u32 i = LARGE; i < LEASE_CLASSES; i++)
		large += l->pool[i].count - l->pool[i].used;
	for (u32 i = LEASE_CLASSES; i-- > 0;)
		if (l->pool[i].used < l->pool[i].count && (i < LARGE || large > spare))
			return classes[i].size;
	return 0;
}

int
lease_grow(struct lease *l, struct buf *b, u32 n)
{
	struct buf larger;

	if (b->p && b->cap - b->w >= n)
		return 0;
	if (b->p && b->cap - buf_len(b) >= n) {
		buf_compact(b);
		return 0;
	}
	if (n > UINT32_MAX - buf_len(b))
		return ERR_FULL;
	larger = lease_take(l, buf_len(b) + n);
	if (!larger.p)
		return ERR_FULL;
	buf_put(&larger, buf_str(b));
	lease_give(l, b);
	*b = larger;
	return 0;
}
