/*
 * jobs/<job>.json, out and in: the segments of a job's target in the order of
 * their serials (PROTOCOL 33).  The runner asks only for what its cache lacks.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/wire/fields.h"
#include "lib/wire/ticket.h"

/* More tokens than the usual file: 1,500 segments of four keys each. */
static const struct json_limits JOB_JSON = {TICKET_MAX_BYTES, 16384, 8};

void
job_file_release(struct job_file *j)
{
	free(j->segments);
	memset(j, 0, sizeof(*j));
}

void
job_file_format(struct buf *out, const struct job_file *j)
{
	const struct segment *s;
	int i;

	assert(j->job != 0);
	assert(
	    j->segment_count >= 0 && j->segment_count <= TICKET_MAX_SEGMENTS);
	json_open(out, NULL, '{');
	field_put_id(out, "job", j->job);
	json_put_u64(out, "generation", j->generation);
	json_open(out, "segments", '[');
	for (i = 0; i < j->segment_count; i++) {
		s = &j->segments[i];
		json_open(out, NULL, '{');
		json_put_string(out, "sha256", digest_hex(&s->sha256).text);
		json_put_u64(out, "first", s->first);
		json_put_u64(out, "last", s->last);
		json_put_u64(out, "bytes", s->bytes);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	buf_addc(out, '\n');
}

static int
get_number(const struct json_value *object, const char *key, uint64_t *number)
{
	if (json_u64(json_get(object, key), number) == -1 ||
	    *number > INT64_MAX)
		return -1;
	return 0;
}

static int
parse_segment(struct segment *s, const struct json_value *v)
{
	if (json_type(v) != JSON_OBJECT ||
	    digest_parse(&s->sha256, json_get_string(v, "sha256", "")) == -1 ||
	    get_number(v, "first", &s->first) == -1 ||
	    get_number(v, "last", &s->last) == -1 ||
	    get_number(v, "bytes", &s->bytes) == -1)
		return -1;
	return s->last < s->first ? -1 : 0;
}

static int
parse_segments(struct job_file *j, const struct json_value *root, struct err *e)
{
	const struct json_value *v = json_get(root, "segments");
	struct segment *s;
	int count;

	if (v == NULL || json_type(v) != JSON_ARRAY)
		return err_set(e, ERR_REFUSED, "a job file without segments");
	count = json_count(v);
	if (count > TICKET_MAX_SEGMENTS)
		return err_set(e, ERR_REFUSED,
		    "a job file of %d segments, limit is %d", count,
		    TICKET_MAX_SEGMENTS);
	j->segments = mem_array((size_t)count + 1, sizeof(*j->segments));
	for (v = json_first(v); v != NULL; v = json_next(v)) {
		s = &j->segments[j->segment_count];
		if (parse_segment(s, v) == -1)
			return err_set(e, ERR_REFUSED,
			    "segment %d of a job file is not valid",
			    j->segment_count);
		if (j->segment_count > 0 && s->first <= s[-1].last)
			return err_set(e, ERR_REFUSED,
			    "segment %d of a job file is out of order",
			    j->segment_count);
		j->segment_count++;
	}
	return 0;
}

static int
parse_root(struct job_file *j, const struct json_value *root, struct err *e)
{
	if (field_id(json_get(root, "job"), &j->job, false) == -1)
		return err_set(e, ERR_REFUSED, "a job file without its job");
	if (get_number(root, "generation", &j->generation) == -1)
		return err_set(e, ERR_REFUSED,
		    "'generation' of a job file is missing or no number");
	return parse_segments(j, root, e);
}

int
job_file_parse(struct job_file *j, const void *bytes, size_t len, struct err *e)
{
	struct json *doc;
	int rc;

	memset(j, 0, sizeof(*j));
	if ((doc = json_parse(bytes, len, &JOB_JSON, e)) == NULL)
		return -1;
	rc = parse_root(j, json_root(doc), e);
	json_free(doc);
	if (rc == -1)
		job_file_release(j);
	return rc;
}
