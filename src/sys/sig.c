#include "sys/sig.h"

#include "base/text.h"

#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static void
ours(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGCHLD);
}

int
sig_open(void)
{
	sigset_t set;
	int fd;

	ours(&set);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return ERR_IO;
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? ERR_IO : fd;
}

int
sig_next(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

int
sig_child(int *status)
{
	int pid = (int)waitpid(-1, status, WNOHANG);

	return pid < 0 ? 0 : pid;
}

void
sig_send(int pid, int number)
{
	ASSERT(pid > 1); /* 0 and -1 would mean groups */
	kill(pid, number);
}

void
sig_words(int status, char out[16])
{
	if (WIFSIGNALED(status))
		text_c(out, 16, "signal %d", WTERMSIG(status));
	else
		text_c(out, 16, "exit %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

void
sig_default(void)
{
	sigset_t set;

	ours(&set);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
