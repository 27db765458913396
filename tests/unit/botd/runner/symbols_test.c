/* botd/runner/symbols: names from the real llvm-symbolizer, without walls. */
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
#include "lib/base/loop.h"
#include "lib/base/spawn.h"
#include "tests/unit/botd/runner/world.h"

#define PROGRAM                                                              \
	"static inline __attribute__((always_inline)) int\n"                 \
	"deep(int n)\n{\n\treturn n * 3 + 1;\n}\n"                           \
	"__attribute__((noinline)) int mid(int n) { return deep(n) ^ 5; }\n" \
	"int main(int n, char **v) { (void)v; return mid(n); }\n"

/* The program in the scratch folder; the offset of "mid". */
static uint64_t
build(struct world *w, bool strip)
{
	const char *const cc[] = {"cc", "-g", "-O1", "-o", "p", "p.c", NULL};
	const char *const nm[] = {"nm", "p", NULL};
	const char *const bare[] = {"strip", "p", NULL};
	struct spawn run = {
	    .dir = w->scratch->path, .in = -1, .out = -1, .err = -1};
	struct buf out = BUF_INIT;
	uint64_t offset;
	char *at;

	scratch_file(w->scratch->fd, "p.c", PROGRAM, strlen(PROGRAM));
	run.argv = cc;
	assert_int_equal(spawn_run(&run, &out, 65536, 60000, NULL), 0);
	run.argv = nm;
	assert_int_equal(spawn_run(&run, &out, 65536, 60000, NULL), 0);
	at = strstr(out.data, " T mid\n");
	assert_non_null(at);
	offset = strtoull(at - 16, NULL, 16);
	buf_release(&out);
	run.argv = bare;
	if (strip)
		assert_int_equal(spawn_run(&run, NULL, 0, 60000, NULL), 0);
	return offset;
}

static void
quit(void *arg)
{
	loop_quit(arg, 0);
}

/* Turns of the loop until it has answered. */
static void
ask(struct world *w, struct session *s, struct buf *report)
{
	struct loop_source *timer =
	    loop_timer(w->r.loop, quit, w->r.loop, NULL);
	int i;

	for (i = 0; i < 1000 && symbols_ask(s, report); i++)
		do {
			loop_timer_set(timer, 20, NULL);
			assert_int_equal(loop_run(w->r.loop, NULL), 0);
		} while (symbols_busy(s));
	assert_true(i < 1000);
	loop_drop(timer);
}

static struct session *
session(struct world *w)
{
	struct session *s = world_session(w, 0xc1);

	w->config.no_sandbox = true;
	s->prepared = true;
	return s;
}

static void
add_report(struct buf *report, const struct world *w, uint64_t offset)
{
	buf_printf(report,
	    "==1==ERROR: AddressSanitizer: SEGV on unknown address 0x0\n"
	    "    #0 0x55aac75d0d9d  <null> (%s/p+0x%jx)\n"
	    "    #1 0x55aac75d0000 in named /src/a.c:3:1 (%s/p+0x1)\n"
	    "    #2 0x55aac75d0000 in LLVMFuzzer <null> (%s/p+0x2)\n"
	    "    #3 0x55aac75d0000  (/nonexistent/q+0x17)\n\n"
	    "freed by thread T0 here:\n"
	    "    #0 0x55aac75d0d9d  (%s/p+0x%jx)\n",
	    w->scratch->path, (uintmax_t)offset, w->scratch->path,
	    w->scratch->path, w->scratch->path, (uintmax_t)offset);
}

static void
frames_get_their_names_with_those_that_were_inlined(void **state)
{
	struct world *w = *state;
	struct session *s = session(w);
	struct buf report = BUF_INIT, want = BUF_INIT;
	uint64_t offset = build(w, false);
	const char *path = w->scratch->path;

	add_report(&report, w, offset);
	ask(w, s, &report);
	buf_printf(&want, " in mid %s/p.c:6", path);
	assert_non_null(strstr(report.data, want.data));
	/* Whatever the line tables say of "mid", all is numbered on. */
	assert_non_null(strstr(report.data, "in named /src/a.c:3:1 ("));
	assert_non_null(strstr(report.data, "in LLVMFuzzer ("));
	assert_null(strstr(report.data, "<null>"));
	assert_non_null(
	    strstr(report.data, "0x55aac75d0000  (/nonexistent/q+"));
	assert_non_null(strstr(report.data, "here:\n    #0 0x55aac75d0d9d in"));
	/* Said once more it is as it was, and nothing is asked. */
	buf_reset(&want);
	buf_add(&want, report.data, report.len);
	assert_false(symbols_ask(s, &report));
	assert_string_equal(report.data, want.data);
	buf_release(&want);
	buf_release(&report);
}

static void
inlined_ones_shift_the_numbers_behind_them(void **state)
{
	struct world *w = *state;
	struct session *s = session(w);
	struct buf report = BUF_INIT;
	uint64_t offset = build(w, false), i;
	bool inlined = false;

	/* Some address of "mid" belongs to "deep" that is inside it. */
	for (i = 0; i < 16 && !inlined; i++) {
		buf_reset(&report);
		add_report(&report, w, offset + i);
		ask(w, s, &report);
		inlined = strstr(report.data,
			      "    #0 0x55aac75d0d9d in deep ") != NULL;
	}
	assert_true(inlined);
	assert_non_null(strstr(report.data, "    #1 0x55aac75d0d9d in mid "));
	assert_non_null(strstr(report.data, "    #2 0x55aac75d0000 in named "));
	assert_non_null(strstr(report.data, "    #4 0x55aac75d0000  (/nonex"));
	buf_release(&report);
}

static void
a_stripped_binary_keeps_its_offsets(void **state)
{
	struct world *w = *state;
	struct session *s = session(w);
	struct buf report = BUF_INIT, want = BUF_INIT;
	uint64_t offset = build(w, true);

	buf_printf(&report, "    #0 0x55aac75d0d9d  (%s/p+0x%jx)\n",
	    w->scratch->path, (uintmax_t)offset);
	buf_add(&want, report.data, report.len);
	ask(w, s, &report);
	assert_string_equal(report.data, want.data);
	buf_release(&want);
	buf_release(&report);
}

static void
script(struct session *s, const char *text)
{
	scratch_file(s->build, "llvm-symbolizer", text, strlen(text));
	assert_int_equal(fchmodat(s->build, "llvm-symbolizer", 0755, 0), 0);
}

static void
the_builds_own_comes_first(void **state)
{
	struct world *w = *state;
	struct session *s = session(w);
	struct buf report = BUF_INIT;

	script(s,
	    "#!/bin/sh\nwhile read -r l; do printf "
	    "'ours\\n/x.c:1:2\\n\\n'; done\n");
	buf_adds(&report, "    #0 0x1  (/b/p+0x10)\n    #1 0x1  (/b/p+0x11)\n");
	ask(w, s, &report);
	assert_string_equal(report.data,
	    "    #0 0x1 in ours /x.c:1:2 (/b/p+0x10)\n"
	    "    #1 0x1 in ours /x.c:1:2 (/b/p+0x11)\n");
	buf_release(&report);
}

static void
its_death_costs_nothing_but_the_names(void **state)
{
	struct world *w = *state;
	struct session *s = session(w);
	struct buf report = BUF_INIT;
	char text[64];
	int i;

	script(s, "#!/bin/sh\necho x >>$0.runs\nexit 1\n");
	for (i = 0; i < 5; i++) {
		snprintf(text, sizeof(text), "    #0 0x1  (/b/p+0x1%d)\n", i);
		buf_reset(&report);
		buf_adds(&report, text);
		ask(w, s, &report);
		assert_string_equal(report.data, text);
	}
	/* After some deaths it is not tried any more. */
	assert_int_equal(
	    fs_read_file(s->build, "llvm-symbolizer.runs", &report, 64, NULL),
	    0);
	assert_string_equal(report.data, "x\nx\nx\n");
	buf_release(&report);
}

int
main(void)
{
	/* clang-format off */
#define WORLD(t) cmocka_unit_test_setup_teardown(t, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    WORLD(frames_get_their_names_with_those_that_were_inlined),
	    WORLD(inlined_ones_shift_the_numbers_behind_them),
	    WORLD(a_stripped_binary_keeps_its_offsets),
	    WORLD(the_builds_own_comes_first),
	    WORLD(its_death_costs_nothing_but_the_names),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name(
	    "botd/runner/symbols", tests, NULL, NULL);
}
