#include "app/factor.h"

#include "app/act.h"
#include "app/html.h"
#include "app/person.h"
#include "app/signin.h"
#include "app/tally.h"
#include "base/log.h"
#include "crypt/ct.h"
#include "crypt/hash.h"
#include "crypt/otp.h"

enum { AT_START, AT_COUNT, AT_TRY, AT_STEP, AT_SWAP, AT_SESSION };

/* What a second step keeps between its runs. */
struct factor {
	struct str code, next;
	struct signin_session session;
	char count[TALLY_KEY_N];
	char once[FACTOR_ONCE_N];
	u8 key[USER_KEY_MAX];
	u8 room[USER_RECORD_MAX];
};

/* ---- codes --------------------------------------------------------------------------------------- */

static struct seal_use
use_of(const struct user *u, const char *what)
{
	return (struct seal_use){ .what = str_c(what), .ad = user_name(u) };
}

int
factor_code(struct str typed, u32 *code)
{
	u32 n = 0;

	*code = 0;
	for (u32 i = 0; i < typed.n; i++) {
		if (typed.p[i] == ' ')
			continue;
		if (typed.p[i] < '0' || typed.p[i] > '9')
			return ERR_BAD;
		*code = *code * 10 + (typed.p[i] - '0');
		if (++n > OTP_DIGITS)
			return ERR_BAD;
	}
	return n == OTP_DIGITS ? 0 : ERR_BAD;
}

static u64
now_step(const struct job *j)
{
	return store_wall(j->app->store) / OTP_STEP_S;
}

u64
factor_step(struct job *j, const struct user *u, struct str typed)
{
	u8 room[USER_TOTP_N + SEAL_EXTRA];
	struct buf secret = buf_over(room, sizeof room);
	u64 step = 0;
	u32 code;

	if (factor_code(typed, &code) == 0 &&
	    seal_open(&j->app->seal, use_of(u, "totp"), str_of(u->totp, u->totp_n), &secret) == 0 &&
	    secret.w == USER_TOTP_N)
		step = otp_find(buf_str(&secret), now_step(j), code);
	ct_wipe(room, sizeof room);
	return step;
}

static void
recovery_hash(const struct user *u, struct str plain, u8 out[USER_RECOVERY_N])
{
	struct hash h;
	u8 whole[HASH_N];

	hash_begin(&h);
	hash_add(&h, str_of(&u->born, sizeof u->born)); /* equal codes of two people differ */
	hash_add(&h, plain);
	hash_out(&h, whole);
	memcpy(out, whole, USER_RECOVERY_N);
}

/* Takes a recovery code out of the record. ERR_BAD: it has none such. */
static int
spend_recovery(struct user *u, struct str typed)
{
	u8 plain[FACTOR_RECOVERY_N], hash[USER_RECOVERY_N];
	u32 n = 0;

	for (u32 i = 0; i < typed.n; i++) {
		u8 c = typed.p[i] >= 'A' && typed.p[i] <= 'Z' ? (u8)(typed.p[i] + 32) : typed.p[i];

		if (c == ' ' || c == '-')
			continue;
		if (n == sizeof plain)
			return ERR_BAD;
		plain[n++] = c;
	}
	if (n != sizeof plain)
		return ERR_BAD;
	recovery_hash(u, str_of(plain, n), hash);
	for (u32 i = 0; i < u->recovery_n; i++)
		if (ct_same(u->recovery[i], hash, sizeof hash)) {
			u->recovery_n--;
			memmove(u->recovery[i], u->recovery[u->recovery_n], USER_RECOVERY_N);
			return 0;
		}
	return ERR_BAD;
}

int
factor_offer(struct job *j, struct buf *sealed, struct buf *typed)
{
	u8 secret[USER_TOTP_N];
	int err;

	rng_bytes(j->app->rng, secret, sizeof secret);
	otp_base32(typed, str_of(secret, sizeof secret));
	err = seal_make_text(&j->app->seal, j->app->rng, use_of(&j->person->who.user, "totp offer"),
	    str_of(secret, sizeof secret), sealed);
	ct_wipe(secret, sizeof secret);
	return err;
}

static void
make_recovery(struct job *j, struct user *u, struct buf *out)
{
	for (u32 i = 0; i < USER_RECOVERY; i++) {
		u8 random[FACTOR_RECOVERY_N * 5 / 8], room[FACTOR_RECOVERY_N];
		struct buf b = buf_over(room, sizeof room);

		rng_bytes(j->app->rng, random, sizeof random);
		otp_base32(&b, str_of(random, sizeof random));
		recovery_hash(u, buf_str(&b), u->recovery[i]);
		for (u32 k = 0; k < sizeof room; k += 4) {
			buf_put(out, str_of(room + k, 4));
			buf_byte(out, k + 4 < sizeof room ? '-' : '\n');
		}
		ct_wipe(room, sizeof room);
	}
	u->recovery_n = USER_RECOVERY;
}

int
factor_take(struct job *j, struct user *u, struct str text, struct str code, struct buf *recovery)
{
	u8 room[2 * (USER_TOTP_N + SEAL_EXTRA)];
	struct buf b = buf_over(room, sizeof room);
	int err = 0;
	u32 wanted;

	if (factor_code(code, &wanted) || seal_open_text(&j->app->seal, use_of(u, "totp offer"), text, &b) ||
	    b.w != USER_TOTP_N || !otp_find(buf_str(&b), now_step(j), wanted))
		err = ERR_BAD;
	if (!err) {
		struct buf sealed = buf_over(u->totp, sizeof u->totp);

		err = seal_make(&j->app->seal, j->app->rng, use_of(u, "totp"), buf_str(&b), &sealed);
		u->totp_n = (u8)sealed.w;
		make_recovery(j, u, recovery);
	}
	ct_wipe(room, sizeof room);
	return err;
}

/* ---- logging in ---------------------------------------------------------------------------------- */

static enum step
wrong(struct job *j)
{
	struct factor *f = j->own;

	act_login(j, NULL, user_name(&j->person->who.user), "second factor");
	return signin_show_code(j, f->next, "code_wrong");
}

enum step
factor_claim(struct job *j, const struct user *u, u64 step, char once[FACTOR_ONCE_N])
{
	struct buf b = buf_over(once, FACTOR_ONCE_N);

	BUF_LIT(&b, "h:o:");
	buf_hex(&b, u->id, 16);
	buf_fmt(&b, ":%U", step);
	j->op = (struct store_op){ .verb = STORE_ADD, .key = buf_str(&b), .val = STR("1"), .ttl_s = 4 * OTP_STEP_S,
		.owner = exchange_ready(&j->x) };
	return store_start(j->app->store, &j->op, 0) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

static enum step
judge(struct job *j, msec now)
{
	struct factor *f = j->own;
	struct user *u = &j->person->who.user;
	u64 step;
	struct buf b;

	if (tally_over(j, TALLY_CODE_MAX))
		return STEP_DONE;
	step = factor_step(j, u, f->code);
	if (step) {
		j->x.at = AT_STEP;
		return factor_claim(j, u, step, f->once);
	}
	if (spend_recovery(u, f->code))
		return wrong(j);
	b = buf_over(f->room, sizeof f->room);
	user_encode(&b, u);
	j->op = (struct store_op){ .verb = STORE_SWAP, .version = u->version, .val = buf_str(&b),
		.key = user_key(user_name(u), f->key), .ttl_s = STORE_FOREVER, .owner = exchange_ready(&j->x) };
	j->x.at = AT_SWAP;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

static enum step
finish(struct job *j, enum step s)
{
	struct factor *f = j->own;
	struct store_op drop = { .verb = STORE_DROP, .lazy = true };

	j->x.at = AT_SESSION;
	if (s != STEP_DONE)
		return s == STEP_FAIL ? STEP_DONE : s;
	drop.key = str_of(j->person->who.key, BROWSER_KEY_N); /* the half is of no use any more, and dies soon anyway */
	store_start(j->app->store, &drop, 0);
	tally_clear(j->app->store, j->app->handle_key, TALLY_CODE, user_name(&j->person->who.user));
	log_info("login", "user=%S second factor", user_name(&j->person->who.user));
	act_login(j, &j->person->who.user, user_name(&j->person->who.user), "second factor");
	return html_go(&j->x, html_next_ok(f->next) ? f->next : STR("/account"));
}

static enum step
start(struct job *j, msec now)
{
	enum step s = person_know(j, now);
	struct factor *f;

	if (s != STEP_DONE)
		return s == STEP_WAIT ? s : STEP_DONE;
	if (j->person->who.level != BROWSER_HALF)
		return html_error(&j->x, 403, "error_session");
	if (person_form(j) != STEP_DONE)
		return STEP_DONE;
	f = ARENA_NEW(exchange_arena(&j->x), struct factor);
	if (!f)
		return reply_error(&j->x, 503, "busy: try again");
	if (html_form(&j->x, (struct html_field[]){ { "code", FACTOR_CODE_MAX, &f->code },
	    { "next", HTML_NEXT_MAX, &f->next } }, 2))
		return STEP_DONE;
	j->own = f;
	j->x.at = AT_COUNT;
	tally_ask(j, TALLY_CODE, user_name(&j->person->who.user), f->count, now);
	return STEP_MORE;
}

enum step
factor_login(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct factor *f = j->own;

	if (x->at == AT_START)
		return start(j, now);
	if (x->at == AT_SESSION)
		return finish(j, signin_began(j, &f->session));
	if (!j->op.done)
		return STEP_WAIT;
	if (x->at == AT_COUNT) {
		if (tally_full(j, TALLY_CODE_MAX))
			return STEP_DONE;
		x->at = AT_TRY;
		tally_try(j, TALLY_CODE, user_name(&j->person->who.user), f->count, now);
		return STEP_MORE;
	}
	if (x->at == AT_TRY)
		return judge(j, now);
	if (j->op.err == ERR_LATE) /* the code, or the record, was used by somebody else in this moment */
		return wrong(j);
	if (j->op.err)
		return html_error(x, 503, "error_store");
	return finish(j, signin_begin(j, &f->session, &j->person->who.user, BROWSER_IN));
}
