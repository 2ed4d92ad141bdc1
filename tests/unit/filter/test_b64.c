/* b64: streams give what whole texts give, however they are split and whatever room there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "filter/b64.h"
#include "lib/guard.h"

static void
test_rfc_4648(void **state)
{
	static const char *const t[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };

	for (u32 i = 0; i < ARRAY_N(t); i++) {
		u8 out[16];
		struct buf b = buf_over(out, sizeof out);
		struct b64 e = { 0 };

		assert_int_equal(b64_run(&e, guard_str(t[i][0]), &b), strlen(t[i][0]));
		assert_int_equal(b64_end(&e, &b), 0);
		assert_true(str_is(buf_str(&b), t[i][1]));
	}
}

/* In pieces of piece bytes, out emptied whenever it is full (room bytes). */
static void
encode(struct str in, u32 piece, u32 room, bool url, struct buf *whole)
{
	struct b64 e = { .url = url };
	u32 at = 0;
	int err;

	do {
		struct buf out = buf_over(guard_room(room), room);

		at += b64_run(&e, guard_bytes(str_cut(in, at, at + piece)), &out);
		err = at < in.n ? ERR_FULL : b64_end(&e, &out);
		buf_put(whole, buf_str(&out));
		guard_free(NULL);
	} while (err);
}

static void
test_splits_and_rooms(void **state)
{
	u8 in[40], got[80], want[80];

	for (u32 i = 0; i < sizeof in; i++)
		in[i] = (u8)(i * 37 + 200);
	for (u32 n = 0; n <= sizeof in; n++)
		for (u32 piece = 1; piece < 8; piece++)
			for (u32 room = 4; room < 14; room += 3)
				for (u32 url = 0; url < 2; url++) {
					struct buf g = buf_over(got, sizeof got), w = buf_over(want, sizeof want);

					encode(str_of(in, n), piece, room, url, &g);
					if (url)
						base64_put_url(&w, str_of(in, n));
					else
						base64_put(&w, str_of(in, n));
					assert_true(str_same(buf_str(&g), buf_str(&w)));
				}
}

static void
test_no_room(void **state)
{
	u8 out[3];
	struct buf b = buf_over(out, sizeof out);
	struct b64 e = { 0 };

	assert_int_equal(b64_run(&e, STR("abcdef"), &b), 0);
	assert_int_equal(b64_run(&e, STR("ab"), &b), 2);
	assert_int_equal(b64_run(&e, STR("c"), &b), 0);
	assert_int_equal(b64_end(&e, &b), ERR_FULL);
	assert_int_equal(b.w, 0);
	assert_false(b.over);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_rfc_4648, guard_free),
		cmocka_unit_test(test_splits_and_rooms),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
