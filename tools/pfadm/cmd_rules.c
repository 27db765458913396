/*
 * What rules do to all that is stored: of those that hold (regroup) and of
 * those in a file (rules test).  Both say the difference; only a regroup that
 * somebody agreed to changes anything.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/pfadm/buckets.h"
#include "tools/pfadm/commands.h"
#include "tools/pfadm/page.h"

#define RULES_MOST  (256 * 1024)
#define MOVES_SHOWN 20

/* ---- the difference -------------------------------------------------- */

static void
add_names(struct buf *out, const struct json_value *list)
{
	const struct json_value *v;
	const char *blank = "";

	if (json_string(list) != NULL)
		buf_adds(out, json_string(list));
	for (v = json_type(list) == JSON_ARRAY ? json_first(list) : NULL;
	     v != NULL; v = json_next(v)) {
		buf_printf(out, "%s%s", blank,
		    json_string(v) == NULL ? "" : json_string(v));
		blank = ", ";
	}
}

/* "png-7, png-9 -> png-3" of each. */
static void
print_moves(struct pfadm *pf, const char *title, const struct json_value *list)
{
	const struct json_value *v;
	struct buf line = BUF_INIT;
	const char *crash;
	int count = 0;

	if (json_first(list) != NULL)
		page_section(pf, title);
	for (v = json_first(list); v != NULL; v = json_next(v)) {
		if (count++ == MOVES_SHOWN) {
			printf("  ... and %d more: --json has them\n",
			    json_count(list) - MOVES_SHOWN);
			break;
		}
		buf_reset(&line);
		crash = json_get_string(v, "crash", NULL);
		if (crash != NULL)
			buf_printf(&line, "%.12s: ", crash);
		add_names(&line, json_get(v, "from"));
		buf_adds(&line, " -> ");
		add_names(&line,
		    json_get(v, "into") != NULL ? json_get(v, "into")
						: json_get(v, "to"));
		page_item(line.data);
	}
	buf_release(&line);
}

static void
print_count(const struct json_value *item, const char *name, const char *key)
{
	const struct json_value *v = json_get(item, key);
	uint64_t n;

	if (json_u64(v, &n) == 0)
		printf("%-14s %ju\n", name, (uintmax_t)n);
	else if (json_type(v) == JSON_ARRAY)
		printf("%-14s %d\n", name, json_count(v));
	else
		page_field(name, json_string(v));
}

void
bucket_print_effect(struct pfadm *pf, const struct json_value *item, bool done)
{
	print_count(item, "rules", "rules");
	print_count(item, "crashes", "crashes");
	print_count(item, "stacks", "stacks");
	print_count(item, "signatures", "signatures");
	print_count(item, done ? "changed" : "would change", "changed");
	print_count(item, "new buckets", "new_buckets");
	print_moves(pf, "joined", json_get(item, "joins"));
	print_moves(pf, "split", json_get(item, "splits"));
	print_moves(pf, "moved", json_get(item, "moves"));
}

/* ---- regroup --------------------------------------------------------- */

/* Ask the master to say it, or to do it. */
static int
regroup(struct pfadm *pf, bool dry_run, struct reply *r)
{
	struct buf body = BUF_INIT;
	struct err e;
	int code = 0;

	json_open(&body, NULL, '{');
	json_put_bool(&body, "dry_run", dry_run);
	if (pf->o.project != NULL)
		json_put_string(&body, "project", pf->o.project);
	if (pf->o.reason != NULL)
		json_put_string(&body, "reason", pf->o.reason);
	json_close(&body, '}');
	if (client_send(pf->client, "POST", "buckets/regroup", body.data,
		body.len, r, &e) == -1)
		code = complain(pf, &e, r);
	buf_release(&body);
	return code;
}

static void
tell_effect(struct pfadm *pf, const struct reply *r, bool done)
{
	const struct json_value *item = json_get(json_root(r->json), "item");
	uint64_t decision = json_get_u64(item, "decision", 0);
	const struct json_value *move = json_first(json_get(item, "moves"));

	if (pf->o.json)
		print_reply_json(r);
	else
		bucket_print_effect(pf, item, done);
	fflush(stdout);
	if (done && decision != 0 && move != NULL && !pf->o.json)
		fprintf(stderr,
		    "hint: pfadm bucket undo %s --decision %ju takes it "
		    "back\n",
		    json_get_string(move, "from", "BUCKET"),
		    (uintmax_t)decision);
}

/* A person sees the difference before the question; a script has --yes. */
static int
may_regroup(struct pfadm *pf)
{
	static const struct change ask = {
	    .noun = "all", .verb = "group", .ask = true};
	char *names[] = {(char *)"crashes anew"};
	struct reply r;
	int code = 0;

	if (!pf->o.yes && isatty(STDIN_FILENO) && !pf->o.json) {
		code = regroup(pf, true, &r);
		if (code == 0)
			tell_effect(pf, &r, false);
		reply_release(&r);
	}
	return code != 0 ? code : change_confirm(pf, &ask, 1, names);
}

int
cmd_bucket_regroup(struct pfadm *pf)
{
	int code = pf->o.dry_run ? 0 : may_regroup(pf);
	struct reply r;

	if (code != 0)
		return code;
	code = regroup(pf, pf->o.dry_run, &r);
	if (code == 0)
		tell_effect(pf, &r, !pf->o.dry_run);
	reply_release(&r);
	return code;
}

/* ---- rules test ------------------------------------------------------ */

static int
read_stream(FILE *f, const char *path, struct buf *text, struct err *e)
{
	char part[4096];
	size_t n;

	while ((n = fread(part, 1, sizeof(part), f)) > 0) {
		buf_add(text, part, n);
		if (text->len > RULES_MOST)
			return err_set(e, ERR_REFUSED,
			    "'%.200s': over 256 KiB of rules", path);
	}
	return ferror(f) ? err_sys(e, "cannot read '%.200s'", path) : 0;
}

/* A file, a pipe, or with "-" standard input. */
static int
read_rules(const char *path, struct buf *text, struct err *e)
{
	FILE *f;
	int got;

	if (strcmp(path, "-") == 0)
		return read_stream(stdin, path, text, e);
	if ((f = fopen(path, "re")) == NULL)
		return err_sys(e, "cannot read '%.200s'", path);
	got = read_stream(f, path, text, e);
	fclose(f);
	return got;
}

/* How often each rule left a frame out. */
static void
print_frames(struct pfadm *pf, const struct json_value *list)
{
	static const struct column columns[] = {
	    {"FRAMES", "frames_ignored", CELL_NUMBER},
	    {"RULE", "rule", CELL_LINE}, {NULL, NULL, CELL_TEXT}};

	page_table(pf, "frames that are left out", list, columns);
}

static void
print_examples(struct pfadm *pf, const struct json_value *list)
{
	static const struct column columns[] = {{"BUCKET", "bucket", CELL_TEXT},
	    {"CRASH", "crash", CELL_ID}, {"IS", "before", CELL_LIST},
	    {"WOULD BE", "after", CELL_LIST}, {NULL, NULL, CELL_TEXT}};

	page_table(pf, "for example", list, columns);
}

/* The exit code. */
static int
tell_test(struct pfadm *pf, const struct reply *r)
{
	const struct json_value *item = json_get(json_root(r->json), "item");
	const struct json_value *complaints = json_get(item, "complaints"), *v;
	bool good = json_first(complaints) == NULL;

	json_bool(json_get(item, "good"), &good);
	if (pf->o.json) {
		print_reply_json(r);
		return good ? EXIT_DONE : EXIT_FINDINGS;
	}
	page_field("file", strcmp(pf->arg, "-") == 0 ? "" : pf->arg);
	for (v = json_first(complaints); v != NULL; v = json_next(v))
		page_field("wrong", json_string(v));
	if (!good)
		return EXIT_FINDINGS;
	screen_page(pf);
	bucket_print_effect(pf, item, false);
	print_frames(pf, json_get(item, "frames"));
	print_examples(pf, json_get(item, "examples"));
	return EXIT_DONE;
}

int
cmd_rules_test(struct pfadm *pf)
{
	struct buf text = BUF_INIT, body = BUF_INIT;
	struct reply r = {.status = 1};
	struct err e;
	int code;

	if (read_rules(pf->arg, &text, &e) == -1) {
		code = complain(pf, &e, NULL);
		buf_release(&text);
		return code;
	}
	json_open(&body, NULL, '{');
	json_put_string(&body, "text", buf_text(&text));
	json_close(&body, '}');
	if (client_send(pf->client, "POST", "rules/test", body.data, body.len,
		&r, &e) == -1)
		code = complain(pf, &e, &r);
	else
		code = tell_test(pf, &r);
	reply_release(&r);
	buf_release(&text);
	buf_release(&body);
	return code;
}
