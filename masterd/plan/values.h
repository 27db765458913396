#ifndef MASTERD_PLAN_VALUES_H
#define MASTERD_PLAN_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

/*
 * What a job is told: values with their sources.  Pure.
 *
 * A value has a key and a text.  The keys, with what they take and what holds
 * where nobody sets them, are the table of values_keys(); the manual is
 * pandafuzz-templates(5).  Five kinds of lists have a key for each item:
 *
 *   tags.WORD               yes: a bot must have it; no: must not
 *   arguments.FLAG          for the engine: arguments.-max_len = 4096
 *   environment.NAME
 *   asan_options.NAME       and ubsan_, msan_, tsan_, lsan_options.NAME
 *
 * so lists are merged item by item, later wins, and each item has a source of
 * its own: "built in", "base", "engine libfuzzer", "sanitizer address",
 * "template nightly", "project zlib", "job", each with " (file:line)" where it
 * came from a file.
 *
 * Texts are kept in one spelling, which can be stored and set again: numbers
 * plain, durations and sizes in the largest unit that they are a whole number
 * of ("25s", "1h", "2560MiB", "0"), "yes" and "no".  Use values_number() for
 * them.
 */
struct value {
	char *key, *text, *source;
};

#define VALUES_MAX     1024 /* of one struct values */
#define VALUE_KEY_MAX  96   /* bytes */
#define VALUE_TEXT_MAX 1023

struct values {
	struct value *list; /* sorted by key */
	size_t count;
};

/* clang-format off */
#define VALUES_INIT { NULL, 0 }
/* clang-format on */

void values_release(struct values *v);

/* NULL when there is no such key. */
const struct value *values_get(const struct values *v, const char *key);

/*
 * Check and put one value, as a template or a person writes it ("30s",
 * "2GiB"); replaces what stands under the key.  The name of a list without an
 * item takes several at once and adds them:
 *
 *   tags "big !slow"   arguments "-max_len=4096 -only_ascii=1"
 *   environment "NAME=any text"   asan_options "redzone=64:verbosity=1"
 *
 * REFUSED with a sentence that names the accepted values, or the nearest key;
 * "v" is then as it was.
 */
int values_set(struct values *v, const char *key, const char *text,
    const char *source, struct err *e);

/* Put all of "from" over what "into" holds, sources too. */
void values_merge(struct values *into, const struct values *from);

/*
 * A number, ms or bytes; what holds by default where nobody has set the key.
 * The key must be one of these kinds: anything else is a bug and aborts.
 */
uint64_t values_number(const struct values *v, const char *key);

/* The same for words: "shared", "main", "yes". */
const char *values_word(const struct values *v, const char *key);

/*
 * What tickets are made of, from merged values: calls "fn" with each word
 * ("-max_len=4096"; "ASAN_OPTIONS=a=1:b=2", options sorted by name; "linux",
 * "!slow").  -1 when "fn" gives that.
 */
typedef int values_word_fn(void *arg, const char *word, struct err *e);
int values_arguments(
    const struct values *v, values_word_fn *fn, void *arg, struct err *e);
int values_environment(
    const struct values *v, values_word_fn *fn, void *arg, struct err *e);
int values_tags(
    const struct values *v, values_word_fn *fn, void *arg, struct err *e);

/* REFUSED when a ticket cannot hold these arguments or this environment. */
int values_fit(const struct values *v, struct err *e);

/* ---- the table ------------------------------------------------------- */

enum value_kind {
	VALUE_NUMBER,
	VALUE_DURATION,
	VALUE_SIZE,
	VALUE_CHOICE,
	VALUE_BRANCH,
	VALUE_LIST /* has items: "tags", "asan_options" */
};

struct value_key {
	const char *name;
	enum value_kind kind;
	const char *fallback; /* "" for lists */
	uint64_t min, max;    /* numbers, ms, bytes */
	const char *const *words;
	const char *about; /* a line for people */
};

const struct value_key *values_keys(size_t *count);

/* Of a key, or of an item's list ("tags.big"); NULL when it is none. */
const struct value_key *value_key_find(const char *key);

/* "a duration, 1s to 1h": what a key takes, appended. */
void value_range(struct buf *out, const struct value_key *key);

/* ", nearest is 'memory'" or "", appended: for a key that is none, or the word
 * before its '.'; "inherits" is a key of templates. */
void values_nearest(struct buf *out, const char *typed);

#endif
