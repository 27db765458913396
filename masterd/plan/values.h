#ifndef MASTERD_PLAN_VALUES_H
#define MASTERD_PLAN_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

/*
 * What a job is told: values with their sources.  Pure.
 *
 * A value has a key and a text in its canonical form (durations in ms, sizes
 * in bytes, plain numbers).  Keys:
 *
 *   weight       1..10000, share of the machines
 *   slots        most at once; 0: what is free, fairly shared
 *   floor        least, while there is work; 0
 *   for          wall time from the first lease on, ms; 0: until cancelled
 *   slice        longest session, ms, at most 1 h
 *   cpu_time     of all its sessions, ms; 0: no limit
 *   memory       of a target, bytes
 *   timeout      of one input, ms
 *   corpus_size  bytes at which a session keeps no more units; 0
 *   corpus       shared | own
 *   follow       branch whose newest good build is taken
 *   tags         words that a bot must have, "!word" must not
 *   start        yes | no: a new target of the project gets a job
 *   arguments.FLAG          for the engine: arguments.-max_len = 4096
 *   environment.NAME
 *   asan_options.NAME ubsan_ msan_ tsan_ lsan_options.NAME
 *
 * Lists and sanitizer options are merged name by name, later wins, so each
 * item has a source of its own: "base", "engine libfuzzer", "sanitizer
 * address", "template nightly", "project zlib", "job", each with "
 * (file:line)" where it came from a file.
 */
struct value {
	char *key, *text, *source;
};

struct values {
	struct value *list; /* sorted by key */
	size_t count;
};

void values_release(struct values *v);

/* NULL when there is no such key. */
const struct value *values_get(const struct values *v, const char *key);

/*
 * Check and put one value, as a template or a person writes it ("30s",
 * "2GiB"); replaces what stands under the key.  REFUSED with a sentence that
 * names the accepted values, or the nearest key.
 */
int values_set(struct values *v, const char *key, const char *text,
    const char *source, struct err *e);

/*
 * Engine arguments and environment from merged values: calls "fn" with each
 * word ("-max_len=4096"; "ASAN_OPTIONS=a=1:b=2", options sorted by name).
 */
typedef int values_word_fn(void *arg, const char *word, struct err *e);
int values_arguments(
    const struct values *v, values_word_fn *fn, void *arg, struct err *e);
int values_environment(
    const struct values *v, values_word_fn *fn, void *arg, struct err *e);

#endif
