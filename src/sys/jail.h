/* jail: what a process gives up for good before it touches bytes from outside. Linux; three parts in this order:
 *
 *   jail_drop    before any thread: bounding set, user, capabilities, no_new_privs, not dumpable, limits
 *   jail_files   before any thread: Landlock, one directory or none, no TCP listening   (kernel 5.13 and newer)
 *   jail_calls   after all threads: only listed system calls, all others end the process (seccomp, kernel 3.17)
 *
 * Each says what the kernel could not do, in a line; whether that is fatal is the caller's choice (option jail). None
 * can be undone. */
#ifndef SYS_JAIL_H
#define SYS_JAIL_H

#include "base/buf.h"

enum jail_kind {
	JAIL_WORKER, /* sockets, files of the data directory, read-only mappings */
	JAIL_IMPORT, /* only files: it reads a document and writes a catalog */
};

struct jail {
	u8 kind;        /* enum jail_kind */
	bool drops;     /* run as uid and gid from now on */
	u32 uid, gid;
	u32 files_max;  /* open descriptors */
	u64 file_n_max; /* bytes of one file that is written */
	u64 memory_max; /* bytes of address space; 0: no limit */
	u32 cpu_s_max;  /* seconds of processor time; 0: no limit */
	int dir;        /* the only directory that stays reachable, as a descriptor; -1: none */
	bool reads;     /* read_dir stays readable, too */
	int read_dir;
	int more;       /* another one; 0: none */
	struct buf *did; /* each step that is in force is told here; NULL: nobody wants to know */
};

/* Gives up rights and sets limits. 0; ERR_DENY when the user could not be changed (always fatal), with why. What is
 * merely missing is added to why, and 1 returned. */
int jail_drop(const struct jail *j, struct buf *why);

/* Confines file access to j->dir and j->more. 0, or 1 with why when the kernel cannot. */
int jail_files(const struct jail *j, struct buf *why);

/* Confines system calls, for all threads of the process. 0, or 1 with why when the kernel or this build cannot. */
int jail_calls(const struct jail *j, struct buf *why);

/* Keeps this process's memory from being looked at or dumped, and from gaining privileges by running a program: for the
 * supervisor, which holds secrets, too, and runs none. */
void jail_hide(void);

/* What this kernel can do, for whoever asks before a jail is entered: the version of Landlock, 0: none; whether system
 * calls can be filtered here, and how many of them the table of this processor allows a worker. */
u32 jail_knows_files(void);
bool jail_knows_calls(u32 *allowed);

/* Ends this process by signal when its parent dies; call it after jail_drop, which would undo it. false: the parent is
 * gone already. */
bool jail_with_parent(int parent, int number);

/* Makes a user the owner of a directory, and of the files in it (not of what lies deeper) if files is set: what
 * workers must write. */
void jail_hand_over(int dir, u32 uid, u32 gid, bool files);

/* Raises the limit of open descriptors to n as far as that is allowed; what it is now. */
u32 jail_raise_files(u32 n);

#endif
