#include "base/log.h"

#include "base/text.h"

#include <unistd.h>

static struct {
	int fd;
	enum log_level least;
	char who[16];
	u32 dropped;
} sink = { 2, LOG_INFO, "mcpgated", 0 };

void
log_init(int fd, enum log_level least, const char *who)
{
	size_t n = strnlen(who, sizeof sink.who - 1);

	sink.fd = fd;
	sink.least = least;
	memcpy(sink.who, who, n);
	sink.who[n] = 0;
}

static __attribute__((noinline)) void
write_line(enum log_level level, const char *area, const char *fmt, va_list *ap)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	u8 raw[720], line[1000];
	struct buf text = buf_over(raw, sizeof raw), out = buf_over(line, sizeof line);

	buf_vfmt(&text, fmt, ap);
	buf_fmt(&out, "%s %s %s: ", sink.who, names[level], area);
	if (sink.dropped)
		buf_fmt(&out, "[%u lines dropped] ", sink.dropped);
	text_safe(&out, buf_str(&text), 720);
	if (text.over)
		BUF_LIT(&out, "...");
	out.over = false;
	if (out.w == out.cap)
		out.w--;
	buf_byte(&out, '\n');
	if (write(sink.fd, out.p, out.w) < 0)
		sink.dropped++;
	else
		sink.dropped = 0;
}

/* What is not written costs no room either. */
void
log_line(enum log_level level, const char *area, const char *fmt, ...)
{
	va_list ap;

	if (level < sink.least)
		return;
	va_start(ap, fmt);
	write_line(level, area, fmt, &ap);
	va_end(ap);
}
