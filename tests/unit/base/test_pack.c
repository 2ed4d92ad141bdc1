/* pack: what tools/pack made comes out as it went in; what it did not make touches nothing outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/pack.h"

#include "../../../tools/packer.h"

/* A folder try with a.txt (TEXT), empty (nothing) and in/long (300 x). */
#define TEXT "one two three, one two three, one two four, one two three.\n"
#define ROOM 388
static const u8 folder[113] = "\0\41\0\0\44\0\0\42\0\0\200\5\0\200\242\221\2\0\200\5"
	"\0\0\305\203\3\0\0\353\252\252\252\53\253\0\0\210\164\111\340\3\0\0\0\55\0\357\267"
	"\0\1\0\74\332\65\311\264\345\174\121\214\263\335\14\376\347\145\337\145\75\225\165"
	"\243\45\110\100\12\360\117\136\374\13\0\71\103\22\0\237\112\315\236\225\137\10\115"
	"\307\76\137\304\250\263\42\334\324\361\272\263\76\361\162\250\50\24\210\20";
const struct pack_folder pack_folders[] = { { "try", folder, sizeof folder, ROOM } };
const u32 pack_folders_n = 1;

static struct pack_counts room;

static void
test_files_come_out(void **state)
{
	size_t n = pack_room("try") + PACK_UNDO;
	void *memory = malloc(n);
	struct arena a = arena_over(memory, n);
	struct str files = pack_open("try", &a), x;

	assert_int_equal(files.n, ROOM);
	assert_true(str_is(pack_file(files, "a.txt"), TEXT));
	x = pack_file(files, "empty");
	assert_non_null(x.p);
	assert_int_equal(x.n, 0);
	x = pack_file(files, "in/long");
	assert_int_equal(x.n, 300);
	for (u32 i = 0; i < 300; i++)
		assert_int_equal(x.p[i], 'x');
	assert_null(pack_file(files, "a.tx").p);
	assert_null(pack_file(files, "in").p);
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

	assert_int_equal(pack_undo(str_of(folder, sizeof folder), &room, out, ROOM), sizeof folder);
	for (u32 n = 0; n <= ROOM; n++) {
		u8 *part = malloc(n ? n : 1);
		struct str x;

		memcpy(part, out, n);
		x = pack_file(str_of(part, n), "in/long");
		assert_int_equal(x.p != NULL, n == ROOM);
		free(part);
	}
	free(out);
}

/* Whatever a damaged stream means, it stays inside its room: the sanitizer and the heap watch. */
static void
test_damage_stays_inside(void **state)
{
	u32 bad = 0;

	for (u32 at = 0; at < sizeof folder; at++)
		for (u32 flip = 1; flip < 256; flip <<= 1) {
			u8 *in = malloc(sizeof folder), *out = malloc(ROOM);

			memcpy(in, folder, sizeof folder);
			in[at] ^= (u8)flip;
			bad += pack_undo(str_of(in, sizeof folder), &room, out, ROOM) == ERR_BAD;
			free(in);
			free(out);
		}
	for (u32 n = 0; n < sizeof folder; n++) {
		u8 *in = malloc(n ? n : 1), *out = malloc(ROOM);

		memcpy(in, folder, n);
		pack_undo(str_of(in, n), &room, out, ROOM);
		free(in);
		free(out);
	}
	assert_true(bad > 0); /* some distances lead before the beginning */
}

/* Packs the n bytes of `row` and compares what comes out with them. How many bytes they were in between. */
static u32
there_and_back(u32 n, bool words)
{
	u32 used = pack(n, words);
	u8 *in = malloc(used), *out = malloc(n ? n : 1);

	memcpy(in, packed, used);
	assert_int_equal(pack_undo(str_of(in, used), &room, out, n), used);
	assert_memory_equal(out, row, n);
	free(in);
	free(out);
	return used;
}

static u32 seed = 1;

static u32
any(u32 n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static void
test_there_and_back(void **state)
{
	for (u32 n = 0; n < 20; n++) {
		for (u32 i = 0; i < n; i++)
			row[i] = (u8)any(3);
		there_and_back(n, n & 1);
	}
	memset(row, 7, 20000); /* the longest matches, one after the other */
	assert_true(there_and_back(20000, false) < 300);
	for (u32 i = 0; i < 9000; i++) /* nothing to find */
		row[i] = (u8)any(256);
	assert_true(there_and_back(9000, false) < 9000 + 9000 / 10);
	for (u32 i = 0; i < 20000; i++) /* words that are much alike, each byte in its place */
		row[i] = (u8)(i % 4 == 3 ? 0 : i % 4 == 2 ? any(2) : any(50));
	assert_true(there_and_back(20000, true) < 9000);
	for (u32 i = 0; i < 150000; i++) /* the same again from far away: all bits of a distance */
		row[i] = (u8)any(256);
	memcpy(row + 150000, row, 1000);
	assert_true(there_and_back(151000, false) < 160000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_come_out),
		cmocka_unit_test(test_no_folder_no_room),
		cmocka_unit_test(test_cut_row),
		cmocka_unit_test(test_damage_stays_inside),
		cmocka_unit_test(test_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
