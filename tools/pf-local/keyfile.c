/*
 * May this key be here, now?  Asked when a session begins, and again whenever
 * the file is another one.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "lib/wire/ids.h"
#include "tools/pf-local/keyfile.h"

#define MOST (32 * 1024 * 1024)

static void
take_header(struct keyfile *k, char *line)
{
	char *word, *rest = NULL;
	bool active = false;

	for (word = strtok_r(line, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		if (strncmp(word, "kind=", 5) == 0)
			text_copy(k->kind, sizeof(k->kind), word + 5);
		else if (strncmp(word, "projects=", 9) == 0)
			text_copy(k->projects, sizeof(k->projects), word + 9);
		else if (strncmp(word, "state=", 6) == 0) {
			active = strcmp(word + 6, "active") == 0;
			snprintf(k->why, sizeof(k->why), "it is %.40s",
			    strcmp(word + 6, "full") == 0 ? "over its limits"
							  : word + 6);
		}
	}
	if (active)
		text_copy(k->why, sizeof(k->why), "");
}

/* The third word of a key's line. */
static bool
line_has(const char *line, const char *fingerprint)
{
	const char *third = strchr(line, ' ');

	if (third != NULL)
		third = strchr(third + 1, ' ');
	if (third == NULL)
		return false;
	third++;
	return strncmp(third, fingerprint, strlen(fingerprint)) == 0 &&
	    strchr(" ", third[strlen(fingerprint)]) != NULL;
}

static void
take_lines(struct keyfile *k, char *text, const char *fingerprint)
{
	char *line, *rest = NULL;
	bool found = false;

	for (line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (line[0] == '#')
			take_header(k, line + 1);
		else if (line_has(line, fingerprint))
			found = true;
	}
	if (!found && k->why[0] == '\0')
		text_copy(k->why, sizeof(k->why), "this key is not one of it");
	k->admitted = found && k->why[0] == '\0';
}

int
keyfile_read(struct keyfile *k, int folder, const char *account,
    const char *fingerprint, struct err *e)
{
	char name[NAME_MAX_LEN + 8];
	struct buf text = BUF_INIT;
	struct stat st;

	memset(k, 0, sizeof(*k));
	text_copy(k->why, sizeof(k->why), "its key file says nothing");
	snprintf(name, sizeof(name), "%.*s.keys", NAME_MAX_LEN, account);
	/* Looked at before it is read: what comes in between is seen again. */
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    fs_read_file(folder, name, &text, MOST, e) == -1) {
		buf_release(&text);
		return err_set(e, ERR_NOT_FOUND, "there is no such account");
	}
	k->inode = st.st_ino;
	k->size = st.st_size;
	k->changed = st.st_mtim;
	if (text.len > 0)
		take_lines(k, text.data, fingerprint);
	buf_release(&text);
	return 0;
}

int
keyfile_again(struct keyfile *k, int folder, const char *account,
    const char *fingerprint, struct err *e)
{
	char name[NAME_MAX_LEN + 8];
	struct stat st;

	snprintf(name, sizeof(name), "%.*s.keys", NAME_MAX_LEN, account);
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_ino == k->inode && st.st_size == k->size &&
	    st.st_mtim.tv_sec == k->changed.tv_sec &&
	    st.st_mtim.tv_nsec == k->changed.tv_nsec)
		return 0;
	return keyfile_read(k, folder, account, fingerprint, e);
}
