#ifndef BOTD_ENGINE_PROBE_H
#define BOTD_ENGINE_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "botd/engine/engine.h"

/*
 * What this host has for an engine, asked of the programs themselves: one
 * line such as "built into its targets, clang 14.0.6, llvm-symbolizer 14.0.6".
 * Resets "out"; takes a few milliseconds a program, five seconds at most.
 */
void probe_engine(struct buf *out, const struct engine *engine);

/*
 * Programs of fuzzers that are installed here, "afl-fuzz 4.04c, honggfuzz
 * 2.5", whether this version can use them or not.  Resets "out".
 */
void probe_programs(struct buf *out);

/*
 * "4.04c" of "afl-fuzz++4.04c based on afl": the first word that begins with
 * a digit behind "mark".  False when there is none.
 */
bool probe_version(struct buf *out, const char *text, const char *mark);

/*
 * Sanitizers whose targets can run on this host, one a line: the shadow of
 * most of them is terabytes of address space, which not every machine gives
 * (32 bits, vm.overcommit_memory=2, a limit of address space).
 */
void probe_sanitizers(struct buf *out);

#endif
