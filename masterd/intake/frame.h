#ifndef MASTERD_INTAKE_FRAME_H
#define MASTERD_INTAKE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/triage/facts.h"
#include "lib/wire/bundle.h"

/*
 * What a decode child says to masterd: frames of a type and a struct.  Both
 * ends are the same program, so structs travel as they are; but the child has
 * read hostile bytes, so masterd believes nothing and checks every field.
 */
enum frame_type {
	FRAME_HEADER = 1, /* struct bundle_header */
	FRAME_RECORD,     /* struct record */
	FRAME_PAYLOAD,    /* bytes of the payload of the record before */
	FRAME_FACTS,      /* struct frame_facts and text, after a report */
	FRAME_VERDICT     /* struct frame_verdict; the bundle is over */
};

#define FRAME_MAX (64 * 1024) /* longest body */

/* The normalised report follows, "len" bytes of it; and what does not belong
 * into it, because it changes from run to run. */
struct frame_facts {
	uint64_t address;
	uint32_t has_address;
	uint32_t len;
};

struct frame_head {
	uint32_t type;
	uint32_t len;
};

struct frame_verdict {
	uint32_t step; /* STEP_OK, _DAMAGED, _REFUSED or _HELD */
	uint32_t has_end;
	struct bundle_end end;
	char reason[512];
};

void frame_put(
    struct buf *out, enum frame_type type, const void *body, size_t len);

/*
 * Cut the first whole frame off "in" at *offset: 1 and *type, *body, *len
 * (into "in"), 0 when it is not all there yet, -1 when it is no frame.
 */
int frame_get(const struct buf *in, size_t *offset, enum frame_type *type,
    const void **body, size_t *len, struct err *e);

/* Copy and check; -1 when a field is not as the wire library makes it. */
int frame_header(
    struct bundle_header *h, const void *body, size_t len, struct err *e);
int frame_record(struct record *r, const void *body, size_t len, struct err *e);
/* *text borrows "body". */
int frame_facts(struct frame_facts *f, const char **text, const void *body,
    size_t len, struct err *e);
int frame_verdict(
    struct frame_verdict *v, const void *body, size_t len, struct err *e);

#endif
