/*
 * Accounts: shown, added, removed, and the keys that people bring.  What
 * becomes of keys afterwards is in routes_account_key.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/wire/invitation.h"
#include "masterd/admin/account_act.h"
#include "masterd/admin/job_body.h"

#define LIMIT_MOST    (1ull << 50)
#define FILES_MOST    100000000
#define PROJECTS_MOST 31

/* Names that are somebody else's in one of the deployments, or in files. */
static const char *const reserved[] = {
    ENROL_ACCOUNT, "master", "root", "pandafuzz", "nobody", "sshd", NULL};

/* ---- adding ---------------------------------------------------------- */

static int
read_name(struct request *r, struct account_act *a, struct err *e)
{
	const char *name;
	struct name checked;
	int i;

	r->field = "name";
	if (job_body_text(r, a->o, "name", &name, e) == -1)
		return -1;
	if (name_parse(&checked, "account", name, e) == -1)
		return -1;
	for (i = 0; reserved[i] != NULL; i++)
		if (strcmp(checked.text, reserved[i]) == 0)
			return err_set(e, ERR_REFUSED,
			    "account '%s': this name is reserved", name);
	r->field = NULL;
	snprintf(a->row.name, sizeof(a->row.name), "%s", checked.text);
	return 0;
}

static int
read_kind(struct request *r, struct account_act *a, struct err *e)
{
	static const char *const kinds[] = {"bot", "ci", "reader"};
	const char *kind;
	size_t i;

	if (job_body_text(r, a->o, "kind", &kind, e) == -1)
		return -1;
	if (*kind == '\0')
		kind = "bot";
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kind, kinds[i]) == 0) {
			snprintf(a->row.kind, sizeof(a->row.kind), "%s", kind);
			return 0;
		}
	return job_body_wrong(r, "kind", "one of bot, ci, reader", e);
}

static bool
has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	const char *at = words;

	while ((at = strstr(at, word)) != NULL) {
		if ((at == words || at[-1] == ' ') &&
		    (at[len] == ' ' || at[len] == '\0'))
			return true;
		at += len;
	}
	return false;
}

/* Which a ci account may add builds to, or a reader read; bots have none. */
static int
read_projects(struct request *r, struct account_act *a, struct err *e)
{
	const struct json_value *list = json_get(a->o, "projects"), *v;
	bool wanted = strcmp(a->row.kind, "bot") != 0;
	struct buf words = BUF_INIT;
	int n = 0, got = 0;

	if (list != NULL && json_type(list) != JSON_NULL &&
	    json_type(list) != JSON_ARRAY)
		return job_body_wrong(r, "projects", "not a list of names", e);
	for (v = json_first(list); v != NULL && got == 0; v = json_next(v)) {
		const char *text = json_string(v);

		if (text == NULL || !name_ok(text) || ++n > PROJECTS_MOST)
			got = job_body_wrong(r, "projects",
			    "takes up to 31 names of projects", e);
		else if (!has_word(buf_text(&words), text))
			buf_printf(
			    &words, "%s%s", words.len == 0 ? "" : " ", text);
	}
	if (got == 0 && wanted && n == 0)
		got = job_body_wrong(
		    r, "projects", "an account of this kind needs some", e);
	if (got == 0 && !wanted && n > 0)
		got = job_body_wrong(
		    r, "projects", "bots work for all projects", e);
	if (got == 0)
		snprintf(a->row.projects, sizeof(a->row.projects), "%s",
		    buf_text(&words));
	buf_release(&words);
	return got;
}

static int
read_limits(struct request *r, struct account_act *a, struct err *e)
{
	if (account_act_number(
		r, a, "max_bytes", LIMIT_MOST, &a->row.max_bytes, e) == -1 ||
	    account_act_number(
		r, a, "max_files", FILES_MOST, &a->row.max_files, e) == -1)
		return -1;
	return account_act_number(
	    r, a, "max_rate", FILES_MOST, &a->row.max_rate, e);
}

static int
add_key(
    struct request *r, struct account_act *a, const char *bot, struct err *e)
{
	struct account_key_new n = {.account = a->row.id,
	    .pub = a->pub,
	    .state = "active",
	    .bot = bot,
	    .host = "",
	    .invite = "",
	    .by = r->peer.name,
	    .now_ms = a->now_ms};
	char print[SSHKEY_FINGERPRINT];

	sshkey_fingerprint(print, a->pub);
	if (accounts_add_key(r->admin->db, &n, e) == -1) {
		r->field = "key";
		return -1;
	}
	return account_act_note_key(
	    r, a, "account.key.added", print, "", "active", e);
}

static void
describe(struct buf *out, const struct account_row *row)
{
	json_open(out, NULL, '{');
	json_put_string(out, "kind", row->kind);
	json_put_string(out, "state", "active");
	json_put_string(out, "projects", row->projects);
	json_put_u64(out, "max_bytes", row->max_bytes);
	json_put_u64(out, "max_files", row->max_files);
	json_put_u64(out, "max_rate", row->max_rate);
	json_close(out, '}');
}

static int
do_add(struct request *r, void *arg, struct err *e)
{
	struct account_act *a = arg;
	struct buf after = BUF_INIT;
	int got;

	if (accounts_add(r->admin->db, &a->row, a->reason, a->now_ms,
		&a->row.id, e) == -1) {
		r->field = "name";
		return -1;
	}
	describe(&after, &a->row);
	got = account_act_note(r, a, "account.added", "", after.data, e);
	buf_release(&after);
	return got == 0 && a->has_pub ? add_key(r, a, "", e) : got;
}

/* What can be known to be wrong is said before root is asked to do anything. */
static int
check_new(struct request *r, struct account_act *a, struct err *e)
{
	const struct account_hooks *h = &r->admin->accounts;
	struct account_row was;
	struct account_key k;
	int got = accounts_get(r->admin->db, a->row.name, &was, e);

	if (got == 1 && strcmp(was.state, "removed") != 0 &&
	    was.added_by[0] != '\0') {
		r->field = "name";
		r->hint = "pfadm account invite adds machines to it";
		return err_set(e, ERR_CONFLICT,
		    "account '%s' is there already (kind %s, %s)", was.name,
		    was.kind, was.state);
	}
	if (got != -1 && a->has_pub)
		got = accounts_key_of(r->admin->db, a->pub, &k, e);
	if (got == -1 || h->prepare == NULL)
		return got == -1 ? -1 : 0;
	return h->prepare(h->arg, a->row.name, a->row.kind, e);
}

int
account_add(struct request *r, struct err *e)
{
	static const char *const known[] = {"name", "kind", "projects", "key",
	    "max_bytes", "max_files", "max_rate", "reason", NULL};
	struct account_act a;
	int got = account_act_begin(r, &a, known, e);

	if (got == 0 &&
	    (read_name(r, &a, e) == -1 || read_kind(r, &a, e) == -1 ||
		read_projects(r, &a, e) == -1 || read_limits(r, &a, e) == -1 ||
		(*a.key != '\0' && account_act_public(r, &a, "key", e) == -1) ||
		check_new(r, &a, e) == -1))
		got = -1;
	snprintf(a.row.added_by, sizeof(a.row.added_by), "%s", r->peer.name);
	if (got == 0)
		got = account_act_run(r, &a, do_add, e);
	account_act_end(&a);
	return got;
}

/* ---- one more key, other limits -------------------------------------- */

static int
do_add_key(struct request *r, void *arg, struct err *e)
{
	struct account_act *a = arg;
	const char *bot;
	struct name checked = {""};

	if (job_body_text(r, a->o, "bot", &bot, e) == -1)
		return -1;
	if (*bot != '\0' && name_parse(&checked, "bot", bot, e) == -1) {
		r->field = "bot";
		return -1;
	}
	return add_key(r, a, checked.text, e);
}

int
account_key_add(struct request *r, struct err *e)
{
	static const char *const known[] = {"key", "bot", "reason", NULL};
	struct account_act a;
	int got = account_act_begin(r, &a, known, e);

	if (got == 0)
		got = account_act_public(r, &a, "key", e);
	if (got == 0)
		got = account_act_run(r, &a, do_add_key, e);
	account_act_end(&a);
	return got;
}

static int
do_set(struct request *r, void *arg, struct err *e)
{
	struct account_act *a = arg;
	struct buf before = BUF_INIT, after = BUF_INIT;
	int got;

	describe(&before, &a->row);
	got = read_limits(r, a, e);
	if (got == 0 && json_get(a->o, "projects") != NULL)
		got = read_projects(r, a, e);
	if (got == 0)
		got = accounts_set_limits(r->admin->db, &a->row, e);
	describe(&after, &a->row);
	if (got == 0)
		got = account_act_note(
		    r, a, "account.changed", before.data, after.data, e);
	buf_release(&before);
	buf_release(&after);
	return got;
}

int
account_set(struct request *r, struct err *e)
{
	static const char *const known[] = {
	    "projects", "max_bytes", "max_files", "max_rate", "reason", NULL};
	struct account_act a;
	int got = account_act_begin(r, &a, known, e);

	if (got == 0)
		got = account_act_run(r, &a, do_set, e);
	account_act_end(&a);
	return got;
}

/* ---- removing -------------------------------------------------------- */

/* Rows stay: bundles and bots name the account, and a key whose row is gone
 * would be taken for one that the database has lost. */
static int
do_remove(struct request *r, void *arg, struct err *e)
{
	struct account_act *a = arg;
	struct db *db = r->admin->db;
	const char *by = r->peer.name;
	int64_t n;
	char before[64];

	snprintf(before, sizeof(before), "{\"state\":\"%s\"}", a->row.state);
	if (accounts_set_state(db, a->row.id, "removed", a->reason, e) == -1 ||
	    accounts_set_keys(db, a->row.id, "active", "disabled", by,
		a->now_ms, &n, e) == -1 ||
	    accounts_set_keys(db, a->row.id, "pending", "disabled", by,
		a->now_ms, &n, e) == -1 ||
	    accounts_withdraw_invites(db, a->row.id, a->now_ms, e) == -1)
		return -1;
	a->removed = true;
	return account_act_note(
	    r, a, "account.removed", before, "{\"state\":\"removed\"}", e);
}

int
account_remove(struct request *r, struct err *e)
{
	static const char *const known[] = {"reason", NULL};
	struct account_act a;
	int got = account_act_begin(r, &a, known, e);

	if (got == 0)
		got = account_act_run(r, &a, do_remove, e);
	account_act_end(&a);
	return got;
}
