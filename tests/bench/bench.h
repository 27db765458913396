#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

/*
 * What all benches share.  A bench is a program that prints its figures on
 * standard output, one JSON line each, and what it is about on standard error;
 * tests/bench/run collects the lines in bench/results.jsonl and prints the
 * table.
 *
 * A figure: {"name","value","unit","reference","ratio","bar","met"}.
 * reference is what the value is compared with, in the same unit, and ratio
 * is value / reference, both null when there is none.  bar is the figure that
 * is asked for: of the ratio when there is one, else of the value; bar and met
 * are null for what is told for information.
 */
#define NO_FIGURE (-1.0)

enum sense { AT_LEAST, AT_MOST, BELOW };

struct figure {
	const char *name;
	const char *unit;
	double value;
	double reference; /* NO_FIGURE: none */
	double ratio;     /* NO_FIGURE: value / reference */
	enum sense sense;
	double bar; /* NO_FIGURE: none */
};

void bench_figure(const struct figure *f);

/* Says why on standard error and ends the bench with 1. */
_Noreturn void bench_die(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
_Noreturn void bench_die_err(const struct err *e);
void bench_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

double bench_now(void); /* monotonic seconds */
void bench_sleep(double seconds);

/* Both sort "v".  "share" is 0.5 for the median, 0.99 for the p99. */
double bench_median(double *v, int n);
double bench_share(double *v, int n, double share);

/*
 * A folder for this bench below B/bench, on a real disk, that is removed when
 * the program ends.  Returned with its descriptor in *fd.
 */
const char *bench_folder(int *fd);

/* The same in memory where there is room for 1.5 GiB, for benches of which
 * the disk is no part. */
const char *bench_folder_in_memory(int *fd);

/* "B/bin/<name>", B from the environment.  Caller may keep it. */
const char *bench_program(const char *name);

/* syncfs(2) of what lies behind "fd": nobody pays for the other's writes. */
void bench_settle(int fd);

#endif
