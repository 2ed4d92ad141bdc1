/* work_priv: a worker's state, shared by its beginning (work.c) and its turns (work_turn.c). */
#ifndef MAIN_WORK_PRIV_H
#define MAIN_WORK_PRIV_H

#include "gate/days.h"
#include "gate/switches.h"
#include "app/app.h"
#include "main/turn.h"
#include "main/work.h"
#include "net/dns.h"

struct work {
	struct turn turn;
	struct loop loop;
	struct net net;
	struct dns dns;
	struct rng rng;
	struct app app;
	struct days days;
	struct arena arena;
	struct ring ring; /* audit lines */
	bool locked; /* its keys never reach the swap */
	const struct work_start *start;
	/* the supervisor's messages, and signals */
	struct watch pair, signals;
	struct ready pair_ready, signals_ready;
	/* catalogs: those that came for the next generation, and those in use, by its place in app.gen */
	struct str coming[APIS_MAX];
	const struct conf *next; /* to be loaded, NULL: none */
	struct {
		u32 number; /* 0: free */
		struct str file[APIS_MAX];
	} held[APP_GENS];
	bool listening, draining, alone;
	msec drain_at, reseed_at;
	u32 switches_stamp; /* of the store, when they were read last */
	_Alignas(16) u8 switches_room[SWITCHES_ROOM_N];
};

/* The turn's begin and end of a worker: see turn.h. */
void work_turn_begins(struct turn *t, msec now);
msec work_turn(struct turn *t, msec now);

/* What the supervisor sent, and signals: as ready. */
void work_pair(struct ready *r, msec now);
void work_signals(struct ready *r, msec now);

/* Begins the end: open requests get this long. */
void work_drain(struct work *w, msec now, u32 ms);

/* Leaves the process: the store is closed in order. */
void work_leave(struct work *w, int code) __attribute__((noreturn));

#endif
