/*
 * What a request is worth: the file, its invitation, its signature, and what
 * the rows say about its key and its name, in this order.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/accounts/enrol_internal.h"
#include "masterd/db/bots.h"

static enum enrol_verdict refuse(struct enrol_case *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static enum enrol_verdict
refuse(struct enrol_case *c, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_copy(c->reason, sizeof(c->reason), text);
	return ENROL_REFUSE;
}

/* "<16 hex>.enrol", and nothing else. */
static bool
invite_of(const char *file, char invite[17])
{
	uint64_t id;

	if (strlen(file) != 16 + strlen(ENROL_SUFFIX) ||
	    strcmp(file + 16, ENROL_SUFFIX) != 0)
		return false;
	memcpy(invite, file, 16);
	invite[16] = '\0';
	return text_to_hex64(&id, invite) == 0;
}

static int
read_request(
    struct enrol *en, const char *file, struct enrol_case *c, struct err *e)
{
	uint8_t invited[SSHKEY_BYTES];
	struct buf text = BUF_INIT;
	int result = -1;

	if (sshkey_parse(invited, c->invite.key, e) == 0 &&
	    fs_read_file(en->fresh, file, &text, ENROL_MAX, e) == 0)
		result = enrol_request_parse(
		    &c->request, buf_text(&text), text.len, invited, e);
	buf_release(&text);
	return result;
}

/* Used once, by this very key: what was decided stands. */
static enum enrol_verdict
judge_used(struct enrol_case *c)
{
	char print[SSHKEY_FINGERPRINT];

	sshkey_fingerprint(print, c->request.key);
	if (strcmp(c->invite.used_key, print) == 0)
		return ENROL_AGAIN;
	return refuse(c,
	    "this invitation was used already, with the key %s; "
	    "each is for one machine",
	    c->invite.used_key);
}

static enum enrol_verdict
judge_invite(struct enrol_case *c)
{
	if (strcmp(c->invite.state, "used") == 0)
		return judge_used(c);
	if (strcmp(c->invite.state, "withdrawn") == 0)
		return refuse(c, "this invitation was withdrawn");
	if (strcmp(c->invite.state, "expired") == 0 ||
	    c->invite.expires_ms <= clock_wall_ms())
		return refuse(c,
		    "this invitation expired at %s: ask for a new "
		    "one",
		    clock_rfc3339(c->invite.expires_ms).text);
	if (strcmp(c->request.account.text, c->invite.account_name) != 0)
		return refuse(c, "this invitation is for another account");
	if (strcmp(c->invite.account_state, "active") != 0)
		return refuse(c, "account '%s' is %s", c->invite.account_name,
		    c->invite.account_state);
	return ENROL_TAKE;
}

/* A key is one account's, and a bot's name too (PROTOCOL 3). */
static int
judge_rows(struct enrol *en, struct enrol_case *c, enum enrol_verdict *verdict,
    struct err *e)
{
	struct account_key k;
	char owner[NAME_MAX_LEN + 1];
	int got = accounts_key_of(en->db, c->request.key, &k, e);

	if (got == -1)
		return -1;
	if (got == 1 && k.account != c->invite.account &&
	    strcmp(k.state, "disabled") != 0) {
		*verdict =
		    refuse(c, "another account has this key: make a new one");
		return 0;
	}
	c->known = got == 1 && k.account == c->invite.account &&
	    strcmp(k.state, "disabled") != 0;
	if (c->request.bot.text[0] == '\0')
		return 0;
	got = accounts_bot_owner(
	    en->db, c->request.bot.text, owner, sizeof(owner), e);
	if (got == 1 && strcmp(owner, c->invite.account_name) != 0)
		*verdict = refuse(c,
		    "another account has a bot '%s': choose another name",
		    c->request.bot.text);
	return got == -1 ? -1 : 0;
}

int
enrol_judge(struct enrol *en, const char *file, struct enrol_case *c,
    enum enrol_verdict *verdict, struct err *e)
{
	char invite[17];
	struct err why;
	int got;

	memset(c, 0, sizeof(*c));
	*verdict = ENROL_IGNORE;
	if (!invite_of(file, invite))
		return 0;
	if ((got = accounts_get_invite(en->db, invite, &c->invite, e)) != 1)
		return got;
	if (read_request(en, file, c, &why) == -1) {
		/* Full tables are not its fault; it stays. */
		if (why.cls == ERR_AGAIN) {
			err_set(e, ERR_AGAIN, "%s", why.text);
			return -1;
		}
		/* Anybody with an invitation could have put it there, and is
		 * not to have the one who waits told that he is refused. */
		log_warn("enrol.ignored", LOG_T("invite", invite),
		    LOG_T("reason", why.text));
		return 0;
	}
	*verdict = judge_invite(c);
	if (*verdict != ENROL_TAKE)
		return 0;
	return judge_rows(en, c, verdict, e);
}
