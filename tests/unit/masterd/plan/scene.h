#ifndef TESTS_UNIT_MASTERD_PLAN_SCENE_H
#define TESTS_UNIT_MASTERD_PLAN_SCENE_H

#include "masterd/plan/schedule.h"

/*
 * Farms in words, for tables of cases.  Things stand apart by blanks, ids
 * follow the order (1, 2, ...), and in a value "+" stands for a blank.
 *
 * bots     SLOTS[,engines=..][,san=..][,arch=..][,tags=..][,host=..]
 *          [,rests=1][,state=..]; the state is why it takes nothing
 * jobs     WEIGHT[,had=..][,spent=..][,new][,back][,engine=..][,san=..]
 *          [,arch=..][,tags=..][,build=..][,mult=..][,boost=..][,ceiling=..]
 *          [,floor=..][,slice=..][,left=..][,wait=..][,retry=BOT]
 *          [,tasks=..][,stop=..];
 *          had and spent are minutes of slot time (in vtime, and not yet);
 *          it took part before, unless it is new or back
 * leases   jNbN[:AGE[/LEFT]] in seconds; t0 instead of jN: of a task
 * tasks    [engine=..][,san=..][,arch=..][,build=..][,avoid=BOT]
 * marks    BUILD=HOST_CLASS
 */
void scene_read(struct schedule_input *in, const char *bots, const char *jobs,
    const char *leases, const char *tasks, const char *marks);

#endif
