/* super_priv: the supervisor's state, shared by its parts: super.c (begin and end), super_gen.c (configurations and
 * catalogs), super_child.c (workers). */
#ifndef MAIN_SUPER_PRIV_H
#define MAIN_SUPER_PRIV_H

#include "base/limits.h"
#include "gate/audit.h"
#include "main/boot.h"
#include "main/fresh.h"
#include "main/super.h"
#include "main/turn.h"
#include "main/work.h"

#define SUPER_CHILDREN 65 /* workers, then the helper */
#define SUPER_HELPER 64

struct super;

struct super_child {
	struct super *super;
	struct watch pair;  /* our end; fd -1: none */
	struct ready ready;
	msec born, again_at; /* again_at: when it is started anew; MSEC_NEVER: not */
	u32 delay_ms;
	int pid;            /* 0: not running */
	u8 claims;          /* slots its requests may use: 1 and 2 */
	bool was_ready;
};

/* A file that an api of the generation was made of, beside its document. */
struct super_file {
	struct super_file *next;
	const char *path;
	u64 stamp;
};

/* One generation: its pages, and the catalogs as open files. */
struct super_gen {
	struct arena pages;
	const struct conf *conf; /* NULL: free */
	int file[APIS_MAX];      /* -1: none */
	struct super_file *files;
};

enum super_state {
	SUPER_IDLE,
	SUPER_IMPORT, /* the next generation waits for its catalogs */
};

struct super {
	struct turn turn;
	struct loop loop;
	const struct super_ask *ask;
	struct boot boot;
	struct switches *switches; /* in pages shared with the workers */
	int catalogs;            /* directory */
	struct work_listen listen[SERVE_LISTENERS];
	u32 listens;
	struct super_gen gen[2];
	u32 live;                /* slot in force; meaningful once number > 0 */
	u32 number;              /* of the newest generation that was built */
	u32 serving;             /* of the one in force; 0: none yet */
	u8 state;                /* enum super_state */
	bool reload;             /* asked for */
	bool ending;
	int code;                /* exit code when ending */
	msec end_at;             /* then children are killed */
	u32 api;                 /* SUPER_IMPORT: being looked at */
	int importer;            /* its process, 0: none */
	bool killed;             /* the one before it was */
	bool failed;             /* it could not be compiled: an older catalog must do */
	struct super_child child[SUPER_CHILDREN];
	u32 workers;
	struct far_lines far;    /* how they reach the store; held here, so that no question is lost with its keeper */
	bool alone;              /* ending: the keeper knows that the others are gone */
	struct arena common;     /* pages that all workers write: see work.h */
	struct watch signals;
	struct ready signals_ready;
	u64 stamp[APIS_MAX + 2]; /* of the files looked at, 0: not yet */
	msec look_at;
	u8 say[8192];            /* what is wrong with a configuration */
};

/* super_gen: reads the configuration into the free slot and begins to bring its catalogs up to date. 0, or
 * ERR_BAD: told why, and nothing changes. ERR_LATE: a worker still uses the slot; try again. */
int super_gen_begin(struct super *s);

/* Goes on with the catalogs as far as possible; publishes when all are there. */
void super_gen_step(struct super *s, msec now);

/* The importer has ended. */
void super_gen_imported(struct super *s, int status, msec now);

/* Whether a file that the configuration names has changed since it was looked at last. */
bool super_gen_stale(struct super *s);

/* super_child: starts a child; sends it the generation in force. */
void super_child_start(struct super *s, u32 i, msec now);
void super_child_load(struct super *s, u32 i);

/* A child has ended. */
void super_child_ended(struct super *s, int pid, int status, msec now);

/* Starts what is due; how many are running; sends all workers a message. */
msec super_child_due(struct super *s, msec now);
u32 super_child_running(const struct super *s);
void super_child_tell(struct super *s, u32 i, enum work_message_kind kind, u64 value, int fd);

/* Begins the end of everything, to exit with code. */
void super_end(struct super *s, int code, msec now);

#endif
