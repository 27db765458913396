#ifndef TOOLS_PF_TRIAGE_PF_TRIAGE_H
#define TOOLS_PF_TRIAGE_PF_TRIAGE_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/triage/facts.h"
#include "lib/triage/rules.h"
#include "lib/triage/triage.h"

#define EXIT_NO_CRASH 1 /* of some file */
#define EXIT_USAGE    2 /* or something could not be read */

/* What is asked for; the same for every report. */
struct wish {
	bool json;
	const char *target;  /* NULL: each file's own name */
	const char *cluster; /* a folder; NULL: none */
	const struct rules *rules;
	const struct rules_named *named;
};

/* One report, read and settled. */
struct report {
	const char *file; /* as it was named; clean when shown */
	struct buf text;
	struct facts facts; /* borrows text; never copied */
	struct triage triage;
	bool crash; /* something was recognised */
};

/* Read a file ("-": standard input) into "r".  False: it was said why not. */
bool report_read(struct report *r, const struct wish *w, const char *file);

/* One line of JSON, or a paragraph for people.  "cluster" is 0 for none. */
void show_json(
    struct buf *out, const struct report *r, const struct wish *w, int cluster);
void show_text(struct buf *out, const struct report *r, const struct wish *w);

/* "f | g | h". */
void show_state(struct buf *out, const struct triage *t);

/* Print and empty it; a reader that went away ends the program. */
void put_out(struct buf *out);

/* Group the reports of w->cluster.  Returns the exit status. */
int cluster_run(const struct wish *w);

#endif
