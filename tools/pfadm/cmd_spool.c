/*
 * The spool: what waits, what was refused, and taking it in again.
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
	table_print(&waiting, incoming_columns, pf->tty, pf->o.no_header);
	if (waiting.count > 0 && kept.count > 0)
		putchar('\n');
	table_print(&kept, kept_columns, pf->tty, pf->o.no_header);
	if (kept.count == 0)
		fprintf(stderr, "nothing was refused or held\n");
	rows_release(&waiting);
	rows_release(&kept);
}

int
cmd_spool_list(struct pfadm *pf)
{
	return show_reply(pf, "spool", print_spool);
}

int
cmd_spool_retry(struct pfadm *pf)
{
	struct buf body = BUF_INIT;
	struct reply r;
	struct err e;
	int code = 0;

	json_open(&body, NULL, '{');
	json_put_string(&body, "entry", pf->arg);
	json_close(&body, '}');
	if (client_send(pf->client, "POST", "spool/retry", body.data, body.len,
		&r, &e) == -1)
		code = complain(pf, &e, &r);
	else if (pf->o.json)
		printf("%s\n", buf_text(&r.body));
	else
		printf("spool entry %s: taken in again\n", pf->arg);
	buf_release(&body);
	reply_release(&r);
	return code;
}
