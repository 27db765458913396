#ifndef MASTERD_RULES_H
#define MASTERD_RULES_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/triage/rules.h"
#include "masterd/db/db.h"

/*
 * The file of rules by which crashes are judged (pandafuzz-rules(5)):
 * the setting "rules", else ROOT/rules/triage.rules, else
 * /etc/pandafuzz/triage.rules; one that is not set and not there is no file.
 *
 * A file with errors changes nothing: what was in force stays so; at start that
 * is the text that the database was told last, which is also what bots have.
 * Crashes that were judged before stay where they are: see `pfadm bucket
 * regroup`.
 */
#define RULES_SYSTEM_FILE "/etc/pandafuzz/triage.rules"

struct publish;
struct settings;

struct rules_file {
	struct db *db;
	struct publish *publish;
	const struct settings *settings;
	struct rules *now;   /* NULL: the built-in ones alone */
	struct buf text;     /* theirs */
	char path[512];      /* that was read last, "" */
	char problem[300];   /* why that is not in force; "" */
	char complaint[160]; /* the first: "line 3, column 8: ..." */
};

/*
 * Complaints about the file go to standard error, each with its line and
 * column: 2; -1 when there is none or it is good.
 */
int rules_file_check(const char *root, const char *setting);

/*
 * At start, before anything is published; what is wrong with the file is
 * logged, and no failure.  Publisher and settings are borrowed.
 */
int rules_file_begin(struct rules_file *f, struct db *db,
    struct publish *publish, const struct settings *settings, struct err *e);

/*
 * Read it again, in no transaction.  "*good": it is in force; "*changed": and
 * says something else than before.  -1 when the database failed.
 */
int rules_file_reload(
    struct rules_file *f, bool *good, bool *changed, struct err *e);

/* What bots need not send depends on rules and settings: they are told. */
void rules_file_tell(const struct rules_file *f);

void rules_file_release(struct rules_file *f);

#endif
