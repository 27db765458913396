/*
 * Rows for what `up` has made.  Done at each `up`; what is there already is
 * left alone.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/sshkey.h"
#include "tools/pf-local/admit.h"
#include "tools/pf-local/api.h"
#include "tools/pf-local/sshd.h"

static int
add_account(const struct local *l, struct err *e)
{
	struct buf body = BUF_INIT;
	int status;

	json_open(&body, NULL, '{');
	json_put_string(&body, "name", LOCAL_ACCOUNT);
	json_put_string(&body, "reason", "the bots of pf-local");
	json_close(&body, '}');
	status = api(l, "POST", "accounts", &body, NULL, e);
	buf_release(&body);
	if (status == 404)
		return err_set(e, ERR_REFUSED,
		    "the master that runs is of an older version: run "
		    "`pf-local down`, then `up` again");
	return status == 200 || status == 409 ? 0 : -1;
}

static bool
is_known(const struct json *account, const char *fingerprint)
{
	const struct json_value *list, *k;

	list = json_get(json_get(json_root(account), "item"), "key_list");
	for (k = json_first(list); k != NULL; k = json_next(k))
		if (strcmp(json_get_string(k, "fingerprint", ""),
			fingerprint) == 0)
			return true;
	return false;
}

static int
add_key(const struct local *l, const char *bot, const char *key, struct err *e)
{
	struct buf body = BUF_INIT;
	int status;

	json_open(&body, NULL, '{');
	json_put_string(&body, "key", key);
	json_put_string(&body, "bot", bot);
	json_put_string(&body, "reason", "a bot of pf-local");
	json_close(&body, '}');
	status =
	    api(l, "POST", "accounts/" LOCAL_ACCOUNT "/keys", &body, NULL, e);
	buf_release(&body);
	return status == 200 || status == 409 ? 0 : -1;
}

static int
admit(const struct local *l, const char *bot, const struct json *account,
    struct err *e)
{
	char print[SSHKEY_FINGERPRINT];
	uint8_t pub[SSHKEY_BYTES];
	struct buf key = BUF_INIT;
	int r;

	r = sshd_public_key(l, bot, &key, e);
	if (r == 0)
		r = sshkey_parse(pub, buf_text(&key), e);
	if (r == 0) {
		sshkey_fingerprint(print, pub);
		if (!is_known(account, print))
			r = add_key(l, bot, buf_text(&key), e);
	}
	buf_release(&key);
	return r == 0 ? 0 : err_wrap(e, "the key of bot '%s'", bot);
}

int
admit_bots(const struct local *l, struct err *e)
{
	struct json *account;
	char name[16];
	unsigned i;
	int r = 0;

	if (add_account(l, e) == -1 ||
	    api(l, "GET", "accounts/" LOCAL_ACCOUNT, NULL, &account, e) == -1)
		return -1;
	for (i = 1; i <= l->config.bots && r == 0; i++) {
		snprintf(name, sizeof(name), "b%u", i);
		r = admit(l, name, account, e);
	}
	json_free(account);
	return r;
}
