/* work: one worker process. It is handed everything by the supervisor before and after fork: listeners, keys, the pages
 * configurations lie in, catalogs as descriptors. It opens only the store, enters the jail, and serves.
 *
 *   supervisor  -- CATALOG api, fd ... LOAD conf -->    worker
 *               -- DRAIN ms, ALONE ----------------->    (the other end closes: the supervisor is gone)
 *               <-- READY, LOADED, REFUSED, FREED ---                                                      */
#ifndef MAIN_WORK_H
#define MAIN_WORK_H

#include "app/rate.h"
#include "gate/audit.h"
#include "main/boot.h"
#include "main/conf.h"
#include "store/far.h"

#define WORK_CANNOT 3 /* exit code: it cannot start, and trying again will not help */

enum work_message_kind {
	WORK_CATALOG, /* to the worker: a catalog's descriptor; value is the api's index */
	WORK_LOAD,    /* to the worker: all catalogs are there; value is the address of a struct conf */
	WORK_DRAIN,   /* to the worker: value is what open requests get, in ms */
	WORK_ALONE,   /* to the worker: those that asked it for the store have ended */
	WORK_READY,   /* from the worker: it serves, for the first time */
	WORK_LOADED,  /* from the worker: value is the number of the generation new requests begin under */
	WORK_REFUSED, /* from the worker: value is the number of a generation it cannot use; bad says which api */
	WORK_FREED,   /* from the worker: value is the number of a generation it has let go of */
};

struct work_message {
	u32 kind, bad;
	u64 value;
};

struct work_listen {
	int fd;
	struct addr addr;
	bool tls, control;
};

/* What a worker is given at fork. */
struct work_start {
	u32 index;    /* 0 keeps the store; others ask it */
	int parent;   /* process id of the supervisor */
	int pair;     /* our end */
	const struct work_listen *listen;
	u32 listens;
	void *common;             /* work_common_bytes, shared by all workers: what they count together */
	u32 workers;
	struct far_lines *far;    /* between them and the store; NULL: there is one worker */
	const struct arena *slot; /* two: where configurations lie; made read-only here */
	struct switches *switches; /* shared pages */
	const struct boot *boot;
	const struct conf *conf;  /* the one that holds at fork: user, jail */
	u8 log_level;
};

/* What all workers read and write. */
struct work_common {
	_Alignas(64) u32 pass_rounds;
	struct rate rate;
	u8 audit_down[AUDIT_WORKERS];
};

/* The parts of the pages that so many workers share, behind what the store has there. */
struct work_shared {
	struct work_common *all;
	u8 *shares, *quotas, *lives;
};

/* Bytes of these pages, zero at first; where in them what lies. */
size_t work_common_bytes(u32 workers);
void work_shared(struct work_shared *s, void *common, u32 workers);

/* Worker `index` has died: what it had under way is counted no more, by whom it may have been. It may be some seconds
 * until there is another one. */
void work_gone(void *common, u32 workers, u32 index);

/* Runs a worker in this process, to its end. */
void work_run(const struct work_start *start) __attribute__((noreturn));

#endif
