/*
 * "hours" and "only_when" become one answer, with a sentence and, where that
 * can be said, the time at which it will be another.
 */
#include <stdio.h>
#include <string.h>

#include "botd/off.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#define LOOK_MS 5000

/* Looking for it goes through a week of minutes: once is enough, unless the
 * clock was put back. */
static time_t
back_at(struct off *o, time_t now_s)
{
	uint64_t seconds;

	if (o->back_at > now_s && o->asked_at != 0 && o->asked_at <= now_s)
		return o->back_at;
	seconds = hours_until_change(&o->hours, now_s);
	o->asked_at = now_s;
	o->back_at = seconds == 0 ? 0 : now_s + (time_t)seconds;
	return o->back_at;
}

static void
off_by_hours(struct off *o, time_t now_s, struct runner_off *out)
{
	time_t back = back_at(o, now_s);
	char when[40] = "";
	struct tm t;

	out->off = true;
	out->seconds = back == 0 ? 0 : (uint64_t)(back - now_s);
	if (back != 0 && localtime_r(&back, &t) != NULL)
		strftime(when, sizeof(when), ", back %a %H:%M", &t);
	snprintf(out->why, sizeof(out->why), "outside its hours (%s)%s",
	    o->hours_text, when);
}

static void
off_for(struct runner_off *out, const char *why)
{
	out->off = true;
	text_copy(out->why, sizeof(out->why), why);
}

void
off_decide(struct off *o, unsigned busy, time_t now_s, uint64_t up_ms,
    struct runner_off *out)
{
	const char *why;

	*out = (struct runner_off){false, 0, ""};
	if (o->when != WHEN_ALWAYS &&
	    (!o->looked || up_ms - o->looked_ms >= LOOK_MS)) {
		presence_look(&o->presence, &o->facts,
		    o->host == NULL ? "" : o->host, up_ms, (int64_t)now_s);
		o->looked = true;
		o->looked_ms = up_ms;
	}
	if (!hours_have(&o->hours, now_s)) {
		off_by_hours(o, now_s, out);
		return;
	}
	if (o->when == WHEN_AC_POWER && o->facts.on_battery)
		off_for(out, "the machine runs on its battery");
	if (o->when == WHEN_IDLE &&
	    (why = presence_why_busy(&o->facts, o->quiet_ms, busy)) != NULL)
		off_for(out, why);
}

void
off_now(void *arg, unsigned busy, struct runner_off *out)
{
	off_decide(
	    arg, busy, (time_t)(clock_wall_ms() / 1000), clock_up_ms(), out);
}
