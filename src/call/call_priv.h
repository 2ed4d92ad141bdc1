/* call_priv: between the machine of a call (call.c), head and body of its answer (call_head.c, call_body.c) and
 * its sentences (call_why.c). */
#ifndef CALL_CALL_PRIV_H
#define CALL_CALL_PRIV_H

#include "call/call.h"

/* Sets the deadline of the phase that begins now; the total one stands above it. */
void call_arm(struct call *c, msec now, u32 ms);

/* The head in c->calls->resp is the final one: takes over what the owner asks for and begins the body. STEP_DONE, or
 * STEP_FAIL for an answer that cannot be used. */
enum step call_head(struct call *c);

/* Ends the call with a sentence: "api.example.com:443 <what>", and ": <detail>" when there is one. STEP_FAIL. */
enum step call_fail(struct call *c, int err, const char *what, const char *detail);

/* The same about ourselves: "<what>". */
enum step call_fail_own(struct call *c, int err, const char *what);

/* The same with what the dial has to say. */
enum step call_fail_dial(struct call *c, msec now);

/* A deadline has passed: which one follows from the state. */
enum step call_fail_late(struct call *c, msec now);

#endif
