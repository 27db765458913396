#ifndef MASTERD_ADMIN_UPLOADS_H
#define MASTERD_ADMIN_UPLOADS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/digest.h"

/*
 * Files of builds that this process has written, hashed and named, and that
 * have no row yet: their bytes wait for the sync that comes with the build.
 * A file in the store that is neither here nor in the database is debris of a
 * kill and counts as missing (PROTOCOL 17).
 */
struct uploads;

struct upload {
	struct digest sha256;
	uint64_t size;
	uint32_t traits;
};

struct uploads *uploads_new(void);
void uploads_free(struct uploads *u); /* NULL is fine */
void uploads_add(struct uploads *u, const struct upload *f);
const struct upload *uploads_find(
    const struct uploads *u, const struct digest *sha256);
void uploads_forget(struct uploads *u, const struct digest *sha256);

#endif
