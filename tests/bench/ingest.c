/*
 * How fast masterd takes in bundles of 64 units of 4 KiB, against the floor.
 *
 * In turns: masterd gets a round's bundles by rename and is timed until its
 * status.json covers them; then the floor does the same units in batches of
 * the sizes that masterd chose (its ledger tells).  Between turns everything
 * is synced, so that nobody pays for the other.  The figure is the median of
 * the ratios of pairs: the disk's mood changes from second to second, but not
 * within a pair.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "lib/base/buf.h"
#include "tests/bench/bench.h"
#include "tests/bench/floor.h"
#include "tests/bench/master.h"

#define PAIRS   41
#define WARM_UP 3
#define ROUNDS  (WARM_UP + PAIRS)
#define BUNDLES 16 /* a round; with 64 units each the most of one batch */
#define UNITS   64
#define BATCHES BUNDLES

struct bench {
	const char *folder;
	int fd;
	struct feed feed;
	struct master master;
	struct floor *floor;
	struct bundle_name names[ROUNDS][BUNDLES];
	uint8_t *units; /* of one round */
	sqlite3 *db;    /* masterd's, read-only */
	int batch_count, batches[BATCHES];
	int all_batches;
};

static struct bundle_name
make_bundle(struct bench *b, int round, int i)
{
	struct feed_units u = {.count = UNITS, .size = FEED_UNIT};

	u.first = (uint64_t)(round * BUNDLES + i) * UNITS;
	return feed_corpus(&b->feed, b->master.tmp, &u);
}

static void
make_bundles(struct bench *b)
{
	int round, i;

	bench_note("making %d bundles of %d units", ROUNDS * BUNDLES, UNITS);
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < BUNDLES; i++)
			b->names[round][i] = make_bundle(b, round, i);
	bench_settle(b->fd);
}

static void
make_units(struct bench *b, int round)
{
	int i;

	for (i = 0; i < BUNDLES * UNITS; i++)
		feed_unit(b->units + (size_t)i * FEED_UNIT, FEED_UNIT,
		    (uint64_t)round * BUNDLES * UNITS + (uint64_t)i);
}

static void
start(struct bench *b)
{
	struct bundle_name beat;
	char path[PATH_MAX];

	b->folder = bench_folder(&b->fd);
	b->feed = (struct feed){.bot = "b1", .epoch = 0xbe7c4};
	b->units = mem_array(BUNDLES * UNITS, FEED_UNIT);
	snprintf(path, sizeof(path), "%s/floor", b->folder);
	b->floor = floor_open(path);
	snprintf(path, sizeof(path), "%s/master", b->folder);
	master_start(&b->master, path, &b->feed);
	make_bundles(b);
	beat = feed_beat(&b->feed, b->master.tmp, b->feed.seq);
	master_push(&b->master, &beat);
	master_wait_acked(&b->master, 0);
	snprintf(path, sizeof(path), "%s/master/data/pandafuzz.db", b->folder);
	if (sqlite3_open_v2(path, &b->db, SQLITE_OPEN_READONLY, NULL) !=
	    SQLITE_OK)
		bench_die("cannot read '%s'", path);
}

/* ---- turns ----------------------------------------------------------- */

static double
master_turn(struct bench *b, int round)
{
	double began = bench_now(), took;
	int i;

	for (i = 0; i < BUNDLES; i++)
		master_push(&b->master, &b->names[round][i]);
	master_wait_acked(&b->master, (uint64_t)(round + 1) * BUNDLES);
	took = bench_now() - began;
	master_wait_empty(&b->master);
	return took;
}

/* Bundles of one batch have the same taken_ms. */
static void
look_at_batches(struct bench *b, int round)
{
	sqlite3_stmt *s;

	b->batch_count = 0;
	if (sqlite3_prepare_v2(b->db,
		"SELECT count(*) FROM ledger WHERE seq > ?1 "
		"AND seq <= ?1 + ?2 GROUP BY taken_ms ORDER BY taken_ms",
		-1, &s, NULL) != SQLITE_OK)
		bench_die("%s", sqlite3_errmsg(b->db));
	sqlite3_bind_int(s, 1, round * BUNDLES);
	sqlite3_bind_int(s, 2, BUNDLES);
	while (sqlite3_step(s) == SQLITE_ROW && b->batch_count < BATCHES)
		b->batches[b->batch_count++] = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
}

static double
floor_turn(struct bench *b)
{
	struct floor_batch batch = {.units = UNITS};
	const uint8_t *units = b->units;
	double began = bench_now(), took;
	int i;

	for (i = 0; i < b->batch_count; i++) {
		batch.bundles = b->batches[i];
		floor_batch(b->floor, &batch, units);
		units += (size_t)batch.bundles * UNITS * FEED_UNIT;
	}
	took = bench_now() - began;
	floor_between(b->floor);
	return took;
}

int
main(void)
{
	static struct bench b;
	double ours[PAIRS], theirs[PAIRS], ratio[PAIRS];
	double units = BUNDLES * UNITS;
	int round, i;

	start(&b);
	for (round = 0; round < ROUNDS; round++) {
		i = round < WARM_UP ? 0 : round - WARM_UP;
		make_units(&b, round);
		bench_settle(b.fd);
		ours[i] = units / master_turn(&b, round);
		look_at_batches(&b, round);
		bench_settle(b.fd);
		theirs[i] = units / floor_turn(&b);
		ratio[i] = ours[i] / theirs[i];
		if (round >= WARM_UP)
			b.all_batches += b.batch_count;
	}
	bench_note("%d pairs of %d units, masterd made %.1f batches of each",
	    PAIRS, BUNDLES * UNITS, (double)b.all_batches / PAIRS);
	bench_note("ratios from %.2f to %.2f", bench_share(ratio, PAIRS, 0),
	    bench_share(ratio, PAIRS, 1));
	bench_figure(&(struct figure){"ingest", "units/s",
	    bench_median(ours, PAIRS), bench_median(theirs, PAIRS),
	    bench_median(ratio, PAIRS), AT_LEAST, 0.5});
	sqlite3_close(b.db);
	master_stop(&b.master);
	floor_close(b.floor);
	return 0;
}
