/* doctor: plays a client against a running box, step by step, and says what to do about what fails (private to it).
 *
 *   local > reach > names > challenge > metadata > issuer > register, or a key > hello > tools > call > upstream
 *
 * cmd_doctor the command, the clients, the box itself; doctor asking and telling; doctor_way the way to a login;
 * doctor_talk what comes with a key. */
#ifndef MAIN_DOCTOR_H
#define MAIN_DOCTOR_H

#include "json/json.h"
#include "main/flags.h"
#include "main/probe.h"
#include "sys/place.h"

#define DOCTOR_MODERN "2026-07-28"
#define DOCTOR_WAIT_MS 10000
#define DOCTOR_TOKENS 500000 /* of a JSON answer */

/* What clients say first and insist on, as they were recorded in November 2026 (those marked ASSUMED were not: they are
 * built on the SDK). A bound of 0: none is known. */
struct player {
	const char *name, *agent, *version, *redirect;
	u16 tools, name_n, text_n; /* of one list, one name, one description */
	u8 how;
};

enum {
	GETS = 1,    /* GET before the first POST, for a challenge or 405 */
	QUIET = 2,   /* no MCP-Protocol-Version after initialize */
	ASSUMED = 4, /* not recorded */
};

struct doctor {
	const char *conf, *data, *as, *ca, *call;
	bool key_stdin;
	struct flags *args;
	const struct player *player;
	const struct conf *c;       /* of the box, or that of a URL */
	bool ours;                  /* c is the box's own */
	const struct environment *at;
	struct str url, origin, path, key;
	struct str session;
	u8 key_room[600], session_room[PROBE_TEXT_N];
	struct arena arena, own;
	struct probe probe;
	struct buf body, fields, ask, told;
	char ca_room[PLACE_N];
	struct probe_answer answer;
	struct jsmntok *tok;
	struct jdoc doc;
	u32 failed, doubts, id;
	bool modern;
};

/* Tells what was written to d->told: mark 'o' fine, 'w' doubtful, 'F' failed; step: its name, ten wide; advice: what to
 * do, or NULL. */
void doctor_tell(struct doctor *d, char mark, const char *step, const char *advice);

#define TELL(d, mark, step, advice, ...) \
	do { \
		(d)->told.w = 0; \
		buf_fmt(&(d)->told, __VA_ARGS__); \
		doctor_tell(d, mark, step, advice); \
	} while (0)

/* A question to the box, as put takes it. */
struct probe_ask doctor_question(const struct doctor *d, const char *method, struct str target);

/* Asks with d->fields, which are begun anew. Whether an answer came: d->answer. */
bool doctor_put(struct doctor *d, struct probe_ask *q);

/* The JSON of the last answer, of an event stream that of its last event; a miss when there is none. */
struct jcur doctor_json(struct doctor *d);

/* A member's text, to keep; empty when there is none. */
struct str doctor_text(struct doctor *d, struct jcur at, const char *key);

/* POSTs one JSON-RPC message as the client would; name: of a tool, or NULL; params: the inside of its object. */
bool doctor_rpc(struct doctor *d, const char *method, const char *name, const char *params);

/* The first message of the client: initialize or server/discover. */
bool doctor_hello(struct doctor *d);

/* The way to a login, without the key. 1: a key is needed; 0: none is; ERR_BAD after a failure. */
int doctor_way(struct doctor *d);

/* What comes with a key, or where none is needed. */
void doctor_talk(struct doctor *d);

#endif
