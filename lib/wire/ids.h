#ifndef LIB_WIRE_IDS_H
#define LIB_WIRE_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

/*
 * Names and ids (PROTOCOL 1-5).  The one gate for names that come from
 * outside: a struct here is only ever made by its parse function, and is then
 * safe as a file name and in a log line.
 */
#define NAME_MAX_LEN   32 /* bot, account, project */
#define TARGET_MAX_LEN 128

struct name { /* bot, account or project */
	char text[NAME_MAX_LEN + 1];
};

struct target_name { /* without its project */
	char text[TARGET_MAX_LEN + 1];
};

/* [a-z0-9][a-z0-9-]{0,31}; "what" is "bot", "account" or "project". */
int name_parse(
    struct name *n, const char *what, const char *untrusted, struct err *e);
bool name_ok(const char *untrusted);

/* [A-Za-z0-9@_.-]{1,128}, not starting with '.' or '-'. */
int target_name_parse(
    struct target_name *t, const char *untrusted, struct err *e);
bool target_name_ok(const char *untrusted);

/* The project reserved to the master, for facts of unknown targets. */
#define PROJECT_LOST "lost+found"

/* "project/target" as it travels; the project may be PROJECT_LOST. */
int target_path_parse(struct name *project, struct target_name *target,
    const char *untrusted, struct err *e);

/* A lower-case word for engines, sanitizers, states: [a-z0-9][a-z0-9+._-]* */
#define WORD_MAX_LEN 31
bool word_ok(const char *untrusted);

/*
 * Name of a bundle: <bot>-<epoch>-<seq>-<c|b|h>.pfb, parsed from the right
 * (a bot's name may hold '-').
 */
enum bundle_class { BUNDLE_CRASH = 'c', BUNDLE_BULK = 'b', BUNDLE_BEAT = 'h' };

struct bundle_id {
	struct name bot;
	uint64_t epoch; /* never 0 */
	uint64_t seq;   /* from 1 */
	enum bundle_class cls;
};

#define BUNDLE_NAME_MAX 80

struct bundle_name {
	char text[BUNDLE_NAME_MAX];
};

int bundle_id_parse(struct bundle_id *id, const char *untrusted, struct err *e);
struct bundle_name bundle_id_format(const struct bundle_id *id);

/*
 * Order of intake and of pushing: h, then c, then b; then by bot, epoch and
 * seq.  As strcmp().
 */
int bundle_id_order(const struct bundle_id *a, const struct bundle_id *b);

/*
 * Gate and order of a spool of bundles.  Names that did not pass the gate
 * order by their bytes.
 */
bool bundle_name_ok(const char *untrusted);
int bundle_name_order(const char *a, const char *b);

#endif
