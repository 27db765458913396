/* botd/presence and botd/off: a tree of files is a machine. */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "botd/off.h"
#include "lib/base/fs.h"
#include "tests/unit/scratch.h"

#define NOW_S  1795352000
#define NOW_MS UINT64_C(5000000)
#define MINUTE UINT64_C(60000)

static void
put(struct scratch *s, const char *path, const char *text)
{
	char folder[128];

	snprintf(folder, sizeof(folder), "%s", path);
	*strrchr(folder, '/') = '\0';
	assert_int_equal(fs_make_dirs(s->fd, folder, 0755, NULL), 0);
	scratch_file(s->fd, path, text, strlen(text));
}

static void
was_read(struct scratch *s, const char *path, int64_t at_s)
{
	const struct timespec times[2] = {
	    {(time_t)at_s, 0}, {(time_t)NOW_S - 99999, 0}};

	assert_int_equal(utimensat(s->fd, path, times, 0), 0);
}

/* A quiet machine: nobody for an hour, nothing to do, on the mains. */
static void
quiet(struct scratch *s)
{
	put(s, "proc/interrupts",
	    "           CPU0       CPU1\n"
	    "  1:        100         11   IO-APIC    1-edge      i8042\n"
	    " 28:       7000       8000   PCI-MSI 512000-edge   nvme0q0\n"
	    " 30:         40          2   PCI-MSI 327680-edge   xhci_hcd\n"
	    "NMI:          0          0   Non-maskable interrupts\n");
	put(s, "proc/loadavg", "0.02 0.10 0.20 1/300 4711\n");
	put(s, "dev/tty1", "");
	put(s, "dev/tty", "");
	put(s, "dev/pts/0", "");
	put(s, "dev/pts/ptmx", "");
	was_read(s, "dev/tty1", NOW_S - 7200);
	was_read(s, "dev/pts/0", NOW_S - 3600);
	put(s, "sys/class/power_supply/AC/type", "Mains\n");
	put(s, "sys/class/power_supply/AC/online", "1\n");
}

/* Twice: the first look only counts. */
static void
look(struct scratch *s, struct presence *p, struct presence_facts *f)
{
	presence_look(p, f, s->path, NOW_MS, NOW_S);
	presence_look(p, f, s->path, NOW_MS + 60 * MINUTE, NOW_S);
}

static void
a_quiet_machine_is_idle(void **state)
{
	struct scratch *s = *state;
	struct presence_facts f;
	struct presence p = {0};

	quiet(s);
	presence_look(&p, &f, s->path, NOW_MS, NOW_S);
	assert_int_equal(f.quiet_ms, 0); /* who started it is there */
	presence_look(&p, &f, s->path, NOW_MS + 5 * MINUTE, NOW_S);
	assert_int_equal(f.quiet_ms, 5 * MINUTE);
	assert_int_equal(f.load_percent, 2);
	assert_false(f.on_battery);
	assert_null(presence_why_busy(&f, 5 * MINUTE, 0));
	assert_non_null(presence_why_busy(&f, 6 * MINUTE, 0));
}

static void
a_key_that_was_pressed_is_somebody(void **state)
{
	static const char *const lines[] = {
	    "  1:        101         11   IO-APIC    1-edge      i8042\n",
	    "  1:        100         12   IO-APIC    1-edge      i8042\n",
	};
	struct scratch *s = *state;
	struct presence_facts f;
	struct presence p = {0};
	size_t i;

	quiet(s);
	look(s, &p, &f);
	for (i = 0; i < 2; i++) {
		put(s, "proc/interrupts", lines[i]);
		presence_look(&p, &f, s->path, NOW_MS + 90 * MINUTE, NOW_S);
		assert_int_equal(f.quiet_ms, 0);
		assert_string_equal(presence_why_busy(&f, 1000, 0),
		    "somebody is at the machine");
		presence_look(&p, &f, s->path, NOW_MS + 91 * MINUTE, NOW_S);
		assert_int_equal(f.quiet_ms, MINUTE);
		presence_look(&p, &f, s->path, NOW_MS + 90 * MINUTE, NOW_S);
	}
}

static void
interrupts_of_disks_are_nobody(void **state)
{
	struct scratch *s = *state;
	struct presence_facts f;
	struct presence p = {0};

	quiet(s);
	put(s, "proc/interrupts", " 28:  7000  8000  PCI-MSI nvme0q0\n");
	presence_look(&p, &f, s->path, NOW_MS, NOW_S);
	put(s, "proc/interrupts", " 28:  9000  9000  PCI-MSI nvme0q0\n");
	presence_look(&p, &f, s->path, NOW_MS + 60 * MINUTE, NOW_S);
	assert_int_equal(f.quiet_ms, 60 * MINUTE);
}

static void
a_terminal_that_was_read_is_somebody(void **state)
{
	static const char *const terminals[] = {"dev/tty1", "dev/pts/0"};
	struct scratch *s = *state;
	struct presence_facts f;
	struct presence p;
	size_t i;

	for (i = 0; i < 2; i++) {
		quiet(s);
		was_read(s, terminals[i], NOW_S - 30);
		p = (struct presence){0};
		look(s, &p, &f);
		assert_int_equal(f.quiet_ms, 30000);
	}
	/* These are no terminals, or everybody's. */
	quiet(s);
	was_read(s, "dev/pts/ptmx", NOW_S);
	was_read(s, "dev/tty", NOW_S);
	p = (struct presence){0};
	look(s, &p, &f);
	assert_int_equal(f.quiet_ms, 60 * MINUTE);
}

static void
our_own_load_does_not_count(void **state)
{
	struct presence_facts f = {
	    .quiet_ms = 60 * MINUTE, .load_percent = 430, .cores = 4};

	(void)state;
	assert_string_equal(presence_why_busy(&f, MINUTE, 0),
	    "the machine is busy with other things");
	assert_string_equal(presence_why_busy(&f, MINUTE, 3),
	    "the machine is busy with other things");
	assert_null(presence_why_busy(&f, MINUTE, 4));
	f.load_percent = 100; /* one core of four is little */
	assert_null(presence_why_busy(&f, MINUTE, 0));
	f.cores = 16;
	f.load_percent = 390;
	assert_null(presence_why_busy(&f, MINUTE, 0));
}

static void
a_battery_is_told_from_the_mains(void **state)
{
	struct scratch *s = *state;
	struct presence_facts f;
	struct presence p = {0};

	quiet(s);
	put(s, "sys/class/power_supply/BAT0/type", "Battery\n");
	put(s, "sys/class/power_supply/BAT0/status", "Charging\n");
	presence_look(&p, &f, s->path, NOW_MS, NOW_S);
	assert_false(f.on_battery);
	put(s, "sys/class/power_supply/AC/online", "0\n");
	presence_look(&p, &f, s->path, NOW_MS, NOW_S);
	assert_true(f.on_battery);
	/* No word of the mains: the battery's own. */
	assert_int_equal(
	    fs_remove_tree(s->fd, "sys/class/power_supply/AC", NULL), 0);
	presence_look(&p, &f, s->path, NOW_MS, NOW_S);
	assert_false(f.on_battery);
	put(s, "sys/class/power_supply/BAT0/status", "Discharging\n");
	presence_look(&p, &f, s->path, NOW_MS, NOW_S);
	assert_true(f.on_battery);
	/* That of a mouse says nothing. */
	put(s, "sys/class/power_supply/BAT0/scope", "Device\n");
	presence_look(&p, &f, s->path, NOW_MS, NOW_S);
	assert_false(f.on_battery);
}

static void
a_machine_without_any_of_these_is_nobodys(void **state)
{
	struct scratch *s = *state;
	struct presence_facts f;
	struct presence p = {0};

	look(s, &p, &f);
	assert_int_equal(f.quiet_ms, 60 * MINUTE);
	assert_int_equal(f.load_percent, 0);
	assert_false(f.on_battery);
}

/* ---- off -------------------------------------------------------------- */

static void
hours_say_until_when(void **state)
{
	struct off o = {.when = WHEN_ALWAYS};
	struct runner_off out;

	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	assert_int_equal(hours_parse(&o.hours, "Sat-Sun", NULL), 0);
	strcpy(o.hours_text, "Sat-Sun");
	/* 2026-11-23 12:00:00, a Monday. */
	off_decide(&o, 0, 1795435200, NOW_MS, &out);
	assert_true(out.off);
	assert_int_equal(out.seconds, 4 * 86400 + 12 * 3600);
	assert_string_equal(
	    out.why, "outside its hours (Sat-Sun), back Sat 00:00");
	off_decide(&o, 0, 1795435200 + 60, NOW_MS, &out);
	assert_int_equal(out.seconds, 4 * 86400 + 12 * 3600 - 60);
	off_decide(&o, 0, 1795435200 + 5 * 86400, NOW_MS, &out);
	assert_false(out.off);
	assert_string_equal(out.why, "");
	assert_int_equal(out.seconds, 0);
}

static void
a_condition_says_why_and_not_when(void **state)
{
	struct scratch *s = *state;
	struct off o = {.when = WHEN_IDLE, .quiet_ms = MINUTE, .host = s->path};
	struct runner_off out;

	quiet(s);
	off_decide(&o, 0, NOW_S, NOW_MS, &out);
	assert_true(out.off);
	assert_string_equal(out.why, "somebody is at the machine");
	assert_int_equal(out.seconds, 0);
	off_decide(&o, 0, NOW_S, NOW_MS + 2 * MINUTE, &out);
	assert_false(out.off);
	/* Between two looks it is as it was. */
	was_read(s, "dev/pts/0", NOW_S);
	off_decide(&o, 0, NOW_S, NOW_MS + 2 * MINUTE + 4999, &out);
	assert_false(out.off);
	off_decide(&o, 0, NOW_S, NOW_MS + 2 * MINUTE + 5000, &out);
	assert_true(out.off);
	o = (struct off){.when = WHEN_AC_POWER, .host = s->path};
	off_decide(&o, 0, NOW_S, NOW_MS, &out);
	assert_false(out.off);
	put(s, "sys/class/power_supply/AC/online", "0\n");
	off_decide(&o, 0, NOW_S, NOW_MS + 5000, &out);
	assert_string_equal(out.why, "the machine runs on its battery");
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_quiet_machine_is_idle),
	    TEST(a_key_that_was_pressed_is_somebody),
	    TEST(interrupts_of_disks_are_nobody),
	    TEST(a_terminal_that_was_read_is_somebody),
	    TEST(our_own_load_does_not_count),
	    TEST(a_battery_is_told_from_the_mains),
	    TEST(a_machine_without_any_of_these_is_nobodys),
	    TEST(hours_say_until_when),
	    TEST(a_condition_says_why_and_not_when),
	};

	return cmocka_run_group_tests_name("botd/presence", tests, NULL, NULL);
}
