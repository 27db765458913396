/*
 * Build files on their way in (PROTOCOL 34): staged, hashed and looked at
 * while they arrive, named by the digest that we found.  What has a row is in
 * the store already and is not written again.
 */
#include <stdlib.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/traits.h"

/* Left free for facts, which must fit when the bytes did. */
#define RESERVE (256ull << 20)

struct incoming_file {
	struct digest claimed;
	struct staged *staged; /* NULL: known, the bytes are dropped */
	struct traits_scan scan;
};

static void
drop_file(void *own)
{
	struct incoming_file *f = own;

	store_stage_drop(f->staged);
	free(f);
}

/* Room for it, before 2 GiB were sent. */
int
request_check_room(struct request *r, struct err *e)
{
	uint64_t free_bytes, want = request_length(r);
	struct disk *disk = store_disk(r->admin->store);
	struct admin_gauges g;

	admin_gauges(r->admin, &g);
	if (g.hold[0] != '\0')
		return err_set(
		    e, ERR_AGAIN, "the master takes nothing: %s", g.hold);
	(void)disk_level(disk);
	free_bytes = disk_state(disk)->free_bytes;
	if (want == UINT64_MAX)
		want = 0;
	if (free_bytes < RESERVE || free_bytes - RESERVE < want)
		return err_set(e, ERR_AGAIN,
		    "the master's disk has %s left, too little for this file",
		    text_size(free_bytes).text);
	return 0;
}

int
build_file_begin(struct request *r, struct err *e)
{
	struct incoming_file *f = mem_alloc(sizeof(*f));
	int known;

	r->own = f;
	r->drop = drop_file;
	traits_init(&f->scan);
	r->field = "path";
	if (digest_parse(&f->claimed, r->part[0]) == -1)
		return err_set(
		    e, ERR_REFUSED, "'%.80s' is no SHA-256", r->part[0]);
	r->field = NULL;
	known = builds_file(r->admin->db, &f->claimed, NULL, NULL, e);
	if (known != 0)
		return known == 1 ? 0 : -1;
	if (request_check_room(r, e) == -1)
		return -1;
	f->staged = store_stage(r->admin->store, e);
	return f->staged == NULL ? -1 : 0;
}

int
build_file_piece(
    struct request *r, const void *bytes, size_t len, struct err *e)
{
	struct incoming_file *f = r->own;

	if (f->staged == NULL)
		return 0;
	traits_add(&f->scan, bytes, len);
	return store_stage_add(f->staged, bytes, len, e);
}

static int
name_file(
    struct request *r, struct incoming_file *f, struct upload *u, struct err *e)
{
	struct staged *staged = f->staged;

	if (store_stage_end(staged, &u->sha256, &u->size, e) == -1)
		return -1;
	if (!digest_equal(&u->sha256, &f->claimed)) {
		r->field = "body";
		r->hint = "was the file changed while it was being sent?";
		return err_set(e, ERR_REFUSED,
		    "the bytes sent as %.12s are those of %.12s", r->part[0],
		    digest_hex(&u->sha256).text);
	}
	u->traits = f->scan.traits;
	f->staged = NULL; /* taken by the name */
	return store_name_build_file(r->admin->store, staged, &u->sha256, e);
}

int
build_file_end(struct request *r, struct err *e)
{
	struct incoming_file *f = r->own;
	struct upload u = {.size = 0};
	bool known = f->staged == NULL;

	if (!known) {
		if (name_file(r, f, &u, e) == -1)
			return -1;
		uploads_add(r->admin->uploads, &u);
	}
	json_open(&r->out, NULL, '{');
	json_put_u64(&r->out, "api", 1);
	json_put_bool(&r->out, "known", known);
	json_close(&r->out, '}');
	return 0;
}
