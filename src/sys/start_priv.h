/* start_priv: where the process starts, and how it asks the system without the C library, which is still packed. One
 * piece for each processor; start.c includes it, nobody else.
 *
 * image_entry keeps the stack, on which the arguments lie, for _start, calls image_start with the first byte of the
 * image and with NAME_AND_TEXT, and goes on (where code may be moved: by as much as image_start says). ask: a negative
 * number is an error. settle_code: makes what was written as data to these n bytes visible to the fetching of
 * instructions, where the processor does not do so by itself. */
#ifndef SYS_START_PRIV_H
#define SYS_START_PRIV_H

#include <sys/syscall.h>

#define NAME_AND_TEXT "mcpgated\\0mcpgated: the program cannot be unpacked: " \
	"no memory, or none that may be executed\\n\\0"

#define IN_ONE_PIECE __attribute__((no_stack_protector))

#define ENTRY_BEGIN ".pushsection .text.image_entry, \"ax\", %progbits\n" \
	".globl image_entry\n" \
	".type image_entry, %function\n"
#define ENTRY_END ".balign 4\n.size image_entry, . - image_entry\n.popsection\n"

#ifndef SYS_mmap2 /* 32 bits: the place in the file is counted in pages, which is the same for 0 */
#define ASK_MMAP SYS_mmap
#else
#define ASK_MMAP SYS_mmap2
#endif

#if defined(__x86_64__)

/* x86-64: the caches settle themselves. */
__asm__(".pushsection .text.image_entry, \"ax\", @progbits\n"
	".globl image_entry\n"
	".type image_entry, @function\n"
	"image_entry:\n"
	"	endbr64\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rbx\n"
	"	and $-16, %rsp\n"
	"	lea __ehdr_start(%rip), %rdi\n"
	"	lea 1f(%rip), %rsi\n"
	"	call image_start\n"
	"	mov %rbx, %rsp\n"
	"	xor %edx, %edx\n"
	"	jmp _start\n"
	"1:	.ascii \"" NAME_AND_TEXT "\"\n"
	".size image_entry, . - image_entry\n"
	".popsection\n");

static inline long
ask(long n, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = 0; /* where in a file */

	__asm__ volatile("syscall" : "+a"(n)
	                 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return n;
}

static inline void
settle_code(u8 *p, u32 n)
{
}

#elif defined(__aarch64__)

/* aarch64: the two caches are told line by line. */
__asm__(ENTRY_BEGIN
	"image_entry:\n"
	"	hint #34\n"
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	mov x19, sp\n"
	"	adrp x0, __ehdr_start\n"
	"	add x0, x0, :lo12:__ehdr_start\n"
	"	adr x1, 1f\n"
	"	bl image_start\n"
	"	mov sp, x19\n"
	"	mov x0, #0\n"
	"	mov x30, #0\n"
	"	b _start\n"
	"1:	.ascii \"" NAME_AND_TEXT "\"\n"
	ENTRY_END);

static inline long
ask(long n, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = 0;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
}

static inline void
settle_code(u8 *p, u32 n)
{
	u64 kind, data, code, at = (u64)p, end = at + n;

	__asm__ volatile("mrs %0, ctr_el0" : "=r"(kind));
	data = 4ull << (kind >> 16 & 15);
	code = 4ull << (kind & 15);
	for (u64 i = at & -data; i < end; i += data)
		__asm__ volatile("dc cvau, %0" : : "r"(i) : "memory");
	__asm__ volatile("dsb ish" : : : "memory");
	for (u64 i = at & -code; i < end; i += code)
		__asm__ volatile("ic ivau, %0" : : "r"(i) : "memory");
	__asm__ volatile("dsb ish\n	isb" : : : "memory");
}

#elif defined(__arm__)

/* arm: the caches belong to the system. */
__asm__(ENTRY_BEGIN
	".arm\n"
	"image_entry:\n"
	"	mov fp, #0\n"
	"	mov r4, sp\n"
	"	bic sp, sp, #7\n"
	"	ldr r0, 1f\n"
	"0:	add r0, pc, r0\n"
	"	adr r1, 4f\n"
	"	bl image_start\n"
	"	mov sp, r4\n"
	"	mov r0, #0\n"
	"	ldr r1, 2f\n"
	"3:	add r1, pc, r1\n"
	"	bx r1\n"
	"1:	.word __ehdr_start - (0b + 8)\n"
	"2:	.word _start - (3b + 8)\n"
	"4:	.ascii \"" NAME_AND_TEXT "\"\n"
	ENTRY_END
#ifdef __thumb__
	".thumb\n"
#endif
	);

static inline long
ask(long n, long a, long b, long c, long d, long e)
{
	register long r0 __asm__("r0") = a, r1 __asm__("r1") = b, r2 __asm__("r2") = c, r3 __asm__("r3") = d;
	register long r4 __asm__("r4") = e, r5 __asm__("r5") = 0;

	/* r7 may be the frame's: it comes back as it was */
	__asm__ volatile("mov r6, r7\n	mov r7, %1\n	svc 0\n	mov r7, r6"
	                 : "+r"(r0) : "r"(n), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5) : "r6", "memory");
	return r0;
}

static inline void
settle_code(u8 *p, u32 n)
{
	ask(0x0f0002, (long)p, (long)(p + n), 0, 0, 0); /* cacheflush */
}

#elif defined(__s390x__)

/* s390x: the caches settle themselves. */
__asm__(ENTRY_BEGIN
	"image_entry:\n"
	"	lgr %r7, %r15\n"
	"	larl %r2, __ehdr_start\n"
	"	larl %r3, 1f\n"
	"	aghi %r15, -160\n"
	"	xc 0(8,%r15), 0(%r15)\n"
	"	brasl %r14, image_start\n"
	"	lgr %r15, %r7\n"
	"	jg _start\n"
	".balign 2\n"
	"1:	.ascii \"" NAME_AND_TEXT "\"\n"
	ENTRY_END);

/* mmap alone is asked with its arguments in memory. */
static inline long
ask(long n, long a, long b, long c, long d, long e)
{
	long list[6] = { a, b, c, d, e, 0 };
	register long r1 __asm__("r1") = n, r2 __asm__("r2") = n == SYS_mmap ? (long)list : a, r3 __asm__("r3") = b;
	register long r4 __asm__("r4") = c, r5 __asm__("r5") = d, r6 __asm__("r6") = e;

	__asm__ volatile("svc 0" : "+d"(r2) : "d"(r1), "d"(r3), "d"(r4), "d"(r5), "d"(r6), "m"(list) : "memory");
	return r2;
}

static inline void
settle_code(u8 *p, u32 n)
{
}

#elif defined(__mips__) && !defined(__mips64)

#ifndef __mips_abicalls
/* There are no addresses yet: calls are by distance. */
__asm__(".macro jal target\n	bal \\target\n.endm\n");
#endif

/* mips, of 32 bits: bal tells where we are; all else is known by its distance. $gp is _start's own matter. */
__asm__(ENTRY_BEGIN
	".set push\n"
	".set noreorder\n"
	".set nomips16\n"
	".weak _start\n" /* glibc, under which unit tests run, calls it otherwise */
	"image_entry:\n"
	"	move $fp, $zero\n"
	"	move $16, $sp\n"
	"	bal 1f\n"
	"	nop\n"
	"0:	.word __ehdr_start - .\n"
	"	.word image_start - 0b\n"
	"	.word _start - 0b\n"
	"	.word 2f - 0b\n"
	"1:	move $17, $31\n"
	"	lw $4, 0($17)\n"
	"	addu $4, $4, $17\n"
	"	lw $5, 12($17)\n"
	"	addu $5, $5, $17\n"
	"	lw $25, 4($17)\n"
	"	addu $25, $25, $17\n"
	"	li $8, -8\n"
	"	and $sp, $sp, $8\n"
	"	jalr $25\n"
	"	addiu $sp, $sp, -32\n"
	"	move $sp, $16\n"
	"	lw $25, 8($17)\n"
	"	addu $25, $25, $17\n"
	"	addu $25, $25, $2\n"
	"	move $31, $zero\n"
	"	jr $25\n"
	"	move $2, $zero\n"
	"2:	.ascii \"" NAME_AND_TEXT "\"\n"
	".set pop\n"
	ENTRY_END);

static inline long
ask(long n, long a, long b, long c, long d, long e)
{
	register long v0 __asm__("$2") = n, a0 __asm__("$4") = a, a1 __asm__("$5") = b, a2 __asm__("$6") = c;
	register long a3 __asm__("$7") = d, t0 __asm__("$8") = e;

	__asm__ volatile(".set push\n	.set noreorder\n"
	                 "	addiu $sp, $sp, -32\n	sw $8, 16($sp)\n	sw $0, 20($sp)\n"
	                 "	syscall\n	addiu $sp, $sp, 32\n	.set pop"
	                 : "+r"(v0), "+r"(a3), "+r"(t0) : "r"(a0), "r"(a1), "r"(a2)
	                 : "$1", "$3", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25", "hi", "lo",
	                   "memory");
	return a3 ? -1 : v0;
}

static inline void
settle_code(u8 *p, u32 n)
{
	ask(SYS_cacheflush, (long)p, (long)n, 3, 0, 0); /* both caches */
}

#else

static inline long
ask(long n, long a, long b, long c, long d, long e)
{
	return -1;
}

static inline void
settle_code(u8 *p, u32 n)
{
}

#endif
#endif
