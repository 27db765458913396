/*
 * Rows to key files, after every COMMIT that changed them and at start: a kill
 * in between leaves older files, which the next start replaces.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/invitation.h"
#include "masterd/accounts/keyfiles.h"
#include "masterd/db/accounts.h"

#define FILE_MAX_BYTES (32 * 1024 * 1024)

/* What a walk over accounts, keys and invitations writes. */
struct pass {
	int folder;
	struct db *db;
	uint64_t now_ms;
	const char *command; /* of authorized_keys */
	const char *account; /* whose keys are being written */
	struct buf text;
	struct err *e;
};

/* ---- writing --------------------------------------------------------- */

/* The same bytes again would only wake everybody who watches. */
static int
replace(int at, const char *name, const struct buf *text, mode_t mode,
    struct err *e)
{
	struct buf was = BUF_INIT;
	bool same;

	same = fs_read_file(at, name, &was, FILE_MAX_BYTES, NULL) == 0 &&
	    was.len == text->len &&
	    memcmp(buf_text(&was), buf_text(text), text->len) == 0;
	buf_release(&was);
	if (same)
		return 0;
	return fs_replace(at, name, buf_text(text), text->len, mode, true, e);
}

static int
put_file(struct pass *p, const char *account)
{
	char name[NAME_MAX_LEN + sizeof(KEYFILES_SUFFIX)];

	snprintf(name, sizeof(name), "%s" KEYFILES_SUFFIX, account);
	return replace(p->folder, name, &p->text, KEYFILES_MODE, p->e);
}

static void
put_line(struct pass *p, const char *text, const char *fingerprint)
{
	if (p->command != NULL)
		buf_printf(&p->text,
		    "restrict,command=\"%s %s %s\" " SSHKEY_TYPE " %s %s\n",
		    p->command, p->account, fingerprint, text, p->account);
	else
		buf_printf(&p->text, SSHKEY_TYPE " %s %s\n", text, fingerprint);
}

static int
put_key(void *arg, const struct account_key *k)
{
	put_line(arg, k->text, k->fingerprint);
	return 0;
}

static int
put_door(void *arg, const struct account_invite *i)
{
	char print[SSHKEY_FINGERPRINT];
	uint8_t pub[SSHKEY_BYTES];

	if (sshkey_parse(pub, i->key, NULL) == -1)
		return 0;
	sshkey_fingerprint(print, pub);
	put_line(arg, i->key, print);
	return 0;
}

static void
put_limit(struct buf *out, const char *key, uint64_t value)
{
	if (value != 0)
		buf_printf(out, " %s=%ju", key, (uintmax_t)value);
}

static void
put_header(struct buf *out, const struct account_row *a)
{
	const char *c;

	buf_printf(out, "# kind=%s state=%s", a->kind,
	    a->shut && strcmp(a->state, "active") == 0 ? "full" : a->state);
	if (a->projects[0] != '\0') {
		buf_adds(out, " projects=");
		for (c = a->projects; *c != '\0'; c++)
			buf_addc(out, *c == ' ' ? ',' : *c);
	}
	put_limit(out, "max_bytes", a->max_bytes);
	put_limit(out, "max_files", a->max_files);
	put_limit(out, "max_rate", a->max_rate);
	buf_addc(out, '\n');
}

static int
write_account(void *arg, const struct account_row *a)
{
	struct pass *p = arg;

	if (strcmp(a->name, ENROL_ACCOUNT) == 0)
		return 0;
	buf_reset(&p->text);
	put_header(&p->text, a);
	p->account = a->name;
	if (strcmp(a->state, "active") == 0 &&
	    accounts_each_key(p->db, a->id, "active", put_key, p, p->e) == -1)
		return -1;
	return put_file(p, a->name);
}

static int
write_enroll(struct pass *p)
{
	buf_reset(&p->text);
	buf_adds(&p->text, "# kind=enroll state=active\n");
	p->account = ENROL_ACCOUNT;
	if (accounts_each_door(p->db, p->now_ms, put_door, p, p->e) == -1)
		return -1;
	return put_file(p, ENROL_ACCOUNT);
}

/* Before the files: a kill in between must not make older files look newer
 * than the rows, and makes them look as old. */
static int
write_serial(struct pass *p)
{
	uint64_t serial;

	if (accounts_serial(p->db, &serial, p->e) == -1)
		return -1;
	buf_reset(&p->text);
	buf_printf(&p->text, "%ju\n", (uintmax_t)serial);
	return replace(
	    p->folder, KEYFILES_SERIAL, &p->text, KEYFILES_MODE, p->e);
}

int
keyfiles_write(int folder, struct db *db, uint64_t now_ms, struct err *e)
{
	struct pass p = {folder, db, now_ms, NULL, NULL, BUF_INIT, e};
	int result;

	result = write_serial(&p);
	if (result == 0)
		result = accounts_each(db, write_account, &p, e);
	if (result == 0)
		result = write_enroll(&p);
	buf_release(&p.text);
	return result;
}

static int
authorize(void *arg, const struct account_row *a)
{
	struct pass *p = arg;

	p->account = a->name;
	if (strcmp(a->state, "active") != 0)
		return 0;
	return accounts_each_key(p->db, a->id, "active", put_key, p, p->e);
}

int
keyfiles_write_authorized(const char *path, const char *command, struct db *db,
    uint64_t now_ms, struct err *e)
{
	struct pass p = {-1, db, now_ms, command, NULL, BUF_INIT, e};
	int result;

	buf_adds(
	    &p.text, "# Written by pandafuzz-masterd from its accounts.\n");
	result = accounts_each(db, authorize, &p, e);
	p.account = ENROL_ACCOUNT;
	if (result == 0)
		result = accounts_each_door(db, now_ms, put_door, &p, e);
	if (result == 0)
		result = replace(AT_FDCWD, path, &p.text, 0600, e);
	buf_release(&p.text);
	return result;
}

/* ---- newer? ----------------------------------------------------------- */

int
keyfiles_newer(int folder, struct db *db, struct err *e)
{
	struct buf text = BUF_INIT;
	uint64_t serial, file = 0;

	if (accounts_serial(db, &serial, e) == -1)
		return -1;
	if (fs_read_file(folder, KEYFILES_SERIAL, &text, 64, NULL) == 0 &&
	    text.len > 0) {
		text.data[strcspn(text.data, "\n")] = '\0';
		if (text_to_u64(&file, text.data) == -1)
			file = 0;
	}
	buf_release(&text);
	return file > serial;
}

/* ---- adopting -------------------------------------------------------- */

struct adoption {
	struct db *db;
	uint64_t now_ms;
	bool newer;                 /* files have the last word */
	struct account_row account; /* as the row is, or else the file */
	bool known;                 /* the account has a row */
	bool headed;                /* its kind was read */
	struct buf listed;          /* keys of the file, each a line */
	int count;
	struct err *e;
};

/* "key=value" of the header, words. */
static void
take_word(struct adoption *d, char *word)
{
	struct account_row *a = &d->account;
	char *value = strchr(word, '='), *c;

	if (value == NULL)
		return;
	*value++ = '\0';
	if (strcmp(word, "kind") == 0) {
		d->headed = strcmp(value, "bot") == 0 ||
		    strcmp(value, "ci") == 0 || strcmp(value, "reader") == 0;
		if (d->headed)
			text_copy(a->kind, sizeof(a->kind), value);
	} else if (strcmp(word, "state") == 0) {
		if (strcmp(value, "disabled") == 0 ||
		    strcmp(value, "removed") == 0)
			text_copy(a->state, sizeof(a->state), value);
	} else if (strcmp(word, "max_bytes") == 0)
		(void)text_to_u64(&a->max_bytes, value);
	else if (strcmp(word, "max_files") == 0)
		(void)text_to_u64(&a->max_files, value);
	else if (strcmp(word, "max_rate") == 0)
		(void)text_to_u64(&a->max_rate, value);
	else if (strcmp(word, "projects") == 0) {
		text_copy(a->projects, sizeof(a->projects), value);
		for (c = a->projects; *c != '\0'; c++)
			*c = *c == ',' ? ' ' : *c;
	}
}

static int
note(struct adoption *d, const char *what, const char *detail)
{
	char subject[NAME_MAX_LEN + 16];

	snprintf(subject, sizeof(subject), "account:%s", d->account.name);
	return db_event(d->db, "master", what, subject, detail, "", d->e);
}

/* A row for the account that a file is all that is left of. */
static int
adopt_account(struct adoption *d)
{
	struct account_row *a = &d->account;
	bool disabled = strcmp(a->state, "disabled") == 0;

	if (d->known)
		return 0;
	text_copy(a->added_by, sizeof(a->added_by), "found");
	if (accounts_add(d->db, a, "", d->now_ms, &a->id, d->e) == -1 ||
	    (disabled &&
		accounts_set_state(d->db, a->id, "disabled", "", d->e) == -1))
		return -1;
	d->known = true;
	log_warn("account.adopted", LOG_T("account", a->name));
	return note(
	    d, "account.adopted", "its key file is there, and no row was");
}

/* Its row says something else, and is the older of the two. */
static int
restore_account(struct adoption *d, const struct account_row *was)
{
	struct account_row *a = &d->account;

	if (strcmp(a->kind, was->kind) == 0 &&
	    strcmp(a->state, was->state) == 0 &&
	    strcmp(a->projects, was->projects) == 0 &&
	    a->max_bytes == was->max_bytes && a->max_files == was->max_files &&
	    a->max_rate == was->max_rate)
		return 0;
	text_copy(a->added_by, sizeof(a->added_by), "found");
	if (accounts_restore(d->db, a, d->e) == -1)
		return -1;
	log_warn("account.adopted", LOG_T("account", a->name));
	return note(d, "account.adopted",
	    "its key file is newer than the database, and was believed");
}

/* The first line, when it is to be believed. */
static int
adopt_header(struct adoption *d, char *line)
{
	struct account_row was = d->account;
	char *word, *rest = NULL;

	if (d->headed || (d->known && !d->newer))
		return 0;
	if (d->known) {
		d->account = (struct account_row){
		    .id = was.id, .kind = "bot", .state = "active"};
		text_copy(d->account.name, sizeof(d->account.name), was.name);
	}
	for (word = strtok_r(line + 1, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		take_word(d, word);
	if (!d->headed) {
		if (d->known)
			d->account = was;
		return 0;
	}
	if (d->known)
		return restore_account(d, &was);
	return strcmp(d->account.state, "removed") == 0 ? 0 : adopt_account(d);
}

/* 1: nothing is to be done about this key. */
static int
known_key(struct adoption *d, const struct account_key *k)
{
	if (!d->newer ||
	    (k->account == d->account.id && strcmp(k->state, "active") == 0))
		return 1;
	/* Another account's before; of two that list it the last has it. */
	return strcmp(k->state, "disabled") == 0
	    ? 0
	    : accounts_set_key(
		  d->db, k->id, "disabled", "found", d->now_ms, d->e);
}

static int
adopt_key(struct adoption *d, const char *line)
{
	struct account_key_new n = {.state = "active",
	    .bot = "",
	    .host = "",
	    .invite = "",
	    .by = "found",
	    .now_ms = d->now_ms};
	char print[SSHKEY_FINGERPRINT];
	uint8_t pub[SSHKEY_BYTES];
	struct account_key was = {.id = 0};
	int got;

	if (sshkey_parse(pub, line, NULL) == -1)
		return 0;
	if ((got = accounts_key_of(d->db, pub, &was, d->e)) == 1) {
		buf_printf(&d->listed, "%s\n", was.text);
		if ((got = known_key(d, &was)) == 1)
			return 0;
		n.bot = was.bot;
		n.invite = was.invite;
	}
	if (got == -1 || adopt_account(d) == -1)
		return -1;
	n.account = d->account.id;
	n.pub = pub;
	if (accounts_add_key(d->db, &n, d->e) == -1)
		return d->e->cls == ERR_CONFLICT ? 0 : -1;
	sshkey_fingerprint(print, pub);
	if (was.id == 0 && accounts_key_of(d->db, pub, &was, d->e) == 1)
		buf_printf(&d->listed, "%s\n", was.text);
	d->count++;
	log_warn("key.adopted", LOG_T("account", d->account.name),
	    LOG_T("key", print));
	return note(d, "key.adopted", print);
}

static int
adopt_lines(struct adoption *d, char *text)
{
	char *line, *rest = NULL;
	int result = 0;

	for (line = strtok_r(text, "\n", &rest); line != NULL && result == 0;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (line[0] == '#')
			result = adopt_header(d, line);
		/* What was removed was removed after the file was written. */
		else if (strcmp(d->account.state, "removed") != 0)
			result = adopt_key(d, line);
	}
	return result;
}

/* ---- what files do not have any more ---------------------------------- */

/* Rows are not changed while they are walked. */
struct unlisted {
	const char *listed;
	int64_t *ids;
	char (*names)[SSHKEY_FINGERPRINT];
	size_t count;
};

static void
add_unlisted(struct unlisted *u, int64_t id, const char *name)
{
	if (u->count % 64 == 0) {
		u->ids = mem_resize(u->ids, u->count + 64, sizeof(*u->ids));
		u->names =
		    mem_resize(u->names, u->count + 64, sizeof(*u->names));
	}
	text_copy(u->names[u->count], sizeof(u->names[0]), name);
	u->ids[u->count++] = id;
}

static int
look_key(void *arg, const struct account_key *k)
{
	struct unlisted *u = arg;

	if (strstr(u->listed, k->text) == NULL)
		add_unlisted(u, k->id, k->fingerprint);
	return 0;
}

/* Keys of a disabled account are in no file, and stay what they are. */
static int
end_keys(struct adoption *d)
{
	struct unlisted u = {buf_text(&d->listed), NULL, NULL, 0};
	int result = 0;
	size_t i;

	if (!d->newer || !d->headed || !d->known ||
	    strcmp(d->account.state, "disabled") == 0)
		return 0;
	result = accounts_each_key(
	    d->db, d->account.id, "active", look_key, &u, d->e);
	for (i = 0; result == 0 && i < u.count; i++) {
		log_warn("key.ended", LOG_T("account", d->account.name),
		    LOG_T("key", u.names[i]));
		result = accounts_set_key(
		    d->db, u.ids[i], "disabled", "found", d->now_ms, d->e);
		if (result == 0)
			result = note(d, "key.ended", u.names[i]);
	}
	free(u.ids);
	free(u.names);
	return result;
}

struct doors {
	struct unlisted u;
	int folder;
};

/* An answer means that a machine came with it. */
static int
look_door(void *arg, const struct account_invite *i)
{
	struct doors *w = arg;
	char path[80];

	snprintf(path, sizeof(path),
	    "../spool/" ENROL_ACCOUNT "/outgoing/%s/answer.json", i->invite);
	if (strcmp(i->state, "open") == 0 &&
	    (strstr(w->u.listed, i->key) == NULL ||
		faccessat(w->folder, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0))
		add_unlisted(&w->u, i->id, i->invite);
	return 0;
}

/* One that was used in the time that is lost must not be used again. */
static int
end_invites(struct adoption *d, int folder)
{
	static const char file[] = ENROL_ACCOUNT KEYFILES_SUFFIX;
	struct buf text = BUF_INIT;
	struct doors w = {{"", NULL, NULL, 0}, folder};
	int result;
	size_t i;

	if (fs_read_file(folder, file, &text, FILE_MAX_BYTES, NULL) == 0)
		w.u.listed = buf_text(&text);
	result = accounts_each_door(d->db, d->now_ms, look_door, &w, d->e);
	for (i = 0; result == 0 && i < w.u.count; i++) {
		log_warn("invitation.ended", LOG_T("invite", w.u.names[i]));
		result = accounts_withdraw_invite(
		    d->db, w.u.ids[i], d->now_ms, d->e);
	}
	free(w.u.ids);
	free(w.u.names);
	buf_release(&text);
	return result;
}

/* ---- all files -------------------------------------------------------- */

/* "name" of a key file without its suffix; false when it is none of ours. */
static bool
account_of(const char *file, struct account_row *a)
{
	size_t len = strlen(file), end = strlen(KEYFILES_SUFFIX);
	char name[NAME_MAX_LEN + 1];

	if (len <= end || len - end > NAME_MAX_LEN ||
	    strcmp(file + len - end, KEYFILES_SUFFIX) != 0)
		return false;
	memcpy(name, file, len - end);
	name[len - end] = '\0';
	if (!name_ok(name) || strcmp(name, ENROL_ACCOUNT) == 0)
		return false;
	*a = (struct account_row){.kind = "bot", .state = "active"};
	text_copy(a->name, sizeof(a->name), name);
	return true;
}

static int
adopt_file(void *arg, int dirfd, const char *file)
{
	struct adoption *d = arg;
	struct buf text = BUF_INIT;
	struct account_row row;
	int got = 0;

	if (!account_of(file, &d->account))
		return 0;
	if ((got = accounts_get(d->db, d->account.name, &row, d->e)) == -1)
		return -1;
	d->known = got == 1;
	d->headed = false;
	buf_reset(&d->listed);
	if (got == 1)
		d->account = row;
	got = 0;
	if (fs_read_file(dirfd, file, &text, FILE_MAX_BYTES, NULL) == 0 &&
	    text.len > 0)
		got = adopt_lines(d, text.data);
	buf_release(&text);
	return got == 0 ? end_keys(d) : got;
}

int
keyfiles_adopt(int folder, struct db *db, uint64_t now_ms, bool newer,
    int *count, struct err *e)
{
	struct adoption d = {
	    .db = db, .now_ms = now_ms, .newer = newer, .e = e};
	int result = fs_each(folder, adopt_file, &d, e);

	if (result == 0 && newer)
		result = end_invites(&d, folder);
	buf_release(&d.listed);
	*count = d.count;
	return result;
}
