/* botd/settings: what was given, and what follows when it was not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "botd/settings.h"
#include "tests/unit/scratch.h"
#include "tests/unit/settings_page.h"

static void
defaults(struct settings *s)
{
	memset(s, 0, sizeof(*s));
	config_defaults(&settings_table, s);
}

static void
set(struct settings *s, const char *key, const char *text)
{
	struct err e;

	if (config_set(&settings_table, s, key, text, &e) == -1)
		fail_msg("%s", e.text);
}

static void
the_defaults_are_those_of_the_design(void **state)
{
	struct settings s;
	struct courier_config c;
	struct runner_config r;

	(void)state;
	defaults(&s);
	assert_string_equal(s.root, "/var/lib/pandafuzz-bot");
	settings_courier(&s, &c);
	settings_runner(&s, &r);
	assert_int_equal(c.poll_ms, 1000);
	assert_int_equal(c.timeout_ms, 30000);
	assert_int_equal(c.confirm_ms, 60000);
	assert_int_equal(c.acked_ms, 24 * 3600 * 1000);
	assert_int_equal(c.acked_bytes, 1 << 30);
	assert_int_equal(r.memory_mb, 2560);
	assert_int_equal(r.seal_ms, 60000);
	assert_int_equal(r.processes, 64);
	assert_true(r.cache_bytes == UINT64_C(20) << 30);
	assert_true(r.outbox_bytes == UINT64_C(4) << 30);
	assert_false(r.no_sandbox);
	settings_release(&s);
}

static void
a_file_is_read_and_options_win(void **state)
{
	struct scratch *scratch = *state;
	static const char text[] = "root: /srv/bot\nslots: 3\n"
				   "link: dir:/srv/pf/spool/team-a\n"
				   "name: b7\nsandbox: none\nseal_after: 5s\n";
	char path[96], *complaints = NULL;
	struct settings s;
	struct runner_config r;
	struct err e;

	scratch_file(scratch->fd, "botd.yaml", text, strlen(text));
	snprintf(path, sizeof(path), "%s/botd.yaml", scratch->path);
	defaults(&s);
	if (config_read(path, &settings_table, &s, &complaints, &e) == -1)
		fail_msg("%s", e.text);
	set(&s, "slots", "5");
	assert_int_equal(settings_finish(&s, &e), 0);
	settings_runner(&s, &r);
	assert_int_equal(r.slots, 5);
	assert_true(r.no_sandbox);
	assert_int_equal(r.seal_ms, 5000);
	assert_string_equal(r.bot.text, "b7");
	assert_string_equal(r.account.text, "team-a");
	settings_release(&s);
}

static void
mistakes_in_a_file_are_named_with_line_and_column(void **state)
{
	struct scratch *scratch = *state;
	static const char text[] = "root: /srv/bot\nslot: 3\nsandbox: maybe\n";
	char path[96], *complaints = NULL;
	struct settings s;
	struct err e;

	scratch_file(scratch->fd, "botd.yaml", text, strlen(text));
	snprintf(path, sizeof(path), "%s/botd.yaml", scratch->path);
	defaults(&s);
	assert_int_equal(
	    config_read(path, &settings_table, &s, &complaints, &e), -1);
	assert_non_null(strstr(complaints, "botd.yaml:2:1"));
	assert_non_null(strstr(complaints, "slots"));
	assert_non_null(strstr(complaints, "botd.yaml:3:"));
	free(complaints);
	settings_release(&s);
}

static void
the_account_is_what_the_link_names(void **state)
{
	static const struct {
		const char *link, *account;
	} cases[] = {
	    {"dir:/srv/pf/spool/local", "local"},
	    {"dir:/srv/pf/spool/local//", "local"},
	    {"sftp://team-a@master:22", "team-a"},
	    {"sftp://Root@master", NULL},
	    {"dir:/srv/pf/spool/Not Ok", NULL},
	    {"dir:/", NULL},
	};
	struct settings s;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		defaults(&s);
		set(&s, "name", "b1");
		set(&s, "link", cases[i].link);
		rc = settings_finish(&s, NULL);
		assert_int_equal(rc, cases[i].account == NULL ? -1 : 0);
		if (rc == 0)
			assert_string_equal(
			    s.account_name.text, cases[i].account);
		set(&s, "account", "given");
		assert_int_equal(settings_finish(&s, NULL), 0);
		assert_string_equal(s.account_name.text, "given");
		settings_release(&s);
	}
}

static void
the_name_is_given_or_the_identity_or_the_host(void **state)
{
	struct scratch *scratch = *state;
	struct settings s;

	defaults(&s);
	set(&s, "root", scratch->path);
	set(&s, "link", "dir:/srv/pf/spool/local");
	assert_int_equal(settings_finish(&s, NULL), 0);
	assert_true(name_ok(s.bot_name.text));
	scratch_file(scratch->fd, "identity", "lab-7\n", 6);
	assert_int_equal(settings_finish(&s, NULL), 0);
	assert_string_equal(s.bot_name.text, "lab-7");
	set(&s, "name", "b2");
	assert_int_equal(settings_finish(&s, NULL), 0);
	assert_string_equal(s.bot_name.text, "b2");
	set(&s, "name", "B 2");
	assert_int_equal(settings_finish(&s, NULL), -1);
	settings_release(&s);
}

static void
a_host_name_is_made_to_fit(void **state)
{
	static const struct {
		const char *host, *name;
	} cases[] = {
	    {"lab7", "lab7"},
	    {"Lab_7.example.org", "lab-7"},
	    {"-x", "x"},
	    {"", "bot"},
	    {"...", "bot"},
	    {"a123456789b123456789c123456789d123456789",
		"a123456789b123456789c123456789d1"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct name n = settings_host_name(cases[i].host);

		assert_string_equal(n.text, cases[i].name);
		assert_true(name_ok(n.text));
	}
}

static void
an_ephemeral_bot_has_a_name_of_its_own_and_a_pool(void **state)
{
	struct scratch *scratch = *state;
	char text[96], wanted[96];
	struct runner_config r;
	struct settings s;
	struct err e;

	defaults(&s);
	snprintf(text, sizeof(text), "%s/%%t", scratch->path);
	set(&s, "root", text);
	set(&s, "link", "dir:/srv/pf/spool/local");
	scratch_file(scratch->fd, "identity", "lab-7\n", 6);
	setenv("SLURM_ARRAY_TASK_ID", "17", 1);
	set(&s, "ephemeral", "yes");
	assert_int_equal(settings_finish(&s, &e), 0);
	snprintf(wanted, sizeof(wanted), "%s/17", scratch->path);
	assert_string_equal(s.folder, wanted);
	assert_true(name_ok(s.bot_name.text));
	assert_string_not_equal(s.bot_name.text, "lab-7");
	assert_string_equal(s.pool_name.text, "ephemeral");
	set(&s, "ephemeral", "no");
	set(&s, "pool", "night-%t");
	assert_int_equal(settings_finish(&s, &e), 0);
	settings_runner(&s, &r);
	assert_string_equal(r.pool.text, "night-17");
	assert_string_equal(r.root, wanted);
	unsetenv("SLURM_ARRAY_TASK_ID");
	settings_release(&s);
}

static void
a_relayed_bot_must_be_told_its_account(void **state)
{
	struct settings s;
	struct err e;

	(void)state;
	defaults(&s);
	set(&s, "name", "b1");
	set(&s, "link", "relay");
	assert_int_equal(settings_finish(&s, &e), -1);
	assert_non_null(strstr(e.text, "no account is given"));
	set(&s, "account", "team-a");
	assert_int_equal(settings_finish(&s, &e), 0);
	assert_true(settings_relayed(&s));
	assert_string_equal(s.account_name.text, "team-a");
	settings_release(&s);
}

static void
hours_and_rates_are_handed_out(void **state)
{
	struct runner_config r = {.nice = 1};
	struct off o = {.looked = true};
	struct rates rates;
	struct settings s;

	(void)state;
	defaults(&s);
	settings_off(&s, &o);
	assert_int_equal(o.hours.count, 0);
	assert_int_equal(o.when, WHEN_ALWAYS);
	settings_rates(&s, &rates);
	assert_int_equal(rates_at(&rates, 0), 0);
	set(&s, "hours", "Mon-Fri 19:00-07:00, Sat-Sun");
	set(&s, "only_when", "idle");
	set(&s, "idle_after", "90s");
	set(&s, "nice", "19");
	set(&s, "sched_idle", "yes");
	set(&s, "courier.rate", "1MiB");
	set(&s, "courier.rates", "Mon-Sun 200KiB/s");
	settings_off(&s, &o);
	assert_int_equal(o.hours.count, 6);
	assert_string_equal(o.hours_text, "Mon-Fri 19:00-07:00, Sat-Sun");
	assert_int_equal(o.when, WHEN_IDLE);
	assert_int_equal(o.quiet_ms, 90000);
	assert_false(o.looked); /* another question */
	settings_rates(&s, &rates);
	assert_int_equal(rates_at(&rates, 0), 200 * 1024);
	settings_runner(&s, &r);
	assert_int_equal(r.nice, 19);
	assert_true(r.sched_idle);
	settings_release(&s);
}

static void
without_a_link_there_is_a_sentence(void **state)
{
	struct settings s;
	struct err e;

	(void)state;
	defaults(&s);
	assert_int_equal(settings_finish(&s, &e), -1);
	assert_non_null(strstr(e.text, "sftp://user@host:port"));
	settings_release(&s);
}

static void
the_page_and_the_table_say_the_same(void **state)
{
	(void)state;
	assert_page_equals_table("botd/botd.yaml.5", &settings_table);
}

static void
the_courier_gets_its_policies(void **state)
{
	struct courier_config c = {0};
	struct settings s;

	(void)state;
	defaults(&s);
	settings_courier(&s, &c);
	assert_true(c.retry.max_retries == RETRY_FOR_EVER);
	assert_int_equal(c.retry.initial_ms, RETRY_COURIER.initial_ms);
	assert_int_equal(c.retry.max_ms, RETRY_COURIER.max_ms);
	assert_int_equal(c.retry.multiplier, RETRY_COURIER.multiplier);
	assert_int_equal(c.retry.jitter, RETRY_COURIER.jitter);
	assert_int_equal(c.breaker.failures, BREAKER_DEFAULT.failures);
	assert_int_equal(c.breaker.rest_ms, BREAKER_DEFAULT.rest_ms);
	assert_int_equal(c.operation_ms, 5 * 60 * 1000);
	set(&s, "retry.max_retries", "7");
	set(&s, "retry.multiplier", "1.5");
	set(&s, "retry.jitter", "no");
	set(&s, "retry.retryable_errors", "again");
	set(&s, "breaker.failures", "2");
	set(&s, "breaker.reset", "250ms");
	settings_courier(&s, &c);
	assert_int_equal(c.retry.max_retries, 7);
	assert_int_equal(c.retry.multiplier, 1500);
	assert_int_equal(c.retry.jitter, RETRY_EXACT);
	assert_true(retry_wants(&c.retry, ERR_AGAIN));
	assert_false(retry_wants(&c.retry, ERR_DENIED));
	assert_int_equal(c.breaker.failures, 2);
	assert_int_equal(c.breaker.rest_ms, 250);
	settings_release(&s);
}

static void
what_can_be_said_without_a_link_is_said(void **state)
{
	static const struct {
		const char *key, *value, *says;
	} cases[] = {
	    {"link", "gopher://x", "key 'link': link 'gopher://x' is neither"},
	    {"link", "sftp://x", "key 'link': link 'sftp://x' is not"},
	    {"root", "here", "key 'root': is not an absolute path"},
	    {"name", "Not Ok", "key 'name': "},
	    {"account", "Not Ok", "key 'account': "},
	    {"retry.max_delay", "10ms", "key 'retry.max_delay': "},
	    {"root", "/srv/%x", "key 'root': '%x' stands for nothing"},
	    {"name", "%q", "key 'name': '%q' stands for nothing"},
	    {"pool", "A b", "key 'pool': "},
	    {"hours", "Mon-Fri 25:00-07:00", "key 'hours': '25:00-07:00'"},
	    {"courier.rate", "10", "key 'courier.rate': the rate is slower"},
	    {"courier.rates", "Funday 1MiB", "key 'courier.rates': 'Funday'"},
	};
	struct buf says = BUF_INIT;
	struct settings s;
	size_t i;

	(void)state;
	defaults(&s);
	settings_table.check(&s, &says);
	assert_int_equal(says.len, 0);
	settings_release(&s);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		defaults(&s);
		set(&s, cases[i].key, cases[i].value);
		buf_reset(&says);
		settings_table.check(&s, &says);
		assert_non_null(strstr(buf_text(&says), cases[i].says));
		settings_release(&s);
	}
	buf_release(&says);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_defaults_are_those_of_the_design),
	    TEST(a_file_is_read_and_options_win),
	    TEST(mistakes_in_a_file_are_named_with_line_and_column),
	    TEST(the_account_is_what_the_link_names),
	    TEST(the_name_is_given_or_the_identity_or_the_host),
	    TEST(a_host_name_is_made_to_fit),
	    TEST(an_ephemeral_bot_has_a_name_of_its_own_and_a_pool),
	    TEST(a_relayed_bot_must_be_told_its_account),
	    TEST(hours_and_rates_are_handed_out),
	    TEST(without_a_link_there_is_a_sentence),
	    TEST(the_page_and_the_table_say_the_same),
	    TEST(the_courier_gets_its_policies),
	    TEST(what_can_be_said_without_a_link_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
