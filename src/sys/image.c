#include "sys/image.h"

#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

extern ElfW(Dyn) dynamic[] __asm__("_DYNAMIC") __attribute__((weak, visibility("hidden")));

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
