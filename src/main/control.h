/* control: asks a running server, over the control socket of its data directory: one HTTP request, one answer, waiting
 * for it. For commands only. */
#ifndef MAIN_CONTROL_H
#define MAIN_CONTROL_H

#include "base/arena.h"
#include "base/buf.h"

#define CONTROL_ANSWER_MAX (16u << 20) /* bytes of an answer */

struct control_ask {
	const char *data;   /* the data directory */
	struct str method, path;
	struct str fields;  /* further header lines, each with CRLF */
	struct str body;    /* JSON; empty: none */
	u32 wait_ms;        /* for the whole answer */
};

struct control_answer {
	u16 status;
	struct str body; /* in the arena */
};

/* Asks. 0; ERR_NONE no server is listening there; else an error, with a line in why: ERR_DENY not our server,
 * ERR_LATE, ERR_IO, ERR_BAD. The arena needs room for CONTROL_ANSWER_MAX. */
int control_ask(const struct control_ask *ask, struct arena *a, struct control_answer *answer, struct buf *why);

/* The sentence of an error answer, {"error": "..."}, or a general one. */
struct str control_error(const struct control_answer *answer);

#endif
