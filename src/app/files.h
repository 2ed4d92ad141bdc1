/* files: GET /files/<once>: what a tool's answer could not hold, by a link that works once. The read is
 * carried out again, through the gate, as whoever asked for it then; nothing of the file is ever kept.
 *
 *      link > record of the store (taken: GET; looked at: HEAD) > key still there > gate > op > body
 *
 * The 128 random bits of the link are the permission, so cookies and keys are not looked at; pages of
 * other origins get no leave to read it, and browsers save it and run nothing of it. */
#ifndef APP_FILES_H
#define APP_FILES_H

#include "app/job.h"

/* The handler. */
enum step files_get(struct exchange *x, msec now);

/* The peer has left; the exchange is over. Harmless when no file was asked for. */
void files_cancel(struct job *j, msec now);
void files_end(struct job *j, msec now);

#endif
