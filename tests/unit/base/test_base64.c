#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "lib/guard.h"

/* RFC 4648, section 10, and one text where the two alphabets differ. */
static const struct {
	const char *plain, *padded, *url;
} vectors[] = {
	{ "", "", "" },
	{ "f", "Zg==", "Zg" },
	{ "fo", "Zm8=", "Zm8" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xfb\xff\xbf", "+/+/", "-_-_" },
};

static void
test_vectors(void **state)
{
	u8 text[16], back[16];

	for (size_t i = 0; i < ARRAY_N(vectors); i++) {
		struct buf b = buf_over(text, sizeof text);

		base64_put(&b, str_c(vectors[i].plain));
		assert_true(str_is(buf_str(&b), vectors[i].padded));
		assert_int_equal(base64_read(guard_bytes(buf_str(&b)), back, sizeof back), strlen(vectors[i].plain));
		assert_memory_equal(back, vectors[i].plain, strlen(vectors[i].plain));
		b = buf_over(text, sizeof text);
		base64_put_url(&b, str_c(vectors[i].plain));
		assert_true(str_is(buf_str(&b), vectors[i].url));
		assert_int_equal(base64_read_url(guard_bytes(buf_str(&b)), back, sizeof back),
		                 strlen(vectors[i].plain));
		assert_memory_equal(back, vectors[i].plain, strlen(vectors[i].plain));
	}
}

static void
test_strict(void **state)
{
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Zm9v====", "=",
		                               "====", "Z===", "Zg==Zg==", "Zm-v", "Zm_v", "Zm9v\x80vvv" };
	static const char *const bad_url[] = { "Z", "Zh", "Zm9", "Zg==", "Zm+v", "Zm/v", "Zm9vZ" };
	u8 out[16];

	for (size_t i = 0; i < ARRAY_N(bad); i++)
		assert_int_equal(base64_read(guard_str(bad[i]), out, sizeof out), ERR_BAD);
	for (size_t i = 0; i < ARRAY_N(bad_url); i++)
		assert_int_equal(base64_read_url(guard_str(bad_url[i]), out, sizeof out), ERR_BAD);
}

static void
test_room(void **state)
{
	u8 *exact = guard_room(6);
	struct buf b = buf_over(guard_room(8), 8);

	assert_int_equal(base64_read(STR("Zm9vYmFy"), exact, 6), 6);
	assert_int_equal(base64_read(STR("Zm9vYmFy"), exact, 5), ERR_FULL);
	base64_put(&b, STR("foobar"));
	assert_false(b.over);
	b = buf_over(b.p, 7);
	base64_put(&b, STR("foobar"));
	assert_true(b.over);
	assert_int_equal(b.w, 0);
	b = buf_over(b.p, 7);
	base64_put_url(&b, STR("fooba"));
	assert_false(b.over);
}

/* Every length, in place. */
static void
test_round_trip(void **state)
{
	u8 bytes[100], text[BASE64_N(100)];

	for (u32 i = 0; i < sizeof bytes; i++)
		bytes[i] = (u8)(i * 73 + 11);
	for (u32 n = 0; n <= sizeof bytes; n++) {
		struct buf b = buf_over(text, BASE64_URL_N(n));

		base64_put_url(&b, str_of(bytes, n));
		assert_false(b.over);
		assert_int_equal(b.w, BASE64_URL_N(n));
		assert_int_equal(base64_read_url(buf_str(&b), text, b.w), n);
		assert_memory_equal(text, bytes, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, guard_free);
}
