/*
 * Every route with fields that are missing, wrong, too long, hostile and
 * unknown: each is a 4xx that names the field, and nothing is changed.  A
 * route that has no row in the table here fails.
 */
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "lib/base/digest.h"
#include "lib/base/text.h"
#include "masterd/admin/request.h"
#include "tests/unit/masterd/admin/bad_input_rows.h"
#include "tests/unit/masterd/admin/server.h"
#include "tests/unit/masterd/world.h"

/* ---- one request, byte for byte -------------------------------------- */

struct said {
	int status;
	struct buf all;
	struct json *json;
	char field[64], message[300];
};

static void
take_answer(struct said *a)
{
	const char *body = strstr(buf_text(&a->all), "\r\n\r\n");
	const struct json_value *error;

	if (sscanf(buf_text(&a->all), "HTTP/1.1 %d", &a->status) != 1 ||
	    body == NULL)
		return;
	a->json = json_parse(body + 4, strlen(body + 4), &JSON_REPLY, NULL);
	error = json_get(json_root(a->json), "error");
	text_copy(a->field, sizeof(a->field),
	    json_get_string(error, "field", "(none)"));
	text_copy(a->message, sizeof(a->message),
	    json_get_string(error, "message", ""));
}

static void
ask(struct said *a, struct server *s, const char *method, const char *path,
    const char *body, size_t len)
{
	struct buf out = BUF_INIT;
	char block[4096];
	int fd = server_connect(s);
	ssize_t n;

	memset(a, 0, sizeof(*a));
	buf_printf(&out,
	    "%s /api/v1/%s HTTP/1.1\r\nHost: x\r\n"
	    "Connection: close\r\n",
	    method, path);
	if (body != NULL)
		buf_printf(&out, "Content-Length: %zu\r\n", len);
	buf_adds(&out, "\r\n");
	if (body != NULL)
		buf_add(&out, body, len);
	/* It may answer and close before it has read all. */
	(void)send(fd, out.data, out.len, MSG_NOSIGNAL);
	while ((n = read(fd, block, sizeof(block))) > 0)
		buf_add(&a->all, block, (size_t)n);
	close(fd);
	buf_release(&out);
	take_answer(a);
}

static void
said_release(struct said *a)
{
	json_free(a->json);
	buf_release(&a->all);
}

static int faults; /* all are told, not the first alone */

/* A 4xx in JSON that names the field. */
static void
refused(struct server *s, const char *method, const char *path,
    const char *body, size_t len, const char *field)
{
	const char *sent = body == NULL ? "" : body;
	struct said a;

	ask(&a, s, method, path, body, len);
	if (a.status < 400 || a.status > 499 || a.json == NULL ||
	    a.message[0] == '\0') {
		print_error("%s %.200s %.100s: %d: %.300s\n", method, path,
		    sent, a.status, buf_text(&a.all));
		faults++;
	} else if (field != NULL && strcmp(a.field, field) != 0) {
		print_error("%s %.200s %.100s: names '%s', not '%s': %s\n",
		    method, path, sent, a.field, field, a.message);
		faults++;
	}
	said_release(&a);
}

/* ---- nothing is changed ---------------------------------------------- */

static void
add_table(sqlite3 *db, struct hasher *h, const char *name)
{
	sqlite3_stmt *row;
	char sql[200];
	const char *text;
	int i;

	snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\"", name);
	assert_int_equal(
	    sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
	while (sqlite3_step(row) == SQLITE_ROW)
		for (i = 0; i < sqlite3_column_count(row); i++) {
			text = sqlite3_column_blob(row, i);
			hasher_add(h, text == NULL ? "" : text,
			    (size_t)sqlite3_column_bytes(row, i));
			hasher_add(h, "|", 1);
		}
	sqlite3_finalize(row);
}

/* Of every row of every table. */
static struct digest_hex
facts(struct server *s)
{
	struct hasher *h = hasher_new();
	struct digest digest;
	sqlite3_stmt *row;
	char path[200];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/data/pandafuzz.db", s->root);
	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
			     "SELECT name FROM sqlite_master"
			     " WHERE type = 'table' ORDER BY name",
			     -1, &row, NULL),
	    SQLITE_OK);
	while (sqlite3_step(row) == SQLITE_ROW)
		add_table(db, h, (const char *)sqlite3_column_text(row, 0));
	sqlite3_finalize(row);
	sqlite3_close(db);
	hasher_end(h, &digest);
	hasher_free(h);
	return digest_hex(&digest);
}

/* ---- all routes ------------------------------------------------------ */

/* The route's path with something in the place of each star. */
static void
concrete(const struct route *route, const char *star, struct buf *out)
{
	const char *p;

	buf_reset(out);
	for (p = route->path; *p != '\0'; p++)
		if (*p == '*')
			buf_adds(out, star);
		else
			buf_addc(out, *p);
}

static const struct bad *
row_of(const struct route *route)
{
	char name[80];
	size_t i;

	snprintf(name, sizeof(name), "%s %s", route->method, route->path);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].route, name) == 0)
			return &table[i];
	fail_msg("%s: no row of bad input; add one", name);
	return NULL;
}

static const char *
plain_body(const struct route *route)
{
	return route->body_max == 0 ? NULL : "{}";
}

static void
check_key(struct server *s, const struct route *route, const char *path,
    const char *key)
{
	static const char *const hostile[] = {
	    "%01", "a%0ab", "%ff", "%c0%af", "%7f", "%1b%5b31m"};
	const char *body = plain_body(route);
	size_t len = body == NULL ? 0 : strlen(body), i;
	struct buf url = BUF_INIT;

	for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		buf_reset(&url);
		buf_printf(&url, "%s?%s=%s", path, key, hostile[i]);
		refused(s, route->method, url.data, body, len, key);
	}
	buf_reset(&url);
	buf_printf(&url, "%s?%s=1&%s=1", path, key, key);
	refused(s, route->method, url.data, body, len, key);
	buf_reset(&url);
	buf_printf(&url, "%s?%s=", path, key);
	for (i = 0; i < 1500; i++)
		buf_addc(&url, 'a');
	refused(s, route->method, url.data, body, len, key);
	buf_release(&url);
}

static void
check_query(struct server *s, const struct route *route, const char *path)
{
	static const char *const unknown[][2] = {
	    {"zzz=1", "zzz"}, {"zzz", "zzz"}, {"%1b=1", "\\x1b"}, {"=1", ""}};
	const char *body = plain_body(route);
	size_t len = body == NULL ? 0 : strlen(body), i;
	const char *word = route->query;
	char key[44], url[300];

	for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		snprintf(url, sizeof(url), "%s?%s", path, unknown[i][0]);
		refused(s, route->method, url, body, len, unknown[i][1]);
	}
	for (; *word != '\0'; word += strlen(key)) {
		word += strspn(word, " ");
		snprintf(
		    key, sizeof(key), "%.*s", (int)strcspn(word, " "), word);
		check_key(s, route, path, key);
	}
}

static void
check_bodies(struct server *s, const struct route *route, const char *path)
{
	char *big = mem_alloc(route->body_max == 64 * 1024 ? 70000 : 1);
	size_t i;

	if (route->body_max == 64 * 1024) {
		for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
			refused(s, route->method, path, bodies[i].body,
			    strlen(bodies[i].body), bodies[i].field);
		refused(s, route->method, path, "{\"reason\":\"a\0b\"}", 16,
		    "body");
		memset(big, ' ', 70000);
		refused(s, route->method, path, big, 70000, NULL);
	} else if (route->body_max == 0) {
		refused(s, route->method, path, "{}", 2, NULL);
	}
	free(big);
}

static void
check_stars(struct server *s, const struct route *route)
{
	static const char *const hostile[] = {"%00", "%2e%2e%2f%2e%2e", "..",
	    "a%01b", "%ff%fe", "%1b", "a%00b", "-", "'", "%25", "*"};
	const char *body = plain_body(route);
	size_t len = body == NULL ? 0 : strlen(body), i;
	struct buf path = BUF_INIT;
	char long_one[400];

	if (strchr(route->path, '*') == NULL)
		return;
	memset(long_one, 'a', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = '\0';
	for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		concrete(route, hostile[i], &path);
		refused(s, route->method, path.data, body, len, NULL);
	}
	concrete(route, long_one, &path);
	refused(s, route->method, path.data, body, len, NULL);
	buf_release(&path);
}

static int
setup(void **state)
{
	faults = 0;
	*state = server_start(false);
	return 0;
}

static int
teardown(void **state)
{
	return server_stop(*state);
}

static void
what_all_routes_refuse(void **state)
{
	struct server *s = *state;
	struct digest_hex before = facts(s);
	struct buf path = BUF_INIT;
	const struct route *all;
	size_t count, i;

	all = routes_all(&count);
	for (i = 0; i < count; i++) {
		buf_reset(&path);
		buf_add(&path, row_of(&all[i])->path,
		    strcspn(row_of(&all[i])->path, "?"));
		check_query(s, &all[i], path.data);
		check_bodies(s, &all[i], path.data);
		check_stars(s, &all[i]);
	}
	buf_release(&path);
	assert_string_equal(facts(s).text, before.text);
	assert_int_equal(faults, 0);
}

static void
what_each_route_refuses(void **state)
{
	struct server *s = *state;
	struct digest_hex before = facts(s);
	const struct bad *b;
	char method[10];
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		b = &table[i];
		snprintf(method, sizeof(method), "%.*s",
		    (int)strcspn(b->route, " "), b->route);
		refused(s, method, b->path, b->body,
		    b->body == NULL ? 0 : strlen(b->body), b->field);
		if (strcmp(facts(s).text, before.text) != 0)
			fail_msg("%s %s %s: changed something", method, b->path,
			    b->body == NULL ? "" : b->body);
	}
}

static void
addresses_that_are_none(void **state)
{
	static const char *const odd[] = {"", "nothing", "jobs/", "//",
	    "jobs/a/b/c", "..", "../../etc/passwd", "%2e%2e/x", "builds/files",
	    "jobs/%00", "\x80", "a%0d%0aX: y"};
	struct server *s = *state;
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		refused(s, "GET", odd[i], NULL, 0, NULL);
	refused(s, "BREW", "jobs", NULL, 0, NULL);
	refused(s, "PATCH", "jobs", "{}", 2, NULL);
	assert_int_equal(faults, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(what_all_routes_refuse),
	    T(what_each_route_refuses),
	    T(addresses_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
