/* sock: sockets, never blocking, always close-on-exec. Results: >= 0, ERR_MORE (would block),
 * ERR_IO (the rest). */
#ifndef SYS_SOCK_H
#define SYS_SOCK_H

#include "base/buf.h"

#define SOCK_UNIX_MAX 107

enum addr_family { ADDR_NONE, ADDR_V4, ADDR_V6, ADDR_UNIX };

/* Where to listen or connect. IPv4 uses ip[0..3]. */
struct addr {
	u8 family;
	u16 port;
	u32 scope; /* interface of a link-local IPv6 address */
	u8 ip[16];
	char path[SOCK_UNIX_MAX + 1];
};

/* A network: all addresses whose first bits are those of at. */
struct addr_net {
	struct addr at;
	u8 bits;
};

/* Reads "10.0.0.0/8" or "2001:db8::/32"; an address alone is a network of one. ERR_BAD. */
int addr_net_read(struct addr_net *n, struct str text);

/* Whether an address (IPv4 inside IPv6 is IPv4) lies in a network. */
bool addr_in(const struct addr_net *n, const struct addr *a);

/* What kind of place an address is: decides what upstream connections may reach (RFC 6890). */
enum addr_kind { ADDR_PUBLIC, ADDR_LOOPBACK, ADDR_PRIVATE, ADDR_LINK_LOCAL, ADDR_METADATA, ADDR_SPECIAL };

/* Reads "1.2.3.4:80", "[::1]:80", "unix:/path". Without ":port" the port is default_port; names are ERR_BAD. */
int addr_read(struct addr *a, struct str text, u16 default_port);

/* Reads an address without port, "1.2.3.4" or "::1" (no brackets). ERR_BAD when it is none. */
int addr_read_ip(struct addr *a, struct str text);

/* Appends the address in the form addr_read takes; addr_print_ip without port and brackets. */
void addr_print(struct buf *b, const struct addr *a);
void addr_print_ip(struct buf *b, const struct addr *a);

/* Kind of an address; IPv4 inside IPv6 (mapped, 6to4, NAT64) is judged as the IPv4 address. Unix is
 * LOOPBACK. */
enum addr_kind addr_kind(const struct addr *a);

/* Whether ip, port and family are the same. */
bool addr_same(const struct addr *a, const struct addr *b);

/* Opens a listener with a backlog of 4096; a unix socket is replaced and gets mode 0600. The
 * descriptor, or ERR_IO with errno left for the message. */
int sock_listen(const struct addr *a);

/* Takes one connection, TCP_NODELAY set (inherited from the listener). The descriptor; ERR_MORE
 * none waits; ERR_FULL out of descriptors; ERR_IO. */
int sock_accept(int listener, struct addr *peer);

/* Begins to connect. The descriptor, at once; writable when done: then ask sock_error. ERR_IO when
 * it cannot begin. */
int sock_connect(const struct addr *a);

/* The pending error of a socket: 0 connected, else an errno value. */
int sock_error(int fd);

/* The local address a socket has: for port 0 listeners and "our own listeners" checks. */
int sock_local(int fd, struct addr *a);

/* The address at the other end: of a unix socket the one it was bound to, however it was reached. */
int sock_remote(int fd, struct addr *a);

/* User id of the process at the other end of a unix socket. ERR_IO when the kernel does not say. */
int sock_peer_uid(int fd, u32 *uid);

/* Reads up to n bytes: > 0; 0 the peer has ended; ERR_MORE; ERR_IO. */
int sock_recv(int fd, u8 *p, u32 n);

/* Sends what the kernel takes of up to 8 views in one call: bytes sent; ERR_MORE; ERR_IO. Never
 * raises SIGPIPE. */
int sock_send(int fd, const struct str *views, u32 n);

/* Opens a connected or bound UDP socket for the DNS client: local port chosen by the kernel at random. */
int sock_udp(const struct addr *to);

/* Ends the sending side, so that the peer sees the end while we still read (lingering close). */
void sock_end(int fd);

/* Closes; harmless for -1. */
void sock_close(int fd);

/* A connected pair of unix sockets, and descriptors passed over one with up to 64 bytes beside
 * them: how the supervisor hands catalogs to workers. sock_pass_take returns the bytes read (0
 * end), *fd -1 when none came. */
int sock_pair(int fd[2]);
int sock_pair_free(int fd[2]); /* that never blocks */
int sock_pass(int over, int fd, struct str message);
int sock_pass_take(int over, int *fd, u8 *p, u32 n);

#endif
