#include "auth/handle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const u8 key[HANDLE_KEY_N] = { 1, 2, 3 }, other_key[HANDLE_KEY_N] = { 1, 2, 4 };

static void
test_opens_what_it_made(void **state)
{
	for (u32 n = 0; n <= HANDLE_PAYLOAD_MAX; n++) {
		u8 room[256], in[HANDLE_PAYLOAD_MAX], out[HANDLE_PAYLOAD_MAX];
		struct buf b = buf_over(room, sizeof room);

		for (u32 i = 0; i < n; i++)
			in[i] = (u8)(i * 37 + n);
		handle_make(&b, key, "session", STR("alice"), str_of(in, n));
		assert_false(b.over);
		assert_int_equal(handle_open(key, "session", STR("alice"), buf_str(&b), out), n);
		assert_memory_equal(in, out, n);
	}
}

static void
test_is_bound(void **state)
{
	u8 room[256], out[HANDLE_PAYLOAD_MAX];
	struct buf b = buf_over(room, sizeof room);

	handle_make(&b, key, "session", STR("alice"), STR("payload"));
	assert_int_equal(handle_open(other_key, "session", STR("alice"), buf_str(&b), out), ERR_BAD);
	assert_int_equal(handle_open(key, "cursor", STR("alice"), buf_str(&b), out), ERR_BAD);
	assert_int_equal(handle_open(key, "session", STR("bob"), buf_str(&b), out), ERR_BAD);
	/* the border between bind and payload is part of what is signed */
	assert_int_equal(handle_open(key, "session", STR("alic"), buf_str(&b), out), ERR_BAD);
}

static void
test_every_change_is_noticed(void **state)
{
	u8 room[256], out[HANDLE_PAYLOAD_MAX];
	struct buf b = buf_over(room, sizeof room);
	struct str text;

	handle_make(&b, key, "session", STR("alice"), STR("some payload"));
	text = buf_str(&b);
	for (u32 i = 0; i < text.n; i++) {
		u8 was = room[i];

		for (u32 c = 1; c < 256; c++) {
			if (c == was)
				continue;
			room[i] = (u8)c;
			assert_int_equal(handle_open(key, "session", STR("alice"), text, out), ERR_BAD);
		}
		room[i] = was;
	}
	for (u32 n = 0; n < text.n; n++)
		assert_int_equal(handle_open(key, "session", STR("alice"), str_cut(text, 0, n), out), ERR_BAD);
	room[text.n] = 'A';
	assert_int_equal(handle_open(key, "session", STR("alice"), str_of(room, text.n + 1), out), ERR_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens_what_it_made),
		cmocka_unit_test(test_is_bound),
		cmocka_unit_test(test_every_change_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
