#include "sys/jail_priv.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Landlock came with one set of numbers for all architectures. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define RULESET_VERSION 1U
#define RULE_PATH_BENEATH 1

/* Bits of file access, and with which version of the interface they came. */
#define FS_EXECUTE 0x1U
#define FS_WRITE_FILE 0x2U
#define FS_READ_FILE 0x4U
#define FS_READ_DIR 0x8U
#define FS_REMOVE_FILE 0x20U
#define FS_MAKE_DIR 0x80U
#define FS_MAKE_REG 0x100U
#define FS_VERSION_1 0x1fffU
#define FS_REFER 0x2000U    /* 2 */
#define FS_TRUNCATE 0x4000U /* 3 */
#define FS_IOCTL 0x8000U    /* 5 */
#define NET_BIND 0x1U       /* 4 */
#define SCOPES 0x3U         /* 6: abstract sockets and signals of others */

struct ruleset {
	u64 fs, net, scoped;
};

struct path_rule {
	u64 allowed;
	int fd;
} __attribute__((packed));

static u64
handled(int version)
{
	return FS_VERSION_1 | (version >= 2 ? FS_REFER : 0) | (version >= 3 ? FS_TRUNCATE : 0) |
	    (version >= 5 ? FS_IOCTL : 0);
}

u32
jail_knows_files(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);

	return version > 0 ? (u32)version : 0;
}

int
jail_files(const struct jail *j, struct buf *why)
{
	int version = (int)jail_knows_files(), fd, failed;
	struct ruleset set = { handled(version), version >= 4 ? NET_BIND : 0, version >= 6 ? SCOPES : 0 };
	size_t n = version >= 6 ? sizeof set : version >= 4 ? 16 : 8; /* older kernels know less of it */
	struct path_rule rule = { 0, j->dir };

	if (version < 1)
		return jail_lacks(why, "files are not confined: no Landlock");
	fd = (int)syscall(SYS_landlock_create_ruleset, &set, n, 0);
	if (fd < 0)
		return jail_lacks(why, "files are not confined");
	rule.allowed = set.fs & (FS_WRITE_FILE | FS_READ_FILE | FS_READ_DIR | FS_REMOVE_FILE | FS_MAKE_DIR |
	    FS_MAKE_REG | FS_TRUNCATE);
	failed = j->dir >= 0 && syscall(SYS_landlock_add_rule, fd, RULE_PATH_BENEATH, &rule, 0);
	rule.fd = j->more;
	failed = failed || (j->more > 0 && syscall(SYS_landlock_add_rule, fd, RULE_PATH_BENEATH, &rule, 0));
	rule = (struct path_rule){ FS_READ_FILE | FS_READ_DIR, j->read_dir };
	failed = failed || (j->reads && syscall(SYS_landlock_add_rule, fd, RULE_PATH_BENEATH, &rule, 0));
	failed = failed || syscall(SYS_landlock_restrict_self, fd, 0);
	close(fd);
	if (!failed)
		jail_did(j, ", files by Landlock %d", version);
	return failed ? jail_lacks(why, "files are not confined") : 0;
}
