#define _FILE_OFFSET_BITS 64 /* 32-bit boxes: logs pass 2 GiB */

#include "sys/file.h"

#include "base/buf.h"
#include "sys/fault.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAP_MAX 0x7fffffff
#define LOCK_NOW (2 | 4) /* flock's header would be found as ours */

/* errno as one of ours; errno itself stays for file_why. */
static int
failed(void)
{
	switch (errno) {
	case ENOENT: return ERR_NONE;
	case EEXIST: return ERR_LATE;
	case EWOULDBLOCK: return ERR_MORE;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case EROFS: return ERR_FULL;
	case EACCES:
	case EPERM:
	case ELOOP:
	case ENOTDIR: return ERR_DENY;
	default: return ERR_IO;
	}
}

/* Whether a test wants this call to fail; errno is then set. */
static bool
spoilt(const char *call, u32 *n)
{
	int error = fault_hit(call, n);

	if (error)
		errno = error;
	return error != 0;
}

/* What to do after a call that answered r: again, when a signal came between. */
static bool
again(int64_t r)
{
	return r < 0 && errno == EINTR;
}

#ifdef TEST_BUILD
static void
tell(const char *call, int fd, u64 at, struct str bytes)
{
	fault_done(&(struct fault_event){ .call = call, .fd = fd, .at = at, .bytes = bytes });
}

static void
tell_names(const char *call, int fd, const char *name, const char *name2)
{
	fault_done(&(struct fault_event){ .call = call, .fd = fd, .name = name, .name2 = name2 });
}
#else
static inline void
tell(const char *call, int fd, u64 at, struct str bytes)
{
}

static inline void
tell_names(const char *call, int fd, const char *name, const char *name2)
{
}
#endif

static int
open_flags(u32 how)
{
	/* O_NONBLOCK: a FIFO in the place of a file must not hang the start. */
	int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	flags |= (how & FILE_WRITE) ? (how & FILE_READ) ? O_RDWR : O_WRONLY : O_RDONLY;
	if (how & (FILE_CREATE | FILE_NEW))
		flags |= O_CREAT;
	if (how & FILE_NEW)
		flags |= O_EXCL;
	if (how & FILE_TRUNCATE)
		flags |= O_TRUNC;
	if (how & FILE_APPEND)
		flags |= O_APPEND;
	if (!(how & FILE_FOLLOW))
		flags |= O_NOFOLLOW;
	return flags;
}

int
file_open(int at, const char *path, u32 how)
{
	int fd;

	do
		fd = spoilt("open", NULL) ? -1 : openat(at, path, open_flags(how), 0600);
	while (again(fd));
	if (fd < 0)
		return failed();
	if (how & (FILE_CREATE | FILE_NEW))
		tell_names("open", fd, path, (how & FILE_TRUNCATE) ? "truncate" : NULL);
	return fd;
}

int
file_open_dir(int at, const char *path)
{
	int fd, flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;

	do
		fd = spoilt("open", NULL) ? -1 : openat(at, path, flags);
	while (again(fd));
	return fd < 0 ? failed() : fd;
}

int
file_make_dir(int at, const char *path, u32 mode)
{
	int r;

	do
		r = spoilt("mkdir", NULL) ? -1 : mkdirat(at, path, (mode_t)mode);
	while (again(r));
	return r ? failed() : 0;
}

void
file_close(int fd)
{
	if (fd >= 0)
		close(fd); /* Linux has closed it even when this answers EINTR */
}

static u8
kind_of(mode_t mode)
{
	if (S_ISREG(mode))
		return FILE_REGULAR;
	if (S_ISDIR(mode))
		return FILE_DIR;
	if (S_ISLNK(mode))
		return FILE_LINK;
	if (S_ISFIFO(mode))
		return FILE_FIFO;
	return S_ISSOCK(mode) ? FILE_SOCKET : FILE_DEVICE;
}

static void
fill_info(struct file_info *info, const struct stat *st)
{
	int64_t changed = st->st_mtime;

	*info = (struct file_info){
		.size = (u64)st->st_size,
		.inode = st->st_ino,
		.device = st->st_dev,
		.changed = changed < 0 ? 0 : (wall)changed,
		.owner = st->st_uid,
		.mode = st->st_mode & 07777,
		.links = (u32)st->st_nlink,
		.kind = kind_of(st->st_mode),
	};
}

int
file_info(int fd, struct file_info *info)
{
	struct stat st;
	int r;

	do
		r = spoilt("fstat", NULL) ? -1 : fstat(fd, &st);
	while (again(r));
	if (r)
		return failed();
	fill_info(info, &st);
	return 0;
}

int
file_look(int at, const char *path, struct file_info *info)
{
	struct stat st;
	int r;

	do
		r = spoilt("fstat", NULL) ? -1 : fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW);
	while (again(r));
	if (r)
		return failed();
	fill_info(info, &st);
	return 0;
}

int
file_read_at(int fd, u64 at, void *p, u32 n)
{
	u32 have = 0;

	ASSERT(n <= MAP_MAX);
	while (have < n) {
		u32 part = n - have;
		ssize_t got = -1;

		if (!spoilt("pread", &part))
			got = pread(fd, (u8 *)p + have, part, (off_t)(at + have));
		if (again(got))
			continue;
		if (got < 0)
			return failed();
		if (got == 0)
			break;
		have += (u32)got;
	}
	return (int)have;
}

int
file_write_at(int fd, u64 at, const void *p, u32 n)
{
	u32 done = 0;

	while (done < n) {
		u32 part = n - done;
		ssize_t put = -1;

		if (!spoilt("pwrite", &part))
			put = pwrite(fd, (const u8 *)p + done, part, (off_t)(at + done));
		if (again(put))
			continue;
		if (put < 0)
			return failed();
		tell("pwrite", fd, at + done, str_of((const u8 *)p + done, (size_t)put));
		done += (u32)put;
	}
	return 0;
}

int
file_read(int fd, void *p, u32 n)
{
	ssize_t got;

	ASSERT(n <= MAP_MAX);
	do {
		u32 part = n;

		got = spoilt("read", &part) ? -1 : read(fd, p, part);
	} while (again(got));
	return got < 0 ? failed() : (int)got;
}

int
file_write(int fd, const void *p, u32 n)
{
	u32 done = 0;

	while (done < n) {
		u32 part = n - done;
		ssize_t put = spoilt("write", &part) ? -1 : write(fd, (const u8 *)p + done, part);

		if (again(put))
			continue;
		if (put < 0)
			return failed();
		tell("write", fd, 0, str_of((const u8 *)p + done, (size_t)put));
		done += (u32)put;
	}
	return 0;
}

int
file_cut(int fd, u64 size)
{
	int r;

	do
		r = spoilt("ftruncate", NULL) ? -1 : ftruncate(fd, (off_t)size);
	while (again(r));
	if (r)
		return failed();
	tell("ftruncate", fd, size, STR_NONE);
	return 0;
}

/* The one call that a test may have skipped: a disk that lies about syncs must be noticed by the judges. */
static int
sync_call(const char *call, int (*make)(int fd), int fd)
{
	int error = fault_hit(call, NULL);

	if (error > 0)
		errno = error;
	return error == FAULT_SKIP ? 0 : error ? -1 : make(fd);
}

int
file_sync(int fd)
{
	int r;

	do
		r = sync_call("fdatasync", fdatasync, fd);
	while (again(r));
	if (r)
		return failed();
	tell("fdatasync", fd, 0, STR_NONE);
	return 0;
}

int
file_sync_dir(int fd)
{
	int r;

	do
		r = sync_call("fsync", fsync, fd);
	while (again(r));
	if (r)
		return failed();
	tell("fsync", fd, 0, STR_NONE);
	return 0;
}

int
file_rename(int at, const char *from, const char *to)
{
	int r;

	do
		r = spoilt("rename", NULL) ? -1 : renameat(at, from, at, to);
	while (again(r));
	if (r)
		return failed();
	tell_names("rename", at, from, to);
	return 0;
}

int
file_unlink(int at, const char *name)
{
	int r;

	do
		r = spoilt("unlink", NULL) ? -1 : unlinkat(at, name, 0);
	while (again(r));
	if (r)
		return failed();
	tell_names("unlink", at, name, NULL);
	return 0;
}

int
file_lock(int fd)
{
	int r;

	do
		r = spoilt("flock", NULL) ? -1 : (int)syscall(SYS_flock, fd, LOCK_NOW);
	while (again(r));
	if (r == 0)
		return 0;
	return errno == EWOULDBLOCK ? ERR_LATE : failed();
}

int
file_room(int fd, u64 *bytes)
{
	struct statvfs fs;

	int r;

	do
		r = spoilt("fstatfs", NULL) ? -1 : fstatvfs(fd, &fs);
	while (again(r));
	if (r)
		return failed();
	*bytes = (u64)fs.f_bavail * fs.f_frsize;
	return 0;
}

int
file_mode(int fd, u32 mode)
{
	int r;

	do
		r = spoilt("fchmod", NULL) ? -1 : fchmod(fd, (mode_t)mode);
	while (again(r));
	return r ? failed() : 0;
}

int
file_map(int fd, struct str *view)
{
	struct file_info info;
	void *p = MAP_FAILED;
	int err = file_info(fd, &info);

	*view = STR("");
	if (err || info.size == 0)
		return err;
	if (info.size > MAP_MAX)
		return ERR_FULL;
	if (!spoilt("mmap", NULL))
		p = mmap(NULL, (size_t)info.size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return failed();
	*view = str_of(p, (size_t)info.size);
	return 0;
}

void
file_unmap(struct str view)
{
	if (view.n)
		munmap((void *)(uintptr_t)view.p, view.n);
}

static int
load(int fd, u32 max, struct arena *a, struct str *text)
{
	struct file_info info;
	u8 *p;
	int got, err = file_info(fd, &info);

	if (err)
		return err;
	if (info.kind != FILE_REGULAR) {
		errno = EINVAL;
		return ERR_DENY;
	}
	if (info.size > max) {
		errno = EFBIG;
		return ERR_FULL;
	}
	p = arena_bytes(a, (size_t)info.size + 1);
	if (!p) {
		errno = ENOMEM;
		return ERR_FULL;
	}
	got = file_read_at(fd, 0, p, (u32)info.size);
	if (got < 0)
		return got;
	p[got] = 0;
	*text = str_of(p, (size_t)got);
	return 0;
}

int
file_load(int at, const char *path, u32 how, u32 max, struct arena *a, struct str *text)
{
	int fd = file_open(at, path, how | FILE_READ), err;

	*text = STR_NONE;
	if (fd < 0)
		return fd;
	err = load(fd, max, a, text);
	file_close(fd);
	return err;
}

int
file_replace(int dir, const char *name, struct str bytes)
{
	u8 room[216];
	struct buf temp = buf_over(room, sizeof room);
	const char *path = (const char *)room;
	int fd, err;

	buf_fmt(&temp, ".%s.new", name);
	buf_byte(&temp, 0);
	if (temp.over || strchr(name, '/'))
		return ERR_BAD;
	fd = file_open(dir, path, FILE_WRITE | FILE_CREATE | FILE_TRUNCATE);
	if (fd < 0)
		return fd;
	err = file_write_at(fd, 0, bytes.p, bytes.n);
	if (!err)
		err = file_sync(fd);
	file_close(fd);
	if (!err)
		err = file_rename(dir, path, name);
	if (!err)
		return file_sync_dir(dir); /* until then power may still undo the rename */
	file_unlink(dir, path);
	return err;
}

const char *
file_why(void)
{
	return strerror(errno);
}

u32
file_user(void)
{
	return geteuid();
}
