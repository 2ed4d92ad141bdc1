/* memcpy, memset, memmove, memcmp and memchr of our own. The C library's copy by `rep movs`, whose start-up costs more
 * than most of our copies (20 to 400 bytes) are worth: a fifth of the CPU of a small request; its memcmp takes a byte a
 * time. Small sizes go in 16-byte moves that may overlap, large ones by the machine's block instruction; comparing and
 * searching look at 16 bytes. Linked before the C library, so every caller gets these. */
#if defined(__x86_64__) && defined(__linux__)

#include <stddef.h>
#include <stdint.h>

typedef uint64_t word __attribute__((may_alias, aligned(1)));
typedef uint32_t half __attribute__((may_alias, aligned(1)));
typedef uint16_t pair __attribute__((may_alias, aligned(1)));
typedef long long block __attribute__((vector_size(16), may_alias, aligned(1)));

#define SMALL 512 /* bytes above which the block instruction wins */

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *one, const void *other, size_t n);
void *memchr(const void *in, int c, size_t n);

/* Up to 16 bytes: two moves that may overlap, both read before either is written. */
static inline void
copy_tiny(uint8_t *d, const uint8_t *s, size_t n)
{
	if (n >= 8) {
		uint64_t a = *(const word *)s, b = *(const word *)(s + n - 8);

		*(word *)d = a;
		*(word *)(d + n - 8) = b;
	} else if (n >= 4) {
		uint32_t a = *(const half *)s, b = *(const half *)(s + n - 4);

		*(half *)d = a;
		*(half *)(d + n - 4) = b;
	} else if (n >= 2) {
		uint16_t a = *(const pair *)s, b = *(const pair *)(s + n - 2);

		*(pair *)d = a;
		*(pair *)(d + n - 2) = b;
	} else if (n) {
		*d = *s;
	}
}

__attribute__((optimize("no-tree-loop-distribute-patterns"))) void *
memcpy(void *restrict to, const void *restrict from, size_t n)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if (n <= 16) {
		copy_tiny(d, s, n);
		return to;
	}
	if (n <= SMALL) {
		block tail = *(const block *)(s + n - 16);
		size_t i = 0;

		for (; i + 16 < n; i += 16)
			*(block *)(d + i) = *(const block *)(s + i);
		*(block *)(d + n - 16) = tail;
		return to;
	}
	__asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
	return to;
}

__attribute__((optimize("no-tree-loop-distribute-patterns"))) void *
memmove(void *to, const void *from, size_t n)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if (n <= 16) {
		copy_tiny(d, s, n);
		return to;
	}
	if (d <= s || d >= s + n) {
		block tail = *(const block *)(s + n - 16);
		size_t i = 0;

		for (; i + 16 < n; i += 16)
			*(block *)(d + i) = *(const block *)(s + i);
		*(block *)(d + n - 16) = tail;
		return to;
	}
	block head = *(const block *)s;

	for (; n > 16; n -= 16)
		*(block *)(d + n - 16) = *(const block *)(s + n - 16);
	*(block *)d = head;
	return to;
}

__attribute__((optimize("no-tree-loop-distribute-patterns"))) void *
memset(void *to, int c, size_t n)
{
	uint8_t *d = to;
	uint64_t w = 0x0101010101010101U * (uint8_t)c;
	block b = { (long long)w, (long long)w };

	if (n < 16) {
		if (n >= 8)
			*(word *)d = *(word *)(d + n - 8) = w;
		else if (n >= 4)
			*(half *)d = *(half *)(d + n - 4) = (uint32_t)w;
		else
			for (size_t i = 0; i < n; i++)
				d[i] = (uint8_t)c;
		return to;
	}
	if (n <= SMALL) {
		for (size_t i = 0; i + 16 < n; i += 16)
			*(block *)(d + i) = b;
		*(block *)(d + n - 16) = b;
		return to;
	}
	__asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
	return to;
}

typedef char look __attribute__((vector_size(16), may_alias, aligned(1)));

/* Bit i: byte i of the two differs, of 16. */
static inline uint32_t
differ(const uint8_t *a, look b)
{
	look same = *(const look *)a == b;

	return (uint32_t)__builtin_ia32_pmovmskb128((look)same) ^ 0xffff;
}

static inline int
order(const uint8_t *a, const uint8_t *b, size_t at)
{
	return (int)a[at] - (int)b[at];
}

int
memcmp(const void *one, const void *other, size_t n)
{
	const uint8_t *a = one, *b = other;

	if (n >= 16) {
		for (size_t i = 0;; i = i + 32 <= n ? i + 16 : n - 16) {
			uint32_t d = differ(a + i, *(const look *)(b + i));

			if (d)
				return order(a, b, i + (size_t)__builtin_ctz(d));
			if (i + 16 == n)
				return 0;
		}
	}
	if (n >= 8) {
		if (*(const word *)a == *(const word *)b && *(const word *)(a + n - 8) == *(const word *)(b + n - 8))
			return 0;
	} else if (n >= 4) {
		if (*(const half *)a == *(const half *)b && *(const half *)(a + n - 4) == *(const half *)(b + n - 4))
			return 0;
	}
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return order(a, b, i);
	return 0;
}

void *
memchr(const void *in, int c, size_t n)
{
	const uint8_t *p = in, *end = p + n;
	char k = (char)c;
	look all = { k, k, k, k, k, k, k, k, k, k, k, k, k, k, k, k };

	for (; end - p >= 16; p += 16) {
		uint32_t same = differ(p, all) ^ 0xffff;

		if (same)
			return (void *)(uintptr_t)(p + __builtin_ctz(same));
	}
	for (; p < end; p++)
		if (*p == (uint8_t)c)
			return (void *)(uintptr_t)p;
	return NULL;
}

#else
typedef int copy_from_the_c_library; /* elsewhere the C library's are good enough */
#endif
