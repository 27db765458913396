#ifndef BOTD_PRESENCE_H
#define BOTD_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Is somebody at this machine, is it busy with other things, does it run on
 * its battery?  Read from /proc, /dev and /sys below a root folder, so that a
 * test can be a tree of files.
 *
 * Input is seen by two signs: a terminal (/dev/tty1.., /dev/pts/N) that was
 * read from, which its access time tells; and interrupts of keyboards, mice
 * and USB hosts in /proc/interrupts that were counted since the last look.  A
 * disk on USB looks like a person: such a machine is never idle, which is the
 * safe side.
 */
struct presence {
	uint64_t interrupts; /* at the last look; 0: none yet */
	uint64_t input_ms;   /* up-time at which somebody was seen last */
	bool looked;
};

struct presence_facts {
	uint64_t quiet_ms;     /* since input was last seen */
	uint64_t load_percent; /* of one core, over a minute */
	unsigned cores;
	bool on_battery;
};

/* "now_ms" is up-time; "now_s" the wall clock, as files' times are. */
void presence_look(struct presence *p, struct presence_facts *f,
    const char *root, uint64_t now_ms, int64_t now_s);

/*
 * Nobody for "quiet_ms", and what the machine does besides our own "busy"
 * sessions is less than a quarter of its cores, or one of them.  NULL when it
 * is idle, else why it is not.
 */
const char *presence_why_busy(
    const struct presence_facts *f, uint64_t quiet_ms, unsigned busy);

#endif
