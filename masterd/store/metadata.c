/*
 * Copies of rows for a rebuild.  They come from stage/, as all files do, so
 * that what a kill leaves of one is swept with it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "masterd/store/metadata.h"
#include "masterd/store/store_internal.h"

static int
make_folder(struct store *s, const char *full, struct err *e)
{
	char folder[STORE_PATH_MAX];
	char *slash;

	text_copy(folder, sizeof(folder), full);
	if ((slash = strrchr(folder, '/')) != NULL)
		*slash = '\0';
	return fs_make_dirs(s->root, folder, 0750, e);
}

static int
name(struct store *s, struct staged *f, const char *full, struct err *e)
{
	int old = store_hold(s->root, full), result;

	result = renameat(s->stage, f->name, s->root, full);
	/* The folder is nearly always there. */
	if (result == -1 && errno == ENOENT) {
		if (make_folder(s, full, e) == -1)
			return -1;
		result = renameat(s->stage, f->name, s->root, full);
	}
	if (result == 0)
		store_let_go(s, old);
	else if (old != -1)
		close(old);
	if (result == -1)
		return err_sys(e, "cannot name '%s'", full);
	f->name[0] = '\0';
	return 0;
}

int
store_put_metadata(
    struct store *s, const char *path, const char *text, struct err *e)
{
	char full[STORE_PATH_MAX];
	struct staged *f;
	int result = -1;

	if ((size_t)snprintf(full, sizeof(full), "metadata/%s", path) >=
	    sizeof(full))
		return err_set(e, ERR_REFUSED, "a path too long: '%s'", path);
	if ((f = store_stage(s, e)) == NULL)
		return -1;
	if (store_stage_add(f, text, strlen(text), e) == 0 &&
	    store_stage_add(f, "\n", 1, e) == 0 &&
	    store_stage_end(f, NULL, NULL, e) == 0)
		result = name(s, f, full, e);
	store_stage_drop(f);
	return result;
}
