/* sizes: what tiny has less of. 32 connections, of which two are the control socket's; see base/limits.h. */
#define SCRATCH_N (68 * 1024)
#define CONNS_MAX 32
#define JOBS_MAX 16
#define CALLS_MAX 16
#define UPSTREAM_IDLE_MAX 8
#define TLS_CONNS_MAX 8
#define TLS_CALLS_MAX 4
#define TLS_SESSIONS_MAX 32
#define TLS_TRUSTS_MAX 8
#define STREAMS_MAX 16
#define LEASE_16K 8
#define LEASE_64K 4
#define LEASE_256K 2
#define RPC_BODY_MAX (64 * 1024)
#define LATERS_MAX 4
#define QUOTA_SETS 64
#define SHARE_SETS 32
#define STORE_KEYS_MAX 4096
#define STORE_BYTES_MAX (4 * 1024 * 1024)
#define RING_BUF (32 * 1024)
#define TOKEN_CACHE 32
#define KEY_CACHE 32
