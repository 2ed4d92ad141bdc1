/* rpc: one JSON-RPC 2.0 message as MCP uses it: a request (with an id) or a notification, never a
 * response.
 *
 * Source: MCP 2026-07-28 basic/index (Messages, Error Codes), JSON-RPC 2.0. Views point into the
 * body and the token scratch: they die with the next run of the exchange. The id is kept as
 * written, since it goes back as it came. */
#ifndef MCP_RPC_H
#define MCP_RPC_H

#include "json/json.h"
#include "json/jout.h"

#define RPC_ID_MAX 256     /* bytes of an id as written */
#define RPC_METHOD_MAX 128 /* bytes of a method name */

enum rpc_code {
	RPC_PARSE = -32700,
	RPC_REQUEST = -32600,
	RPC_METHOD = -32601,
	RPC_PARAMS = -32602,
	RPC_INTERNAL = -32603,
	RPC_PAGE = -32042,       /* URLElicitationRequired, 2025-11-25 */
	RPC_HEADER = -32020,     /* HeaderMismatch, 2026-07-28 */
	RPC_CAPABILITY = -32021, /* MissingRequiredClientCapability */
	RPC_VERSION = -32022,    /* UnsupportedProtocolVersion */
};

struct rpc {
	struct str id;      /* raw JSON, empty for notifications */
	struct str method;  /* decoded */
	struct jcur params; /* an object, or a miss */
	struct jcur meta;   /* params._meta, or a miss */
	u8 method_text[RPC_METHOD_MAX]; /* where method lies when it had escapes */
};

/* Takes one message from a parsed value. 0; ERR_BAD with *why: no object, jsonrpc is not "2.0", id
 * is neither string nor integer or too long, method is no string, params is no object, it is a
 * response. r->id is set whenever it could be read, so that the error can carry it. */
int rpc_take(struct rpc *r, struct jcur message, const char **why);

/* Begins an answer: {"jsonrpc":"2.0","id":ID,"result": — the value and a closing } follow. */
void rpc_result_open(struct buf *b, struct str id);

/* Writes a whole error answer; data is raw JSON or empty; an empty id becomes null (JSON-RPC 2.0
 * section 5). modern: the id is left out instead, as 2026-07-28 asks. */
void rpc_error(struct buf *b, struct str id, bool modern, int code, struct str message, struct str data);

#endif
