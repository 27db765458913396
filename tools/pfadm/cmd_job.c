/*
 * Jobs are made and changed: one request each, its answer a line a job.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/pfadm/commands.h"
#include "tools/pfadm/jobs.h"

/* ---- what is asked --------------------------------------------------- */

/* The options that are values of a job; --set and more of them in "words". */
static int
put_values(struct buf *body, const struct pfadm *pf, int count, char **words)
{
	const struct options *o = &pf->o;
	const char *word;
	int i;

	if ((o->given & O_SLOTS) != 0)
		json_put_u64(body, "slots", o->slots);
	if ((o->given & O_FOR) != 0)
		json_put_u64(body, "for_ms", o->for_ms);
	if ((o->given & O_WEIGHT) != 0)
		json_put_u64(body, "weight", o->weight);
	if (o->branch != NULL)
		json_put_string(body, "branch", o->branch);
	if (o->set.count + count == 0)
		return 0;
	json_open(body, "set", '[');
	for (i = 0; i < o->set.count + count; i++) {
		word =
		    i < o->set.count ? o->set.list[i] : words[i - o->set.count];
		if (strchr(word, '=') == NULL)
			return complain_usage(
			    "'%s' is no KEY=VALUE, as weight=10 is", word);
		json_put_string(body, NULL, word);
	}
	json_close(body, ']');
	return 0;
}

static void
put_text(struct buf *body, const char *key, const char *text)
{
	if (text != NULL)
		json_put_string(body, key, text);
}

static int
make_body(
    struct buf *body, struct pfadm *pf, const char *target, const char *build)
{
	const struct options *o = &pf->o;
	int code;

	json_open(body, NULL, '{');
	json_put_string(body, o->all_targets ? "project" : "target", target);
	if (o->all_targets)
		json_put_bool(body, "all_targets", true);
	put_text(body, "build", build);
	put_text(body, "engine", o->engine);
	put_text(body, "sanitizer", o->sanitizer);
	put_text(body, "template", o->template);
	code = put_values(body, pf, 0, NULL);
	json_close(body, '}');
	return code;
}

int
job_create(struct pfadm *pf, const char *target, const char *build,
    struct reply *r, struct err *e)
{
	struct buf body = BUF_INIT;
	int got;

	memset(r, 0, sizeof(*r));
	got = make_body(&body, pf, target, build);
	if (got == 0)
		got = client_send(
		    pf->client, "POST", "jobs", body.data, body.len, r, e);
	buf_release(&body);
	return got;
}

/* ---- what is said ---------------------------------------------------- */

void
tell_job(struct pfadm *pf, const struct json_value *job)
{
	const char *reason = json_get_string(job, "reason", "");

	if (pf->o.parsable)
		printf("%s\n", json_get_string(job, "id", ""));
	else
		printf("job %s: %s on %s%s%s\n", json_get_string(job, "id", ""),
		    json_get_string(job, "status", ""),
		    json_get_string(job, "target", ""),
		    *reason == '\0' ? "" : ": ", reason);
}

static void
print_jobs(struct pfadm *pf, const struct reply *r)
{
	const struct json_value *root = json_root(r->json);
	const struct json_value *list = json_get(root, "items"), *v;

	if (pf->o.json)
		print_reply_json(r);
	else if (list == NULL)
		tell_job(pf, json_get(root, "item"));
	for (v = pf->o.json ? NULL : json_first(list); v != NULL;
	     v = json_next(v))
		tell_job(pf, v);
}

int
cmd_job_create(struct pfadm *pf)
{
	struct reply r;
	struct err e;
	int code = job_create(pf, pf->arg, pf->o.build, &r, &e);

	if (code == -1)
		code = complain(pf, &e, &r);
	else if (code == 0)
		print_jobs(pf, &r);
	reply_release(&r);
	return code;
}

/* ---- jobs that are there --------------------------------------------- */

/* Ends "body" and sends it to jobs/ID/verb. */
static int
send_verb(
    struct pfadm *pf, const char *method, const char *verb, struct buf *body)
{
	struct buf path = BUF_INIT;
	struct reply r;
	struct err e;
	int code = 0;

	json_close(body, '}');
	buf_printf(
	    &path, "%s/%s", client_path(pf->client, "jobs/%s", pf->arg), verb);
	if (client_send(pf->client, method, path.data, body->data, body->len,
		&r, &e) == -1)
		code = complain(pf, &e, &r);
	else
		print_jobs(pf, &r);
	reply_release(&r);
	buf_release(&path);
	return code;
}

/* Begins a body with what every verb may say. */
static void
begin(struct pfadm *pf, struct buf *body)
{
	json_open(body, NULL, '{');
	put_text(body, "reason", pf->o.reason);
	put_text(body, "expect", pf->o.expect);
}

/* "4", "0.5" */
static bool
is_decimal(const char *text)
{
	size_t whole = strspn(text, "0123456789"), part = 0;

	if (text[whole] == '.')
		part = 1 + strspn(text + whole + 1, "0123456789");
	return whole > 0 && whole < 10 && part != 1 && part < 10 &&
	    text[whole + part] == '\0' && (text[0] != '0' || whole == 1);
}

int
cmd_job_boost(struct pfadm *pf)
{
	struct buf body = BUF_INIT;
	int code;

	if (pf->o.by != NULL && !is_decimal(pf->o.by))
		return complain_usage(
		    "--by wants a number like 4 or 0.5, not '%s'", pf->o.by);
	begin(pf, &body);
	if (pf->o.by != NULL)
		json_put_raw(&body, "by", pf->o.by, strlen(pf->o.by));
	if ((pf->o.given & O_FOR) != 0)
		json_put_u64(&body, "for_ms", pf->o.for_ms);
	code = send_verb(pf, "PUT", "boost", &body);
	buf_release(&body);
	return code;
}

int
cmd_job_clone(struct pfadm *pf)
{
	struct buf body = BUF_INIT;
	int code;

	json_open(&body, NULL, '{');
	code = put_values(&body, pf, 0, NULL);
	if (code == 0)
		code = send_verb(pf, "POST", "clone", &body);
	buf_release(&body);
	return code;
}

int
cmd_job_set(struct pfadm *pf)
{
	struct buf body = BUF_INIT;
	int i, code;

	if (pf->arg_count == 1 && pf->o.unset.count == 0)
		return complain_usage("job set: which KEY=VALUE?");
	begin(pf, &body);
	code = put_values(&body, pf, pf->arg_count - 1, pf->args + 1);
	if (pf->o.unset.count > 0) {
		json_open(&body, "unset", '[');
		for (i = 0; i < pf->o.unset.count; i++)
			json_put_string(&body, NULL, pf->o.unset.list[i]);
		json_close(&body, ']');
	}
	if (code == 0)
		code = send_verb(pf, "PUT", "settings", &body);
	buf_release(&body);
	return code;
}

/* ---- show ------------------------------------------------------------ */

static void
print_explained(struct pfadm *pf, const struct json_value *root)
{
	print_sheet(pf, &sheet_job_values, json_get(root, "item"));
}

int
cmd_job_show(struct pfadm *pf)
{
	struct buf path = BUF_INIT;
	int code;

	if (!pf->o.explain)
		return show_sheet(pf);
	buf_printf(
	    &path, "%s?explain=1", client_path(pf->client, "jobs/%s", pf->arg));
	code = show_reply(pf, path.data, print_explained);
	buf_release(&path);
	return code;
}
