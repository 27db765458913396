/*
 * Bundles that are taken a second time: refused ones on request, held ones
 * after an upgrade.  Their outcome replaces the one on record (PROTOCOL 14).
 */
#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/intake/ingest_internal.h"

void
ingest_give_back(struct taken *t)
{
	/* One that came from rejected/ or held/ still lies there. */
	if (t->account != NULL)
		incoming_back(t->account, t->entry);
	taken_free(t);
}

/* "b1-...-c.pfb.2" and "b1-...-c.pfb.damaged-1" are of "b1-...-c.pfb". */
static int
original_name(const char *file, char *name, size_t size)
{
	const char *end = strstr(file, ".pfb");
	struct bundle_id id;

	if (end == NULL || (size_t)(end - file) + 5 > size)
		return -1;
	memcpy(name, file, (size_t)(end - file) + 4);
	name[end - file + 4] = '\0';
	return bundle_id_parse(&id, name, NULL);
}

int
ingest_take_again(struct ingest *g, enum reject_kind kind, const char *account,
    const char *file, struct err *e)
{
	char name[BUNDLE_NAME_MAX];
	struct taken **last, *t;
	struct stat st;
	int fd;

	if (original_name(file, name, sizeof(name)) == -1)
		return err_set(e, ERR_REFUSED,
		    "'%.100s' is not a bundle that "
		    "was rejected: only its reason was kept",
		    file);
	if ((fd = reject_reopen(g->reject, kind, account, file, e)) == -1)
		return -1;
	if (fstat(fd, &st) == -1) {
		err_sys(e, "cannot look at '%s'", file);
		close(fd);
		return -1;
	}
	t = taken_new(account, name, fd, (uint64_t)st.st_size);
	t->again = true;
	t->again_kind = kind;
	text_copy(t->again_name.text, sizeof(t->again_name.text), file);
	for (last = &g->again; *last != NULL; last = &(*last)->next)
		;
	*last = t;
	ingest_wake(g);
	return 0;
}

int
ingest_again(
    struct ingest *g, const char *account, const char *file, struct err *e)
{
	return ingest_take_again(g, REJECT_REFUSED, account, file, e);
}

void
ingest_sweep(struct ingest *g, uint64_t keep_ms)
{
	uint64_t now = clock_wall_ms();

	incoming_sweep(g->incoming);
	reject_sweep(g->reject, now > keep_ms ? now - keep_ms : 0);
}

void
ingest_gauges(const struct ingest *g, struct ingest_gauges *out)
{
	*out = g->gauges;
	out->waiting = incoming_count(g->incoming);
	out->in_hand = (uint64_t)g->pending_count + (uint64_t)g->filling.count +
	    (uint64_t)g->committing.count;
	if (g->committing.count > 0)
		out->oldest_ms = clock_up_ms() - g->committing.started_ms;
	else if (g->filling.count > 0)
		out->oldest_ms = clock_up_ms() - g->filling.started_ms;
}
