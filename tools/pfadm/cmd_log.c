/*
 * The log of changes: its rows, and whether it is as it was written.
 */
#include <string.h>

#include "tools/pfadm/commands.h"

/* "3 rows, intact, head 5f3c..." or where it is broken. */
static void
print_check(struct pfadm *pf, const struct json_value *root)
{
	const struct json_value *item = json_get(root, "item");
	bool intact = false;

	if (item == NULL)
		item = root;
	json_bool(json_get(item, "intact"), &intact);
	printf("%s%s%s: %ju rows\n",
	    state_color(intact ? "good" : "bad", &pf->look),
	    intact ? "intact" : "broken", color_end(&pf->look),
	    (uintmax_t)json_get_u64(item, "rows", 0));
	printf("head   %s\n", json_get_string(item, "head", ""));
	if (!intact)
		printf("broken at row %ju: what follows proves nothing\n",
		    (uintmax_t)json_get_u64(item, "broken", 0));
}

int
cmd_log_check(struct pfadm *pf)
{
	const struct json_value *root;
	bool intact = false;
	struct reply r;
	struct err e;
	int code;

	if (client_get(pf->client, "log/check", &r, &e) == -1) {
		code = complain(pf, &e, &r);
	} else {
		root = json_root(r.json);
		if (json_get(root, "item") != NULL)
			root = json_get(root, "item");
		json_bool(json_get(root, "intact"), &intact);
		if (pf->o.json)
			print_reply_json(&r);
		else
			print_check(pf, json_root(r.json));
		code = intact ? EXIT_DONE : EXIT_FINDINGS;
	}
	reply_release(&r);
	return code;
}
