#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/hex.h"

#include <stdio.h>

static u8
digit(char c)
{
	if (c >= '0' && c <= '9')
		return (u8)(c - '0');
	assert_in_range(c, 'a', 'f');
	return (u8)(c - 'a' + 10);
}

size_t
hex_read(const char *hex, u8 *out)
{
	size_t n = 0;

	for (; *hex; hex += 2)
		out[n++] = (u8)(digit(hex[0]) << 4 | digit(hex[1]));
	return n;
}

void
hex_same(const void *got, size_t n, const char *hex)
{
	char text[1024];

	assert_true(2 * n < sizeof text);
	text[0] = 0;
	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", ((const u8 *)got)[i]);
	assert_string_equal(text, hex);
}
