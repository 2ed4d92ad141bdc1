#include "sys/side.h"

#include "sys/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define STACK_N (64 * 1024)

void
side_init(struct side *s)
{
	*s = (struct side){ .jobs = { -1, -1 }, .done = { -1, -1 } };
}

/* Closing its end of `done` is the last thing it does: side_stop waits for that. */
static void *
helper(void *arg)
{
	struct side *s = arg;
	int jobs = s->jobs[0], done = s->done[1];
	u8 token;

	for (;;) {
		ssize_t n = read(jobs, &token, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		s->run(s->arg);
		__atomic_store_n(&s->busy, 0, __ATOMIC_RELEASE);
		loop_wake(s->loop);
		n = write(done, &token, 1); /* full: then a waiter has enough to read */
		(void)n;
	}
	close(jobs);
	close(done);
	return NULL;
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
	if (pipe2(s->jobs, O_CLOEXEC) || pipe2(s->done, O_CLOEXEC))
		goto fail;
	fcntl(s->done[1], F_SETFL, O_NONBLOCK);
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
	ssize_t n;

	ASSERT(!side_busy(s));
	s->run = run;
	s->arg = arg;
	if (!s->threaded) {
		run(arg);
		return;
	}
	__atomic_store_n(&s->busy, 1, __ATOMIC_RELEASE);
	do
		n = write(s->jobs[1], "j", 1);
	while (n < 0 && errno == EINTR);
	ASSERT(n == 1);
}

bool
side_busy(const struct side *s)
{
	return __atomic_load_n(&s->busy, __ATOMIC_ACQUIRE) != 0;
}

void
side_wait(struct side *s)
{
	u8 tokens[64];

	/* Tokens of earlier jobs may lie in the pipe: they only cost a round. */
	while (side_busy(s)) {
		ssize_t n = read(s->done[0], tokens, sizeof tokens);

		ASSERT(n > 0 || errno == EINTR);
	}
}

void
side_stop(struct side *s)
{
	u8 tokens[64];
	ssize_t n;

	if (!s->threaded)
		return;
	side_wait(s);
	close(s->jobs[1]);
	do
		n = read(s->done[0], tokens, sizeof tokens);
	while (n > 0 || (n < 0 && errno == EINTR));
	close(s->done[0]);
	side_init(s);
}
