#include "app/act.h"

#include "app/person.h"
#include "base/log.h"

static void
line(struct job *j, struct audit_line *l)
{
	struct principal who;

	principal_nobody(&who, 0);
	if (exchange_control(&j->x)) {
		who.kind = PRINCIPAL_LOCAL;
		principal_set_name(&who, STR("console"));
	} else if (j->person && j->person->known) {
		user_principal(&j->person->who.user, &who);
	}
	l->who = &who;
	l->matters = true;
	audit_line(&j->app->audit, l, j->app->now);
	log_info(l->what, "%s by=%S what=%S", l->outcome, principal_name(&who), l->detail);
}

void
act_switch(struct job *j, struct str target, struct str word, bool on)
{
	u8 room[240];
	struct buf b = buf_over(room, sizeof room);
	struct audit_line l = { .what = "switch", .outcome = on ? "on" : "off" };

	buf_fmt(&b, "%S %S", target, word);
	l.detail = buf_str(&b);
	line(j, &l);
}

void
act_approval(struct job *j, struct str id, const struct approval *a)
{
	struct audit_line l = { .what = "approval", .outcome = a->status == APPROVAL_APPROVED ? "approved" : "denied" };

	l.api = a->api;
	l.environment = a->environment;
	l.production = a->production;
	l.operation = a->tool;
	l.approval = id;
	l.detail = a->who;
	line(j, &l);
}

void
act_change(struct job *j, const char *what, struct str verb, struct str name)
{
	struct audit_line l = { .what = what, .outcome = "done", .operation = verb, .detail = name };

	line(j, &l);
}

void
act_login(struct job *j, const struct user *u, struct str name, const char *how)
{
	struct audit_line l = { .what = "login", .outcome = u ? "done" : "refused", .operation = str_c(how) };
	struct principal who;

	principal_nobody(&who, 0);
	if (u)
		user_principal(u, &who);
	l.who = &who;
	l.detail = name;
	l.matters = true;
	audit_line(&j->app->audit, &l, j->app->now);
}

void
act_connection(struct job *j, const struct environment *e, const char *what)
{
	struct audit_line l = { .what = "connection", .outcome = what, .environment = e->name };

	l.detail = e->host_field;
	l.production = e->production;
	line(j, &l);
}
