/*
 * Accounts: who may bring bundles, and how a machine comes to one.  What goes
 * to standard output of `invite` and `rotate` is what goes to the machines: a
 * line each, and nothing else.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "tools/pfadm/commands.h"

#define KEY_MAX 16384

/* ---- add ------------------------------------------------------------- */

static void
trim(struct buf *text)
{
	while (text->len > 0 && strchr(" \t\r\n", text->data[text->len - 1]))
		text->data[--text->len] = '\0';
}

static int
read_stdin(struct buf *text, struct err *e)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, piece, sizeof(piece))) > 0 &&
	    text->len < KEY_MAX)
		buf_add(text, piece, (size_t)n);
	return n == -1 ? err_sys(e, "cannot read the key") : 0;
}

/* The key itself, or a file that holds it; "-" is standard input. */
static int
read_key(const char *word, struct buf *text, struct err *e)
{
	int got = 0;

	if (strchr(word, ' ') != NULL)
		buf_adds(text, word);
	else if (strcmp(word, "-") == 0)
		got = read_stdin(text, e);
	else
		got = fs_read_file(AT_FDCWD, word, text, KEY_MAX, e);
	trim(text);
	if (got == 0 && strstr(buf_text(text), "PRIVATE KEY") != NULL)
		return err_set(e, ERR_REFUSED,
		    "'%s' is a private key: the public one is beside it, "
		    "'%s.pub'",
		    word, word);
	return got;
}

/* "a,b" as a list. */
static void
put_words(struct buf *body, const char *key, const char *words)
{
	char *copy = mem_strdup(words), *rest = copy, *word;

	json_open(body, key, '[');
	while ((word = strsep(&rest, ",")) != NULL)
		if (*word != '\0')
			json_put_string(body, NULL, word);
	json_close(body, ']');
	free(copy);
}

static void
put_limits(struct buf *body, const struct options *o)
{
	if ((o->given & O_MAX_BYTES) != 0)
		json_put_u64(body, "max_bytes", o->max_bytes);
	if ((o->given & O_MAX_FILES) != 0)
		json_put_u64(body, "max_files", o->max_files);
	if ((o->given & O_MAX_RATE) != 0)
		json_put_u64(body, "max_rate", o->max_rate);
}

static void
make_account(struct buf *body, const struct pfadm *pf, const struct buf *key)
{
	const struct options *o = &pf->o;

	json_open(body, NULL, '{');
	json_put_string(body, "name", pf->arg);
	if (o->kind != NULL)
		json_put_string(body, "kind", o->kind);
	if (o->project != NULL)
		put_words(body, "projects", o->project);
	if (key->len > 0)
		json_put_string(body, "key", key->data);
	put_limits(body, o);
	if (o->reason != NULL)
		json_put_string(body, "reason", o->reason);
	json_close(body, '}');
}

int
cmd_account_add(struct pfadm *pf)
{
	struct buf body = BUF_INIT, key = BUF_INIT;
	struct reply r = {.status = 1};
	struct err e;
	int code = 0;

	if (pf->o.key != NULL && read_key(pf->o.key, &key, &e) == -1) {
		buf_release(&key);
		return complain(pf, &e, NULL);
	}
	make_account(&body, pf, &key);
	if (client_send(pf->client, "POST", "accounts", body.data, body.len, &r,
		&e) == -1)
		code = complain(pf, &e, &r);
	else if (pf->o.json)
		print_reply_json(&r);
	else if (pf->o.parsable)
		printf("%s\n", pf->arg);
	else
		printf("account %s: added\n", pf->arg);
	if (code == 0 && key.len == 0 && !pf->o.json)
		fprintf(stderr, "next: pfadm account invite %s --expires 7d\n",
		    pf->arg);
	reply_release(&r);
	buf_release(&body);
	buf_release(&key);
	return code;
}

/* Limits and projects; what is not said stays. */
int
cmd_account_set(struct pfadm *pf)
{
	struct buf body = BUF_INIT;
	struct reply r;
	struct err e;
	int code = 0;

	if ((pf->o.given & ~(O_REASON | O_ANY)) == 0)
		return complain_usage("account set: what? --help says");
	json_open(&body, NULL, '{');
	if (pf->o.project != NULL)
		put_words(&body, "projects", pf->o.project);
	put_limits(&body, &pf->o);
	if (pf->o.reason != NULL)
		json_put_string(&body, "reason", pf->o.reason);
	json_close(&body, '}');
	if (client_send(pf->client, "PUT",
		client_path(pf->client, "accounts/%s/settings", pf->arg),
		body.data, body.len, &r, &e) == -1)
		code = complain(pf, &e, &r);
	else if (pf->o.json)
		print_reply_json(&r);
	else
		printf("account %s: changed\n", pf->arg);
	reply_release(&r);
	buf_release(&body);
	return code;
}

/* ---- invite, rotate -------------------------------------------------- */

static void
print_lines(struct pfadm *pf, const struct reply *r)
{
	const struct json_value *v =
	    json_first(json_get(json_root(r->json), "items"));
	int count = 0;

	if (pf->o.json) {
		print_reply_json(r);
		return;
	}
	for (; v != NULL; v = json_next(v), count++)
		printf("%s\n", json_get_string(v, "line", ""));
	fflush(stdout);
	if (count > 0)
		fprintf(stderr,
		    "on %s: pandafuzz-botd enroll LINE; keep the lines as "
		    "secret as keys\n",
		    count == 1 ? "the machine"
			       : "each machine, with a line of its own");
}

static int
send_for_lines(
    struct pfadm *pf, const char *account, const char *verb, struct buf *body)
{
	struct buf address = BUF_INIT;
	struct reply r;
	struct err e;
	int code = 0;

	if (pf->o.reason != NULL)
		json_put_string(body, "reason", pf->o.reason);
	if ((pf->o.given & O_EXPIRES) != 0)
		json_put_u64(body, "expires_ms", pf->o.expires_ms);
	json_close(body, '}');
	buf_printf(&address, "%s/%s",
	    client_path(pf->client, "accounts/%s", account), verb);
	if (client_send(pf->client, "PUT", address.data, body->data, body->len,
		&r, &e) == -1)
		code = complain(pf, &e, &r);
	else
		print_lines(pf, &r);
	reply_release(&r);
	buf_release(&address);
	return code;
}

int
cmd_account_invite(struct pfadm *pf)
{
	const char *account = pf->arg != NULL ? pf->arg : pf->o.account;
	struct buf body = BUF_INIT;
	int code;

	if (account == NULL)
		return complain_usage("account invite: to which account?");
	if (pf->arg != NULL && pf->o.account != NULL &&
	    strcmp(pf->arg, pf->o.account) != 0)
		return complain_usage(
		    "account invite: '%s' or '%s'?", pf->arg, pf->o.account);
	json_open(&body, NULL, '{');
	if ((pf->o.given & O_COUNT) != 0)
		json_put_u64(&body, "count", pf->o.count);
	if (pf->o.is_auto)
		json_put_bool(&body, "auto", true);
	code = send_for_lines(pf, account, "invite", &body);
	if (code == 0 && !pf->o.is_auto && !pf->o.json)
		fprintf(
		    stderr, "then: pfadm account approve %s --all\n", account);
	buf_release(&body);
	return code;
}

/* "old" is a machine, the beginning of a fingerprint, or NULL: all.  With
 * --key the new one is given, and there is no line. */
static int
rotate(struct pfadm *pf, const char *old, const struct buf *key)
{
	struct buf body = BUF_INIT;
	int code;

	json_open(&body, NULL, '{');
	if (key->len > 0)
		json_put_string(&body, "key", key->data);
	if (old != NULL)
		json_put_string(&body, key->len > 0 ? "old" : "key", old);
	code = send_for_lines(pf, pf->arg, "rotate", &body);
	buf_release(&body);
	return code;
}

int
cmd_account_rotate(struct pfadm *pf)
{
	struct buf key = BUF_INIT;
	struct err e;
	int i, got, code = 0;

	if (pf->o.key != NULL && read_key(pf->o.key, &key, &e) == -1)
		code = complain(pf, &e, NULL);
	else if (pf->arg_count == 1)
		code = rotate(pf, NULL, &key);
	for (i = 1; i < pf->arg_count && code == 0; i++)
		if ((got = rotate(pf, pf->args[i], &key)) > code)
			code = got;
	buf_release(&key);
	return code;
}

/* ---- approve, disable ------------------------------------------------ */

static void
add_key(struct pfadm *pf, struct buf *body, void *arg)
{
	if (arg != NULL)
		json_put_string(body, "key", arg);
	else if (pf->o.all)
		json_put_bool(body, "all", true);
}

/* One request a key, or one for the account. */
static int
change_keys(struct pfadm *pf, const struct change *c)
{
	int i, got, code = 0;

	if (pf->arg_count == 1)
		return change_one(pf, c, pf->arg, add_key, NULL);
	for (i = 1; i < pf->arg_count; i++) {
		got = change_one(pf, c, pf->arg, add_key, pf->args[i]);
		if (got > code)
			code = got;
	}
	return code;
}

int
cmd_account_approve(struct pfadm *pf)
{
	static const struct change approve = {.method = "PUT",
	    .path = "accounts/%s/approve",
	    .look = "accounts/%s",
	    .noun = "account",
	    .verb = "approve",
	    .done = "approved"};

	return change_keys(pf, &approve);
}

int
cmd_account_disable(struct pfadm *pf)
{
	static const struct change disable = {.method = "PUT",
	    .path = "accounts/%s/disable",
	    .look = "accounts/%s",
	    .noun = "account",
	    .verb = "disable",
	    .done = "disabled"};

	return change_keys(pf, &disable);
}
