#include "sys/jail_priv.h"

#include "sys/file.h"

#include <errno.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAP_LAST_POSSIBLE 63
#define CAP_VERSION_3 0x20080522

struct cap_head {
	u32 version;
	int pid;
};

struct cap_data {
	u32 effective, permitted, inheritable;
};

int
jail_lacks(struct buf *why, const char *part)
{
	buf_fmt(why, "%s%s (%s)", buf_len(why) ? "; " : "", part, strerror(errno));
	return 1;
}

/* Without CAP_SETPCAP the set cannot shrink, but without privileges gained on exec it means nothing either. */
static void
drop_bounding_set(void)
{
	for (u32 cap = 0; cap <= CAP_LAST_POSSIBLE; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static int
change_user(const struct jail *j, struct buf *why)
{
	const char *step = NULL;

	if (!j->drops || geteuid() == j->uid)
		return 0;
	if (setgroups(0, NULL))
		step = "setgroups";
	else if (setresgid(j->gid, j->gid, j->gid))
		step = "setresgid";
	else if (setresuid(j->uid, j->uid, j->uid))
		step = "setresuid";
	else if (setresuid(0, 0, 0) == 0) /* it must not be possible to go back */
		step = "setresuid did not last:";
	if (!step) {
		jail_did(j, "user %u, ", j->uid);
		return 0;
	}
	buf_fmt(why, "cannot become user %u: %s: %s", j->uid, step, strerror(errno));
	return ERR_DENY;
}

static int
drop_capabilities(struct buf *why)
{
	struct cap_head head = { CAP_VERSION_3, 0 };
	struct cap_data none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	return syscall(SYS_capset, &head, none) ? jail_lacks(why, "capabilities are kept") : 0;
}

static int
limit(int what, u64 n)
{
	struct rlimit now, l = { (rlim_t)n, (rlim_t)n };

	if (getrlimit(what, &now) == 0 && now.rlim_max != RLIM_INFINITY && now.rlim_max < l.rlim_max)
		l = (struct rlimit){ now.rlim_max, now.rlim_max };
	return setrlimit(what, &l);
}

static int
set_limits(const struct jail *j, struct buf *why)
{
	if (limit(RLIMIT_CORE, 0) || limit(RLIMIT_NOFILE, j->files_max) || limit(RLIMIT_FSIZE, j->file_n_max))
		return jail_lacks(why, "limits are not set");
	if (j->memory_max && limit(RLIMIT_AS, j->memory_max))
		return jail_lacks(why, "memory is not limited");
	if (j->cpu_s_max && limit(RLIMIT_CPU, j->cpu_s_max))
		return jail_lacks(why, "processor time is not limited");
	jail_did(j, ", %u descriptors, files of %U MB at most", j->files_max, j->file_n_max >> 20);
	return 0;
}

int
jail_drop(const struct jail *j, struct buf *why)
{
	int lacks;

	drop_bounding_set();
	if (change_user(j, why))
		return ERR_DENY;
	lacks = drop_capabilities(why);
	if (!lacks)
		jail_did(j, "no capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		lacks = jail_lacks(why, "no_new_privs is not set");
	else
		jail_did(j, ", no new privileges");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		lacks = jail_lacks(why, "memory can be dumped");
	else
		jail_did(j, ", no dumps");
	return set_limits(j, why) || lacks;
}

void
jail_hide(void)
{
	limit(RLIMIT_CORE, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

bool
jail_with_parent(int parent, int number)
{
	prctl(PR_SET_PDEATHSIG, number, 0, 0, 0);
	return getppid() == parent;
}

void
jail_hand_over(int dir, u32 uid, u32 gid, bool files)
{
	struct file_names it;
	const char *name;

	file_names_init(&it, dir);
	while (files && file_names_next(&it, &name) == 1)
		if (fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW))
			return; /* whoever opens it will say so */
	(void)!fchown(dir, uid, gid);
}

u32
jail_raise_files(u32 n)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l))
		return 0;
	if (l.rlim_cur < n) {
		struct rlimit more = { n, l.rlim_max < n ? n : l.rlim_max };

		if (setrlimit(RLIMIT_NOFILE, &more)) { /* not root: as far as the hard limit goes */
			more = (struct rlimit){ l.rlim_max < n ? l.rlim_max : n, l.rlim_max };
			setrlimit(RLIMIT_NOFILE, &more);
		}
		getrlimit(RLIMIT_NOFILE, &l);
	}
	return l.rlim_cur > UINT32_MAX ? UINT32_MAX : (u32)l.rlim_cur;
}
