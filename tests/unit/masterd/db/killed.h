#ifndef TESTS_UNIT_MASTERD_DB_KILLED_H
#define TESTS_UNIT_MASTERD_DB_KILLED_H

#include <stdbool.h>

/*
 * Run "fn" in a child that is killed (SIGKILL) instead of its n-th call that
 * changes a file: SQLite's own calls, and our renames, links and unlinks
 * (the test must be linked with KILLED_WRAP of the Makefile).  False when it
 * came to its end.
 */
bool killed_at(int n, void (*fn)(void *arg), void *arg);

#endif
