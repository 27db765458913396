#ifndef LIB_BASE_CONFIG_H
#define LIB_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

/*
 * Settings of a program, checked against a table of keys.  A later source
 * wins over an earlier one:
 *
 *	the table's defaults
 *	the file: /etc/pandafuzz/masterd.yaml if it is there, or --config FILE
 *	*.yaml of the folder beside it (masterd.d, FILE's name with ".d"),
 *	  sorted by name
 *	the environment: PANDAFUZZ_ADMIN_REQUEST_TIMEOUT for the key
 *	  "admin.request_timeout", and over it PANDAFUZZ_MASTERD_ADMIN_...,
 *	  which no other program reads; an empty variable is none
 *	options of the command line (config_command.h)
 *
 * In files sections are mappings, values are scalars or lists of scalars.
 * Values may hold ${VAR} and ${VAR:-default}, replaced from the environment;
 * an unset ${VAR} is a complaint, the default is taken when VAR is unset or
 * empty, and "$${" stands for "${".  An empty file is fine, and so is a
 * section or list without a value.  All complaints of all sources come at
 * once, one a line:
 *
 *	masterd.yaml:3:7: unknown key 'heartbaet', nearest is 'heartbeat'
 *	PANDAFUZZ_NOSYNC: 'maybe' is not true, false, yes or no
 */
enum config_type {
	CONFIG_STRING,   /* char *, mem_strdup()ed */
	CONFIG_U64,      /* uint64_t, whole number */
	CONFIG_BOOL,     /* bool: true, false, yes, no */
	CONFIG_DURATION, /* uint64_t milliseconds: 250ms, 30s, 5m, 1h, 7d */
	CONFIG_SIZE,     /* uint64_t bytes: 2GiB */
	CONFIG_FACTOR,   /* uint64_t thousandths: 2, 1.5 */
	CONFIG_SHARE,    /* struct config_share: 10%, 2GiB, 5%/1GiB */
	CONFIG_ENUM,     /* int: index into "words" */
	CONFIG_LIST      /* char **, NULL-terminated, mem_alloc()ed; as one
			    text, the items stand between commas */
};

struct config_key {
	const char *name; /* dotted; keys of a section stand together */
	enum config_type type;
	size_t offset;            /* of the field in the struct */
	const char *fallback;     /* default as it would be written, or
					   NULL for "", 0, false, empty list */
	const char *const *words; /* NULL-terminated; CONFIG_ENUM: they;
				     CONFIG_LIST: the items that are allowed;
				     CONFIG_U64: the first says UINT64_MAX */
	uint64_t min, max;        /* numbers, durations (ms), sizes (bytes);
				     max 0: no upper limit */
	bool restart;             /* a change waits for the next start */
};

struct config_table {
	const char *program; /* "masterd" */
	const char *file;    /* read when it is there */
	const struct config_key *keys;
	size_t count;
	size_t size; /* of the struct that the offsets are of */
	/* What goes together: adds complaints, a line each.  May be NULL. */
	void (*check)(const void *values, struct buf *complaints);
};

/* A part of a whole: of a file system, say. */
struct config_share {
	uint64_t percent; /* 0: bytes alone */
	uint64_t bytes;   /* 0: percent alone; both: the smaller one */
};
uint64_t config_share_of(const struct config_share *s, uint64_t total);

/* ---- from all sources ------------------------------------------------ */
struct config_option {
	const char *key, *text;
	const char *origin; /* "--root" */
};

struct config_sources {
	const char *file; /* of --config; NULL: the table's, if it is there */
	struct config_option *options;
	size_t option_count;
};

/* What loading has to say. */
struct config_said {
	char **origins; /* one per key: "default", "x.yaml:3", "--root" */
	struct buf complaints, warnings,
	    files; /* lines; files that were read */
};

/*
 * Fill "out".  REFUSED when anything was wrong: then "said" has all complaints,
 * "e" the first, and "out" is zeroed.  "said" must be zeroed before; release
 * it in any case.
 */
int config_load(const struct config_table *t, const struct config_sources *from,
    void *out, struct config_said *said, struct err *e);
void config_said_release(const struct config_table *t, struct config_said *s);

/*
 * Load again while running: what may change is taken over into "out", which is
 * untouched after a complaint.  "said" is that of config_load() or of the last
 * reload: its lines are new ones, its origins those of what is in force now.
 * A file that could not be read again, as a pipe, is a complaint, and so is the
 * table's own when it was there before.
 */
struct config_changes {
	struct buf taken, waiting; /* keys, blanks between; waiting: restart */
};
int config_reload(const struct config_table *t,
    const struct config_sources *from, void *out, struct config_said *said,
    struct config_changes *changes, struct err *e);
void config_changes_release(struct config_changes *c);

/*
 * The settings as a YAML file that gives the same ones again, each with its
 * origin as a comment ("origins" may be NULL).
 */
void config_print(const struct config_table *t, const void *values,
    char *const *origins, struct buf *out);

/* ---- the pieces ------------------------------------------------------ */
/* Fill "out", whatever it holds, with the defaults of the table. */
void config_defaults(const struct config_table *t, void *out);

/*
 * Read one file over what "out" holds, or one text, whose "name" stands in
 * complaints.  REFUSED when anything was wrong; then "complaints" (caller
 * frees with free()) has all lines and "out" is untouched.  "e" holds the
 * first.  A file that cannot be read at all leaves "complaints" NULL.
 */
int config_read(const char *path, const struct config_table *t, void *out,
    char **complaints, struct err *e);
int config_read_text(const char *name, const char *bytes, size_t len,
    const struct config_table *t, void *out, char **complaints);

/* Set one key from text, as an option of the command line does. */
int config_set(const struct config_table *t, void *out, const char *name,
    const char *text, struct err *e);

/* One value as it would be written in a file; and the word for a type. */
void config_value_text(
    const struct config_key *key, const void *values, struct buf *out);
const char *config_type_word(enum config_type type);

/* Free strings and lists, and zero the fields of the table. */
void config_release(const struct config_table *t, void *out);

#endif
