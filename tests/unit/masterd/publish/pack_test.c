/* Segments are made from the store's own files, for every target in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "lib/wire/bundle.h"
#include "masterd/db/facts.h"
#include "masterd/publish/pack.h"
#include "tests/unit/masterd/farm.h"

struct world {
	struct farm *farm;
	struct loop *loop;
	struct store *store;
	struct publish *publish;
	struct pack *pack;
	struct loop_source *look;
	int rounds;
	int64_t wanted; /* units in segments */
};

static void
on_fatal(void *arg, const struct err *e)
{
	(void)arg;
	fail_msg("%s", e->text);
}

static int
setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct publish_config c;

	if (farm_setup((void **)&w->farm) == -1 ||
	    db_commit(w->farm->db, NULL) == -1 ||
	    (w->loop = loop_new(NULL)) == NULL ||
	    (w->store = store_open(
		 w->farm->scratch->fd, w->loop, false, NULL)) == NULL)
		return -1;
	c = (struct publish_config){
	    w->farm->scratch->fd, w->farm->db, w->store, 10000};
	w->publish = publish_open(&c, NULL);
	if (w->publish == NULL || publish_recover(w->publish, false, NULL))
		return -1;
	w->pack = pack_open(w->publish, w->farm->db, w->store, on_fatal, NULL);
	farm_job(w->farm);
	farm_sql(w->farm,
	    "INSERT INTO target (id, project, name, generation, added_ms) "
	    "VALUES (2, 1, 'deflate', 7, 1); INSERT INTO job (job, target, "
	    "build, current, engine, sanitizer, created_by, created_ms) "
	    "VALUES ('bbbbbbbbbbbbbbbb', 2, 1, 1, 'libfuzzer', 'address', "
	    "'user:x', 1)");
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	int rc;

	pack_close(w->pack);
	publish_close(w->publish);
	store_close(w->store);
	loop_drop(w->look);
	loop_free(w->loop);
	rc = farm_teardown((void **)&w->farm);
	free(w);
	return rc;
}

/* A unit of target 1 or 2, with its row, and with its file when "whole". */
static void
add_unit(struct world *w, int target, const char *bytes, bool whole)
{
	struct staged *f = store_stage(w->store, NULL);
	struct digest d;
	bool added;

	store_stage_add(f, bytes, strlen(bytes), NULL);
	store_stage_end(f, &d, NULL, NULL);
	if (whole)
		store_name_unit(w->store, f, "zlib",
		    target == 1 ? "inflate" : "deflate", &d, NULL);
	else
		store_stage_drop(f);
	facts_add_unit(w->farm->db, target, &d, strlen(bytes), 7, w->farm->bot,
	    FARM_NOW, &added, NULL);
	assert_true(added);
}

static int64_t
packed(struct world *w, int target)
{
	char sql[100];

	snprintf(sql, sizeof(sql),
	    "SELECT coalesce(sum(units), 0) FROM segment WHERE target = %d",
	    target);
	return farm_number(w->farm, sql);
}

static void
on_look(void *arg)
{
	struct world *w = arg;

	if (--w->rounds == 0 || packed(w, 1) + packed(w, 2) == w->wanted)
		loop_quit(w->loop, 0);
	else
		loop_timer_set(w->look, 20, NULL);
}

/* Let it work until so many units are in segments. */
static void
pack_all(struct world *w, int64_t wanted)
{
	if (w->look == NULL)
		w->look = loop_timer(w->loop, on_look, w, NULL);
	pack_due(w->pack);
	w->rounds = 1000;
	w->wanted = wanted;
	loop_timer_set(w->look, 20, NULL);
	assert_int_equal(loop_run(w->loop, NULL), 0);
}

/* Units of the only segment, by their sizes. */
static void
read_segment(struct world *w, struct buf *sizes)
{
	struct bundle_item *item = mem_alloc(sizeof(*item));
	struct bundle_reader *r;
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "segments/%s",
	    farm_text(w->farm, "SELECT lower(hex(sha256)) FROM segment"));
	fd = fs_open_foreign(w->farm->scratch->fd, path, NULL, NULL);
	assert_int_not_equal(fd, -1);
	r = bundle_reader_new(bundle_source_fd, &fd, &BUNDLE_LIMITS);
	do {
		assert_int_equal(bundle_read(r, item, NULL), 0);
		if (item->step == STEP_RECORD)
			buf_printf(sizes, "%ju ", (uintmax_t)item->record.size);
	} while (item->step < STEP_OK);
	assert_int_equal(item->step, STEP_OK);
	bundle_reader_free(r);
	free(item);
	close(fd);
}

static void
a_segment_is_a_bundle_of_the_units(void **state)
{
	struct world *w = *state;
	struct buf sizes = BUF_INIT;

	add_unit(w, 1, "one", true);
	add_unit(w, 1, "three", true);
	add_unit(w, 1, "", true);
	pack_all(w, 3);
	assert_int_equal(packed(w, 1), 3);
	read_segment(w, &sizes);
	assert_string_equal(buf_text(&sizes), "3 5 0 ");
	buf_release(&sizes);
}

static void
every_target_is_packed_in_one_go(void **state)
{
	struct world *w = *state;

	add_unit(w, 1, "one", true);
	add_unit(w, 2, "two", true);
	pack_all(w, 2);
	assert_int_equal(packed(w, 1), 1);
	assert_int_equal(packed(w, 2), 1);
}

static void
a_unit_that_cannot_be_read_stops_its_own_target_only(void **state)
{
	struct world *w = *state;

	add_unit(w, 1, "gone", false);
	add_unit(w, 2, "two", true);
	pack_all(w, 1);
	assert_int_equal(packed(w, 1), 0);
	assert_int_equal(packed(w, 2), 1);
	add_unit(w, 2, "three", true);
	pack_all(w, 2);
	assert_int_equal(packed(w, 2), 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_segment_is_a_bundle_of_the_units),
	    T(every_target_is_packed_in_one_go),
	    T(a_unit_that_cannot_be_read_stops_its_own_target_only),
	};

	return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
