/*
 * What a ticket of kind "reproduce" has to run: inputs by their digests, some
 * of them after others in one process.  Tickets of other kinds have none, and
 * none of the key.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/wire/fields.h"
#include "lib/wire/ticket_inputs.h"

void
ticket_inputs_release(struct ticket *t)
{
	int i;

	for (i = 0; i < t->input_count; i++)
		free(t->inputs[i].series);
	free(t->inputs);
	t->inputs = NULL;
	t->input_count = 0;
}

struct ticket_input *
ticket_add_input(
    struct ticket *t, const struct digest *sha256, uint64_t size, struct err *e)
{
	struct ticket_input *in;
	int i;

	if (t->input_count >= TICKET_MAX_INPUTS) {
		err_set(e, ERR_REFUSED, "a ticket has at most %d inputs",
		    TICKET_MAX_INPUTS);
		return NULL;
	}
	if (size > TICKET_INPUT_MAX) {
		err_set(e, ERR_REFUSED,
		    "input '%.12s' of a ticket is longer than %d bytes",
		    digest_hex(sha256).text, TICKET_INPUT_MAX);
		return NULL;
	}
	for (i = 0; i < t->input_count; i++)
		if (digest_equal(&t->inputs[i].sha256, sha256)) {
			err_set(e, ERR_REFUSED,
			    "a ticket names input '%.12s' twice",
			    digest_hex(sha256).text);
			return NULL;
		}
	t->inputs = mem_resize(
	    t->inputs, (size_t)t->input_count + 1, sizeof(*t->inputs));
	in = &t->inputs[t->input_count++];
	memset(in, 0, sizeof(*in));
	in->sha256 = *sha256;
	in->size = size;
	return in;
}

int
ticket_input_add_series(
    struct ticket_input *in, const struct digest *sha256, struct err *e)
{
	if (in->series_count >= TICKET_MAX_SERIES)
		return err_set(e, ERR_REFUSED,
		    "an input of a ticket comes after at most %d others",
		    TICKET_MAX_SERIES);
	in->series = mem_resize(
	    in->series, (size_t)in->series_count + 1, sizeof(*in->series));
	in->series[in->series_count++] = *sha256;
	return 0;
}

/* ---- out ------------------------------------------------------------- */

static void
put_input(struct buf *out, const struct ticket_input *in)
{
	int i;

	assert(in->series_count <= TICKET_MAX_SERIES);
	json_open(out, NULL, '{');
	json_put_string(out, "sha256", digest_hex(&in->sha256).text);
	json_put_u64(out, "size", in->size);
	if (in->has_signature)
		json_put_string(
		    out, "signature", digest_hex(&in->signature).text);
	if (in->series_count > 0) {
		json_open(out, "series", '[');
		for (i = 0; i < in->series_count; i++)
			json_put_string(
			    out, NULL, digest_hex(&in->series[i]).text);
		json_close(out, ']');
	}
	json_close(out, '}');
}

void
ticket_inputs_put(struct buf *out, const struct ticket *t)
{
	int i;

	assert(t->input_count <= TICKET_MAX_INPUTS);
	if (t->input_count == 0)
		return;
	json_open(out, "inputs", '[');
	for (i = 0; i < t->input_count; i++)
		put_input(out, &t->inputs[i]);
	json_close(out, ']');
}

/* ---- in -------------------------------------------------------------- */

static int
bad_input(struct err *e)
{
	return err_set(e, ERR_REFUSED,
	    "'inputs' of a ticket is missing or no valid value");
}

static int
parse_series(struct ticket_input *in, const struct json_value *v, struct err *e)
{
	struct digest one;

	if (v == NULL)
		return 0;
	if (json_type(v) != JSON_ARRAY)
		return bad_input(e);
	for (v = json_first(v); v != NULL; v = json_next(v)) {
		if (field_digest(v, &one) == -1)
			return bad_input(e);
		if (ticket_input_add_series(in, &one, e) == -1)
			return -1;
	}
	return 0;
}

static int
parse_input(struct ticket *t, const struct json_value *v, struct err *e)
{
	const struct json_value *signature = json_get(v, "signature");
	struct ticket_input *in;
	struct digest sha256;
	uint64_t size;

	if (json_type(v) != JSON_OBJECT ||
	    field_digest(json_get(v, "sha256"), &sha256) == -1 ||
	    json_u64(json_get(v, "size"), &size) == -1)
		return bad_input(e);
	if ((in = ticket_add_input(t, &sha256, size, e)) == NULL)
		return -1;
	in->has_signature = signature != NULL;
	if (in->has_signature && field_digest(signature, &in->signature) == -1)
		return bad_input(e);
	return parse_series(in, json_get(v, "series"), e);
}

int
ticket_inputs_parse(
    struct ticket *t, const struct json_value *root, struct err *e)
{
	const struct json_value *v = json_get(root, "inputs");
	bool runs = strcmp(t->kind, "reproduce") == 0;

	if (v == NULL && !runs)
		return 0;
	if (v == NULL || json_type(v) != JSON_ARRAY || json_count(v) == 0)
		return bad_input(e);
	if (!runs)
		return err_set(e, ERR_REFUSED,
		    "a ticket of kind '%s' with inputs", t->kind);
	for (v = json_first(v); v != NULL; v = json_next(v))
		if (parse_input(t, v, e) == -1)
			return -1;
	return 0;
}
