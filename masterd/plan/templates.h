#ifndef MASTERD_PLAN_TEMPLATES_H
#define MASTERD_PLAN_TEMPLATES_H

#include "lib/base/config_tree.h"
#include "lib/base/err.h"
#include "masterd/plan/values.h"

/*
 * Templates of jobs: values that many jobs share.  Pure: trees come in, values
 * go out (masterd/templates.c reads the files).
 *
 *	base:            {memory: 2GiB}
 *	engines:         {libfuzzer: {timeout: 20s}}
 *	sanitizers:      {address: {asan_options: {redzone: 64}}}
 *	templates:       {nightly: {weight: 10, inherits: [slow]}, slow: {...}}
 *	projects:        {zlib: {inherits: [nightly], start: yes,
 *	                         admins: [alice, "@zlib"], security: private}}
 *
 * Order, later wins: what is built in, base, engine, sanitizer, project, the
 * job's own template, the job's own values, what the bot forces.  "inherits"
 * (a name or a list) stands for the named templates' values before those it
 * stands beside; a template that is reached twice from one place counts where
 * it is reached first.  What a later file says of the same name is added to
 * what earlier ones said, value by value, and its "inherits" is taken instead.
 */
struct templates;

#define TEMPLATES_MAX 4096 /* of all kinds together */

struct templates *templates_new(void); /* what is built in */
void templates_free(struct templates *t);

/*
 * Add a file's templates.  Complaints (unknown keys, wrong values) go to the
 * tree.  0, or -1 when there was one: then "t" is good for more files and
 * templates_check(), so that all complaints are heard, but not to be used.
 */
int templates_add(struct templates *t, struct config_tree *tree);

/*
 * After the last file, and always: finds what is inherited.  Unknown names and
 * cycles are complaints as "FILE:LINE:COLUMN: ...", one a line (the first 100),
 * in "out".  0 or -1.
 */
int templates_check(struct templates *t, struct buf *out);

struct templates_ask {
	const char *engine, *sanitizer, *project;
	const char *template;     /* the job's own, or "" */
	const struct values *job; /* the job's own values, or NULL */
};

/*
 * All values of a job, each single key among them and the options of all
 * sanitizers, since a build may have several at once.  "out" is empty before.
 * NOT_FOUND with the nearest name for an unknown job template; REFUSED when it
 * is more than a ticket holds.
 */
int templates_resolve(const struct templates *t,
    const struct templates_ask *ask, struct values *out, struct err *e);

/*
 * Who may do what in a project (masterd/admin/permit.h): "alice" is a user,
 * "@zlib" a group of the system.  Lists end with NULL, or are NULL.
 */
struct project_access {
	char **admins, **readers;
	bool is_private; /* security: private */
};

/* The next project of which a file says so, and its name; "*at" is 0 before
 * the first.  NULL: no more. */
const struct project_access *templates_access(
    const struct templates *t, int *at, const char **project);

#endif
