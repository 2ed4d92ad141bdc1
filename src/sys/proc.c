#include "sys/proc.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int
proc_fork(void)
{
	int pid = (int)fork();

	return pid < 0 ? ERR_IO : pid;
}

int
proc_self(void)
{
	return (int)getpid();
}

int
proc_parent(void)
{
	return (int)getppid();
}

void
proc_exit(int code)
{
	_exit(code);
}

int
proc_wait(int pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void
proc_name(const char *name)
{
	prctl(PR_SET_NAME, name, 0, 0, 0);
}

u32
proc_user(void)
{
	return (u32)geteuid();
}

void
proc_forget_environment(void)
{
	for (char **e = environ; e && *e; e++) {
		volatile char *p = *e;

		while (*p)
			*p++ = 0;
	}
}
