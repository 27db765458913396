/*
 * Once a second: new events become rows of hook_run, and rows whose time has
 * come become children.  What a child leaves becomes the row's end.
 *
 *   event -> (row, hooks_event) COMMIT -> child -> (end) COMMIT
 */
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "masterd/db/hooks.h"
#include "masterd/hooks/child.h"
#include "masterd/hooks/folder.h"
#include "masterd/hooks/hooks.h"
#include "masterd/hooks/issue.h"

#define ROUND_MS 1000
#define SOON_MS  10    /* a place is free again */
#define NOTE_MS  60000 /* where we are, when nothing matched */
#define LOOK_MS  60000 /* is the folder in order? */
#define EVENTS   64    /* of a transaction */
#define ROUNDS   64    /* of transactions a second, when nothing matches */
#define AT_ONCE  4
#define SAID_MAX 400
#define LATER_MS 5000 /* the database had no room */

struct run {
	struct hooks *of;
	int64_t id; /* 0: free */
	char hook[HOOK_NAME_MAX], trace[128];
	uint32_t tries; /* before this one */
	struct child *child;
	bool ended; /* and its end is still to be written */
	struct hook_end end;
	char said[SAID_MAX + 1], issue[ISSUE_MAX + 1];
};

struct hooks {
	struct loop *loop;
	struct loop_source *timer;
	struct db *db;
	const struct hooks_config *config;
	int64_t looked, noted; /* ids of events; noted: as the database says */
	uint64_t next_note, next_look;
	struct run runs[AT_ONCE];
	char problem[200];
	void (*fatal)(void *arg, const struct err *e);
	void *arg;
};

/* A full disk passes, all else does not: -1 then. */
static int
postpone(struct hooks *h, const struct err *e)
{
	db_rollback(h->db);
	if (e->cls == ERR_AGAIN) {
		log_warn("hooks.postponed", LOG_T("reason", e->text));
		loop_timer_set(h->timer, LATER_MS, NULL);
	} else {
		h->fatal(h->arg, e);
	}
	return -1;
}

/* ---- events to rows -------------------------------------------------- */

struct owing {
	struct hooks *h;
	int64_t event;
	struct buf input;
	int rows;
	struct err *e;
};

static int
owe(void *arg, const char *hook)
{
	struct owing *o = arg;

	if (!db_in_transaction(o->h->db) && db_begin(o->h->db, o->e) == -1)
		return -1;
	if (o->input.len == 0 &&
	    hooks_input(o->h->db, o->event, &o->input, o->e) == -1)
		return -1;
	o->rows++;
	return hooks_add(o->h->db, o->event, hook, buf_text(&o->input),
	    clock_wall_ms(), o->e);
}

static int
note(struct hooks *h, struct err *e)
{
	if (!db_in_transaction(h->db) && db_begin(h->db, e) == -1)
		return -1;
	if (hooks_set_looked(h->db, h->looked, e) == -1 ||
	    db_commit(h->db, e) == -1)
		return -1;
	h->noted = h->looked;
	h->next_note = clock_up_ms() + NOTE_MS;
	return 0;
}

/* How many events were looked at, or -1.  The rows and the place where we are
 * are one COMMIT: a kill neither loses an event nor has it twice. */
static int
take_events(struct hooks *h, struct err *e)
{
	struct hook_event list[EVENTS];
	struct owing o = {.h = h, .e = e};
	int i, n, got = 0;

	n = hooks_events(h->db, h->looked, list, EVENTS, e);
	if (n <= 0)
		return n;
	for (i = 0; i < n && got == 0; i++) {
		o.event = list[i].id;
		buf_reset(&o.input);
		got = folder_each(h->config->folder, list[i].what, owe, &o, e);
	}
	buf_release(&o.input);
	if (got == -1)
		return -1;
	h->looked = list[n - 1].id;
	if (o.rows > 0 && note(h, e) == -1) {
		h->looked = h->noted;
		return -1;
	}
	return o.rows > 0 ? 0 : n; /* after a COMMIT others may go on */
}

static int
take_all_events(struct hooks *h)
{
	struct err e;
	int round, n = 1;

	for (round = 0; round < ROUNDS && n > 0; round++)
		if ((n = take_events(h, &e)) == -1)
			return postpone(h, &e);
	if (h->looked != h->noted && clock_up_ms() >= h->next_note &&
	    note(h, &e) == -1)
		return postpone(h, &e);
	return 0;
}

/* ---- the end of a run ------------------------------------------------ */

static void
tell_end(const struct run *r)
{
	/* events: hook.done hook.delayed hook.failed */
	static const char *const events[] = {
	    "hook.done", "hook.delayed", "hook.failed"};

	log_set_trace(r->trace);
	LOG_EVENT(r->end.how == HOOK_DONE ? LEVEL_INFO : LEVEL_WARN,
	    events[r->end.how], LOG_T("hook", r->hook),
	    LOG_N("tries", r->tries + 1), LOG_T("reason", r->said));
	log_set_trace(NULL);
}

/* True when it is written, and the place is free. */
static bool
write_end(struct run *r)
{
	struct hooks *h = r->of;
	struct err e;

	if (db_begin(h->db, &e) == -1 || hooks_end(h->db, &r->end, &e) == -1 ||
	    db_commit(h->db, &e) == -1) {
		postpone(h, &e);
		return false;
	}
	tell_end(r);
	r->id = 0;
	r->ended = false;
	return true;
}

static void
finish(struct run *r, bool good)
{
	const struct retry_policy *p = &r->of->config->retry;
	uint64_t now = clock_wall_ms();

	r->end = (struct hook_end){r->id, HOOK_DONE, now, 0, r->said, r->issue};
	if (!good && retry_exhausted(p, r->tries + 1)) {
		r->end.how = HOOK_FAILED;
	} else if (!good) {
		r->end.how = HOOK_AGAIN;
		r->end.next_ms =
		    now + retry_delay(p, r->tries + 1, random_u64());
	}
	r->child = NULL;
	r->ended = true;
	write_end(r);
}

/* Its last words: the end of standard error, else of standard output. */
static void
last_words(const struct child_result *c, struct buf *out)
{
	const struct buf *b = c->said->len > 0 ? c->said : c->out;
	size_t len = b->len, from;

	while (len > 0 && strchr("\n\r\t ", b->data[len - 1]) != NULL)
		len--;
	for (from = len; from > 0 && b->data[from - 1] != '\n'; from--)
		;
	if (len > from)
		text_clean_line(out, b->data + from, len - from, SAID_MAX - 80);
}

static void
say_end(struct run *r, const struct child_result *c, bool good)
{
	struct buf words = BUF_INIT;
	char how[64] = "";

	last_words(c, &words);
	if (c->late)
		snprintf(how, sizeof(how), "took longer than %ju ms",
		    (uintmax_t)r->of->config->timeout_ms);
	else if (WIFSIGNALED(c->status))
		snprintf(how, sizeof(how), "signal %d", WTERMSIG(c->status));
	else if (!good)
		snprintf(how, sizeof(how), "exit %d", WEXITSTATUS(c->status));
	snprintf(r->said, sizeof(r->said), "%s%s%s", how,
	    how[0] != '\0' && words.len > 0 ? ": " : "", buf_text(&words));
	buf_release(&words);
}

static void
on_ended(void *arg, const struct child_result *c)
{
	struct run *r = arg;
	bool good =
	    !c->late && WIFEXITED(c->status) && WEXITSTATUS(c->status) == 0;

	say_end(r, c, good);
	r->issue[0] = '\0';
	if (good)
		issue_find(buf_text(c->out), r->issue);
	finish(r, good);
	if (!r->ended)
		loop_timer_set(r->of->timer, SOON_MS, NULL);
}

/* ---- rows to children ------------------------------------------------ */

/* The least that a script needs; nothing of what we were started with. */
static int
start(struct run *r, const struct hook_run *due, struct err *e)
{
	const struct hooks_config *c = r->of->config;
	struct buf path = BUF_INIT, event = BUF_INIT, socket = BUF_INIT;
	int rc = -1;

	buf_printf(&path, "%s/%s", c->folder, r->hook);
	buf_printf(&event, "PANDAFUZZ_EVENT=%.*s", (int)strcspn(r->hook, "/"),
	    r->hook);
	buf_printf(&socket, "PANDAFUZZ_SOCKET=%s", c->socket);
	const char *argv[] = {path.data, NULL};
	const char *env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/",
	    "LANG=C.UTF-8", event.data,
	    c->socket[0] == '\0' ? NULL : socket.data, NULL};
	const struct child_command cmd = {.argv = argv,
	    .env = env,
	    .dir = "/",
	    .input = due->input,
	    .input_len = strlen(due->input),
	    .keep = -1,
	    .limit_ms = c->timeout_ms};

	if (folder_check(c->folder, r->hook, e) == 0) {
		r->child = child_start(r->of->loop, &cmd, on_ended, r, e);
		rc = r->child == NULL ? -1 : 0;
	}
	buf_release(&path);
	buf_release(&event);
	buf_release(&socket);
	return rc;
}

static void
on_due(void *arg, const struct hook_run *due)
{
	struct hooks *h = arg;
	struct run *r = NULL;
	struct err e;
	int i;

	for (i = 0; i < AT_ONCE; i++) {
		if (h->runs[i].id == 0)
			r = &h->runs[i];
		/* One at a time of each: they see events in order. */
		else if (strcmp(h->runs[i].hook, due->hook) == 0)
			return;
	}
	if (r == NULL)
		return;
	r->id = due->id;
	r->tries = due->tries;
	r->said[0] = r->issue[0] = '\0';
	text_copy(r->hook, sizeof(r->hook), due->hook);
	text_copy(r->trace, sizeof(r->trace), due->trace);
	if (start(r, due, &e) == 0)
		return;
	/* The statement that found it is still open: written a round later. */
	text_copy(r->said, sizeof(r->said), e.text);
	r->ended = true;
	r->end.how = HOOK_AGAIN;
	r->end.run = 0;
}

static int
write_ends(struct hooks *h)
{
	struct run *r;

	for (r = h->runs; r < h->runs + AT_ONCE; r++) {
		if (!r->ended)
			continue;
		if (r->end.run == 0)
			finish(r, false);
		else if (!write_end(r))
			return -1;
		if (r->ended)
			return -1;
	}
	return 0;
}

static void
look_at_folder(struct hooks *h)
{
	struct buf out = BUF_INIT;
	char before[sizeof(h->problem)];

	h->next_look = clock_up_ms() + LOOK_MS;
	text_copy(before, sizeof(before), h->problem);
	folder_troubles(h->config->folder, &out);
	if (out.len > 0)
		out.data[strcspn(out.data, "\n")] = '\0';
	text_copy(h->problem, sizeof(h->problem), out.len > 0 ? out.data : "");
	buf_release(&out);
	if (h->problem[0] != '\0' && strcmp(before, h->problem) != 0)
		log_warn("hook.refused", LOG_T("reason", h->problem));
}

static void
on_timer(void *arg)
{
	struct hooks *h = arg;
	struct err e;

	loop_timer_set(h->timer, ROUND_MS, NULL);
	if (clock_up_ms() >= h->next_look)
		look_at_folder(h);
	if (write_ends(h) == -1 || take_all_events(h) == -1)
		return;
	if (hooks_due(h->db, clock_wall_ms(),
		h->config->retry.max_ms + LATER_MS, on_due, h, &e) == -1)
		postpone(h, &e);
	else
		write_ends(h);
}

const char *
hooks_problem(const struct hooks *h)
{
	return h->problem;
}

struct hooks *
hooks_open(struct loop *loop, struct db *db, const struct hooks_config *config,
    void (*fatal)(void *arg, const struct err *e), void *arg, struct err *e)
{
	struct hooks *h = mem_alloc(sizeof(*h));
	int i;

	h->loop = loop;
	h->db = db;
	h->config = config;
	h->fatal = fatal;
	h->arg = arg;
	for (i = 0; i < AT_ONCE; i++)
		h->runs[i].of = h;
	/* Noted at once: a kill must not move where we begin. */
	if (hooks_looked(db, &h->looked, e) == 0 && note(h, e) == 0 &&
	    (h->timer = loop_timer(loop, on_timer, h, e)) != NULL &&
	    loop_timer_set(h->timer, SOON_MS, e) == 0)
		return h;
	db_rollback(db);
	hooks_close(h);
	return NULL;
}

void
hooks_close(struct hooks *h)
{
	struct err e;
	int i;

	if (h == NULL)
		return;
	for (i = 0; i < AT_ONCE; i++)
		child_drop(h->runs[i].child);
	if (h->looked != h->noted && note(h, &e) == -1)
		db_rollback(h->db);
	loop_drop(h->timer);
	free(h);
}
