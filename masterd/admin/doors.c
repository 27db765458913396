/*
 * Further sockets beside the admin socket, one a ci account.  Each is a server
 * of its own on the same loop, so that closing one ends just its connections.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/ids.h"
#include "masterd/admin/admin_internal.h"

struct admin_door {
	char account[NAME_MAX_LEN + 1];
	int at; /* folder of the socket */
	struct http *http;
	struct admin_door *next;
};

struct file_name {
	char text[NAME_MAX_LEN + 6];
};

static struct file_name
file_of(const char *account)
{
	struct file_name n;

	snprintf(n.text, sizeof(n.text), "%.*s.sock", NAME_MAX_LEN, account);
	return n;
}

/* Whoever gets as far as the folder may knock; each request is asked for its
 * user. */
static int
listen_at(struct admin_door *d, struct err *e)
{
	struct file_name name = file_of(d->account);
	int fd = socket_listen(d->at, name.text, e);

	if (fd == -1)
		return -1;
	if (fchmodat(d->at, name.text, 0666, 0) == 0)
		return fd;
	err_sys(e, "cannot set the mode of '%s'", name.text);
	unlinkat(d->at, name.text, 0);
	close(fd);
	return -1;
}

static void
door_free(struct admin_door *d)
{
	if (d->http != NULL) {
		http_close(d->http);
		unlinkat(d->at, file_of(d->account).text, 0);
	}
	if (d->at != -1)
		close(d->at);
	free(d);
}

int
admin_open_door(struct admin *a, int at, const char *name, struct err *e)
{
	struct admin_door *d = mem_alloc(sizeof(*d));
	int fd;

	text_copy(d->account, sizeof(d->account), name);
	d->at = fcntl(at, F_DUPFD_CLOEXEC, 3);
	if (d->at == -1) {
		err_sys(e, "cannot keep the folder of sockets");
		door_free(d);
		return -1;
	}
	if ((fd = listen_at(d, e)) == -1 ||
	    (d->http = http_open(a, a->loop, fd, e)) == NULL) {
		door_free(d);
		return -1;
	}
	http_set_account(d->http, d->account);
	d->next = a->doors;
	a->doors = d;
	log_info("account.opened", LOG_T("account", name));
	return 0;
}

void
admin_close_door(struct admin *a, const char *name)
{
	struct admin_door **p, *d;

	for (p = &a->doors; (d = *p) != NULL; p = &d->next)
		if (strcmp(d->account, name) == 0) {
			*p = d->next;
			door_free(d);
			log_info("account.closed", LOG_T("account", name));
			return;
		}
}

void
doors_close(struct admin *a)
{
	struct admin_door *d;

	while ((d = a->doors) != NULL) {
		a->doors = d->next;
		door_free(d);
	}
}

void
admin_set_accounts(struct admin *a, const struct account_hooks *hooks)
{
	a->accounts = *hooks;
}
