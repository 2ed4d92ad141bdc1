#include "auth/tags.h"

void
tags_put(struct buf *b, u8 tag, struct str bytes)
{
	if (!bytes.n)
		return;
	ASSERT(bytes.n <= 255);
	buf_byte(b, tag);
	buf_byte(b, (u8)bytes.n);
	buf_put(b, bytes);
}

void
tags_num(struct buf *b, u8 tag, u64 v)
{
	u8 bytes[8];

	for (u32 i = 0; i < 8; i++)
		bytes[i] = (u8)(v >> 8 * i);
	if (v)
		tags_put(b, tag, str_of(bytes, v >> 32 ? 8 : 4));
}

int
tags_next(struct str *rest, u8 *tag, struct str *bytes)
{
	u32 n;

	if (!rest->n)
		return 0;
	if (rest->n < 2)
		return ERR_BAD;
	n = rest->p[1];
	if (!n || rest->n - 2 < n)
		return ERR_BAD;
	*tag = rest->p[0];
	*bytes = str_cut(*rest, 2, 2 + n);
	*rest = str_cut(*rest, 2 + n, rest->n);
	return 1;
}

int
tags_read_num(struct str bytes, u64 *v)
{
	if (bytes.n != 4 && bytes.n != 8)
		return ERR_BAD;
	*v = 0;
	for (u32 i = bytes.n; i-- > 0;)
		*v = *v << 8 | bytes.p[i];
	return 0;
}

int
tags_read_text(struct str bytes, char *to, u8 *n, u32 max)
{
	if (bytes.n > max)
		return ERR_BAD;
	if (bytes.n)
		memcpy(to, bytes.p, bytes.n);
	*n = (u8)bytes.n;
	return 0;
}
