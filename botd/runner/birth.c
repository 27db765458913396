/*
 * A session's own things: its struct, its folder work/<lease>/ and the
 * descriptors of the folders in it.  The ticket's copy comes first, so that a
 * kill at any later instant leaves something that can be salvaged (P.29).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/session.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"

struct session *
session_new(struct runner *r, struct ticket *t)
{
	struct session *s = mem_alloc(sizeof(*s));

	s->runner = r;
	s->ticket = *t;
	*t = (struct ticket){0};
	text_copy(s->lease, sizeof(s->lease), text_hex64(s->ticket.lease).text);
	s->engine = engine_find(s->ticket.engine);
	if (s->ticket.corpus.text[0] == '\0')
		s->ticket.corpus = s->ticket.target;
	s->memory_mb = r->config->memory_mb;
	if (s->ticket.limits.memory_mb != 0 &&
	    s->ticket.limits.memory_mb < s->memory_mb)
		s->memory_mb = s->ticket.limits.memory_mb;
	s->check = strcmp(s->ticket.kind, "check") == 0;
	s->rerun = strcmp(s->ticket.kind, "reproduce") == 0;
	s->dir = s->build = s->side = s->corpus = s->inputs = -1;
	s->seed_files = s->artifacts = s->crashes = -1;
	s->cache = s->log = s->prepare_out = -1;
	s->finds_tail = &s->finds;
	s->timer = loop_timer(r->loop, session_timer, s, NULL);
	launch_init(s);
	reproduce_init(s);
	s->next = r->sessions;
	r->sessions = s;
	return s;
}

static int
keep_ticket(struct session *s, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc;

	/* First of all: without it nothing here can be salvaged (P.29). */
	ticket_format(&text, &s->ticket);
	rc = fs_replace(
	    s->dir, "ticket.json", text.data, text.len, 0600, true, e);
	buf_release(&text);
	return rc;
}

int
session_open_folders(struct session *s, struct err *e)
{
	const struct {
		const char *name;
		int *fd;
	} folders[] = {{"build", &s->build}, {"side", &s->side},
	    {"corpus", &s->corpus}, {"units", &s->inputs},
	    {"seeds", &s->seed_files}, {"artifacts", &s->artifacts},
	    {"crashes", &s->crashes}};
	struct buf cache = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		*folders[i].fd =
		    fs_make_dir_open(s->dir, folders[i].name, 0755, e);
		if (*folders[i].fd == -1)
			return -1;
	}
	s->log = openat(s->dir, "log",
	    O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (s->check || s->rerun)
		return 0; /* it reads no units, and keeps none */
	buf_printf(
	    &cache, "%s/%s", s->ticket.project.text, s->ticket.corpus.text);
	s->cache = fs_make_dir_open(s->runner->units, cache.data, 0755, e);
	buf_release(&cache);
	return s->cache == -1 ? -1 : 0;
}

int
session_make_folder(struct session *s, struct err *e)
{
	if (fs_remove_tree(s->runner->work, s->lease, e) == -1)
		return -1;
	s->dir = fs_make_dir_open(s->runner->work, s->lease, 0755, e);
	if (s->dir == -1 || keep_ticket(s, e) == -1)
		return -1;
	return session_open_folders(s, e);
}

static void
close_fd(int fd)
{
	if (fd != -1)
		close(fd);
}

void
session_free(struct session *s)
{
	struct find *f;

	loop_drop(s->timer);
	loop_drop(s->again_timer);
	prepare_stop(s);
	run_release(&s->run);
	run_release(&s->again);
	symbols_free(s->symbols);
	series_end(s);
	known_end(s);
	buf_release(&s->outcome.report);
	buf_release(&s->strategies);
	engine_plan_release(&s->again_plan);
	ticket_release(&s->ticket);
	while ((f = s->finds) != NULL) {
		s->finds = f->next;
		find_free(f);
	}
	buf_release(&s->line);
	buf_release(&s->notes);
	buf_release(&s->verdict_lines);
	names_release(&s->known_units);
	names_release(&s->sealed_units);
	names_release(&s->known_inputs);
	looks_release(&s->unit_looks);
	looks_release(&s->artifact_looks);
	while (s->unit_count > 0)
		free(s->units[--s->unit_count].bytes);
	free(s->units);
	free(s->seen);
	free(s->needs);
	close_fd(s->dir);
	close_fd(s->build);
	close_fd(s->side);
	close_fd(s->corpus);
	close_fd(s->inputs);
	close_fd(s->seed_files);
	close_fd(s->artifacts);
	close_fd(s->crashes);
	close_fd(s->cache);
	close_fd(s->log);
	free(s);
}
