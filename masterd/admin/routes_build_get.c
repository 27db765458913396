/*
 * What a build is made of, on its way out: for kits of crashes, which are run
 * where there is no bot.  Files are asked for by build and digest: only by
 * their build is it known who may have them.
 */
#include <string.h>

#include "lib/wire/manifest.h"
#include "masterd/admin/admin_internal.h"

/* The build of the path, and its manifest's text. */
static int
read_manifest(struct request *r, struct buf *text, struct err *e)
{
	struct view_key found;
	struct digest id;

	if (request_find(r, VIEW_BUILD, r->part[0], NULL, &found, e) == -1)
		return -1;
	if (digest_parse(&id, found.text) == -1)
		return err_set(
		    e, ERR_BUG, "build %.12s: has an odd id", found.text);
	if (store_read_manifest(
		r->admin->store, &id, text, MANIFEST_MAX_BYTES, e) == 0)
		return 0;
	if (e->cls == ERR_NOT_FOUND)
		return err_set(e, ERR_NOT_FOUND,
		    "build %.12s: its files are not here any more", found.text);
	return -1;
}

int
build_manifest(struct request *r, struct err *e)
{
	r->type = "text/plain; charset=utf-8";
	return read_manifest(r, &r->out, e);
}

/* Lines of a manifest begin with the digest and a blank. */
static bool
has_file(const struct buf *text, const struct digest *sha256)
{
	struct digest_hex hex = digest_hex(sha256);
	const char *at = buf_text(text);

	for (; at != NULL && *at != '\0'; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, hex.text, DIGEST_HEX) == 0 &&
		    at[DIGEST_HEX] == ' ')
			return true;
	}
	return false;
}

int
build_file_get(struct request *r, struct err *e)
{
	struct buf text = BUF_INIT;
	struct digest sha256;
	bool has;

	r->field = "path";
	if (digest_parse(&sha256, r->part[1]) == -1)
		return err_set(
		    e, ERR_REFUSED, "'%.80s' is no SHA-256", r->part[1]);
	r->field = NULL;
	if (read_manifest(r, &text, e) == -1)
		return -1;
	has = has_file(&text, &sha256);
	buf_release(&text);
	if (!has)
		return err_set(e, ERR_NOT_FOUND,
		    "build %.12s: has no file %.12s", r->part[0], r->part[1]);
	r->type = "application/octet-stream";
	r->file = store_open_build_file(r->admin->store, &sha256, e);
	return r->file == -1 ? -1 : 0;
}
