/*
 * Executions per second of a libFuzzer job under botd and its cage against the
 * same command by hand, and what everything that is not the engine costs.
 *
 * Rounds alternate: by hand, under the bot.  The command by hand is the one
 * that botd/engine makes, with the same environment, only without the cage.
 * Each round starts from the seeds alone with a fixed seed and number of runs;
 * under the bot each is a project of its own, so that no corpus is carried
 * over.  The fastest of each counts: on a busy machine single runs differ more
 * than any cage costs.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/engine/engine.h"
#include "lib/archive/seeds.h"
#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "lib/base/spawn.h"
#include "tests/bench/bench.h"
#include "tests/bench/farm.h"
#include "tests/bench/usage.h"

#define ROUNDS     15
#define RUNS       400000
#define RUNS_TEXT  "400000"
#define TARGET     "jsmn_fuzzer"
#define MEMORY_MB  2560
#define COST_S     60
#define PATIENCE_S 60.0

struct bench {
	const char *folder;
	int fd;
	struct farm farm;
	char targets[PATH_MAX], build[PATH_MAX];
	char seeds[PATH_MAX], side[PATH_MAX];
	char log[PATH_MAX];
};

static void
place(struct bench *b, char *path, const char *name)
{
	struct err e;

	snprintf(path, PATH_MAX, "%.*s/%s", PATH_MAX - 64, b->folder, name);
	if (fs_make_dirs(AT_FDCWD, path, 0755, &e) == -1)
		bench_die_err(&e);
}

static int
open_dir(const char *path)
{
	struct err e;
	int fd = fs_open_dir(AT_FDCWD, path, &e);

	if (fd == -1)
		bench_die_err(&e);
	return fd;
}

/* ---- the target ------------------------------------------------------ */

static void
shell(const char *script, const char *a, const char *b)
{
	const char *argv[] = {"sh", "-c", script, "sh", a, b, NULL};
	struct spawn s = {.argv = argv, .in = -1, .out = -1, .err = -1};
	struct buf said = BUF_INIT;
	struct err e;

	if (spawn_run(&s, &said, 65536, 120000, &e) != 0)
		bench_die("%s: %s", script, buf_text(&said));
	buf_release(&said);
}

static void
unpack_seeds(struct bench *b)
{
	char path[PATH_MAX + 64];
	struct seeds_count n;
	struct err e;
	int to = open_dir(b->seeds), fd;

	snprintf(path, sizeof(path), "%s/" TARGET "_seed_corpus.zip", b->build);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1 || archive_seeds(fd, to, &SEEDS_LIMITS, &n, &e) == -1)
		bench_die("cannot unpack the seeds of " TARGET);
	close(fd);
	close(to);
}

static void
make_target(struct bench *b)
{
	place(b, b->targets, "targets");
	place(b, b->seeds, "seeds");
	place(b, b->side, "side");
	snprintf(
	    b->build, sizeof(b->build), "%.*s/jsmn", PATH_MAX - 16, b->targets);
	shell("tests/targets/build.sh \"$1\" jsmn", b->targets, "");
	/* Once with its own options, for the cost; once with fixed runs. */
	shell("cp -r \"$1\" \"$2\"/cost", b->build, b->targets);
	shell("sed -i '/^.libfuzzer/a seed = 1\\nruns = " RUNS_TEXT "' "
	      "\"$1\"/" TARGET ".options",
	    b->build, "");
	unpack_seeds(b);
}

/* ---- by hand --------------------------------------------------------- */

static double
timed(struct bench *b, const struct engine_plan *plan)
{
	struct spawn s = {.argv = (const char *const *)plan->argv.list,
	    .env = (const char *const *)plan->env.list,
	    .dir = b->build,
	    .in = -1};
	double began;
	struct err e;
	int status;
	pid_t pid;

	s.out = s.err = openat(b->fd, "by-hand.log",
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	began = bench_now();
	if ((pid = spawn(&s, &e)) == -1)
		bench_die_err(&e);
	waitpid(pid, &status, 0);
	began = bench_now() - began;
	close(s.out);
	if (status != 0)
		bench_die(TARGET " by hand ended with %d", status);
	return began;
}

static double
by_hand(struct bench *b)
{
	const char *inputs[] = {b->seeds, NULL};
	struct engine_target t = {.build = b->build,
	    .program = TARGET,
	    .sanitizer = "address",
	    .side = b->side,
	    .inputs = inputs,
	    .memory_mb = MEMORY_MB,
	    .seconds = 3600};
	struct engine_plan plan = ENGINE_PLAN_INIT;
	char corpus[PATH_MAX], artifacts[PATH_MAX];
	struct err e;
	double took;

	place(b, corpus, "corpus");
	place(b, artifacts, "artifacts");
	t.corpus = corpus;
	t.artifacts = artifacts;
	t.build_fd = open_dir(b->build);
	t.side_fd = open_dir(b->side);
	if (ENGINE_LIBFUZZER.session(&plan, &t, &e) == -1)
		bench_die_err(&e);
	took = timed(b, &plan);
	engine_plan_release(&plan);
	close(t.build_fd);
	close(t.side_fd);
	fs_remove_tree(b->fd, "corpus", NULL);
	return took;
}

/* ---- under the bot --------------------------------------------------- */

/* The n-th line of the bot's log that tells an engine's end: its seconds, or
 * 0 when there is none yet. */
static double
ended(struct bench *b, int n)
{
	struct buf text = BUF_INIT;
	const char *at, *ms = NULL;
	double took = 0;
	struct err e;

	if (fs_read_file(AT_FDCWD, b->log, &text, 64 << 20, &e) == -1)
		bench_die_err(&e);
	for (at = buf_text(&text);
	     n >= 0 && (at = strstr(at, " engine.ended ")) != NULL; n--, at++)
		ms = n == 0 ? strstr(at, " ms=") : NULL;
	if (ms != NULL && strchr(ms, '\n') != NULL)
		took = strtod(ms + 4, NULL) / 1000;
	buf_release(&text);
	return took;
}

/* And have it checked, which is an engine's end, too. */
static void
add_build(struct bench *b, const char *folder, const char *project)
{
	const char *words[] = {
	    "build", "add", folder, "--project", project, "--wait", NULL};
	struct buf said = BUF_INIT;

	farm_adm(&b->farm, words, &said);
	buf_release(&said);
}

static void
start_job(
    struct bench *b, const char *target, const char *seconds, struct buf *id)
{
	const char *words[] = {"job", "create", target, "--slots", "1", "--for",
	    seconds, "--parsable", NULL};

	farm_adm(&b->farm, words, id);
}

static void
end_job(struct bench *b, const char *id)
{
	const char *words[] = {"job", "cancel", id, NULL};
	struct buf said = BUF_INIT;

	farm_adm(&b->farm, words, &said);
	buf_release(&said);
}

/* Before the first round; so the ends of all checks come first.  A project of
 * its own, and a build that differs in a file of no meaning. */
static void
add_round(struct bench *b, int round)
{
	char project[32], number[16];

	snprintf(project, sizeof(project), "r%d", round);
	snprintf(number, sizeof(number), "%d", round);
	shell("echo \"$2\" >\"$1\"/round", b->build, number);
	add_build(b, b->build, project);
}

static double
under_the_bot(struct bench *b, int round)
{
	double until = bench_now() + PATIENCE_S, took;
	struct buf id = BUF_INIT;
	char target[64];

	snprintf(target, sizeof(target), "r%d/" TARGET, round);
	start_job(b, target, "1h", &id);
	while ((took = ended(b, ROUNDS + round)) == 0) {
		if (bench_now() > until)
			bench_die("round %d did not end", round);
		bench_sleep(0.05);
	}
	end_job(b, buf_text(&id));
	buf_release(&id);
	bench_sleep(0.5); /* for what the bot does afterwards */
	return took;
}

static void
compare(struct bench *b)
{
	double hand[ROUNDS], bot[ROUNDS], h, w;
	int i;

	for (i = 0; i < ROUNDS; i++)
		add_round(b, i);
	for (i = 0; i < ROUNDS; i++) {
		hand[i] = by_hand(b);
		bot[i] = under_the_bot(b, i);
	}
	h = bench_share(hand, ROUNDS, 0);
	w = bench_share(bot, ROUNDS, 0);
	bench_note("%d rounds of %d runs; by hand %.2f to %.2f s, median %.2f; "
		   "under the bot %.2f to %.2f s, median %.2f",
	    ROUNDS, RUNS, h, bench_share(hand, ROUNDS, 1),
	    bench_median(hand, ROUNDS), w, bench_share(bot, ROUNDS, 1),
	    bench_median(bot, ROUNDS));
	bench_figure(&(struct figure){"engine.execs", "execs/s", RUNS / w,
	    RUNS / h, NO_FIGURE, AT_LEAST, 0.95});
}

/* ---- the cost of all else -------------------------------------------- */

/* A job from its creation until all that it left is at the master. */
static void
cost(struct bench *b)
{
	struct usage *u = usage_new(TARGET);
	char folder[PATH_MAX + 8], seconds[16];
	struct buf id = BUF_INIT;
	double until;

	snprintf(folder, sizeof(folder), "%s/cost", b->targets);
	add_build(b, folder, "cost");
	usage_add(u, farm_pid(&b->farm, "master"));
	usage_add(u, farm_pid(&b->farm, "sshd"));
	usage_add(u, farm_pid(&b->farm, "b1"));
	usage_look(u);
	snprintf(seconds, sizeof(seconds), "%ds", COST_S);
	start_job(b, "cost/" TARGET, seconds, &id);
	until = bench_now() + COST_S + 5;
	while (bench_now() < until) {
		usage_look(u);
		bench_sleep(0.1);
	}
	usage_tell(u);
	if (usage_engine(u) == 0)
		bench_die("the engine was not seen");
	bench_figure(&(struct figure){"engine.overhead", "CPU s",
	    usage_others(u), usage_engine(u), NO_FIGURE, AT_MOST, 0.02});
	usage_free(u);
	buf_release(&id);
}

int
main(void)
{
	static struct bench b;

	b.folder = bench_folder(&b.fd);
	make_target(&b);
	farm_up(&b.farm, b.folder);
	snprintf(b.log, sizeof(b.log), "%.*s/local/logs/b1.log", PATH_MAX - 32,
	    b.farm.root);
	compare(&b);
	cost(&b);
	return 0;
}
