/*
 * Any bytes are the command of a reader's ssh, or none; what stands before the
 * first line's end is the list of its projects.  What is taken runs rsync as a
 * sender, of those projects, and nothing in it means anything to a shell.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "tools/pf-local/rsync.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_word(const struct rsync_ask *ask, const char *word)
{
	assert(word >= ask->text && word < ask->text + sizeof(ask->text));
	assert(word[0] != '\0');
	assert(strpbrk(word, " \t\r\n\"'`$\\;&|<>*?[]{}()!~#") == NULL);
	assert(strcmp(word, "..") != 0 && strstr(word, "/../") == NULL);
}

/* Of a path: "<what>/<project>..." with a project of the list. */
static void
check_path(const char *path, const char *projects)
{
	struct buf all = BUF_INIT, one = BUF_INIT;
	const char *project = strchr(path, '/');

	assert(project != NULL && path[0] != '/' && path[0] != '-');
	project++;
	buf_printf(&all, ",%s,", projects);
	buf_printf(&one, ",%.*s,", (int)strcspn(project, "/"), project);
	assert(one.len > 2 && strstr(all.data, one.data) != NULL);
	buf_release(&all);
	buf_release(&one);
}

static void
check(const struct rsync_ask *ask, const char *projects)
{
	bool options = true;
	size_t i;

	assert(ask->count >= 5 && ask->count <= RSYNC_WORDS);
	assert(strcmp(ask->words[0], "rsync") == 0);
	assert(strcmp(ask->words[1], "--server") == 0);
	assert(strcmp(ask->words[2], "--sender") == 0);
	for (i = 3; i < ask->count; i++) {
		check_word(ask, ask->words[i]);
		if (options && strcmp(ask->words[i], ".") == 0)
			options = false;
		else if (options)
			assert(ask->words[i][0] == '-');
		else
			check_path(ask->words[i], projects);
	}
	assert(!options);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT;
	struct rsync_ask ask;
	struct err e = {0};
	char *command;

	buf_add(&text, data, size);
	buf_add(&text, "", 1);
	command = strchr(text.data, '\n');
	if (command != NULL) {
		*command++ = '\0';
		if (rsync_parse(&ask, command, text.data, &e) == 0)
			check(&ask, text.data);
		else
			assert(e.cls == ERR_REFUSED && e.text[0] != '\0');
	}
	buf_release(&text);
	return 0;
}
