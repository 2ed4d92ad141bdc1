#include "base/undo.h"

int
pack_undo(struct str in, struct pack_counts *c, u8 *out, u32 n)
{
	return undo_part(in, c, out, n);
}
