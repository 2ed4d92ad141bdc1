/* Addresses as text, both ways; the C library is the judge of how they are written. */
#include "sys/sock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <arpa/inet.h>

static void
same(const u8 *ip, u8 family)
{
	struct addr a = { .family = family }, back;
	u8 room[64];
	struct buf b = buf_over(room, sizeof room);
	char c[64];

	memcpy(a.ip, ip, family == ADDR_V4 ? 4 : 16);
	addr_print_ip(&b, &a);
	inet_ntop(family == ADDR_V4 ? AF_INET : AF_INET6, ip, c, sizeof c);
	if (!str_is(buf_str(&b), c))
		print_message("%.*s, not %s\n", STR_ARG(buf_str(&b)), c);
	assert_true(str_is(buf_str(&b), c));
	assert_int_equal(addr_read_ip(&back, buf_str(&b)), 0);
	assert_memory_equal(back.ip, a.ip, 16);
}

static void
test_as_the_library_prints(void **state)
{
	u32 seed = 1;

	for (u32 i = 0; i < 65536; i++) {
		u8 ip[16] = { 0 };

		for (u32 k = 0; k < 8; k++) { /* each group zero or not, by the bits of i; then small or large */
			seed = seed * 1103515245 + 12345;
			if (i >> k & 1) {
				ip[2 * k] = i >> (8 + k) & 1 ? (u8)(seed >> 16 | 1) : 0;
				ip[2 * k + 1] = (u8)(seed >> 24 | 1);
			}
		}
		if (memcmp(ip, "\0\0\0\0\0\0\0\0\0\0\0\0", 12) != 0) /* ::1.2.3.4 was given up (RFC 4291) */
			same(ip, ADDR_V6);
		same(ip + 12, ADDR_V4);
	}
}

static void
test_edges(void **state)
{
	static const char *const texts[] = { "::", "::1", "1::", "ff02::1:ff00:1", "::ffff:1.2.3.4", "64:ff9b::102:304",
		"2001:db8:0:1:1:1:1:1", "2001:0:0:1::1", "1:2:3:4:5:6:7:8", "fe80::1", "127.0.0.1", "255.255.255.255", "0.0.0.0" };

	for (u32 i = 0; i < ARRAY_N(texts); i++) {
		struct addr a;
		u8 room[64];
		struct buf b = buf_over(room, sizeof room);

		assert_int_equal(addr_read_ip(&a, str_c(texts[i])), 0);
		addr_print_ip(&b, &a);
		assert_string_equal(texts[i], (room[b.w] = 0, (char *)room));
	}
}

static bool
in(const char *net, const char *ip)
{
	struct addr_net n;
	struct addr a;

	assert_int_equal(addr_net_read(&n, str_c(net)), 0);
	assert_int_equal(addr_read_ip(&a, str_c(ip)), 0);
	return addr_in(&n, &a);
}

static void
test_networks(void **state)
{
	struct addr_net n;

	assert_true(in("10.0.0.0/8", "10.255.1.2") && !in("10.0.0.0/8", "11.0.0.1"));
	assert_true(in("192.168.4.0/22", "192.168.7.255") && !in("192.168.4.0/22", "192.168.8.0"));
	assert_true(in("127.0.0.1", "127.0.0.1") && !in("127.0.0.1", "127.0.0.2"));
	assert_true(in("0.0.0.0/0", "8.8.8.8") && !in("0.0.0.0/0", "::1") && !in("::/0", "8.8.8.8"));
	assert_true(in("10.0.0.0/8", "::ffff:10.1.1.1"));
	assert_true(in("2001:db8::/32", "2001:db8:ffff::1") && !in("2001:db8::/33", "2001:db8:ffff::1"));
	assert_int_equal(addr_net_read(&n, STR("10.0.0.0/33")), ERR_BAD);
	assert_int_equal(addr_net_read(&n, STR("10.0.0.0/")), ERR_BAD);
	assert_int_equal(addr_net_read(&n, STR("box/8")), ERR_BAD);
	assert_int_equal(addr_net_read(&n, STR("::/129")), ERR_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_as_the_library_prints),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
