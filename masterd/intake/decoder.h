#ifndef MASTERD_INTAKE_DECODER_H
#define MASTERD_INTAKE_DECODER_H

#include <stdbool.h>

#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "masterd/intake/frame.h"

/*
 * masterd's side of decoding: keeps decode children, hands one of them
 * descriptors, and turns its checked frames into calls.  Results come in the
 * order of submission.  A child serves one account only, is parked while
 * others have their turn, and is replaced after a run of bundles.
 */
struct decoder;

enum decoder_blame {
	BLAME_BUNDLE, /* overrun, bad frame, OOM kill, own death */
	BLAME_NOBODY  /* killed from outside, could not be started */
};

struct decoder_calls {
	/* Of the oldest bundle submitted, in this order. */
	void (*header)(void *arg, const struct bundle_header *h);
	void (*record)(void *arg, const struct record *r);
	void (*payload)(void *arg, const void *bytes, size_t len);
	void (*facts)(void *arg, const struct frame_facts *f, const char *text);
	void (*verdict)(void *arg, const struct frame_verdict *v);
	/* The child is gone.  The oldest is to blame or not; all that were
	 * submitted are to be submitted again. */
	void (*died)(void *arg, enum decoder_blame blame, const char *why);
};

#define DECODER_AHEAD 8 /* bundles submitted at once */

struct decoder *decoder_new(
    struct loop *loop, const struct decoder_calls *calls, void *arg);
void decoder_free(struct decoder *d);

/* May another bundle of this account be submitted now? */
bool decoder_takes(const struct decoder *d, const char *account);

/* Takes "fd" in any case. */
int decoder_submit(
    struct decoder *d, const char *account, int fd, struct err *e);

#endif
