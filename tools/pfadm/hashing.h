#ifndef TOOLS_PFADM_HASHING_H
#define TOOLS_PFADM_HASHING_H

#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "tools/pfadm/build_folder.h"

/*
 * The digests of a build's files, in the order of its manifest, from a child
 * that hashes ahead while we send: two processors have more to do than one.
 */
struct hashing;

struct hashing *hashing_start(const struct build_folder *b, struct err *e);

/* Digest and size of the next file into the manifest; 0 or -1. */
int hashing_next(struct hashing *h, struct ticket_file *f, struct err *e);

void hashing_stop(struct hashing *h); /* at any time; NULL is fine */

#endif
