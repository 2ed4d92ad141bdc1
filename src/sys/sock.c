#include "sys/sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096
#define VIEWS_MAX 8

union any {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un un;
};

static socklen_t
to_system(const struct addr *a, union any *u)
{
	memset(u, 0, sizeof *u);
	switch (a->family) {
	case ADDR_V4:
		u->v4.sin_family = AF_INET;
		u->v4.sin_port = htons(a->port);
		memcpy(&u->v4.sin_addr, a->ip, 4);
		return sizeof u->v4;
	case ADDR_V6:
		u->v6.sin6_family = AF_INET6;
		u->v6.sin6_port = htons(a->port);
		u->v6.sin6_scope_id = a->scope;
		memcpy(&u->v6.sin6_addr, a->ip, 16);
		return sizeof u->v6;
	case ADDR_UNIX: {
		size_t n = strnlen(a->path, SOCK_UNIX_MAX);

		u->un.sun_family = AF_UNIX;
		memcpy(u->un.sun_path, a->path, n);
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
	}
	}
	return 0;
}

static void
from_system(const union any *u, struct addr *a)
{
	memset(a, 0, sizeof *a);
	if (u->sa.sa_family == AF_INET) {
		a->family = ADDR_V4;
		a->port = ntohs(u->v4.sin_port);
		memcpy(a->ip, &u->v4.sin_addr, 4);
	} else if (u->sa.sa_family == AF_INET6) {
		a->family = ADDR_V6;
		a->port = ntohs(u->v6.sin6_port);
		a->scope = u->v6.sin6_scope_id;
		memcpy(a->ip, &u->v6.sin6_addr, 16);
	} else {
		a->family = ADDR_UNIX;
	}
}

static int
system_family(const struct addr *a)
{
	return a->family == ADDR_V4 ? AF_INET : a->family == ADDR_V6 ? AF_INET6 : AF_UNIX;
}

static int
give_up(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return ERR_IO;
}

int
sock_listen(const struct addr *a)
{
	union any u;
	socklen_t n = to_system(a, &u);
	int one = 1, fd = socket(system_family(a), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return ERR_IO;
	if (a->family == ADDR_UNIX) {
		unlink(a->path);
		fchmod(fd, 0600); /* before bind: no moment in which others may connect */
	} else {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* accepted sockets inherit it */
	}
	if (a->family == ADDR_V6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(fd, &u.sa, n) || (a->family == ADDR_UNIX && chmod(a->path, 0600)) || listen(fd, BACKLOG))
		return give_up(fd);
	return fd;
}

int
sock_accept(int listener, struct addr *peer)
{
	union any u;
	socklen_t n = sizeof u;
	int fd;

	do
		fd = accept4(listener, &u.sa, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return ERR_MORE;
		return errno == EMFILE || errno == ENFILE || errno == ENOBUFS ? ERR_FULL : ERR_IO;
	}
	from_system(&u, peer);
	return fd;
}

int
sock_connect(const struct addr *a)
{
	union any u;
	socklen_t n = to_system(a, &u);
	int one = 1, fd = socket(system_family(a), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return ERR_IO;
	if (a->family != ADDR_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(fd, &u.sa, n) && errno != EINPROGRESS && errno != EINTR)
		return give_up(fd);
	return fd;
}

int
sock_error(int fd)
{
	int e = 0;
	socklen_t n = sizeof e;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n) ? errno : e;
}

int
sock_local(int fd, struct addr *a)
{
	union any u;
	socklen_t n = sizeof u;

	if (getsockname(fd, &u.sa, &n))
		return ERR_IO;
	from_system(&u, a);
	return 0;
}

int
sock_remote(int fd, struct addr *a)
{
	union any u;
	socklen_t n = sizeof u;

	memset(&u, 0, sizeof u);
	if (getpeername(fd, &u.sa, &n))
		return ERR_IO;
	from_system(&u, a);
	if (a->family == ADDR_UNIX)
		memcpy(a->path, u.un.sun_path, sizeof a->path - 1);
	return 0;
}

int
sock_peer_uid(int fd, u32 *uid)
{
	struct ucred c;
	socklen_t n = sizeof c;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n))
		return ERR_IO;
	*uid = c.uid;
	return 0;
}

int
sock_recv(int fd, u8 *p, u32 n)
{
	ssize_t got;

	do
		got = recv(fd, p, n, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? ERR_MORE : ERR_IO;
	return (int)got;
}

int
sock_send(int fd, const struct str *views, u32 n)
{
	struct iovec iov[VIEWS_MAX];
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };
	ssize_t sent;

	ASSERT(n <= VIEWS_MAX);
	for (u32 i = 0; i < n; i++)
		iov[i] = (struct iovec){ (void *)(uintptr_t)views[i].p, views[i].n };
	do
		sent = n == 1 ? send(fd, views[0].p, views[0].n, MSG_NOSIGNAL) : sendmsg(fd, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? ERR_MORE : ERR_IO;
	return (int)sent;
}

int
sock_udp(const struct addr *to)
{
	union any u;
	socklen_t n = to_system(to, &u);
	int fd = socket(system_family(to), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return ERR_IO;
	if (connect(fd, &u.sa, n))
		return give_up(fd);
	return fd;
}

void
sock_end(int fd)
{
	shutdown(fd, SHUT_WR);
}

void
sock_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

int
sock_pair(int fd[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) ? ERR_IO : 0;
}

int
sock_pair_free(int fd[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) ? ERR_IO : 0;
}

union control {
	struct cmsghdr align;
	u8 bytes[CMSG_SPACE(sizeof(int))];
};

int
sock_pass(int over, int fd, struct str message)
{
	union control c;
	struct iovec iov = { (void *)(uintptr_t)message.p, message.n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	memset(&c, 0, sizeof c);
	if (fd >= 0) {
		m.msg_control = c.bytes;
		m.msg_controllen = sizeof c.bytes;
		c.align.cmsg_level = SOL_SOCKET;
		c.align.cmsg_type = SCM_RIGHTS;
		c.align.cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(&c.align), &fd, sizeof fd);
	}
	return sendmsg(over, &m, MSG_NOSIGNAL) < 0 ? ERR_IO : 0;
}

int
sock_pass_take(int over, int *fd, u8 *p, u32 n)
{
	union control c;
	struct iovec iov = { p, n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t got;

	*fd = -1;
	m.msg_control = c.bytes;
	m.msg_controllen = sizeof c.bytes;
	memset(&c, 0, sizeof c);
	do
		got = recvmsg(over, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? ERR_MORE : ERR_IO;
	if (m.msg_controllen >= sizeof c.align && c.align.cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(&c.align), sizeof *fd);
	return (int)got;
}
