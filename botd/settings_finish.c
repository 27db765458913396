/*
 * What follows from the settings: the folder and the name that templates mean,
 * the account that a link tells, and hours and rates as the two parts want
 * them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "botd/settings.h"
#include "botd/template.h"

#define EPHEMERAL_NAME "%h-%j-%t"
#define EPHEMERAL_POOL "ephemeral"

bool
settings_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

bool
settings_relayed(const struct settings *s)
{
	return settings_given(s->link) && strcmp(s->link, LINK_RELAY) == 0;
}

static int
expand(struct buf *out, const char *text, struct err *e)
{
	struct template_world w;
	char host[256];

	template_world(&w, host);
	return template_expand(out, text, &w, e);
}

struct name
settings_host_name(const char *host)
{
	struct name n = {""};
	size_t len = 0;
	char c;

	for (; *host != '\0' && *host != '.' && len < NAME_MAX_LEN; host++) {
		c = *host;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			c = '-';
		if (c != '-' || len > 0)
			n.text[len++] = c;
	}
	if (len == 0)
		snprintf(n.text, sizeof(n.text), "bot");
	return n;
}

/* ---- where ----------------------------------------------------------- */

int
settings_folder(const struct settings *s, char **folder, struct err *e)
{
	struct buf path = BUF_INIT;

	if (!settings_given(s->root) || s->root[0] != '/')
		return err_set(e, ERR_REFUSED,
		    "root '%s' is not an absolute path", s->root);
	if (expand(&path, s->root, e) == -1) {
		buf_release(&path);
		return -1;
	}
	*folder = buf_detach(&path);
	return 0;
}

/* ---- who ------------------------------------------------------------- */

/* ROOT/identity, written by the supervisor: a host may be renamed. */
static int
read_identity(const char *root, struct name *n)
{
	struct buf path = BUF_INIT, text = BUF_INIT;
	int rc;

	buf_printf(&path, "%s/identity", root);
	rc = fs_read_file(AT_FDCWD, path.data, &text, 256, NULL);
	if (rc == 0) {
		text.data[strcspn(text.data, "\n")] = '\0';
		rc = name_parse(n, "bot", text.data, NULL);
	}
	buf_release(&path);
	buf_release(&text);
	return rc;
}

static int
name_by_template(struct name *n, const char *template, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc = expand(&text, template, e);

	if (rc == 0)
		*n = template_name(buf_text(&text));
	buf_release(&text);
	return rc;
}

static bool
is_ephemeral(const struct settings *s)
{
	return s->ephemeral || settings_given(s->pool);
}

int
settings_name(const struct settings *s, struct name *n, struct err *e)
{
	char host[256] = "", *folder;
	int rc;

	if (settings_given(s->name))
		return template_is(s->name) ? name_by_template(n, s->name, e)
					    : name_parse(n, "bot", s->name, e);
	if (is_ephemeral(s)) /* the file would be another task's */
		return name_by_template(n, EPHEMERAL_NAME, e);
	if (settings_folder(s, &folder, e) == -1)
		return -1;
	rc = read_identity(folder, n);
	free(folder);
	if (rc == 0)
		return 0;
	gethostname(host, sizeof(host) - 1);
	*n = settings_host_name(host);
	return 0;
}

int
settings_pool(const struct settings *s, struct name *n, struct err *e)
{
	n->text[0] = '\0';
	if (!is_ephemeral(s))
		return 0;
	if (!settings_given(s->pool))
		return name_parse(n, "pool", EPHEMERAL_POOL, e);
	return template_is(s->pool) ? name_by_template(n, s->pool, e)
				    : name_parse(n, "pool", s->pool, e);
}

/* The account is the folder on the master (P.3), so the link tells it. */
int
settings_account(const struct settings *s, struct name *n, struct err *e)
{
	char text[NAME_MAX_LEN + 2] = "";
	const char *from, *end;

	if (settings_given(s->account))
		return name_parse(n, "account", s->account, e);
	if (strncmp(s->link, "sftp://", 7) == 0) {
		from = s->link + 7;
		end = strchr(from, '@');
	} else {
		end = s->link + strlen(s->link);
		while (end > s->link && end[-1] == '/')
			end--;
		from = end;
		while (from > s->link && from[-1] != '/' && from[-1] != ':')
			from--;
	}
	if (end != NULL && (size_t)(end - from) < sizeof(text))
		memcpy(text, from, (size_t)(end - from));
	if (!name_ok(text) || settings_relayed(s))
		return err_set(e, ERR_REFUSED,
		    "no account is given, and link '%s' names none", s->link);
	return name_parse(n, "account", text, e);
}

/* ---- together -------------------------------------------------------- */

int
settings_finish(struct settings *s, struct err *e)
{
	free(s->folder);
	s->folder = NULL;
	if (settings_folder(s, &s->folder, e) == -1)
		return -1;
	if (settings_name(s, &s->bot_name, e) == -1 ||
	    settings_pool(s, &s->pool_name, e) == -1)
		return -1;
	if (!settings_given(s->link)) /* the last: the doctor does without */
		return err_set(e, ERR_NOT_FOUND,
		    "no link is given: sftp://user@host:port, dir:/path, or "
		    "relay");
	return settings_account(s, &s->account_name, e);
}

void
settings_off(const struct settings *s, struct off *o)
{
	/* Judged by the table's check: what is odd never came so far. */
	(void)hours_parse(&o->hours, s->hours == NULL ? "" : s->hours, NULL);
	snprintf(o->hours_text, sizeof(o->hours_text), "%.150s",
	    s->hours == NULL ? "" : s->hours);
	o->asked_at = o->back_at = 0;
	if (o->when != s->only_when)
		o->looked = false;
	o->when = s->only_when;
	o->quiet_ms = s->idle_after;
}

void
settings_rates(const struct settings *s, struct rates *r)
{
	(void)rates_parse(r, s->rate, s->rates, NULL);
}
