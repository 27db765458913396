/*
 * Inputs that people found by hand, or other tools did: staged and hashed while
 * they arrive, named and synced as a crash's input is, then a row, and a task
 * that has some bot run them.  What is known already changes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/change.h"
#include "masterd/admin/permit.h"
#include "masterd/db/builds.h"
#include "masterd/db/submissions.h"

#define NAME_CAP 255 /* bytes of a file's name that are kept */

/* Outlives its request when that is closed while the sync is under way. */
struct handed_in {
	struct request *r; /* NULL: nobody waits for the answer */
	bool syncing;
	struct target_ref target;
	struct name project;
	struct target_name name;
	struct staged *staged;
	struct digest sha256;
	uint64_t bytes;
	struct buf file; /* its name, cleaned */
	int64_t row;
	bool fresh;
};

static void
handed_in_free(struct handed_in *h)
{
	store_stage_drop(h->staged);
	buf_release(&h->file);
	free(h);
}

static void
drop_handed_in(void *own)
{
	struct handed_in *h = own;

	h->r = NULL;
	if (!h->syncing)
		handed_in_free(h);
}

/* ---- on its way ------------------------------------------------------ */

static int
find_target(struct request *r, struct handed_in *h, struct err *e)
{
	const char *text = request_query(r, "target");
	int got;

	r->field = "target";
	if (*text == '\0')
		return err_set(e, ERR_REFUSED, "target: which one?");
	got = builds_resolve_target(r->admin->db, text, &h->target, e);
	if (got == 1)
		r->code = "ambiguous";
	else if (got == -1 && e->cls == ERR_NOT_FOUND)
		hint_target(r, text);
	if (got != 0 ||
	    target_path_parse(&h->project, &h->name, h->target.name, e) == -1)
		return -1;
	r->field = NULL;
	return permit_project(r, h->project.text, e);
}

int
crash_add_begin(struct request *r, struct err *e)
{
	struct handed_in *h = mem_alloc(sizeof(*h));
	const char *name = request_query(r, "name");

	h->r = r;
	r->own = h;
	r->drop = drop_handed_in;
	if (find_target(r, h, e) == -1 || request_check_room(r, e) == -1)
		return -1;
	text_clean_line(&h->file, name, strlen(name), NAME_CAP);
	h->staged = store_stage(r->admin->store, e);
	return h->staged == NULL ? -1 : 0;
}

int
crash_add_piece(struct request *r, const void *bytes, size_t len, struct err *e)
{
	struct handed_in *h = r->own;

	return store_stage_add(h->staged, bytes, len, e);
}

/* ---- the row, then the answer ---------------------------------------- */

/* noted: input.added */
static int
note(struct request *r, const struct handed_in *h, struct err *e)
{
	char subject[sizeof(h->target.name) + 16], detail[400];
	struct buf after = BUF_INIT;
	int got;

	snprintf(subject, sizeof(subject), "target:%s", h->target.name);
	snprintf(detail, sizeof(detail), "%.12s, %s%s%.255s",
	    digest_hex(&h->sha256).text, text_size(h->bytes).text,
	    h->file.len == 0 ? "" : ": ", buf_text(&h->file));
	json_open(&after, NULL, '{');
	json_put_u64(&after, "submission", (uint64_t)h->row);
	json_put_string(&after, "input", digest_hex(&h->sha256).text);
	json_put_u64(&after, "bytes", h->bytes);
	json_put_string(&after, "name", buf_text(&h->file));
	json_close(&after, '}');
	got = change_note(r, "input.added", subject, "", buf_text(&after),
	    request_query(r, "reason"), e);
	if (got == 0)
		got = db_event(r->admin->db, r->peer.name, "input.added",
		    subject, detail, r->trace.id, e);
	buf_release(&after);
	return got;
}

static int
record(struct request *r, void *arg, struct err *e)
{
	struct handed_in *h = arg;
	const struct submission s = {.target = h->target.target,
	    .sha256 = h->sha256,
	    .bytes = h->bytes,
	    .name = buf_text(&h->file),
	    .who = r->peer.name,
	    .trace = r->trace.id,
	    .now_ms = clock_wall_ms()};
	int64_t before = db_total_changes(r->admin->db);

	if (submissions_add(r->admin->db, &s, &h->row, &h->fresh, e) == -1)
		return -1;
	if (db_total_changes(r->admin->db) == before)
		return 0; /* it waits already, or is known to crash */
	return note(r, h, e) == -1 ||
		reruns_make_for(r->admin->db, h->target.target, s.now_ms, e) ==
		    -1
	    ? -1
	    : 0;
}

static int
answer(struct handed_in *h, struct err *e)
{
	struct buf *out = &h->r->out;
	char state[16];

	if (submissions_state(h->r->admin->db, h->row, state, e) == -1)
		return -1;
	json_open(out, NULL, '{');
	json_put_u64(out, "api", 1);
	json_open(out, "item", '{');
	json_put_u64(out, "submission", (uint64_t)h->row);
	json_put_string(out, "input", digest_hex(&h->sha256).text);
	json_put_string(out, "target", h->target.name);
	json_put_u64(out, "bytes", h->bytes);
	json_put_string(out, "state", state);
	json_put_bool(out, "fresh", h->fresh);
	json_close(out, '}');
	json_close(out, '}');
	return 0;
}

static int
finish(struct handed_in *h, struct err *e)
{
	if (admin_change(h->r, record, h, e) == -1)
		return -1;
	return answer(h, e);
}

static void
synced(void *arg)
{
	struct handed_in *h = arg;
	struct err e;
	int got;

	h->syncing = false;
	if (h->r == NULL) {
		handed_in_free(h);
		return;
	}
	permit_enter(h->r);
	got = finish(h, &e);
	permit_leave(h->r);
	request_finish(h->r, got, &e);
}

int
crash_add_end(struct request *r, struct err *e)
{
	struct handed_in *h = r->own;
	struct staged *f = h->staged;
	int stored;

	if (store_stage_end(f, &h->sha256, &h->bytes, e) == -1)
		return -1;
	stored =
	    submissions_stored(r->admin->db, h->target.target, &h->sha256, e);
	if (stored == -1)
		return -1;
	if (stored == 1)
		return finish(h, e);
	h->staged = NULL; /* taken by the name */
	if (store_name_crash(r->admin->store, f, h->project.text, h->name.text,
		&h->sha256, "input", e) == -1)
		return -1;
	h->syncing = true;
	store_sync(r->admin->store, synced, h);
	return REPLY_LATER;
}
