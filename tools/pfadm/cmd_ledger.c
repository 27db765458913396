/*
 * The ledger: whether all bundles are accounted for, and which there were.
 */
#include <string.h>

#include "tools/pfadm/commands.h"

static void
print_balance(struct pfadm *pf, const struct json_value *root)
{
	static const char *const fates[] = {"ingested", "duplicate", "conflict",
	    "refused", "held", "dropped", "under_way", "missing", NULL};
	struct rows rows = {NULL, 0, 0, NULL, 0};
	const struct json_value *v;
	bool balanced = false;
	int i;

	json_bool(json_get(root, "balanced"), &balanced);
	printf("%s: %ju bundles sealed\n",
	    balanced ? "balanced" : "not balanced",
	    (uintmax_t)json_get_u64(root, "sealed", 0));
	for (i = 0; fates[i] != NULL; i++)
		printf("%-10s %ju\n", fates[i],
		    (uintmax_t)json_get_u64(root, fates[i], 0));
	for (v = json_first(json_get(root, "items")); v != NULL;
	     v = json_next(v))
		if (json_get_u64(v, "missing", 0) > 0)
			rows_add(&rows, v);
	if (rows.count > 0)
		putchar('\n');
	table_print(&rows, gap_columns, &pf->look);
	rows_release(&rows);
}

int
cmd_ledger_check(struct pfadm *pf)
{
	bool balanced = false;
	struct reply r;
	struct err e;
	int code;

	if (client_get(pf->client, "ledger/check", &r, &e) == -1) {
		code = complain(pf, &e, &r);
	} else {
		json_bool(json_get(json_root(r.json), "balanced"), &balanced);
		if (pf->o.json)
			print_reply_json(&r);
		else
			print_balance(pf, json_root(r.json));
		code = balanced ? EXIT_DONE : EXIT_FINDINGS;
	}
	reply_release(&r);
	return code;
}

/* The epochs of all bots or of one; with --epoch the bundles of one. */
int
cmd_ledger_show(struct pfadm *pf)
{
	struct buf address = BUF_INIT;
	int code;

	buf_adds(&address,
	    client_path(
		pf->client, "ledger?bot=%s", pf->arg == NULL ? "" : pf->arg));
	if (pf->o.epoch != NULL)
		buf_adds(&address,
		    client_path(pf->client, "&epoch=%s", pf->o.epoch));
	code = show_listing(pf,
	    pf->o.epoch != NULL ? &list_bundles : &list_epochs, address.data);
	buf_release(&address);
	return code;
}
