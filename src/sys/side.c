#include "sys/side.h"

#include "sys/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define STACK_N (64 * 1024)
#define WAIT_MS 10

enum { TOKEN_JOB = 'j', TOKEN_STOP = 's' };

void
side_init(struct side *s)
{
	*s = (struct side){ .jobs = { -1, -1 }, .done = { -1, -1 } };
}

/* Setting `over` is the last thing it does with s: side_stop waits for that. */
static void *
helper(void *arg)
{
	struct side *s = arg;
	u8 token = 0;

	while (token != TOKEN_STOP) {
		ssize_t n = read(s->jobs[0], &token, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (token != TOKEN_JOB)
			continue;
		s->run(s->arg);
		__atomic_store_n(&s->busy, 0, __ATOMIC_RELEASE);
		loop_wake(s->loop);
		n = write(s->done[1], &token, 1); /* full: then a waiter has enough to read */
		(void)n;
	}
	__atomic_store_n(&s->over, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void
send(struct side *s, u8 token)
{
	ssize_t n;

	do
		n = write(s->jobs[1], &token, 1);
	while (n < 0 && errno == EINTR);
	ASSERT(n == 1);
}

/* Waits for a token of the helper; a lost one costs a moment, not more. Old ones only cost a round. */
static void
wait_token(struct side *s)
{
	struct pollfd p = { .fd = s->done[0], .events = POLLIN };
	u8 tokens[64];
	ssize_t n = 0;

	if (poll(&p, 1, WAIT_MS) > 0)
		n = read(s->done[0], tokens, sizeof tokens);
	(void)n;
}

static void
close_pipe(int p[2])
{
	for (u32 i = 0; i < 2; i++) {
		if (p[i] >= 0)
			close(p[i]);
		p[i] = -1;
	}
}

static int
start_thread(struct side *s)
{
	pthread_t thread;
	pthread_attr_t attr;
	sigset_t all, old;
	int failed;

	if (pthread_attr_init(&attr))
		return ERR_IO;
	pthread_attr_setstacksize(&attr, STACK_N);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	failed = pthread_create(&thread, &attr, helper, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return failed ? ERR_IO : 0;
}

int
side_start(struct side *s, struct loop *loop)
{
	ASSERT(!s->threaded);
	s->loop = loop;
	if (pipe2(s->jobs, O_CLOEXEC) || pipe2(s->done, O_CLOEXEC | O_NONBLOCK))
		goto fail;
	if (start_thread(s))
		goto fail;
	s->threaded = true;
	return 0;
fail:
	close_pipe(s->jobs);
	close_pipe(s->done);
	return ERR_IO;
}

void
side_give(struct side *s, void (*run)(void *arg), void *arg)
{
	ASSERT(!side_busy(s));
	s->run = run;
	s->arg = arg;
	if (!s->threaded) {
		run(arg);
		return;
	}
	__atomic_store_n(&s->busy, 1, __ATOMIC_RELEASE);
	send(s, TOKEN_JOB);
}

bool
side_busy(const struct side *s)
{
	return __atomic_load_n(&s->busy, __ATOMIC_ACQUIRE) != 0;
}

void
side_wait(struct side *s)
{
	while (side_busy(s))
		wait_token(s);
}

void
side_stop(struct side *s)
{
	if (!s->threaded)
		return;
	side_wait(s);
	send(s, TOKEN_STOP);
	while (!__atomic_load_n(&s->over, __ATOMIC_ACQUIRE))
		wait_token(s);
	close_pipe(s->jobs);
	close_pipe(s->done);
	side_init(s);
}
