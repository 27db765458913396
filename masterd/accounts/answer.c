/*
 * Answers: a cache of what rows say, each replaced by rename, and swept when
 * nobody can be waiting for it any more.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/accounts/enrol_internal.h"

#define FOLDER_MODE 0750 /* setgid comes from above */
#define FILE_NAME   "answer.json"
/* In tmp/. */
#define DEBRIS_S     3600
#define DEBRIS_BYTES 65536
#define DEBRIS_FILES 1000

int
enrol_put_answer(struct enrol *en, const char *invite,
    const struct enrol_answer *a, struct err *e)
{
	struct buf text = BUF_INIT, was = BUF_INIT;
	int dir, result = 0;

	dir = fs_make_dir_open(en->outgoing, invite, FOLDER_MODE, e);
	if (dir == -1)
		return -1;
	enrol_answer_format(&text, a);
	if (fs_read_file(dir, FILE_NAME, &was, ENROL_MAX, NULL) == -1 ||
	    was.len != text.len ||
	    memcmp(buf_text(&was), text.data, text.len) != 0)
		result = fs_replace(
		    dir, FILE_NAME, text.data, text.len, 0640, false, e);
	close(dir);
	buf_release(&text);
	buf_release(&was);
	return result;
}

/* ---- as the rows are ------------------------------------------------- */

static int
answer_one(void *arg, const struct account_invite *i)
{
	struct enrol *en = arg;
	struct enrol_answer a = {.state = ENROL_WAITING};
	struct err e;

	text_copy(a.account.text, sizeof(a.account.text), i->account_name);
	if (strcmp(i->account_state, "active") != 0 ||
	    strcmp(i->key_state, "disabled") == 0 || i->key_state[0] == '\0') {
		a.state = ENROL_REFUSED;
		text_copy(a.reason, sizeof(a.reason),
		    "somebody has disabled this key or its account");
	} else {
		text_copy(a.user, sizeof(a.user),
		    en->hooks.user(en->hooks.arg, i->account_name));
		if (strcmp(i->key_state, "active") == 0)
			a.state = ENROL_ADMITTED;
		else
			text_copy(a.reason, sizeof(a.reason),
			    "somebody has to approve it: pfadm account "
			    "approve");
	}
	if (enrol_put_answer(en, i->invite, &a, &e) == -1)
		log_error("enrol.unanswered", LOG_T("invite", i->invite),
		    LOG_T("reason", e.text));
	return 0;
}

void
enrol_answer(struct enrol *en)
{
	struct err e;

	if (en->outgoing != -1 &&
	    accounts_each_answer(en->db, clock_wall_ms(), answer_one, en, &e) ==
		-1)
		en->hooks.fatal(en->hooks.arg, &e);
}

/* ---- sweeping -------------------------------------------------------- */

struct waited {
	char (*list)[17];
	size_t count, room;
};

static int
note(void *arg, const struct account_invite *i)
{
	struct waited *w = arg;

	if (w->count == w->room) {
		w->room = w->room == 0 ? 64 : w->room * 2;
		w->list = mem_resize(w->list, w->room, sizeof(w->list[0]));
	}
	memcpy(w->list[w->count++], i->invite, sizeof(w->list[0]));
	return 0;
}

static int
sweep_answer(void *arg, int dirfd, const char *name)
{
	struct waited *w = arg;
	uint64_t before = (clock_wall_ms() - ACCOUNT_ANSWER_MS) / 1000;
	struct stat st;
	char path[300];
	size_t i;

	for (i = 0; i < w->count; i++)
		if (strcmp(w->list[i], name) == 0)
			return 0;
	snprintf(path, sizeof(path), "%s/" FILE_NAME, name);
	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == -1 &&
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	if ((uint64_t)st.st_mtim.tv_sec < before)
		(void)fs_remove_tree(dirfd, name, NULL);
	return 0;
}

/* A request is on its way for a moment, and small. */
static int
sweep_tmp(void *arg, int dirfd, const char *name)
{
	unsigned *left = arg;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	if (st.st_size > DEBRIS_BYTES ||
	    (uint64_t)st.st_mtim.tv_sec + DEBRIS_S < clock_wall_ms() / 1000 ||
	    ++*left > DEBRIS_FILES)
		(void)unlinkat(dirfd, name, 0);
	return 0;
}

void
enrol_bound(struct enrol *en)
{
	unsigned left = 0;

	if (en->tmp != -1)
		(void)fs_each(en->tmp, sweep_tmp, &left, NULL);
}

void
enrol_sweep(struct enrol *en)
{
	struct waited w = {NULL, 0, 0};
	struct err e;

	if (en->outgoing == -1)
		return;
	if (accounts_each_answer(en->db, clock_wall_ms(), note, &w, &e) == -1)
		en->hooks.fatal(en->hooks.arg, &e);
	else
		(void)fs_each(en->outgoing, sweep_answer, &w, NULL);
	free(w.list);
}
