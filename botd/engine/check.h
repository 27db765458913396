#ifndef BOTD_ENGINE_CHECK_H
#define BOTD_ENGINE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "botd/engine/elf_calls.h"
#include "botd/engine/engine.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/wire/record.h"

/*
 * What the end of a program says of its build and of this host (facts 5.4).
 * Pure: a run's output, code and signal come in, sentences go out.
 */
struct check_run {
	const char *output;
	size_t len;
	int code, signo;        /* "signo" 0: it exited */
	const char *killed_for; /* by us: "time", "memory" ..., else NULL */
	const struct elf_facts *elf;
	const char *machine; /* this host's, as uname has it */
};

/*
 * Could this kind of host not run it at all?  With the cause in "why": "the
 * loader cannot find libfoo.so.1".  Asked only of a run that failed before it
 * got anywhere.
 */
bool check_host_lacks(struct buf *why, const struct check_run *r);

struct check_ask {
	struct check_run run;
	const struct engine *engine;
	const char *sanitizer;
	uint64_t edges; /* that are instrumented */
};

/*
 * The verdict on a run of engine->check().  "lines" gets one sentence a line:
 * first the reason when it is not good, then warnings.  -1 when the run says
 * nothing of the build, as when the cage could not be made.
 */
int check_judge(enum check_verdict *v, struct buf *lines,
    const struct check_ask *ask, struct err *e);

/* For elf_calls(): NULL when this sanitizer's calls are not counted. */
const char *check_runtime(const char *sanitizer);

#endif
