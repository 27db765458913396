/*
 * Options, environment and the user's file to one master.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/config.h"
#include "tools/pfadm/pfadm.h"
#include "tools/pfadm/where.h"

#define DEFAULT_SOCKET "/run/pandafuzz/admin.sock"

struct user_file {
	char *host, *socket, *root, *color;
};

static const struct config_key user_keys[] = {
    {.name = "host", .offset = offsetof(struct user_file, host)},
    {.name = "socket", .offset = offsetof(struct user_file, socket)},
    {.name = "root", .offset = offsetof(struct user_file, root)},
    {.name = "color", .offset = offsetof(struct user_file, color)},
};

static const struct config_table user_table = {.program = "pfadm",
    .keys = user_keys,
    .count = sizeof(user_keys) / sizeof(user_keys[0]),
    .size = sizeof(struct user_file)};

static bool
user_path(struct buf *path)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (config != NULL && *config == '/')
		buf_printf(path, "%s/pandafuzz/pfadm.yaml", config);
	else if (home != NULL && *home == '/')
		buf_printf(path, "%s/.config/pandafuzz/pfadm.yaml", home);
	return path->len > 0 && access(path->data, F_OK) == 0;
}

/* A file that is not there says nothing. */
static int
read_user_file(struct user_file *u)
{
	struct buf path = BUF_INIT;
	char *complaints = NULL;
	struct err e;
	int code = 0;

	config_defaults(&user_table, u);
	if (user_path(&path) &&
	    config_read(path.data, &user_table, u, &complaints, &e) == -1)
		code = complain_usage(
		    "%s", complaints != NULL ? complaints : e.text);
	if (code != 0)
		config_release(&user_table, u);
	free(complaints);
	buf_release(&path);
	return code;
}

static bool
said(const char *text)
{
	return text != NULL && *text != '\0';
}

/* One source: does it say where?  *code is set when it says it wrongly. */
static bool
take(struct where *w, const char *host, const char *socket, const char *root,
    int *code)
{
	struct buf path = BUF_INIT;
	struct err e;

	if (said(host)) {
		w->far = true;
		w->url = mem_strdup(host);
		if (remote_parse(&w->remote, host, &e) == -1)
			*code = complain_usage("%s", e.text);
		return true;
	}
	if (!said(socket) && !said(root))
		return false;
	if (said(socket))
		buf_adds(&path, socket);
	else
		buf_printf(&path, "%s/run/admin.sock", root);
	w->socket = buf_detach(&path);
	return true;
}

static const char *
from_env(const char *name, bool wanted)
{
	return wanted ? getenv(name) : NULL;
}

int
where_find(struct where *w, const struct options *o, bool near)
{
	struct user_file u;
	int code;

	memset(w, 0, sizeof(*w));
	if (said(o->host) && (said(o->socket) || said(o->root)))
		return complain_usage("--host has the socket in itself: "
				      "ssh://host/path/of/admin.sock");
	if (said(o->host) && near)
		return complain_usage("this is for the master's own machine");
	if ((code = read_user_file(&u)) != 0)
		return code;
	if (!take(w, o->host, o->socket, o->root, &code) &&
	    !take(w, from_env("PANDAFUZZ_HOST", !near),
		getenv("PANDAFUZZ_SOCKET"), getenv("PANDAFUZZ_ROOT"), &code) &&
	    !take(w, near ? NULL : u.host, u.socket, u.root, &code))
		take(w, NULL, DEFAULT_SOCKET, NULL, &code);
	if (said(u.color))
		w->color = mem_strdup(u.color);
	config_release(&user_table, &u);
	return code;
}

void
where_release(struct where *w)
{
	free(w->url);
	free(w->socket);
	free(w->color);
	memset(w, 0, sizeof(*w));
}
