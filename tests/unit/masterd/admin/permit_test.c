/*
 * Every route with every kind of peer, once for a project that is private and
 * once for one that is not.  A route that is not in the table here fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/permit.h"
#include "masterd/db/builds.h"
#include "masterd/db/viewer.h"
#include "tests/unit/masterd/world.h"

/*
 * Who asks, in this order.  The lists are those of zlib, to which every
 * subject belongs; "other" reads all and is admin of png.
 */
enum { ADMIN, READER, STRANGER, ZLIB_ADMIN, ZLIB_READER, OTHER, CI, PEERS };

static const struct {
	const char *name, *account;
	enum peer_role role;
} peers[PEERS] = {
    [ADMIN] = {"user:root", "", ROLE_ADMIN},
    [READER] = {"user:rob", "", ROLE_READ},
    [STRANGER] = {"user:eve", "", ROLE_ANYBODY},
    [ZLIB_ADMIN] = {"user:alice", "", ROLE_ANYBODY},
    [ZLIB_READER] = {"user:rita", "", ROLE_ANYBODY},
    [OTHER] = {"user:olga", "", ROLE_READ},
    [CI] = {"account:ci-zlib", "ci-zlib", ROLE_ADMIN},
};

/* '.' may, 'd' denied, 'n' is not there; by the order above. */
static const struct {
	char kind;
	const char *open, *hidden;
} kinds[] = {
    {'M', "..ddd.d", "..ddd.d"}, /* reads what is the master's */
    {'m', ".dddddd", ".dddddd"}, /* changes it */
    {'S', "..d...d", "..d...d"}, /* lists and counts */
    {'C', "..d....", "..d...."}, /* the same, and for ci */
    {'I', "..d...d", ".nd..nd"}, /* reads one thing */
    {'B', "..d....", ".nd..n."}, /* the same, and for ci */
    {'i', ".dd.ddd", ".dd.dnd"}, /* changes one thing */
    {'Q', ".dd.dd.", ".dd.dd."}, /* names the project; and for ci */
    {'F', ".dd.d..", ".dd.d.."}, /* files of a build, of any project */
    {'P', ".dd.ddd", ".dd.ddd"}, /* the project is in the body */
};

/* clang-format off */
static const struct {
	const char *route;
	char kind;
	const char *subject;
} table[] = {
	{ "GET status",			'S', "" },
	{ "GET metrics",		'S', "" },
	{ "GET healthz",		'C', "" },
	{ "GET readyz",			'C', "" },
	{ "GET builds",			'C', "" },
	{ "POST builds",		'Q', "" },
	{ "POST builds/missing",	'F', "" },
	{ "PUT builds/files/*",		'F', "" },
	{ "GET builds/*/manifest",	'I', WORLD_BUILD },
	{ "GET builds/*/files/*",	'I', WORLD_BUILD },
	{ "GET builds/*",		'B', WORLD_BUILD },
	{ "DELETE builds/*",		'i', WORLD_BUILD },
	{ "GET targets",		'S', "" },
	{ "GET targets/*",		'I', "zlib/inflate" },
	{ "GET jobs",			'S', "" },
	{ "POST jobs",			'P', "" },
	{ "PUT jobs/*/pause",		'i', WORLD_JOB },
	{ "PUT jobs/*/resume",		'i', WORLD_JOB },
	{ "PUT jobs/*/cancel",		'i', WORLD_JOB },
	{ "PUT jobs/*/retry",		'i', WORLD_JOB },
	{ "PUT jobs/*/boost",		'i', WORLD_JOB },
	{ "PUT jobs/*/settings",	'i', WORLD_JOB },
	{ "POST jobs/*/clone",		'i', WORLD_JOB },
	{ "GET jobs/*/logs",		'I', WORLD_JOB },
	{ "GET jobs/*/why",		'I', WORLD_JOB },
	{ "GET jobs/*",			'I', WORLD_JOB },
	{ "GET bots",			'M', "" },
	{ "GET bots/*",			'M', "b1" },
	{ "GET bots/*/logs",		'M', "b1" },
	{ "PUT bots/*/drain",		'm', "b1" },
	{ "PUT bots/*/resume",		'm', "b1" },
	{ "PUT bots/*/forget",		'm', "b1" },
	{ "PUT bots/*/write-off",	'm', "b1" },
	{ "GET accounts",		'M', "" },
	{ "GET accounts/*",		'M', "local" },
	{ "POST accounts",		'm', "" },
	{ "PUT accounts/*/invite",	'm', "local" },
	{ "POST accounts/*/keys",	'm', "local" },
	{ "PUT accounts/*/settings",	'm', "local" },
	{ "PUT accounts/*/approve",	'm', "local" },
	{ "PUT accounts/*/disable",	'm', "local" },
	{ "PUT accounts/*/rotate",	'm', "local" },
	{ "DELETE accounts/*",		'm', "local" },
	{ "GET crashes",		'S', "" },
	{ "GET crashes/*/input",	'I', WORLD_CRASH },
	{ "POST crashes",		'P', "" },
	{ "GET decisions",		'S', "" },
	{ "GET submissions",		'S', "" },
	{ "GET submissions/*",		'S', "" },
	{ "POST rules/test",		'm', "" },
	{ "GET crashes/*/series/*",	'I', WORLD_CRASH },
	{ "GET crashes/*/report",	'I', WORLD_CRASH },
	{ "GET crashes/*",		'I', WORLD_CRASH },
	{ "GET buckets",		'S', "" },
	{ "POST buckets/regroup",	'm', "" },
	{ "GET buckets/*/why",		'I', "zlib-1" },
	{ "PUT buckets/*/merge",	'i', "zlib-1" },
	{ "PUT buckets/*/split",	'i', "zlib-1" },
	{ "PUT buckets/*/mute",		'i', "zlib-1" },
	{ "PUT buckets/*/unmute",	'i', "zlib-1" },
	{ "PUT buckets/*/note",		'i', "zlib-1" },
	{ "PUT buckets/*/undo",		'i', "zlib-1" },
	{ "PUT buckets/*",		'i', "zlib-1" },
	{ "GET buckets/*",		'I', "zlib-1" },
	{ "GET corpus",			'S', "" },
	{ "GET spool",			'M', "" },
	{ "POST spool/retry",		'm', "" },
	{ "POST spool/drop",		'm', "" },
	{ "GET spool/*",		'M', "local/x" },
	{ "GET ledger/check",		'M', "" },
	{ "GET ledger",			'M', "" },
	{ "GET events",			'M', "" },
	{ "GET log/check",		'M', "" },
	{ "GET log",			'M', "" },
	{ "GET system/check",		'M', "" },
	{ "POST system/reload",		'm', "" },
};
/* clang-format on */

/* ---- a master without a socket --------------------------------------- */

struct scene {
	struct world *world;
	struct admin admin;
	struct templates *templates;
};

/* The linker puts this in the place of http.c's. */
const char *__wrap_request_query(struct request *r, const char *key);

const char *
__wrap_request_query(struct request *r, const char *key)
{
	(void)r;
	return strcmp(key, "project") == 0 ? "zlib" : "";
}

static const struct templates *
now(void *arg)
{
	return ((struct scene *)arg)->templates;
}

static struct templates *
parse(const char *yaml)
{
	struct config_tree *tree = config_tree_parse("t", yaml, strlen(yaml));
	struct templates *t = templates_new();

	if (templates_add(t, tree) == -1)
		fail_msg("%s", config_tree_complaints(tree));
	config_tree_free(tree);
	return t;
}

static int
setup(void **state)
{
	struct scene *s = mem_alloc(sizeof(*s));

	s->world = world_new();
	s->admin.db = s->world->db;
	s->admin.hooks = (struct admin_hooks){.arg = s, .templates = now};
	world_sql(s->world,
	    "INSERT INTO account (id, name, added_ms, kind, projects)"
	    " VALUES (77, 'ci-zlib', 1, 'ci', 'zlib other')");
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	templates_free(s->templates);
	world_free(s->world);
	free(s);
	return 0;
}

static void
set_templates(struct scene *s, bool hidden)
{
	templates_free(s->templates);
	s->templates =
	    parse(hidden ? "projects:\n"
			   "  zlib: {admins: [alice], readers: rita, "
			   "security: private}\n"
			   "  png: {admins: [olga]}\n"
			 : "projects:\n"
			   "  zlib: {admins: [alice], readers: [rita]}\n"
			   "  png: {admins: [olga]}\n");
}

static void
make_peer(struct peer *p, int who)
{
	memset(p, 0, sizeof(*p));
	p->uid = 12345;
	p->role = peers[who].role;
	text_copy(p->name, sizeof(p->name), peers[who].name);
	text_copy(p->account, sizeof(p->account), peers[who].account);
}

static enum view
view_of(unsigned of)
{
	switch (of) {
	case OF_BUILD:
		return VIEW_BUILD;
	case OF_TARGET:
		return VIEW_TARGET;
	case OF_JOB:
		return VIEW_JOB;
	case OF_BUCKET:
		return VIEW_BUCKET;
	case OF_CRASH:
		return VIEW_CRASH;
	default:
		return VIEW_COUNT;
	}
}

static char
letter(int got, const struct err *e)
{
	return got == 0               ? '.'
	    : e->cls == ERR_DENIED    ? 'd'
	    : e->cls == ERR_NOT_FOUND ? 'n'
				      : '?';
}

/* What comes of it: of the check, and of what the route would look for. */
static char
outcome(
    struct scene *s, const struct route *route, int who, const char *subject)
{
	struct request r = {.admin = &s->admin, .route = route, .file = -1};
	unsigned of = route->needs & OF_MASK;
	struct view_key found;
	struct err e;
	int got;

	make_peer(&r.peer, who);
	trace_take(&r.trace, NULL);
	text_copy(r.part[0], sizeof(r.part[0]), subject);
	got = permit(&r, &e);
	permit_enter(&r);
	if (got == 0 && of == OF_BODY)
		got = permit_project(&r, "zlib", &e);
	if (got == 0 && view_of(of) != VIEW_COUNT)
		got = request_find(&r, view_of(of), subject, NULL, &found, &e);
	permit_leave(&r);
	if (got == -1 && e.cls == ERR_DENIED)
		assert_non_null(strstr(e.text, " may"));
	free(r.grants);
	return letter(got, &e);
}

static const char *
expected(char kind, bool hidden)
{
	size_t i;

	for (i = 0; kinds[i].kind != kind; i++)
		;
	return hidden ? kinds[i].hidden : kinds[i].open;
}

static void
check_all(struct scene *s, bool hidden)
{
	const struct route *all;
	size_t count, i, k;
	char name[80], got[PEERS + 1];
	int who;

	all = routes_all(&count);
	set_templates(s, hidden);
	for (i = 0; i < count; i++) {
		snprintf(
		    name, sizeof(name), "%s %s", all[i].method, all[i].path);
		for (k = 0; k < sizeof(table) / sizeof(table[0]); k++)
			if (strcmp(table[k].route, name) == 0)
				break;
		if (k == sizeof(table) / sizeof(table[0]))
			fail_msg("%s: who may?  Add it to the table", name);
		for (who = 0; who < PEERS; who++)
			got[who] = outcome(s, &all[i], who, table[k].subject);
		got[PEERS] = '\0';
		if (strcmp(got, expected(table[k].kind, hidden)) != 0)
			fail_msg("%s (%s): is %s, should be %s", name,
			    hidden ? "private" : "public", got,
			    expected(table[k].kind, hidden));
	}
}

/* ---- tests ----------------------------------------------------------- */

static void
every_route_knows_who_may(void **state)
{
	check_all(*state, false);
}

static void
what_is_private_is_not_there_for_others(void **state)
{
	check_all(*state, true);
}

static void
groups_of_the_system_count(void **state)
{
	struct scene *s = *state;
	struct request r = {.admin = &s->admin, .file = -1};
	const struct route *all;
	size_t count;
	struct err e;

	all = routes_all(&count);
	r.route = &all[0];
	s->templates = parse("projects: {zlib: {admins: ['@root']}}");
	make_peer(&r.peer, STRANGER);
	assert_int_equal(permit(&r, &e), -1);
	free(r.grants);
	r.grants = NULL;
	r.grant_count = 0;
	r.peer.uid = 0;
	assert_int_equal(permit(&r, &e), 0);
	assert_int_equal(permit_role(&r, "zlib"), ROLE_ADMIN);
	assert_int_equal(permit_role(&r, "png"), ROLE_ANYBODY);
	free(r.grants);
}

/* A list or count as one of the peers sees it. */
static void
seen_by(struct scene *s, int who, enum view v, struct buf *out)
{
	struct request r = {.admin = &s->admin, .file = -1};
	struct view_page page = {.view = v, .limit = 100};
	const struct route *all;
	size_t count;
	struct err e;

	all = routes_all(&count);
	r.route = &all[0];
	make_peer(&r.peer, who);
	if (v == VIEW_UNIT)
		page.filter[0] = "zlib/inflate";
	assert_int_equal(permit(&r, &e), 0);
	permit_enter(&r);
	buf_reset(out);
	if (v == VIEW_COUNT)
		assert_int_equal(view_status(s->world->db, NULL, out, NULL), 0);
	else
		assert_int_equal(view_list(s->world->db, &page, out, NULL), 0);
	permit_leave(&r);
	free(r.grants);
}

static void
lists_and_counts_leave_out_what_is_private(void **state)
{
	static const enum view views[] = {VIEW_BUILD, VIEW_TARGET, VIEW_JOB,
	    VIEW_BUCKET, VIEW_CRASH, VIEW_UNIT, VIEW_AUDIT};
	struct scene *s = *state;
	struct buf out = BUF_INIT;
	size_t i;

	world_sql(s->world,
	    "INSERT INTO event (at_ms, who, what, subject, detail) VALUES"
	    " (1, 'master', 'bucket.new', 'zlib-1', 'secret'),"
	    " (1, 'master', 'job.created', 'job:" WORLD_JOB "', 'secret'),"
	    " (1, 'master', 'target.x', 'target:zlib/inflate', 'secret'),"
	    " (1, 'master', 'job.not_started', 'zlib/inflate', 'secret'),"
	    " (1, 'master', 'hook.failed', 'bucket.new/mail', 'secret')");
	set_templates(s, true);
	for (i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		seen_by(s, ADMIN, views[i], &out);
		assert_null(strstr(out.data, "\"items\":[]"));
		seen_by(s, ZLIB_READER, views[i], &out);
		assert_null(strstr(out.data, "\"items\":[]"));
		seen_by(s, READER, views[i], &out);
		if (strstr(out.data, "zlib") != NULL ||
		    strstr(out.data, WORLD_JOB) != NULL)
			fail_msg("%s: %s", view_noun(views[i]), out.data);
	}
	seen_by(s, READER, VIEW_EVENT, &out);
	assert_null(strstr(out.data, "secret"));
	seen_by(s, ADMIN, VIEW_EVENT, &out);
	assert_non_null(strstr(out.data, "secret"));
	seen_by(s, READER, VIEW_COUNT, &out);
	assert_non_null(strstr(out.data, "\"crashes\":0"));
	assert_non_null(strstr(out.data, "\"buckets\":0"));
	assert_non_null(strstr(out.data, "\"jobs\":{}"));
	assert_null(strstr(out.data, "zlib"));
	seen_by(s, ZLIB_ADMIN, VIEW_COUNT, &out);
	assert_null(strstr(out.data, "\"crashes\":0"));
	buf_release(&out);
}

static void
names_and_hints_do_not_tell_what_is_private(void **state)
{
	struct scene *s = *state;
	struct request r = {.admin = &s->admin, .file = -1};
	const struct route *all;
	struct target_ref ref;
	size_t count;
	struct err e;

	all = routes_all(&count);
	r.route = &all[0];
	set_templates(s, true);
	make_peer(&r.peer, READER);
	assert_int_equal(permit(&r, &e), 0);
	permit_enter(&r);
	/* zlib and png have an "inflate"; only one is there for it. */
	assert_int_equal(
	    builds_resolve_target(s->world->db, "inflate", &ref, &e), 0);
	assert_string_equal(ref.name, "png/inflate");
	hint_target(&r, "zlib/inflat");
	assert_null(strstr(r.hint, "zlib"));
	permit_leave(&r);
	assert_int_equal(
	    builds_resolve_target(s->world->db, "inflate", &ref, &e), 1);
	free(r.grants);
}

static void
asked_again_it_is_by_what_holds_then(void **state)
{
	struct scene *s = *state;
	struct request r = {.admin = &s->admin, .file = -1};
	const struct route *all;
	size_t count;
	struct err e;
	int grants;

	all = routes_all(&count);
	r.route = &all[0];
	make_peer(&r.peer, READER);
	set_templates(s, false);
	assert_int_equal(permit(&r, &e), 0);
	assert_int_equal(permit_role(&r, "zlib"), ROLE_READ);
	grants = r.grant_count;
	set_templates(s, true);
	assert_int_equal(permit(&r, &e), 0);
	assert_int_equal(permit_role(&r, "zlib"), ROLE_ANYBODY);
	assert_int_equal(r.grant_count, grants);
	r.peer.role = ROLE_ANYBODY;
	assert_int_equal(permit(&r, &e), -1);
	free(r.grants);
}

static void
a_change_that_asked_nobody_is_a_bug(void **state)
{
	struct scene *s = *state;
	struct request r = {.admin = &s->admin, .file = -1};
	const struct route *all;
	size_t count, i;
	struct err e;

	all = routes_all(&count);
	for (i = 0; (all[i].needs & OF_MASK) != OF_BODY; i++)
		;
	r.route = &all[i];
	make_peer(&r.peer, ADMIN);
	assert_int_equal(admin_change(&r, NULL, NULL, &e), -1);
	assert_int_equal(e.cls, ERR_BUG);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(every_route_knows_who_may),
	    T(what_is_private_is_not_there_for_others),
	    T(groups_of_the_system_count),
	    T(lists_and_counts_leave_out_what_is_private),
	    T(names_and_hints_do_not_tell_what_is_private),
	    T(asked_again_it_is_by_what_holds_then),
	    T(a_change_that_asked_nobody_is_a_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
