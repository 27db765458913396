/*
 * The gate of readers.  The cage behind it has nothing but their projects in
 * it; this says so in a sentence, and keeps rsync's own options out.
 */
#include <stdbool.h>
#include <string.h>

#include "lib/base/text.h"
#include "tools/pf-local/rsync.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

/* Short options of a sender, up to the 'e' behind which the other side tells
 * what it can.  No 's': its arguments would come past us. */
#define SHORT "vlogDtprRcuIWxzHAXEJUNOyhHkKLqnmSbdi"

static const char *const long_options[] = {"--numeric-ids", "--safe-links",
    "--list-only", "--copy-links", "--checksum", "--delete",
    "--no-implied-dirs", "--ignore-missing-args", NULL};
static const char *const number_options[] = {
    "--timeout=", "--bwlimit=", "--max-size=", "--min-size=", NULL};

static bool
short_ok(const char *word)
{
	size_t n = strspn(word + 1, SHORT);
	const char *rest = word + 1 + n;

	if (*rest == '\0')
		return n > 0;
	return rest[0] == 'e' && rest[1] != '\0' &&
	    rest[1 + strspn(rest + 1, LETTERS DIGITS ".")] == '\0';
}

static bool
long_ok(const char *word)
{
	size_t i, n;

	for (i = 0; long_options[i] != NULL; i++)
		if (strcmp(word, long_options[i]) == 0)
			return true;
	for (i = 0; number_options[i] != NULL; i++) {
		n = strlen(number_options[i]);
		if (strncmp(word, number_options[i], n) == 0 &&
		    word[n] != '\0' && strlen(word + n) < 16 &&
		    word[n + strspn(word + n, DIGITS)] == '\0')
			return true;
	}
	return false;
}

/* One of the words of "list" (commas between) is these "len" bytes. */
static bool
listed(const char *list, const char *word, size_t len)
{
	size_t n;

	for (; *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if (n == len && strncmp(list, word, len) == 0)
			return true;
	}
	return false;
}

static bool
leaves(const char *path)
{
	size_t n;

	for (; *path != '\0'; path += n + (path[n] == '/')) {
		n = strcspn(path, "/");
		if (n == 2 && strncmp(path, "..", 2) == 0)
			return true;
	}
	return false;
}

/* <corpus|crashes|buckets>/<project>[/...] */
static int
check_path(const char *path, const char *projects, struct err *e)
{
	const char *project;
	size_t n = strcspn(path, "/");

	if (path[strspn(path, LETTERS DIGITS "@._+/-")] != '\0')
		return err_set(e, ERR_REFUSED,
		    "a path has letters, digits and @._+/- in it, no patterns "
		    "and no quotes");
	if (!listed("corpus,crashes,buckets", path, n))
		return err_set(e, ERR_REFUSED,
		    "'%.80s': only corpus/, crashes/ and buckets/ can be read",
		    path);
	project = path + n + (path[n] == '/');
	n = strcspn(project, "/");
	if (n == 0 || !listed(projects, project, n))
		return err_set(e, ERR_REFUSED,
		    "'%.80s': this account reads the projects %.200s", path,
		    projects);
	if (leaves(path))
		return err_set(e, ERR_REFUSED, "'%.80s': '..' is no way", path);
	return 0;
}

static int
split(struct rsync_ask *ask, const char *command, struct err *e)
{
	char *word, *rest = NULL;

	memset(ask, 0, sizeof(*ask));
	if (!text_copy(ask->text, sizeof(ask->text), command))
		return err_set(e, ERR_REFUSED, "this command is too long");
	for (word = strtok_r(ask->text, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		if (ask->count == RSYNC_WORDS)
			return err_set(
			    e, ERR_REFUSED, "this command has too many words");
		ask->words[ask->count++] = word;
	}
	return 0;
}

int
rsync_parse(struct rsync_ask *ask, const char *command, const char *projects,
    struct err *e)
{
	size_t i;

	if (split(ask, command, e) == -1)
		return -1;
	if (ask->count < 5 || strcmp(ask->words[0], "rsync") != 0 ||
	    strcmp(ask->words[1], "--server") != 0 ||
	    strcmp(ask->words[2], "--sender") != 0)
		return err_set(e, ERR_REFUSED,
		    "this key reads with rsync and does nothing else: rsync -a "
		    "HOST:corpus/PROJECT/ FOLDER");
	for (i = 3; i < ask->count && ask->words[i][0] == '-'; i++)
		if (ask->words[i][1] == '-' ? !long_ok(ask->words[i])
					    : !short_ok(ask->words[i]))
			return err_set(e, ERR_REFUSED,
			    "rsync's option '%.40s' is not for readers",
			    ask->words[i]);
	if (i + 1 >= ask->count || strcmp(ask->words[i], ".") != 0)
		return err_set(e, ERR_REFUSED, "rsync was asked for no path");
	for (i++; i < ask->count; i++)
		if (check_path(ask->words[i], projects, e) == -1)
			return -1;
	return 0;
}
