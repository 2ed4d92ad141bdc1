#include "base/buf.h"

void
buf_c(struct buf *b, const char *s)
{
	buf_put(b, str_c(s));
}

void
buf_u64(struct buf *b, u64 v)
{
	u8 digits[20];
	u32 at = sizeof digits;

	do {
		digits[--at] = (u8)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_put(b, str_of(digits + at, sizeof digits - at));
}

void
buf_i64(struct buf *b, int64_t v)
{
	if (v < 0) {
		buf_byte(b, '-');
		buf_u64(b, (u64)0 - (u64)v);
		return;
	}
	buf_u64(b, (u64)v);
}

void
buf_hex(struct buf *b, u64 v, u32 digits)
{
	u8 hex[16];

	ASSERT(digits >= 1 && digits <= 16);
	for (u32 i = 0; i < digits; i++)
		hex[digits - 1 - i] = (u8) "0123456789abcdef"[(v >> (4 * i)) & 15];
	buf_put(b, str_of(hex, digits));
}

static void
fmt_one(struct buf *b, char kind, va_list *ap)
{
	switch (kind) {
	case 'S': buf_put(b, va_arg(*ap, struct str)); return;
	case 's': buf_c(b, va_arg(*ap, const char *)); return;
	case 'd': buf_i64(b, va_arg(*ap, int)); return;
	case 'u': buf_u64(b, va_arg(*ap, u32)); return;
	case 'U': buf_u64(b, va_arg(*ap, u64)); return;
	case 'D': buf_i64(b, va_arg(*ap, int64_t)); return;
	case 'x': {
		u32 v = va_arg(*ap, u32), digits = 1;

		while (digits < 8 && v >> (4 * digits))
			digits++;
		buf_hex(b, v, digits);
		return;
	}
	case 'c': buf_byte(b, (u8)va_arg(*ap, int)); return;
	case '%': buf_byte(b, '%'); return;
	}
	ASSERT(!"a format buf_fmt knows");
}

void
buf_vfmt(struct buf *b, const char *fmt, va_list *ap)
{
	const char *run = fmt;

	for (; *fmt; fmt++) {
		if (*fmt != '%')
			continue;
		buf_put(b, str_of(run, (size_t)(fmt - run)));
		fmt_one(b, *++fmt, ap);
		run = fmt + 1;
	}
	buf_put(b, str_of(run, (size_t)(fmt - run)));
}

void
buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(b, fmt, &ap);
	va_end(ap);
}

void
buf_compact(struct buf *b)
{
	if (b->r == 0)
		return;
	memmove(b->p, b->p + b->r, b->w - b->r);
	b->w -= b->r;
	b->r = 0;
}
