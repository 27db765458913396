/*
 * The courier killed at each of its file-system calls: nothing that was sealed
 * may be gone, acknowledged bundles must be back before another generation's
 * status.json lies in the inbox, and the next life must end where an unkilled
 * one does.
 *
 * The test runs itself below strace, which kills it at the N-th call.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
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
#include "lib/base/spawn.h"
#include "tests/unit/botd/courier/scene.h"

#define TURNS          4
#define NAME(seq, cls) "b1-5f3c9a01d2e4b677-" #seq "-" #cls ".pfb"

/* ---- the scene ------------------------------------------------------- */

/*
 * In the outbox: 1 crash, 2 corpus and 3 stats, all covered; 4 a crash that is
 * refused; 5 a crash and 6 a corpus that nobody knows; a beat.  In acked/: 7.
 * The inbox has generation 0x1111, the master publishes 0x2222, a ticket with
 * two files and a job with a segment.
 */
static void
make_scene(struct scene *w)
{
	struct status_epoch *ep = &w->status->epochs[0];
	struct ticket_file f[2], seg;

	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 7, 100);
	scene_cover(w, 0);
	scene_turn(w);
	ep->above_count = 1;
	ep->above[0] = (struct seq_range){7, 7};
	scene_cover(w, 0);
	scene_turn(w);
	scene_remove(w, "account/incoming/new/" NAME(7, c));
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 100);
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 2, 100);
	scene_seal(w, KIND_STATS, SCENE_EPOCH, 3, 0);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 4, 100);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 5, 100);
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 6, 2000000);
	scene_seal(w, KIND_HEARTBEAT, SCENE_EPOCH, 1, 0);
	f[0] = scene_blob(w, "the program");
	f[1] = scene_blob(w, "the dictionary");
	seg = scene_blob(w, "the segment");
	scene_job(w, 0x99, &seg, 1);
	scene_ticket(w, 0xaa, 0x99, f, 2);
	w->status->generation = 0x2222;
	ep->above_count = 0;
	ep->refused_count = 1;
	ep->refused[0].seq = 4;
	snprintf(ep->refused[0].reason, STATUS_REASON_MAX, "an unknown key");
	scene_cover(w, 3);
}

/* What the sealed bundles' folders say right after a kill. */
static void
nothing_is_lost(struct scene *w, const char *when)
{
	static const char *const kept[] = {NAME(1, c), NAME(2, b), NAME(4, c),
	    NAME(5, c), NAME(6, b), NAME(7, c)};
	struct buf text = BUF_INIT;
	struct status *s = status_new();
	size_t i;

	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (!scene_has(w, "root/outbox/new/%s", kept[i]) &&
		    !scene_has(w, "root/outbox/acked/%s", kept[i]) &&
		    !scene_has(w, "root/outbox/held/%s", kept[i]))
			fail_msg("'%s' is gone after %s", kept[i], when);
	if (scene_has(w, "root/outbox/acked/" NAME(4, c)))
		fail_msg("refused, but not held after %s", when);
	if (fs_read_file(w->fd, "root/inbox/status.json", &text, 20000, NULL) ==
		0 &&
	    status_parse(s, text.data, text.len, NULL) == 0 &&
	    s->generation == 0x2222 &&
	    scene_has(w, "root/outbox/acked/" NAME(7, c)))
		fail_msg("placed before they were back after %s", when);
	if (scene_has(w, "root/inbox/tickets/00000000000000aa.json") &&
	    !scene_has(w, "root/inbox/jobs/0000000000000099.json"))
		fail_msg("the ticket was not last after %s", when);
	status_free(s);
	buf_release(&text);
}

/* ---- what a folder looks like ---------------------------------------- */

struct listing {
	struct buf *out;
	const char *path;
};

static int
list_one(void *arg, int dirfd, const char *name)
{
	struct listing *l = arg, below;
	char path[512];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", l->path, name);
	below = (struct listing){l->out, path};
	/* When the link went up is not a matter of state. */
	if (strcmp(name, "link.json") == 0 ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	buf_printf(l->out, "%s %jd\n", path,
	    S_ISDIR(st.st_mode) ? (intmax_t)-1 : (intmax_t)st.st_size);
	if (S_ISDIR(st.st_mode) &&
	    (fd = fs_open_dir(dirfd, name, NULL)) != -1) {
		fs_each(fd, list_one, &below, NULL);
		close(fd);
	}
	return 0;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All names and sizes, sorted; caller frees. */
static char *
listing(struct scene *w)
{
	struct buf raw = BUF_INIT, sorted = BUF_INIT;
	struct listing l = {&raw, ""};
	char *lines[256], *line, *rest = NULL;
	size_t n = 0, i;

	fs_each(w->fd, list_one, &l, NULL);
	for (line = strtok_r(raw.data, "\n", &rest); line != NULL && n < 256;
	     line = strtok_r(NULL, "\n", &rest))
		lines[n++] = line;
	qsort(lines, n, sizeof(lines[0]), by_text);
	for (i = 0; i < n; i++)
		buf_printf(&sorted, "%s\n", lines[i]);
	buf_release(&raw);
	return buf_detach(&sorted);
}

/* ---- running it ------------------------------------------------------ */

static int
run(const char *const *argv)
{
	struct spawn s = {.argv = argv, .in = -1, .out = -1, .err = -1};
	struct buf output = BUF_INIT;
	struct err e;
	int status;

	status = spawn_run(&s, &output, 65536, 20000, &e);
	if (status == -1)
		fail_msg("%s", e.text);
	if (!WIFSIGNALED(status) && status != 0)
		fail_msg("%s: %s", argv[0], buf_text(&output));
	buf_release(&output);
	return status;
}

static void
copy_scene(const char *from, const char *to)
{
	const char *argv[] = {"cp", "-a", from, to, NULL};

	fs_remove_tree(AT_FDCWD, to, NULL);
	run(argv);
}

static char self[512];

/* Turns below strace, killed at the n-th "call".  False: it ran to its end. */
static bool
killed_at(const char *call, int n, const char *dir)
{
	char inject[96];
	const char *argv[] = {"strace", "-qq", "-o", "/dev/null", "-e", inject,
	    self, "turns", dir, NULL};

	snprintf(
	    inject, sizeof(inject), "inject=%s:signal=KILL:when=%d", call, n);
	return run(argv) != 0;
}

static void
finish(const char *dir)
{
	const char *argv[] = {self, "turns", dir, NULL};

	assert_int_equal(run(argv), 0);
}

struct sweep {
	char base[64], scene[96], copy[96];
	char *expected;
	int kills;
};

static void
sweep_call(struct sweep *s, const char *call, int step)
{
	struct scene *w;
	char when[96], *got;
	bool killed;
	int n;

	for (n = 1, killed = true; killed; n += step) {
		copy_scene(s->scene, s->copy);
		killed = killed_at(call, n, s->copy);
		s->kills += killed;
		snprintf(when, sizeof(when), "%s number %d", call, n);
		w = scene_open(s->copy);
		nothing_is_lost(w, when);
		scene_close(w);
		finish(s->copy);
		w = scene_open(s->copy);
		nothing_is_lost(w, when);
		got = listing(w);
		if (strcmp(got, s->expected) != 0)
			fail_msg("after %s and another life:\n%s\nbut "
				 "unkilled:\n%s",
			    when, got, s->expected);
		free(got);
		scene_close(w);
	}
}

static int
setup(void **state)
{
	struct sweep *s = mem_alloc(sizeof(*s));
	struct scene *w;

	snprintf(s->base, sizeof(s->base), "/tmp/pf-kill-XXXXXX");
	if (mkdtemp(s->base) == NULL)
		return -1;
	snprintf(s->scene, sizeof(s->scene), "%s/scene", s->base);
	snprintf(s->copy, sizeof(s->copy), "%s/copy", s->base);
	mkdir(s->scene, 0700);
	w = scene_open(s->scene);
	make_scene(w);
	scene_close(w);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct sweep *s = *state;

	fs_remove_tree(AT_FDCWD, s->base, NULL);
	free(s->expected);
	free(s);
	return 0;
}

static void
killed_at_any_call_it_loses_nothing_and_ends_the_same(void **state)
{
	/* Those that change a file; opens mostly look for libraries. */
	static const struct {
		const char *name;
		int step;
	} calls[] = {{"renameat2", 1}, {"renameat", 1}, {"unlinkat", 1},
	    {"mkdirat", 2}, {"write", 1}, {"fsync", 1}, {"fchmod", 1},
	    {"utimensat", 1}, {"openat", 4}};
	const char *probe[] = {
	    "strace", "-qq", "-o", "/dev/null", "true", NULL};
	struct sweep *s = *state;
	struct scene *w;
	size_t i;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(len > 0);
	if (access("/usr/bin/strace", X_OK) == -1) {
		print_message("no strace: skipped\n");
		skip();
	}
	/* LeakSanitizer cannot work below strace. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	run(probe);
	copy_scene(s->scene, s->copy);
	finish(s->copy);
	w = scene_open(s->copy);
	nothing_is_lost(w, "no kill");
	s->expected = listing(w);
	scene_close(w);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		sweep_call(s, calls[i].name, calls[i].step);
	print_message("%d kills\n", s->kills);
	assert_true(s->kills > 50);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		killed_at_any_call_it_loses_nothing_and_ends_the_same, setup,
		teardown),
	};
	struct scene *w;
	int i;

	if (argc == 3 && strcmp(argv[1], "turns") == 0) {
		w = scene_open(argv[2]);
		for (i = 0; i < TURNS; i++)
			scene_turn(w);
		scene_close(w);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
