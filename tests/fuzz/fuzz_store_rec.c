/* floor: store */
#include "base/crc.h"
#include "store/rec.h"

/* Records and groups from outside; with the first bit set every checksum is put right, to get behind it. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t n);

int
LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	static u8 bytes[2 * STORE_GROUP_N];
	struct hash_key key;
	struct chain c = { .key = &key, .segment = 1, .at = 1536, .merged = n && data[0] & 2, .seq = 1000 };
	struct group g;
	struct rec r;
	u32 used = 0;

	if (n < 1 || n > sizeof bytes)
		return 0;
	hash_key(&key, STR("fuzz"));
	memcpy(bytes, data + 1, --n);
	for (u32 at = 0; data[0] & 1 && at + REC_HEAD_N < n; at += le32(bytes + at + 4) % 4096 + 4)
		if (le32(bytes + at + 4) > 4 && le32(bytes + at + 4) <= n - at)
			put_le32(bytes + at, crc32c(0, str_of(bytes + at + 4, le32(bytes + at + 4) - 4)));
	while (used < n && rec_parse(str_of(bytes + used, n - used), &r) > 0)
		used += r.len;
	ASSERT(used <= n && (!used || r.key.n <= STORE_KEY_MAX));
	ASSERT(group_parse(str_of(bytes, n), &c, &g) <= (int)n);
	return group_later(str_of(bytes, n), 1536, 1, 1536) && !n;
}
