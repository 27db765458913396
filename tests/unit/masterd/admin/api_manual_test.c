/*
 * pandafuzz-api(7) has every route of the table with who may and what it
 * takes, and no other.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "masterd/admin/permit.h"

#define PAGE "masterd/pandafuzz-api.7"

static struct buf page;

static int
setup(void **state)
{
	struct err e;

	(void)state;
	if (fs_read_file(AT_FDCWD, PAGE, &page, 1 << 20, &e) == 0)
		return 0;
	fprintf(stderr, "%s\n", e.text);
	return -1;
}

static int
teardown(void **state)
{
	(void)state;
	buf_release(&page);
	return 0;
}

/* From ".It Cm GET jobs" to the next item or the end of the list. */
static void
entry_of(const struct route *route, struct buf *out)
{
	const char *at, *end, *list;
	char line[100];

	snprintf(
	    line, sizeof(line), "\n.It Cm %s %s\n", route->method, route->path);
	if ((at = strstr(page.data, line)) == NULL) {
		fail_msg(PAGE ": has no %s %s", route->method, route->path);
		return;
	}
	at += strlen(line);
	if (strstr(at, line) != NULL)
		fail_msg(PAGE ": has %s %s twice", route->method, route->path);
	end = strstr(at, "\n.It Cm ");
	list = strstr(at, "\n.El");
	if (end == NULL || (list != NULL && list < end))
		end = list;
	buf_reset(out);
	buf_addc(out, '\n');
	buf_add(out, at, (size_t)(end - at));
	buf_adds(out, "\n");
}

/* As a word of a ".Cm a , b ." line. */
static bool
has_word(const char *entry, const char *word)
{
	const char *line, *at;
	size_t len = strlen(word);

	for (line = strstr(entry, "Cm "); line != NULL;
	     line = strstr(line + 1, "Cm "))
		for (at = line + 3; *at != '\n' && *at != '\0'; at++)
			if ((at[-1] == ' ') && strncmp(at, word, len) == 0 &&
			    (at[len] == ' ' || at[len] == '\n'))
				return true;
	return false;
}

static void
check_who(const struct route *route, const char *entry)
{
	char who[60];

	snprintf(who, sizeof(who), "\n.Pq %s%s%s\n",
	    (route->needs & ROLE_MASK) == ROLE_ADMIN ? "admin" : "read",
	    (route->needs & OF_MASK) == OF_MASTER ? "" : ", project",
	    (route->needs & FOR_CI) == 0 ? "" : ", ci");
	if (strstr(entry, who) == NULL)
		fail_msg(PAGE ": %s %s: should say%s", route->method,
		    route->path, who);
}

/* What all lists know is said once; the reason of bots and of settings too. */
static void
check_query(const struct route *route, const char *entry)
{
	static const char common[] = " after limit order sort reason ";
	const char *word = route->query;
	bool list = strstr(route->query, "sort") != NULL;
	char key[44], known[50];

	for (; *word != '\0'; word += strlen(key)) {
		word += strspn(word, " ");
		snprintf(
		    key, sizeof(key), "%.*s", (int)strcspn(word, " "), word);
		snprintf(known, sizeof(known), " %s ", key);
		if ((list || strcmp(key, "reason") == 0) &&
		    strstr(common, known) != NULL)
			continue;
		if (!has_word(entry, key))
			fail_msg(PAGE ": %s %s: does not tell of '%s'",
			    route->method, route->path, key);
	}
}

static void
the_page_has_every_route(void **state)
{
	struct buf entry = BUF_INIT;
	const struct route *all;
	size_t count, i;

	(void)state;
	all = routes_all(&count);
	for (i = 0; i < count; i++) {
		entry_of(&all[i], &entry);
		check_who(&all[i], entry.data);
		check_query(&all[i], entry.data);
	}
	buf_release(&entry);
}

static void
the_page_has_no_other_route(void **state)
{
	static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
	const char *at;
	size_t count, i, found = 0;
	char item[20];

	(void)state;
	(void)routes_all(&count);
	for (i = 0; i < 4; i++) {
		snprintf(item, sizeof(item), "\n.It Cm %s ", methods[i]);
		for (at = strstr(page.data, item); at != NULL;
		     at = strstr(at + 1, item))
			found++;
	}
	assert_int_equal(found, count);
}

static void
the_page_has_every_order(void **state)
{
	static const struct {
		const char *path;
		enum view view;
	} lists[] = {{"builds", VIEW_BUILD}, {"targets", VIEW_TARGET},
	    {"jobs", VIEW_JOB}, {"bots", VIEW_BOT}, {"buckets", VIEW_BUCKET},
	    {"crashes", VIEW_CRASH}, {"corpus", VIEW_UNIT},
	    {"events", VIEW_EVENT}, {"ledger", VIEW_LEDGER},
	    {"log", VIEW_AUDIT}, {"accounts", VIEW_ACCOUNT}};
	struct route route = {.method = "GET"};
	struct buf entry = BUF_INIT;
	const char *name;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		route.path = lists[i].path;
		entry_of(&route, &entry);
		for (k = 0; (name = view_sort(lists[i].view, k)) != NULL; k++)
			if (!has_word(buf_text(&entry), name))
				fail_msg(PAGE ": GET %s: does not tell of "
					      "sort=%s",
				    lists[i].path, name);
		assert_true(k > 0);
	}
	buf_release(&entry);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_page_has_every_route),
	    cmocka_unit_test(the_page_has_no_other_route),
	    cmocka_unit_test(the_page_has_every_order),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
