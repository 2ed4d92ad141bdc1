/* act: what people decide here, as an audit line and a log line: who it was is found in the request. */
#ifndef APP_ACT_H
#define APP_ACT_H

#include "app/job.h"
#include "gate/approval.h"

/* A switch, or all of them, was turned. */
void act_switch(struct job *j, struct str target, struct str word, bool on);

/* A person has decided about a call; id: of the approval. */
void act_approval(struct job *j, struct str id, const struct approval *a);

/* Somebody changed what the box holds: what ("admin", or "account" for their own), the verb and whom or what it met. */
void act_change(struct job *j, const char *what, struct str verb, struct str name);

/* A login, or (u NULL) what was none: by name and how. */
void act_login(struct job *j, const struct user *u, struct str name, const char *how);

/* A person has given or removed a credential of their own. */
void act_connection(struct job *j, const struct environment *e, const char *what);

#endif
