/*
 * jobs/<job>.known: signatures that a bot only has to count.  Losing it costs
 * traffic, never a finding: so one that is odd is taken away, not kept, and
 * nothing here keeps a ticket from being placed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/known.h"
#include "botd/courier/carry.h"

#define SUFFIX ".known"

struct known_name {
	char text[32];
};

static struct known_name
name_of(uint64_t job)
{
	struct known_name n;

	snprintf(n.text, sizeof(n.text), "%s" SUFFIX, text_hex64(job).text);
	return n;
}

uint64_t
known_id(const char *name)
{
	char digits[17];
	uint64_t id;

	if (strlen(name) != 16 + strlen(SUFFIX) ||
	    strcmp(name + 16, SUFFIX) != 0)
		return 0;
	memcpy(digits, name, 16);
	digits[16] = '\0';
	return text_to_hex64(&id, digits) == -1 ? 0 : id;
}

static int
take_away(struct courier *c, struct job *j, struct err *e)
{
	const struct known_name name = name_of(j->id);

	if (j->known_gone)
		return 0;
	if (unlinkat(c->jobs_dir, name.text, 0) == -1 && errno != ENOENT)
		return err_sys(e, "cannot remove '%s'", name.text);
	j->known_gone = true;
	return 0;
}

/* Only what can be used is placed. */
static int
place(struct courier *c, struct job *j, const struct buf *text, struct err *e)
{
	struct known k;
	struct err why;

	if (known_parse(&k, buf_text(text), text->len, &why) == -1) {
		log_warn("known.unreadable",
		    LOG_T("job", text_hex64(j->id).text),
		    LOG_T("reason", why.text));
		return take_away(c, j, e);
	}
	log_info("known.placed", LOG_T("job", text_hex64(j->id).text),
	    LOG_N("signatures", k.count));
	known_release(&k);
	if (fs_replace(c->jobs_dir, name_of(j->id).text, text->data, text->len,
		0640, false, e) == -1)
		return -1;
	j->known_gone = false;
	return 0;
}

int
known_bring(struct courier *c, struct job *j, struct err *e)
{
	struct buf text = BUF_INIT;
	struct link_stat st;
	char path[PATH_ROOM];
	struct err why;
	int rc;

	outgoing_path(c, path, "jobs/%s", name_of(j->id).text);
	if (link_stat(c->link, path, &st, e) == -1)
		return -1;
	if (!st.exists) {
		memset(&j->known, 0, sizeof(j->known));
		return take_away(c, j, e);
	}
	if (st.mtime == j->known.mtime && st.size == j->known.size)
		return 0;
	rc = fetch_text(c, path, KNOWN_MAX_BYTES, &text, &why);
	if (rc == 0)
		rc = place(c, j, &text, e);
	else if (!link_up(c->link) && e != NULL)
		*e = why;
	else if (link_up(c->link)) /* too long, or gone again: next time */
		rc = why.cls == ERR_REFUSED ? take_away(c, j, e) : 0;
	if (rc == 0)
		j->known = st;
	buf_release(&text);
	return rc;
}
