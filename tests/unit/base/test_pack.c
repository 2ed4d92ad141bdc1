/* pack: what tools/pack made comes out as it went in; what it did not make touches nothing outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/pack.h"

#include <stdlib.h>

/* A folder try with a.txt (TEXT), empty (nothing) and in/long (300 x). */
#define TEXT "one two three, one two three, one two four, one two three.\n"
#define ROOM 388
static const u8 packed[54] = "\60\220\342\356\356\242\337\53\340\17\306\0\211\147\23\370\134\307\2\276\22\4\106\213"
                             "\215\221\352\114\111\116\202\214\23\351\152\103\266\15\127\226\151\6\241\364\267\122\54\13"
                             "\313\53\26\330\43\230";
const struct pack_folder pack_folders[] = { { "try", packed, sizeof packed, ROOM } };
const u32 pack_folders_n = 1;

static struct pack_bit bits[PACK_BITS];

static void
test_files_come_out(void **state)
{
	size_t n = pack_room("try");
	void *memory = malloc(n);
	struct arena a = arena_over(memory, n);
	struct str row = pack_open("try", &a), x;

	assert_int_equal(row.n, ROOM);
	assert_true(str_is(pack_file(row, "a.txt"), TEXT));
	x = pack_file(row, "empty");
	assert_non_null(x.p);
	assert_int_equal(x.n, 0);
	x = pack_file(row, "in/long");
	assert_int_equal(x.n, 300);
	for (u32 i = 0; i < 300; i++)
		assert_int_equal(x.p[i], 'x');
	assert_null(pack_file(row, "a.tx").p);
	assert_null(pack_file(row, "in").p);
	assert_int_equal(a.used, ROOM); /* what undoing needs is given back */
	free(memory);
}

static void
test_no_folder_no_room(void **state)
{
	u8 small[ROOM];
	struct arena a = arena_over(small, sizeof small);

	assert_int_equal(pack_room("tr"), 0);
	assert_null(pack_open("tr", &a).p);
	assert_null(pack_open("try", &a).p);
	assert_null(pack_file(STR_NONE, "a.txt").p);
}

/* Every cut row: a file is found whole or not at all. */
static void
test_cut_row(void **state)
{
	u8 *out = malloc(ROOM);

	assert_int_equal(pack_undo(str_of(packed, sizeof packed), bits, out, ROOM), 0);
	for (u32 n = 0; n <= ROOM; n++) {
		u8 *row = malloc(n ? n : 1);
		struct str x;

		memcpy(row, out, n);
		x = pack_file(str_of(row, n), "in/long");
		assert_int_equal(x.p != NULL, n == ROOM);
		free(row);
	}
	free(out);
}

/* Whatever a damaged stream means, it stays inside its room: the sanitizer and the heap watch. */
static void
test_damage_stays_inside(void **state)
{
	u32 bad = 0;

	for (u32 at = 0; at < sizeof packed; at++)
		for (u32 flip = 1; flip < 256; flip <<= 1) {
			u8 *in = malloc(sizeof packed), *out = malloc(ROOM);

			memcpy(in, packed, sizeof packed);
			in[at] ^= (u8)flip;
			bad += pack_undo(str_of(in, sizeof packed), bits, out, ROOM) == ERR_BAD;
			free(in);
			free(out);
		}
	assert_true(bad > 0); /* some distances lead before the beginning */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_come_out),
		cmocka_unit_test(test_no_folder_no_room),
		cmocka_unit_test(test_cut_row),
		cmocka_unit_test(test_damage_stays_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
