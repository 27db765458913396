#ifndef MASTERD_INTAKE_BATCH_H
#define MASTERD_INTAKE_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/triage/triage.h"
#include "masterd/db/facts.h"
#include "masterd/db/ledger.h"
#include "masterd/intake/frame.h"
#include "masterd/intake/incoming.h"
#include "masterd/intake/reject.h"
#include "masterd/store/store.h"

/*
 * Bundles in hand, and the batch they are committed in (DESIGN 1, steps 3-6).
 * All of it is memory: a kill leaves the files in incoming/new and debris in
 * stage/, and everything is done again.
 */

/* States of a bundle in hand; masterd/intake/DESIGN says what is true in each. */
enum taken_state { TAKEN_DECODING, TAKEN_JUDGED, TAKEN_NAMED, TAKEN_RECORDED };

enum fate {
	FATE_INGESTED,
	FATE_DUPLICATE,
	FATE_CONFLICT,
	FATE_REFUSED,
	FATE_HELD,
	FATE_DAMAGED,
	FATE_COUNT
};
const char *fate_name(enum fate f);

struct item { /* a record and what came with it */
	struct record r;
	uint64_t line;        /* its number in the bundle */
	struct staged *file;  /* payload that goes to the store */
	struct digest sha256; /* of that file, by our own count */
	uint64_t bytes;
	struct buf text;  /* payload that goes to the database */
	struct buf facts; /* of a report, then of its crash: normalised */
	bool has_address;
	uint64_t address;
	struct triage *triage;   /* of a crash (judge.h) ... */
	struct rules_name rules; /* ... by these */
	uint64_t bucket;         /* number: a crash to be linked there */
};

#define ITEM_TEXT_MAX (16 * 1024)
/* Of a bundle's texts and normalised reports, which are held in memory: an
 * honest one brings some kilobytes for each of its crashes. */
#define TAKEN_TEXT_MAX (64u << 20)

struct taken {
	enum taken_state state;
	struct account *account; /* NULL: taken again from rejected/ */
	char account_name[NAME_MAX_LEN + 1];
	const char *entry; /* the spool's name, in hand */
	char name[BUNDLE_NAME_MAX];
	struct bundle_id id;
	int fd;
	uint64_t size;
	uint64_t arrived_ms; /* wall time of its rename into new/ */
	bool again;          /* spool retry, or held and upgraded */
	enum reject_kind again_kind;
	struct reject_name again_name;
	bool has_header;
	struct bundle_header header;
	enum fate fate;
	char reason[512];
	struct digest digest; /* the end record's, else the file's */
	bool has_digest;
	uint64_t records;
	struct item *items;
	int count, room;
	uint64_t text_bytes; /* TAKEN_TEXT_MAX; one with more is refused */
	struct facts_place place;
	int64_t duplicate_of;       /* ledger row */
	struct reject_name kept_as; /* in rejected/ or held/ */
	bool attempt;               /* damaged: to be counted */
	struct taken *next;
};

struct taken *taken_new(
    const char *account, const char *name, int fd, uint64_t size);
void taken_free(struct taken *t); /* closes, drops what is staged */
struct item *taken_add(struct taken *t, const struct record *r);
/* What came with the crash at "at": of this type, behind it and before the next
 * one; NULL when nothing did. */
struct item *taken_part(struct taken *t, int at, enum record_type type);
/* Forget records and payloads: the bundle will not be ingested. */
void taken_strip(struct taken *t);
void taken_judge(struct taken *t, enum fate fate, const char *reason);

struct batch {
	struct taken *first, **last;
	int count;
	int findings; /* bundles that are no beats */
	int units;
	uint64_t bytes;
	uint64_t started_ms; /* up-time of its first bundle */
	bool blobs;          /* something was named: it needs a sync */
};

void batch_init(struct batch *b);
void batch_add(struct batch *b, struct taken *t, uint64_t up_ms);
bool batch_full(const struct batch *b);

#endif
