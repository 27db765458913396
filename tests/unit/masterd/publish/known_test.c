/* What lies in outgoing/ beside tickets: what bots need not send, and inputs
 * that are to be run again. */
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

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "lib/wire/known.h"
#include "lib/wire/manifest.h"
#include "lib/wire/ticket.h"
#include "masterd/db/submissions.h"
#include "masterd/publish/publish.h"
#include "tests/unit/masterd/work.h"

#define OUTGOING "spool/local/outgoing/b1/"
#define RULES    "[all]\nstate 2\n"

struct scene {
	struct farm *f;
	struct loop *loop;
	struct store *store;
	struct publish *publish;
	int64_t target, build, job;
	char job_id[20];
};

static void
put_file(struct scene *s, const char *path, const char *text)
{
	char folder[200];

	text_copy(folder, sizeof(folder), path);
	*strrchr(folder, '/') = '\0';
	assert_int_equal(
	    fs_make_dirs(s->f->scratch->fd, folder, 0755, NULL), 0);
	scratch_file(s->f->scratch->fd, path, text, strlen(text));
}

/* builds/<id>.manifest of one program, and its bytes. */
static void
put_build(struct scene *s)
{
	struct ticket_file file = {
	    .path = "p", .mode = 0755, .size = strlen("the program")};
	struct manifest m = {.count = 1, .files = &file};
	struct buf text = BUF_INIT;
	struct digest_hex hex;
	char path[200];

	digest_of(&file.sha256, "the program", file.size);
	hex = digest_hex(&file.sha256);
	snprintf(
	    path, sizeof(path), "builds/files/%.2s/%s", hex.text, hex.text);
	put_file(s, path, "the program");
	manifest_format(&text, &m);
	snprintf(path, sizeof(path), "builds/%s.manifest",
	    farm_text(s->f, "SELECT lower(hex(sha256)) FROM build"));
	put_file(s, path, text.data);
	buf_release(&text);
}

static int
setup(void **state)
{
	struct scene *s = mem_alloc(sizeof(*s));
	struct publish_config c = {.heartbeat_ms = 1000};

	if (work_setup((void **)&s->f) == -1)
		return -1;
	s->target = work_target(s->f, "inflate");
	s->build = work_build(s->f, "r1", 1);
	work_put(s->f, s->build, s->target, "good");
	farm_sql(s->f, "UPDATE build SET state = 'good'");
	s->job = work_job(s->f, s->target, 0);
	farm_sql(s->f, "UPDATE job SET current = 1, status = 'running'");
	text_copy(s->job_id, sizeof(s->job_id),
	    farm_text(s->f, "SELECT job FROM job"));
	farm_sql(s->f,
	    "INSERT INTO bucket (project, number, status, type, state, "
	    "security, first_ms, last_ms) VALUES (1, 1, 'open', 't', 's', 1, "
	    "1, 1);"
	    "INSERT INTO signature (project, signature, security, bucket) "
	    "VALUES (1, CAST(zeroblob(31) || x'aa' AS BLOB), 1, 1)");
	if (db_commit(s->f->db, NULL) == -1 ||
	    (s->loop = loop_new(NULL)) == NULL ||
	    (s->store = store_open(s->f->scratch->fd, s->loop, false, NULL)) ==
		NULL)
		return -1;
	put_build(s);
	c.root = s->f->scratch->fd;
	c.db = s->f->db;
	c.store = s->store;
	if ((s->publish = publish_open(&c, NULL)) == NULL)
		return -1;
	publish_set_known(s->publish, RULES, strlen(RULES), 100);
	if (publish_recover(s->publish, false, NULL) == -1)
		return -1;
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;
	void *f = s->f;

	publish_close(s->publish);
	store_close(s->store);
	loop_free(s->loop);
	if (db_begin(s->f->db, NULL) == -1)
		return -1;
	free(s);
	return farm_teardown(&f);
}

/* As after a beat. */
static void
publish_now(struct scene *s)
{
	assert_int_equal(db_begin(s->f->db, NULL), 0);
	assert_int_equal(publish_mark_word(s->publish, s->f->bot, NULL), 0);
	assert_int_equal(db_commit(s->f->db, NULL), 0);
	publish_marked(s->publish);
}

static void
change(struct scene *s, const char *sql)
{
	assert_int_equal(db_begin(s->f->db, NULL), 0);
	farm_sql(s->f, sql);
	assert_int_equal(db_commit(s->f->db, NULL), 0);
}

/* A lease, and its ticket. */
static int64_t
offer(struct scene *s, int64_t task)
{
	int64_t lease;

	assert_int_equal(db_begin(s->f->db, NULL), 0);
	lease = task == 0 ? work_offer(s->f, s->job)
			  : work_lease_of(s->f, task, s->f->bot);
	assert_int_equal(publish_mark(s->publish, s->f->bot, NULL), 0);
	assert_int_equal(db_commit(s->f->db, NULL), 0);
	publish_marked(s->publish);
	return lease;
}

/* The bot's list, or NULL; known_release() it. */
static struct known *
read_known(struct scene *s, struct known *k)
{
	struct buf text = BUF_INIT;
	char path[120];
	int got;

	snprintf(path, sizeof(path), OUTGOING "jobs/%s.known", s->job_id);
	got =
	    fs_read_file(s->f->scratch->fd, path, &text, KNOWN_MAX_BYTES, NULL);
	if (got == 0)
		assert_int_equal(known_parse(k, text.data, text.len, NULL), 0);
	buf_release(&text);
	return got == 0 ? k : NULL;
}

static void
a_job_of_which_nothing_is_known_has_no_list(void **state)
{
	struct scene *s = *state;
	struct known k;

	publish_set_known(s->publish, "", 0, 100);
	offer(s, 0);
	assert_null(read_known(s, &k));
}

/* The bot judges by them: two ways to one bug are one crash there, too. */
static void
rules_of_people_are_told_where_no_bug_is_known(void **state)
{
	struct scene *s = *state;
	struct known k;

	offer(s, 0);
	assert_non_null(read_known(s, &k));
	assert_int_equal(k.count, 0);
	assert_string_equal(k.rules, RULES);
	known_release(&k);
	publish_set_known(s->publish, "", 0, 100);
	publish_now(s);
	assert_null(read_known(s, &k));
}

static void
a_muted_bug_is_known_with_the_rules_and_no_more_when_it_is_open(void **state)
{
	struct scene *s = *state;
	struct digest d;
	struct known k;

	change(s, "UPDATE bucket SET status = 'muted'");
	offer(s, 0);
	assert_non_null(read_known(s, &k));
	assert_string_equal(k.project, "zlib");
	assert_int_equal(k.count, 1);
	memset(&d, 0, sizeof(d));
	d.bytes[31] = 0xaa;
	assert_true(known_has(&k, &d, true));
	assert_string_equal(k.rules, RULES);
	known_release(&k);
	change(s, "UPDATE bucket SET status = 'open'");
	publish_known_refresh(s->publish);
	publish_now(s);
	assert_non_null(read_known(s, &k));
	assert_int_equal(k.count, 0);
	known_release(&k);
}

/* As many as are counted are enough, and no fewer. */
static void
a_bug_is_known_when_it_is_saturated(void **state)
{
	struct scene *s = *state;
	struct known k;

	publish_set_known(s->publish, "", 0, 2);
	change(s, "INSERT INTO bucket_target VALUES (1, 1, 1, 1)");
	offer(s, 0);
	assert_null(read_known(s, &k));
	change(s, "UPDATE bucket_target SET crashes = 2");
	publish_known_refresh(s->publish);
	publish_now(s);
	assert_non_null(read_known(s, &k));
	assert_int_equal(k.count, 1);
	known_release(&k);
}

static void
other_rules_are_told_with_the_next_word(void **state)
{
	struct scene *s = *state;
	struct known k;

	change(s, "UPDATE bucket SET status = 'muted'");
	offer(s, 0);
	publish_set_known(s->publish, "", 0, 100);
	publish_now(s);
	assert_non_null(read_known(s, &k));
	assert_string_equal(k.rules, "");
	known_release(&k);
}

/* ---- inputs ---------------------------------------------------------- */

static int64_t
hand_in(struct scene *s, const char *text)
{
	struct submission one = {.target = s->target,
	    .bytes = strlen(text),
	    .name = "in",
	    .who = "user:x",
	    .trace = "t-7",
	    .now_ms = FARM_NOW};
	int64_t id;
	bool fresh;

	digest_of(&one.sha256, text, strlen(text));
	assert_int_equal(db_begin(s->f->db, NULL), 0);
	assert_int_equal(submissions_add(s->f->db, &one, &id, &fresh, NULL), 0);
	assert_int_equal(reruns_make(s->f->db, 9, FARM_NOW, NULL) >= 0, 1);
	assert_int_equal(db_commit(s->f->db, NULL), 0);
	return id;
}

static int
read_ticket(struct scene *s, int64_t lease, struct ticket *t)
{
	struct buf text = BUF_INIT;
	char path[120];
	int got;

	snprintf(path, sizeof(path), OUTGOING "tickets/%016jx.json",
	    (uintmax_t)work_id(s->f, lease));
	got = fs_read_file(
	    s->f->scratch->fd, path, &text, TICKET_MAX_BYTES, NULL);
	if (got == 0)
		assert_int_equal(ticket_parse(t, text.data, text.len, NULL), 0);
	buf_release(&text);
	return got;
}

static void
inputs_are_linked_beside_the_build(void **state)
{
	struct scene *s = *state;
	struct digest_hex hex;
	struct digest d;
	struct ticket t;
	struct stat st;
	char path[200];
	int64_t lease;

	digest_of(&d, "crash me", 8);
	hex = digest_hex(&d);
	snprintf(path, sizeof(path), "crashes/zlib/inflate/%s/input", hex.text);
	put_file(s, path, "crash me");
	hand_in(s, "crash me");
	hand_in(s, "gone already");
	change(s,
	    "INSERT INTO task_input (task, sha256, bytes, submission) SELECT "
	    "1, sha256, bytes, id FROM submission WHERE id = 2");
	lease = offer(s, 1);
	assert_int_equal(read_ticket(s, lease, &t), 0);
	assert_string_equal(t.kind, "reproduce");
	assert_string_equal(t.trace, "t-7");
	assert_int_equal(t.job, 0);
	/* What is not there is left out. */
	assert_int_equal(t.input_count, 1);
	assert_true(digest_equal(&t.inputs[0].sha256, &d));
	assert_int_equal(t.inputs[0].size, 8);
	ticket_release(&t);
	snprintf(path, sizeof(path), OUTGOING "blobs/%s", hex.text);
	assert_int_equal(fstatat(s->f->scratch->fd, path, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
	assert_int_equal(st.st_nlink, 2);
}

static void
a_task_whose_inputs_are_gone_hinders_nothing_else(void **state)
{
	struct scene *s = *state;
	struct ticket t;
	int64_t lease, other;

	hand_in(s, "gone already");
	lease = offer(s, 1);
	other = offer(s, 0);
	assert_int_equal(read_ticket(s, lease, &t), -1);
	assert_int_equal(read_ticket(s, other, &t), 0);
	ticket_release(&t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_job_of_which_nothing_is_known_has_no_list),
	    TEST(rules_of_people_are_told_where_no_bug_is_known),
	    TEST(a_bug_is_known_when_it_is_saturated),
	    TEST(
		a_muted_bug_is_known_with_the_rules_and_no_more_when_it_is_open),
	    TEST(other_rules_are_told_with_the_next_word),
	    TEST(inputs_are_linked_beside_the_build),
	    TEST(a_task_whose_inputs_are_gone_hinders_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
