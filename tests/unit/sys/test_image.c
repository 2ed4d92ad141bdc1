/* The packed list of addresses is applied as its format says, once; what was filled in can be sealed. */
#include "sys/image.h"

#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define WORD sizeof(ElfW(Addr))
#define BITS (8 * WORD - 1)

struct image {
	ElfW(Addr) word[400];
	ElfW(Addr) list[32];
};

static ElfW(Dyn) tags[4];

/* As the linker packs: an address, then a bit for each of the BITS words after it, as long as there are any. */
static u32
packed(struct image *m, const u32 *at, u32 n)
{
	u32 used = 0, i = 0, next;

	while (i < n) {
		m->list[used++] = at[i] * WORD;
		next = at[i++] + 1;
		while (i < n && at[i] < next + BITS) {
			ElfW(Addr) bits = 1;

			for (; i < n && at[i] < next + BITS; i++)
				bits |= (ElfW(Addr))1 << (1 + at[i] - next);
			m->list[used++] = bits;
			next += BITS;
		}
	}
	return used;
}

static void
filled(struct image *m, const u32 *at, u32 n)
{
	ElfW(Addr) base = (ElfW(Addr))m;
	u32 k = 0;

	for (u32 i = 0; i < ARRAY_N(m->word); i++)
		m->word[i] = i;
	tags[0] = (ElfW(Dyn)) { .d_tag = DT_FLAGS, .d_un.d_val = 36 };
	tags[1] = (ElfW(Dyn)) { .d_tag = 36, .d_un.d_ptr = offsetof(struct image, list) };
	tags[2] = (ElfW(Dyn)) { .d_tag = 35, .d_un.d_val = packed(m, at, n) * WORD };
	for (u32 turn = 0; turn < 2; turn++) /* a second time there is nothing to do */
		image_fill((char *)m, tags);
	assert_int_equal(tags[2].d_un.d_val, 0);
	for (u32 i = 0; i < ARRAY_N(m->word); i++) {
		bool named = k < n && at[k] == i;

		k += named;
		assert_true(m->word[i] == i + (named ? base : 0));
	}
}

static void
test_fill(void **state)
{
	static struct image m;
	static u32 at[ARRAY_N(m.word)];
	u32 seed = 7;

	filled(&m, at, 0);
	for (u32 i = 0; i < ARRAY_N(at); i++)
		at[i] = i;
	filled(&m, at, ARRAY_N(at));
	filled(&m, (u32[]) { 3 }, 1);
	filled(&m, (u32[]) { 0, BITS, BITS + 1, 2 * BITS, 2 * BITS + 1, 399 }, 6);
	for (u32 turn = 0; turn < 200; turn++) {
		u32 n = 0, step = 1 + turn % 90;

		for (u32 i = turn % 5; i < ARRAY_N(at); i += 1 + (seed >> 16) % step) {
			at[n++] = i;
			seed = seed * 1103515245 + 12345;
		}
		if (n <= 16) /* at most one address and one word of bits each */
			filled(&m, at, n);
	}
}

#define ROOM 22 /* bytes of a packed folder with one file (tools/pack) */

/* Program headers, a segment without bytes in the file, and what belongs there, packed. */
static void
test_unpack(void **state)
{
	static const u8 packed[23] = "\72\52\162\175\362\170\320\62\147\320\260\220\120\62\100\216\24\337\224\67\234"
	                            "\145\60";
	static struct {
		ElfW(Ehdr) head;
		ElfW(Phdr) segment[3];
		u8 packed[4 + sizeof packed], out[ROOM + 1];
	} m;
	static struct pack_bit room[PACK_BITS];

	m.head = (ElfW(Ehdr)) { .e_phoff = offsetof(typeof(m), segment), .e_phnum = 3 };
	m.segment[0] = (ElfW(Phdr)) { .p_type = PT_LOAD, .p_filesz = 100, .p_memsz = 100 };
	m.segment[1] = (ElfW(Phdr)) { .p_type = PT_LOAD, .p_vaddr = offsetof(typeof(m), out), .p_filesz = 9,
		.p_memsz = ROOM };
	m.segment[2] = (ElfW(Phdr)) { .p_type = PT_LOAD, .p_vaddr = offsetof(typeof(m), packed),
		.p_filesz = sizeof m.packed, .p_memsz = sizeof m.packed };
	m.packed[0] = ROOM;
	memcpy(m.packed + 4, packed, sizeof packed);
	m.out[ROOM] = 7;
	image_unpack((u8 *)&m, room); /* a program whose bytes are all there */
	assert_int_equal(m.out[0], 0);
	m.segment[1].p_filesz = 0;
	image_unpack((u8 *)&m, room);
	assert_memory_equal(m.out, "try.txt\0\13\0\0usage: try\n", ROOM);
	assert_int_equal(m.out[ROOM], 7);
}

static void
test_seal(void **state)
{
	assert_int_equal(image_seal(), 0);
	assert_int_equal(image_seal(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_unpack),
		cmocka_unit_test(test_seal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
