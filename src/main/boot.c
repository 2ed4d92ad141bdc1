#include "main/boot.h"

#include "base/log.h"
#include "base/text.h"
#include "crypt/ct.h"
#include "crypt/hash.h"
#include "store/ring.h"
#include "sys/file.h"
#include "sys/jail.h"
#include "sys/proc.h"
#include "sys/rand.h"

#include <errno.h>
#include <stdlib.h>

#ifndef MCPGATED_VERSION
#define MCPGATED_VERSION "dev"
#endif
#ifndef BUILD_TIME
#define BUILD_TIME 0
#endif

#define LOCK_NAME "serve.lock"
#define SAME_GROUP UINT32_MAX /* whoever owns a file of ours: its group may do nothing */
#define MASTER_NAME "master.key"
#define MASTER_FILE "MCPGATED_MASTER_KEY_FILE" /* variables of the environment */
#define MASTER_HEX "MCPGATED_MASTER_KEY"

struct str
boot_version(void)
{
	return STR(MCPGATED_VERSION);
}

wall
boot_built(void)
{
	return BUILD_TIME;
}

struct str
boot_addr(const struct addr *a, u8 room[160])
{
	struct buf b = buf_over(room, 160);

	addr_print(&b, a);
	return buf_str(&b);
}

static int
failed(struct buf *why, const char *path, const char *what, int err)
{
	buf_fmt(why, "%s: %s: %s", path, what, file_why());
	return err;
}

int
boot_path(const char *path)
{
	char part[256];
	size_t n = strlen(path);
	int err = 0;

	if (n >= sizeof part)
		return ERR_BAD;
	for (size_t i = 1; i <= n; i++) {
		if (path[i] && path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		err = file_make_dir(FILE_HERE, part, i == n ? 0700 : 0755);
	}
	return err == ERR_LATE ? 0 : err;
}

static int
open_dir(struct boot *b, const char *path, struct buf *why)
{
	struct file_info info;

	if (boot_path(path))
		return failed(why, path, "the data directory cannot be made", ERR_IO);
	b->dir = file_open_dir(FILE_HERE, path);
	if (b->dir < 0)
		return failed(why, path, "the data directory cannot be opened", ERR_IO);
	if (file_look(b->dir, BOOT_UNFINISHED, &info) == 0) {
		buf_fmt(why, "%s: a restore did not finish: remove all but " MASTER_NAME
		    " from it, and restore again", path);
		return ERR_BAD;
	}
	if (file_info(b->dir, &info) == 0 && (info.mode & 077)) {
		log_warn("boot", "%s was open to other users (mode %u%u%u): now it is 700", path, info.mode >> 6 & 7,
		    info.mode >> 3 & 7, info.mode & 7);
		file_mode(b->dir, 0700);
	}
	if (file_make_dir(b->dir, "store", 0700) == ERR_IO || file_make_dir(b->dir, "catalogs", 0700) == ERR_IO)
		return failed(why, path, "it cannot be written to", ERR_IO);
	if (!text_c(b->store, sizeof b->store, "%s/store", path)) {
		buf_fmt(why, "%s: the path is too long", path);
		return ERR_BAD;
	}
	return 0;
}

/* Whether we are root in a directory that belongs to somebody else: what is made there must be his, or he could not use
 * it. */
static bool
other_owner(const struct boot *b, u32 *owner)
{
	struct file_info info;

	if (file_user() != 0 || file_info(b->dir, &info))
		return false;
	*owner = info.owner;
	return info.owner != 0;
}

/* The lock's file holds our process id while we run and nothing after an orderly end. */
static int
take_lock(struct boot *b, const char *path, struct buf *why)
{
	char pid[16];
	u32 owner;
	int got;

	b->lock = file_open(b->dir, LOCK_NAME, FILE_READ | FILE_WRITE | FILE_CREATE);
	if (b->lock < 0)
		return failed(why, path, "its lock cannot be opened", ERR_IO);
	if (other_owner(b, &owner))
		jail_hand_over(b->lock, owner, SAME_GROUP, false);
	got = file_read_at(b->lock, 0, pid, sizeof pid - 1);
	if (file_lock(b->lock)) {
		while (got > 0 && (pid[got - 1] < '0' || pid[got - 1] > '9'))
			got--;
		pid[got > 0 ? got : 0] = 0;
		buf_fmt(why, "%s: a server is running on this data directory (process %s)", path, pid);
		return ERR_LATE;
	}
	b->unclean = got > 0;
	text_c(pid, sizeof pid, "%d\n", proc_self());
	file_cut(b->lock, 0);
	return file_write_at(b->lock, 0, pid, (u32)strlen(pid)) ? failed(why, path, "its lock cannot be written",
	    ERR_IO) : 0;
}

static bool
empty_dir(int dir, const char *name)
{
	int fd = file_open_dir(dir, name);
	struct file_names it;
	const char *one;
	bool empty;

	if (fd < 0)
		return true;
	file_names_init(&it, fd);
	empty = file_names_next(&it, &one) != 1;
	file_close(fd);
	return empty;
}

/* For a new box only: a second key would hide from everyone that the first is missing. */
static int
make_master(struct boot *b, const char *path, struct buf *why)
{
	u8 key[BOOT_KEY_N];
	int err;

	if (!empty_dir(b->dir, "store")) {
		buf_fmt(why, "%s has a store but no %s: put it back, or hand it over with " MASTER_FILE "; without it "
		    "nothing that was sealed can be read", path, MASTER_NAME);
		return ERR_BAD;
	}
	rand_bytes(key, sizeof key);
	err = file_replace(b->dir, MASTER_NAME, str_of(key, sizeof key));
	memcpy(b->master, key, sizeof key);
	ct_wipe(key, sizeof key);
	b->made = true;
	return err ? failed(why, path, "the master key cannot be written", err) : 0;
}

/* A key as it is, or in hexadecimal digits with or without an end of line. */
static int
take_key(struct str from, u8 key[BOOT_KEY_N])
{
	u64 v;

	if (from.n == BOOT_KEY_N) {
		memcpy(key, from.p, BOOT_KEY_N);
		return 0;
	}
	if (from.n == 2 * BOOT_KEY_N + 1 && from.p[2 * BOOT_KEY_N] == '\n')
		from.n--;
	if (from.n != 2 * BOOT_KEY_N)
		return ERR_BAD;
	for (u32 i = 0; i < BOOT_KEY_N; i++) {
		if (str_hex(str_of(from.p + 2 * i, 2), &v))
			return ERR_BAD;
		key[i] = (u8)v;
	}
	return 0;
}

/* The key that whoever starts us hands over: in a file (a credential of systemd) or in the environment, from which
 * it is wiped. ERR_NONE: neither. */
static int
given_master(u8 key[BOOT_KEY_N], struct buf *why)
{
	const char *path = getenv(MASTER_FILE);
	char *hex = getenv(MASTER_HEX), room[2 * BOOT_KEY_N + 2];
	int fd, got, err;

	if (path && *path) {
		fd = file_open(FILE_HERE, path, FILE_READ);
		if (fd < 0)
			return failed(why, path, "the master key of " MASTER_FILE " cannot be opened", fd);
		got = file_read_at(fd, 0, room, sizeof room);
		file_close(fd);
		err = got < 0 ? ERR_BAD : take_key(str_of(room, (u32)got), key);
		ct_wipe(room, sizeof room);
	} else if (hex && *hex) {
		err = take_key(str_c(hex), key);
		ct_wipe(hex, strlen(hex));
	} else {
		return ERR_NONE;
	}
	if (err)
		BUF_LIT(why, "the master key of " MASTER_FILE " or " MASTER_HEX
		    " is not 32 bytes, or 64 hexadecimal digits");
	return err;
}

/* One key from outside and another in the directory: only one of them opens what is sealed, so neither is guessed. */
static int
read_master(struct boot *b, const char *path, bool makes, struct buf *why)
{
	u8 given[BOOT_KEY_N];
	struct file_info info;
	int fd = file_open(b->dir, MASTER_NAME, FILE_READ), got, err;

	err = given_master(given, why);
	if (err && err != ERR_NONE) {
		file_close(fd);
		return err;
	}
	if (fd == ERR_NONE) {
		if (err && makes)
			return make_master(b, path, why);
		if (err) {
			buf_fmt(why, "%s has no %s: put the one that sealed this data there (0600), or hand it over "
			    "with " MASTER_FILE, path, MASTER_NAME);
			return err;
		}
		memcpy(b->master, given, sizeof given);
		ct_wipe(given, sizeof given);
		return 0;
	}
	if (fd < 0)
		return failed(why, path, "the master key cannot be opened", fd);
	got = file_read_at(fd, 0, b->master, sizeof b->master);
	if (file_info(fd, &info) == 0 && (info.mode & 077))
		file_mode(fd, 0600);
	file_close(fd);
	if (got != (int)sizeof b->master || info.size != sizeof b->master) {
		buf_fmt(why, "%s/%s holds %U bytes, not %d: put the right one back from a backup; without it nothing "
		    "that was sealed can be read", path, MASTER_NAME, info.size, BOOT_KEY_N);
		return ERR_BAD;
	}
	if (!err && !ct_same(given, b->master, sizeof given)) {
		buf_fmt(why, "%s/%s is another key than the one handed over: keep the one that sealed this data",
		    path, MASTER_NAME);
		err = ERR_BAD;
	}
	ct_wipe(given, sizeof given);
	return err == ERR_NONE ? 0 : err;
}

int
boot_data(struct boot *b, const char *path, struct buf *why)
{
	int err;

	memset(b, 0, sizeof *b);
	b->dir = b->lock = b->audit = -1;
	err = open_dir(b, path, why);
	if (!err)
		err = take_lock(b, path, why);
	if (!err)
		err = read_master(b, path, true, why);
	if (err) {
		file_close(b->lock);
		file_close(b->dir);
	}
	return err;
}

int
boot_look(struct boot *b, const char *path, struct buf *why)
{
	int err;

	memset(b, 0, sizeof *b);
	b->lock = b->audit = -1;
	b->dir = file_open_dir(FILE_HERE, path);
	if (b->dir < 0)
		return failed(why, path, "the data directory cannot be opened", ERR_IO);
	err = read_master(b, path, false, why);
	if (err)
		file_close(b->dir);
	return err;
}

int
boot_audit(struct boot *b, bool quiet, struct buf *why)
{
	u8 key[HASH_N], text[2 * HASH_N];
	struct buf hex = buf_over(text, sizeof text);
	bool fresh;

	if (file_make_dir(b->dir, "audit", 0700) == ERR_IO || (b->audit = file_open_dir(b->dir, "audit")) < 0 ||
	    ring_seeds(b->audit, &fresh, key))
		return failed(why, "the audit directory", "it cannot be written to", ERR_IO);
	for (u32 i = 0; i < HASH_N; i++)
		buf_hex(&hex, key[i], 2);
	if (fresh && !quiet)
		log_warn("audit", "key of the audit chain, shown only now: %S. Keep it elsewhere: with it `mcpgated "
		    "audit verify --key -` finds any change", buf_str(&hex));
	ct_wipe(key, sizeof key);
	ct_wipe(text, sizeof text);
	return 0;
}

void
boot_hand_over(struct boot *b, u32 uid, u32 gid)
{
	int dir = file_open_dir(b->dir, "store");

	if (dir >= 0)
		jail_hand_over(dir, uid, gid, true);
	file_close(dir);
	if (b->audit >= 0)
		jail_hand_over(b->audit, uid, gid, true);
	jail_hand_over(b->dir, uid, gid, false); /* the way to it; what lies beside stays ours */
}

void
boot_give_back(const struct boot *b)
{
	static const char *const folders[] = { BOOT_FOLDERS };
	u32 owner;

	if (!other_owner(b, &owner))
		return;
	for (u32 i = 0; i < ARRAY_N(folders); i++) {
		int dir = file_open_dir(b->dir, folders[i]);

		if (dir >= 0)
			jail_hand_over(dir, owner, SAME_GROUP, true);
		file_close(dir);
	}
	if (b->made)
		jail_hand_over(b->dir, owner, SAME_GROUP, true);
}

void
boot_done(struct boot *b)
{
	file_cut(b->lock, 0);
	file_close(b->lock);
	file_close(b->dir);
	b->lock = b->dir = -1;
	ct_wipe(b->master, sizeof b->master);
}

void
boot_key(const struct boot *b, const char *purpose, u8 key[BOOT_KEY_N])
{
	hash_hkdf(str_of(b->master, sizeof b->master), STR("mcpgated 1"), str_c(purpose), key, BOOT_KEY_N);
}

void
boot_seal(const struct boot *b, struct seal_keys *keys)
{
	u8 key[BOOT_KEY_N];

	boot_key(b, "vault", key);
	seal_key(keys, 1, key);
	ct_wipe(key, sizeof key);
}

static void
explain(const struct addr *a, struct buf *why)
{
	u8 room[160];
	struct str addr = boot_addr(a, room);

	switch (errno) {
	case EADDRINUSE:
		buf_fmt(why, "%S is taken by another program: choose another port", addr);
		if (a->port && a->port < 65535)
			buf_fmt(why, " (%u, for instance), or end that program", a->port + 1U);
		break;
	case EACCES:
	case EPERM:
		buf_fmt(why, "%S may not be listened on%s", addr,
		    a->port && a->port < 1024 ? ": ports below 1024 are for root; choose another" : "");
		break;
	case EADDRNOTAVAIL:
		buf_fmt(why, "%S is no address of this machine: 127.0.0.1 is for this machine alone, 0.0.0.0 for "
		    "all its "
		    "addresses", addr);
		break;
	default:
		buf_fmt(why, "%S cannot be listened on: %s", addr, file_why());
	}
}

int
boot_listen(const struct addr *a, struct buf *why)
{
	int fd = sock_listen(a);

	if (fd < 0)
		explain(a, why);
	return fd;
}
