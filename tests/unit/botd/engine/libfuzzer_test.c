/* botd/engine/libfuzzer: command lines, environment, output. */
#include <sys/stat.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "botd/engine/engine.h"
#include "lib/base/fs.h"
#include "tests/unit/scratch.h"

#define L (&ENGINE_LIBFUZZER)

static const char *const one_input[] = {"/work/crashes/x", NULL};

static struct engine_target
target(struct scratch *s)
{
	static const char *const inputs[] = {"/work/units", NULL};
	struct engine_target t = {.build_fd = s->fd,
	    .build = "/work/build",
	    .program = "png_read",
	    .sanitizer = "address",
	    .side_fd = s->fd,
	    .side = "/work/side",
	    .corpus = "/work/corpus",
	    .inputs = inputs,
	    .artifacts = "/work/artifacts",
	    .symbolizer = "/usr/bin/llvm-symbolizer",
	    .memory_mb = 2560,
	    .seconds = 600};

	scratch_file(s->fd, "png_read", "ELF", 3);
	return t;
}

static void
options(struct scratch *s, const char *text)
{
	scratch_file(s->fd, "png_read.options", text, strlen(text));
}

static bool
has(const struct strv *v, const char *text)
{
	int i;

	for (i = 0; i < v->count; i++)
		if (strcmp(v->list[i], text) == 0)
			return true;
	return false;
}

static const char *
with(const struct strv *v, const char *prefix)
{
	int i;

	for (i = 0; i < v->count; i++)
		if (strncmp(v->list[i], prefix, strlen(prefix)) == 0)
			return v->list[i] + strlen(prefix);
	return NULL;
}

static void
a_target_without_side_files_gets_the_defaults(void **state)
{
	struct engine_target t = target(*state);
	struct engine_plan p;
	struct err e;

	assert_int_equal(L->session(&p, &t, &e), 0);
	assert_string_equal(p.argv.list[0], "/work/build/png_read");
	assert_true(has(&p.argv, "-timeout=25"));
	assert_true(has(&p.argv, "-rss_limit_mb=2560"));
	assert_true(has(&p.argv, "-max_total_time=600"));
	assert_true(has(&p.argv, "-artifact_prefix=/work/artifacts/"));
	assert_string_equal(p.argv.list[p.argv.count - 2], "/work/corpus");
	assert_string_equal(p.argv.list[p.argv.count - 1], "/work/units");
	assert_null(with(&p.argv, "-dict="));
	assert_int_equal(p.dict_entries, 0);
	assert_int_equal(p.notes.len, 0);
	engine_plan_release(&p);
}

static void
options_are_honoured_but_not_those_that_are_ours(void **state)
{
	struct engine_target t = target(*state);
	struct engine_plan p;
	struct err e;

	options(*state,
	    "[libfuzzer]\nmax_len = 64\ntimeout = 2\nrss_limit_mb=9999\n"
	    "artifact_prefix=/etc/\nfork=8\nonly_ascii = random(1, 1)\n"
	    "x y = 1\n");
	assert_int_equal(L->session(&p, &t, &e), 0);
	assert_true(has(&p.argv, "-max_len=64"));
	assert_true(has(&p.argv, "-timeout=2"));
	assert_int_equal(p.timeout_s, 2);
	assert_true(has(&p.argv, "-rss_limit_mb=2560"));
	assert_true(has(&p.argv, "-only_ascii=1"));
	assert_null(with(&p.argv, "-fork="));
	assert_false(has(&p.argv, "-artifact_prefix=/etc/"));
	assert_null(with(&p.argv, "-x y"));
	assert_non_null(strstr(buf_text(&p.notes), "'fork'"));
	engine_plan_release(&p);
}

static int
place_of(const struct strv *v, const char *text)
{
	int i;

	for (i = 0; i < v->count; i++)
		if (strcmp(v->list[i], text) == 0)
			return i;
	return -1;
}

static void
the_jobs_arguments_win_over_the_targets(void **state)
{
	static char *arguments[] = {(char *)(uintptr_t) "-max_len=100",
	    (char *)(uintptr_t) "-fork=3", (char *)(uintptr_t) "/etc/passwd",
	    (char *)(uintptr_t) "-runs", (char *)(uintptr_t) "--x=1",
	    (char *)(uintptr_t) "-timeout=60",
	    (char *)(uintptr_t) "-rss_limit_mb=100",
	    (char *)(uintptr_t) "-dict=job.dict",
	    (char *)(uintptr_t) "-artifact_prefix=/etc/"};
	struct engine_target t = target(*state);
	struct scratch *s = *state;
	struct engine_plan p;
	struct err e;

	t.arguments = arguments;
	t.argument_count = 9;
	scratch_file(s->fd, "png_read.dict", "\"a\"\n", 4);
	scratch_file(s->fd, "job.dict", "\"a\"\n\"b\"\n", 8);
	options(s,
	    "[libfuzzer]\nmax_len = 64\nonly_ascii=1\ntimeout=3\n"
	    "rss_limit_mb=50\n");
	assert_int_equal(L->session(&p, &t, &e), 0);
	assert_true(place_of(&p.argv, "-max_len=64") > 0);
	assert_true(place_of(&p.argv, "-max_len=100") >
	    place_of(&p.argv, "-max_len=64"));
	assert_true(has(&p.argv, "-only_ascii=1"));
	assert_true(has(&p.argv, "-timeout=60"));
	assert_int_equal(p.timeout_s, 60);
	assert_true(has(&p.argv, "-rss_limit_mb=100"));
	assert_int_equal(p.dict_entries, 2);
	/* Nothing that is ours, and no folder among the folders. */
	assert_null(with(&p.argv, "-fork="));
	assert_false(has(&p.argv, "-artifact_prefix=/etc/"));
	assert_false(has(&p.argv, "/etc/passwd"));
	assert_null(with(&p.argv, "-runs"));
	assert_null(with(&p.argv, "--x"));
	assert_non_null(strstr(buf_text(&p.notes), "'/etc/passwd'"));
	assert_non_null(strstr(buf_text(&p.notes), "'fork'"));
	engine_plan_release(&p);
	/* Of these only what holds for one input is taken. */
	assert_int_equal(L->reproduce(&p, &t, one_input, &e), 0);
	assert_null(with(&p.argv, "-max_len="));
	assert_true(has(&p.argv, "-timeout=60"));
	assert_string_equal(p.argv.list[p.argv.count - 1], "/work/crashes/x");
	engine_plan_release(&p);
}

static void
assert_timeout(
    struct scratch *s, uint64_t job_ms, const char *wish, uint64_t want)
{
	struct engine_target t = target(s);
	struct engine_plan p;
	struct err e;

	t.timeout_ms = job_ms;
	options(s, wish);
	assert_int_equal(L->session(&p, &t, &e), 0);
	assert_int_equal(p.timeout_s, want);
	engine_plan_release(&p);
}

static void
a_target_may_lower_the_jobs_time_for_an_input(void **state)
{
	static const char none[] = "", low[] = "[libfuzzer]\ntimeout=5\n",
			  high[] = "[libfuzzer]\ntimeout=60\n",
			  over[] = "[libfuzzer]\ntimeout=5000\n";

	assert_timeout(*state, 0, none, 25);
	assert_timeout(*state, 0, high, 60);
	assert_timeout(*state, 0, over, 25);
	assert_timeout(*state, 10000, none, 10);
	assert_timeout(*state, 10000, low, 5);
	assert_timeout(*state, 10000, high, 10);
	/* Whole seconds, never none, never over 20 minutes. */
	assert_timeout(*state, 1, none, 1);
	assert_timeout(*state, 2500, none, 3);
	assert_timeout(*state, UINT64_MAX, none, 1200);
}

static void
a_check_is_four_runs_with_options_and_words(void **state)
{
	struct engine_target t = target(*state);
	struct engine_plan p;
	struct err e;

	scratch_file(t.build_fd, "png_read.dict", "\"IHDR\"\n", 7);
	options(*state,
	    "[libfuzzer]\nmax_len = 64\nruns = 9\nseed = 9\n"
	    "detect_leaks=1\n[asan]\ndetect_leaks=1\n");
	assert_int_equal(L->check(&p, &t, &e), 0);
	assert_true(has(&p.argv, "-max_len=64"));
	assert_true(has(&p.argv, "-dict=/work/side/dict"));
	assert_int_equal(p.dict_entries, 1);
	assert_true(
	    place_of(&p.argv, "-runs=4") > place_of(&p.argv, "-runs=9"));
	assert_true(
	    place_of(&p.argv, "-seed=1337") > place_of(&p.argv, "-seed=9"));
	assert_true(place_of(&p.argv, "-detect_leaks=0") >
	    place_of(&p.argv, "-detect_leaks=1"));
	assert_non_null(strstr(with(&p.env, "ASAN_OPTIONS="),
	    ":detect_leaks=1:detect_leaks=0:handle_sigill=1:"));
	/* No corpus: nothing is read, nothing is kept. */
	assert_false(has(&p.argv, "/work/corpus"));
	assert_false(has(&p.argv, "/work/units"));
	assert_null(with(&p.argv, "-max_total_time="));
	engine_plan_release(&p);
}

static const char *
checked(const char *output)
{
	return L->checked(output, strlen(output));
}

static void
a_check_is_passed_by_what_it_prints(void **state)
{
	(void)state;
	assert_null(checked("INFO: Seed: 1337\nDone 4 runs in 0 second(s)\n"));
	assert_string_equal(checked("Done 3 runs in 0 second(s)\n"), "");
	assert_string_equal(checked(""), "");
	assert_non_null(strstr(
	    checked("ERROR: no interesting inputs were found. Is the code "
		    "instrumented for coverage? Exiting.\n"),
	    "not instrumented"));
}

static void
limits_cannot_be_switched_off(void **state)
{
	struct engine_target t = target(*state);
	struct engine_plan p;
	struct err e;

	options(*state, "[libfuzzer]\ntimeout = 0\nrss_limit_mb = 0\n");
	assert_int_equal(L->session(&p, &t, &e), 0);
	assert_true(has(&p.argv, "-timeout=25"));
	assert_true(has(&p.argv, "-rss_limit_mb=2560"));
	engine_plan_release(&p);
}

static void
an_unparsable_options_file_is_ignored_with_a_note(void **state)
{
	struct engine_target t = target(*state);
	struct engine_plan p;
	struct err e;

	options(*state, "[libfuzzer]\nmax_len = 64\nwhat is this\n");
	assert_int_equal(L->session(&p, &t, &e), 0);
	assert_null(with(&p.argv, "-max_len="));
	assert_non_null(strstr(buf_text(&p.notes), "line 3"));
	engine_plan_release(&p);
}

static void
what_is_forced_comes_after_what_a_target_wants(void **state)
{
	struct engine_target t = target(*state);
	const char *asan, *ubsan;
	struct engine_plan p;
	struct err e;

	options(*state,
	    "[asan]\nexitcode = 1\ndetect_leaks=0\nbad=a'b\n[ubsan]\n"
	    "halt_on_error=0\n");
	assert_int_equal(L->session(&p, &t, &e), 0);
	asan = with(&p.env, "ASAN_OPTIONS=");
	ubsan = with(&p.env, "UBSAN_OPTIONS=");
	assert_non_null(strstr(asan, ":detect_leaks=0:"));
	assert_true(strstr(asan, ":exitcode=1:") < strstr(asan, "exitcode=77"));
	assert_null(strstr(asan, "a'b"));
	assert_non_null(strstr(asan, "external_symbolizer_path=/usr/bin/llvm"));
	assert_true(strstr(ubsan, "halt_on_error=0") <
	    strstr(ubsan, "halt_on_error=1"));
	assert_non_null(strstr(ubsan, "print_stacktrace=1"));
	engine_plan_release(&p);
}

static void
a_dictionary_is_counted_checked_and_used(void **state)
{
	struct engine_target t = target(*state);
	struct scratch *s = *state;
	struct engine_plan p;
	struct err e;

	scratch_file(s->fd, "png_read.dict", "\"IHDR\"\n\"IDAT\"\nbare\n", 19);
	assert_int_equal(L->session(&p, &t, &e), 0);
	assert_int_equal(p.dict_entries, 3);
	assert_true(has(&p.argv, "-dict=/work/side/dict"));
	assert_true(
	    scratch_holds(s->fd, "dict", "\"IHDR\"\n\"IDAT\"\n\"bare\"\n", 21));
	engine_plan_release(&p);

	scratch_file(s->fd, "other.dict", "\"x1\"\n", 5);
	options(s, "[libfuzzer]\ndict = other.dict\n");
	assert_int_equal(L->session(&p, &t, &e), 0);
	assert_int_equal(p.dict_entries, 1);
	engine_plan_release(&p);

	options(s, "[libfuzzer]\ndict = ../../etc/passwd\n");
	assert_int_equal(L->session(&p, &t, &e), 0);
	assert_null(with(&p.argv, "-dict="));
	assert_non_null(strstr(buf_text(&p.notes), "no dictionary"));
	engine_plan_release(&p);
}

static void
a_reproduction_keeps_limits_and_drops_the_rest(void **state)
{
	struct engine_target t = target(*state);
	struct scratch *s = *state;
	struct engine_plan p;
	struct err e;

	scratch_file(s->fd, "png_read.dict", "\"IHDR\"\n", 7);
	options(s,
	    "[libfuzzer]\nmax_len = 64\ntimeout=3\nmalloc_limit_mb=100\n"
	    "use_value_profile=1\nruns=5\n");
	assert_int_equal(L->reproduce(&p, &t, one_input, &e), 0);
	assert_true(has(&p.argv, "-timeout=3"));
	assert_true(has(&p.argv, "-malloc_limit_mb=100"));
	assert_null(with(&p.argv, "-max_len="));
	assert_null(with(&p.argv, "-runs="));
	assert_null(with(&p.argv, "-dict="));
	assert_null(with(&p.argv, "-max_total_time="));
	assert_string_equal(p.argv.list[p.argv.count - 1], "/work/crashes/x");
	engine_plan_release(&p);
}

static void
limits_of_a_reproduction_can_be_scaled(void **state)
{
	static const char *const three[] = {"/a", "/b", "/c", NULL};
	struct engine_target t = target(*state);
	struct engine_plan p;
	struct err e;

	t.time_percent = 80;
	t.memory_percent = 150;
	assert_int_equal(L->reproduce(&p, &t, three, &e), 0);
	assert_true(has(&p.argv, "-timeout=20"));
	assert_int_equal(p.timeout_s, 20);
	assert_true(has(&p.argv, "-rss_limit_mb=3840"));
	assert_string_equal(p.argv.list[p.argv.count - 3], "/a");
	assert_string_equal(p.argv.list[p.argv.count - 2], "/b");
	assert_string_equal(p.argv.list[p.argv.count - 1], "/c");
	engine_plan_release(&p);
	/* To the nearest second, and never off. */
	t.timeout_ms = 1000;
	assert_int_equal(L->reproduce(&p, &t, three, &e), 0);
	assert_true(has(&p.argv, "-timeout=1"));
	engine_plan_release(&p);
	t.time_percent = 150;
	assert_int_equal(L->reproduce(&p, &t, three, &e), 0);
	assert_true(has(&p.argv, "-timeout=2"));
	engine_plan_release(&p);
}

static void
a_build_without_its_target_cannot_run(void **state)
{
	struct engine_target t = target(*state);
	struct engine_plan p;
	struct err e;

	t.program = "other";
	assert_int_equal(L->session(&p, &t, &e), -1);
	assert_non_null(strstr(e.text, "'other'"));
	engine_plan_release(&p);
}

static void
line(struct engine_stats *s, const char *text)
{
	L->line(s, text, strlen(text));
}

static void
status_lines_become_counters(void **state)
{
	struct engine_stats s = {0};

	(void)state;
	line(&s, "INFO: Running with entropic power schedule (0xFF, 100).");
	assert_int_equal(s.instrumented, 0);
	line(&s,
	    "INFO: Loaded 2 modules   (300 inline 8-bit counters): 295 [0x1, "
	    "0x2), 5 [0x3, 0x4), ");
	line(&s, "INFO: Loaded 2 PC tables (7 PCs): 7 [0x1,0x2), ");
	assert_int_equal(s.instrumented, 300);
	line(&s, "#4\tREAD units: 4");
	assert_false(s.ready);
	line(&s, "#5\tINITED cov: 7 ft: 8 corp: 2/15b exec/s: 0 rss: 30Mb");
	assert_true(s.ready);
	line(&s,
	    "#258\tREDUCE cov: 9 ft: 11 corp: 4/20Kb lim: 8 exec/s: 1234 "
	    "rss: 31Mb L: 8/8 MS: 1 InsertByte-");
	assert_int_equal(s.execs, 258);
	assert_int_equal(s.edges, 9);
	assert_int_equal(s.features, 11);
	assert_int_equal(s.units, 4);
	assert_int_equal(s.unit_bytes, 20 * 1024);
	assert_int_equal(s.execs_per_second, 1234);
	assert_int_equal(s.rss_mb, 31);
	line(&s,
	    "#300\tpulse  cov: 9 ft: 11 corp: 4/2MB lim: 8 exec/s: 1 rss: 1Mb");
	assert_int_equal(s.unit_bytes, 2 << 20);
	line(&s, "stat::number_of_executed_units: 4601057");
	line(&s, "stat::peak_rss_mb:              44");
	assert_int_equal(s.execs, 4601057);
}

static void
other_lines_change_nothing(void **state)
{
	static const char *const lines[] = {"", "#", "#x\tNEW", "#12 NEW",
	    "#12", "stat::", "Done 5 runs in 4 second(s)",
	    "#9999999999999999999999999\t", "##########"};
	struct engine_stats s = {.execs = 5}, before = s;
	char big[10000];
	size_t i;

	(void)state;
	for (i = 0; i < 7; i++)
		line(&s, lines[i]);
	assert_memory_equal(&s, &before, sizeof(s));
	for (; i < sizeof(lines) / sizeof(lines[0]); i++)
		line(&s, lines[i]);
	memset(big, '#', sizeof(big));
	L->line(&s, big, sizeof(big));
}

static enum engine_end
ended(int code, int signo, const char *output)
{
	return L->ended(code, signo, output, strlen(output));
}

static void
an_end_is_judged_by_code_and_text(void **state)
{
	(void)state;
	assert_int_equal(ended(0, 0, "Done"), END_CLEAN);
	assert_int_equal(ended(77, 0, ""), END_CRASH);
	assert_int_equal(ended(70, 0, ""), END_CRASH);
	assert_int_equal(ended(71, 0, ""), END_CRASH);
	assert_int_equal(ended(72, 0, ""), END_INTERRUPTED);
	assert_int_equal(ended(0, SIGKILL, ""), END_INTERRUPTED);
	assert_int_equal(ended(0, SIGSEGV, ""), END_CRASH);
	assert_int_equal(ended(1, 0, "no such file\n"), END_BROKEN);
	assert_int_equal(
	    ended(1, 0, "x\n==5==ERROR: AddressSanitizer: SEGV on\n"),
	    END_CRASH);
	assert_int_equal(ended(127, 0, "bwrap: no\n"), END_BROKEN);
}

static void
reports_begin_at_their_first_line(void **state)
{
	static const char text[] =
	    "INFO: Seed: 1\n#2\tINITED\n"
	    "t.c:5:3: runtime error: shift\n    #0 0x1\n";

	(void)state;
	assert_string_equal(text + engine_report_start(text, strlen(text)),
	    "t.c:5:3: runtime error: shift\n    #0 0x1\n");
	assert_int_equal(engine_report_start("nothing\n", 8), 8);
	assert_int_equal(engine_report_start("", 0), 0);
}

static void
artifacts_are_known_by_their_names(void **state)
{
	(void)state;
	assert_int_equal(L->artifact("crash-0123"), ARTIFACT_CRASH);
	assert_int_equal(L->artifact("leak-0123"), ARTIFACT_CRASH);
	assert_int_equal(L->artifact("oom-0123"), ARTIFACT_MEMORY);
	assert_int_equal(L->artifact("timeout-0123"), ARTIFACT_TIMEOUT);
	assert_int_equal(L->artifact("slow-unit-0123"), ARTIFACT_IGNORED);
	assert_int_equal(L->artifact("notes.txt"), ARTIFACT_IGNORED);
}

int
main(void)
{
	/* clang-format off */
#define SCRATCH(t) \
	cmocka_unit_test_setup_teardown(t, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
	    SCRATCH(a_target_without_side_files_gets_the_defaults),
	    SCRATCH(options_are_honoured_but_not_those_that_are_ours),
	    SCRATCH(the_jobs_arguments_win_over_the_targets),
	    SCRATCH(a_target_may_lower_the_jobs_time_for_an_input),
	    SCRATCH(a_check_is_four_runs_with_options_and_words),
	    cmocka_unit_test(a_check_is_passed_by_what_it_prints),
	    SCRATCH(limits_cannot_be_switched_off),
	    SCRATCH(an_unparsable_options_file_is_ignored_with_a_note),
	    SCRATCH(what_is_forced_comes_after_what_a_target_wants),
	    SCRATCH(a_dictionary_is_counted_checked_and_used),
	    SCRATCH(a_reproduction_keeps_limits_and_drops_the_rest),
	    SCRATCH(a_build_without_its_target_cannot_run),
	    SCRATCH(limits_of_a_reproduction_can_be_scaled),
	    cmocka_unit_test(status_lines_become_counters),
	    cmocka_unit_test(other_lines_change_nothing),
	    cmocka_unit_test(an_end_is_judged_by_code_and_text),
	    cmocka_unit_test(reports_begin_at_their_first_line),
	    cmocka_unit_test(artifacts_are_known_by_their_names),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name(
	    "botd/engine/libfuzzer", tests, NULL, NULL);
}
