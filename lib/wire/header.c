/*
 * The first and the last line of a bundle: who and what, and the proof that
 * it is whole.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/wire/fields.h"
#include "lib/wire/record.h"

/* ---- out ------------------------------------------------------------- */

static bool
trace_ok(const char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		if (i >= TRACE_MAX_LEN ||
		    !((text[i] >= '0' && text[i] <= '9') ||
			(text[i] >= 'a' && text[i] <= 'z') ||
			(text[i] >= 'A' && text[i] <= 'Z') || text[i] == '-'))
			return false;
	return true;
}

int
header_format(struct buf *out, const struct bundle_header *h, struct err *e)
{
	char path[NAME_MAX_LEN + TARGET_MAX_LEN + 2];

	if (h->pfb != WIRE_VERSION || h->epoch == 0 || h->seq == 0 ||
	    !name_ok(h->account.text) || !name_ok(h->bot.text) ||
	    !trace_ok(h->trace))
		return err_set(e, ERR_BUG, "the header of a bundle is odd");
	json_open(out, NULL, '{');
	json_put_u64(out, "pfb", h->pfb);
	json_put_string(out, "kind", bundle_kind_name(h->kind));
	json_put_string(out, "account", h->account.text);
	json_put_string(out, "bot", h->bot.text);
	field_put_id(out, "epoch", h->epoch);
	json_put_u64(out, "seq", h->seq);
	field_put_id(out, "lease", h->lease);
	field_put_id(out, "job", h->job);
	if (h->has_build)
		json_put_string(out, "build", digest_hex(&h->build).text);
	else
		json_put_null(out, "build");
	if (h->has_target) {
		snprintf(path, sizeof(path), "%s/%s", h->project.text,
		    h->target.text);
		json_put_string(out, "target", path);
	} else {
		json_put_null(out, "target");
	}
	json_put_u64(out, "sealed", h->sealed_ms);
	json_put_string(out, "trace", h->trace);
	json_close(out, '}');
	buf_addc(out, '\n');
	return 0;
}

void
end_format(struct buf *out, const struct bundle_end *end)
{
	json_open(out, NULL, '{');
	json_put_bool(out, "end", true);
	json_put_u64(out, "records", end->records);
	json_put_string(out, "sha256", digest_hex(&end->sha256).text);
	json_close(out, '}');
	buf_addc(out, '\n');
}

/* ---- in -------------------------------------------------------------- */

static int
bad_header(struct err *e, const char *key)
{
	return err_set(e, ERR_REFUSED,
	    "'%s' of the first line is missing or no valid value", key);
}

static int
parse_header_refs(
    struct bundle_header *h, const struct json_value *root, struct err *e)
{
	const struct json_value *v;

	if (field_id(json_get(root, "lease"), &h->lease, true) == -1)
		return bad_header(e, "lease");
	if (field_id(json_get(root, "job"), &h->job, true) == -1)
		return bad_header(e, "job");
	v = json_get(root, "build");
	h->has_build = v != NULL && json_type(v) != JSON_NULL;
	if (v == NULL || (h->has_build && field_digest(v, &h->build) == -1))
		return bad_header(e, "build");
	v = json_get(root, "target");
	h->has_target = v != NULL && json_type(v) != JSON_NULL;
	if (v == NULL || (h->has_target && json_string(v) == NULL))
		return bad_header(e, "target");
	if (h->has_target)
		return target_path_parse(
		    &h->project, &h->target, json_string(v), e);
	return 0;
}

static int
parse_header(
    struct bundle_header *h, const struct json_value *root, struct err *e)
{
	const char *text;

	if (field_number(json_get(root, "pfb"), &h->pfb) == -1 || h->pfb == 0)
		return bad_header(e, "pfb");
	if (h->pfb > WIRE_VERSION)
		return 1;
	text = json_get_string(root, "kind", "");
	if (bundle_kind_parse(&h->kind, text) == -1)
		return err_set(e, ERR_REFUSED,
		    "a bundle of unknown kind "
		    "'%.40s'",
		    text);
	if (name_parse(&h->account, "account",
		json_get_string(root, "account", ""), e) == -1 ||
	    name_parse(&h->bot, "bot", json_get_string(root, "bot", ""), e) ==
		-1)
		return -1;
	if (field_id(json_get(root, "epoch"), &h->epoch, true) == -1 ||
	    h->epoch == 0)
		return bad_header(e, "epoch");
	if (field_number(json_get(root, "seq"), &h->seq) == -1 || h->seq == 0)
		return bad_header(e, "seq");
	if (field_number(json_get(root, "sealed"), &h->sealed_ms) == -1)
		return bad_header(e, "sealed");
	text = json_string(json_get(root, "trace"));
	if (text == NULL || !trace_ok(text))
		return bad_header(e, "trace");
	text_copy(h->trace, sizeof(h->trace), text);
	if (parse_header_refs(h, root, e) == -1)
		return -1;
	if (json_count(root) != 12)
		return err_set(e, ERR_REFUSED, "unknown key in the first line");
	return 0;
}

int
header_parse(
    struct bundle_header *h, const char *line, size_t len, struct err *e)
{
	struct json *j;
	int result;

	memset(h, 0, sizeof(*h));
	if ((j = field_line(line, len, e)) == NULL)
		return -1;
	result = parse_header(h, json_root(j), e);
	json_free(j);
	return result;
}

int
end_parse(struct bundle_end *end, const char *line, size_t len, struct err *e)
{
	const struct json_value *root;
	struct json *j;
	bool yes = false;
	int result = 0;

	memset(end, 0, sizeof(*end));
	if ((j = field_line(line, len, e)) == NULL)
		return -1;
	root = json_root(j);
	if (json_bool(json_get(root, "end"), &yes) == -1 || !yes ||
	    field_number(json_get(root, "records"), &end->records) == -1 ||
	    field_digest(json_get(root, "sha256"), &end->sha256) == -1 ||
	    json_count(root) != 3)
		result =
		    err_set(e, ERR_REFUSED, "a line that is no end record");
	json_free(j);
	return result;
}
