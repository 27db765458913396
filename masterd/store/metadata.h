#ifndef MASTERD_STORE_METADATA_H
#define MASTERD_STORE_METADATA_H

#include "masterd/store/store.h"

/*
 * Put "text" as metadata/<path> by rename, over what is there; folders are
 * made.  Every part of "path" has passed its gate.  Not synced: store_sync().
 */
int store_put_metadata(
    struct store *s, const char *path, const char *text, struct err *e);

#endif
