/* floor: base */
#include "base/pack.h"

/* Parts that nobody packed: what comes out fills its room or is refused, and nothing outside is touched. The first two
 * bytes are the size of the room, the rest is the part. */
int LLVMFuzzerTestOneInput(const u8 *p, size_t n);
int
LLVMFuzzerTestOneInput(const u8 *p, size_t n)
{
	static struct pack_counts counts;
	static u8 out[65536 + 16];
	u32 room = n < 2 ? 0 : (u32)(p[0] | p[1] << 8);
	int used;

	if (n < 2)
		return 0;
	memset(out + room, 0xa5, 16);
	used = pack_undo(str_of(p + 2, n - 2), &counts, out, room);
	ASSERT(used == ERR_BAD || (used >= PACK_HEAD && (size_t)used <= n - 2));
	for (u32 i = 0; i < 16; i++)
		ASSERT(out[room + i] == 0xa5);
	return 0;
}
