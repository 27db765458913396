/* status.json: serials, marks, generations (PROTOCOL 23-26). */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "lib/wire/status.h"
#include "masterd/db/leases.h"
#include "masterd/publish/publish.h"
#include "tests/unit/masterd/farm.h"

#define STATUS "spool/local/outgoing/b1/status.json"

struct world {
	struct farm *farm;
	struct loop *loop;
	struct store *store;
	struct publish *publish;
	struct status *status;
	int changes;
};

static void
open_publish(struct world *w, bool draw)
{
	struct publish_config c = {
	    w->farm->scratch->fd, w->farm->db, w->store, 10000};

	w->publish = publish_open(&c, NULL);
	assert_non_null(w->publish);
	assert_int_equal(publish_recover(w->publish, draw, NULL), 0);
}

static int
setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));

	if (farm_setup((void **)&w->farm) == -1 ||
	    db_commit(w->farm->db, NULL) == -1 ||
	    (w->loop = loop_new(NULL)) == NULL ||
	    (w->store = store_open(
		 w->farm->scratch->fd, w->loop, false, NULL)) == NULL)
		return -1;
	w->status = status_new();
	open_publish(w, false);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	int rc;

	publish_close(w->publish);
	store_close(w->store);
	loop_free(w->loop);
	status_free(w->status);
	rc = farm_teardown((void **)&w->farm);
	free(w);
	return rc;
}

/* What stands there now; its mtime must be its serial. */
static struct status *
read_status(struct world *w)
{
	struct buf text = BUF_INIT;
	struct stat st;
	int root = w->farm->scratch->fd;

	assert_int_equal(
	    fs_read_file(root, STATUS, &text, STATUS_MAX_BYTES, NULL), 0);
	assert_int_equal(status_parse(w->status, text.data, text.len, NULL), 0);
	assert_int_equal(fstatat(root, STATUS, &st, 0), 0);
	assert_int_equal(st.st_mtim.tv_sec, w->status->serial);
	buf_release(&text);
	return w->status;
}

/* What lies there as it is to be is not written again. */
static void
change_status(struct world *w)
{
	char reason[32];

	snprintf(reason, sizeof(reason), "change %d", w->changes++);
	publish_hold(w->publish, reason);
}

static void
mark_and_commit(struct world *w)
{
	change_status(w);
	assert_int_equal(db_begin(w->farm->db, NULL), 0);
	assert_int_equal(publish_mark(w->publish, w->farm->bot, NULL), 0);
	assert_int_equal(db_commit(w->farm->db, NULL), 0);
	publish_marked(w->publish);
}

static int
truncate_status(int root)
{
	int fd = openat(root, STATUS, O_WRONLY | O_TRUNC | O_CLOEXEC);

	return fd == -1 ? -1 : close(fd);
}

static uint64_t
known_serial(struct world *w)
{
	uint64_t serial;

	assert_int_equal(
	    bots_serial(w->farm->db, "local", "b1", &serial, NULL), 1);
	return serial;
}

/* ---- marks ----------------------------------------------------------- */

static void
each_commit_publishes_under_a_serial_of_its_own(void **state)
{
	struct world *w = *state;
	uint64_t serial = read_status(w)->serial;
	int i;

	for (i = 1; i <= 5; i++) {
		mark_and_commit(w);
		assert_true(read_status(w)->serial > serial);
		serial = w->status->serial;
		assert_int_equal(known_serial(w), serial);
	}
}

static void
two_marks_of_one_transaction_draw_one_serial(void **state)
{
	struct world *w = *state;
	uint64_t serial;

	/* Away from the clock, so that each draw is one more. */
	farm_sql(w->farm, "UPDATE bot SET serial = 9000000000");
	serial = known_serial(w);
	change_status(w);
	db_begin(w->farm->db, NULL);
	publish_mark(w->publish, w->farm->bot, NULL);
	publish_mark(w->publish, w->farm->bot, NULL);
	db_commit(w->farm->db, NULL);
	publish_marked(w->publish);
	assert_int_equal(read_status(w)->serial, serial + 1);
}

static void
a_status_that_is_as_it_was_is_not_written_again(void **state)
{
	struct world *w = *state;
	struct stat before, after;
	int root = w->farm->scratch->fd;

	fstatat(root, STATUS, &before, 0);
	db_begin(w->farm->db, NULL);
	publish_mark(w->publish, w->farm->bot, NULL);
	db_commit(w->farm->db, NULL);
	publish_marked(w->publish);
	fstatat(root, STATUS, &after, 0);
	assert_int_equal(before.st_ino, after.st_ino);
	/* Nor does a restart take it for an older database's. */
	publish_close(w->publish);
	open_publish(w, false);
	assert_true(known_serial(w) > (uint64_t)before.st_mtim.tv_sec);
	/* But one that somebody has spoilt is. */
	assert_int_equal(truncate_status(root), 0);
	db_begin(w->farm->db, NULL);
	publish_mark(w->publish, w->farm->bot, NULL);
	db_commit(w->farm->db, NULL);
	publish_marked(w->publish);
	assert_int_equal(read_status(w)->serial, known_serial(w));
}

static void
a_mark_that_was_rolled_back_takes_nothing_along(void **state)
{
	struct world *w = *state;
	uint64_t serial;

	farm_sql(w->farm, "UPDATE bot SET serial = 9000000000");
	mark_and_commit(w);
	serial = read_status(w)->serial;
	db_begin(w->farm->db, NULL);
	publish_mark(w->publish, w->farm->bot, NULL);
	db_rollback(w->farm->db);
	/* The next one must not be published under the serial of the last. */
	mark_and_commit(w);
	assert_int_equal(read_status(w)->serial, serial + 1);
	assert_int_equal(known_serial(w), serial + 1);
}

static void
only_what_was_marked_in_this_transaction_is_published(void **state)
{
	struct world *w = *state;
	struct stat before, after;
	int root = w->farm->scratch->fd;

	db_begin(w->farm->db, NULL);
	publish_mark(w->publish, w->farm->bot, NULL);
	db_rollback(w->farm->db);
	fstatat(root, STATUS, &before, 0);
	db_begin(w->farm->db, NULL);
	db_commit(w->farm->db, NULL);
	publish_marked(w->publish);
	fstatat(root, STATUS, &after, 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void
a_hold_for_all_is_told_and_lifted(void **state)
{
	struct world *w = *state;
	int on;

	for (on = 1; on >= 0; on--) {
		publish_hold(w->publish, on ? "the disk is full" : NULL);
		db_begin(w->farm->db, NULL);
		assert_int_equal(publish_mark_all(w->publish, NULL), 0);
		db_commit(w->farm->db, NULL);
		publish_marked(w->publish);
		assert_int_equal(read_status(w)->hold, on);
		assert_string_equal(
		    w->status->reason, on ? "the disk is full" : "");
	}
}

/* ---- generations ----------------------------------------------------- */

static void
reopen(struct world *w, bool draw)
{
	publish_close(w->publish);
	open_publish(w, draw);
}

static void
a_restart_keeps_the_generation(void **state)
{
	struct world *w = *state;
	uint64_t generation = read_status(w)->generation;

	mark_and_commit(w);
	reopen(w, false);
	assert_int_equal(read_status(w)->generation, generation);
	reopen(w, true);
	assert_int_not_equal(read_status(w)->generation, generation);
}

static void
a_status_the_database_does_not_know_means_a_new_generation(void **state)
{
	struct world *w = *state;
	uint64_t generation = read_status(w)->generation, serial;

	farm_sql(w->farm, "UPDATE bot SET serial = serial + 5000000000");
	mark_and_commit(w);
	serial = read_status(w)->serial;
	/* The database of an hour ago. */
	farm_sql(w->farm, "UPDATE bot SET serial = serial - 5000000000");
	reopen(w, false);
	assert_int_not_equal(read_status(w)->generation, generation);
	assert_true(w->status->serial > serial);
	/* Once. */
	generation = w->status->generation;
	reopen(w, false);
	assert_int_equal(read_status(w)->generation, generation);
}

static void
a_bot_that_was_told_something_is_one_that_is_known(void **state)
{
	struct world *w = *state;
	uint64_t generation, serial = read_status(w)->serial;

	farm_sql(w->farm, "DELETE FROM bot");
	reopen(w, false);
	assert_true(read_status(w)->serial > serial);
	generation = w->status->generation;
	reopen(w, false);
	assert_int_equal(read_status(w)->generation, generation);
}

static void
outgoing_is_rebuilt_from_the_database(void **state)
{
	struct world *w = *state;
	uint64_t generation = read_status(w)->generation;

	assert_int_equal(
	    fs_remove_tree(w->farm->scratch->fd, "spool/local/outgoing", NULL),
	    0);
	reopen(w, false);
	assert_int_equal(read_status(w)->generation, generation);
}

/* ---- sweeping -------------------------------------------------------- */

static int
ticket_is_there(struct world *w, uint64_t lease)
{
	char path[120];

	snprintf(path, sizeof(path),
	    "spool/local/outgoing/b1/tickets/%016jx.json", (uintmax_t)lease);
	return faccessat(w->farm->scratch->fd, path, F_OK, 0) == 0;
}

static void
a_ticket_goes_15_minutes_after_its_lease(void **state)
{
	struct world *w = *state;
	const uint64_t minute = 60000, now = clock_wall_ms();
	char path[120];
	uint64_t lease;
	int64_t row;

	farm_beat(w->farm, w->farm->bot, FARM_EPOCH, 1, 1);
	assert_int_equal(leases_offer(w->farm->db, farm_job(w->farm),
			     w->farm->bot, 1, now, 1, NULL),
	    0);
	text_to_hex64(&lease, farm_text(w->farm, "SELECT lease FROM lease"));
	snprintf(path, sizeof(path),
	    "spool/local/outgoing/b1/tickets/%016jx.json", (uintmax_t)lease);
	close(fs_make_dir_open(w->farm->scratch->fd,
	    "spool/local/outgoing/b1/tickets", 0755, NULL));
	scratch_file(w->farm->scratch->fd, path, "{}", 2);
	/* An hour's lease: it is old, but it is in use. */
	publish_sweep(w->publish, now + 60 * minute, 0, 1);
	assert_true(ticket_is_there(w, lease));
	row = farm_number(w->farm, "SELECT id FROM lease");
	assert_int_equal(
	    leases_withdraw(w->farm->db, row, "x", now + 60 * minute, NULL), 0);
	publish_sweep(w->publish, now + 74 * minute, 0, 1);
	assert_true(ticket_is_there(w, lease));
	publish_sweep(w->publish, now + 76 * minute, 0, 1);
	assert_false(ticket_is_there(w, lease));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(each_commit_publishes_under_a_serial_of_its_own),
	    T(two_marks_of_one_transaction_draw_one_serial),
	    T(a_status_that_is_as_it_was_is_not_written_again),
	    T(a_mark_that_was_rolled_back_takes_nothing_along),
	    T(only_what_was_marked_in_this_transaction_is_published),
	    T(a_hold_for_all_is_told_and_lifted),
	    T(a_restart_keeps_the_generation),
	    T(a_status_the_database_does_not_know_means_a_new_generation),
	    T(a_bot_that_was_told_something_is_one_that_is_known),
	    T(outgoing_is_rebuilt_from_the_database),
	    T(a_ticket_goes_15_minutes_after_its_lease),
	};

	return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
