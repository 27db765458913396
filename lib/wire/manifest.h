#ifndef LIB_WIRE_MANIFEST_H
#define LIB_WIRE_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "lib/wire/ticket.h"

/*
 * A build's manifest (PROTOCOL 2): one line a file, sorted by path,
 *
 *	<sha256> <mode> <size> <path>\n
 *
 * mode is "0755" or "0644", size decimal.  The build's id is the SHA-256 of
 * this text.  pfadm makes it, masterd keeps it as builds/<id>.manifest.
 */
#define MANIFEST_MAX_FILES 20000
#define MANIFEST_MAX_BYTES (8 * 1024 * 1024)

struct manifest {
	struct ticket_file *files;
	int count, room;
};

void manifest_release(struct manifest *m);
void manifest_add(struct manifest *m, const struct ticket_file *f);

/* Sort by path.  REFUSED on a path twice, a path not ok, or no file. */
int manifest_sort(struct manifest *m, struct err *e);

void manifest_format(struct buf *out, const struct manifest *m);
/* Only the canonical text is taken: formatting it again gives it back. */
int manifest_parse(
    struct manifest *m, const void *bytes, size_t len, struct err *e);

const struct ticket_file *manifest_find(
    const struct manifest *m, const char *path);

#endif
