/*
 * Inputs that were found elsewhere: files and whole folders of other tools, each
 * handed in by a request of its own.  A bot runs it, and what comes of it goes
 * the way of every crash.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "tools/pfadm/commands.h"
#include "tools/pfadm/inputs.h"
#include "tools/pfadm/interrupt.h"
#include "tools/pfadm/page.h"
#include "tools/pfadm/plain.h"

#define POLL_MS 500

/* What waits for a bot. */
struct waiting {
	uint64_t *ids;
	size_t count, room;
};

/* A path as a line has it. */
static void
put_path(FILE *out, const char *path)
{
	struct buf line = BUF_INIT;

	plain_add_line(&line, path, strlen(path), PLAIN_LINE_MAX);
	fputs(buf_text(&line), out);
	buf_release(&line);
}

/* ---- handed in ------------------------------------------------------- */

static void
tell_added(struct pfadm *pf, const char *path, const struct reply *r)
{
	const struct json_value *item = json_get(json_root(r->json), "item");
	const char *state = json_get_string(item, "state", "waiting");
	uint64_t id = json_get_u64(item, "submission", 0);
	bool fresh = true;

	json_bool(json_get(item, "fresh"), &fresh);
	if (pf->o.json) {
		print_reply_json(r);
	} else if (pf->o.parsable) {
		printf("%ju\n", (uintmax_t)id);
	} else {
		put_path(stdout, path);
		printf(": %s as %ju, %s\n", fresh ? "handed in" : "known",
		    (uintmax_t)id, state);
	}
	fflush(stdout);
}

static void
remember(struct waiting *w, uint64_t id)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (w->ids[i] == id)
			return;
	if (w->count == w->room) {
		w->room = w->room == 0 ? 64 : w->room * 2;
		w->ids = mem_resize(w->ids, w->room, sizeof(*w->ids));
	}
	w->ids[w->count++] = id;
}

static void
make_address(struct pfadm *pf, const char *path, struct buf *address)
{
	const char *slash = strrchr(path, '/');
	struct buf name = BUF_INIT;

	/* A name for people: never longer than a file's. */
	plain_add_line(&name, slash == NULL ? path : slash + 1,
	    strlen(slash == NULL ? path : slash + 1), 200);
	buf_adds(address,
	    client_path(pf->client, "crashes?target=%s", pf->o.target));
	buf_adds(address, client_path(pf->client, "&name=%s", buf_text(&name)));
	if (pf->o.reason != NULL)
		buf_adds(address,
		    client_path(pf->client, "&reason=%s", pf->o.reason));
	buf_release(&name);
}

static int
hand_in(struct pfadm *pf, const char *path, struct waiting *w)
{
	struct buf address = BUF_INIT;
	struct reply r = {.status = 1};
	uint64_t size = 0;
	struct err e;
	int code = 0, fd;

	/* A link that was named is what it leads to. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1) {
		err_sys(&e, "cannot read '%.200s'", path);
		return complain(pf, &e, NULL);
	}
	size = (uint64_t)lseek(fd, 0, SEEK_END);
	lseek(fd, 0, SEEK_SET);
	make_address(pf, path, &address);
	if (client_post_file(pf->client, address.data, fd, size, &r, &e) ==
	    -1) {
		put_path(stderr, path);
		fputs(": ", stderr);
		code = complain(pf, &e, &r);
	} else {
		tell_added(pf, path, &r);
		remember(w,
		    json_get_u64(
			json_get(json_root(r.json), "item"), "submission", 0));
	}
	close(fd);
	reply_release(&r);
	buf_release(&address);
	return code;
}

static int
hand_in_all(struct pfadm *pf, const struct inputs *in, struct waiting *w)
{
	int code, worst = 0;
	size_t i;

	for (i = 0; i < in->count; i++) {
		code = 0;
		if (in->list[i].skipped != NULL) {
			put_path(stderr, in->list[i].path);
			fprintf(
			    stderr, ": left out: %s\n", in->list[i].skipped);
		} else if (pf->o.dry_run) {
			put_path(stdout, in->list[i].path);
			printf(": would be handed in\n");
		} else {
			code = hand_in(pf, in->list[i].path, w);
		}
		if (code > worst)
			worst = code;
		if (code == EXIT_NO_MASTER || code == EXIT_DENIED ||
		    code == EXIT_NOT_FOUND)
			break; /* it is the same for all */
	}
	return worst;
}

/* ---- waiting --------------------------------------------------------- */

static void
tell_judged(struct pfadm *pf, const struct json_value *item, struct reply *r)
{
	const struct json_value *v;
	struct buf tries = BUF_INIT;

	if (pf->o.json) {
		print_reply_json(r);
		return;
	}
	if (pf->o.parsable)
		return;
	page_tries(&tries, item);
	put_path(stdout, json_get_string(item, "name", ""));
	printf(": %s", json_get_string(item, "state", ""));
	for (v = json_first(json_get(item, "crashes")); v != NULL;
	     v = json_next(v))
		if (page_word(v, "bucket") != NULL &&
		    page_word(v, "id") != NULL)
			printf(", %s (crash %.12s)", page_word(v, "bucket"),
			    page_word(v, "id"));
	if (tries.len > 0)
		printf(", reproduced %s", tries.data);
	if (*json_get_string(item, "reason", "") != '\0') {
		fputs(": ", stdout);
		put_path(stdout, json_get_string(item, "reason", ""));
	}
	putchar('\n');
	fflush(stdout);
	buf_release(&tries);
}

/* -1: not judged yet; else the exit code. */
static int
look(struct pfadm *pf, uint64_t id)
{
	const struct json_value *item;
	const char *state;
	char address[60];
	struct reply r;
	struct err e;
	int code = -1;

	snprintf(address, sizeof(address), "submissions/%ju", (uintmax_t)id);
	if (client_get(pf->client, address, &r, &e) == -1) {
		code = complain(pf, &e, &r);
		reply_release(&r);
		return code;
	}
	item = json_get(json_root(r.json), "item");
	state = json_get_string(item, "state", "waiting");
	if (strcmp(state, "waiting") != 0) {
		code =
		    strcmp(state, "crashed") == 0 ? EXIT_DONE : EXIT_FINDINGS;
		tell_judged(pf, item, &r);
	}
	reply_release(&r);
	return code;
}

/* One look at all; those that are judged are forgotten. */
static int
look_at_all(struct pfadm *pf, struct waiting *w)
{
	size_t i, left = 0;
	int code, worst = 0;

	for (i = 0; i < w->count; i++) {
		code = interrupted() ? -1 : look(pf, w->ids[i]);
		if (code == -1)
			w->ids[left++] = w->ids[i];
		else if (code > worst)
			worst = code;
	}
	w->count = left;
	return worst;
}

static int
wait_for_all(struct pfadm *pf, struct waiting *w)
{
	uint64_t start = clock_up_ms();
	int code, worst = 0;

	interrupt_catch();
	for (;;) {
		code = look_at_all(pf, w);
		if (code > worst)
			worst = code;
		if (interrupted())
			return EXIT_INTERRUPTED;
		if (w->count == 0)
			return worst;
		if ((pf->o.given & O_TIMEOUT) != 0 &&
		    clock_up_ms() - start >= pf->o.timeout_ms)
			break;
		interrupt_rest(POLL_MS);
	}
	fprintf(stderr, "pfadm: %zu not judged within %ju s\n", w->count,
	    (uintmax_t)(pf->o.timeout_ms / 1000));
	fprintf(stderr,
	    "hint: pfadm crash list --added; pfadm bot list says "
	    "whether there is a bot for it\n");
	return EXIT_TIMEOUT;
}

/* ---- all ------------------------------------------------------------- */

static int
find_all(struct pfadm *pf, struct inputs *in)
{
	struct err e;
	size_t i, inputs = 0;
	int n;

	for (n = 0; n < pf->arg_count; n++)
		if (inputs_add(in, pf->args[n], &e) == -1)
			return complain(pf, &e, NULL);
	for (i = 0; i < in->count; i++)
		inputs += in->list[i].skipped == NULL;
	if (inputs > 0)
		return 0;
	for (i = 0; i < in->count; i++) {
		put_path(stderr, in->list[i].path);
		fprintf(stderr, ": left out: %s\n", in->list[i].skipped);
	}
	err_set(&e, ERR_REFUSED, "there are no crashing inputs in '%.200s'%s",
	    pf->arg, pf->arg_count > 1 ? " and the others" : "");
	return complain(pf, &e, NULL);
}

int
cmd_crash_add(struct pfadm *pf)
{
	struct inputs in = {NULL, 0, 0};
	struct waiting w = {NULL, 0, 0};
	int code, waited;

	if (pf->o.target == NULL) {
		code = complain_usage("crash add: of which target? --target T");
		fprintf(stderr, "hint: pfadm target list shows them\n");
		return code;
	}
	code = find_all(pf, &in);
	if (code == 0)
		code = hand_in_all(pf, &in, &w);
	if (pf->o.wait && w.count > 0) {
		waited = wait_for_all(pf, &w);
		if (waited > code)
			code = waited;
	}
	inputs_release(&in);
	free(w.ids);
	return code;
}
