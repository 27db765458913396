#ifndef LIB_BASE_CONFIG_H
#define LIB_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

/*
 * Settings from a YAML file, checked against a table of keys.  The only door
 * to libyaml (its document API: every complaint has file, line and column).
 *
 * A key is "limits.disk_reserve": sections are mappings, values are scalars
 * or lists of scalars.  Values may hold ${VAR} and ${VAR:-default}, replaced
 * from the environment; an unset ${VAR} is a complaint, and the default is
 * taken when VAR is unset or empty.  An empty file is fine, and so is a section
 * or list without a value.  All complaints of a file are collected, one a
 * line, as
 *   botd.yaml:3:7: unknown key 'slot', nearest is 'slots'
 */
enum config_type {
	CONFIG_STRING,   /* char *, mem_strdup()ed */
	CONFIG_U64,      /* uint64_t, whole number */
	CONFIG_BOOL,     /* bool: true, false, yes, no */
	CONFIG_DURATION, /* uint64_t milliseconds: 30s, 5m, 250ms */
	CONFIG_SIZE,     /* uint64_t bytes: 2GiB */
	CONFIG_ENUM,     /* int: index into "words" */
	CONFIG_LIST      /* char **, NULL-terminated, mem_alloc()ed; as one
			    text, the items stand between commas */
};

struct config_key {
	const char *name; /* dotted */
	enum config_type type;
	size_t offset;            /* of the field in the struct */
	const char *fallback;     /* default as it would be written, or
					   NULL for "", 0, false, empty list */
	const char *const *words; /* CONFIG_ENUM: NULL-terminated */
	uint64_t min, max;        /* numbers, durations (ms), sizes (bytes);
				     max 0: no upper limit */
};

/* Fill "out" with the defaults of the table. */
void config_defaults(const struct config_key *keys, size_t count, void *out);

/*
 * Read one file over what "out" holds.  REFUSED when anything was wrong;
 * then "complaints" (caller frees with free()) has all lines and "out" is
 * untouched.  "e" holds the first.  A file that cannot be read at all leaves
 * "complaints" NULL.
 */
int config_read(const char *path, const struct config_key *keys, size_t count,
    void *out, char **complaints, struct err *e);

/* Set one key from text, as an option of the command line does. */
int config_set(const struct config_key *keys, size_t count, void *out,
    const char *name, const char *text, struct err *e);

/* Free strings and lists. */
void config_release(const struct config_key *keys, size_t count, void *out);

#endif
