/*
 * After a build was sent: waiting for its verdict.
 */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "tools/pfadm/commands.h"
#include "tools/pfadm/interrupt.h"
#include "tools/pfadm/jobs.h"
#include "tools/pfadm/plain.h"

#define POLL_MS    500
#define TIMEOUT_MS (10 * 60 * 1000)

static void
put_first_line(const char *text)
{
	struct buf line = BUF_INIT;

	plain_add_line(&line, text, strcspn(text, "\n"), 0);
	fputs(buf_text(&line), stdout);
	buf_release(&line);
}

/* "read: good, 312 edges, dict 118 entries, seeds 240 files" */
static void
tell_target(const struct json_value *t)
{
	const char *reason = json_get_string(t, "reason", "");
	const char *line = json_get_string(t, "warnings", "");
	uint64_t dict = json_get_u64(t, "dict", 0);
	uint64_t seeds = json_get_u64(t, "seeds", 0);

	printf("  %s: %s", json_get_string(t, "name", ""),
	    json_get_string(t, "state", ""));
	if (strcmp(json_get_string(t, "state", ""), "good") == 0)
		printf(", %ju edges, dict %ju entr%s, seeds %ju file%s",
		    (uintmax_t)json_get_u64(t, "edges", 0), (uintmax_t)dict,
		    dict == 1 ? "y" : "ies", (uintmax_t)seeds,
		    seeds == 1 ? "" : "s");
	if (*reason != '\0') {
		fputs(": ", stdout);
		put_first_line(reason);
	}
	printf("\n");
	for (; *line != '\0'; line += *line == '\n') {
		fputs("    warning: ", stdout);
		put_first_line(line);
		putchar('\n');
		line += strcspn(line, "\n");
	}
}

static void
tell_verdict(const struct json_value *build)
{
	const char *reason = json_get_string(build, "reason", "");
	const struct json_value *v;

	printf("build %.12s is %s%s%s\n", json_get_string(build, "id", ""),
	    json_get_string(build, "state", ""), *reason == '\0' ? "" : ": ",
	    reason);
	for (v = json_first(json_get(build, "target_list")); v != NULL;
	     v = json_next(v))
		tell_target(v);
	for (v = json_first(json_get(build, "hosts")); v != NULL;
	     v = json_next(v))
		printf("  hosts '%s' cannot run it: %s\n",
		    json_get_string(v, "host_class", ""),
		    json_get_string(v, "reason", ""));
}

/* Which target is looked at, and by whom; a line each time that changes. */
static void
tell_progress(const struct json_value *build, struct buf *said)
{
	const struct json_value *v;
	struct buf now = BUF_INIT;
	const char *bot;

	for (v = json_first(json_get(build, "target_list")); v != NULL;
	     v = json_next(v))
		if ((bot = json_string(json_get(v, "checked_on"))) != NULL)
			buf_printf(&now, "%s%s on %s",
			    now.len == 0 ? "checking " : ", ",
			    json_get_string(v, "name", ""), bot);
	if (now.len == 0)
		buf_adds(&now, "waiting for a bot to check it");
	if (strcmp(now.data, buf_text(said)) != 0)
		fprintf(stderr, "%s\n", now.data);
	buf_reset(said);
	buf_adds(said, now.data);
	buf_release(&now);
}

/* -1: not judged yet. */
static int
verdict_of(const char *state)
{
	if (strcmp(state, "good") == 0)
		return EXIT_DONE;
	return strcmp(state, "new") == 0 ? -1 : EXIT_FINDINGS;
}

static int
give_up(const char *id, uint64_t waited_ms)
{
	fprintf(stderr, "pfadm: build %.12s was not judged within %ju s\n", id,
	    (uintmax_t)(waited_ms / 1000));
	fprintf(stderr,
	    "hint: pfadm build show %.12s; pfadm bot list says "
	    "whether there is a bot for it\n",
	    id);
	return EXIT_TIMEOUT;
}

/* One look: the exit code, or -1 to go on. */
static int
look(struct pfadm *pf, const char *id, struct buf *said)
{
	const struct json_value *build;
	struct reply r;
	struct err e;
	int code;

	if (client_get(pf->client, client_path(pf->client, "builds/%s", id), &r,
		&e) == -1) {
		code = complain(pf, &e, &r);
		reply_release(&r);
		return code;
	}
	build = json_get(json_root(r.json), "item");
	code = verdict_of(json_get_string(build, "state", "new"));
	if (code == -1)
		tell_progress(build, said);
	else if (pf->o.json)
		print_reply_json(&r);
	else if (!pf->o.parsable)
		tell_verdict(build);
	reply_release(&r);
	return code;
}

int
build_wait(struct pfadm *pf, const char *id)
{
	uint64_t start = clock_up_ms();
	uint64_t limit =
	    (pf->o.given & O_TIMEOUT) != 0 ? pf->o.timeout_ms : TIMEOUT_MS;
	struct buf said = BUF_INIT;
	int code;

	interrupt_catch();
	while ((code = look(pf, id, &said)) == -1 || code == EXIT_INTERRUPTED) {
		if (clock_up_ms() - start >= limit) {
			code = give_up(id, limit);
			break;
		}
		interrupt_rest(POLL_MS);
		if (interrupted()) {
			fprintf(stderr,
			    "pfadm: stopped waiting, build %.12s stays\n", id);
			code = EXIT_INTERRUPTED;
			break;
		}
	}
	buf_release(&said);
	return code;
}
