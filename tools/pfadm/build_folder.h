#ifndef TOOLS_PFADM_BUILD_FOLDER_H
#define TOOLS_PFADM_BUILD_FOLDER_H

#include "lib/base/err.h"
#include "lib/wire/ids.h"
#include "lib/wire/manifest.h"

/*
 * A folder of targets as its owner has it, made into a manifest.  Symbolic
 * links to files inside it are resolved; one that leaves it, or leads to a
 * folder, and whatever is neither file nor folder, is refused with a sentence.
 * Hidden names are left out and counted.
 */
struct build_folder {
	int fd;
	struct manifest manifest;
	int hidden;
	struct name project; /* the folder's name made to fit */
};

int build_folder_read(struct build_folder *b, const char *path, struct err *e);
void build_folder_release(struct build_folder *b);

/* Open a file of the manifest again, to send it. */
int build_folder_open(
    const struct build_folder *b, const struct ticket_file *f, struct err *e);

/* [a-z0-9][a-z0-9-]{0,31} from any name: "My_Project.v2" -> "my-project-v2" */
struct name build_folder_project(const char *name);

#endif
