#ifndef TOOLS_PFADM_BUILD_FOLDER_H
#define TOOLS_PFADM_BUILD_FOLDER_H

#include <stdint.h>

#include "lib/base/err.h"
#include "lib/wire/ids.h"
#include "lib/wire/manifest.h"

/*
 * A folder of targets as its owner has it, or a zip, tar or tar.gz of one,
 * made into a manifest.  Symbolic links inside it are resolved: a file or a
 * folder behind one is in the build twice.  One that leaves it, and whatever
 * is neither file nor folder, is refused with a sentence, and so is what is
 * larger than lib/archive/build.h allows.  Hidden names are left out and
 * counted.
 */
struct build_folder {
	int fd;
	struct manifest manifest;
	uint64_t bytes;
	int hidden;
	struct name project; /* the folder's name made to fit */
	char *unpacked;      /* where an archive was unpacked, or NULL */
};

/*
 * Everything but the digests, which hashing.h finds.  An archive is unpacked
 * below TMPDIR, or /var/tmp, and removed again by build_folder_release(),
 * which is to be called in any case, or by a signal that ends the program.
 */
int build_folder_read(struct build_folder *b, const char *path, struct err *e);
void build_folder_release(struct build_folder *b);

/* Open a file of the manifest again, to send it. */
int build_folder_open(
    const struct build_folder *b, const struct ticket_file *f, struct err *e);

/* [a-z0-9][a-z0-9-]{0,31} from any name: "My_Project.v2" -> "my-project-v2",
 * "png.tar.gz" -> "png". */
struct name build_folder_project(const char *name);

/*
 * The archive "path" into a new folder that nobody else may enter; its name is
 * the caller's to free.  unpack_remove() removes the folder; so does a signal
 * that ends the program before.
 */
char *unpack_build(const char *path, struct err *e);
void unpack_remove(const char *folder);

#endif
