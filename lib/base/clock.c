/*
 * Clocks.  Deciders never come here: time is passed in to them.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"

static uint64_t
now(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t
clock_wall_ms(void)
{
	return now(CLOCK_REALTIME);
}

uint64_t
clock_up_ms(void)
{
	return now(CLOCK_BOOTTIME);
}

struct clock_text
clock_rfc3339(uint64_t wall_ms)
{
	struct clock_text out;
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out.text, sizeof(out.text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}

struct clock_text
clock_boot_id(void)
{
	struct clock_text out = {""};
	char raw[64] = "";
	size_t i, n = 0;
	FILE *f;

	f = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (f != NULL) {
		if (fgets(raw, sizeof(raw), f) == NULL)
			raw[0] = '\0';
		fclose(f);
	}
	for (i = 0; raw[i] != '\0' && n < sizeof(out.text) - 1; i++)
		if (strchr("0123456789abcdef", raw[i]) != NULL)
			out.text[n++] = raw[i];
	out.text[n] = '\0';
	return out;
}
