/* scratch: a store in a directory of its own, and one-line operations on it, for the store's tests. */
#ifndef TESTS_STORE_SCRATCH_H
#define TESTS_STORE_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/log.h"
#include "store/store.h"
#include "sys/fault.h"
#include "sys/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRATCH_MEMORY (8 << 20)

struct scratch {
	char dir[64];
	struct store *st;
	struct store_conf conf;
	msec now;
	wall wall;
	u8 why[400];
	struct buf text;
	struct buf out;
	u8 room[20000];
	u8 *memory;
};

static u8 scratch_key[STORE_MAC_N] = "a key of the tests, 32 bytes....";

static inline void
scratch_empty(const char *dir)
{
	struct file_names it;
	const char *name;
	int fd = file_open_dir(FILE_HERE, dir);

	file_names_init(&it, fd);
	while (fd >= 0 && file_names_next(&it, &name) == 1)
		if (unlinkat(fd, name, 0))
			unlinkat(fd, name, AT_REMOVEDIR);
	file_close(fd);
}

static inline int
scratch_setup(void **state)
{
	struct scratch *s = calloc(1, sizeof *s);

	log_init(2, LOG_ERROR + 1, "test");
	strcpy(s->dir, access("/dev/shm", W_OK) == 0 ? "/dev/shm/store.XXXXXX" : "/tmp/store.XXXXXX");
	if (!mkdtemp(s->dir))
		return -1;
	s->memory = malloc(SCRATCH_MEMORY);
	s->now = 1000;
	s->wall = 1800000000;
	s->conf = (struct store_conf){ .dir = s->dir, .mac_key = scratch_key, .keys_max = 4096 };
	*state = s;
	return 0;
}

static inline int
scratch_teardown(void **state)
{
	struct scratch *s = *state;

	fault_plan(NULL);
	fault_watch(NULL, NULL);
	store_close(s->st);
	scratch_empty(s->dir);
	rmdir(s->dir);
	free(s->memory);
	free(s);
	return 0;
}

/* Opens; the error. */
static inline int
scratch_try(struct scratch *s)
{
	struct arena a = arena_over(s->memory, SCRATCH_MEMORY);

	s->text = buf_over(s->why, sizeof s->why);
	s->conf.now = s->now;
	s->conf.wall = s->wall;
	return store_open(&s->st, &s->conf, &a, &s->text);
}

static inline void
scratch_open(struct scratch *s)
{
	if (scratch_try(s) < 0)
		fail_msg("%.*s", STR_ARG(buf_str(&s->text)));
}

static inline void
scratch_close(struct scratch *s)
{
	store_close(s->st);
	s->st = NULL;
}

static inline void
scratch_again(struct scratch *s)
{
	scratch_close(s);
	scratch_open(s);
}

static inline void
scratch_turn(struct scratch *s)
{
	store_commit(s->st, s->now, s->wall);
}

/* One operation to its end. */
static inline int
scratch_do(struct scratch *s, struct store_op *op)
{
	s->out = buf_over(s->room, sizeof s->room);
	if (!op->out)
		op->out = &s->out;
	if (!op->ttl_s)
		op->ttl_s = STORE_FOREVER;
	return store_do(s->st, op);
}

static inline int
put(struct scratch *s, const char *key, const char *val)
{
	return scratch_do(s, &(struct store_op){ .verb = STORE_PUT, .key = str_c(key), .val = str_c(val) });
}

static inline int
drop(struct scratch *s, const char *key)
{
	return scratch_do(s, &(struct store_op){ .verb = STORE_DROP, .key = str_c(key) });
}

/* Whether key holds val; NULL: whether there is no such key. */
static inline bool
holds(struct scratch *s, const char *key, const char *val)
{
	struct store_op op = { .verb = STORE_GET, .key = str_c(key) };
	int err = scratch_do(s, &op);

	return val ? !err && str_is(op.val, val) : err == ERR_NONE;
}

/* Bytes of a file of the store; the length. */
static inline u32
scratch_load(struct scratch *s, const char *name, u8 *room, u32 max)
{
	int dir = file_open_dir(FILE_HERE, s->dir), fd = file_open(dir, name, FILE_READ);
	int n = file_read_at(fd, 0, room, max);

	file_close(fd);
	file_close(dir);
	assert_true(n >= 0);
	return (u32)n;
}

static inline void
scratch_save(struct scratch *s, const char *name, const u8 *bytes, u32 n)
{
	int dir = file_open_dir(FILE_HERE, s->dir);
	int fd = file_open(dir, name, FILE_WRITE | FILE_CREATE | FILE_TRUNCATE);

	assert_int_equal(file_write_at(fd, 0, bytes, n), 0);
	file_close(fd);
	file_close(dir);
}

static inline struct store_figures
scratch_figures(const struct scratch *s)
{
	struct store_figures f;

	store_figures(s->st, &f);
	return f;
}

#endif
