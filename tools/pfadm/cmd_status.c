/*
 * The one screen that tells whether all is well, and the ledger's balance.
 */
#include <string.h>

#include "lib/base/text.h"
#include "tools/pfadm/commands.h"

static void
cell(struct buf *out, const struct json_value *item, const char *key,
    enum cell kind, bool tty)
{
	struct column c = {"", key, kind};

	buf_reset(out);
	table_cell(out, item, &c, tty);
}

/* "2 up, 1 lost" from {"lost":1,"up":2}; "none" when empty. */
static void
print_words(const char *title, const struct json_value *counts)
{
	uint64_t n;
	int i;

	printf("%-10s", title);
	for (i = 0; i < json_count(counts); i++) {
		n = 0;
		json_u64(json_item(counts, i), &n);
		printf("%s%ju %s", i > 0 ? ", " : "", (uintmax_t)n,
		    json_key(counts, i));
	}
	printf("%s\n", i == 0 ? "none" : "");
}

/* At the pace of the last days; nothing when it does not grow. */
static void
print_days(const struct json_value *item)
{
	uint64_t days;

	if (json_u64(json_get(item, "days_to_full"), &days) == 0)
		printf(", full in %ju day%s", (uintmax_t)days,
		    days == 1 ? "" : "s");
}

static void
print_master(struct pfadm *pf, const struct json_value *s)
{
	struct buf out = BUF_INIT;

	printf("PandaFuzz %s", json_get_string(s, "version", "?"));
	cell(&out, s, "started", CELL_TIME, pf->tty);
	printf(", started %s\n", buf_text(&out));
	printf("%-10s%s free of %s", "disk",
	    text_size(json_get_u64(s, "disk_free", 0)).text,
	    text_size(json_get_u64(s, "disk_total", 0)).text);
	print_days(s);
	putchar('\n');
	buf_release(&out);
}

/* What each project takes, the largest first. */
static void
print_projects(const struct json_value *s)
{
	const struct json_value *p = json_first(json_get(s, "projects"));

	for (; p != NULL; p = json_next(p)) {
		printf("  %-20s corpus %s, crashes %s, builds %s",
		    json_get_string(p, "project", ""),
		    text_size(json_get_u64(p, "corpus_bytes", 0)).text,
		    text_size(json_get_u64(p, "crash_bytes", 0)).text,
		    text_size(json_get_u64(p, "build_bytes", 0)).text);
		print_days(p);
		putchar('\n');
	}
}

static void
print_work(struct pfadm *pf, const struct json_value *s)
{
	struct buf speed = BUF_INIT, execs = BUF_INIT, units = BUF_INIT;

	print_words("bots", json_get(s, "bots"));
	print_words("jobs", json_get(s, "jobs"));
	cell(&speed, s, "execs_per_second", CELL_NUMBER, pf->tty);
	cell(&execs, s, "execs", CELL_NUMBER, pf->tty);
	cell(&units, s, "units", CELL_NUMBER, pf->tty);
	printf("%-10s%s executions/s, %s in all\n", "speed", buf_text(&speed),
	    buf_text(&execs));
	printf("%-10s%s units (%s) of %ju targets\n", "corpus",
	    buf_text(&units), text_size(json_get_u64(s, "unit_bytes", 0)).text,
	    (uintmax_t)json_get_u64(s, "targets", 0));
	printf("%-10s%ju in %ju buckets\n", "crashes",
	    (uintmax_t)json_get_u64(s, "crashes", 0),
	    (uintmax_t)json_get_u64(s, "buckets", 0));
	buf_release(&speed);
	buf_release(&execs);
	buf_release(&units);
}

static void
print_spool(const struct json_value *s)
{
	const struct json_value *spool = json_get(s, "spool");

	printf("%-10s%ju waiting, %ju refused, %ju held\n", "spool",
	    (uintmax_t)json_get_u64(spool, "incoming", 0),
	    (uintmax_t)json_get_u64(s, "refused", 0),
	    (uintmax_t)json_get_u64(s, "held", 0));
}

/* Unknown is not balanced: it says why. */
static void
print_ledger(struct pfadm *pf)
{
	const struct json_value *root;
	bool balanced = false;
	struct reply r;
	struct err e;

	if (client_get(pf->client, "ledger/check", &r, &e) == -1) {
		printf("%-10snot checked: %s\n", "ledger", e.text);
		reply_release(&r);
		return;
	}
	root = json_root(r.json);
	json_bool(json_get(root, "balanced"), &balanced);
	if (balanced)
		printf("%-10sbalanced, %ju bundles sealed\n", "ledger",
		    (uintmax_t)json_get_u64(root, "sealed", 0));
	else
		printf("%-10s%ju bundles missing, see: pfadm ledger check\n",
		    "ledger", (uintmax_t)json_get_u64(root, "missing", 0));
	reply_release(&r);
}

static void
print_status(struct pfadm *pf, const struct json_value *root)
{
	const struct json_value *s = json_get(root, "item");
	const struct json_value *alarm = json_first(json_get(s, "alarms"));

	print_master(pf, s);
	print_projects(s);
	print_work(pf, s);
	print_spool(s);
	print_ledger(pf);
	if (alarm != NULL)
		printf("alarms\n");
	for (; alarm != NULL; alarm = json_next(alarm))
		printf("  - %s\n", json_string(alarm));
}

int
cmd_status(struct pfadm *pf)
{
	return show_reply(pf, "status", print_status);
}

/* ---- ledger ---------------------------------------------------------- */

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
	table_print(&rows, gap_columns, pf->tty, pf->o.no_header);
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
			printf("%s\n", buf_text(&r.body));
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
