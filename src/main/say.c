#include "main/say.h"

#include "sys/file.h"

#define LINE_MAX_N 1024

void
say_out(struct str s)
{
	file_write(1, s.p, s.n);
}

void
say_err(struct str s)
{
	file_write(2, s.p, s.n);
}

static void
vsay(int fd, const char *fmt, va_list *ap)
{
	u8 room[LINE_MAX_N];
	struct buf b = buf_over(room, sizeof room);

	buf_vfmt(&b, fmt, ap);
	file_write(fd, b.p, b.w);
}

void
say_outf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(1, fmt, &ap);
	va_end(ap);
}

void
say_errf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(2, fmt, &ap);
	va_end(ap);
}
