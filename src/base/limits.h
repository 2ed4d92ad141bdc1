/* limits: every size of the program, with its unit. A board overrides any of them in board/<board>/sizes.h.
 * A full pool is an ordinary answer (503 + Retry-After), so each number is a promise about memory, not about
 * correctness. `mcpgated check` prints what they add up to. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include "sizes.h"

#include <assert.h>

#ifndef SCRATCH_N
#define SCRATCH_N (260 * 1024) /* bytes, each of the two scratch buffers of a worker: a body of 256 KB and its head */
#endif
#ifndef CONNS_MAX
#define CONNS_MAX 2048 /* client connections of one worker */
#endif
#ifndef CONTROL_CONNS
#define CONTROL_CONNS 2 /* of which kept for the control socket */
#endif
#ifndef JOBS_MAX
#define JOBS_MAX 512 /* requests being answered at once */
#endif
#ifndef CALLS_MAX
#define CALLS_MAX 512 /* upstream requests under way at once */
#endif
#ifndef UPSTREAM_IDLE_MAX
#define UPSTREAM_IDLE_MAX 256 /* kept-alive upstream connections, all origins together */
#endif
#ifndef TLS_CONNS_MAX
#define TLS_CONNS_MAX 128 /* client connections that may speak TLS at once, about 25 KB each */
#endif
#ifndef TLS_CALLS_MAX
#define TLS_CALLS_MAX 64 /* upstream connections that may speak TLS at once, about 28 KB each */
#endif
#ifndef TLS_SESSIONS_MAX
#define TLS_SESSIONS_MAX 1024 /* TLS sessions of clients that can be resumed, 100 bytes each */
#endif
#ifndef TLS_TRUSTS_MAX
#define TLS_TRUSTS_MAX 32 /* upstreams whose TLS session is remembered, about 120 bytes each */
#endif
#ifndef STREAMS_MAX
#define STREAMS_MAX 1024 /* open subscription streams; never more than half the connections */
#endif

/* Leased blocks, by class: how many of each. They hold what a peer has not yet taken or sent in full. */
#ifndef LEASE_512
#define LEASE_512 CALLS_MAX /* each call keeps its request until the answer begins, most are small */
#endif
#ifndef LEASE_1K
#define LEASE_1K (CALLS_MAX / 2)
#endif
#ifndef LEASE_4K
#define LEASE_4K (CONNS_MAX + JOBS_MAX) /* each connection may hold half a request, each job an arena */
#endif
#ifndef LEASE_16K
#define LEASE_16K 128
#endif
#ifndef LEASE_64K
#define LEASE_64K 32
#endif
#ifndef LEASE_256K
#define LEASE_256K 16
#endif
#define LEASE_ALL (LEASE_512 + LEASE_1K + LEASE_4K + LEASE_16K + LEASE_64K + LEASE_256K)

/* HTTP, client side of the gate */
#define HEAD_MAX 16384      /* bytes of the fields of a request: 431 beyond */
#define TARGET_MAX 8192     /* bytes of the request line: 414 beyond */
#define FIELDS_MAX 64       /* header fields: 431 beyond */
#define METHOD_MAX 16       /* bytes of a method: 400 beyond */
#define CHUNK_EXT_MAX 64    /* bytes of chunk extensions, all dropped: 400 beyond */
#define CHUNK_LINE_MAX 80   /* bytes of a chunk-size line with extensions: 400 beyond */
#define CHUNKS_MAX 4096     /* chunks of a request body: 413 beyond */
#define TRAILER_MAX 1024    /* bytes of trailers, all dropped: 431 beyond */
#ifndef RPC_BODY_MAX
#define RPC_BODY_MAX (256 * 1024) /* bytes of a JSON-RPC request body: 413 beyond */
#endif
#define UPLOAD_MAX (256U << 20) /* bytes of a file sent to /files/<once> or /rest/: 413 beyond */
#define UPLOAD_FRONT (32 * 1024) /* of them those that are there when it is judged */
#define REST_FILE_MAX (128 * 1024) /* bytes of a body with files that is judged whole: a larger one passes as it is */
#define POUR_OPEN UINT64_MAX /* the length of a body that nobody knows before its end */
#define RPC_TOKENS_MAX 2048 /* JSON tokens of a request body */
#define JSON_DEPTH_MAX 64   /* nesting of any JSON document taken from outside */
#define DOC_VALUES_MAX (8U << 20) /* values and names of an API document: the largest we know has under a million */
#define DOC_VALUES_WHY "the document has more than 8,388,608 values"
#define YAML_DEPTH_MAX 64   /* nesting of a YAML document: it becomes JSON */
#define YAML_KEY_MAX 1024   /* bytes of a key with its colon on one line (YAML 1.2.2, 7.4.2) */

/* HTTP, upstream side */
#define RESP_HEAD_MAX 16384  /* bytes of an upstream response head */
#define RESP_INTERIM_MAX 8   /* 1xx responses before the final one */
#define UPSTREAM_URL_MAX 8192 /* bytes of a request target sent upstream */

/* MCP */
#define TOOL_NAME_MAX 64      /* characters of a tool name */
#ifndef LATERS_MAX
#define LATERS_MAX 64       /* calls that go on without their request, and whose answer somebody may fetch */
#endif
#ifndef LISTINGS_N
#define LISTINGS_N (1024 * 1024) /* bytes of lists of tools that are asked for often; touched as they come */
#endif
#define RESULT_KEEP (128 * 1024) /* bytes of the answer of such a call that are kept */
#define MODE_OPS 100         /* operations seen that `mode auto` still offers as tools */
#define MODE_TOKENS 25000    /* and tokens of their tools/list */
#define RESPONSE_BUDGET (100 * 1024) /* bytes of upstream body given to the model unless configured */

/* Counts that workers share: sets of 8 cells each, of 32 and of 16 bytes, the second for each worker */
#ifndef QUOTA_SETS
#define QUOTA_SETS 1024 /* rates and budgets: who is counted at once; the oldest of a full set is forgotten */
#endif
#ifndef SHARE_SETS
#define SHARE_SETS 512 /* calls under way: three keys of each call fit, with room to spare */
#endif

/* Store and keys */
#ifndef STORE_KEYS_MAX
#define STORE_KEYS_MAX 65536 /* entries; about 48 bytes of RAM each, touched only as they come */
#endif
#ifndef STORE_BYTES_MAX
#define STORE_BYTES_MAX (64 * 1024 * 1024) /* bytes of live records; the disk holds more while compacting */
#endif
/* These four are part of the format: a store written on one board opens on another. */
#define STORE_GROUP_N (64 * 1024) /* bytes of records written in one group */
#define STORE_GROUP_OPS 256       /* operations in one group */
#define STORE_KEY_MAX 200         /* bytes of a key */
#define STORE_VAL_MAX 16384       /* bytes of a value */
#ifndef RING_BUF
#define RING_BUF (128 * 1024) /* bytes of audit lines that may wait for the disk, twice: what comes beyond is lost */
#endif
#ifndef TOKEN_CACHE
#define TOKEN_CACHE 256 /* the same for access tokens */
#endif
#ifndef KEY_CACHE
#define KEY_CACHE 256 /* verified API keys remembered, a power of two; about 400 bytes each when used */
#endif

static_assert(SCRATCH_N >= 64 * 1024, "a scratch buffer holds a TLS record and a head");
static_assert(SCRATCH_N >= HEAD_MAX + UPLOAD_FRONT, "a head and the front of a large body fit the scratch buffer");
static_assert(STORE_GROUP_N >= 2 * (STORE_VAL_MAX + STORE_KEY_MAX + 256), "fits the largest record");

#endif
