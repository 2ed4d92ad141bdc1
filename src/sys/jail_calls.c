#include "sys/jail_priv.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Classic BPF as seccomp takes it. */
struct insn {
	u16 code;
	u8 yes, no;
	u32 k;
};

struct program {
	u16 n;
	const struct insn *at;
};

#define LOAD 0x20   /* BPF_LD | BPF_W | BPF_ABS */
#define EQUAL 0x15  /* BPF_JMP | BPF_JEQ | BPF_K */
#define ABOVE 0x35  /* BPF_JMP | BPF_JGE | BPF_K */
#define ANSWER 0x06 /* BPF_RET | BPF_K */
#define DO_ALLOW 0x7fff0000U
#define DO_KILL 0x80000000U

/* struct seccomp_data */
#define AT_NUMBER 0
#define AT_ARCH 4
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define AT_ARG(i) (16 + 8 * (i) + 4)
#else
#define AT_ARG(i) (16 + 8 * (i))
#endif

#define FILTER_MODE 1U  /* SECCOMP_SET_MODE_FILTER */
#define ACTION_AVAILABLE 2U /* SECCOMP_GET_ACTION_AVAIL */
#define ALL_THREADS 1U  /* SECCOMP_FILTER_FLAG_TSYNC */
#define NO_SPECULATION_TAX 4U /* SECCOMP_FILTER_FLAG_SPEC_ALLOW: no foreign code runs here */

#define ELF_64 0x80000000U
#define ELF_LITTLE 0x40000000U
#if defined(__x86_64__)
#define OUR_ARCH (62 | ELF_64 | ELF_LITTLE)
#define X32_BIT 0x40000000U
#elif defined(__aarch64__)
#define OUR_ARCH (183 | ELF_64 | ELF_LITTLE)
#elif defined(__arm__)
#define OUR_ARCH (40 | ELF_LITTLE)
#elif defined(__i386__)
#define OUR_ARCH (3 | ELF_LITTLE)
#elif defined(__mips__) && _MIPS_SIM == _ABIO32 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OUR_ARCH (8 | ELF_LITTLE)
#elif defined(__s390x__)
#define OUR_ARCH (22 | ELF_64)
#elif defined(__riscv) && __riscv_xlen == 64
#define OUR_ARCH (243 | ELF_64 | ELF_LITTLE)
#else
#define OUR_ARCH 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define W 1U /* JAIL_WORKER */
#define I 2U /* JAIL_IMPORT */

/* Calls that need no look at their arguments; what every request makes comes first, because the list is walked. A name
 * that an architecture does not have is left out; the 32-bit ones have a second form with 64-bit time. */
static const struct {
	u32 number, kinds;
} calls[] = {
#ifdef SYS_poll
	{ SYS_poll, W },
#endif
#ifdef SYS_ppoll
	{ SYS_ppoll, W },
#endif
#ifdef SYS_ppoll_time64
	{ SYS_ppoll_time64, W },
#endif
#ifdef SYS_recvfrom
	{ SYS_recvfrom, W },
#endif
#ifdef SYS_recv
	{ SYS_recv, W },
#endif
#ifdef SYS_sendto
	{ SYS_sendto, W },
#endif
#ifdef SYS_send
	{ SYS_send, W },
#endif
	{ SYS_sendmsg, W },
	{ SYS_accept4, W },
	{ SYS_close, W | I },
	{ SYS_shutdown, W },
	{ SYS_setsockopt, W },
	{ SYS_getsockopt, W },
	{ SYS_getsockname, W },
	{ SYS_getpeername, W },
	{ SYS_connect, W },
	{ SYS_recvmsg, W },
	{ SYS_epoll_ctl, W },
#ifdef SYS_epoll_wait
	{ SYS_epoll_wait, W },
#endif
	{ SYS_epoll_pwait, W },
#ifdef SYS_futex
	{ SYS_futex, W | I },
#endif
#ifdef SYS_futex_time64
	{ SYS_futex_time64, W | I },
#endif
	{ SYS_read, W | I },
	{ SYS_write, W | I },
	{ SYS_readv, W | I },
	{ SYS_writev, W | I },
	{ SYS_pread64, W | I },
	{ SYS_pwrite64, W | I },
	{ SYS_fdatasync, W | I },
	{ SYS_fsync, W | I },
	{ SYS_openat, W | I },
#ifdef SYS_fstat
	{ SYS_fstat, W | I },
#endif
#ifdef SYS_fstat64
	{ SYS_fstat64, W | I },
#endif
#ifdef SYS_newfstatat
	{ SYS_newfstatat, W | I },
#endif
#ifdef SYS_fstatat64
	{ SYS_fstatat64, W | I },
#endif
#ifdef SYS_statx
	{ SYS_statx, W | I },
#endif
#ifdef SYS_fstatfs
	{ SYS_fstatfs, W | I },
#endif
#ifdef SYS_fstatfs64
	{ SYS_fstatfs64, W | I },
#endif
#ifdef SYS_lseek
	{ SYS_lseek, W | I },
#endif
#ifdef SYS__llseek
	{ SYS__llseek, W | I },
#endif
#ifdef SYS_ftruncate
	{ SYS_ftruncate, W | I },
#endif
#ifdef SYS_ftruncate64
	{ SYS_ftruncate64, W | I },
#endif
#ifdef SYS_renameat
	{ SYS_renameat, W | I },
#endif
	{ SYS_renameat2, W | I },
	{ SYS_unlinkat, W | I },
	{ SYS_fchmod, W | I },
	{ SYS_getdents64, W | I },
	{ SYS_flock, W },
#ifdef SYS_fcntl
	{ SYS_fcntl, W | I },
#endif
#ifdef SYS_fcntl64
	{ SYS_fcntl64, W | I },
#endif
	{ SYS_munmap, W | I },
	{ SYS_madvise, W | I },
	{ SYS_getrandom, W | I },
#ifdef SYS_clock_gettime
	{ SYS_clock_gettime, W | I },
#endif
#ifdef SYS_clock_gettime32
	{ SYS_clock_gettime32, W | I },
#endif
#ifdef SYS_clock_gettime64
	{ SYS_clock_gettime64, W | I },
#endif
#ifdef SYS_clock_nanosleep_time64
	{ SYS_clock_nanosleep_time64, W },
#endif
#ifdef SYS_clock_nanosleep_time32
	{ SYS_clock_nanosleep_time32, W },
#endif
#ifdef SYS_clock_nanosleep
	{ SYS_clock_nanosleep, W },
#endif
#ifdef SYS_nanosleep
	{ SYS_nanosleep, W },
#endif
#ifdef SYS_rseq /* a thread of glibc begins with these two */
	{ SYS_rseq, W },
#endif
	{ SYS_set_robust_list, W },
	{ SYS_restart_syscall, W | I },
	{ SYS_rt_sigprocmask, W | I },
	{ SYS_rt_sigreturn, W | I },
	{ SYS_getpid, W | I },
	{ SYS_gettid, W | I },
	{ SYS_tkill, W | I },
	{ SYS_tgkill, W | I },
	{ SYS_exit, W | I },
	{ SYS_exit_group, W | I },
};

#define INSNS_MAX (2 * ARRAY_N(calls) + 40)

struct list {
	struct insn at[INSNS_MAX];
	u16 n;
};

static void
add(struct list *l, u16 code, u32 k, u8 yes, u8 no)
{
	ASSERT(l->n < INSNS_MAX);
	l->at[l->n++] = (struct insn){ code, yes, no, k };
}

static void
allow_if(struct list *l, u32 number)
{
	add(l, EQUAL, number, 0, 1);
	add(l, ANSWER, DO_ALLOW, 0, 0);
}

/* Of this call, only with one of n values of argument i. */
static void
allow_with(struct list *l, u32 number, u32 i, const u32 *value, u8 n)
{
	add(l, EQUAL, number, 0, (u8)(n + 3));
	add(l, LOAD, AT_ARG(i), 0, 0);
	for (u8 k = 0; k < n; k++)
		add(l, EQUAL, value[k], (u8)(n - k), 0);
	add(l, ANSWER, DO_KILL, 0, 0);
	add(l, ANSWER, DO_ALLOW, 0, 0);
}

static void
build(struct list *l, u8 kind)
{
	static const u32 reading[] = { PROT_READ };
	static const u32 families[] = { AF_UNIX, AF_INET, AF_INET6 };

	add(l, LOAD, AT_ARCH, 0, 0);
	add(l, EQUAL, OUR_ARCH, 1, 0);
	add(l, ANSWER, DO_KILL, 0, 0);
	add(l, LOAD, AT_NUMBER, 0, 0);
#ifdef X32_BIT
	add(l, ABOVE, X32_BIT, 0, 1);
	add(l, ANSWER, DO_KILL, 0, 0);
#endif
	for (u32 i = 0; i < ARRAY_N(calls); i++)
		if (calls[i].kinds & (kind == JAIL_IMPORT ? I : W))
			allow_if(l, calls[i].number);
	if (kind == JAIL_WORKER)
		allow_with(l, SYS_socket, 0, families, ARRAY_N(families));
#if defined(SYS_mmap2)
	allow_with(l, SYS_mmap2, 2, reading, 1);
#elif defined(__s390x__)
	allow_if(l, SYS_mmap); /* its arguments lie behind a pointer: nothing to look at */
	(void)reading;
#else
	allow_with(l, SYS_mmap, 2, reading, 1);
#endif
	add(l, ANSWER, DO_KILL, 0, 0);
}

static u32
allowed(u8 kind)
{
	u32 n = 1 + (kind == JAIL_WORKER); /* mmap and socket have values to be held against, too */

	for (u32 i = 0; i < ARRAY_N(calls); i++)
		n += (calls[i].kinds & (kind == JAIL_IMPORT ? I : W)) != 0;
	return n;
}

bool
jail_knows_calls(u32 *n)
{
	u32 kill = DO_KILL;

	*n = allowed(JAIL_WORKER);
	return !SANITIZED && OUR_ARCH != 0 && syscall(SYS_seccomp, ACTION_AVAILABLE, 0, &kill) == 0;
}

int
jail_calls(const struct jail *j, struct buf *why)
{
	struct list l = { .n = 0 };
	struct program p = { 0, l.at };

	errno = ENOSYS;
	if (SANITIZED)
		return jail_lacks(why, "system calls are not filtered: built with AddressSanitizer");
	if (OUR_ARCH == 0)
		return jail_lacks(why, "system calls are not filtered: no list for this processor");
	build(&l, j->kind);
	p.n = l.n;
	if (syscall(SYS_seccomp, FILTER_MODE, ALL_THREADS | NO_SPECULATION_TAX, &p) == 0 ||
	    syscall(SYS_seccomp, FILTER_MODE, ALL_THREADS, &p) == 0) {
		jail_did(j, ", %u system calls", allowed(j->kind));
		return 0;
	}
	return jail_lacks(why, "system calls are not filtered");
}
