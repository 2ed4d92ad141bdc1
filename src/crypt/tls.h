/* tls: one end of a TLS 1.2 connection, without I/O. ECDHE with AES-GCM or ChaCha20-Poly1305 only,
 * no renegotiation.
 *
 *     from the socket                                    to the socket
 *   tls_room, tls_fed  >  engine  >  tls_plain, tls_eat     tls_write  >  engine  >  buffer out
 *
 * All state and both record buffers lie in the caller's memory of TLS_SERVER_N or TLS_CLIENT_N
 * bytes, aligned to 16; struct tls is at its start and must not be moved. Certificates, keys,
 * anchors and the session cache are only pointed at: they outlive it. Bytes move only in these
 * calls; nothing here waits.
 *
 * The handshake produces output by itself: after tls_fed call tls_write (with no text) as long as
 * tls_pending. A handshake is dear (0.5 to 2 ms of CPU at one tls_fed): do few per turn while
 * !tls_open. */
#ifndef CRYPT_TLS_H
#define CRYPT_TLS_H

#include "base/buf.h"
#include "crypt/cert.h"
#include "crypt/rng.h"

#define TLS_SERVER_N 25088 /* 4.1 KB context, 16.3 KB in, 4.1 KB out */
#define TLS_CLIENT_N 27968 /* 3.7 KB context, 3.3 KB certificate check, 16.3 KB in, 4.1 KB out */
#define TLS_CACHED_N 100   /* bytes of one session in a cache */
#define TLS_NAME_MAX 255   /* characters of a host name */

struct tls;

/* A server's memory of sessions, shared by its connections. Least recently used goes first; nothing
 * is kept on disk. */
struct tls_cache {
	_Alignas(16) u8 state[128];
};

/* Begins an empty cache over n bytes, TLS_CACHED_N for each session. */
void tls_cache_init(struct tls_cache *c, void *mem, size_t n);

/* What a client keeps of a session, to resume it later. A secret. */
struct tls_session {
	_Alignas(8) u8 state[96];
	bool there;
};

/* What a server shows. cache may be NULL: every handshake is a full one. */
struct tls_server {
	const struct cert_chain *chain;
	const struct cert_key *key;
	struct tls_cache *cache;
};

/* Whom a client trusts.
 *
 *   anchors  pin      the server is who it says when
 *   yes      no       its chain ends at an anchor, is valid now, and names `name`
 *   yes      yes      the same, and its key is the pinned one
 *   no       yes      its key is the pinned one; name and dates are not looked at
 *
 * name is also sent (SNI), unless it is an IP address. A certificate's addresses are not matched: a
 * host given by address needs a pin without anchors. */
struct tls_trust {
	struct str name;
	const struct cert_anchors *anchors;
	const u8 *pin; /* CERT_PIN_N bytes, copied */
};

/* What a client asks for. A session is resumed if the server agrees, and must have been made with
 * the same trust: certificates are not shown again. NULL: none. */
struct tls_client {
	const struct tls_trust *trust;
	const struct tls_session *session;
	wall now;
};

/* Begins the server's end. */
struct tls *tls_accept(void *mem, const struct tls_server *s, struct rng *rng);

/* Begins the client's end; its first message is pending at once. NULL: tls_trust_wrong. */
struct tls *tls_connect(void *mem, const struct tls_client *c, struct rng *rng);

/* What is wrong with such a trust, in words, or NULL: neither anchors nor pin; or anchors and a
 * name that is empty, too long or an address. For whoever reads a config. */
const char *tls_trust_wrong(const struct tls_trust *trust);

/* Wipes all state. The memory is the caller's again. */
void tls_end(struct tls *t);

/* Where the next bytes from the socket go, and how many the engine wants at most (the rest of a
 * record). NULL, *n 0: none now; first take the plain text, or send what is pending, or it is
 * over. */
u8 *tls_room(struct tls *t, u32 *n);

/* n bytes (at most what tls_room said) were put there. */
void tls_fed(struct tls *t, u32 n);

/* Both in one, by copying: how many bytes of s were taken. */
u32 tls_feed(struct tls *t, struct str s);

/* Plain text received, as a view that dies at the next call but tls_write; tls_eat takes n bytes
 * off its start. */
struct str tls_plain(struct tls *t);
void tls_eat(struct tls *t, u32 n);

/* Appends records to out: first what the handshake or an earlier call left, then the n views of
 * text, joined into as few records as possible. Returns the bytes of text taken; they may still be
 * inside while tls_pending: call again when out has room. Takes no text while !tls_open. */
u32 tls_write(struct tls *t, const struct str *text, u32 n, struct buf *out);

/* The same without copying: the record that goes out next, as a view; tls_sent takes n bytes off
 * its start. After tls_put (text into one record, at most; bytes taken). */
struct str tls_out(struct tls *t);
void tls_sent(struct tls *t, u32 n);
u32 tls_put(struct tls *t, struct str text);

/* Whether records wait to go out. */
bool tls_pending(struct tls *t);

/* Whether the handshake is done, and the connection not over: text can be written. */
bool tls_open(struct tls *t);

/* Whether nothing more will come or go. tls_error then says how it ended. */
bool tls_over(struct tls *t);

/* Ends in order: text not yet taken off is dropped, and close_notify is pending. Need not wait for
 * the peer's. */
void tls_close(struct tls *t);

/* 0: no error; over and 0: the peer ended in order. A socket that ended while this is not over was
 * cut. */
int tls_error(struct tls *t);

/* An error in words for a person: "certificate expired", "unknown issuer", ... never NULL. */
const char *tls_error_text(int error);

/* Client: keeps the session for later. there is false when there is none to keep. */
void tls_keep(struct tls *t, struct tls_session *s);

/* Client: the pin of the key the server showed, also when it was refused. False: it showed none (or
 * resumed). */
bool tls_peer_pin(struct tls *t, u8 pin[CERT_PIN_N]);

/* Whether the handshake resumed a session. */
bool tls_resumed(struct tls *t);

#endif
