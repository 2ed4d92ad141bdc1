#include "app/prove.h"

#include "app/person.h"

enum { AT_COUNT, AT_HASH };

void
prove_begin(struct job *j, struct prove *p, struct str password, msec now)
{
	p->at = AT_COUNT;
	p->password = password;
	p->good = false;
	tally_ask(j, TALLY_ACCOUNT, user_name(&j->person->who.user), p->count, now);
}

enum step
prove_step(struct job *j, struct prove *p)
{
	const struct user *u = &j->person->who.user;
	struct pass_record rec;
	enum step s;

	if (p->at == AT_COUNT) {
		if (!j->op.done)
			return STEP_WAIT;
		if (tally_full(j, TALLY_ACCOUNT_MAX))
			return STEP_FAIL;
		p->at = AT_HASH;
		return hashing_check(j, &p->hashing, p->password,
		    pass_read(str_of(u->pass, u->pass_n), &rec) == 0 ? &rec : NULL);
	}
	s = hashing_step(j, &p->hashing);
	if (s != STEP_DONE)
		return s;
	p->good = hashing_same(&p->hashing);
	if (!p->good)
		tally_add(j, TALLY_ACCOUNT, user_name(u));
	return STEP_DONE;
}
