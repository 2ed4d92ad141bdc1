/* file: every file system call of the program. Close-on-exec always, links not followed unless
 * asked, paths relative to an open directory (FILE_HERE: the working directory), interrupted
 * calls repeated, short ones continued, 64-bit offsets.
 *
 * Errors: ERR_NONE not there; ERR_LATE exists or is locked; ERR_FULL no space (also quota,
 * read-only file system); ERR_DENY not permitted, or a link; ERR_IO the rest. errno is left for
 * file_why. Test builds can make each call fail. */
#ifndef SYS_FILE_H
#define SYS_FILE_H

#include "base/arena.h"

#include <fcntl.h>

#define FILE_HERE AT_FDCWD

enum file_how {
	FILE_READ = 1,
	FILE_WRITE = 2,
	FILE_CREATE = 4,    /* make it, mode 0600, when it is missing */
	FILE_NEW = 8,       /* make it, mode 0600; it must be missing */
	FILE_TRUNCATE = 16, /* cut to nothing */
	FILE_APPEND = 32,
	FILE_FOLLOW = 64,   /* the last component may be a link: for what people configure */
};

enum file_kind { FILE_REGULAR, FILE_DIR, FILE_LINK, FILE_FIFO, FILE_SOCKET, FILE_DEVICE };

struct file_info {
	u64 size, inode, device;
	wall changed;
	u32 owner, mode, links; /* mode: the permission bits only */
	u8 kind;
};

/* Opens a file; never blocks on a FIFO. The descriptor, or an error. */
int file_open(int at, const char *path, u32 how);

/* Opens a directory. The descriptor, or an error; ERR_DENY also when it is a link or no
 * directory. */
int file_open_dir(int at, const char *path);

/* Makes a directory. 0, or ERR_LATE: something is there. */
int file_make_dir(int at, const char *path, u32 mode);

/* Closes; harmless for -1. */
void file_close(int fd);

/* What an open file is, and what a name is (links not followed). */
int file_info(int fd, struct file_info *info);
int file_look(int at, const char *path, struct file_info *info);

/* Reads up to n bytes at an offset, less only at the end of the file. Bytes read, or ERR_IO. */
int file_read_at(int fd, u64 at, void *p, u32 n);

/* Writes all n bytes at an offset. 0, or an error: then some of them may be there. */
int file_write_at(int fd, u64 at, const void *p, u32 n);

/* Reads what comes next, once: bytes, 0 at the end, or an error (ERR_MORE: would block). */
int file_read(int fd, void *p, u32 n);

/* Writes all n bytes at the file's position (appended, if opened so). 0 or an error. */
int file_write(int fd, const void *p, u32 n);

/* Sets the size. */
int file_cut(int fd, u64 size);

/* Waits until the file's data (and what is needed to find it) is on disk; for a directory, its
 * names. */
int file_sync(int fd);
int file_sync_dir(int fd);

/* Renames within one directory, atomically replacing; removes a name. */
int file_rename(int at, const char *from, const char *to);
int file_unlink(int at, const char *name);

/* Takes the exclusive lock on an open file or directory without waiting: 0, or ERR_LATE: another
 * process has it. It lasts until every copy of the descriptor is closed, whatever way the process
 * ends. */
int file_lock(int fd);

/* Bytes that may still be written where fd lies. */
int file_room(int fd, u64 *bytes);

/* Changes the permission bits of an open file. */
int file_mode(int fd, u32 mode);

/* Maps a whole file read-only; the view stays until file_unmap, also when the file is closed,
 * replaced or removed (but not when it is cut: only map what is replaced by rename). An empty
 * file gives an empty view. ERR_FULL over 2 GiB. */
int file_map(int fd, struct str *view);
void file_unmap(struct str view);

/* Reads a whole regular file of at most max bytes into the arena, with a NUL behind it (not
 * counted). ERR_FULL: larger. */
int file_load(int at, const char *path, u32 how, u32 max, struct arena *a, struct str *text);

/* Writes a file so that the name holds the old bytes or the new ones, never less: temporary name,
 * sync, rename, sync of the directory. Mode 0600. name is in the directory `dir` itself, at most
 * 200 characters. */
int file_replace(int dir, const char *name, struct str bytes);

/* Walks the names of a directory, "." and ".." left out. The descriptor's position is used. */
struct file_names {
	int fd;
	u32 at, n;
	u64 room[128];
};

/* Begins at the first name. */
void file_names_init(struct file_names *it, int dir);

/* The next name, NUL-ended, valid until the next call. 1; 0 at the end; ERR_IO. */
int file_names_next(struct file_names *it, const char **name);

/* The user whose files this process may call its own. */
u32 file_user(void);

/* The system's words for the last error of this thread ("No space left on device"). */
const char *file_why(void);

#endif
