/*
 * How much memory masterd holds: idle, and after 100,000 units.  The units are
 * small and come 1,024 to a bundle, which is the most that a bot seals: what
 * masterd keeps in memory is per record.  No disk is needed for that.
 */
#include <limits.h>
#include <stdio.h>

#include "tests/bench/bench.h"
#include "tests/bench/master.h"

#define UNITS   1024
#define BUNDLES 98 /* 100,352 units */
#define SIZE    256

static double
mib(const struct master *m, const char *key)
{
	return (double)master_memory(m, key) / 1024;
}

static void
push_units(struct master *m, struct feed *f)
{
	struct feed_units u = {.count = UNITS, .size = SIZE};
	struct bundle_name name;
	int i;

	for (i = 0; i < BUNDLES; i++) {
		name = feed_corpus(f, m->tmp, &u);
		master_push(m, &name);
		u.first += UNITS;
	}
}

int
main(void)
{
	struct feed f = {.bot = "b1", .epoch = 0x3e3};
	struct bundle_name beat;
	struct master m;
	char path[PATH_MAX];
	double began;
	int fd;

	snprintf(path, sizeof(path), "%s/master", bench_folder_in_memory(&fd));
	master_start(&m, path, &f);
	beat = feed_beat(&f, m.tmp, BUNDLES);
	master_push(&m, &beat);
	master_wait_acked(&m, 0);
	bench_sleep(3);
	bench_figure(&(struct figure){"memory.idle", "MiB", mib(&m, "VmRSS"),
	    NO_FIGURE, NO_FIGURE, BELOW, 20});
	began = bench_now();
	push_units(&m, &f);
	master_wait_acked(&m, BUNDLES);
	bench_note("%d units in %.1f s", BUNDLES * UNITS, bench_now() - began);
	bench_figure(&(struct figure){"memory.100000-units", "MiB",
	    mib(&m, "VmRSS"), NO_FIGURE, NO_FIGURE, BELOW, 40});
	bench_figure(&(struct figure){"memory.peak", "MiB", mib(&m, "VmHWM"),
	    NO_FIGURE, NO_FIGURE, BELOW, NO_FIGURE});
	master_stop(&m);
	return 0;
}
