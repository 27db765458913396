/* The database is opened by each step anew: some of them are killed. */
#include <sys/stat.h>

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
#include "masterd/accounts/folder.h"
#include "masterd/accounts/gate.h"
#include "masterd/db/db_internal.h"
#include "tests/unit/masterd/accounts/house.h"

#define FRESH   "spool/" ENROL_ACCOUNT "/incoming/new"
#define LIMIT_S 10

static struct db *
open_db(struct house *h)
{
	struct err e;
	struct db *db = db_open(h->scratch->fd, &e);

	if (db == NULL)
		fail_msg("%s", e.text);
	return db;
}

struct sshkey
house_key(uint8_t fill)
{
	uint8_t seed[SSHKEY_BYTES];
	struct sshkey k;

	memset(seed, fill, sizeof(seed));
	assert_int_equal(sshkey_from_seed(&k, seed, NULL), 0);
	return k;
}

int
house_setup(void **state)
{
	struct house *h = mem_alloc(sizeof(*h));
	struct account_row a = {
	    .name = "office", .kind = "bot", .added_by = "user:me"};
	struct db *db;
	int64_t id;

	if (scratch_setup((void **)&h->scratch) == -1)
		return -1;
	db = open_db(h);
	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(
	    accounts_add(db, &a, "", clock_wall_ms(), &id, NULL), 0);
	assert_int_equal(db_commit(db, NULL), 0);
	db_close(db);
	assert_int_equal(folder_make(h->scratch->fd, ENROL_ACCOUNT, NULL), 0);
	*state = h;
	return 0;
}

int
house_teardown(void **state)
{
	struct house *h = *state;
	int rc = scratch_teardown((void **)&h->scratch);

	free(h);
	return rc;
}

void
house_invite(struct house *h, uint8_t fill, bool automatic)
{
	struct sshkey k = house_key(fill);
	struct account_invite_new n = {.pub = k.pub,
	    .automatic = automatic,
	    .by = "user:me",
	    .now_ms = clock_wall_ms(),
	    .expires_ms = clock_wall_ms() + 3600000};
	struct db *db = open_db(h);
	struct account_row a;

	assert_int_equal(accounts_get(db, "office", &a, NULL), 1);
	n.account = a.id;
	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(accounts_add_invite(db, &n, NULL), 0);
	assert_int_equal(db_commit(db, NULL), 0);
	db_close(db);
}

const char *
house_knock(struct house *h, uint8_t fill, uint8_t own, const char *bot)
{
	static char invite[17];
	struct sshkey secret = house_key(fill), key = house_key(own);
	struct enrol_request r = {.account = {"office"}, .host = "pc"};
	struct buf text = BUF_INIT;
	char path[128];

	memcpy(r.key, key.pub, sizeof(r.key));
	text_copy(r.bot.text, sizeof(r.bot.text), bot);
	assert_int_equal(enrol_request_format(&text, &r, &secret, NULL), 0);
	text_copy(
	    invite, sizeof(invite), text_hex64(invitation_id(secret.pub)).text);
	snprintf(path, sizeof(path), FRESH "/%s" ENROL_SUFFIX, invite);
	unlinkat(h->scratch->fd, path, 0);
	scratch_file(h->scratch->fd, path, text.data, text.len);
	buf_release(&text);
	return invite;
}

/* ---- the gate -------------------------------------------------------- */

struct running {
	struct house *house;
	struct loop *loop;
	struct loop_source *timer;
	uint64_t until;
	int quiet;
};

static int
open_door(void *arg, const char *account, struct err *e)
{
	(void)arg;
	(void)account;
	(void)e;
	return 0;
}

static void
close_door(void *arg, const char *account)
{
	(void)arg;
	(void)account;
}

static void
on_fatal(void *arg, const struct err *e)
{
	struct running *r = arg;

	fprintf(stderr, "fatal: %s\n", e->text);
	r->house->fatal++;
	loop_quit(r->loop, 1);
}

/* Three looks at an empty folder: what was begun for the last is over. */
static void
look(void *arg)
{
	struct running *r = arg;

	if (scratch_count(r->house->scratch->fd, FRESH) == 0)
		r->quiet++;
	if (r->quiet == 3 || clock_up_ms() > r->until)
		loop_quit(r->loop, 0);
	else
		loop_timer_set(r->timer, 1, NULL);
}

void
house_run(struct house *h)
{
	const struct gate_settings settings = {"sftp://h:22", "me", "", "", ""};
	struct running r = {
	    .house = h, .until = clock_up_ms() + LIMIT_S * 1000};
	const struct gate_hooks hooks = {&r, open_door, close_door, on_fatal};
	struct db *db = open_db(h);
	struct gate *g;
	struct err e;

	if ((r.loop = loop_new(&e)) == NULL ||
	    (g = gate_open(
		 h->scratch->fd, r.loop, db, &settings, &hooks, &e)) == NULL)
		fail_msg("%s", e.text);
	r.timer = loop_timer(r.loop, look, &r, &e);
	loop_timer_set(r.timer, 1, &e);
	(void)loop_run(r.loop, &e);
	gate_close(g);
	loop_drop(r.timer);
	loop_free(r.loop);
	db_close(db);
}

/* ---- afterwards ------------------------------------------------------ */

long
house_number(struct house *h, const char *sql)
{
	struct db *db = open_db(h);
	sqlite3_stmt *s;
	long n = -1;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db->handle));
	if (sqlite3_step(s) == SQLITE_ROW)
		n = (long)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	db_close(db);
	return n;
}

void
house_sql(struct house *h, const char *sql)
{
	struct db *db = open_db(h);

	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db->handle));
	db_close(db);
}

const char *
house_answer(struct house *h, const char *invite)
{
	static const char *const states[] = {"waiting", "admitted", "refused"};
	struct buf text = BUF_INIT;
	struct enrol_answer a;
	char path[128];
	int got;

	snprintf(path, sizeof(path),
	    "spool/" ENROL_ACCOUNT "/outgoing/%s/answer.json", invite);
	if (fs_read_file(h->scratch->fd, path, &text, ENROL_MAX, NULL) == -1)
		return "none";
	got = enrol_answer_parse(&a, buf_text(&text), text.len, NULL);
	buf_release(&text);
	return got == -1 ? "damaged" : states[a.state];
}

bool
house_holds(struct house *h, const char *file, const char *text)
{
	struct buf all = BUF_INIT;
	bool found;

	found = fs_read_file(h->scratch->fd, file, &all, 1 << 20, NULL) == 0 &&
	    strstr(buf_text(&all), text) != NULL;
	buf_release(&all);
	return found;
}
