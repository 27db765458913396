/*
 * The spool: what waits, and what was refused or held.
 */
#include <string.h>

#include "tools/pfadm/commands.h"

static void
print_spool(struct pfadm *pf, const struct json_value *root)
{
	struct rows waiting = {NULL, 0, 0, NULL, 0};
	struct rows kept = {NULL, 0, 0, NULL, 0};
	const struct json_value *v;

	for (v = json_first(json_get(root, "items")); v != NULL;
	     v = json_next(v))
		rows_add(
		    strcmp(json_get_string(v, "queue", ""), "incoming") == 0
			? &waiting
			: &kept,
		    v);
	table_print(&waiting, incoming_columns, &pf->look);
	if (waiting.count > 0 && kept.count > 0)
		putchar('\n');
	table_print(&kept, kept_columns, &pf->look);
	if (kept.count == 0)
		fprintf(stderr, "nothing was refused or held\n");
	rows_release(&waiting);
	rows_release(&kept);
}

/* Two tables for people; one for whoever picks columns or wants a file. */
int
cmd_spool_list(struct pfadm *pf)
{
	static const struct listing all = {"spool", spool_columns,
	    "nothing is in the spool", false, true, NULL};

	if ((pf->o.given & O_TABLE) != 0)
		return show_listing(pf, &all, "spool");
	return show_reply(pf, "spool", print_spool);
}
