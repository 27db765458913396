#ifndef TESTS_BENCH_USAGE_H
#define TESTS_BENCH_USAGE_H

#include <sys/types.h>

#include <stdint.h>

/*
 * Processor time of a whole farm: its processes and all below them, split in
 * the engine and everything else.  Kept by looking: usage_look() is to be
 * called more often than a process of weight lives.
 */
struct usage;

/* "engine" is the name (comm) of the processes that are the engine. */
struct usage *usage_new(const char *engine);
void usage_free(struct usage *u);

void usage_add(struct usage *u, pid_t top); /* and all below it */
void usage_look(struct usage *u);

/* Seconds since the first look; a process that has ended keeps its own. */
double usage_engine(const struct usage *u);
double usage_others(const struct usage *u);

/* What each of the others has used, for people, on standard error. */
void usage_tell(const struct usage *u);

#endif
