#include "main/cmd.h"

#include "base/text.h"
#include "crypt/ct.h"
#include "main/local.h"
#include "main/say.h"
#include "main/tape.h"
#include "sys/file.h"
#include "sys/jail.h"
#include "sys/page.h"
#include "sys/rand.h"

#define TRIES 8
#define NAME_MAX_N 80

#define LIVE 2 /* folders, the first ones, whose files belong together: they are written to */

/* What is kept; all else in a data directory is made anew. */
static const char *const folders[] = { BOOT_FOLDERS };

struct keep {
	struct arena mem;
	const char *file, *data;
	const struct conf *conf;
	struct boot boot;
	struct seal_keys keys;
	struct rng rng;
	struct tape tape;
	u8 *piece;
	struct local *local;
	char seen[NAME_MAX_N];
	u32 files;
	u64 bytes;
};

static struct keep *
new_keep(void)
{
	struct arena mem = page_arena(4 * TAPE_PIECE);
	struct keep *k = mem.p ? ARENA_NEW(&mem, struct keep) : NULL;

	if (k)
		k->mem = mem;
	return k;
}

static int
fail(struct flags *a, const char *path, const char *why)
{
	say_errf("mcpgated %s: %s: %s\n", a->command, path, why);
	return EXIT_FAILED;
}

/* The data directory, its key, and memory for the tape. Without a key nothing can be sealed or opened. */
static int
begin(struct flags *a, struct keep *k, bool makes)
{
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct keep, file, "config", 'c'),
		FLAGS_OPTION(struct keep, data, "data", 0),
	};
	static const struct flags_table words = { options, ARRAY_N(options), 1, 1, "the file of the backup" };
	u8 room[400], seed[RNG_SEED_N];
	struct buf why = buf_over(room, sizeof room - 1);
	int code = flags_read(a, &words, k);

	if (code != FLAGS_GO)
		return code;
	k->data = cmd_data(k->file, k->data, &k->conf);
	if (!k->data)
		return EXIT_FAILED;
	jail_hide();
	if (makes)
		boot_path(k->data); /* whether it worked shows at once */
	if (boot_look(&k->boot, k->data, &why)) {
		say_errf("mcpgated %s: %S\n", a->command, buf_str(&why));
		return EXIT_FAILED;
	}
	boot_seal(&k->boot, &k->keys);
	rand_bytes(seed, sizeof seed);
	rng_init(&k->rng, str_of(seed, sizeof seed));
	k->tape = (struct tape){ .keys = &k->keys, .rng = &k->rng, .plain = arena_bytes(&k->mem, TAPE_PIECE + 128),
		.sealed = arena_bytes(&k->mem, TAPE_PIECE + 128) };
	k->piece = arena_bytes(&k->mem, TAPE_PIECE);
	k->local = ARENA_NEW(&k->mem, struct local);
	return FLAGS_GO;
}

/* ---- backup ---------------------------------------------------------------------------------------- */

/* One file as long as it is now. The head of a segment is read before what it promises: what is appended meanwhile is
 * an end that is cut when it is opened. ERR_LATE: it changed under our hands. */
static int
put_file(struct keep *k, int dir, const char *folder, const char *name)
{
	char path[NAME_MAX_N];
	struct file_info info;
	int fd, err;

	if (file_look(dir, name, &info) || info.kind != FILE_REGULAR)
		return 0;
	if (!text_c(path, sizeof path, "%s/%s", folder, name))
		return ERR_FULL;
	fd = file_open(dir, name, FILE_READ);
	if (fd < 0 || file_info(fd, &info)) {
		file_close(fd);
		return fd == ERR_NONE ? ERR_LATE : ERR_IO;
	}
	err = tape_put(&k->tape, TAPE_FILE, str_c(path));
	for (u64 at = 0; !err && at < info.size;) {
		u32 n = info.size - at < TAPE_PIECE ? (u32)(info.size - at) : TAPE_PIECE;
		int got = file_read_at(fd, at, k->piece, n);

		err = got != (int)n ? ERR_LATE : tape_put(&k->tape, TAPE_DATA, str_of(k->piece, n));
		at += n;
	}
	file_close(fd);
	k->files++;
	k->bytes += info.size;
	return err;
}

/* All names of a folder as one number: a segment that came or went meanwhile changes it. */
static u64
names_of(int data, const char *folder)
{
	int dir = file_open_dir(data, folder);
	struct file_names it;
	const char *name;
	u64 sum = 0;

	if (dir < 0)
		return 0;
	file_names_init(&it, dir);
	while (file_names_next(&it, &name) == 1) {
		u64 one = 1469598103934665603ULL;

		for (const char *c = name; *c; c++)
			one = (one ^ (u8)*c) * 1099511628211ULL;
		sum += one;
	}
	file_close(dir);
	return sum;
}

/* Files that say where others end come first: lines that are written meanwhile are behind that end, not missing. */
static int
put_folder(struct keep *k, const char *folder)
{
	int dir = file_open_dir(k->boot.dir, folder), err = 0;
	struct file_names it;
	const char *name;

	if (dir < 0)
		return dir == ERR_NONE ? 0 : ERR_IO;
	for (u32 ends = 2; ends--;) {
		file_names_init(&it, dir);
		while (!err && file_names_next(&it, &name) == 1)
			if (str_ends(str_c(name), STR(".state")) == ends)
				err = put_file(k, dir, folder, name);
	}
	file_close(dir);
	return err;
}

static int
put_all(struct keep *k)
{
	int err = tape_begin(&k->tape);
	u64 before;

	k->files = 0;
	k->bytes = 0;
	for (u32 i = 0; !err && i < ARRAY_N(folders); i++) {
		before = names_of(k->boot.dir, folders[i]);
		err = put_folder(k, folders[i]);
		if (!err && i < LIVE && before != names_of(k->boot.dir, folders[i]))
			err = ERR_LATE;
	}
	return err ? err : tape_put(&k->tape, TAPE_END, STR(""));
}

int
cmd_backup(struct flags *a)
{
	struct keep *k = new_keep();
	int code = k ? begin(a, k, false) : EXIT_FAILED, err = ERR_LATE;

	if (code != FLAGS_GO)
		return code;
	k->tape.fd = file_open(FILE_HERE, a->rest[0], FILE_READ | FILE_WRITE | FILE_NEW);
	if (k->tape.fd < 0)
		return fail(a, a->rest[0], file_why());
	for (u32 i = 0; err == ERR_LATE && i < TRIES; i++)
		err = put_all(k);
	if (!err && k->files == 0)
		err = ERR_NONE;
	if (!err)
		err = file_sync(k->tape.fd);
	ct_wipe(&k->keys, sizeof k->keys);
	ct_wipe(&k->boot, sizeof k->boot);
	if (err) {
		fail(a, a->rest[0], err == ERR_LATE ? "the data change too fast: try again" : err == ERR_NONE ?
		    "there are no data" : file_why());
		file_unlink(FILE_HERE, a->rest[0]);
		return EXIT_FAILED;
	}
	say_errf("%u files, %U bytes, sealed with the master key, which is not in it: keep that elsewhere\n", k->files,
	    k->bytes);
	return EXIT_OK;
}

/* ---- restore --------------------------------------------------------------------------------------- */

/* Whether the directory holds nothing but the key and what is no data. */
static bool
is_empty(struct keep *k)
{
	struct file_names it;
	const char *name;

	file_names_init(&it, k->boot.dir);
	while (file_names_next(&it, &name) == 1) {
		if (strcmp(name, "master.key") == 0)
			continue;
		text_c(k->seen, sizeof k->seen, "%s", name);
		return false;
	}
	return true;
}

/* Where a name of the tape belongs: the folder, opened or made, and the name in it. ERR_BAD: nowhere. */
static int
folder_of(const struct keep *k, struct str path, char name[NAME_MAX_N])
{
	for (u32 i = 0; i < ARRAY_N(folders); i++) {
		u32 n = (u32)strlen(folders[i]);

		if (path.n < n + 2 || memcmp(path.p, folders[i], n) != 0 || path.p[n] != '/')
			continue;
		path = str_of(path.p + n + 1, path.n - n - 1);
		if (memchr(path.p, '/', path.n) || path.p[0] == '.' || !text_c(name, NAME_MAX_N, "%S", path))
			return ERR_BAD;
		file_make_dir(k->boot.dir, folders[i], 0700);
		return file_open_dir(k->boot.dir, folders[i]);
	}
	return ERR_BAD;
}

/* Goes through the whole tape; with writes set its files are made. 0 or ERR_BAD: it is not as it was made; ERR_IO. */
static int
play(struct keep *k, bool writes)
{
	char name[NAME_MAX_N];
	struct str text;
	int fd = -1, kind = 0, err = tape_rewind(&k->tape);

	k->files = 0;
	while (!err && (kind = tape_next(&k->tape, &text)) != TAPE_END) {
		if (kind == TAPE_FILE && writes) {
			int dir = folder_of(k, text, name);

			err = fd >= 0 && file_sync(fd) ? ERR_IO : 0;
			file_close(fd);
			fd = dir < 0 ? dir : file_open(dir, name, FILE_READ | FILE_WRITE | FILE_NEW);
			err = err || fd < 0 || file_sync_dir(dir) ? ERR_IO : 0;
			file_close(dir);
		} else if (kind == TAPE_DATA && writes) {
			err = fd < 0 || file_write(fd, text.p, (u32)text.n) ? ERR_IO : 0;
		} else if (kind != TAPE_FILE && kind != TAPE_DATA) {
			err = ERR_BAD;
		}
		k->files += kind == TAPE_FILE;
	}
	if (!err && fd >= 0 && file_sync(fd))
		err = ERR_IO;
	file_close(fd);
	return err;
}

/* Nobody opens the directory before all is there and on disk. */
static int
write_all(struct keep *k)
{
	int mark = file_open(k->boot.dir, BOOT_UNFINISHED, FILE_WRITE | FILE_NEW), err;

	if (mark < 0 || file_sync_dir(k->boot.dir))
		return ERR_IO;
	file_close(mark);
	err = play(k, true);
	if (err)
		return err;
	boot_give_back(&k->boot);
	return file_sync_dir(k->boot.dir) || file_unlink(k->boot.dir, BOOT_UNFINISHED) ||
	       file_sync_dir(k->boot.dir) ? ERR_IO : 0;
}

/* The store looks at each of its records and their chain. */
static int
look_at_store(struct flags *a, struct keep *k)
{
	u8 room[400];
	struct buf why = buf_over(room, sizeof room - 1);

	if (local_open(k->local, k->data, &why)) {
		file_open(k->boot.dir, BOOT_UNFINISHED, FILE_WRITE | FILE_CREATE);
		say_errf("mcpgated %s: what was restored is not good: %S\n", a->command, buf_str(&why));
		return EXIT_FAILED;
	}
	local_close(k->local);
	say_errf("%u files restored to %s\n", k->files, k->data);
	return EXIT_OK;
}

int
cmd_restore(struct flags *a)
{
	struct keep *k = new_keep();
	int code = k ? begin(a, k, true) : EXIT_FAILED, err;

	if (code != FLAGS_GO)
		return code;
	if (!is_empty(k)) {
		say_errf("mcpgated restore: %s is not empty (%s): nothing was changed. Restore into another "
		    "directory, or move what is there away\n", k->data, k->seen);
		return EXIT_FAILED;
	}
	k->tape.fd = file_open(FILE_HERE, a->rest[0], FILE_READ | FILE_FOLLOW);
	if (k->tape.fd < 0)
		return fail(a, a->rest[0], file_why());
	if (play(k, false))
		return fail(a, a->rest[0], "damaged, cut short, or sealed with another master key: "
		    "nothing was changed");
	err = write_all(k);
	ct_wipe(&k->keys, sizeof k->keys);
	if (err)
		return fail(a, k->data, file_why());
	return look_at_store(a, k);
}
