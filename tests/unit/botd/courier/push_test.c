/* botd/courier/push: order, the rename, beats (PROTOCOL 9, 11, 23). */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "tests/unit/botd/courier/scene.h"

#define NEW "account/incoming/new/"
#define TMP "account/incoming/tmp"

/* ---- a link that writes down what is asked of it --------------------- */

static const struct link_ops *real;
static struct buf heard;
static int (*first_between)(struct scene *w);
static struct scene *stage;

static int
note_rename(struct link *l, const char *from, const char *to, struct err *e)
{
	buf_printf(&heard, "%s\n", strrchr(to, '/') + 1);
	return real->rename(l, from, to, e);
}

static int
note_unlink(struct link *l, const char *path, struct err *e)
{
	buf_printf(&heard, "unlink %s\n", path);
	return real->unlink(l, path, e);
}

static int
full_disk(
    struct link *l, const char *path, int fd, uint64_t size, struct err *e)
{
	(void)l;
	(void)fd;
	(void)size;
	return err_set(e, ERR_AGAIN, "cannot write '%s': no room", path);
}

static void
listen_in(struct scene *w,
    int (*put)(struct link *, const char *, int, uint64_t, struct err *))
{
	static struct link_ops ops;

	real = w->courier->link->ops;
	ops = *real;
	ops.rename = note_rename;
	ops.unlink = note_unlink;
	if (put != NULL)
		ops.put = put;
	w->courier->link->ops = &ops;
	buf_reset(&heard);
}

/* The seqs and classes in the order of their renames: "3h 1c ". */
static const char *
order_heard(void)
{
	static char order[256];
	char *line = heard.data, *end;
	struct bundle_id id;
	size_t n = 0;

	order[0] = '\0';
	for (; line != NULL && *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		if (bundle_id_parse(&id, line, NULL) == 0)
			n += (size_t)snprintf(order + n, sizeof(order) - n,
			    "%d%c ", (int)id.seq, id.cls);
	}
	return order;
}

/* ---- tests ----------------------------------------------------------- */

static void
beats_go_before_crashes_before_the_rest(void **state)
{
	struct scene *w = *state;

	scene_cover(w, 0);
	scene_turn(w);
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 1, 10);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 2, 10);
	scene_seal(w, KIND_STATS, SCENE_EPOCH, 3, 10);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 4, 10);
	scene_seal(w, KIND_HEARTBEAT, SCENE_EPOCH, 9, 10);
	listen_in(w, NULL);
	scene_turn(w);
	assert_string_equal(order_heard(), "9h 2c 4c 1b 3b ");
	assert_int_equal(scene_count(w, NEW), 5);
	assert_int_equal(scene_count(w, TMP), 0);
}

static void
a_master_that_does_not_know_us_hears_register_first(void **state)
{
	struct scene *w = *state;

	scene_turn(w); /* there is no status.json */
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 1, 10);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 2, 10);
	scene_seal(w, KIND_REGISTER, SCENE_EPOCH, 3, 10);
	listen_in(w, NULL);
	scene_turn(w);
	assert_string_equal(order_heard(), "3b 2c 1b ");
}

static void
a_pushed_bundle_is_whole_and_stays_in_the_outbox(void **state)
{
	struct scene *w = *state;
	struct buf here = BUF_INIT, there = BUF_INIT;
	const char *name = scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 3000000);
	char path[160];

	scene_turn(w);
	snprintf(path, sizeof(path), "root/outbox/new/%s", name);
	assert_int_equal(fs_read_file(w->fd, path, &here, 1 << 23, NULL), 0);
	snprintf(path, sizeof(path), NEW "%s", name);
	assert_int_equal(fs_read_file(w->fd, path, &there, 1 << 23, NULL), 0);
	assert_int_equal(here.len, there.len);
	assert_memory_equal(here.data, there.data, here.len);
	buf_release(&here);
	buf_release(&there);
}

static void
only_the_newest_beat_is_pushed_and_older_ones_are_deleted(void **state)
{
	struct scene *w = *state;

	scene_turn(w);
	scene_seal(w, KIND_HEARTBEAT, SCENE_EPOCH, 1, 0);
	scene_seal(w, KIND_HEARTBEAT, SCENE_EPOCH, 2, 0);
	scene_seal(w, KIND_HEARTBEAT, SCENE_EPOCH, 10, 0);
	listen_in(w, NULL);
	scene_turn(w);
	assert_string_equal(order_heard(), "10h ");
	assert_int_equal(scene_count(w, NEW), 1);
	assert_int_equal(scene_count(w, "root/outbox/new"), 0);
}

static void
a_new_beat_replaces_the_last_one_in_incoming(void **state)
{
	struct scene *w = *state;
	char first[BUNDLE_NAME_MAX];

	snprintf(first, sizeof(first), "%s",
	    scene_seal(w, KIND_HEARTBEAT, SCENE_EPOCH, 1, 0));
	scene_turn(w);
	assert_true(scene_has(w, NEW "%s", first));
	scene_seal(w, KIND_HEARTBEAT, SCENE_EPOCH, 2, 0);
	scene_turn(w);
	assert_false(scene_has(w, NEW "%s", first));
	assert_int_equal(scene_count(w, NEW), 1);
}

static void
a_last_beat_that_was_taken_is_no_hindrance(void **state)
{
	struct scene *w = *state;
	const char *name;

	name = scene_seal(w, KIND_HEARTBEAT, SCENE_EPOCH, 1, 0);
	scene_turn(w);
	scene_remove(w, NEW "%s", name);
	name = scene_seal(w, KIND_HEARTBEAT, SCENE_EPOCH, 2, 0);
	scene_turn(w);
	assert_true(scene_has(w, NEW "%s", name));
}

static void
of_two_epochs_the_younger_beat_goes(void **state)
{
	const struct timespec old[2] = {{1000, 0}, {1000, 0}};
	struct scene *w = *state;
	const char *name;
	char path[160];

	/* In order of names the younger comes first. */
	snprintf(path, sizeof(path), "root/outbox/new/%s",
	    scene_seal(w, KIND_HEARTBEAT, 0xbb, 7, 0));
	assert_int_equal(utimensat(w->fd, path, old, 0), 0);
	name = scene_seal(w, KIND_HEARTBEAT, 0xaa, 1, 0);
	scene_turn(w);
	assert_int_equal(scene_count(w, NEW), 1);
	assert_true(scene_has(w, NEW "%s", name));
}

static void
debris_of_an_earlier_try_is_replaced_not_written_into(void **state)
{
	struct scene *w = *state;
	const char *name = scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	char tmp[160], fresh[160];

	/* A server killed in its rename: one inode under both names. */
	snprintf(tmp, sizeof(tmp), TMP "/%s", name);
	snprintf(fresh, sizeof(fresh), "account/held-by-master");
	scene_write(w, fresh, "taken by the master");
	assert_int_equal(linkat(w->fd, fresh, w->fd, tmp, 0), 0);
	scene_turn(w);
	assert_true(scene_holds(w, fresh, "taken by the master"));
	assert_true(scene_has(w, NEW "%s", name));
	assert_false(scene_has(w, "%s", tmp));
}

/* Two crashes are sealed while a bulk bundle is on its way. */
static int
seal_a_crash(void *arg, struct err *e)
{
	if (first_between != NULL) {
		first_between(stage);
		first_between = NULL;
	}
	return courier_between(arg, e);
}

static int
two_crashes(struct scene *w)
{
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 3, 2000000);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 4, 10);
	scene_seal(w, KIND_HEARTBEAT, SCENE_EPOCH, 1, 10);
	return 0;
}

static void
a_crash_overtakes_a_bulk_push_between_its_slices(void **state)
{
	struct scene *w = *state;

	scene_cover(w, 0);
	scene_turn(w);
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 1, 5000000);
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 2, 10);
	stage = w;
	first_between = two_crashes;
	link_between(w->courier->link, seal_a_crash, w->courier);
	listen_in(w, NULL);
	scene_turn(w);
	assert_string_equal(order_heard(), "1h 3c 4c 1b 2b ");
}

static void
a_full_disk_of_the_master_holds_off_pushing_but_not_pulling(void **state)
{
	struct scene *w = *state;
	const char *name;

	scene_cover(w, 0);
	scene_turn(w);
	name = scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	listen_in(w, full_disk);
	scene_turn(w);
	assert_int_equal(scene_count(w, NEW), 0);
	assert_true(link_up(w->courier->link));
	assert_true(scene_has(w, "root/outbox/new/%s", name));
	assert_int_equal(w->courier->push_failures, 1);
	w->status->hold = true;
	scene_publish(w);
	scene_turn(w);
	assert_true(w->courier->status->hold);
	w->courier->link->ops = real;
	w->courier->push_at = 0;
	scene_turn(w);
	assert_true(scene_has(w, NEW "%s", name));
	assert_int_equal(w->courier->push_failures, 0);
}

static void
a_bundle_that_the_runner_gave_up_is_forgotten(void **state)
{
	struct scene *w = *state;
	const char *name;

	scene_turn(w);
	w->courier->push_at = UINT64_MAX;
	name = scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 1, 10);
	scene_turn(w);
	assert_int_equal(w->courier->parcel_count, 1);
	scene_remove(w, "root/outbox/new/%s", name);
	w->courier->push_at = 0;
	scene_turn(w);
	assert_int_equal(w->courier->parcel_count, 0);
	assert_true(link_up(w->courier->link));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(beats_go_before_crashes_before_the_rest),
	    TEST(a_master_that_does_not_know_us_hears_register_first),
	    TEST(a_pushed_bundle_is_whole_and_stays_in_the_outbox),
	    TEST(only_the_newest_beat_is_pushed_and_older_ones_are_deleted),
	    TEST(a_new_beat_replaces_the_last_one_in_incoming),
	    TEST(a_last_beat_that_was_taken_is_no_hindrance),
	    TEST(of_two_epochs_the_younger_beat_goes),
	    TEST(debris_of_an_earlier_try_is_replaced_not_written_into),
	    TEST(a_crash_overtakes_a_bulk_push_between_its_slices),
	    TEST(a_full_disk_of_the_master_holds_off_pushing_but_not_pulling),
	    TEST(a_bundle_that_the_runner_gave_up_is_forgotten),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	buf_release(&heard);
	return rc;
}
