/*
 * One crash: its row, and its bytes from the store.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/wire/ids.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/db/builds.h"

/* The crash of the path; target= tells two targets with one id apart. */
static int
find_crash(struct request *r, struct view_key *found, struct err *e)
{
	const char *within = request_query(r, "target");
	struct target_ref ref;
	int got;

	if (*within == '\0') {
		got = request_find(r, VIEW_CRASH, r->part[0], NULL, found, e);
		if (got == -1 && r->code != NULL)
			r->hint = "more of the id, or --target, makes it clear";
		return got;
	}
	got = builds_resolve_target(r->admin->db, within, &ref, e);
	if (got == 1)
		r->code = "ambiguous";
	if (got != 0)
		return -1;
	return request_find(r, VIEW_CRASH, r->part[0], ref.name, found, e);
}

int
show_crash(struct request *r, struct err *e)
{
	struct view_key found;

	if (find_crash(r, &found, e) == -1)
		return -1;
	return reply_item(r, VIEW_CRASH, found.id, e);
}

/* <sha256>-<sig8>, of a row and so of known form. */
static int
split_id(const char *id, struct digest *sha256, const char **sig8)
{
	char hex[DIGEST_HEX + 1];

	if (strlen(id) != DIGEST_HEX + 1 + 8)
		return -1;
	memcpy(hex, id, DIGEST_HEX);
	hex[DIGEST_HEX] = '\0';
	*sig8 = id + DIGEST_HEX + 1;
	return digest_parse(sha256, hex);
}

enum part { PART_INPUT, PART_MINIMISED, PART_REPORT, PART_UNIT };

static const char *const part_names[] = {
    "input", "minimised input", "report", "such input"};

/* Open it for the answer; "unit" is that of PART_UNIT. */
static int
send_part(
    struct request *r, enum part part, const struct digest *unit, struct err *e)
{
	char target[NAME_MAX_LEN + TARGET_MAX_LEN + 2], file[40] = "input";
	struct view_key found;
	struct digest sha256;
	const char *sig8;
	char *name;

	if (find_crash(r, &found, e) == -1 ||
	    view_crash_target(
		r->admin->db, found.id, target, sizeof(target), e) == -1)
		return -1;
	name = strchr(target, '/');
	if (name == NULL || split_id(found.text, &sha256, &sig8) == -1)
		return err_set(
		    e, ERR_BUG, "crash %s: has an odd id", found.text);
	*name++ = '\0';
	if (part == PART_REPORT)
		snprintf(file, sizeof(file), "report-%.8s.txt", sig8);
	else if (part == PART_MINIMISED)
		snprintf(file, sizeof(file), "input.min");
	r->file = part == PART_UNIT
	    ? store_open_unit(r->admin->store, target, name, unit, e)
	    : store_open_crash(r->admin->store, target, name, &sha256, file, e);
	if (r->file == -1 && e->cls == ERR_NOT_FOUND)
		return err_set(e, ERR_NOT_FOUND, "crash %.12s: has no %s here",
		    found.text, part_names[part]);
	r->type = part == PART_REPORT ? "text/plain; charset=utf-8"
				      : "application/octet-stream";
	return r->file == -1 ? -1 : 0;
}

int
crash_input(struct request *r, struct err *e)
{
	uint64_t minimised;

	if (request_number(r, "minimised", 0, 1, &minimised, e) == -1)
		return -1;
	return send_part(r, minimised ? PART_MINIMISED : PART_INPUT, NULL, e);
}

/* An input that has to be run before it: a unit of its target. */
int
crash_series(struct request *r, struct err *e)
{
	struct digest unit;

	r->field = "path";
	if (digest_parse(&unit, r->part[1]) == -1)
		return err_set(
		    e, ERR_REFUSED, "'%.80s' is no SHA-256", r->part[1]);
	r->field = NULL;
	return send_part(r, PART_UNIT, &unit, e);
}

int
crash_report(struct request *r, struct err *e)
{
	return send_part(r, PART_REPORT, NULL, e);
}
