#include "sys/term.h"

#include "sys/file.h"

#include <termios.h>

bool
term_quiet(int fd, bool quiet)
{
	struct termios t;

	if (tcgetattr(fd, &t))
		return false;
	if (quiet)
		t.c_lflag &= ~(tcflag_t)ECHO;
	else
		t.c_lflag |= ECHO;
	return tcsetattr(fd, TCSAFLUSH, &t) == 0;
}

int
term_line(int fd, u8 *room, u32 n, struct str *line)
{
	int got = file_read(fd, room, n);

	*line = str_of(room, got > 0 ? (u32)got : 0);
	while (line->n && (line->p[line->n - 1] == '\n' || line->p[line->n - 1] == '\r'))
		line->n--;
	return line->n ? 0 : ERR_NONE;
}
