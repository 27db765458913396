/*
 * From settings to the times that leases, tasks and bots are judged by.  Asked
 * again after each reload: what is counted at that moment is judged by the new
 * times at once.
 */
#include "masterd/times.h"

void
times_take(struct lease_times *times, const struct settings *s)
{
	*times = LEASE_TIMES;
	times->lost_ms = s->lease_lost;
	times->gap_ms = s->lease_gap;
	times->slice_ms = s->lease_slice;
	times->check_ms = s->check_timeout;
	times->late_beats = (unsigned)s->bot_late;
	times->lost_beats = (unsigned)s->bot_lost;
	times->lost_most = (unsigned)s->poison_after;
	times->retry = config_retry_policy(&s->task_retry, RETRY_ON_ALL);
	times->rest = config_retry_policy(&s->bot_retry, RETRY_ON_ALL);
}
