/* botd/engine/environment: ours, the job's, the target's, what is forced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "botd/engine/environment.h"
#include "lib/wire/sanitizers.h"

struct scene {
	struct options options;
	struct engine_plan plan;
	struct engine_target target;
};

static void
make(struct scene *s, const char *options, char *const *words, int count,
    bool check)
{
	*s = (struct scene){.plan = ENGINE_PLAN_INIT,
	    .target = {.build = "/work/build",
		.environment = words,
		.environment_count = count}};
	assert_int_equal(
	    options_parse(&s->options, options, strlen(options), NULL), 0);
	environment_add(&s->plan, &s->options, &s->target, check);
}

static void
release(struct scene *s)
{
	options_release(&s->options);
	engine_plan_release(&s->plan);
}

static const char *
get(const struct scene *s, const char *name)
{
	const struct strv *v = &s->plan.env;
	size_t len = strlen(name);
	const char *found = NULL;
	int i;

	for (i = 0; i < v->count; i++)
		if (strncmp(v->list[i], name, len) == 0 &&
		    v->list[i][len] == '=') {
			assert_null(found); /* each but once */
			found = v->list[i] + len + 1;
		}
	return found;
}

#define WORD(text) ((char *)(uintptr_t)(text))

static void
each_sanitizer_gets_a_string_that_ends_as_it_must(void **state)
{
	const struct sanitizer_tool *tool;
	const char *value, *end;
	struct scene s;
	int i;

	(void)state;
	make(&s, "", NULL, 0, false);
	for (i = 0; i < SANITIZER_TOOLS; i++) {
		tool = &sanitizer_tools[i];
		value = get(&s, tool->variable);
		assert_non_null(value);
		assert_true(value[0] != ':');
		assert_null(strstr(value, "::"));
		end = value + strlen(value) - strlen(tool->forced);
		assert_string_equal(end, tool->forced);
	}
	assert_non_null(
	    strstr(get(&s, "ASAN_OPTIONS"), "alloc_dealloc_mismatch=0"));
	release(&s);
}

static void
the_jobs_options_stand_for_our_defaults(void **state)
{
	char *const words[] = {
	    WORD("ASAN_OPTIONS=redzone=64:exitcode=1"), WORD("UBSAN_OPTIONS=")};
	const char *asan;
	struct scene s;

	(void)state;
	make(&s, "[asan]\nredzone = 32\n", words, 2, false);
	asan = get(&s, "ASAN_OPTIONS");
	assert_memory_equal(
	    asan, "redzone=64:exitcode=1:redzone=32:exitcode=77:", 45);
	assert_null(strstr(asan, "alloc_dealloc_mismatch"));
	/* None at all is also something said. */
	assert_memory_equal(get(&s, "UBSAN_OPTIONS"), "exitcode=77:", 12);
	release(&s);
}

static void
a_quote_of_the_jobs_costs_its_options(void **state)
{
	char *const words[] = {WORD("ASAN_OPTIONS=log_path='x")};
	const char *asan;
	struct scene s;

	(void)state;
	make(&s, "", words, 1, false);
	asan = get(&s, "ASAN_OPTIONS");
	assert_null(strstr(asan, "'x"));
	assert_non_null(strstr(asan, "alloc_dealloc_mismatch=0"));
	assert_non_null(strstr(buf_text(&s.plan.notes), "a quote in it"));
	release(&s);
}

/* The master's tickets have what is forced among the job's options. */
static void
what_is_forced_may_stand_among_the_jobs(void **state)
{
	char word[1024];
	char *const words[] = {word};
	const char *asan;
	struct scene s;

	(void)state;
	snprintf(word, sizeof(word), "ASAN_OPTIONS=redzone=64:%s:quarantine=1",
	    sanitizer_tools[0].forced);
	make(&s, "", words, 1, false);
	asan = get(&s, "ASAN_OPTIONS");
	assert_memory_equal(asan, "redzone=64:", 11);
	assert_non_null(strstr(asan, "quarantine=1:"));
	assert_int_equal(s.plan.notes.len, 0);
	release(&s);
}

static void
the_jobs_variables_replace_ours(void **state)
{
	char *const words[] = {WORD("LANG=de_DE"), WORD("MODE=a=b"),
	    WORD("MODE=fast"), WORD("9X=1"), WORD("A B=1"),
	    WORD("LANGUAGE=de")};
	struct scene s;

	(void)state;
	make(&s, "", words, 6, false);
	assert_string_equal(get(&s, "LANG"), "de_DE");
	assert_string_equal(get(&s, "LANGUAGE"), "de");
	assert_string_equal(get(&s, "MODE"), "fast");
	assert_string_equal(get(&s, "OUT"), "/work/build");
	assert_null(get(&s, "9X"));
	assert_null(get(&s, "A B"));
	assert_non_null(strstr(buf_text(&s.plan.notes), "'9X=1'"));
	assert_non_null(strstr(buf_text(&s.plan.notes), "'A B=1'"));
	release(&s);
}

static void
a_check_sees_no_leaks_and_shows_instructions(void **state)
{
	struct scene s;

	(void)state;
	make(&s, "[asan]\ndetect_leaks=1\n", NULL, 0, true);
	assert_non_null(strstr(get(&s, "ASAN_OPTIONS"),
	    ":detect_leaks=1:detect_leaks=0:handle_sigill=1:"
	    "dump_instruction_bytes=1:exitcode=77:"));
	release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_sanitizer_gets_a_string_that_ends_as_it_must),
	    cmocka_unit_test(the_jobs_options_stand_for_our_defaults),
	    cmocka_unit_test(a_quote_of_the_jobs_costs_its_options),
	    cmocka_unit_test(what_is_forced_may_stand_among_the_jobs),
	    cmocka_unit_test(the_jobs_variables_replace_ours),
	    cmocka_unit_test(a_check_sees_no_leaks_and_shows_instructions),
	};

	return cmocka_run_group_tests_name(
	    "botd/engine/environment", tests, NULL, NULL);
}
