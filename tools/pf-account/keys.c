/*
 * What an account may log in with.  The master is believed nothing here: it
 * may list keys and projects, and no option of sshd's passes through.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/fs.h"
#include "tools/pf-account/keys.h"
#include "tools/pf-account/site.h"

/* clang-format off */
static const struct {
	const char *name, *group, *shell;
} kinds[KIND_COUNT] = {
	[KIND_BOT] =	{ "bot",	GROUP_BOTS,	"/usr/sbin/nologin" },
	/* sshd gives a forced command to the shell. */
	[KIND_CI] =	{ "ci",		GROUP_CI,	"/bin/sh" },
	[KIND_READER] =	{ "reader",	GROUP_READERS "," GROUP_READ, "/bin/sh" },
	[KIND_ENROLL] =	{ "enroll",	GROUP_BOTS,	"/usr/sbin/nologin" },
};
/* clang-format on */

static const char *const states[KEYS_STATE_COUNT] = {
    "active", "disabled", "making", "removing"};

void
keys_init(struct keys *k)
{
	memset(k, 0, sizeof(*k));
}

void
keys_release(struct keys *k)
{
	buf_release(&k->projects);
	free(k->list);
	keys_init(k);
}

const char *
kind_name(enum account_kind kind)
{
	return kinds[kind].name;
}

const char *
kind_group(enum account_kind kind)
{
	return kinds[kind].group;
}

const char *
kind_shell(enum account_kind kind)
{
	return kinds[kind].shell;
}

const char *
keys_state_name(enum keys_state state)
{
	return states[state];
}

enum account_kind
kind_parse(const char *text)
{
	enum account_kind kind;

	for (kind = 0; kind < KIND_COUNT; kind++)
		if (strcmp(text, kinds[kind].name) == 0)
			break;
	return kind;
}

static enum keys_state
state_parse(const char *text)
{
	enum keys_state state;

	/* The master's: far over its limits, and no more.  Both are shut. */
	if (strcmp(text, "full") == 0 || strcmp(text, "removed") == 0)
		return KEYS_DISABLED;
	for (state = 0; state < KEYS_STATE_COUNT; state++)
		if (strcmp(text, states[state]) == 0)
			break;
	return state;
}

/* ---- parsing --------------------------------------------------------- */

static int
take_projects(struct keys *k, const char *text, struct err *e)
{
	char name[NAME_MAX_LEN + 2];
	size_t len;

	if (strlen(text) > PROJECTS_MAX)
		return err_set(e, ERR_REFUSED, "too many projects");
	buf_reset(&k->projects);
	while (*text != '\0') {
		len = strcspn(text, ",");
		if (len > NAME_MAX_LEN)
			return err_set(
			    e, ERR_REFUSED, "it names a project that is none");
		memcpy(name, text, len);
		name[len] = '\0';
		if (!name_ok(name))
			return err_set(
			    e, ERR_REFUSED, "it names a project that is none");
		buf_printf(
		    &k->projects, "%s%s", k->projects.len > 0 ? "," : "", name);
		text += len + (text[len] == ',');
	}
	return 0;
}

static int
take_word(struct keys *k, const char *word, struct err *e)
{
	if (strncmp(word, "kind=", 5) == 0)
		k->kind = kind_parse(word + 5);
	else if (strncmp(word, "state=", 6) == 0)
		k->state = state_parse(word + 6);
	else if (strncmp(word, "projects=", 9) == 0)
		return take_projects(k, word + 9, e);
	else if (strcmp(word, "from=master") == 0)
		k->master = true;
	else if (strcmp(word, "ending=1") == 0)
		k->ending = true;
	return 0; /* what a later master may say besides */
}

/* "# kind=bot state=active ..." */
static int
take_head(struct keys *k, char *line, struct err *e)
{
	char *word, *rest = NULL;

	k->kind = KIND_COUNT;
	k->state = KEYS_STATE_COUNT;
	if (strncmp(line, "# ", 2) != 0)
		return err_set(
		    e, ERR_REFUSED, "its first line is not '# kind=...'");
	for (word = strtok_r(line + 2, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		if (take_word(k, word, e) == -1)
			return -1;
	if (k->kind == KIND_COUNT)
		return err_set(e, ERR_REFUSED, "it names no kind of account");
	if (k->state == KEYS_STATE_COUNT)
		return err_set(e, ERR_REFUSED, "it names no state");
	return 0;
}

static void
append(struct keys *k, const uint8_t pub[SSHKEY_BYTES])
{
	if (k->count % 64 == 0)
		k->list = mem_resize(k->list, k->count + 64, sizeof(*k->list));
	memcpy(k->list[k->count++], pub, SSHKEY_BYTES);
}

int
keys_add(struct keys *k, const char *pub, struct err *e)
{
	uint8_t bytes[SSHKEY_BYTES];

	if (k->count == KEYS_MAX)
		return err_set(e, ERR_REFUSED, "more than %d keys", KEYS_MAX);
	if (sshkey_parse(bytes, pub, e) == -1)
		return -1;
	if (!keys_hold(k, bytes))
		append(k, bytes);
	return 0;
}

/* "ssh-ed25519 AAAA... SHA256:...": three words, and the third fits. */
static int
take_line(struct keys *k, const char *line, struct err *e)
{
	char fingerprint[SSHKEY_FINGERPRINT];
	const char *third = strrchr(line, ' ');
	uint8_t pub[SSHKEY_BYTES];

	if (strncmp(line, SSHKEY_TYPE " ", strlen(SSHKEY_TYPE) + 1) != 0 ||
	    third == NULL || third == line + strlen(SSHKEY_TYPE))
		return err_set(
		    e, ERR_REFUSED, "it is not 'ssh-ed25519 KEY FINGERPRINT'");
	if (sshkey_parse(pub, line, e) == -1)
		return -1;
	sshkey_fingerprint(fingerprint, pub);
	if (strcmp(third + 1, fingerprint) != 0)
		return err_set(
		    e, ERR_REFUSED, "its fingerprint is that of another key");
	return keys_add(k, line, e);
}

/* Our own lines, in ETC. */
static int
take_own(struct keys *k, const char *line, struct err *e)
{
	static const char head[] = "restrict ";

	if (strncmp(line, head, strlen(head)) != 0)
		return err_set(e, ERR_REFUSED, "it is none of ours");
	return keys_add(k, line + strlen(head), e);
}

typedef int take_fn(struct keys *k, const char *line, struct err *e);

static int
parse(struct keys *k, char *text, take_fn *take, struct buf *left_out,
    struct err *e)
{
	char *line, *rest = NULL;
	unsigned number = 1;
	struct err why;

	line = strtok_r(text, "\n", &rest);
	if (line == NULL)
		return err_set(e, ERR_REFUSED, "it is empty");
	if (take_head(k, line, e) == -1)
		return -1;
	while ((line = strtok_r(NULL, "\n", &rest)) != NULL) {
		number++;
		if (take(k, line, &why) == -1 && left_out != NULL)
			buf_printf(left_out, "line %u: %s\n", number, why.text);
	}
	return 0;
}

int
keys_parse(struct keys *k, const char *untrusted, size_t len,
    struct buf *left_out, struct err *e)
{
	struct buf copy = BUF_INIT;
	int rc;

	keys_init(k);
	if (len > KEYS_BYTES_MAX || memchr(untrusted, '\0', len) != NULL)
		return err_set(e, ERR_REFUSED, "it is no list of keys");
	buf_add(&copy, untrusted, len);
	buf_addc(&copy, '\n');
	rc = parse(k, copy.data, take_line, left_out, e);
	if (rc == 0 && k->state != KEYS_ACTIVE && k->state != KEYS_DISABLED)
		rc = err_set(e, ERR_REFUSED, "it names no state");
	if (rc == 0 && k->state == KEYS_DISABLED)
		k->count = 0;
	k->master = k->ending = false; /* not the master's to say */
	if (rc == -1)
		keys_release(k);
	buf_release(&copy);
	return rc;
}

/* ---- ETC ------------------------------------------------------------- */

int
keys_load(int dir, const char *account, struct keys *k, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc;

	keys_init(k);
	rc = fs_read_file(dir, account, &text, KEYS_BYTES_MAX, e);
	if (rc == 0) {
		buf_addc(&text, '\n');
		rc = parse(k, text.data, take_own, NULL, e);
	}
	buf_release(&text);
	if (rc == -1)
		keys_release(k);
	return rc;
}

int
keys_save(int dir, const char *account, const struct keys *k, struct err *e)
{
	struct buf text = BUF_INIT;
	char line[SSHKEY_TEXT];
	size_t i;
	int rc;

	buf_printf(
	    &text, "# kind=%s state=%s", kinds[k->kind].name, states[k->state]);
	if (k->master)
		buf_adds(&text, " from=master");
	if (k->ending)
		buf_adds(&text, " ending=1");
	if (k->projects.len > 0)
		buf_printf(&text, " projects=%s", k->projects.data);
	buf_addc(&text, '\n');
	for (i = 0; i < k->count; i++) {
		sshkey_text(line, k->list[i]);
		buf_printf(&text, "restrict " SSHKEY_TYPE " %s\n", line);
	}
	/* sshd reads it as the account. */
	rc = fs_replace(dir, account, text.data, text.len, 0644, true, e);
	buf_release(&text);
	return rc;
}

/* ---- comparing ------------------------------------------------------- */

bool
keys_hold(const struct keys *k, const uint8_t pub[SSHKEY_BYTES])
{
	size_t i;

	for (i = 0; i < k->count; i++)
		if (memcmp(k->list[i], pub, SSHKEY_BYTES) == 0)
			return true;
	return false;
}

bool
keys_lost(const struct keys *before, const struct keys *now)
{
	size_t i;

	for (i = 0; i < before->count; i++)
		if (!keys_hold(now, before->list[i]))
			return true;
	return false;
}

bool
keys_same(const struct keys *a, const struct keys *b)
{
	return a->kind == b->kind && a->state == b->state &&
	    a->master == b->master && a->ending == b->ending &&
	    strcmp(buf_text(&a->projects), buf_text(&b->projects)) == 0 &&
	    a->count == b->count && !keys_lost(a, b);
}
