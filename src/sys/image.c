#include "sys/image.h"

#include "base/undo.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RELR_SIZE 35 /* DT_RELRSZ, DT_RELR: younger than some <elf.h> */
#define RELR 36
#define NO_EXEC_SEAL 8u /* MFD_NOEXEC_SEAL: such a file may be mapped for execution, but never be run; Linux 6.3 */
#define ALL_SEALS 15    /* F_SEAL_SEAL, _SHRINK, _GROW, _WRITE */
#define ADD_SEALS 1033  /* F_ADD_SEALS */

#ifdef __x86_64__
/* The stack belongs to _start (the arguments lie on it) and is handed on as it came. */
__asm__(".pushsection .text.image_entry, \"ax\", @progbits\n"
	".globl image_entry\n"
	".type image_entry, @function\n"
	"image_entry:\n"
	"	endbr64\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rbx\n"
	"	and $-16, %rsp\n"
	"	lea __ehdr_start(%rip), %rdi\n"
	"	lea _DYNAMIC(%rip), %rsi\n"
	"	call image_start\n"
	"	mov %rbx, %rsp\n"
	"	xor %edx, %edx\n"
	"	jmp _start\n"
	".size image_entry, . - image_entry\n"
	".popsection\n");

/* Without the C library, which is still packed: a negative number is an error. */
static inline long
ask(long n, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = 0; /* where in a file */

	__asm__ volatile("syscall" : "+a"(n)
	                 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return n;
}
#else
static inline long
ask(long n, long a, long b, long c, long d, long e)
{
	return -1;
}
#endif

#define FAILED(x) ((unsigned long)(x) > -4096ul)

static inline long
map(void *at, unsigned long n, long may, long how, long fd)
{
	return ask(SYS_mmap, (long)at, (long)n, may, how, fd);
}

extern ElfW(Dyn) dynamic[] __asm__("_DYNAMIC") __attribute__((weak, visibility("hidden")));

static inline u32
number(const u8 *p)
{
	return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

/* --- code that was taken apart ------------------------------------------------------------------------ */

struct join {
	const u8 *p[IMAGE_PARTS], *end[IMAGE_PARTS];
	u8 *out;
	u32 at, n;
};

static inline void
join_put(struct join *j, u32 byte)
{
	if (j->at < j->n)
		j->out[j->at++] = (u8)byte;
}

static inline u32
join_take(struct join *j, enum image_part part)
{
	return j->p[part] < j->end[part] ? *j->p[part]++ : 0;
}

static inline u32
join_byte(struct join *j, enum image_part part)
{
	u32 byte = join_take(j, part);

	join_put(j, byte);
	return byte;
}

static inline void
join_word(struct join *j, enum image_part part, u32 n)
{
	while (n--)
		join_byte(j, part);
}

/* The distance from the byte behind these four to a place. */
static inline void
join_place(struct join *j, enum image_part part)
{
	u32 x = 0;

	for (u32 i = 0; i < 4; i++)
		x = x << 8 | join_take(j, part);
	x -= j->at + 4;
	for (u32 i = 0; i < 4; i++)
		join_put(j, x >> 8 * i);
}

/* How the operation op is addressed. True when it is one of those whose operand depends on that, and has it. */
static inline bool
join_mode(struct join *j, u32 op)
{
	u32 mode = join_byte(j, IMAGE_CODE), base = mode & 7;

	if (mode < 0xc0 && base == 4 && (join_byte(j, IMAGE_CODE) & 7) == 5 && mode < 0x40)
		join_word(j, IMAGE_FAR, 4);
	else if (mode < 0x40 && base == 5)
		join_place(j, IMAGE_PLACE);
	else if (mode >= 0x80 && mode < 0xc0)
		join_word(j, IMAGE_FAR, 4);
	else if (mode >= 0x40 && mode < 0x80)
		join_byte(j, IMAGE_NEAR);
	return (op == 0xf6 || op == 0xf7) && (mode & 0x30) == 0;
}

static inline void
join_operation(struct join *j, const u8 *operands)
{
	u32 op, last = 0, word = 4, has;

	while (has = operands[op = join_byte(j, IMAGE_CODE)], has & IMAGE_HAS_MORE) {
		last = op;
		if (op == 0x66)
			word = 2;
	}
	if (op == 0x0f) {
		has = operands[256 + join_byte(j, IMAGE_CODE)];
		if (has & IMAGE_HAS_MORE)
			join_byte(j, IMAGE_CODE);
	}
	if (has & IMAGE_HAS_MODE && join_mode(j, op))
		has |= op & 1 ? IMAGE_HAS_WORD : IMAGE_HAS_BYTE;
	if (has & IMAGE_HAS_WIDE && (last & 0xf8) == 0x48)
		join_word(j, IMAGE_WORD, 4);
	if (has & IMAGE_HAS_WORD)
		join_word(j, word == 4 ? IMAGE_WORD : IMAGE_BYTE, word);
	if (has & IMAGE_HAS_PAIR)
		join_word(j, IMAGE_BYTE, 2);
	if (has & IMAGE_HAS_BYTE)
		join_byte(j, IMAGE_BYTE);
	if (has & IMAGE_HAS_HOP)
		join_byte(j, IMAGE_HOP);
	if (has & IMAGE_HAS_TARGET)
		join_place(j, IMAGE_TARGET);
}

__attribute__((no_stack_protector)) void
image_join(const u8 *parts, const u32 length[IMAGE_PARTS], u8 *out, u32 n)
{
	struct join j = { .out = out, .n = n };

	for (u32 i = 0; i < IMAGE_PARTS; i++) {
		j.p[i] = parts;
		j.end[i] = parts += length[i];
	}
	if (length[IMAGE_OPERANDS] == 512)
		while (j.at < n)
			join_operation(&j, j.p[IMAGE_OPERANDS]);
}

/* --- unpacking ------------------------------------------------------------------------------------------ */

#define PARTS_MAX (1 + IMAGE_PARTS)

/* What is packed: where it belongs, and (from scratch on) its parts without the constants. */
struct packed {
	u8 *constants, *code;
	u32 constants_n, code_n, parts, length[PARTS_MAX];
	struct str in;
	struct pack_counts *counts;
	u8 *scratch;
	unsigned long scratch_n;
};

/* False: nothing is packed. */
static inline bool
packed_find(struct packed *k, u8 *base)
{
	const ElfW(Ehdr) *e = (const void *)base;
	const ElfW(Phdr) *h = (const void *)(base + e->e_phoff);

	for (u32 i = 0; i < e->e_phnum; i++) {
		if (h[i].p_type != PT_LOAD)
			continue;
		if (h[i].p_filesz) {
			k->in = str_of(base + h[i].p_vaddr, h[i].p_filesz);
		} else if (h[i].p_flags & PF_W) {
			k->constants = base + h[i].p_vaddr;
			k->constants_n = (u32)h[i].p_memsz;
		} else {
			k->code = base + h[i].p_vaddr;
			k->code_n = (u32)h[i].p_memsz;
		}
	}
	return k->constants != NULL;
}

static inline int
packed_lengths(struct packed *k)
{
	const u8 *p = k->in.p;

	if (k->in.n < 4 || (k->parts = number(p)) > PARTS_MAX || k->in.n < 4 + 4 * k->parts || k->parts == 0)
		return ERR_BAD;
	k->scratch_n = sizeof(*k->counts);
	for (u32 i = 0; i < k->parts; i++) {
		k->length[i] = number(p + 4 + 4 * i);
		if (k->length[i] > 1u << 24)
			return ERR_BAD;
		k->scratch_n += i ? k->length[i] : 0;
	}
	k->in = str_of(p + 4 + 4 * k->parts, k->in.n - 4 - 4 * k->parts);
	return k->length[0] > k->constants_n ? ERR_BAD : 0;
}

/* The constants to their place, the parts of the code behind each other. */
static inline int
packed_undo(struct packed *k)
{
	u8 *out = k->constants, *next = k->scratch;

	for (u32 i = 0; i < k->parts; i++) {
		int used = undo_part(k->in, k->counts, out, k->length[i]);

		if (used < 0)
			return used;
		k->in = str_of(k->in.p + used, k->in.n - (u32)used);
		out = next;
		next += i + 1 < k->parts ? k->length[i + 1] : 0;
	}
	return 0;
}

static inline void
code_write(struct packed *k, u8 *out)
{
	if (k->parts == PARTS_MAX)
		image_join(k->scratch, k->length + 1, out, k->code_n);
	else
		for (u32 i = 0; i < k->length[1] && i < k->code_n; i++)
			out[i] = k->scratch[i];
}

/* Code by way of a file in memory that can never change again. */
static inline int
code_by_file(struct packed *k, const char *name)
{
	long fd = ask(SYS_memfd_create, (long)name, (long)(1u | NO_EXEC_SEAL), 0, 0, 0), at;

	if (FAILED(fd))
		fd = ask(SYS_memfd_create, (long)name, 1 | 2, 0, 0, 0); /* closed on exec, may be sealed */
	if (FAILED(fd))
		return ERR_IO;
	at = ask(SYS_ftruncate, fd, k->code_n, 0, 0, 0);
	if (!FAILED(at))
		at = map(NULL, k->code_n, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	if (!FAILED(at)) {
		code_write(k, (u8 *)at);
		ask(SYS_munmap, at, k->code_n, 0, 0, 0);
		ask(SYS_fcntl, fd, ADD_SEALS, ALL_SEALS, 0, 0);
		at = map(k->code, k->code_n, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd);
	}
	ask(SYS_close, fd, 0, 0, 0, 0);
	return FAILED(at) ? ERR_IO : 0;
}

/* Code in plain pages. */
static inline int
code_by_page(struct packed *k)
{
	if (FAILED(map(k->code, k->code_n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1)))
		return ERR_IO;
	code_write(k, k->code);
	return FAILED(ask(SYS_mprotect, (long)k->code, k->code_n, PROT_READ | PROT_EXEC, 0, 0)) ? ERR_IO : 0;
}

__attribute__((no_stack_protector)) int
image_unpack(u8 *base)
{
	struct packed k = { 0 };
	long at;
	int err;

	if (!packed_find(&k, base))
		return 0;
	if ((err = packed_lengths(&k)))
		return err;
	at = map(NULL, k.scratch_n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (FAILED(at))
		return ERR_IO;
	k.counts = (void *)at;
	k.scratch = (u8 *)(k.counts + 1);
	err = packed_undo(&k);
	if (err == 0 && k.parts > 1 && (err = code_by_file(&k, "mcpgated")))
		err = code_by_page(&k);
	ask(SYS_munmap, at, (long)k.scratch_n, 0, 0, 0);
	return err;
}

/* An even entry of the list is the place of a word; an odd one has a bit for each of the 63 (31) words after the last.
 * This runs before anything else: there is no stack guard yet, and no table that holds an address may be used. */
__attribute__((no_stack_protector)) void
image_fill(char *base, ElfW(Dyn) *d)
{
	ElfW(Addr) *list = NULL, *at = NULL, n = 0;

	for (; d->d_tag != DT_NULL; d++) {
		if (d->d_tag == RELR) {
			list = (void *)(base + d->d_un.d_ptr);
		} else if (d->d_tag == RELR_SIZE) {
			n = d->d_un.d_val / sizeof(*list);
			d->d_un.d_val = 0; /* a C library that knows this form finds it done */
		}
	}
	for (ElfW(Addr) i = 0; i < n; i++) {
		if ((list[i] & 1) == 0) {
			at = (void *)(base + list[i]);
			*at++ += (ElfW(Addr))base;
			continue;
		}
		for (u32 bit = 1; bit < 8 * sizeof(*at); bit++)
			if (list[i] >> bit & 1)
				at[bit - 1] += (ElfW(Addr))base;
		at += 8 * sizeof(*at) - 1;
	}
}

__attribute__((used, no_stack_protector)) void
image_start(u8 *base, ElfW(Dyn) *d)
{
	static const char text[] = "mcpgated: the program cannot be unpacked: "
	                           "no memory, or none that may be executed\n";

	if (image_unpack(base)) {
		ask(SYS_write, 2, (long)text, sizeof(text) - 1, 0, 0);
		ask(SYS_exit_group, 127, 0, 0, 0, 0);
	}
	image_fill((char *)base, d);
}

int
image_seal(void)
{
	const ElfW(Phdr) *h = (const void *)getauxval(AT_PHDR);
	ElfW(Addr) page = (ElfW(Addr))sysconf(_SC_PAGESIZE), base = 0, from, to;
	u64 n = h && dynamic ? getauxval(AT_PHNUM) : 0;

	for (u64 i = 0; i < n; i++)
		if (h[i].p_type == PT_DYNAMIC)
			base = (ElfW(Addr))dynamic - h[i].p_vaddr;
	for (u64 i = 0; i < n; i++) {
		if (h[i].p_type != PT_GNU_RELRO)
			continue;
		from = (base + h[i].p_vaddr) & -page;
		to = (base + h[i].p_vaddr + h[i].p_memsz) & -page;
		if (to > from && mprotect((void *)from, to - from, PROT_READ) < 0)
			return ERR_IO;
	}
	return 0;
}
