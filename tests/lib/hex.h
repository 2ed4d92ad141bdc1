/* hex: published vectors are printed in hexadecimal. */
#ifndef TESTS_HEX_H
#define TESTS_HEX_H

#include "base/base.h"

/* Writes the bytes of a hex text to out and returns how many. The text must be right: else the test
 * ends. */
size_t hex_read(const char *hex, u8 *out);

/* assert_memory_equal of n bytes with a hex text of exactly n bytes, showing both on failure. */
void hex_same(const void *got, size_t n, const char *hex);

#endif
