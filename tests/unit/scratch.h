#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <stddef.h>

/*
 * A temporary folder for one test.  scratch_setup() and scratch_teardown() are
 * a cmocka pair: *state is then a struct scratch *.
 */
struct scratch {
	char path[64];
	int fd;
	int open_fds; /* before the test, for assert_no_leak() */
};

int scratch_setup(void **state);
int scratch_teardown(void **state);

/* Descriptors that this process has open. */
int scratch_open_fds(void);

/* Entries of a folder but "." and "..". */
int scratch_count(int at, const char *folder);

/* True when "name" holds exactly these bytes. */
int scratch_holds(int at, const char *name, const void *bytes, size_t len);

/* A file with these bytes, at once and without syncs. */
void scratch_file(int at, const char *name, const void *bytes, size_t len);

#endif
