#ifndef TOOLS_PFADM_INPUTS_H
#define TOOLS_PFADM_INPUTS_H

#include <stddef.h>

#include "lib/base/err.h"

/*
 * Crashing inputs among files of other tools.  A file that is named is taken,
 * whatever it is called.  Of a folder, and those below it:
 *
 *  - AFL++'s output folders (those with fuzzer_stats, or queue/ and crashes/):
 *    what lies in their crashes*; a corpus is none;
 *  - where files are called as libFuzzer, AFL++ or honggfuzz call crashes
 *    (crash-, leak-, oom-, timeout-, minimized-from-; id:, id_; SIGSEGV.PC.),
 *    these alone: logs and programs lie beside them;
 *  - else all files.
 *
 * Hidden files, README.txt of AFL++, HONGGFUZZ.REPORT.TXT, what is being written
 * (.part, .tmp), links, devices and what is over INPUT_MOST bytes never.
 */
#define INPUT_MOST  (64u * 1024 * 1024)
#define INPUTS_MOST 100000

struct input {
	char *path;          /* as to be opened */
	const char *skipped; /* why it is none; NULL: it is one */
};

struct inputs {
	struct input *list;
	size_t count, room;
};

/* Add what "path" means.  NOT_FOUND, DENIED, or REFUSED when there are more
 * than INPUTS_MOST. */
int inputs_add(struct inputs *in, const char *path, struct err *e);
void inputs_release(struct inputs *in);

#endif
