/*
 * Looking at jobs as they go on: their logs, their end, the table of those
 * that are not over.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "tools/pfadm/commands.h"
#include "tools/pfadm/interrupt.h"
#include "tools/pfadm/jobs.h"
#include "tools/pfadm/plain.h"

#define POLL_MS 500
#define AWAY_MS (5 * 60 * 1000) /* so long the master may be away */
#define TOP_MS  2000
#define LINES   50

/* ---- logs ------------------------------------------------------------ */

struct log {
	struct pfadm *pf;
	const char *noun; /* "jobs", "bots" */
	char of[200];     /* whose, in full */
	char next[48];    /* place of the next piece */
	bool any;         /* the last answer held something */
};

/* The whole name, so that an id that comes meanwhile changes nothing. */
static void
note_name(struct log *l, const struct json_value *item)
{
	const char *name = json_get_string(item, "job", NULL);

	if (name == NULL)
		name = json_get_string(item, "bot", l->pf->arg);
	text_copy(l->of, sizeof(l->of), name);
}

static int
print_piece(struct log *l, const char *address)
{
	const struct json_value *item;
	struct reply r;
	struct err e;
	int code = 0;

	if (client_get(l->pf->client, address, &r, &e) == -1) {
		code = complain(l->pf, &e, &r);
	} else {
		item = json_get(json_root(r.json), "item");
		note_name(l, item);
		text_copy(l->next, sizeof(l->next),
		    json_get_string(item, "next", ""));
		l->any = *json_get_string(item, "text", "") != '\0';
		if (l->pf->o.json && (l->any || !l->pf->o.follow))
			print_reply_json(&r);
		else if (!l->pf->o.json)
			plain_put(stdout, json_get_string(item, "text", ""));
	}
	reply_release(&r);
	return code;
}

static int
follow_log(struct log *l)
{
	struct buf address = BUF_INIT;
	int code = 0;

	while (code == 0 && !interrupted()) {
		if (fflush(stdout) == EOF)
			code = EXIT_FAILED;
		if (!l->any)
			interrupt_rest(POLL_MS);
		buf_reset(&address);
		buf_adds(&address, l->noun);
		buf_adds(&address,
		    client_path(
			l->pf->client, "/%s/logs?after=%s", l->of, l->next));
		if (code == 0 && !interrupted())
			code = print_piece(l, address.data);
	}
	buf_release(&address);
	return interrupted() ? EXIT_INTERRUPTED : code;
}

static int
show_logs(struct pfadm *pf, const char *noun, const char *none)
{
	uint64_t lines = pf->o.has_lines ? pf->o.lines : LINES;
	struct log l = {.pf = pf, .noun = noun};
	struct buf address = BUF_INIT;
	int code;

	buf_printf(&address, "%s/%s/logs?lines=%ju", noun,
	    client_path(pf->client, "%s", pf->arg), (uintmax_t)lines);
	if (pf->o.follow)
		interrupt_catch();
	code = print_piece(&l, address.data);
	if (code == 0 && !l.any && !pf->o.follow && !pf->o.json)
		fprintf(stderr, "nothing yet: %s\n", none);
	if (code == 0 && pf->o.follow)
		code = follow_log(&l);
	buf_release(&address);
	return code;
}

int
cmd_job_logs(struct pfadm *pf)
{
	return show_logs(pf, "jobs",
	    "bots send the tails of their engines' logs each minute");
}

int
cmd_bot_logs(struct pfadm *pf)
{
	return show_logs(
	    pf, "bots", "bots send the tails of their logs each minute");
}

/* ---- wait ------------------------------------------------------------ */

struct waiting {
	struct pfadm *pf;
	int code;         /* of those that are over */
	int open;         /* those that are not */
	bool *over;       /* by argument */
	uint64_t seen_ms; /* up-time of the last answer; 0: none yet */
};

bool
job_is_over(const char *status)
{
	return strcmp(status, "pending") != 0 &&
	    strcmp(status, "running") != 0 && strcmp(status, "paused") != 0;
}

/* Failed is worse than cancelled is worse than completed. */
static void
note_end(struct waiting *w, const struct reply *r)
{
	const struct json_value *job = json_get(json_root(r->json), "item");
	const char *status = json_get_string(job, "status", "");
	const char *reason = json_get_string(job, "reason", "");
	int code = strcmp(status, "completed") == 0 ? EXIT_DONE
	    : strcmp(status, "cancelled") == 0      ? EXIT_FAILED
						    : EXIT_FINDINGS;

	if (code > w->code)
		w->code = code;
	if (w->pf->o.json)
		print_reply_json(r);
	else
		printf("job %s: %s on %s%s%s\n", json_get_string(job, "id", ""),
		    status, json_get_string(job, "target", ""),
		    *reason == '\0' ? "" : ": ", reason);
	fflush(stdout);
}

/* A master that is started anew is no reason to give up. */
static bool
may_come_back(
    const struct waiting *w, const struct reply *r, const struct err *e)
{
	return r->status == 0 && e->cls == ERR_AGAIN && w->seen_ms != 0 &&
	    clock_up_ms() - w->seen_ms < AWAY_MS;
}

/* 0, or the exit code after a complaint. */
static int
ask(struct waiting *w, int i)
{
	struct pfadm *pf = w->pf;
	const char *status;
	struct reply r;
	struct err e;
	int code = 0;

	if (client_get(pf->client,
		client_path(pf->client, "jobs/%s", pf->args[i]), &r,
		&e) == -1) {
		if (!may_come_back(w, &r, &e))
			code = complain(pf, &e, &r);
	} else {
		w->seen_ms = clock_up_ms();
		status = json_get_string(
		    json_get(json_root(r.json), "item"), "status", "");
		w->over[i] = job_is_over(status);
		if (w->over[i]) {
			w->open--;
			note_end(w, &r);
		}
	}
	reply_release(&r);
	return code;
}

static int
wait_for_all(struct waiting *w)
{
	uint64_t began = clock_up_ms();
	int i, code;

	for (;;) {
		for (i = 0; i < w->pf->arg_count; i++)
			if (!w->over[i] && (code = ask(w, i)) != 0)
				return code;
		if (w->open == 0)
			return w->code;
		if (interrupted())
			return EXIT_INTERRUPTED;
		if ((w->pf->o.given & O_TIMEOUT) != 0 &&
		    clock_up_ms() - began >= w->pf->o.timeout_ms) {
			fprintf(stderr, "pfadm: %d of %d jobs are not over\n",
			    w->open, w->pf->arg_count);
			return EXIT_TIMEOUT;
		}
		interrupt_rest(POLL_MS);
	}
}

int
cmd_job_wait(struct pfadm *pf)
{
	struct waiting w = {.pf = pf, .open = pf->arg_count};
	int code;

	w.over = mem_array((size_t)pf->arg_count, sizeof(*w.over));
	interrupt_catch();
	code = wait_for_all(&w);
	free(w.over);
	return code;
}

/* ---- top ------------------------------------------------------------- */

/* Fastest first, then the youngest. */
static int
by_speed(const void *a, const void *b)
{
	const struct json_value *x = *(const struct json_value *const *)a;
	const struct json_value *y = *(const struct json_value *const *)b;
	uint64_t m = json_get_u64(x, "execs_per_second", 0);
	uint64_t n = json_get_u64(y, "execs_per_second", 0);

	if (m != n)
		return m < n ? 1 : -1;
	return strcmp(json_get_string(y, "created", ""),
	    json_get_string(x, "created", ""));
}

static int
fetch_live(struct pfadm *pf, struct rows *rows)
{
	static const char *const states[] = {"running", "pending", "paused"};
	char address[64];
	int i, code = 0;

	for (i = 0; i < 3 && code == 0; i++) {
		snprintf(address, sizeof(address), "jobs?status=%s", states[i]);
		code = fetch_rows(pf, address, rows);
	}
	if (rows->count > 1)
		qsort(rows->list, rows->count, sizeof(*rows->list), by_speed);
	return code;
}

static void
print_total(const struct rows *rows)
{
	uint64_t slots = 0, speed = 0;
	size_t i;

	for (i = 0; i < rows->count; i++) {
		slots += json_get_u64(rows->list[i], "running", 0);
		speed += json_get_u64(rows->list[i], "execs_per_second", 0);
	}
	printf("%s  %zu jobs, %ju slots, %ju executions a second\n\n",
	    clock_rfc3339(clock_wall_ms()).text, rows->count, (uintmax_t)slots,
	    (uintmax_t)speed);
}

static int
print_top(struct pfadm *pf)
{
	struct rows rows = {NULL, 0, 0, NULL, 0};
	int code = fetch_live(pf, &rows);

	if (code == 0 && pf->o.json) {
		print_rows_json(&rows);
	} else if (code == 0) {
		if (pf->tty)
			fputs("\033[H\033[J", stdout);
		print_total(&rows);
		table_print(&rows, top_columns, &pf->look);
	}
	rows_release(&rows);
	return code;
}

/* On a terminal until interrupted; elsewhere once, or with -f on and on. */
int
cmd_job_top(struct pfadm *pf)
{
	bool again = pf->o.follow || (pf->tty && !pf->o.json);
	int code;

	interrupt_catch();
	for (;;) {
		code = print_top(pf);
		if (fflush(stdout) == EOF && code == 0)
			code = EXIT_FAILED;
		if (code != 0 || !again || interrupted())
			return code;
		interrupt_rest(TOP_MS);
		if (interrupted())
			return EXIT_DONE;
		if (!pf->tty && !pf->o.json)
			putchar('\n');
	}
}
