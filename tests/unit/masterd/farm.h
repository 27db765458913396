#ifndef TESTS_UNIT_MASTERD_FARM_H
#define TESTS_UNIT_MASTERD_FARM_H

#include "masterd/db/bots.h"
#include "masterd/db/ledger.h"
#include "tests/unit/scratch.h"

/*
 * An empty database in a folder of its own, in a transaction; a cmocka pair,
 * *state is then a struct farm *.  One bot "b1" of account "local".
 */
struct farm {
	struct scratch *scratch;
	struct db *db;
	int64_t bot;
};

#define FARM_EPOCH 0x1111111111111111
#define FARM_OTHER 0x2222222222222222
#define FARM_THIRD 0x3333333333333333
#define FARM_NOW   1700000000000ull

int farm_setup(void **state);
int farm_teardown(void **state);

/* Any statements; the test fails when they do. */
void farm_sql(struct farm *f, const char *sql);
/* First column of the first row; -1 when there is no row. */
int64_t farm_number(struct farm *f, const char *sql);
/* The same as text, to be compared at once. */
const char *farm_text(struct farm *f, const char *sql);

int64_t farm_bot(struct farm *f, const char *account, const char *name);
int64_t farm_epoch(struct farm *f, uint64_t epoch); /* of b1; its row */

/* A fate of seq in that epoch's row; content decides its digest. */
void farm_record(struct farm *f, int64_t epoch, uint64_t seq,
    const char *outcome, const char *content);

/* One beat of "bot" that names "epoch" alone. */
enum beat_sense farm_beat(struct farm *f, int64_t bot, uint64_t epoch,
    uint64_t number, uint64_t up_ms);

/* project zlib, target inflate, a build for libfuzzer, and a job on it; its
 * row. */
int64_t farm_job(struct farm *f);

#endif
