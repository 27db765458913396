#ifndef MASTERD_TEMPLATES_H
#define MASTERD_TEMPLATES_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "masterd/plan/templates.h"

/*
 * Templates from files: "path", the setting `templates`, names one file, or a
 * folder whose *.yaml are read in order of their names; "" gives what is built
 * in.  Links are followed.  The format is pandafuzz-templates(5).
 *
 * Taken whole or not at all: a whole new set, or NULL with every complaint as
 * a line in "complaints" (which is reset first) and the first one in "e":
 * REFUSED for what is wrong in a file, else the class of what could not be
 * read (NOT_FOUND, DENIED, AGAIN).
 */
struct templates *templates_read(
    const char *path, struct buf *complaints, struct err *e);

/*
 * The same, in place of "*now", which is freed; a bad set leaves the old one
 * in force.
 */
int templates_reload(struct templates **now, const char *path,
    struct buf *complaints, struct err *e);

#define TEMPLATES_FILES_MAX 256

#endif
