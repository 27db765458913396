/*
 * Any bytes are a ticket, a job file, a known list, a manifest, or none of
 * them; what is taken is written again as it was read.  And any text is the name of a
 * bundle or not, in one spelling.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/wire/ids.h"
#include "lib/wire/known.h"
#include "lib/wire/manifest.h"
#include "lib/wire/ticket.h"

static void
assert_same(const struct buf *a, const struct buf *b)
{
	assert(a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
}

static void
try_ticket(const uint8_t *data, size_t size, struct buf *one, struct buf *two)
{
	struct ticket t, again;
	int i;

	if (ticket_parse(&t, data, size, NULL) == -1)
		return;
	for (i = 0; i < t.file_count; i++)
		assert(ticket_path_ok(t.files[i].path));
	assert(target_name_ok(t.corpus.text));
	for (i = 0; i < t.environment_count; i++)
		assert(strchr(t.environment[i], '=') > t.environment[i]);
	assert(t.input_count <= TICKET_MAX_INPUTS);
	assert((t.input_count > 0) == (strcmp(t.kind, "reproduce") == 0));
	for (i = 0; i < t.input_count; i++)
		assert(t.inputs[i].series_count <= TICKET_MAX_SERIES);
	ticket_format(one, &t);
	if (ticket_parse(&again, one->data, one->len, NULL) == -1)
		abort();
	ticket_format(two, &again);
	assert_same(one, two);
	ticket_release(&t);
	ticket_release(&again);
}

static void
try_job_file(const uint8_t *data, size_t size, struct buf *one, struct buf *two)
{
	struct job_file j, again;

	if (job_file_parse(&j, data, size, NULL) == -1)
		return;
	job_file_format(one, &j);
	if (job_file_parse(&again, one->data, one->len, NULL) == -1)
		abort();
	job_file_format(two, &again);
	assert_same(one, two);
	job_file_release(&j);
	job_file_release(&again);
}

static void
try_known(const uint8_t *data, size_t size, struct buf *one)
{
	struct known k;
	int i;

	if (known_parse(&k, data, size, NULL) == -1)
		return;
	for (i = 0; i < k.count; i++)
		assert(known_has(&k, &k.list[i].signature, k.list[i].security));
	known_format(one, &k);
	assert(one->len == size && memcmp(one->data, data, size) == 0);
	known_release(&k);
}

static void
try_manifest(const uint8_t *data, size_t size, struct buf *one)
{
	struct manifest m;
	int i;

	if (manifest_parse(&m, data, size, NULL) == -1)
		return;
	manifest_format(one, &m);
	assert(one->len == size && memcmp(one->data, data, size) == 0);
	for (i = 0; i < m.count; i++)
		assert(manifest_find(&m, m.files[i].path) == &m.files[i]);
	manifest_release(&m);
}

static void
try_name(const uint8_t *data, size_t size)
{
	struct bundle_id id;
	struct buf text = BUF_INIT;

	buf_add(&text, data, size);
	if (bundle_id_parse(&id, buf_text(&text), NULL) == 0)
		assert(strcmp(bundle_id_format(&id).text, text.data) == 0);
	(void)ticket_path_ok(buf_text(&text));
	(void)target_name_ok(buf_text(&text));
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf one = BUF_INIT, two = BUF_INIT;

	try_ticket(data, size, &one, &two);
	buf_reset(&one);
	buf_reset(&two);
	try_job_file(data, size, &one, &two);
	buf_reset(&one);
	try_known(data, size, &one);
	buf_reset(&one);
	try_manifest(data, size, &one);
	try_name(data, size);
	buf_release(&one);
	buf_release(&two);
	return 0;
}
