/*
 * tickets/<lease>.json, out and in: what one bot is to do, and the files that
 * it needs for it.  A ticket is taken whole or not at all; keys that we do not
 * know are a newer master's.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/wire/fields.h"
#include "lib/wire/ticket.h"
#include "lib/wire/ticket_inputs.h"

#define TICKET_VERSION 1

/* More tokens than the usual file: 900 files of four keys each. */
static const struct json_limits TICKET_JSON = {TICKET_MAX_BYTES, 16384, 8};

/* "", "." and ".." would lead elsewhere than their text says. */
static bool
component_ok(const char *text, size_t len)
{
	if (len == 0 || (len == 1 && text[0] == '.'))
		return false;
	return !(len == 2 && text[0] == '.' && text[1] == '.');
}

/* UTF-8 without C0 and C1 controls and DEL. */
static bool
printable(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f ||
		    (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0))
			return false;
	return text_is_utf8(text, strlen(text));
}

bool
ticket_path_ok(const char *untrusted)
{
	const char *part = untrusted;
	size_t len;

	if (strlen(untrusted) > TICKET_PATH_MAX || !printable(untrusted))
		return false;
	for (;;) {
		len = strcspn(part, "/");
		if (!component_ok(part, len))
			return false;
		if (part[len] == '\0')
			return true;
		part += len + 1;
	}
}

static void
release_words(char **words, int count)
{
	int i;

	for (i = 0; i < count; i++)
		free(words[i]);
	free(words);
}

void
ticket_release(struct ticket *t)
{
	release_words(t->arguments, t->argument_count);
	release_words(t->environment, t->environment_count);
	free(t->files);
	ticket_inputs_release(t);
	memset(t, 0, sizeof(*t));
}

static int
add_word(char ***words, int *count, const char *text, struct err *e)
{
	size_t all = strlen(text);
	int i;

	if (*count >= TICKET_MAX_WORDS)
		return err_set(e, ERR_REFUSED,
		    "a ticket has at most %d arguments and as many variables",
		    TICKET_MAX_WORDS);
	if (all > TICKET_WORD_MAX || !printable(text))
		return err_set(e, ERR_REFUSED,
		    "'%.40s' is too long for a ticket, or no clean text", text);
	for (i = 0; i < *count; i++)
		all += strlen((*words)[i]);
	if (all > TICKET_WORDS_BYTES)
		return err_set(e, ERR_REFUSED,
		    "the arguments or variables of a ticket are longer than %d "
		    "bytes",
		    TICKET_WORDS_BYTES);
	*words = mem_resize(*words, (size_t)*count + 1, sizeof(**words));
	(*words)[(*count)++] = mem_strdup(text);
	return 0;
}

int
ticket_add_argument(struct ticket *t, const char *text, struct err *e)
{
	return add_word(&t->arguments, &t->argument_count, text, e);
}

int
ticket_add_environment(struct ticket *t, const char *text, struct err *e)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL || equals == text)
		return err_set(
		    e, ERR_REFUSED, "'%.40s' is no NAME=value", text);
	return add_word(&t->environment, &t->environment_count, text, e);
}

/* ---- out ------------------------------------------------------------- */

static void
put_words(struct buf *out, const char *key, char *const *words, int count)
{
	int i;

	json_open(out, key, '[');
	for (i = 0; i < count; i++)
		json_put_string(out, NULL, words[i]);
	json_close(out, ']');
}

static void
put_settings(struct buf *out, const struct ticket *t)
{
	json_put_u64(out, "memory_mb", t->limits.memory_mb);
	json_put_u64(out, "timeout_ms", t->limits.timeout_ms);
	json_put_u64(out, "cpu_ms", t->limits.cpu_ms);
	json_put_u64(out, "corpus_bytes", t->limits.corpus_bytes);
	put_words(out, "arguments", t->arguments, t->argument_count);
	put_words(out, "environment", t->environment, t->environment_count);
}

static void
put_file(struct buf *out, const struct ticket_file *f)
{
	assert(f->mode == 0755 || f->mode == 0644);
	json_open(out, NULL, '{');
	json_put_string(out, "path", f->path);
	json_put_string(out, "mode", f->mode == 0755 ? "0755" : "0644");
	json_put_u64(out, "size", f->size);
	json_put_string(out, "sha256", digest_hex(&f->sha256).text);
	json_close(out, '}');
}

void
ticket_format(struct buf *out, const struct ticket *t)
{
	char target[NAME_MAX_LEN + TARGET_MAX_LEN + 2];
	size_t start = out->len;
	int i;

	assert(t->lease != 0 && t->task != 0 && t->epoch != 0);
	assert(t->file_count >= 1 && t->file_count <= TICKET_MAX_FILES);
	snprintf(
	    target, sizeof(target), "%s/%s", t->project.text, t->target.text);
	json_open(out, NULL, '{');
	json_put_u64(out, "version", t->version);
	field_put_id(out, "lease", t->lease);
	field_put_id(out, "task", t->task);
	field_put_id(out, "job", t->job);
	field_put_id(out, "epoch", t->epoch);
	json_put_string(out, "kind", t->kind);
	json_put_string(out, "bot", t->bot.text);
	json_put_string(out, "target", target);
	json_put_string(out, "corpus",
	    t->corpus.text[0] == '\0' ? t->target.text : t->corpus.text);
	json_put_string(out, "build", digest_hex(&t->build).text);
	json_put_string(out, "engine", t->engine);
	json_put_string(out, "sanitizer", t->sanitizer);
	json_put_u64(out, "slice_ms", t->slice_ms);
	json_put_string(out, "trace", t->trace);
	json_put_string(out, "program", t->program);
	put_settings(out, t);
	json_open(out, "files", '[');
	for (i = 0; i < t->file_count; i++)
		put_file(out, &t->files[i]);
	json_close(out, ']');
	ticket_inputs_put(out, t);
	json_close(out, '}');
	buf_addc(out, '\n');
	assert(out->len - start <= TICKET_MAX_BYTES);
}

/* ---- in -------------------------------------------------------------- */

static int
bad_key(struct err *e, const char *key)
{
	return err_set(e, ERR_REFUSED,
	    "'%s' of a ticket is missing or no valid value", key);
}

static int
parse_ids(struct ticket *t, const struct json_value *root, struct err *e)
{
	const struct {
		const char *key;
		uint64_t *id;
		bool may_be_null;
	} ids[] = {
	    {"lease", &t->lease, false},
	    {"task", &t->task, false},
	    {"job", &t->job, true},
	    {"epoch", &t->epoch, false},
	};
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (field_id(json_get(root, ids[i].key), ids[i].id,
			ids[i].may_be_null) == -1)
			return bad_key(e, ids[i].key);
	return 0;
}

static int
parse_words(struct ticket *t, const struct json_value *root, struct err *e)
{
	const struct {
		const char *key;
		char *word;
	} words[] = {
	    {"kind", t->kind},
	    {"engine", t->engine},
	    {"sanitizer", t->sanitizer},
	};
	const char *text;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		text = json_string(json_get(root, words[i].key));
		if (text == NULL || !word_ok(text))
			return bad_key(e, words[i].key);
		text_copy(words[i].word, WORD_MAX_LEN + 1, text);
	}
	return 0;
}

static bool
trace_ok(const char *text)
{
	return strspn(text,
		   "0123456789abcdefghijklmnopqrstuvwxyz"
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == strlen(text);
}

static int
parse_names(struct ticket *t, const struct json_value *root, struct err *e)
{
	const char *text;

	if (name_parse(&t->bot, "bot", json_get_string(root, "bot", ""), e) ==
	    -1)
		return -1;
	text = json_get_string(root, "target", "");
	if (target_path_parse(&t->project, &t->target, text, e) == -1)
		return -1;
	t->corpus = t->target;
	if (json_get(root, "corpus") != NULL) {
		text = json_get_string(root, "corpus", "");
		if (!target_name_ok(text))
			return bad_key(e, "corpus");
		text_copy(t->corpus.text, sizeof(t->corpus.text), text);
	}
	text = json_string(json_get(root, "build"));
	if (text == NULL || digest_parse(&t->build, text) == -1)
		return bad_key(e, "build");
	text = json_string(json_get(root, "trace"));
	if (text == NULL || !trace_ok(text) ||
	    !text_copy(t->trace, sizeof(t->trace), text))
		return bad_key(e, "trace");
	text = json_string(json_get(root, "program"));
	if (text == NULL || !ticket_path_ok(text))
		return bad_key(e, "program");
	text_copy(t->program, sizeof(t->program), text);
	return 0;
}

/* Tickets of before there were limits and words may still lie in a bot's
 * work/: what they lack is not limited, and not said. */
static int
parse_limits(struct ticket *t, const struct json_value *root, struct err *e)
{
	const struct {
		const char *key;
		uint64_t *value;
	} limits[] = {
	    {"memory_mb", &t->limits.memory_mb},
	    {"timeout_ms", &t->limits.timeout_ms},
	    {"cpu_ms", &t->limits.cpu_ms},
	    {"corpus_bytes", &t->limits.corpus_bytes},
	};
	const struct json_value *v;
	size_t i;

	if (json_u64(json_get(root, "slice_ms"), &t->slice_ms) == -1 ||
	    t->slice_ms > INT64_MAX)
		return bad_key(e, "slice_ms");
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		v = json_get(root, limits[i].key);
		if (v != NULL &&
		    (json_u64(v, limits[i].value) == -1 ||
			*limits[i].value > INT64_MAX))
			return bad_key(e, limits[i].key);
	}
	return 0;
}

static int
parse_list(struct ticket *t, const struct json_value *root, const char *key,
    int (*add)(struct ticket *, const char *, struct err *), struct err *e)
{
	const struct json_value *v = json_get(root, key);

	if (v == NULL)
		return 0;
	if (json_type(v) != JSON_ARRAY)
		return bad_key(e, key);
	for (v = json_first(v); v != NULL; v = json_next(v)) {
		if (json_string(v) == NULL)
			return bad_key(e, key);
		if (add(t, json_string(v), e) == -1)
			return -1;
	}
	return 0;
}

static int
parse_file(struct ticket_file *f, const struct json_value *v)
{
	const char *path = json_string(json_get(v, "path"));
	const char *mode = json_get_string(v, "mode", "");
	const char *sha256 = json_get_string(v, "sha256", "");

	if (path == NULL || !ticket_path_ok(path))
		return -1;
	text_copy(f->path, sizeof(f->path), path);
	if (strcmp(mode, "0755") != 0 && strcmp(mode, "0644") != 0)
		return -1;
	f->mode = strcmp(mode, "0755") == 0 ? 0755 : 0644;
	if (json_u64(json_get(v, "size"), &f->size) == -1 ||
	    f->size > INT64_MAX)
		return -1;
	return digest_parse(&f->sha256, sha256);
}

static bool
has_path(const struct ticket *t, int count, const char *path)
{
	int i;

	for (i = 0; i < count; i++)
		if (strcmp(t->files[i].path, path) == 0)
			return true;
	return false;
}

static int
parse_files(struct ticket *t, const struct json_value *root, struct err *e)
{
	const struct json_value *v = json_get(root, "files");
	struct ticket_file *f;
	int count;

	if (v == NULL || json_type(v) != JSON_ARRAY)
		return bad_key(e, "files");
	count = json_count(v);
	if (count < 1 || count > TICKET_MAX_FILES)
		return err_set(e, ERR_REFUSED,
		    "a ticket of %d files, limit is %d", count,
		    TICKET_MAX_FILES);
	t->files = mem_array((size_t)count, sizeof(*t->files));
	for (v = json_first(v); v != NULL; v = json_next(v)) {
		f = &t->files[t->file_count];
		if (json_type(v) != JSON_OBJECT || parse_file(f, v) == -1)
			return bad_key(e, "files");
		if (has_path(t, t->file_count, f->path))
			return err_set(e, ERR_REFUSED,
			    "a ticket names '%s' twice", f->path);
		t->file_count++;
	}
	if (!has_path(t, t->file_count, t->program))
		return err_set(e, ERR_REFUSED,
		    "a ticket whose program '%s' is none of its files",
		    t->program);
	return 0;
}

static int
parse_root(struct ticket *t, const struct json_value *root, struct err *e)
{
	if (json_type(root) != JSON_OBJECT)
		return err_set(e, ERR_REFUSED, "a ticket that is no object");
	if (json_u64(json_get(root, "version"), &t->version) == -1)
		return bad_key(e, "version");
	if (t->version != TICKET_VERSION)
		return err_set(e, ERR_REFUSED,
		    "a ticket of version %ju, only %d is known",
		    (uintmax_t)t->version, TICKET_VERSION);
	if (parse_ids(t, root, e) == -1 || parse_words(t, root, e) == -1 ||
	    parse_names(t, root, e) == -1 || parse_limits(t, root, e) == -1 ||
	    parse_list(t, root, "arguments", ticket_add_argument, e) == -1 ||
	    parse_list(t, root, "environment", ticket_add_environment, e) == -1)
		return -1;
	if (parse_files(t, root, e) == -1)
		return -1;
	return ticket_inputs_parse(t, root, e);
}

int
ticket_parse(struct ticket *t, const void *bytes, size_t len, struct err *e)
{
	struct json *j;
	int rc;

	memset(t, 0, sizeof(*t));
	if ((j = json_parse(bytes, len, &TICKET_JSON, e)) == NULL)
		return -1;
	rc = parse_root(t, json_root(j), e);
	json_free(j);
	if (rc == -1)
		ticket_release(t);
	return rc;
}
