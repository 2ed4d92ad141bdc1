/* files: what does not pass through a model, by links that work once.
 *
 *      GET   what a tool's answer could not hold: the read is carried out again      record taken; HEAD: looked at
 *      PUT   the file that a call of a tool awaits: the call is made now, its answer is ours
 *
 *      link > record of the store > key still there > gate > op > body
 *
 * Each as whoever called the tool then; nothing of a file is ever kept. The 128 random bits of the link are the
 * permission, so cookies and keys are not looked at; pages of other origins get no leave to read it, and browsers save
 * it and run nothing of it. */
#ifndef APP_FILES_H
#define APP_FILES_H

#include "app/job.h"

/* The handler of both. PUT: the body is the file that a call of a tool awaits; that is done now, as whoever called it
 * then, and the API's answer is ours. */
enum step files_get(struct exchange *x, msec now);

/* The peer has left; the exchange is over. Harmless when no file was asked for. */
void files_cancel(struct job *j, msec now);
void files_end(struct job *j, msec now);

#endif
