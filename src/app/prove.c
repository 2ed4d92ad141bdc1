#include "app/prove.h"

#include "app/html.h"
#include "app/person.h"

enum { AT_COUNT, AT_HASH, AT_CODE, AT_TRY, AT_ONCE };

void
prove_begin(struct job *j, struct prove *p, struct str password, msec now)
{
	p->at = AT_COUNT;
	p->password = password;
	p->good = false;
	tally_ask(j, TALLY_ACCOUNT, user_name(&j->person->who.user), p->count, now);
}

void
prove_either(struct job *j, struct prove *p, struct str secret, msec now)
{
	const struct user *u = &j->person->who.user;
	u32 code;

	if (!u->totp_n || factor_code(secret, &code)) {
		prove_begin(j, p, secret, now);
		return;
	}
	p->at = AT_CODE;
	p->password = secret;
	p->good = false;
	tally_ask(j, TALLY_CODE, user_name(u), p->count, now);
}

/* A code that was used already, at a login or here, is as wrong as another one. */
static enum step
judge_code(struct job *j, struct prove *p)
{
	const struct user *u = &j->person->who.user;
	u64 step;

	if (p->at == AT_CODE) {
		if (tally_full(j, TALLY_CODE_MAX))
			return STEP_FAIL;
		p->at = AT_TRY;
		tally_try(j, TALLY_CODE, user_name(u), p->count, j->app->now);
		return STEP_MORE;
	}
	if (p->at == AT_TRY) {
		if (tally_over(j, TALLY_CODE_MAX))
			return STEP_FAIL;
		step = factor_step(j, u, p->password);
		if (step) {
			p->at = AT_ONCE;
			return factor_claim(j, u, step, p->once);
		}
	} else if (j->op.err && j->op.err != ERR_LATE) {
		html_error(&j->x, 503, "error_store");
		return STEP_FAIL;
	} else {
		p->good = j->op.err == 0;
	}
	if (p->good)
		tally_clear(j->app->store, j->app->handle_key, TALLY_CODE, user_name(u));
	return STEP_DONE;
}

enum step
prove_step(struct job *j, struct prove *p)
{
	const struct user *u = &j->person->who.user;
	struct pass_record rec;
	enum step s;

	if (p->at == AT_CODE || p->at == AT_TRY || p->at == AT_ONCE)
		return j->op.done ? judge_code(j, p) : STEP_WAIT;
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
