#ifndef TOOLS_PF_REPORT_PF_REPORT_H
#define TOOLS_PF_REPORT_PF_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/json.h"
#include "tools/pfadm/client.h"

/*
 * Reports for cron: what the master's socket tells anybody who may read,
 * asked for once and written down.
 *
 *	facts_gather -> text_write
 *	prom_write
 */
enum {
	EXIT_DONE = 0,
	EXIT_BAD = 1,
	EXIT_USAGE = 2,
	EXIT_DENIED = 4,
	EXIT_NO_MASTER = 5,
	EXIT_FINDINGS = 10
};

/* ---- facts.c --------------------------------------------------------- */

/* What happened since, by the name of the event. */
enum tally {
	BUCKET_NEW,
	BOT_LOST,
	BOT_LATE,
	BUILD_BAD,
	JOB_STUCK,
	JOB_FAILED,
	HOOK_FAILED,
	TALLIES
};

#define NAMED 10 /* of each that are shown by name */

struct tallied {
	uint64_t count;
	struct buf names; /* of the newest, ", " between */
};

struct facts {
	struct reply status;
	const struct json_value *item; /* of it */
	struct tallied tally[TALLIES];
	struct reply buckets[NAMED];
	int bucket_count;
	int problems;
	struct buf keys;   /* what is new, " name" a line: see state.c */
	uint64_t since_ms; /* so long */
};

/* 0, or -1; release it in any case.  "f" comes zeroed but for since_ms. */
int facts_gather(
    struct facts *f, struct client *c, long *status, struct err *e);
void facts_release(struct facts *f);

/* Is there anything that a person would want to know? */
bool facts_findings(const struct facts *f);

/* ---- state.c --------------------------------------------------------- */

/*
 * Is there something that "file" does not hold as told, within nine tenths of
 * the time that the report looks back?  1 or 0; "next" is what to save once
 * it was told.  Without the file all is news.
 */
int state_compare(const struct facts *f, const char *file, uint64_t now_ms,
    struct buf *next, struct err *e);
int state_save(const char *file, const struct buf *next, struct err *e);

/* ---- text.c ---------------------------------------------------------- */

#define WIDTH 72

/* The whole report; its first line can be a mail's subject. */
void text_write(const struct facts *f, struct buf *out);

/* Words of "text" in lines of at most WIDTH columns: "first" begins the first,
 * as many blanks the others. */
void text_wrap(struct buf *out, const char *first, const char *text);

/* ---- prom.c ---------------------------------------------------------- */

/* Put the master's metrics where node_exporter's textfile collector reads
 * them: FILE.tmp, mode 0644, renamed. */
int prom_write(struct client *c, const char *file, long *status, struct err *e);

#endif
