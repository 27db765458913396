/* masterd/watch: each condition is an event once, whatever restarts. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "masterd/admin/admin.h"
#include "masterd/store/disk.h"
#include "masterd/watch.h"
#include "tests/unit/masterd/world.h"

#define MINUTE 60000ull
#define HOUR   (60 * MINUTE)

/* Up-time that has passed since, in the tests. */
static uint64_t passed;
uint64_t __real_clock_up_ms(void);
uint64_t __wrap_clock_up_ms(void);

uint64_t
__wrap_clock_up_ms(void)
{
	return __real_clock_up_ms() + passed;
}

struct scene {
	struct world *w;
	struct loop *loop;
	struct loop_source *timer;
	struct store *store;
	struct watch *watch;
	uint64_t stuck_ms;
};

static int
setup(void **state)
{
	struct scene *s = mem_alloc(sizeof(*s));
	struct err e;

	s->w = world_new();
	s->stuck_ms = 6 * HOUR;
	if ((s->loop = loop_new(&e)) == NULL ||
	    (s->store = store_open(s->w->root, s->loop, true, &e)) == NULL) {
		fprintf(stderr, "%s\n", e.text);
		return -1;
	}
	s->watch = watch_open(s->loop, s->w->db, s->store, &s->stuck_ms);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	watch_close(s->watch);
	store_close(s->store);
	loop_free(s->loop);
	world_free(s->w);
	free(s);
	return 0;
}

static void
restart(struct scene *s)
{
	watch_close(s->watch);
	s->watch = watch_open(s->loop, s->w->db, s->store, &s->stuck_ms);
}

static void
look(struct scene *s)
{
	struct err e = {.text = ""};

	if (watch_often(s->watch, &e) == -1)
		fail_msg("%s", e.text);
}

static void
look_after(struct scene *s, uint64_t ms)
{
	for (; ms >= MINUTE; ms -= MINUTE) {
		passed += MINUTE;
		look(s);
	}
}

static long
events(struct scene *s, const char *what)
{
	char sql[100];

	snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM event WHERE what = '%s'", what);
	return world_number(s->w, sql);
}

static long
alarms(struct scene *s, const char *like)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM v_alarm WHERE text LIKE '%s' AND fix <> ''",
	    like);
	return world_number(s->w, sql);
}

/* ---- disk ------------------------------------------------------------ */

static void
mark(struct scene *s, unsigned soft, unsigned hard)
{
	const struct disk_policy p = {{0, soft}, {0, hard}, 0};

	disk_set_policy(store_disk(s->store), &p);
	passed += 2000; /* it is looked at once a second */
	look(s);
}

static void
each_change_of_the_disk_is_told_once(void **state)
{
	struct scene *s = *state;

	mark(s, 0, 0);
	assert_int_equal(events(s, "disk.low"), 0);
	assert_int_equal(events(s, "disk.enough"), 0);
	mark(s, 100, 0);
	assert_int_equal(events(s, "disk.low"), 1);
	mark(s, 100, 0);
	restart(s);
	mark(s, 100, 0);
	assert_int_equal(events(s, "disk.low"), 1);
	mark(s, 100, 100);
	assert_int_equal(events(s, "disk.low"), 2);
	assert_int_equal(
	    world_number(s->w,
		"SELECT count(*) FROM event WHERE what = 'disk.low' AND "
		"subject = 'disk' AND detail LIKE 'hard: % are free'"),
	    1);
	mark(s, 0, 0);
	assert_int_equal(events(s, "disk.low"), 2);
	assert_int_equal(events(s, "disk.enough"), 1);
}

/* ---- jobs ------------------------------------------------------------ */

#define STUCK "job.stuck"

static void
a_job_that_gets_nowhere_is_told_once_until_it_gets_on(void **state)
{
	struct scene *s = *state;

	look(s);
	look_after(s, 6 * HOUR - 2 * MINUTE);
	assert_int_equal(events(s, STUCK), 0);
	look_after(s, 3 * MINUTE);
	assert_int_equal(events(s, STUCK), 1);
	assert_int_equal(
	    world_number(s->w,
		"SELECT count(*) FROM event WHERE what = 'job.stuck' AND "
		"subject = 'job:" WORLD_JOB "' AND detail LIKE "
		"'nothing done for 6h %'"),
	    1);
	assert_int_equal(alarms(s, "job " WORLD_JOB " is stuck%"), 1);
	look_after(s, 10 * MINUTE);
	restart(s);
	look_after(s, 7 * HOUR);
	assert_int_equal(events(s, STUCK), 1);
	assert_int_equal(alarms(s, "job " WORLD_JOB " is stuck%"), 1);
	world_sql(s->w, "UPDATE lease SET execs = execs + 1");
	look_after(s, 2 * MINUTE);
	assert_int_equal(alarms(s, "job " WORLD_JOB " is stuck%"), 0);
	look_after(s, 7 * HOUR);
	assert_int_equal(events(s, STUCK), 2);
}

static void
a_job_that_works_is_not_stuck(void **state)
{
	struct scene *s = *state;
	int i;

	for (i = 0; i < 8; i++) {
		look_after(s, HOUR);
		world_sql(s->w, "UPDATE lease SET execs = execs + 1");
	}
	assert_int_equal(events(s, STUCK), 0);
}

static void
nobody_is_stuck_while_all_bots_are_away_or_a_person_paused_it(void **state)
{
	struct scene *s = *state;

	look_after(s, 5 * HOUR);
	world_sql(s->w, "UPDATE bot SET state = 'off'");
	look_after(s, 5 * HOUR);
	world_sql(s->w, "UPDATE bot SET state = 'up'");
	look_after(s, 5 * HOUR);
	assert_int_equal(events(s, STUCK), 0);
	world_sql(s->w, "UPDATE job SET status = 'paused'");
	look_after(s, 5 * HOUR);
	assert_int_equal(events(s, STUCK), 0);
}

/* ---- ledger ---------------------------------------------------------- */

static void
on_timer(void *arg)
{
	loop_quit(arg, 0);
}

static int
children(void)
{
	FILE *f = fopen("/proc/thread-self/children", "r");
	int c, n = 0;

	assert_non_null(f);
	while ((c = getc(f)) != EOF)
		n += c == ' ';
	fclose(f);
	return n;
}

/* The child is a real one: this program. */
static void
count(struct scene *s)
{
	int before = children();
	uint64_t until = __real_clock_up_ms() + 20000;
	struct loop_source *timer;
	struct err e;

	assert_non_null(timer = loop_timer(s->loop, on_timer, s->loop, &e));
	passed += HOUR;
	look(s);
	assert_int_equal(children(), before + 1);
	do {
		loop_timer_set(timer, 20, &e);
		loop_run(s->loop, &e);
	} while (children() > before && __real_clock_up_ms() < until);
	look(s);
	loop_drop(timer);
}

static void
missing_bundles_are_told_when_they_are_more(void **state)
{
	struct scene *s = *state;

	world_sql(s->w,
	    "UPDATE epoch SET state = 'superseded', highest = 3,"
	    " oldest = 0, max_seen = 3");
	count(s);
	assert_int_equal(events(s, "ledger.missing"), 0);
	assert_int_equal(alarms(s, "bundles are missing%"), 0);
	world_sql(s->w, "UPDATE epoch SET highest = 5, max_seen = 5");
	count(s);
	assert_int_equal(events(s, "ledger.missing"), 1);
	assert_int_equal(alarms(s, "bundles are missing: 2"), 1);
	count(s);
	restart(s);
	count(s);
	assert_int_equal(events(s, "ledger.missing"), 1);
	world_sql(s->w, "UPDATE epoch SET highest = 6, max_seen = 6");
	count(s);
	assert_int_equal(events(s, "ledger.missing"), 2);
	world_sql(s->w, "INSERT INTO epoch_range VALUES (1, 'dropped', 4, 6)");
	count(s);
	assert_int_equal(events(s, "ledger.missing"), 2);
	assert_int_equal(events(s, "ledger.balanced"), 1);
	assert_int_equal(alarms(s, "bundles are missing%"), 0);
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(each_change_of_the_disk_is_told_once),
	    T(a_job_that_gets_nowhere_is_told_once_until_it_gets_on),
	    T(a_job_that_works_is_not_stuck),
	    T(nobody_is_stuck_while_all_bots_are_away_or_a_person_paused_it),
	    T(missing_bundles_are_told_when_they_are_more),
	};

	if (argc > 1)
		return admin_read_child(argc, argv);
	log_set_level(LEVEL_ERROR);
	return cmocka_run_group_tests_name("masterd/watch", tests, NULL, NULL);
}
