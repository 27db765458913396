/*
 * Decisions on buckets.  Each is one transaction with its note in the log of
 * changes; the answer is the bucket as it is then, the decision's number and
 * what it did.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/admin/change.h"
#include "masterd/admin/job_body.h"
#include "masterd/db/buckets.h"
#include "masterd/db/judge.h"

#define WORDS_MOST 256
#define NOTE_MOST  8000

struct deciding {
	struct bucket_act act;
	struct bucket_did did;
	const char *what; /* in the log of changes */
	int (*run)(struct request *r, struct deciding *d, struct err *e);
	int64_t other;
	uint64_t until_ms, decision;
	const char *words[WORDS_MOST], *less[BUCKET_LABELS];
	int word_count;
	struct bucket_set set;
	const char *note;
};

/* ---- the answer ------------------------------------------------------ */

/* Members for the item that was just put out; "}}" ends it. */
static void
reopen_item(struct request *r)
{
	r->out.len -= 2;
	r->out.data[r->out.len] = '\0';
}

static void
close_item(struct request *r)
{
	json_close(&r->out, '}');
	json_close(&r->out, '}');
}

int
bucket_reply(struct request *r, int64_t id, struct err *e)
{
	struct bucket_name name;

	if (buckets_name(r->admin->db, id, &name, e) == -1 ||
	    reply_item(r, VIEW_BUCKET, id, e) == -1)
		return -1;
	if (strcmp(name.text, r->part[0]) == 0 ||
	    strchr(r->part[0], '-') == NULL)
		return 0;
	reopen_item(r);
	json_put_string(&r->out, "asked", r->part[0]);
	close_item(r);
	return 0;
}

static int
reply(struct request *r, const struct deciding *d, struct err *e)
{
	if (bucket_reply(r, d->did.bucket, e) == -1)
		return -1;
	reopen_item(r);
	json_put_u64(&r->out, "decision", (uint64_t)d->did.decision);
	json_put_string(&r->out, "did", d->did.text);
	close_item(r);
	return 0;
}

/* ---- the change ------------------------------------------------------ */

static int
noted(struct request *r, void *arg, struct err *e)
{
	struct deciding *d = arg;
	struct buf after = BUF_INIT;
	char subject[BUCKET_NAME_MAX + 8];
	struct bucket_name name;
	int got;

	if (buckets_name(r->admin->db, d->act.bucket, &name, e) == -1)
		return -1;
	if (d->run(r, d, e) == -1) /* of several, which? */
		return e != NULL && e->cls == ERR_CONFLICT
		    ? err_wrap(e, "bucket %s", r->part[0])
		    : -1;
	snprintf(subject, sizeof(subject), "bucket:%s", name.text);
	json_open(&after, NULL, '{');
	json_put_u64(&after, "decision", (uint64_t)d->did.decision);
	json_put_string(&after, "did", d->did.text);
	json_close(&after, '}');
	got =
	    change_note(r, d->what, subject, "", after.data, d->act.reason, e);
	buf_release(&after);
	return got;
}

/* The bucket of the path, and what all bodies may say. */
static int
begin(struct request *r, struct deciding *d, const struct json_value *o,
    struct err *e)
{
	struct view_key found;

	if (request_find(r, VIEW_BUCKET, r->part[0], NULL, &found, e) == -1 ||
	    change_reason(r, o, &d->act.reason, e) == -1)
		return -1;
	d->act.bucket = found.id;
	d->act.who = r->peer.name;
	d->act.trace = r->trace.id;
	d->act.now_ms = clock_wall_ms();
	return 0;
}

typedef int read_fn(struct request *r, struct deciding *d,
    const struct json_value *o, struct err *e);

static int
decide(struct request *r, const char *const *known, struct deciding *d,
    read_fn *read, struct err *e)
{
	struct json *body = job_body(r, known, e);
	int got;

	if (body == NULL)
		return -1;
	got = begin(r, d, json_root(body), e);
	if (got == 0 && read != NULL)
		got = read(r, d, json_root(body), e);
	if (got == 0)
		got = admin_change(r, noted, d, e);
	if (got == 0)
		got = reply(r, d, e);
	json_free(body);
	return got;
}

/* "status: ..." of a refusal names its field. */
static int
field_of(struct request *r, int got, const struct err *e)
{
	static const char *const fields[] = {
	    "signatures", "status", "closed_reason", "until_ms", "labels_add"};
	size_t i, n;

	for (i = 0; got == -1 && i < sizeof(fields) / sizeof(fields[0]); i++) {
		n = strlen(fields[i]);
		if (strncmp(e->text, fields[i], n) == 0 && e->text[n] == ':')
			r->field = fields[i];
	}
	return got;
}

/* ---- merge, split ---------------------------------------------------- */

static int
read_other(struct request *r, struct deciding *d, const struct json_value *o,
    struct err *e)
{
	const char *into, *other;
	struct view_key found;

	if (job_body_text(r, o, "into", &into, e) == -1 ||
	    job_body_text(r, o, "other", &other, e) == -1)
		return -1;
	if (*into == '\0')
		into = other;
	if (*into == '\0')
		return job_body_wrong(r, "into", "which bucket?", e);
	r->field = "into";
	if (request_find(r, VIEW_BUCKET, into, NULL, &found, e) == -1)
		return -1;
	d->other = found.id;
	return 0;
}

static int
run_merge(struct request *r, struct deciding *d, struct err *e)
{
	return buckets_merge(r->admin->db, &d->act, d->other, &d->did, e);
}

int
bucket_merge(struct request *r, struct err *e)
{
	static const char *const known[] = {"into", "other", "reason", NULL};
	struct deciding d = {.what = "bucket.joined", .run = run_merge};

	return decide(r, known, &d, read_other, e);
}

/* A list of texts under "key"; -1 when it is none. */
static int
read_words(struct request *r, const struct json_value *o, const char *key,
    const char **words, int most, struct err *e)
{
	const struct json_value *list = json_get(o, key), *v;
	int n = 0;

	if (list != NULL && json_type(list) != JSON_ARRAY)
		return job_body_wrong(r, key, "not a list of texts", e);
	for (v = json_first(list); v != NULL; v = json_next(v)) {
		if (n == most || json_string(v) == NULL ||
		    *json_string(v) == '\0' ||
		    strlen(json_string(v)) > VIEW_KEY_MAX ||
		    !request_is_line(json_string(v)))
			return job_body_wrong(
			    r, key, "too many, or one is no short text", e);
		words[n++] = json_string(v);
	}
	return n;
}

static int
read_split(struct request *r, struct deciding *d, const struct json_value *o,
    struct err *e)
{
	d->word_count = read_words(r, o, "signatures", d->words, WORDS_MOST, e);
	if (d->word_count == 0)
		return job_body_wrong(r, "signatures", "which ones?", e);
	return d->word_count == -1 ? -1 : 0;
}

static int
run_split(struct request *r, struct deciding *d, struct err *e)
{
	return field_of(r,
	    buckets_split(
		r->admin->db, &d->act, d->words, d->word_count, &d->did, e),
	    e);
}

int
bucket_split(struct request *r, struct err *e)
{
	static const char *const known[] = {"signatures", "reason", NULL};
	struct deciding d = {.what = "bucket.split", .run = run_split};

	return decide(r, known, &d, read_split, e);
}

/* ---- mute, unmute ---------------------------------------------------- */

static int
read_until(struct request *r, struct deciding *d, const struct json_value *o,
    struct err *e)
{
	const struct json_value *v = json_get(o, "until_ms");

	if (v == NULL || json_type(v) == JSON_NULL)
		return 0;
	if (json_u64(v, &d->until_ms) == -1 || d->until_ms > INT64_MAX)
		return job_body_wrong(r, "until_ms", "not a time", e);
	return 0;
}

static int
run_mute(struct request *r, struct deciding *d, struct err *e)
{
	return field_of(
	    r, buckets_mute(r->admin->db, &d->act, d->until_ms, &d->did, e), e);
}

int
bucket_mute(struct request *r, struct err *e)
{
	static const char *const known[] = {"until_ms", "reason", NULL};
	struct deciding d = {.what = "bucket.muted", .run = run_mute};

	return decide(r, known, &d, read_until, e);
}

static int
run_unmute(struct request *r, struct deciding *d, struct err *e)
{
	return buckets_unmute(r->admin->db, &d->act, &d->did, e);
}

int
bucket_unmute(struct request *r, struct err *e)
{
	static const char *const known[] = {"reason", NULL};
	struct deciding d = {.what = "bucket.unmuted", .run = run_unmute};

	return decide(r, known, &d, NULL, e);
}

/* ---- set, note ------------------------------------------------------- */

static int
read_text(struct request *r, const struct json_value *o, const char *key,
    const char **text, struct err *e)
{
	if (json_get(o, key) == NULL)
		return 0;
	if (job_body_text(r, o, key, text, e) == -1)
		return -1;
	return strlen(*text) <= 500
	    ? 0
	    : job_body_wrong(r, key, "longer than 500 bytes", e);
}

static int
read_labels(struct request *r, struct deciding *d, const struct json_value *o,
    struct err *e)
{
	int i;

	d->set.add = d->words;
	d->set.remove = d->less;
	if ((d->set.add_count = read_words(
		 r, o, "labels_add", d->words, BUCKET_LABELS, e)) == -1 ||
	    (d->set.remove_count = read_words(
		 r, o, "labels_remove", d->less, BUCKET_LABELS, e)) == -1)
		return -1;
	for (i = 0; i < d->set.add_count; i++)
		if (strlen(d->words[i]) > BUCKET_LABEL_MAX ||
		    strpbrk(d->words[i], " ,") != NULL)
			return job_body_wrong(r, "labels_add",
			    "a label is a word of at most 64 bytes", e);
	return 0;
}

static int
read_set(struct request *r, struct deciding *d, const struct json_value *o,
    struct err *e)
{
	if (read_text(r, o, "status", &d->set.status, e) == -1 ||
	    read_text(r, o, "closed_reason", &d->set.closed_reason, e) == -1 ||
	    read_text(r, o, "owner", &d->set.owner, e) == -1 ||
	    read_text(r, o, "issue", &d->set.issue, e) == -1 ||
	    read_labels(r, d, o, e) == -1)
		return -1;
	if (d->set.status == NULL && d->set.closed_reason == NULL &&
	    d->set.owner == NULL && d->set.issue == NULL &&
	    d->set.add_count + d->set.remove_count == 0)
		return job_body_wrong(r, "status", "what is to be set?", e);
	return 0;
}

static int
run_set(struct request *r, struct deciding *d, struct err *e)
{
	return field_of(
	    r, buckets_set(r->admin->db, &d->act, &d->set, &d->did, e), e);
}

int
bucket_change(struct request *r, struct err *e)
{
	static const char *const known[] = {"status", "closed_reason", "owner",
	    "issue", "labels_add", "labels_remove", "reason", NULL};
	struct deciding d = {.what = "bucket.changed", .run = run_set};

	return decide(r, known, &d, read_set, e);
}

static int
read_note(struct request *r, struct deciding *d, const struct json_value *o,
    struct err *e)
{
	const char *text = json_string(json_get(o, "text"));
	struct buf clean = BUF_INIT;
	bool same;

	if (text == NULL || *text == '\0')
		return job_body_wrong(r, "text", "what is to be noted?", e);
	if (strlen(text) > NOTE_MOST)
		return job_body_wrong(r, "text", "longer than 8000 bytes", e);
	text_clean(&clean, text, strlen(text), NOTE_MOST);
	same = strcmp(buf_text(&clean), text) == 0;
	buf_release(&clean);
	if (!same)
		return job_body_wrong(r, "text", "has control characters", e);
	d->note = text;
	return 0;
}

static int
run_note(struct request *r, struct deciding *d, struct err *e)
{
	return buckets_note(r->admin->db, &d->act, d->note, &d->did, e);
}

int
bucket_note(struct request *r, struct err *e)
{
	static const char *const known[] = {"text", "reason", NULL};
	struct deciding d = {.what = "bucket.changed", .run = run_note};

	return decide(r, known, &d, read_note, e);
}

/* ---- undo ------------------------------------------------------------ */

static int
read_decision(struct request *r, struct deciding *d, const struct json_value *o,
    struct err *e)
{
	const struct json_value *v = json_get(o, "decision");

	if (v == NULL)
		return 0;
	if (json_u64(v, &d->decision) == -1 || d->decision == 0 ||
	    d->decision > INT64_MAX)
		return job_body_wrong(r, "decision", "not a number", e);
	return 0;
}

static int
run_undo(struct request *r, struct deciding *d, struct err *e)
{
	return buckets_undo(
	    r->admin->db, &d->act, (int64_t)d->decision, &d->did, e);
}

int
bucket_undo(struct request *r, struct err *e)
{
	static const char *const known[] = {"decision", "reason", NULL};
	struct deciding d = {.what = "bucket.undone", .run = run_undo};

	return decide(r, known, &d, read_decision, e);
}

/* ---- why ------------------------------------------------------------- */

/* A bucket or a crash, in words: its name in full and a signature. */
static int
signature_of(struct request *r, const char *word, struct view_key *found,
    int64_t *sig, struct err *e)
{
	struct err crash;

	if (request_find(r, VIEW_BUCKET, word, NULL, found, e) == 0)
		return buckets_first_signature(r->admin->db, found->id, sig, e);
	if (request_find(r, VIEW_CRASH, word, NULL, found, &crash) == -1)
		return -1;
	return buckets_crash_signature(r->admin->db, found->id, sig, e);
}

int
bucket_why(struct request *r, struct err *e)
{
	const char *other = request_query(r, "other");
	struct view_key a, b;
	int64_t x, y;
	int got;

	if (signature_of(r, r->part[0], &a, &x, e) == -1)
		return -1;
	y = x;
	if (*other != '\0') {
		r->field = "other";
		if (signature_of(r, other, &b, &y, e) == -1)
			return -1;
		r->field = NULL;
	}
	json_open(&r->out, NULL, '{');
	json_put_u64(&r->out, "api", 1);
	json_open(&r->out, "item", '{');
	json_put_string(&r->out, "a", a.text);
	if (*other != '\0')
		json_put_string(&r->out, "b", b.text);
	else
		json_put_null(&r->out, "b");
	got = buckets_why(
	    r->admin->db, x, y, judge_rules(r->admin->db), &r->out, e);
	json_close(&r->out, '}');
	json_close(&r->out, '}');
	if (got == -1)
		buf_reset(&r->out);
	return got;
}
