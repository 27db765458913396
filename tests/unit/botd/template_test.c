/* botd/template: names and folders of bots by the hundred. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "botd/template.h"

struct variable {
	const char *name, *value;
};

static const char *
look_up(void *arg, const char *name)
{
	const struct variable *v = arg;

	for (; v != NULL && v->name != NULL; v++)
		if (strcmp(v->name, name) == 0)
			return v->value;
	return NULL;
}

static const struct variable none[] = {{NULL, NULL}};
static const struct variable slurm_array[] = {{"SLURM_JOB_ID", "4712"},
    {"SLURM_ARRAY_JOB_ID", "4711"}, {"SLURM_ARRAY_TASK_ID", "17"},
    {"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "1"}, {NULL, NULL}};
static const struct variable slurm_srun[] = {{"SLURM_JOB_ID", "4712"},
    {"SLURM_PROCID", "3"}, {"SLURM_NTASKS", "8"}, {NULL, NULL}};
static const struct variable slurm_both[] = {{"SLURM_ARRAY_JOB_ID", "4711"},
    {"SLURM_ARRAY_TASK_ID", "17"}, {"SLURM_PROCID", "3"}, {"SLURM_NTASKS", "8"},
    {NULL, NULL}};
static const struct variable pbs[] = {{"PBS_JOBID", "99[7].head.example"},
    {"PBS_ARRAY_INDEX", "7"}, {NULL, NULL}};
static const struct variable grid[] = {
    {"JOB_ID", "12"}, {"SGE_TASK_ID", "5"}, {NULL, NULL}};
static const struct variable grid_single[] = {
    {"JOB_ID", "12"}, {"SGE_TASK_ID", "undefined"}, {NULL, NULL}};
static const struct variable hostile[] = {
    {"JOB_ID", "../../etc"}, {"SGE_TASK_ID", ".hidden/x y"}, {NULL, NULL}};

static struct template_world
world(const struct variable *v)
{
	return (struct template_world){"Node_07.cluster.example",
	    "a1b2c3d4e5f60718293a4b5c6d7e8f90", 1234, look_up,
	    (void *)(uintptr_t)v};
}

static void
the_letters_mean_what_the_scheduler_says(void **state)
{
	static const struct {
		const struct variable *variables;
		const char *text, *means;
	} cases[] = {
	    {none, "/srv/bot", "/srv/bot"},
	    {none, "/scratch/%h-%j-%t", "/scratch/Node_07-a1b2c3d4-1234"},
	    {none, "100%%", "100%"},
	    {slurm_array, "%h-%j-%t", "Node_07-4711-17"},
	    {slurm_srun, "%j-%t", "4712-3"},
	    {slurm_both, "%j-%t", "4711-17.3"},
	    {pbs, "%j-%t", "99-7"},
	    {grid, "%j-%t", "12-5"},
	    {grid_single, "%j-%t", "12-1234"},
	    {hostile, "/scratch/%j/%t", "/scratch/-.-..-etc/-hidden-x-y"},
	};
	struct buf out = BUF_INIT;
	struct template_world w;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w = world(cases[i].variables);
		assert_int_equal(
		    template_expand(&out, cases[i].text, &w, &e), 0);
		assert_string_equal(buf_text(&out), cases[i].means);
	}
	buf_release(&out);
}

static void
another_letter_is_refused_with_what_is_accepted(void **state)
{
	static const char *const cases[] = {"%x", "bot-%", "%H", "% h"};
	struct template_world w = world(none);
	struct buf out = BUF_INIT;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(template_expand(&out, cases[i], &w, &e), -1);
		assert_int_equal(e.cls, ERR_REFUSED);
		assert_non_null(strstr(e.text, "%h (host), %j (job)"));
	}
	buf_release(&out);
}

static void
what_was_escaped_means_itself(void **state)
{
	struct buf text = BUF_INIT, out = BUF_INIT;
	struct template_world w = world(none);

	(void)state;
	template_escape(&text, "/srv/%h 100%");
	assert_int_equal(template_expand(&out, text.data, &w, NULL), 0);
	assert_string_equal(out.data, "/srv/%h 100%");
	assert_true(template_is(text.data));
	assert_false(template_is("b7"));
	buf_release(&text);
	buf_release(&out);
}

static void
a_name_passes_the_gate_and_long_ones_stay_apart(void **state)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
	    {"Node_07-4711-17", "node-07-4711-17"},
	    {"--x", "x"},
	    {"", "bot"},
	    {"...", "bot"},
	    {"a123456789b123456789c123456789d1",
		"a123456789b123456789c123456789d1"},
	};
	char a[128], b[128];
	struct name x, y;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		x = template_name(cases[i].text);
		assert_string_equal(x.text, cases[i].name);
		assert_true(name_ok(x.text));
	}
	snprintf(a, sizeof(a), "compute-node-0123.long-%d-%d", 47110815, 9991);
	snprintf(b, sizeof(b), "compute-node-0123.long-%d-%d", 47110815, 9992);
	x = template_name(a);
	y = template_name(b);
	assert_true(name_ok(x.text) && name_ok(y.text));
	assert_int_equal(strlen(x.text), NAME_MAX_LEN);
	assert_string_not_equal(x.text, y.text);
	assert_int_equal(strncmp(x.text, "compute-node-0123-long-", 23), 0);
	y = template_name(a);
	assert_string_equal(x.text, y.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_letters_mean_what_the_scheduler_says),
	    cmocka_unit_test(another_letter_is_refused_with_what_is_accepted),
	    cmocka_unit_test(what_was_escaped_means_itself),
	    cmocka_unit_test(a_name_passes_the_gate_and_long_ones_stay_apart),
	};

	return cmocka_run_group_tests_name("botd/template", tests, NULL, NULL);
}
