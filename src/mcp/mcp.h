/* mcp: one HTTP request to an MCP endpoint, from its parsed head to its reply. Both eras on one
 * URL, chosen per request.
 *
 *   body > rpc > (modern | legacy) > method table > answer > reply
 *
 * modern: 2026-07-28, stateless, everything in _meta and headers.   legacy: initialize, sessions,
 * batches.
 *
 * struct mcp lives in the app's job; the app has decided who asks (principal), which api and which
 * view. */
#ifndef MCP_MCP_H
#define MCP_MCP_H

#include "gate/gate.h"
#include "mcp/listing.h"
#include "mcp/result.h"
#include "mcp/rpc.h"
#include "op/again.h"
#include "op/vault.h"
#include "serve/exchange.h"
#include "store/store.h"

enum mcp_version {
	MCP_2024_11_05,
	MCP_2025_03_26,
	MCP_2025_06_18,
	MCP_2025_11_25,
	MCP_2026_07_28,
	MCP_VERSIONS
};
#define MCP_NEWEST_LEGACY MCP_2025_11_25

/* What all MCP requests of a worker share. */
struct mcp_shared {
	struct ops *ops;
	struct store *store;
	struct lease *lease;       /* blocks for what must be held back */
	struct jsmntok *tok;       /* RPC_TOKENS_MAX tokens: scratch of whoever runs */
	struct pool streams;       /* struct stream */
	struct link listening;     /* all streams */
	const u8 *handle_key;      /* HANDLE_KEY_N bytes */
	void (*random)(void *of, u8 *p, u32 n); /* random bytes: auth and crypt are not this floor's */
	void *random_of;
	u32 approval_s; /* how long an approval may be waited for */
	struct pool laters;        /* calls that go on without their request: later.h */
	struct link late;          /* those in use */
	wall now_s;
	bool draining;
	bool cuts; /* whose request goes now, his call goes, too: switches */
};

/* Texts of one api that never change within a generation, written once when it is loaded. */
struct mcp_text {
	struct str server;   /* {"name":...}: serverInfo */
	struct str end;      /* behind the last member of a modern result: resultType, _meta and its bracket */
	struct str end_list; /* the same with caching hints before it */
	struct str discover; /* the whole result of server/discover */
	struct veil_names secrets; /* members of answers that are not shown */
};

#define MCP_TEXT_N (512 * 1024) /* bytes the texts of all apis of a generation may take */

#define SLOW_TOKEN_N 64 /* bytes of a progressToken that is answered to */
#define MCP_ASK_N 256 /* bytes of arguments kept in place; more in the exchange's arena */

/* What a method answers: bytes in the exchange's arena or stable memory, or a pull, or a reply that
 * was set already. */
struct answer {
	u16 status; /* HTTP; 0: reply is set already (202, streams) */
	u8 views;
	struct str view[REPLY_VIEWS_MAX];
	struct pull *pull;
};

/* Our arguments as the operation called names them. */
struct gated {
	struct str environment, approval, dry_run;
	u8 room[64]; /* for their list */
};

struct mcp {
	struct exchange *x;
	struct mcp_shared *shared;
	const struct principal *who;
	const struct api *api;
	const struct catalog *catalog;
	const struct mcp_text *text;
	struct gate_view view;
	struct gate_ask ask; /* of who, api and view: gate_begin */
	struct str key_name; /* of the record in the store that who came from; empty: from none */
	u32 *hold;           /* counts what lives by api and catalog */
	const struct own *own; /* the credential that the caller brings along; NULL: none */
	const struct environment *capture; /* where sessions keep it: that environment; NULL: nowhere */
	struct str files;    /* what stands before /files/... in links: our public address */
	u32 generation;      /* number of the config generation, in cursors */
	struct listings *listings; /* of the generation; NULL: none are kept */
	/* from here on private to mcp/ */
	bool modern;
	bool limited; /* the call was not made for a limit: ops->no says more */
	u8 version; /* enum mcp_version */
	bool opens_pages; /* the client of this session opens pages for its user */
	struct str id; /* raw JSON, in id_text */
	struct op *op;
	struct answer answer;
	struct store_op store;
	struct project *project; /* what of the answer is wanted, in the exchange's arena; NULL: all */
	struct gated gated;
	struct fetch *fetch;     /* of get_result, in fetching */
	struct buf fetching;     /* leased */
	u32 keep;                /* of a call without its request (x is NULL then): bytes that are kept */
	struct {                 /* a call that takes long: slow.h */
		struct pull pull;
		msec began, hand_at, tell_at; /* when it is handed over; when it is told of next */
		u32 told;
		bool streams, known; /* the reply is a stream; its answer is known */
		u8 token_n;          /* bytes of the progressToken, in slow_token */
	} slow;
	struct vault_wait connect; /* until it is known whether the user has given his credential */
	struct buf held;         /* leased: a call that waits for a yes, struct held */
	struct resume *resume;   /* of a continuation, in the exchange's arena */
	struct {                 /* what a tool was asked, to carry it out again */
		u32 operation, environment;
		struct str args;
		bool kept;             /* args are all there */
		bool overlaid;         /* an overlay says something about the answer */
	} asked;
	u8 at, message_at;
	struct str batch; /* copy of a batch body, else empty */
	u32 batch_n, batch_at;
	u32 batch_mark; /* what of the exchange's arena stays from message to message */
	u32 answer_at;  /* bytes of the current answer's views that are written */
	struct pull batch_pull;
	struct ready runner; /* runs steps that may not be run from within a reply */
	bool batch_any, answer_begun, answer_whole; /* something of the batch, of the current answer; all of that */
	struct ready *owner; /* whom an op marks */
	struct {
		struct pull pull;
		u32 at, to;       /* tools still to be looked at */
		bool begun, any;
		struct str begin; /* what stands before the tools, in the exchange's arena */
	} list; /* tools/list made tool by tool */
	struct result result;
	/* from within result on not zeroed: written before it is read */
	u8 id_text[RPC_ID_MAX];
	u8 slow_token[SLOW_TOKEN_N];
	u8 asked_room[MCP_ASK_N]; /* of asked.args */
};

/* Takes the request up and goes as far as it can; call again after STEP_WAIT. m is zeroed up to
 * result.redact but for the public fields. */
enum step mcp_step(struct mcp *m, msec now);

/* DELETE of the endpoint: ends a legacy session. */
enum step mcp_delete(struct mcp *m, msec now);

/* The peer has left. A modern call is cancelled unless it is a write that was sent; a legacy call
 * goes on by itself. */
void mcp_cancel(struct mcp *m, msec now);

/* The exchange is over: gives everything back. */
void mcp_end(struct mcp *m, msec now);

/* Name of a protocol version, and the version of a name or -1. */
struct str mcp_version_text(u8 version);
int mcp_version_of(struct str name);

/* A string's decoded text: a view of the body, or a copy in the exchange's arena, which is leased only then: a call
 * that waits should hold as little as can be. p NULL when c is no string or there is no room. */
struct str mcp_text(struct mcp *m, struct jcur c);

/* Replies with a JSON-RPC error and this HTTP status; for errors before any method is reached. */
enum step mcp_refuse(struct mcp *m, u16 status, int code, const char *message);

#endif
