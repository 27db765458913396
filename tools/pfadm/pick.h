#ifndef TOOLS_PFADM_PICK_H
#define TOOLS_PFADM_PICK_H

#include "tools/pfadm/pfadm.h"
#include "tools/pfadm/table.h"

/*
 * Which columns and rows of a list: -o, --wide, --filter, --sort; and the two
 * forms for other programs.  Columns are called by their keys in the master's
 * JSON, or by their titles.
 */

/* The columns, to be freed; NULL after a complaint about any of the options. */
struct column *pick_columns(struct pfadm *pf, const struct column *all);

/* Are rows left out or turned round here, so that all of them are needed? */
bool pick_needs_all(const struct pfadm *pf);

/* Leave out and sort, as the options say. */
void pick_rows(struct pfadm *pf, const struct column *all, struct rows *rows);

void print_csv(
    const struct rows *rows, const struct column *columns, bool no_header);
void print_jsonl(const struct rows *rows);

#endif
