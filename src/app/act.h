/* act: what people decide here, as an audit line and a log line: who it was is found in the request. */
#ifndef APP_ACT_H
#define APP_ACT_H

#include "app/job.h"
#include "gate/approval.h"

/* A switch, or all of them, was turned. */
void act_switch(struct job *j, struct str target, struct str word, bool on);

/* A person has decided about a call; id: of the approval. */
void act_approval(struct job *j, struct str id, const struct approval *a);

#endif
