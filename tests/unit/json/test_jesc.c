/* jesc: every kernel against a slow reference, at all lengths, rooms and kinds of trouble. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/utf8.h"
#include "json/jesc.h"
#include "json/jesc_priv.h"
#include "lib/guard.h"

static u64 seed = 42;

static u32
roll(u32 n)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return (u32)(seed >> 33) % n;
}

/* One unit of s, escaped, into to; its length in s, 0 when s ends inside a character. Written
 * for being read. */
static u32
reference_unit(struct str s, struct buf *to)
{
	static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	u32 point, n = 1;

	for (u32 i = 0; i + 1 < sizeof named; i += 2)
		if (s.p[0] == (u8)named[i]) {
			buf_fmt(to, "\\%c", named[i + 1]);
			return 1;
		}
	if (s.p[0] < 0x20) {
		BUF_LIT(to, "\\u00");
		buf_hex(to, s.p[0], 2);
		return 1;
	}
	for (; n <= 4 && n <= s.n; n++) {
		int used = utf8_take(str_cut(s, 0, n), &point);

		if (used > 0) {
			buf_put(to, str_cut(s, 0, n));
			return n;
		}
		if (used == ERR_BAD) {
			BUF_LIT(to, "\xef\xbf\xbd");
			return n > 1 ? n - 1 : 1; /* what fitted so far is one mistake */
		}
	}
	return 0;
}

static u32
reference(struct str in, struct buf *out)
{
	u32 at = 0;

	while (at < in.n) {
		u8 tmp[8];
		struct buf to = buf_over(tmp, sizeof tmp);
		u32 n = reference_unit(str_cut(in, at, in.n), &to);

		if (n == 0 || to.w > buf_room(out))
			break;
		buf_put(out, buf_str(&to));
		at += n;
	}
	return at;
}

/* Bytes of a few flavours: plain, dense with quotes, controls, valid characters, anything. */
static struct str
sample(u8 *p, u32 n)
{
	static const char *const parts[] = { "abcdefghijklmnopqrstuvwxyz01234567", "\"", "\\", "\":\"", "\n", "\x01", "\xc3\xa9",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xef\xbf\xbd", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf", " ", "\t" };
	u32 flavour = roll(4), at = 0;

	while (at < n) {
		struct str part = str_c(parts[flavour == 0 ? roll(2) : roll(ARRAY_N(parts))]);

		part = str_cut(part, 0, flavour == 1 ? roll(part.n) + 1 : part.n); /* characters broken off */
		part = str_cut(part, 0, n - at);
		memcpy(p + at, part.p, part.n);
		at += part.n;
		if (flavour == 2 && roll(40) == 0)
			p[roll(at)] = (u8)roll(256);
	}
	return str_of(p, n);
}

typedef u32 kernel(struct str in, struct buf *out);

/* A kernel may stop early, never wrongly: what it wrote is what the reference writes for what it
 * used. */
static void
check_kernel(kernel *run)
{
	u8 in[400];
	u32 moved = 0;

	for (u32 round = 0; round < 20000; round++) {
		struct str s = sample(in, roll(sizeof in));
		u8 got[1024], want[1024];
		struct buf g = buf_over(got, roll(8) ? sizeof got : roll(300)), w = buf_over(want, sizeof want);
		u32 used = run(s, &g);

		assert_true(used <= s.n);
		assert_true(g.w <= g.cap);
		assert_int_equal(reference(str_cut(s, 0, used), &w), used);
		assert_int_equal(g.w, w.w);
		assert_memory_equal(got, want, g.w);
		moved += used;
	}
	assert_true(moved > 100000); /* it does do its work */
}

static void
test_portable_kernel(void **state)
{
	check_kernel(jesc_blocks_any);
}

static void
test_own_kernel(void **state)
{
	check_kernel(jesc_blocks);
}

static void
test_other_kernels(void **state)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("ssse3") && __builtin_cpu_supports("popcnt"))
		check_kernel(jesc_blocks_ssse3);
	if (__builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512bw"))
		check_kernel(jesc_blocks_vbmi2);
#endif
}

/* The whole: same bytes used and written as the reference, to the last byte of room. */
static void
test_put_is_the_reference(void **state)
{
	u8 in[300];

	for (u32 round = 0; round < 3000; round++) {
		struct str s = guard_bytes(sample(in, roll(sizeof in)));
		u32 room = roll(3) ? roll(2 * s.n + 8) : 6 * s.n;
		u8 want[2048];
		struct buf g = buf_over(guard_room(room), room), w = buf_over(want, room);
		u32 used = jesc_put(s, &g);

		assert_int_equal(used, reference(s, &w));
		assert_int_equal(g.w, w.w);
		assert_memory_equal(g.p, want, g.w);
		assert_false(g.over);
		if (room == 6 * s.n)
			assert_int_equal(jesc_ends_inside(str_cut(s, used, s.n)), used < s.n);
		guard_free(NULL);
	}
}

/* All pairs and many triples of bytes: every way UTF-8 can go wrong, inside a block of plain
 * text. */
static void
test_all_short_sequences(void **state)
{
	u8 in[128], got[512], want[512];

	memset(in, 'a', sizeof in);
	for (u32 a = 0x7f; a < 0x100; a++)
		for (u32 b = 0x7f; b < 0x100; b++)
			for (u32 c = 0x7f; c < 0x100; c += c < 0x81 ? 1 : 31) {
				struct buf g = buf_over(got, sizeof got), w = buf_over(want, sizeof want);

				in[62] = (u8)a;
				in[63] = (u8)b;
				in[64] = (u8)c;
				in[65] = (u8)(c ^ a << 7 ^ 0x3f);
				assert_int_equal(jesc_put(str_of(in, sizeof in), &g), reference(str_of(in, sizeof in), &w));
				assert_int_equal(g.w, w.w);
				assert_memory_equal(got, want, g.w);
			}
}

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* 1 MB as an API would answer it: every fifth byte wants an escape, some characters beyond
 * ASCII. */
static void
test_speed(void **state)
{
	u32 n = 1 << 20, at = 0, used = 0;
	char *in = malloc(n + 256);
	u8 *out = malloc(2 * n);
	double best = 1e9;

	assert_non_null(in);
	assert_non_null(out);
	for (u32 i = 0; at < n; i++)
		at += (u32)sprintf(in + at, "{\"id\":%u,\"sku\":\"AB-%u\",\"name\":\"Widget \\\"Pro\\\" %u\",\"price\":%u.5,"
			"\"active\":true,\"tags\":[\"new\",\"sale\"],\"note\":\"Gr\xc3\xb6\xc3\x9f" "e %u \xe2\x80\x93 one\\ntwo\"},",
			1000 + i, 1000 + i, i, i % 90, i % 50);
	for (u32 round = 0; round < 20; round++) {
		struct buf b = buf_over(out, 2 * n);
		double from = now_us(), took;

		used = jesc_put(str_of(in, n), &b);
		took = now_us() - from;
		best = took < best ? took : best;
	}
	assert_true(used > n - 4);
	print_message("speed: escape %.0f us per MB of dense JSON\n", best);
	free(in);
	free(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_portable_kernel),
		cmocka_unit_test(test_own_kernel),
		cmocka_unit_test(test_other_kernels),
		cmocka_unit_test_teardown(test_put_is_the_reference, guard_free),
		cmocka_unit_test(test_all_short_sequences),
		cmocka_unit_test(test_speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
