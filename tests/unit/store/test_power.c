/* Power cuts in process: the fault hooks tell every change to the disk; after each of them the states that a cut may leave
 * are rebuilt in another directory and opened. What was acknowledged must be there, what was dropped must not. */
#include "scratch.h"

#define INODES 200
#define NAMES 8
#define OPS 120
#define KEYS 5

struct inode {
	u8 *now, *disk; /* as the kernel has it; as a sync left it */
	u32 now_n, disk_n;
	u8 *last; /* before the newest write */
	u32 last_n;
};

struct names {
	struct {
		char name[16]; /* empty: free */
		u32 inode;
	} at[NAMES];
};

struct disk_model {
	struct inode inode[INODES];
	u32 inodes, fd_inode[64];
	struct names now, disk;
	struct scratch *run, *after;
	u32 done, states; /* operations acknowledged; states tried */
};

#define FILE_MAX 20000

static u32
name_slot(struct names *n, const char *name)
{
	for (u32 i = 0; i < NAMES; i++) {
		if (strcmp(n->at[i].name, name) == 0)
			return i;
	}
	return NAMES;
}

static void
set_name(struct names *n, const char *name, u32 inode)
{
	u32 at = name_slot(n, name);

	at = at < NAMES ? at : name_slot(n, "");
	assert_true(at < NAMES);
	snprintf(n->at[at].name, sizeof n->at[at].name, "%s", name);
	n->at[at].inode = inode;
}

static u32
drop_name(struct names *n, const char *name)
{
	u32 at = name_slot(n, name);

	assert_true(at < NAMES);
	n->at[at].name[0] = 0;
	return n->at[at].inode;
}

/* The life: operation i, and the state after the first j of them. */
static void
life_key(char key[8], u32 i)
{
	snprintf(key, 8, "k:%u", (i * 3 + i / 7) % KEYS);
}

static int
life_run(struct scratch *s, u32 i)
{
	char key[8], val[300];

	life_key(key, i);
	if (i % 4 == 3)
		return drop(s, key);
	memset(val, 'a' + (char)(i % 26), sizeof val);
	val[20 + i * 37 % 270] = 0;
	return put(s, key, val);
}

static bool
life_fits(struct scratch *s, u32 j)
{
	for (u32 k = 0; k < KEYS; k++) {
		char key[8], want[8], val[300];
		u32 i = j;

		snprintf(want, sizeof want, "k:%u", k);
		while (i-- > 0) {
			life_key(key, i);
			if (strcmp(key, want) == 0)
				break;
		}
		memset(val, 'a' + (char)(i % 26), sizeof val);
		val[20 + i * 37 % 270] = 0;
		if (!holds(s, want, i == UINT32_MAX || i % 4 == 3 ? NULL : val))
			return false;
	}
	return true;
}

enum data { DATA_NOW, DATA_DISK, DATA_TORN, DATA_ZERO };

static void
lay_out(struct disk_model *m, const struct names *names, enum data data)
{
	static u8 bytes[FILE_MAX];

	scratch_empty(m->after->dir);
	for (u32 i = 0; i < NAMES; i++) {
		const struct inode *in = &m->inode[names->at[i].inode];
		u32 n = data == DATA_DISK ? in->disk_n : in->now_n;

		if (!names->at[i].name[0])
			continue;
		memcpy(bytes, data == DATA_DISK ? in->disk : in->now, n);
		if (data >= DATA_TORN && in->last_n < n) { /* the newest piece: half of it, or only its length */
			u32 half = data == DATA_TORN ? in->last_n + (n - in->last_n) / 2 : in->last_n;

			memset(bytes + half, 0, n - half);
			n = data == DATA_TORN && i % 2 ? half : n;
		}
		scratch_save(m->after, names->at[i].name, bytes, n);
	}
}

static void
try_state(struct disk_model *m, const struct names *names, enum data data)
{
	lay_out(m, names, data);
	m->states++;
	if (scratch_try(m->after) < 0)
		fail_msg("after %u: %.*s", m->done, STR_ARG(buf_str(&m->after->text)));
	if (!life_fits(m->after, m->done) && !life_fits(m->after, m->done + 1))
		fail_msg("after %u operations something is lost (state %u)", m->done, m->states);
	assert_int_equal(put(m->after, "p:probe", "x"), 0);
	scratch_again(m->after);
	assert_true(holds(m->after, "p:probe", "x"));
	assert_true(life_fits(m->after, m->done) || life_fits(m->after, m->done + 1));
	scratch_close(m->after);
}

static struct inode *
new_inode(struct disk_model *m)
{
	struct inode *in = &m->inode[m->inodes++];

	assert_true(m->inodes < INODES);
	in->now = malloc(FILE_MAX);
	in->disk = malloc(FILE_MAX);
	return in;
}

static void
note_open(struct disk_model *m, const struct fault_event *e)
{
	u32 at = name_slot(&m->now, e->name);

	if (at == NAMES) {
		m->fd_inode[e->fd] = m->inodes;
		set_name(&m->now, e->name, m->inodes);
		new_inode(m);
		return;
	}
	m->fd_inode[e->fd] = m->now.at[at].inode;
	m->inode[m->fd_inode[e->fd]].now_n = 0; /* the store always truncates */
}

static void
note_write(struct inode *in, const struct fault_event *e)
{
	u32 end = (u32)e->at + e->bytes.n;

	assert_true(end <= FILE_MAX);
	in->last_n = in->now_n;
	memcpy(in->now + e->at, e->bytes.p, e->bytes.n);
	in->now_n = end > in->now_n ? end : in->now_n;
}

static void
note(void *arg, const struct fault_event *e)
{
	struct disk_model *m = arg;
	struct inode *in = &m->inode[m->fd_inode[e->fd]];

	if (strcmp(e->call, "open") == 0) {
		note_open(m, e);
	} else if (strcmp(e->call, "pwrite") == 0) {
		note_write(in, e);
	} else if (strcmp(e->call, "ftruncate") == 0) {
		in->now_n = (u32)e->at;
	} else if (strcmp(e->call, "fdatasync") == 0) {
		memcpy(in->disk, in->now, in->now_n);
		in->disk_n = in->last_n = in->now_n;
	} else if (strcmp(e->call, "fsync") == 0) {
		m->disk = m->now;
	} else if (strcmp(e->call, "rename") == 0) {
		set_name(&m->now, e->name2, drop_name(&m->now, e->name));
	} else if (strcmp(e->call, "unlink") == 0) {
		drop_name(&m->now, e->name);
	}
	fault_watch(NULL, NULL); /* opening the states must not be noted */
	for (enum data data = DATA_NOW; data <= DATA_ZERO; data++) {
		try_state(m, &m->now, data);
		try_state(m, &m->disk, data);
	}
	fault_watch(note, m);
}

static void
test_power(void **state)
{
	struct disk_model *m = calloc(1, sizeof *m);
	void *run = NULL, *after = NULL;

	assert_int_equal(scratch_setup(&run), 0);
	assert_int_equal(scratch_setup(&after), 0);
	m->run = run;
	m->after = after;
	m->run->conf.compact_min = 1500;
	fault_watch(note, m);
	scratch_open(m->run);
	for (; m->done < OPS; m->done++) {
		int err = life_run(m->run, m->done);

		assert_true(!err || err == ERR_NONE);
	}
	assert_true(scratch_figures(m->run).compactions >= 2);
	scratch_close(m->run);
	fault_watch(NULL, NULL);
	print_message("%u states\n", m->states);
	assert_true(m->states > 2000);
	for (u32 i = 0; i < m->inodes; i++) {
		free(m->inode[i].now);
		free(m->inode[i].disk);
	}
	scratch_teardown(&run);
	scratch_teardown(&after);
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_power) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
