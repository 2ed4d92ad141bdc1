/* The packed list of addresses is applied as its format says, once; what was filled in can be sealed. */
#include "sys/image.h"

#include "base/base.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "../../../tools/apart.h"

#define TEXT "constants, and constants again"
#define ROOM 30
#define PAGES 65536
#define WORD sizeof(ElfW(Addr))

/* Places among words are named, each by its distance from the one before in four bytes. */
static void
test_fill(void **state)
{
	static ElfW(Addr) word[5000];
	const u8 *base = (const u8 *)&word[7];
	u32 far = (u32)(4000 * WORD / 4), one = WORD / 4;
	u8 places[] = { 0, (u8)one, (u8)(2 * one), (u8)(far & 127) | 128, (u8)(far >> 7) };
	u32 n = sizeof word;

	for (u32 i = 0; i < ARRAY_N(word); i++)
		word[i] = i;
	assert_int_equal(image_fill(base, (u8 *)word, n, STR_NONE), 0);
	assert_int_equal(image_fill(base, (u8 *)word, n, str_of(places, sizeof places)), 0);
	for (u32 i = 0; i < ARRAY_N(word); i++)
		assert_true(word[i] == i + (i == 0 || i == 1 || i == 3 || i == 4003 ? (ElfW(Addr))base : 0));
	assert_int_equal(image_fill(base, (u8 *)word, 4004 * WORD, str_of(places, sizeof places)), 0);
	assert_int_equal(image_fill(base, (u8 *)word, 4004 * WORD - 1, str_of(places, sizeof places)), ERR_BAD);
	memset(places, 255, sizeof places);
	assert_int_equal(image_fill(base, (u8 *)word, n, str_of(places, sizeof places)), ERR_BAD);
}

/* Program headers, segments without bytes in the file, and what belongs there, packed behind them. */
struct program {
	ElfW(Ehdr) head;
	ElfW(Phdr) segment[4];
	u8 constants[ROOM + 1] __attribute__((aligned(8))), packed[65536];
	u8 code[PAGES] __attribute__((aligned(65536)));
};

static u32
put_number(u8 *p, u32 x)
{
	for (u32 i = 0; i < 4; i++)
		p[i] = (u8)(x >> 8 * i);
	return 4;
}

static u32
put_part(u8 *p, const void *from, u32 n)
{
	u32 used;

	memcpy(row, from, n);
	used = pack(n, false);
	memcpy(p, packed, used);
	return used;
}

/* A program of constants and of code that is one part, or IMAGE_PARTS. */
static void
program_make(struct program *m, const u8 *code, const u32 *length, u32 parts)
{
	ElfW(Addr) places[] = { offsetof(struct program, head), offsetof(struct program, code),
		offsetof(struct program, constants), offsetof(struct program, packed) };
	u32 used = put_number(m->packed, 2 + parts);

	used += put_number(m->packed + used, ROOM);
	used += put_number(m->packed + used, 1);
	for (u32 i = 0; i < parts; i++)
		used += put_number(m->packed + used, length[i]);
	used += put_part(m->packed + used, TEXT, ROOM);
	used += put_part(m->packed + used, "\2", 1); /* the third word of the constants holds an address */
	for (u32 i = 0; i < parts; code += length[i++])
		used += put_part(m->packed + used, code, length[i]);
	m->head = (ElfW(Ehdr)) { .e_phoff = offsetof(struct program, segment), .e_phnum = ARRAY_N(m->segment) };
	for (u32 i = 0; i < ARRAY_N(places); i++)
		m->segment[i] = (ElfW(Phdr)) { .p_type = PT_LOAD, .p_vaddr = places[i], .p_flags = PF_R };
	m->segment[0].p_filesz = m->segment[0].p_memsz = sizeof m->head;
	m->segment[1].p_memsz = PAGES;
	m->segment[2].p_memsz = ROOM;
	m->segment[2].p_flags |= PF_W;
	m->segment[3].p_filesz = m->segment[3].p_memsz = used;
	m->constants[ROOM] = 7;
}

/* What the system says of the pages at p: "r-xp", and that they are a file in memory. */
static bool
is_sealed_code(const void *p)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[400], may[8] = "";
	unsigned long from, to;
	bool file = false;

	assert_non_null(f);
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "%lx-%lx %7s", &from, &to, may) == 3 && from <= (unsigned long)p && (unsigned long)p < to) {
			file = strstr(line, "/memfd:mcpgated") != NULL;
			break;
		}
	fclose(f);
	return file && strcmp(may, "r-xp") == 0;
}

#if defined(__x86_64__) || defined(__aarch64__) || defined(__arm__) || defined(__s390x__) || defined(__mips__)
#define CAN_UNPACK 1
static void
unpack_program(bool alone)
{
	static struct program program;
	struct program *m = &program;
	static u8 code[PAGES];
	cpu_set_t all, one;
	ElfW(Addr) address;
	u32 n = PAGES;

	assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
	CPU_ZERO(&one);
	for (u32 i = 0; CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	memset(m, 0, sizeof *m);

	for (u32 i = 0; i < PAGES; i++)
		code[i] = (u8)(i / 50 * 7);
	program_make(m, code, &n, 1);
	m->segment[1].p_filesz = m->segment[2].p_filesz = 1; /* a program whose bytes are all there */
	assert_int_equal(image_unpack((u8 *)m, "mcpgated"), 0);
	assert_int_equal(m->constants[0], 0);
	m->segment[1].p_filesz = m->segment[2].p_filesz = 0;
	if (alone)
		assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	assert_int_equal(image_unpack((u8 *)m, "mcpgated"), 0);
	assert_int_equal(waitpid(-1, NULL, __WALL), -1); /* who helped has been waited for */
	assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
	memcpy(&address, m->constants + 8, sizeof address);
	address -= (ElfW(Addr))m;
	memcpy(m->constants + 8, &address, sizeof address);
	assert_memory_equal(m->constants, TEXT, ROOM);
	assert_int_equal(m->constants[ROOM], 7);
	assert_memory_equal(m->code, code, PAGES);
	assert_true(is_sealed_code(m->code));

	m->segment[2].p_memsz = ROOM - 1; /* more constants than there is room for */
	assert_int_equal(image_unpack((u8 *)m, "mcpgated"), ERR_BAD);
	m->segment[2].p_memsz = ROOM;
	put_number(m->packed, 100);
	assert_int_equal(image_unpack((u8 *)m, "mcpgated"), ERR_BAD);
	m->segment[3].p_filesz = 3;
	assert_int_equal(image_unpack((u8 *)m, "mcpgated"), ERR_BAD);
	assert_int_equal(mprotect(m->code, PAGES, PROT_READ | PROT_WRITE), 0); /* for the next one */
}

/* By two processes where there are two processors, and by one. */
static void
test_unpack(void **state)
{
	unpack_program(false);
	unpack_program(true);
}
#endif

static void
join(const u8 *parts, const u32 *length, u8 *out, u32 n)
{
	image_join(parts, length, out, n, 0);
	image_join(parts, length, out, n, 2);
}

/* Code of every kind comes together again: that of this test itself, and bytes that are no code. */
static void
test_join(void **state)
{
	static u8 code[1 << 17], out[sizeof code + 1];
	u32 length[IMAGE_PARTS], n = 1 << 16, seed = 1;
	FILE *f = fopen("/proc/self/exe", "rb");
	const u8 *parts;

	assert_non_null(f);
	assert_true(fread(code, 1, sizeof code, f) > n);
	fclose(f);
	for (u32 turn = 0; turn < 300; turn++) {
		if (turn > 100)
			n = 1 + turn % 40; /* ends within an instruction */
		for (u32 i = 0; turn && i < n; i += turn > 50 ? 1 : 1 + turn) {
			seed = seed * 1103515245 + 12345;
			code[i] = (u8)(seed >> 16);
		}
		parts = apart(code, n, length);
		out[n] = 9;
		join(parts, length, out, n);
		assert_memory_equal(out, code, n);
		assert_int_equal(out[n], 9);
	}
	for (u32 i = 0; i < 3 * IMAGE_PARTS; i++) { /* a quarter that begins behind the end, or elsewhere */
		u8 *from = apart_all + 512 + 4 * i, there = from[0];

		from[0] = there + 1;
		join(parts, length, out, n);
		from[3] = 255;
		join(parts, length, out, n);
		join(parts, length, out, 1);
		from[3] = 0;
		from[0] = there;
	}
	assert_int_equal(out[n], 9);
	join(parts, length, out, n);
	assert_memory_equal(out, code, n);
	memset(apart_all, IMAGE_HAS_MORE, 512); /* nothing but prefixes: that ends, too */
	join(parts, length, out, n);
	assert_int_equal(out[n], 9);
	length[IMAGE_CODE] /= 2; /* parts that end too early, or are none */
	join(parts, length, out, n);
	length[IMAGE_OPERANDS] = 3;
	join(parts, length, out, n);
	assert_int_equal(out[n], 9);
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
#ifdef CAN_UNPACK
		cmocka_unit_test(test_unpack),
#endif
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_seal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
