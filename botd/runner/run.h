#ifndef BOTD_RUNNER_RUN_H
#define BOTD_RUNNER_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "botd/cage/cage.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/loop.h"

/*
 * One program in a cage with its output, watched by the loop: an engine, or
 * one reproduction.  The last RUN_TAIL bytes of its output are kept.
 */
#define RUN_TAIL (512u * 1024)

typedef void run_bytes_fn(void *arg, const char *bytes, size_t len);
typedef void run_ended_fn(void *arg);

struct run {
	struct loop *loop;
	struct cage *cage; /* NULL when nothing runs */
	struct loop_source *child, *output, *pace;
	int pipe;
	struct buf text; /* tail of the output of this or the last start */
	run_bytes_fn *bytes;
	run_ended_fn *ended;
	void *arg;
	struct cage_end end; /* when it has ended */
	uint64_t cpu_ms;     /* of all starts */
	uint64_t began_ms;
};

/* "bytes" may be NULL; "ended" is called once per start. */
void run_init(struct run *r, struct loop *loop, run_bytes_fn *bytes,
    run_ended_fn *ended, void *arg);
int run_start(struct run *r, const struct cage_spec *spec, struct err *e);
bool run_is_on(const struct run *r);
/* To one that talks: all of it, or -1 (it is gone, or does not read). */
int run_say(struct run *r, const char *bytes, size_t len);
void run_kill(struct run *r);

/* Kill, and forget without calling "ended"; then as after run_init(). */
void run_release(struct run *r);

#endif
