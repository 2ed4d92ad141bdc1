/* jout: commas, keys, escapes, and what happens when the room ends anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/jout.h"
#include "json/jscan.h"
#include "lib/guard.h"

static void
sample(struct buf *b)
{
	struct jout o = jout_into(b);

	jout_open(&o, '{');
	jout_c(&o, "a", "x\"\\/\n\x01\x7f");
	jout_num(&o, "min", INT64_MIN);
	jout_u64(&o, "max", UINT64_MAX);
	jout_key_open(&o, "list", '[');
	jout_bool(&o, NULL, true);
	jout_bool(&o, NULL, false);
	jout_null(&o, NULL);
	jout_open(&o, '{');
	jout_close(&o, '}');
	jout_open(&o, '[');
	jout_num(&o, NULL, -1);
	jout_close(&o, ']');
	jout_raw(&o, NULL, STR("1.50"));
	jout_close(&o, ']');
	jout_key(&o, STR("k\0\"y"));
	jout_str(&o, NULL, STR_NONE);
	jout_key(&o, STR("\xc3\xa9"));
	jout_key_open(&o, NULL, '{');
	jout_close(&o, '}');
	jout_null(&o, "\"");
	jout_close(&o, '}');
}

static const char want[] =
	"{\"a\":\"x\\\"\\\\/\\n\\u0001\x7f\",\"min\":-9223372036854775808,\"max\":18446744073709551615,"
	"\"list\":[true,false,null,{},[-1],1.50],\"k\\u0000\\\"y\":\"\",\"\xc3\xa9\":{},\"\\\"\":null}";

static void
test_writes(void **state)
{
	u8 out[512];
	struct buf b = buf_over(out, sizeof out);

	sample(&b);
	assert_false(b.over);
	assert_int_equal(b.w, sizeof want - 1);
	assert_memory_equal(out, want, b.w);
	assert_int_equal(jscan_check(buf_str(&b), 8, 0, NULL), 0);
}

/* Whatever the room, over is set exactly when it does not fit, and nothing is written beyond it. */
static void
test_every_room(void **state)
{
	for (u32 n = 0; n < sizeof want + 2; n++) {
		struct buf b = buf_over(guard_room(n), n);

		sample(&b);
		assert_int_equal(b.over, n < sizeof want - 1);
	}
}

static void
test_invalid_utf8(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = { { "\xff", "\xef\xbf\xbd" }, { "a\xe2\x82", "a\xef\xbf\xbd" }, { "\xe2\x82z", "\xef\xbf\xbdz" },
		{ "\xc3", "\xef\xbf\xbd" }, { "\xf0\x9f\x98", "\xef\xbf\xbd" }, { "\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, { "\xe2\x82\xac", "\xe2\x82\xac" } };

	for (u32 i = 0; i < ARRAY_N(t); i++) {
		u8 out[64];
		struct buf b = buf_over(out, sizeof out);

		jout_quoted(&b, guard_str(t[i].in));
		assert_false(b.over);
		assert_int_equal(b.w, strlen(t[i].out) + 2);
		assert_memory_equal(out + 1, t[i].out, b.w - 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writes),
		cmocka_unit_test_teardown(test_every_room, guard_free),
		cmocka_unit_test_teardown(test_invalid_utf8, guard_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
