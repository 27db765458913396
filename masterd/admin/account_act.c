/*
 * The frame of each change of an account: one transaction with its row in the
 * log of changes, and files rewritten before the answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/wire/invitation.h"
#include "masterd/admin/account_act.h"
#include "masterd/admin/change.h"
#include "masterd/admin/job_body.h"

static int
find_account(struct request *r, struct account_act *a, struct err *e)
{
	const char *name = r->part[0];
	int got;

	if (strcmp(name, ENROL_ACCOUNT) == 0)
		return err_set(e, ERR_REFUSED,
		    "account '" ENROL_ACCOUNT "' is the one in which machines "
		    "knock; it has nothing to change");
	got = accounts_get(r->admin->db, name, &a->row, e);
	if (got == 1 && strcmp(a->row.state, "removed") != 0)
		return 0;
	if (got == -1)
		return -1;
	r->hint = "pfadm account list shows them";
	return err_set(e, ERR_NOT_FOUND, "account %.40s: not found", name);
}

int
account_act_begin(struct request *r, struct account_act *a,
    const char *const *known, struct err *e)
{
	memset(a, 0, sizeof(*a));
	a->now_ms = clock_wall_ms();
	a->reason = a->key = "";
	if ((a->body = job_body(r, known, e)) == NULL)
		return -1;
	a->o = json_root(a->body);
	if (change_reason(r, a->o, &a->reason, e) == -1 ||
	    job_body_text(r, a->o, "key", &a->key, e) == -1)
		return -1;
	return r->parts == 0 ? 0 : find_account(r, a, e);
}

void
account_act_end(struct account_act *a)
{
	json_free(a->body);
	explicit_bzero(a->pub, sizeof(a->pub));
	if (a->items.data != NULL) /* invitations: they hold secrets */
		explicit_bzero(a->items.data, a->items.cap);
	buf_release(&a->items);
}

static int
reply(struct request *r, const struct account_act *a, struct err *e)
{
	if (a->removed) { /* the view does not show it any more */
		buf_printf(&r->out,
		    "{\"api\":1,\"item\":{\"name\":\"%s\","
		    "\"state\":\"removed\"}}",
		    a->row.name);
		return 0;
	}
	if (a->items.len == 0)
		return reply_item(r, VIEW_ACCOUNT, a->row.id, e);
	buf_adds(&r->out, "{\"api\":1,\"items\":[");
	buf_add(&r->out, a->items.data, a->items.len);
	buf_adds(&r->out, "],\"next\":null}");
	return 0;
}

int
account_act_run(struct request *r, struct account_act *a,
    int (*fn)(struct request *r, void *arg, struct err *e), struct err *e)
{
	const struct account_hooks *h = &r->admin->accounts;

	if (admin_change(r, fn, a, e) == -1)
		return -1;
	if (h->changed != NULL)
		h->changed(h->arg);
	return reply(r, a, e);
}

int
account_act_note(struct request *r, const struct account_act *a,
    const char *what, const char *before, const char *after, struct err *e)
{
	char subject[NAME_MAX_LEN + 16];

	snprintf(subject, sizeof(subject), "account:%s", a->row.name);
	if (db_event(r->admin->db, r->peer.name, what, subject, a->reason, "",
		e) == -1)
		return -1;
	return change_note(r, what, subject, before, after, a->reason, e);
}

int
account_act_note_key(struct request *r, const struct account_act *a,
    const char *what, const char *fingerprint, const char *from, const char *to,
    struct err *e)
{
	char before[160], after[160];

	snprintf(before, sizeof(before), "{\"key\":\"%s\",\"state\":\"%s\"}",
	    fingerprint, from);
	snprintf(after, sizeof(after), "{\"key\":\"%s\",\"state\":\"%s\"}",
	    fingerprint, to);
	return account_act_note(
	    r, a, what, *from == '\0' ? "" : before, after, e);
}

/* ---- fields ---------------------------------------------------------- */

int
account_act_public(
    struct request *r, struct account_act *a, const char *field, struct err *e)
{
	if (sshkey_parse(a->pub, a->key, e) == 0) {
		a->has_pub = true;
		return 0;
	}
	r->field = field;
	return err_wrap(e, "%s", field);
}

int
account_act_bool(struct request *r, const struct account_act *a,
    const char *field, bool *value, struct err *e)
{
	const struct json_value *v = json_get(a->o, field);

	*value = false;
	if (v != NULL && json_type(v) != JSON_NULL && json_bool(v, value) == -1)
		return job_body_wrong(r, field, "not true or false", e);
	return 0;
}

int
account_act_number(struct request *r, const struct account_act *a,
    const char *field, uint64_t max, uint64_t *value, struct err *e)
{
	const struct json_value *v = json_get(a->o, field);
	char text[64];

	if (v == NULL || json_type(v) == JSON_NULL)
		return 0;
	if (json_u64(v, value) == 0 && *value <= max)
		return 0;
	snprintf(text, sizeof(text), "not a number up to %ju", (uintmax_t)max);
	return job_body_wrong(r, field, text, e);
}
