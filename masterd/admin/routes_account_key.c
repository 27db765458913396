/*
 * Invitations, and what becomes of keys: approved, disabled, replaced.  Each is
 * one transaction; the secret of an invitation is in its answer and nowhere
 * else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/wire/invitation.h"
#include "masterd/admin/account_act.h"
#include "masterd/admin/job_body.h"

#define EXPIRES_DEFAULT_MS (7ull * 24 * 60 * 60 * 1000)
#define EXPIRES_LEAST_MS   1000
#define EXPIRES_MOST_MS    (365ull * 24 * 60 * 60 * 1000)

/* ---- inviting -------------------------------------------------------- */

static int
read_expires(struct request *r, struct account_act *a, struct err *e)
{
	uint64_t for_ms = r->admin->accounts.invitation_ms;

	if (for_ms == 0)
		for_ms = EXPIRES_DEFAULT_MS;
	if (account_act_number(
		r, a, "expires_ms", EXPIRES_MOST_MS, &for_ms, e) == -1)
		return -1;
	if (for_ms < EXPIRES_LEAST_MS)
		return job_body_wrong(r, "expires_ms", "1 s to 365 days", e);
	a->expires_ms = a->now_ms + for_ms;
	return 0;
}

static void
put_invitation(
    struct account_act *a, const struct invitation *i, const uint8_t *pub)
{
	struct buf line = BUF_INIT;

	invitation_format(&line, i);
	if (a->items.len > 0)
		buf_addc(&a->items, ',');
	/* A buffer of its own: commas are put where they belong. */
	buf_printf(&a->items, "{\"invite\":\"%016jx\",\"line\":\"%s\"}",
	    (uintmax_t)invitation_id(pub), line.data);
	explicit_bzero(line.data, line.cap);
	buf_release(&line);
}

static int
invite_one(struct request *r, struct account_act *a, struct invitation *i,
    struct err *e)
{
	struct account_invite_new n = {.account = a->row.id,
	    .automatic = a->automatic,
	    .by = r->peer.name,
	    .now_ms = a->now_ms,
	    .expires_ms = a->expires_ms};
	struct sshkey k;
	int got;

	if (sshkey_new(&k, e) == -1)
		return -1;
	n.pub = k.pub;
	memcpy(i->secret, k.seed, sizeof(i->secret));
	got = accounts_add_invite(r->admin->db, &n, e);
	if (got == 0)
		put_invitation(a, i, k.pub);
	explicit_bzero(&k, sizeof(k));
	explicit_bzero(i->secret, sizeof(i->secret));
	return got;
}

/* What all invitations have in common. */
static int
base_of(struct request *r, const struct account_act *a, struct invitation *i,
    struct err *e)
{
	const struct account_hooks *h = &r->admin->accounts;

	memset(i, 0, sizeof(*i));
	if (h->invitation == NULL)
		return err_set(
		    e, ERR_AGAIN, "the master cannot invite anybody now");
	if (h->invitation(h->arg, i, e) == -1) {
		r->hint = "masterd.yaml(5) has the settings accounts.*";
		return -1;
	}
	return name_parse(&i->account, "account", a->row.name, e);
}

static int
do_invite(struct request *r, void *arg, struct err *e)
{
	struct account_act *a = arg;
	struct invitation i;
	char after[64];
	int n;

	if (base_of(r, a, &i, e) == -1)
		return -1;
	for (n = 0; n < a->count; n++)
		if (invite_one(r, a, &i, e) == -1)
			return -1;
	snprintf(after, sizeof(after), "{\"invitations\":%d,\"auto\":%s}",
	    a->count, a->automatic ? "true" : "false");
	return account_act_note(r, a, "account.invited", "", after, e);
}

static int
check_bots(struct request *r, const struct account_act *a, struct err *e)
{
	if (strcmp(a->row.state, "active") != 0)
		return err_set(e, ERR_CONFLICT,
		    "account '%s' is %s: approve it first", a->row.name,
		    a->row.state);
	if (strcmp(a->row.kind, "bot") == 0)
		return 0;
	r->hint = "give its public key with pfadm account add or rotate";
	return err_set(e, ERR_CONFLICT,
	    "account '%s' is of kind %s: only machines with bots enrol",
	    a->row.name, a->row.kind);
}

int
account_invite(struct request *r, struct err *e)
{
	static const char *const known[] = {
	    "count", "expires_ms", "auto", "reason", NULL};
	struct account_act a;
	uint64_t count = 1;
	int got = account_act_begin(r, &a, known, e);

	if (got == 0 &&
	    (account_act_number(
		 r, &a, "count", ACCOUNT_INVITES_MOST, &count, e) == -1 ||
		read_expires(r, &a, e) == -1 ||
		account_act_bool(r, &a, "auto", &a.automatic, e) == -1 ||
		check_bots(r, &a, e) == -1))
		got = -1;
	if (got == 0 && count == 0)
		got = job_body_wrong(r, "count", "at least 1", e);
	a.count = (int)count;
	if (got == 0)
		got = account_act_run(r, &a, do_invite, e);
	account_act_end(&a);
	return got;
}

/* ---- approving ------------------------------------------------------- */

struct several {
	struct request *r;
	struct account_act *a;
	const char *what, *to;
	int count;
	struct err *e;
};

static int
change_key(void *arg, const struct account_key *k)
{
	struct several *s = arg;

	s->count++;
	if (accounts_set_key(s->r->admin->db, k->id, s->to, s->r->peer.name,
		s->a->now_ms, s->e) == -1)
		return -1;
	return account_act_note_key(
	    s->r, s->a, s->what, k->fingerprint, k->state, s->to, s->e);
}

/* Rows are not changed while they are walked. */
struct keys {
	struct account_key *list;
	size_t count;
};

static int
collect(void *arg, const struct account_key *k)
{
	struct keys *keys = arg;

	keys->list =
	    mem_resize(keys->list, keys->count + 1, sizeof(*keys->list));
	keys->list[keys->count++] = *k;
	return 0;
}

static int
change_keys(struct several *s, const char *from)
{
	struct keys keys = {NULL, 0};
	size_t i;
	int got;

	got = accounts_each_key(
	    s->r->admin->db, s->a->row.id, from, collect, &keys, s->e);
	for (i = 0; got == 0 && i < keys.count; i++)
		got = change_key(s, &keys.list[i]);
	free(keys.list);
	return got;
}

static int
enable(struct request *r, struct account_act *a, struct err *e)
{
	if (accounts_set_state(
		r->admin->db, a->row.id, "active", a->reason, e) == -1)
		return -1;
	return account_act_note(r, a, "account.approved",
	    "{\"state\":\"disabled\"}", "{\"state\":\"active\"}", e);
}

static int
do_approve(struct request *r, void *arg, struct err *e)
{
	struct account_act *a = arg;
	struct several s = {r, a, "account.key.approved", "active", 0, e};
	bool disabled = strcmp(a->row.state, "disabled") == 0;
	struct account_key k;

	if (disabled && enable(r, a, e) == -1)
		return -1;
	if (a->all)
		return change_keys(&s, "pending");
	if (disabled && *a->key == '\0')
		return 0;
	if (accounts_find_key(r->admin->db, &a->row, a->key,
		*a->key == '\0' ? "pending" : NULL, &k, e) == -1) {
		r->field = "key";
		r->hint = "pfadm account list shows which keys wait";
		return -1;
	}
	if (strcmp(k.state, "active") == 0)
		return err_set(
		    e, ERR_CONFLICT, "key %s is active already", k.fingerprint);
	return change_key(&s, &k);
}

int
account_approve(struct request *r, struct err *e)
{
	static const char *const known[] = {"key", "all", "reason", NULL};
	struct account_act a;
	int got = account_act_begin(r, &a, known, e);

	if (got == 0)
		got = account_act_bool(r, &a, "all", &a.all, e);
	if (got == 0)
		got = account_act_run(r, &a, do_approve, e);
	account_act_end(&a);
	return got;
}

/* ---- disabling ------------------------------------------------------- */

static int
do_disable(struct request *r, void *arg, struct err *e)
{
	struct account_act *a = arg;
	struct several s = {r, a, "account.key.disabled", "disabled", 0, e};
	struct account_key k;

	if (*a->key != '\0') {
		if (accounts_find_key(
			r->admin->db, &a->row, a->key, NULL, &k, e) == -1) {
			r->field = "key";
			return -1;
		}
		if (strcmp(k.state, "disabled") == 0)
			return err_set(e, ERR_CONFLICT,
			    "key %s is disabled already", k.fingerprint);
		return change_key(&s, &k);
	}
	if (strcmp(a->row.state, "disabled") == 0)
		return err_set(e, ERR_CONFLICT,
		    "account '%s' is disabled already", a->row.name);
	if (accounts_set_state(
		r->admin->db, a->row.id, "disabled", a->reason, e) == -1 ||
	    accounts_withdraw_invites(r->admin->db, a->row.id, a->now_ms, e) ==
		-1)
		return -1;
	return account_act_note(r, a, "account.disabled",
	    "{\"state\":\"active\"}", "{\"state\":\"disabled\"}", e);
}

int
account_disable(struct request *r, struct err *e)
{
	static const char *const known[] = {"key", "reason", NULL};
	struct account_act a;
	int got = account_act_begin(r, &a, known, e);

	if (got == 0)
		got = account_act_run(r, &a, do_disable, e);
	account_act_end(&a);
	return got;
}

/* ---- rotating -------------------------------------------------------- */

/* The old key ends at once.  Its machine was admitted before, so the one that
 * comes with the new invitation is, too. */
static int
rotate_to_invitations(struct request *r, struct account_act *a, struct err *e)
{
	struct several s = {r, a, "account.key.rotated", "disabled", 0, e};
	struct account_key k;
	struct invitation i;
	int n;

	if (base_of(r, a, &i, e) == -1)
		return -1;
	if (*a->key != '\0') {
		if (accounts_find_key(
			r->admin->db, &a->row, a->key, "active", &k, e) == -1) {
			r->field = "key";
			return -1;
		}
		if (change_key(&s, &k) == -1)
			return -1;
	} else if (change_keys(&s, "active") == -1) {
		return -1;
	}
	if (s.count == 0)
		return err_set(e, ERR_CONFLICT,
		    "account '%s' has no active key to rotate", a->row.name);
	a->automatic = true;
	for (n = 0; n < s.count; n++)
		if (invite_one(r, a, &i, e) == -1)
			return -1;
	return 0;
}

/* The new one takes the place of "old", or of the only one there is. */
static int
rotate_to_key(struct request *r, struct account_act *a, struct err *e)
{
	struct several s = {r, a, "account.key.rotated", "disabled", 0, e};
	struct account_key_new n = {.account = a->row.id,
	    .pub = a->pub,
	    .state = "active",
	    .host = "",
	    .invite = "",
	    .by = r->peer.name,
	    .now_ms = a->now_ms};
	char print[SSHKEY_FINGERPRINT];
	struct account_key k;
	const char *old;

	if (job_body_text(r, a->o, "old", &old, e) == -1)
		return -1;
	if (accounts_find_key(r->admin->db, &a->row, old, "active", &k, e) ==
	    -1) {
		r->field = "old";
		return -1;
	}
	n.bot = k.bot;
	if (accounts_add_key(r->admin->db, &n, e) == -1) {
		r->field = "key";
		return -1;
	}
	if (change_key(&s, &k) == -1)
		return -1;
	sshkey_fingerprint(print, a->pub);
	return account_act_note_key(
	    r, a, "account.key.added", print, "", "active", e);
}

static int
do_rotate(struct request *r, void *arg, struct err *e)
{
	struct account_act *a = arg;

	return a->has_pub ? rotate_to_key(r, a, e)
			  : rotate_to_invitations(r, a, e);
}

/* A public key has a blank or is far longer than what a person types of a
 * fingerprint. */
static bool
looks_public(const char *key)
{
	return strpbrk(key, " \t\n") != NULL || strlen(key) > 60 ||
	    strncmp(key, "ssh-", 4) == 0;
}

int
account_rotate(struct request *r, struct err *e)
{
	static const char *const known[] = {
	    "key", "old", "expires_ms", "reason", NULL};
	struct account_act a;
	int got = account_act_begin(r, &a, known, e);

	if (got == 0 && looks_public(a.key))
		got = account_act_public(r, &a, "key", e);
	else if (got == 0)
		got = check_bots(r, &a, e);
	if (got == 0)
		got = read_expires(r, &a, e);
	if (got == 0)
		got = account_act_run(r, &a, do_rotate, e);
	account_act_end(&a);
	return got;
}
