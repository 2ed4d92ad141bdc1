/* refused: can a test hear why a connection failed? qemu 7.2 hands SO_ERROR through with the number of the machine it
 * runs on (for MIPS 111, which is not its ECONNREFUSED). No kernel does that, so nothing is skipped without qemu. */
#ifndef TESTS_REFUSED_H
#define TESTS_REFUSED_H

#include "base/base.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connects to a port of loopback on which nobody listens, with nothing of ours in between. False: the error
 * that comes is another than this machine's ECONNREFUSED. */
static inline bool
refused_heard(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int held = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), e = 0;
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	socklen_t sa_n = sizeof sa, n = sizeof e;

	if (bind(held, (struct sockaddr *)&sa, sa_n) || getsockname(held, (struct sockaddr *)&sa, &sa_n))
		e = -1; /* nothing can be said: the test goes on */
	else if (connect(fd, (struct sockaddr *)&sa, sa_n) == 0 || errno != EINPROGRESS)
		e = errno == ECONNREFUSED ? ECONNREFUSED : -1;
	else if (poll(&poll_fd, 1, 2000) != 1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n))
		e = -1;
	close(held);
	close(fd);
	return e == ECONNREFUSED || e <= 0;
}

/* Ends a test here, as skipped, where no test can hear it. */
#define NEEDS_REFUSED()                                                                                     \
	do {                                                                                                \
		if (!refused_heard()) {                                                                     \
			print_message("skipped: %s: this emulator gives SO_ERROR in numbers of another machine\n", __func__); \
			skip();                                                                             \
		}                                                                                           \
	} while (0)

#endif
