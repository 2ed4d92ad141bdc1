#include "app/guard.h"

/* A key in a URL ends up in logs and histories: it is refused with a word of advice, and never looked at. */
static bool
key_in_query(struct str query)
{
	static const char *const names[] = { "api_key", "apikey", "api-key", "key", "token", "access_token" };

	while (query.p) {
		struct str value = str_next(&query, '&'), name = str_next(&value, '=');

		if (value.p && str_starts(value, STR("sk-")))
			return true;
		for (u32 i = 0; value.n && i < ARRAY_N(names); i++)
			if (str_same_nocase(name, str_c(names[i])))
				return true;
	}
	return false;
}

/* The secret a request carries. 0; ERR_NONE none; ERR_BAD more than one, or a form we do not know. */
static int
find_secret(const struct fields *f, struct str *secret)
{
	static const u8 ids[] = { FIELD_AUTHORIZATION, FIELD_X_API_KEY, FIELD_APIKEY };
	u32 found = 0;

	for (u32 k = 0; k < ARRAY_N(ids); k++) {
		const struct field *field;
		u32 i = 0;

		while (f->first[ids[k]] && (field = field_next(f, ids[k], &i))) {
			struct str v = field->value;

			if (ids[k] == FIELD_AUTHORIZATION) {
				if (v.n < 7 || !str_same_nocase(str_cut(v, 0, 7), STR("Bearer ")))
					return ERR_BAD;
				v = str_trim(str_cut(v, 7, v.n));
			}
			*secret = v;
			found++;
		}
	}
	return found == 1 ? 0 : found ? ERR_BAD : ERR_NONE;
}

static enum step
challenge(struct job *j, const char *error, const char *message)
{
	u8 room[200];
	struct buf b = buf_over(room, sizeof room);

	BUF_LIT(&b, "Bearer realm=\"mcpgated\"");
	if (error)
		buf_fmt(&b, ", error=\"%s\", error_description=\"%s\"", error, message);
	reply_field(&j->x, "WWW-Authenticate", buf_str(&b));
	reply_error(&j->x, 401, message);
	return STEP_FAIL;
}

static enum step
admit(struct job *j, const struct api *api)
{
	if (principal_api(&j->who, api->name))
		return STEP_DONE;
	reply_error(&j->x, 403, "this key is not for this api");
	return STEP_FAIL;
}

static enum step
checked(struct job *j, const struct api *api, enum step s)
{
	j->checking = s == STEP_WAIT || s == STEP_MORE;
	if (j->checking)
		return STEP_WAIT;
	if (s == STEP_DONE)
		return admit(j, api);
	if (j->check.op.err == ERR_IO) {
		reply_error(&j->x, 503, "the key store cannot be read; ask whoever runs this server");
		return STEP_FAIL;
	}
	return challenge(j, "invalid_token", "unknown, expired or revoked key");
}

enum step
guard_api(struct job *j, const struct api *api, msec now)
{
	struct str secret = STR_NONE;
	int err;

	if (j->checking)
		return checked(j, api, key_step(j->app->keys, &j->check, &j->who));
	if (exchange_control(&j->x)) {
		principal_nobody(&j->who, SCOPE_ALL);
		j->who.kind = PRINCIPAL_LOCAL;
		return STEP_DONE;
	}
	if (j->x.req.query.n && key_in_query(j->x.req.query)) {
		reply_error(&j->x, 400, "keys are not accepted in the URL: send Authorization: Bearer <key>");
		return STEP_FAIL;
	}
	if (api->auth == API_AUTH_NONE) {
		principal_nobody(&j->who, SCOPE_READ | SCOPE_WRITE);
		return STEP_DONE;
	}
	err = find_secret(&j->x.req.fields, &secret);
	if (err == ERR_NONE)
		return challenge(j, NULL, "a key is needed: send Authorization: Bearer <key>");
	if (err)
		return challenge(j, "invalid_request", "send exactly one key, as Authorization: Bearer <key>");
	return checked(j, api, key_start(j->app->keys, &j->check, secret, &j->who, exchange_ready(&j->x)));
}

bool
guard_control(struct job *j)
{
	if (exchange_control(&j->x))
		return true;
	reply_error(&j->x, 404, "not found");
	return false;
}
