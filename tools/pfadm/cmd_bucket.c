/*
 * Decisions on buckets.  Each is a request; the master keeps who, when and why,
 * and can take it back, so nobody is asked first.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/nearest.h"
#include "lib/base/text.h"
#include "tools/pfadm/buckets.h"
#include "tools/pfadm/commands.h"
#include "tools/pfadm/plain.h"

#define BUCKET(word)                                            \
	.look = "buckets/%s", .noun = "bucket", .verb = (word), \
	.tell = bucket_tell

static void
put_text(const char *text)
{
	struct buf out = BUF_INIT;

	plain_add_line(&out, text, strlen(text), 0);
	fputs(buf_text(&out), stdout);
	buf_release(&out);
}

void
bucket_tell(struct pfadm *pf, const struct json_value *item)
{
	const char *id = json_get_string(item, "id", "");
	const char *did = json_get_string(item, "did", NULL);
	uint64_t decision = json_get_u64(item, "decision", 0);

	put_text(id);
	fputs(": ", stdout);
	if (did != NULL)
		put_text(did);
	else
		printf("it is %s", json_get_string(item, "status", "done"));
	putchar('\n');
	if (decision == 0 || pf->command == NULL ||
	    strcmp(pf->command->words, "bucket undo") == 0)
		return;
	fflush(stdout);
	fprintf(stderr,
	    "hint: pfadm bucket undo %s --decision %ju takes it "
	    "back\n",
	    id, (uintmax_t)decision);
}

/* ---- until when ------------------------------------------------------ */

bool
bucket_until(const char *text, uint64_t now_ms, uint64_t *until_ms)
{
	static const char *const forms[] = {
	    "%Y-%m-%d", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ"};
	const char *end;
	struct err ignored;
	struct tm tm;
	uint64_t ms;
	size_t i;

	if (text_to_duration(&ms, text, &ignored) == 0) {
		*until_ms = now_ms + ms;
		return ms > 0;
	}
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		memset(&tm, 0, sizeof(tm));
		end = strptime(text, forms[i], &tm);
		if (end == NULL || *end != '\0' || tm.tm_year < 70)
			continue;
		*until_ms = (uint64_t)timegm(&tm) * 1000;
		return *until_ms > now_ms;
	}
	return false;
}

static void
add_until(struct pfadm *pf, struct buf *body, void *arg)
{
	uint64_t until;

	(void)arg;
	if (pf->o.until != NULL &&
	    bucket_until(pf->o.until, clock_wall_ms(), &until))
		json_put_u64(body, "until_ms", until);
}

int
cmd_bucket_mute(struct pfadm *pf)
{
	static const struct change mute = {BUCKET("mute"), .method = "PUT",
	    .path = "buckets/%s/mute", .done = "muted", .ranges = true,
	    .add = add_until};
	uint64_t until;

	if (pf->o.until != NULL &&
	    !bucket_until(pf->o.until, clock_wall_ms(), &until))
		return complain_usage("--until wants a time to come, like 30d "
				      "or 2026-12-24, not '%.40s'",
		    pf->o.until);
	return change_names(pf, &mute, pf->arg_count, pf->args);
}

/* ---- together and apart ---------------------------------------------- */

static void
add_into(struct pfadm *pf, struct buf *body, void *arg)
{
	(void)arg;
	json_put_string(body, "into", pf->arg);
}

int
cmd_bucket_merge(struct pfadm *pf)
{
	static const struct change merge = {BUCKET("merge"), .method = "PUT",
	    .path = "buckets/%s/merge", .done = "merged", .ranges = true,
	    .add = add_into};

	if (pf->arg_count < 2)
		return complain_usage(
		    "bucket merge: which others with %.40s?", pf->arg);
	return change_names(pf, &merge, pf->arg_count - 1, pf->args + 1);
}

static void
add_signatures(struct pfadm *pf, struct buf *body, void *arg)
{
	int i;

	(void)arg;
	json_open(body, "signatures", '[');
	for (i = 1; i < pf->arg_count; i++)
		json_put_string(body, NULL, pf->args[i]);
	json_close(body, ']');
}

int
cmd_bucket_split(struct pfadm *pf)
{
	static const struct change split = {BUCKET("split"), .method = "PUT",
	    .path = "buckets/%s/split", .done = "split"};

	if (pf->arg_count < 2) {
		int code = complain_usage("bucket split: what is to be taken "
					  "out of %.40s?",
		    pf->arg);

		fprintf(stderr,
		    "hint: pfadm bucket show %s lists its "
		    "signatures and crashes\n",
		    pf->arg);
		return code;
	}
	return change_one(pf, &split, pf->arg, add_signatures, NULL);
}

/* ---- what it is ------------------------------------------------------ */

static int
one_of(const char *option, const char *word, const char *const *words,
    size_t count)
{
	const char *near;
	size_t i;
	int code;

	for (i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return 0;
	near = nearest_word(word, words, count);
	code = complain_usage("--%s: there is no '%.40s'", option, word);
	if (near != NULL)
		fprintf(stderr, "hint: did you mean %s?\n", near);
	fprintf(stderr, "hint: it is one of");
	for (i = 0; i < count; i++)
		fprintf(stderr, "%s %s", i == 0 ? "" : ",", words[i]);
	fputc('\n', stderr);
	return code;
}

static const char *const statuses[] = {"open", "fixed", "closed"};
static const char *const reasons[] = {
    "fixed", "wontfix", "invalid", "duplicate", "obsolete"};

static int
check_set(const struct options *o)
{
	int i, code = 0;

	if (o->status != NULL && strcmp(o->status, "muted") == 0) {
		complain_usage("--status: muted is made by a verb of its own");
		fprintf(stderr, "hint: pfadm bucket mute BUCKET\n");
		return EXIT_USAGE;
	}
	if (o->status != NULL)
		code = one_of("status", o->status, statuses,
		    sizeof(statuses) / sizeof(statuses[0]));
	if (code == 0 && o->as != NULL)
		code = one_of(
		    "as", o->as, reasons, sizeof(reasons) / sizeof(reasons[0]));
	for (i = 0; i < o->labels.count && code == 0; i++)
		if (strspn(o->labels.list[i], "+-") > 1 ||
		    o->labels.list[i][strspn(o->labels.list[i], "+-")] == '\0')
			code = complain_usage(
			    "--label wants +WORD or -WORD, not '%.40s'",
			    o->labels.list[i]);
	if (code != 0)
		return code;
	if (o->as != NULL && o->status != NULL &&
	    strcmp(o->status, "closed") != 0)
		return complain_usage("--as says why it is closed, and "
				      "--status %s is not",
		    o->status);
	if (o->as == NULL && o->status != NULL &&
	    strcmp(o->status, "closed") == 0)
		return complain_usage("--status closed: as what? --as fixed, "
				      "wontfix, invalid, duplicate, obsolete");
	if ((o->given & (O_STATUS | O_TRACK)) == 0)
		return complain_usage("bucket set: what is to be set? "
				      "--status, --owner, --issue, --label");
	return 0;
}

/* "+x" and "x" are put on, "-x" is taken off. */
static void
add_labels(struct buf *body, const struct option_words *labels, bool off)
{
	const char *word;
	bool any = false;
	int i;

	for (i = 0; i < labels->count; i++) {
		word = labels->list[i];
		if ((*word == '-') != off)
			continue;
		if (!any)
			json_open(
			    body, off ? "labels_remove" : "labels_add", '[');
		any = true;
		json_put_string(body, NULL, word + strspn(word, "+-"));
	}
	if (any)
		json_close(body, ']');
}

static void
add_values(struct pfadm *pf, struct buf *body, void *arg)
{
	const struct options *o = &pf->o;

	(void)arg;
	if (o->status != NULL || o->as != NULL)
		json_put_string(
		    body, "status", o->status != NULL ? o->status : "closed");
	if (o->as != NULL)
		json_put_string(body, "closed_reason", o->as);
	if (o->owner != NULL)
		json_put_string(body, "owner", o->owner);
	if (o->issue != NULL)
		json_put_string(body, "issue", o->issue);
	add_labels(body, &o->labels, false);
	add_labels(body, &o->labels, true);
}

int
cmd_bucket_set(struct pfadm *pf)
{
	static const struct change set = {BUCKET("change"), .method = "PUT",
	    .path = "buckets/%s", .done = "changed", .ranges = true,
	    .add = add_values};
	int code = check_set(&pf->o);

	return code != 0 ? code
			 : change_names(pf, &set, pf->arg_count, pf->args);
}

/* ---- notes and undo -------------------------------------------------- */

#define NOTE_MOST 8000 /* the master's limit */

/* The words, or with "-" standard input. */
static int
read_note(struct pfadm *pf, struct buf *text)
{
	char part[4096];
	size_t n;
	int i;

	if (pf->arg_count == 2 && strcmp(pf->args[1], "-") == 0) {
		while ((n = fread(part, 1, sizeof(part), stdin)) > 0 &&
		    text->len <= NOTE_MOST)
			buf_add(text, part, n);
		while (text->len > 0 && text->data[text->len - 1] == '\n')
			text->data[--text->len] = '\0';
	} else {
		for (i = 1; i < pf->arg_count; i++)
			buf_printf(text, "%s%s", i > 1 ? " " : "", pf->args[i]);
	}
	if (text->len == 0)
		return complain_usage("bucket note: and what is the note?");
	if (text->len > NOTE_MOST)
		return complain_usage(
		    "bucket note: at most %d bytes", NOTE_MOST);
	return 0;
}

static void
add_note(struct pfadm *pf, struct buf *body, void *arg)
{
	const struct buf *text = arg;

	(void)pf;
	json_put_string(body, "text", buf_text(text));
}

int
cmd_bucket_note(struct pfadm *pf)
{
	static const struct change note = {BUCKET("write on"), .method = "PUT",
	    .path = "buckets/%s/note", .done = "noted"};
	struct buf text = BUF_INIT;
	int code = read_note(pf, &text);

	if (code == 0)
		code = change_one(pf, &note, pf->arg, add_note, &text);
	buf_release(&text);
	return code;
}

static void
add_decision(struct pfadm *pf, struct buf *body, void *arg)
{
	(void)arg;
	if ((pf->o.given & O_DECISION) != 0)
		json_put_u64(body, "decision", pf->o.decision);
}

int
cmd_bucket_undo(struct pfadm *pf)
{
	static const struct change undo = {BUCKET("take back what was decided "
						  "on"),
	    .method = "PUT", .path = "buckets/%s/undo", .done = "taken back"};

	return change_one(pf, &undo, pf->arg, add_decision, NULL);
}
