/*
 * Any bytes are templates of jobs, or none; two files when a line "%" stands
 * between them.  What was taken can be resolved, what was resolved can be set
 * again and is the same then, and no word of it breaks out of its place.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/wire/sanitizers.h"
#include "lib/wire/ticket.h"
#include "masterd/plan/templates.h"

static int
add(struct templates *t, const char *name, const uint8_t *data, size_t size)
{
	struct config_tree *tree =
	    config_tree_parse(name, (const char *)data, size);
	int rc = templates_add(t, tree);

	assert((rc == -1) == (config_tree_complaints(tree) != NULL));
	config_tree_free(tree);
	return rc;
}

static void
assert_stored_alike(const struct values *v)
{
	struct values again = VALUES_INIT;
	size_t i;

	for (i = 0; i < v->count; i++) {
		if (values_set(&again, v->list[i].key, v->list[i].text,
			v->list[i].source, NULL) == -1)
			abort();
		assert(strcmp(values_get(&again, v->list[i].key)->text,
			   v->list[i].text) == 0);
	}
	assert(again.count == v->count);
	values_release(&again);
}

static int
into_environment(void *arg, const char *word, struct err *e)
{
	return ticket_add_environment(arg, word, e);
}

static int
into_arguments(void *arg, const char *word, struct err *e)
{
	return ticket_add_argument(arg, word, e);
}

/* Options come back out of their variable as they went in. */
static void
assert_whole(const struct values *v, const char *word)
{
	struct sanitizer_option o;
	struct buf key = BUF_INIT;
	const struct value *w;
	const char *at = strchr(word, '=') + 1;

	while (sanitizer_option_next(&at, &o)) {
		buf_reset(&key);
		buf_printf(&key, "asan_options.%.*s", (int)o.name_len, o.name);
		w = values_get(v, key.data);
		assert(w != NULL && strlen(w->text) == o.value_len &&
		    memcmp(w->text, o.value, o.value_len) == 0);
	}
	buf_release(&key);
}

static void
assert_ticket(const struct values *v)
{
	struct ticket t;
	int i, found = 0;

	memset(&t, 0, sizeof(t));
	if (values_arguments(v, into_arguments, &t, NULL) == -1 ||
	    values_environment(v, into_environment, &t, NULL) == -1)
		abort();
	for (i = 0; i < t.argument_count; i++)
		assert(t.arguments[i][0] == '-');
	for (i = 0; i < t.environment_count; i++)
		if (strncmp(t.environment[i], "ASAN_OPTIONS=", 13) == 0) {
			assert_whole(v, t.environment[i]);
			found++;
		}
	assert(found == 1);
	assert(strcmp(values_get(v, "asan_options.exitcode")->text, "77") == 0);
	ticket_release(&t);
}

static void
resolve(const struct templates *t, const char *template)
{
	struct templates_ask ask = {
	    "libfuzzer", "address", "zlib", template, NULL};
	struct values v = VALUES_INIT;

	if (templates_resolve(t, &ask, &v, NULL) == -1) {
		assert(v.count == 0);
		return;
	}
	assert_stored_alike(&v);
	assert_ticket(&v);
	assert(values_number(&v, "slice") >= 1000);
	values_release(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct templates *t = templates_new();
	struct buf lines = BUF_INIT;
	const uint8_t *cut = memmem(data, size, "\n%\n", 3);
	size_t first = cut == NULL ? size : (size_t)(cut - data) + 1;
	int rc = add(t, "1.yaml", data, first);

	if (cut != NULL)
		rc |= add(t, "2.yaml", data + first + 2, size - first - 2);
	if (templates_check(t, &lines) == -1) {
		assert(lines.len > 0);
		rc = -1;
	}
	if (rc == 0) {
		resolve(t, "");
		resolve(t, "a");
	}
	buf_release(&lines);
	templates_free(t);
	return 0;
}
