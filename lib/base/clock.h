#ifndef LIB_BASE_CLOCK_H
#define LIB_BASE_CLOCK_H

#include <stdint.h>

/*
 * The two clocks.  Wall time is for people and for names; up-time
 * (CLOCK_BOOTTIME) is for leases and everything that expires (DESIGN 6).
 */
uint64_t clock_wall_ms(void); /* milliseconds since 1970, UTC */
uint64_t clock_up_ms(void);   /* milliseconds since boot, suspended or not */

struct clock_text {
	char text[40];
};
struct clock_text clock_rfc3339(uint64_t wall_ms); /* 2026-11-22T10:02:11Z */

/* The kernel's boot id, 32 hex digits: up-times of two boots differ. */
struct clock_text clock_boot_id(void);

#endif
