/*
 * Events as a stream.
 */
#include <sys/socket.h>

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/masterd/admin/server.h"
#include "tests/unit/masterd/world.h"

static int
open_stream(struct server *s, const char *query)
{
	char head[200];
	int fd = server_connect(s);

	snprintf(head, sizeof(head),
	    "GET /api/v1/events?follow=1%s HTTP/1.1\r\nHost: x\r\n\r\n", query);
	assert_int_equal(
	    send(fd, head, strlen(head), MSG_NOSIGNAL), strlen(head));
	return fd;
}

/* Read until "text" has come, or 10 s are over. */
static bool
comes(int fd, struct buf *have, const char *text)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char block[4096];
	ssize_t n;

	while (strstr(buf_text(have), text) == NULL) {
		if (poll(&p, 1, 10000) != 1 ||
		    (n = read(fd, block, sizeof(block))) <= 0)
			return false;
		buf_add(have, block, (size_t)n);
	}
	return true;
}

static void
change(struct server *s, const char *verb, long status)
{
	struct answer a;
	char path[80];

	snprintf(path, sizeof(path), "jobs/" WORLD_JOB "/%s", verb);
	request(&a, s, "PUT", path, "{}", 2);
	assert_int_equal(a.status, status);
	answer_release(&a);
}

static void
each_event_comes_as_a_line_once(void **state)
{
	struct buf have = BUF_INIT;
	struct server *s = *state;
	int fd = open_stream(s, "");

	assert_true(comes(fd, &have, "application/x-ndjson"));
	change(s, "pause", 200);
	assert_true(comes(fd, &have, "\"what\":\"job.paused\""));
	change(s, "resume", 200);
	assert_true(comes(fd, &have, "\"what\":\"job.resumed\""));
	assert_true(comes(fd, &have, "}\n"));
	assert_ptr_equal(
	    strstr(strstr(have.data, "job.paused") + 1, "job.paused"), NULL);
	close(fd);
	buf_release(&have);
}

static void
a_stream_goes_on_where_it_was_told_to_and_keeps_its_filter(void **state)
{
	struct buf have = BUF_INIT;
	struct server *s = *state;
	int fd;

	change(s, "pause", 200);
	change(s, "resume", 200);
	fd = open_stream(s, "&after=0&what=job.resumed");
	assert_true(comes(fd, &have, "\"what\":\"job.resumed\""));
	assert_null(strstr(have.data, "job.paused"));
	close(fd);
	buf_release(&have);
}

static void
streams_are_bounded_and_end_with_their_clients(void **state)
{
	struct server *s = *state;
	struct buf have = BUF_INIT;
	struct answer a;
	int fds[32], i;

	for (i = 0; i < 32; i++) {
		fds[i] = open_stream(s, "");
		buf_reset(&have);
		assert_true(comes(fds[i], &have, "200 OK"));
	}
	get(&a, s, "events?follow=1");
	assert_int_equal(a.status, 503);
	answer_release(&a);
	for (i = 0; i < 32; i++)
		close(fds[i]);
	/* They are missed without anything happening. */
	for (i = 0; i < 100; i++) {
		fds[0] = open_stream(s, "");
		buf_reset(&have);
		if (comes(fds[0], &have, "\r\n") &&
		    strstr(have.data, "200 OK") != NULL)
			break;
		close(fds[0]);
		usleep(100000);
	}
	assert_true(i < 100);
	close(fds[0]);
	buf_release(&have);
}

#define T(f) cmocka_unit_test_setup_teardown(f, server_setup, server_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(each_event_comes_as_a_line_once),
	    T(a_stream_goes_on_where_it_was_told_to_and_keeps_its_filter),
	    T(streams_are_bounded_and_end_with_their_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
