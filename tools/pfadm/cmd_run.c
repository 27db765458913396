/*
 * pfadm run DIR: send the folder, make a job for each target, watch them until
 * they are over.  The jobs are the master's: Ctrl-C ends the watching only.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/wire/ids.h"
#include "tools/pfadm/commands.h"
#include "tools/pfadm/interrupt.h"
#include "tools/pfadm/jobs.h"
#include "tools/pfadm/plain.h"

#define POLL_MS        500
#define PLAIN_EVERY_MS 10000

struct watched {
	char id[20];
	char target[NAME_MAX_LEN + TARGET_MAX_LEN + 2];
	char status[16];
	struct reply now; /* the last answer */
};

struct run {
	struct pfadm *pf;
	struct watched *jobs;
	int count;
	uint64_t said_ms; /* up-time of the last plain line */
	int drawn;        /* lines on the terminal */
	bool draw;
};

/* ---- making them ----------------------------------------------------- */

static int
make_job(
    struct run *run, const char *project, const char *name, const char *build)
{
	struct watched *w = &run->jobs[run->count];
	struct reply r;
	struct err e;
	int code;

	snprintf(w->target, sizeof(w->target), "%s/%s", project, name);
	code = job_create(run->pf, w->target, build, &r, &e);
	if (code == -1) {
		code = complain(run->pf, &e, &r);
	} else if (code == 0) {
		text_copy(w->id, sizeof(w->id),
		    json_get_string(
			json_get(json_root(r.json), "item"), "id", ""));
		text_copy(w->status, sizeof(w->status), "pending");
		run->count++;
	}
	reply_release(&r);
	return code;
}

static int
make_jobs(struct run *run, const struct json_value *build)
{
	const struct json_value *targets = json_get(build, "targets");
	const struct json_value *v;
	int code = 0;

	run->jobs =
	    mem_array((size_t)json_count(targets) + 1, sizeof(*run->jobs));
	for (v = json_first(targets); v != NULL && code == 0; v = json_next(v))
		code = make_job(run, json_get_string(build, "project", ""),
		    json_string(v), json_get_string(build, "id", ""));
	return code;
}

/* ---- watching -------------------------------------------------------- */

static int
ask(struct run *run, struct watched *w)
{
	struct pfadm *pf = run->pf;
	struct reply r;
	struct err e;
	int code = 0;

	if (client_get(pf->client, client_path(pf->client, "jobs/%s", w->id),
		&r, &e) == -1) {
		code = complain(pf, &e, &r);
		reply_release(&r);
		return code;
	}
	reply_release(&w->now);
	w->now = r;
	text_copy(w->status, sizeof(w->status),
	    json_get_string(
		json_get(json_root(r.json), "item"), "status", "?"));
	return 0;
}

static void
add_reason(struct buf *out, const char *reason)
{
	buf_adds(out, ": ");
	plain_add_line(out, reason, strlen(reason), 0);
}

static void
describe(struct buf *out, const struct watched *w)
{
	static const struct column parts[] = {{"", "used_ms", CELL_SPAN},
	    {"execs", "execs", CELL_NUMBER},
	    {"execs/s", "execs_per_second", CELL_NUMBER},
	    {"edges", "edges", CELL_NUMBER}, {"units", "units", CELL_NUMBER},
	    {"crashes", "crashes", CELL_NUMBER},
	    {"buckets", "buckets", CELL_NUMBER}, {NULL, NULL, CELL_TEXT}};
	const struct json_value *job = json_get(json_root(w->now.json), "item");
	int i;

	buf_printf(out, "%s %s", w->target, w->status);
	for (i = 0; parts[i].title != NULL; i++) {
		buf_addc(out, ' ');
		table_cell(out, job, &parts[i], true);
		buf_printf(out, "%s%s", *parts[i].title == '\0' ? "" : " ",
		    parts[i].title);
	}
	if (strcmp(w->status, "failed") == 0)
		add_reason(out, json_get_string(job, "reason", ""));
}

/* Redrawn in place on a terminal, a line every 10 s elsewhere. */
static void
show(struct run *run, bool last)
{
	struct buf line = BUF_INIT;
	uint64_t now = clock_up_ms();
	int i;

	if (!run->draw && !last && run->said_ms != 0 &&
	    now - run->said_ms < PLAIN_EVERY_MS)
		return;
	run->said_ms = now;
	if (run->drawn > 0)
		fprintf(stderr, "\033[%dA", run->drawn);
	for (i = 0; i < run->count; i++) {
		buf_reset(&line);
		describe(&line, &run->jobs[i]);
		fprintf(stderr, "%s%s\n", run->draw ? "\033[K" : "",
		    buf_text(&line));
	}
	run->drawn = run->draw ? run->count : 0;
	buf_release(&line);
}

static void
say_they_run(const struct run *run)
{
	int i;

	fprintf(stderr, "pfadm: stopped watching, the jobs keep running\n");
	for (i = 0; i < run->count; i++)
		if (!job_is_over(run->jobs[i].status))
			fprintf(stderr, "hint: pfadm job cancel %s\n",
			    run->jobs[i].id);
}

static int
watch(struct run *run)
{
	int i, code, open;

	for (;;) {
		open = 0;
		for (i = 0; i < run->count; i++) {
			if (run->jobs[i].now.json != NULL &&
			    job_is_over(run->jobs[i].status))
				continue;
			if ((code = ask(run, &run->jobs[i])) ==
			    EXIT_INTERRUPTED)
				break;
			if (code != 0)
				return code;
			open += !job_is_over(run->jobs[i].status);
		}
		if (!interrupted()) {
			show(run, open == 0);
			if (open == 0)
				return 0;
			interrupt_rest(POLL_MS);
		}
		if (interrupted()) {
			say_they_run(run);
			return EXIT_INTERRUPTED;
		}
	}
}

/* ---- the end --------------------------------------------------------- */

static int
tell_results(struct run *run, const char *project)
{
	struct pfadm *pf = run->pf;
	struct buf address = BUF_INIT;
	int i, code = 0, failed = 0;

	for (i = 0; i < run->count; i++)
		failed += strcmp(run->jobs[i].status, "failed") == 0;
	buf_adds(
	    &address, client_path(pf->client, "buckets?project=%s", project));
	code = show_listing(pf, &list_buckets, address.data);
	if (!pf->o.json)
		fprintf(
		    stderr, "next: pfadm crash list --project %s\n", project);
	buf_release(&address);
	return code == 0 && failed > 0 ? EXIT_FAILED : code;
}

static int
run_build(struct run *run, const struct reply *built)
{
	const struct json_value *build =
	    json_get(json_root(built->json), "item");
	int code;

	build_tell(run->pf, stderr, built);
	if ((code = make_jobs(run, build)) != 0 || (code = watch(run)) != 0)
		return code;
	return tell_results(run, json_get_string(build, "project", ""));
}

int
cmd_run(struct pfadm *pf)
{
	struct run run = {.pf = pf, .draw = isatty(STDERR_FILENO)};
	struct reply built;
	int code, i;

	if ((code = build_send(pf, pf->arg, &built)) == 0) {
		interrupt_catch();
		code = run_build(&run, &built);
	}
	for (i = 0; i < run.count; i++)
		reply_release(&run.jobs[i].now);
	free(run.jobs);
	reply_release(&built);
	return code;
}
