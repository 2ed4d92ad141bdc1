/* log: one line per event to one sink: "level area: key=value ...". The sink is the program's only mutable global.
 * Log once, where an error becomes an action. Never secrets, never bodies. Formats are those of buf_fmt. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/buf.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Where lines go: fd, and the lowest level that is written. who stands before each line ("worker1"), up to 15 bytes. */
void log_init(int fd, enum log_level least, const char *who);

/* Writes one line. Control characters in the text are escaped, so outside bytes cannot forge a line; a line longer
 * than 720 bytes is cut. A write that would block is dropped and counted into the next line. */
void log_line(enum log_level level, const char *area, const char *fmt, ...);

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)

#endif
