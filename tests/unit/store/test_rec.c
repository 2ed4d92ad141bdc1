/* rec: what is written is read back; whatever is cut, flipped, moved or left out is not. */
#include "scratch.h"

#include "base/crc.h"
#include "lib/guard.h"
#include "store/rec.h"

static struct hash_key mac_key;

static int
setup(void **state)
{
	hash_key(&mac_key, str_of(scratch_key, STORE_MAC_N));
	return 0;
}

static struct chain
chain_at(u32 segment, u32 at)
{
	return (struct chain){ .key = &mac_key, .segment = segment, .at = at, .seq = 10 };
}

static void
two_records(struct buf *b, u64 first)
{
	rec_put(b, &(struct rec){ first, 0, 1900000000, REC_PUT, STR("k:one"), STR("value of one") });
	rec_put(b, &(struct rec){ first + 1, 0, 0, REC_DROP, STR("k:two"), STR_NONE });
}

static void
test_record(void **state)
{
	u8 room[128];
	struct buf b = buf_over(room, sizeof room);
	struct rec r;
	struct str all;

	two_records(&b, 7);
	all = guard_bytes(buf_str(&b));
	assert_int_equal(rec_parse(all, &r), REC_HEAD_N + 5 + 12);
	assert_true(r.seq == 7 && r.dies == 1900000000 && r.kind == REC_PUT);
	assert_true(str_is(r.key, "k:one") && str_is(r.val, "value of one"));
	assert_int_equal(rec_parse(str_cut(all, r.len, all.n), &r), REC_HEAD_N + 5);
	assert_true(r.seq == 8 && r.kind == REC_DROP && str_is(r.key, "k:two"));
	guard_free(NULL);
}

static void
test_record_cut_and_flipped(void **state)
{
	u8 room[128];
	struct buf b = buf_over(room, sizeof room);
	struct rec r;

	rec_put(&b, &(struct rec){ 7, 0, 5, REC_PUT, STR("key"), STR("val") });
	for (u32 n = 0; n < b.w; n++)
		assert_int_equal(rec_parse(guard_bytes(str_of(room, n)), &r), ERR_MORE);
	for (u32 bit = 0; bit < 8 * b.w; bit++) {
		room[bit / 8] ^= (u8)(1 << bit % 8);
		assert_true(rec_parse(str_of(room, b.w), &r) < 0);
		room[bit / 8] ^= (u8)(1 << bit % 8);
	}
	guard_free(NULL);
}

/* A right checksum does not make a wrong record right. */
static void
test_record_shapes(void **state)
{
	u8 big[STORE_VAL_MAX + 400];
	struct buf b = buf_over(big, sizeof big);
	struct rec r;

	memset(big, 'x', sizeof big);
	rec_put(&b, &(struct rec){ 7, 0, 0, REC_DROP, STR("key"), STR("a drop has no value") });
	assert_int_equal(rec_parse(buf_str(&b), &r), ERR_BAD);
	b.w = 0;
	rec_put(&b, &(struct rec){ 7, 0, 0, REC_PUT, STR_NONE, STR("no key") });
	assert_int_equal(rec_parse(buf_str(&b), &r), ERR_BAD);
	b.w = 0;
	rec_put(&b, &(struct rec){ 7, 0, 0, 4, STR("key"), STR("no kind") });
	assert_int_equal(rec_parse(buf_str(&b), &r), ERR_BAD);
	b.w = 0;
	rec_put(&b, &(struct rec){ 7, 0, 0, REC_END, STR_NONE, STR("no end") });
	assert_int_equal(rec_parse(buf_str(&b), &r), ERR_BAD);
	memset(big, 0, REC_HEAD_N);
	put_le32(big + 4, REC_HEAD_N + STORE_KEY_MAX + 1);
	big[20] = REC_PUT;
	big[21] = STORE_KEY_MAX + 1;
	put_le32(big, crc32c(0, str_of(big + 4, REC_HEAD_N + STORE_KEY_MAX + 1 - 4)));
	assert_int_equal(rec_parse(str_of(big, sizeof big), &r), ERR_BAD);
	memset(big, 0, sizeof big);
	assert_int_equal(rec_parse(str_of(big, 1000), &r), ERR_BAD);
}

/* Two groups in out: their lengths. */
static void
two_groups(struct buf *b, u32 n[2])
{
	struct chain c = chain_at(3, 1536);

	two_records(b, 11);
	c.seq = 12;
	group_end(b, &c, 2, 1800000000);
	n[0] = b->w;
	b->r = b->w; /* a group begins where the writer begins */
	two_records(b, 20);
	c.seq = 21;
	group_end(b, &c, 2, 1800000001);
	n[1] = b->w - n[0];
	b->r = 0;
}

static void
test_groups(void **state)
{
	u8 room[600];
	struct buf b = buf_over(room, sizeof room);
	struct chain c = chain_at(3, 1536);
	struct group g;
	u32 n[2];
	struct str all;

	two_groups(&b, n);
	all = guard_bytes(buf_str(&b));
	assert_int_equal(group_parse(all, &c, &g), n[0]);
	assert_true(c.seq == 12 && c.at == 1536 + n[0] && g.count == 2 && g.wall == 1800000000);
	assert_int_equal(group_parse(str_cut(all, n[0], all.n), &c, &g), n[1]);
	assert_true(c.seq == 21 && g.wall == 1800000001);
	guard_free(NULL);
}

static void
test_groups_damaged(void **state)
{
	u8 room[600];
	struct buf b = buf_over(room, sizeof room);
	struct chain c = chain_at(3, 1536);
	struct group g;
	u32 n[2];

	two_groups(&b, n);
	for (u32 k = 0; k < n[0]; k++)
		assert_int_equal(group_parse(guard_bytes(str_of(room, k)), &c, &g), ERR_MORE);
	for (u32 bit = 0; bit < 8 * n[0]; bit++) {
		room[bit / 8] ^= (u8)(1 << bit % 8);
		assert_true(group_parse(buf_str(&b), &c, &g) < 0);
		room[bit / 8] ^= (u8)(1 << bit % 8);
	}
	/* The second one in the place of the first; the first twice; in another segment; at another offset. */
	assert_int_equal(group_parse(str_of(room + n[0], n[1]), &c, &g), ERR_BAD);
	assert_int_equal(group_parse(buf_str(&b), &c, &g), n[0]);
	assert_int_equal(group_parse(buf_str(&b), &c, &g), ERR_BAD);
	c = chain_at(4, 1536);
	assert_int_equal(group_parse(buf_str(&b), &c, &g), ERR_BAD);
	c = chain_at(3, 1537);
	assert_int_equal(group_parse(buf_str(&b), &c, &g), ERR_BAD);
	c = chain_at(3, 1536);
	c.mac[0] = 1;
	assert_int_equal(group_parse(buf_str(&b), &c, &g), ERR_BAD);
	c = chain_at(3, 1536);
	c.seq = 11; /* these sequences are used */
	assert_int_equal(group_parse(buf_str(&b), &c, &g), ERR_BAD);
	guard_free(NULL);
}

static void
test_merged_groups(void **state)
{
	u8 room[600];
	struct buf b = buf_over(room, sizeof room);
	struct chain c = chain_at(3, 1536), low = c;
	struct group g;

	c.merged = low.merged = true;
	c.seq = 40;
	low.seq = 20;
	two_records(&b, 30);
	two_records(&b, 5); /* in any order */
	group_end(&b, &c, 4, 1);
	c = chain_at(3, 1536);
	c.merged = true;
	c.seq = 40;
	assert_int_equal(group_parse(buf_str(&b), &c, &g), b.w);
	assert_true(c.seq == 40 && g.count == 4);
	assert_int_equal(group_parse(buf_str(&b), &low, &g), ERR_BAD);
}

static void
test_later(void **state)
{
	u8 room[600];
	struct buf b = buf_over(room, sizeof room);
	u32 n[2];
	struct str all;

	two_groups(&b, n);
	all = guard_bytes(buf_str(&b));
	assert_true(group_later(all, 1536, 3, 1536));
	assert_false(group_later(all, 1536, 3, 1536 + n[0]));
	assert_false(group_later(str_cut(all, 0, n[0]), 1536, 3, 1536));
	assert_false(group_later(all, 1537, 3, 1536));
	assert_false(group_later(all, 1536, 2, 1536));
	assert_false(group_later(str_cut(all, 0, all.n - 1), 1536, 3, 1536));
	guard_free(NULL);
}

static void
test_too_large(void **state)
{
	static const u8 value[1000] = { 1 };
	u8 *room = malloc(2 * STORE_GROUP_N);
	struct buf b = buf_over(room, 2 * STORE_GROUP_N);
	struct chain c = chain_at(3, 1536);
	struct group g;
	u64 seq = 11;

	while (b.w <= STORE_GROUP_N) {
		rec_put(&b, &(struct rec){ seq, 0, 0, REC_PUT, STR("key"), str_of(value, 1000) });
		assert_int_equal(group_parse(buf_str(&b), &c, &g), b.w < STORE_GROUP_N ? ERR_MORE : ERR_BAD);
		seq++;
	}
	free(room);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_record_cut_and_flipped),
		cmocka_unit_test(test_record_shapes),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_groups_damaged),
		cmocka_unit_test(test_merged_groups),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
