/* floor: store */
/* A log whose sums and macs are right and whose records are the input's, and the rest of the input behind it. */
#include "store/seg.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t n);

int
LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	static u8 memory[1 << 20], room[STORE_GROUP_N], mac[STORE_MAC_N];
	struct seg s = { .number = 1, .first = 1, .merged = n && data[0] & 1, .seq = n && data[0] & 1 ? 99 : 0 };
	struct arena a = arena_over(memory, sizeof memory);
	struct buf b = { room, sizeof room, SEG_DATA, SEG_DATA, false }, out = buf_over(room, 9999);
	struct store_conf conf = { .dir = "/dev/shm/fuzz_store", .mac_key = mac, .keys_max = 8, .wall = 1000 };
	struct store_op list = { .verb = STORE_LIST, .out = &out }, put = { .verb = STORE_PUT, .ttl_s = 9 };
	struct hash_key key;
	struct store *st;
	int dir = file_make_dir(FILE_HERE, conf.dir, 0700) > 0 ? -1 : file_open_dir(FILE_HERE, conf.dir);
	u32 i = 1, count = 0;

	hash_key(&key, str_of(mac, sizeof mac));
	seg_make(&s, &key, 5, room);
	for (; i + 8 < n && b.w < 9999 && data[i] < 0xf0; i += 4 + data[i + 1] % 5, count++)
		rec_put(&b, &(struct rec){ data[i] % 50, 0, data[i + 3], 1 + data[i + 2] % 2,
		    str_of(data + i + 4, data[i + 1] % 5), str_of(data, data[i + 2] & 2 ? 0 : 1) });
	s.end.seq = n > 3 ? data[3] % 50 : 0;
	group_end(&b, &s.end, count, 6);
	buf_put(&b, str_of(data + (i < n ? i : n), n - (i < n ? i : n)));
	ASSERT(file_replace(dir, "seg-00000001", str_of(room, b.w)) == 0);
	file_close(dir);
	if (store_open(&st, &conf, &a, &out) == 0) {
		out.w = 0;
		put.key = store_do(st, &list) == 0 ? STR("k") : STR("");
		ASSERT(store_do(st, &put) == 0 || put.err == ERR_FULL);
		store_close(st);
	}
	return 0;
}
