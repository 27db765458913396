#ifndef MASTERD_NOTICE_H
#define MASTERD_NOTICE_H

#include "lib/base/loop.h"
#include "masterd/db/db.h"
#include "masterd/settings.h"
#include "masterd/store/store.h"

/*
 * What the master notices by itself (masterd/watch.h), and the programs that
 * run when something happened (masterd/hooks/hooks.h): wired and stopped
 * together.
 */
struct notice;

struct notice *notice_open(struct loop *loop, struct db *db,
    struct store *store, const struct settings *s,
    void (*fatal)(void *arg, const struct err *e), void *arg, struct err *e);
void notice_close(struct notice *n); /* NULL is fine */

/* After each change of settings; "s" is borrowed until the next one. */
void notice_settings(struct notice *n, const struct settings *s);

/* Every 10 s.  -1 ends the process. */
int notice_often(struct notice *n, struct err *e);

/* What is wrong with the folder of hooks, for status; "" is nothing. */
const char *notice_problem(const struct notice *n);

#endif
