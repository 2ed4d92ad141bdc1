/* boot: what stands before everything else: the data directory with its lock, master key and subdirectories, the
 * listeners, the version. Nothing here parses bytes from outside. */
#ifndef MAIN_BOOT_H
#define MAIN_BOOT_H

#include "crypt/seal.h"
#include "main/conf.h"

#define BOOT_KEY_N 32

/* What a data directory holds, beside single files. */
#define BOOT_FOLDERS "store", "audit", "catalogs", "tls"

/* A data directory that this process holds. */
struct boot {
	int dir;      /* descriptor of the directory */
	int audit;    /* of the one for audit lines in it; -1: none */
	int lock;     /* held as long as open */
	bool unclean; /* whoever held it before did not end in order */
	bool made;    /* its master key is new */
	u8 master[BOOT_KEY_N];
	char store[256]; /* path of the store's directory */
};

/* Makes a directory (0700) and those above it that are missing. 0, or an error with file_why. */
int boot_path(const char *path);

/* Makes the data directory if needed (0700), takes its lock, reads or makes the master key. 0, or an error with
 * one line in why: ERR_LATE a server is running on it. */
int boot_data(struct boot *b, const char *path, struct buf *why);

/* Opens a data directory that may be in use, and reads its master key: nothing is made or locked. 0, or an error with
 * one line in why. Close b->dir. */
int boot_look(struct boot *b, const char *path, struct buf *why);

/* A file of this name says that a restore is under way: then nobody else opens the data directory. */
#define BOOT_UNFINISHED "restore.unfinished"

/* Makes the directory of the audit, and its first keys when it is new: told once (unless quiet), for `audit verify`.
 * 0, or an error with why. */
int boot_audit(struct boot *b, bool quiet, struct buf *why);

/* What root made in a directory that is somebody else's (a service with a user of its own) becomes his, with the master
 * key where that is new: for commands, not for a supervisor whose workers must not read the key. */
void boot_give_back(const struct boot *b);

/* Gives everything to the user that workers run as. */
void boot_hand_over(struct boot *b, u32 uid, u32 gid);

/* Lets go of the lock, noting that all is in order. */
void boot_done(struct boot *b);

/* A key made from the master key, for one purpose. */
void boot_key(const struct boot *b, const char *purpose, u8 key[BOOT_KEY_N]);

/* The keys that seal stored credentials. */
void boot_seal(const struct boot *b, struct seal_keys *keys);

/* Opens one listener. The descriptor, or ERR_IO with why: what is in the way and what to do. */
int boot_listen(const struct addr *a, struct buf *why);

/* "1.2.3-4-gabcdef". */
struct str boot_version(void);

/* When this program was built: no clock that stands before it can be right. */
wall boot_built(void);

/* An address in a buffer of the caller, for messages: "127.0.0.1:8080". */
struct str boot_addr(const struct addr *a, u8 room[160]);

#endif
