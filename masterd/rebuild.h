#ifndef MASTERD_REBUILD_H
#define MASTERD_REBUILD_H

#include <stdbool.h>

/*
 * `pandafuzz-masterd --rebuild`: a new database from the files below "root",
 * which is locked by the caller: jobs, builds, bots and bucket decisions from
 * metadata/, units and crashes from the store.  What bots were told last
 * (status.json in outgoing/) says how far the ledger of each had come.  The
 * old database stays untouched until the new one is whole, and is kept then;
 * a kill leaves the old one, and the next try begins anew.
 *
 * Prints what it found, and by name what it could not read.  Returns the exit
 * code: 0, 10 when something could not be read, 1 when it failed.
 */
int rebuild_run(int root, bool verify);

#endif
