#ifndef LIB_BASE_LOOP_H
#define LIB_BASE_LOOP_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

/*
 * The event loop of each daemon: one thread, callbacks, nothing else.  The
 * only door to libsystemd (sd-event, sd_notify); works without systemd.
 *
 * A source lives until loop_drop() or loop_free().  Dropping a source inside
 * its own callback is allowed.
 */
struct loop;
struct loop_source;

typedef void loop_fn(void *arg);
typedef void loop_io_fn(void *arg, uint32_t events);          /* EPOLLIN, ... */
typedef void loop_child_fn(void *arg, pid_t pid, int status); /* waitpid's */

struct loop *loop_new(struct err *e);
void loop_free(struct loop *l);

/* "events" as epoll(7), level triggered. */
struct loop_source *loop_io(struct loop *l, int fd, uint32_t events,
    loop_io_fn *fn, void *arg, struct err *e);
int loop_io_events(struct loop_source *s, uint32_t events, struct err *e);

/*
 * A timer on CLOCK_BOOTTIME, off until loop_timer_set().  Fires once per set;
 * the callback may set it again.  loop_timer_off() may be called any time.
 */
struct loop_source *loop_timer(
    struct loop *l, loop_fn *fn, void *arg, struct err *e);
int loop_timer_set(struct loop_source *s, uint64_t in_ms, struct err *e);
void loop_timer_off(struct loop_source *s);

/* Blocks the signal for the process and delivers it to "fn". */
struct loop_source *loop_signal(
    struct loop *l, int signo, loop_fn *fn, void *arg, struct err *e);

/* Once, when the child has ended and was reaped.  loop_new() blocks SIGCHLD,
 * which this needs. */
struct loop_source *loop_child(
    struct loop *l, pid_t pid, loop_child_fn *fn, void *arg, struct err *e);

/*
 * A hint that something may have appeared in an open folder, or that the
 * watch is no longer to be trusted (overflow, folder moved or removed: then
 * "lost" is true and the caller re-opens, watches anew and scans).  No name
 * ever comes through here (STYLE 7).
 */
typedef void loop_hint_fn(void *arg, bool lost);
struct loop_source *loop_watch(
    struct loop *l, int dirfd, loop_hint_fn *fn, void *arg, struct err *e);

void loop_drop(struct loop_source *s); /* NULL is fine */

/* Run until loop_quit(); returns its code, or -1 with "e". */
int loop_run(struct loop *l, struct err *e);
void loop_quit(struct loop *l, int code);

/*
 * Where systemd asks for signs of life, the loop gives them by itself: when it
 * made a round, and at half the time at the latest.  Whoever knows better what
 * life is takes this over and sends "WATCHDOG=1" himself; returns the time in
 * which one is asked for, 0 when none is.
 */
uint64_t loop_take_watchdog(struct loop *l);

/* sd_notify(3): "READY=1", "STATUS=...", "STOPPING=1".  No-op without it. */
void loop_notify(const char *state);

#endif
