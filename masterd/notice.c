/*
 * Settings to watch and hooks; a hook may ask the master, so it is told where
 * the socket is.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/text.h"
#include "masterd/hooks/hooks.h"
#include "masterd/notice.h"
#include "masterd/watch.h"

struct notice {
	struct watch *watch;
	struct hooks *hooks;
	struct hooks_config config;
	uint64_t stuck_ms;
	char socket[PATH_MAX];
};

/* Absolute: a hook's working folder is another. */
static void
find_socket(struct notice *n, const struct settings *s)
{
	char root[PATH_MAX];

	n->socket[0] = '\0';
	if (s->socket[0] == '/')
		text_copy(n->socket, sizeof(n->socket), s->socket);
	else if (s->socket[0] == '\0' && realpath(s->root, root) != NULL &&
	    snprintf(n->socket, sizeof(n->socket), "%s/run/admin.sock", root) >=
		(int)sizeof(n->socket))
		n->socket[0] = '\0';
}

void
notice_settings(struct notice *n, const struct settings *s)
{
	n->config.folder = s->hooks_folder;
	n->config.timeout_ms = s->hooks_timeout;
	n->config.retry = config_retry_policy(&s->hooks_retry, RETRY_ON_ALL);
	n->config.socket = n->socket;
	n->stuck_ms = s->jobs_stuck;
}

struct notice *
notice_open(struct loop *loop, struct db *db, struct store *store,
    const struct settings *s, void (*fatal)(void *arg, const struct err *e),
    void *arg, struct err *e)
{
	struct notice *n = mem_alloc(sizeof(*n));

	find_socket(n, s);
	notice_settings(n, s);
	n->watch = watch_open(loop, db, store, &n->stuck_ms);
	n->hooks = hooks_open(loop, db, &n->config, fatal, arg, e);
	if (n->hooks != NULL)
		return n;
	notice_close(n);
	return NULL;
}

void
notice_close(struct notice *n)
{
	if (n == NULL)
		return;
	hooks_close(n->hooks);
	watch_close(n->watch);
	free(n);
}

int
notice_often(struct notice *n, struct err *e)
{
	return watch_often(n->watch, e);
}

const char *
notice_problem(const struct notice *n)
{
	return hooks_problem(n->hooks);
}
