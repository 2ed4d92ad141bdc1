#include "sys/image.h"

#include "base/pack.h"

#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define UNPACK_ROOM 16384 /* of the stack, in the assembly, too */
static_assert(PACK_BITS * sizeof(struct pack_bit) <= UNPACK_ROOM, "what unpacking needs fits the room it gets");

#define RELR_SIZE 35 /* DT_RELRSZ, DT_RELR: younger than some <elf.h> */
#define RELR 36

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
	"	sub $16384, %rsp\n"
	"	lea __ehdr_start(%rip), %rdi\n"
	"	mov %rsp, %rsi\n"
	"	call image_unpack\n"
	"	lea __ehdr_start(%rip), %rdi\n"
	"	lea _DYNAMIC(%rip), %rsi\n"
	"	call image_fill\n"
	"	mov %rbx, %rsp\n"
	"	jmp _start\n"
	".size image_entry, . - image_entry\n"
	".popsection\n");
#endif

extern ElfW(Dyn) dynamic[] __asm__("_DYNAMIC") __attribute__((weak, visibility("hidden")));

/* Like the next one, before anything else. */
__attribute__((used, no_stack_protector)) void
image_unpack(u8 *base, struct pack_bit *room)
{
	const ElfW(Ehdr) *e = (const void *)base;
	const ElfW(Phdr) *h = (const void *)(base + e->e_phoff);

	for (u32 i = 0; i + 1 < e->e_phnum; i++) {
		const u8 *p = base + h[i + 1].p_vaddr;

		if (h[i].p_type == PT_LOAD && h[i].p_filesz == 0 && h[i + 1].p_filesz > 4)
			pack_undo(str_of(p + 4, h[i + 1].p_filesz - 4), room, base + h[i].p_vaddr,
			    (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16);
	}
}

/* An even entry of the list is the place of a word; an odd one has a bit for each of the 63 (31) words after the last.
 * This runs before anything else: there is no stack guard yet, and no table that holds an address may be used. */
__attribute__((used, no_stack_protector)) void
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
