#include "sys/image.h"

#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

/* The first byte of the image: the linker names it. */
extern const u8 image_head[] __asm__("__ehdr_start") __attribute__((weak, visibility("hidden")));

int
image_seal(void)
{
	const ElfW(Phdr) *h = (const void *)getauxval(AT_PHDR);
	ElfW(Addr) page = (ElfW(Addr))sysconf(_SC_PAGESIZE), base = 0, from, to;
	u64 n = h && image_head ? getauxval(AT_PHNUM) : 0;

	for (u64 i = n; i-- > 0;)
		if (h[i].p_type == PT_LOAD) /* the first is that of the head */
			base = (ElfW(Addr))image_head - h[i].p_vaddr;
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
