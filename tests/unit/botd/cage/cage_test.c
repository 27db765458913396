/*
 * botd/cage: real cages around a program that tries to get out: this one.
 * Called with a word, it is that program.
 */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "botd/cage/cage.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"

/* ---- the prisoner ---------------------------------------------------- */

static int
say_who(void)
{
	char line[256];
	FILE *f = fopen("/proc/self/status", "r");

	printf("uid=%d gid=%d\n", (int)getuid(), (int)getgid());
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "CapEff", 6) == 0 ||
		    strncmp(line, "CapBnd", 6) == 0)
			fputs(line, stdout);
	printf("secret=%s wanted=%s\n",
	    getenv("SECRET") == NULL ? "none" : getenv("SECRET"),
	    getenv("WANTED") == NULL ? "none" : getenv("WANTED"));
	return 0;
}

static int
say_how_nice(void)
{
	printf("nice=%d policy=%d\n", getpriority(PRIO_PROCESS, 0),
	    sched_getscheduler(0));
	return 0;
}

static int
try_write(void)
{
	static const char *const places[] = {"/x", "/usr/x", "/work/x",
	    "/work/ro/x", "/dev/x", "/proc/sys/kernel/core_pattern",
	    "/etc/passwd", "/work/rw/x", "/tmp/x", "/dev/shm/x", NULL};
	int fd, i;

	for (i = 0; places[i] != NULL; i++) {
		fd = open(places[i], O_WRONLY | O_CREAT, 0644);
		if (fd != -1)
			printf("wrote %s\n", places[i]);
	}
	return 0;
}

static int
try_network(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons(53),
	    .sin_addr.s_addr = htonl(0x08080808)};
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	if (s == -1 || connect(s, (struct sockaddr *)&a, sizeof(a)) == -1)
		printf("no network: %s\n", strerror(errno));
	else
		printf("network\n");
	return 0;
}

static int
fork_bomb(void)
{
	int n;

	for (n = 0; n < 3000; n++) {
		switch (fork()) {
		case 0:
			pause();
			_exit(0);
		case -1:
			printf("stopped after %d\n", n);
			fflush(stdout);
			pause();
		}
	}
	printf("never stopped\n");
	return 0;
}

static int
eat_memory(void)
{
	size_t i;
	char *p;

	for (i = 0; i < 64; i++) {
		p = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return 3;
		memset(p, 1, 16 << 20);
		usleep(20000);
	}
	printf("ate 1 GiB\n");
	return 0;
}

__attribute__((noreturn)) static int
many_daemons(void)
{
	int i;

	for (i = 0; i < 5; i++)
		if (fork() == 0) {
			setsid();
			signal(SIGTERM, SIG_IGN);
			if (fork() == 0)
				signal(SIGHUP, SIG_IGN);
			for (;;)
				pause();
		}
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}

/* Ends at once, and leaves one that goes on writing. */
static int
leave_a_writer(void)
{
	int fd = open("/work/rw/growing", O_WRONLY | O_CREAT, 0644);

	if (fork() != 0)
		return 0;
	setsid();
	for (;;)
		if (write(fd, "x", 1) != 1)
			_exit(0);
}

static int
term_me(void)
{
	sigset_t set;
	int signo;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	printf("ready\n");
	fflush(stdout);
	sigwait(&set, &signo);
	printf("told to end\n");
	return 5;
}

/* 600 ms of processor time, however long that takes on a busy machine. */
static int
spin(void)
{
	while (clock() < CLOCKS_PER_SEC * 6 / 10)
		;
	return 0;
}

static int
prisoner(const char *word)
{
	if (strcmp(word, "who") == 0)
		return say_who();
	if (strcmp(word, "nice") == 0)
		return say_how_nice();
	if (strcmp(word, "write") == 0)
		return try_write();
	if (strcmp(word, "network") == 0)
		return try_network();
	if (strcmp(word, "bomb") == 0)
		return fork_bomb();
	if (strcmp(word, "eat") == 0)
		return eat_memory();
	if (strcmp(word, "daemons") == 0)
		return many_daemons();
	if (strcmp(word, "writer") == 0)
		return leave_a_writer();
	if (strcmp(word, "term") == 0)
		return term_me();
	if (strcmp(word, "spin") == 0)
		return spin();
	if (strcmp(word, "signal") == 0)
		raise(SIGUSR1); /* no sanitizer handles it */
	if (strcmp(word, "77") == 0)
		return 77;
	return 99;
}

/* ---- the warder ------------------------------------------------------ */

struct fixture {
	char root[64], self[512], rw[96], ro[96];
	struct cage_bind binds[3];
	const char *argv[3];
	struct cage_spec spec;
	struct buf output;
	int pipe[2];
	struct cage *cage;
	struct cage_usage most;
	const char *over;
};

static int
setup(void **state)
{
	static const char *const env[] = {"WANTED=yes", NULL};
	struct fixture *f = calloc(1, sizeof(*f));
	char exe[400];
	ssize_t n;

	strcpy(f->root, "/tmp/cage-test-XXXXXX");
	assert_non_null(mkdtemp(f->root));
	snprintf(f->rw, sizeof(f->rw), "%s/rw", f->root);
	snprintf(f->ro, sizeof(f->ro), "%s/ro", f->root);
	assert_int_equal(mkdir(f->rw, 0755), 0);
	assert_int_equal(mkdir(f->ro, 0755), 0);
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	assert_true(n > 0);
	exe[n] = '\0';
	strcpy(f->self, exe);
	f->binds[0] = (struct cage_bind){f->rw, "/work/rw", true};
	f->binds[1] = (struct cage_bind){f->ro, "/work/ro", false};
	f->binds[2] = (struct cage_bind){f->self, "/work/self", false};
	f->argv[0] = "/work/self";
	f->spec = (struct cage_spec){.name = "test",
	    .binds = f->binds,
	    .bind_count = 3,
	    .dir = "/work/ro",
	    .argv = f->argv,
	    .env = env,
	    .memory = 256 << 20,
	    .processes = 32,
	    .file_size = 1 << 20,
	    .tmp_bytes = 1 << 20};
	setenv("SECRET", "leaked", 1);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	fs_remove_tree(AT_FDCWD, f->root, NULL);
	buf_release(&f->output);
	free(f);
	return 0;
}

static void
begin(struct fixture *f, const char *word)
{
	struct err e;

	f->argv[1] = word;
	assert_int_equal(pipe2(f->pipe, O_CLOEXEC), 0);
	f->cage = cage_start(&f->spec, f->pipe[1], &e);
	assert_non_null(f->cage);
	close(f->pipe[1]);
	assert_int_equal(fcntl(f->pipe[0], F_SETFL, O_NONBLOCK), 0);
}

static void
read_output(struct fixture *f)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(f->pipe[0], bytes, sizeof(bytes))) > 0)
		buf_add(&f->output, bytes, (size_t)n);
}

/* Look as the runner does, until it ends or "limit_ms" is over. */
static bool
watch(struct fixture *f, uint64_t limit_ms, int *status)
{
	uint64_t until = clock_up_ms() + limit_ms;
	struct cage_usage u;

	while (clock_up_ms() < until) {
		read_output(f);
		if (waitpid(cage_pid(f->cage), status, WNOHANG) > 0) {
			read_output(f);
			close(f->pipe[0]);
			return true;
		}
		cage_look(f->cage, &u);
		if (u.processes > f->most.processes)
			f->most.processes = u.processes;
		if (u.memory > f->most.memory)
			f->most.memory = u.memory;
		f->most.cpu_ms = u.cpu_ms;
		if (cage_over(f->cage, &u, &f->over))
			cage_kill(f->cage);
		usleep(20000);
	}
	return false;
}

static struct cage_end
run(struct fixture *f, const char *word)
{
	int status = -1;

	begin(f, word);
	if (!watch(f, 20000, &status)) {
		cage_kill(f->cage);
		fail_msg("'%s' did not end: %s", word, buf_text(&f->output));
	}
	return cage_ended(f->cage, status);
}

static void
await_ready(struct fixture *f)
{
	int i;

	for (i = 0; i < 200; i++) {
		read_output(f);
		if (strstr(buf_text(&f->output), "ready") != NULL)
			return;
		usleep(20000);
	}
	fail_msg("it never got ready: %s", buf_text(&f->output));
}

/* ---- tests ----------------------------------------------------------- */

static void
the_probe_finds_that_cages_can_be_made(void **state)
{
	struct err e;

	(void)state;
	err_clear(&e);
	if (cage_probe(&e) == -1)
		fail_msg("%s", e.text);
}

static void
the_program_is_nobody_with_no_capability_and_a_clean_environment(void **state)
{
	struct fixture *f = *state;
	struct cage_end end = run(f, "who");
	const char *text = buf_text(&f->output);

	assert_int_equal(end.code, 0);
	assert_int_equal(end.signo, 0);
	assert_non_null(strstr(text, "uid=65534 gid=65534"));
	assert_non_null(strstr(text, "CapEff:\t0000000000000000"));
	assert_non_null(strstr(text, "CapBnd:\t0000000000000000"));
	assert_non_null(strstr(text, "secret=none wanted=yes"));
}

static void
only_its_own_folders_can_be_written(void **state)
{
	struct fixture *f = *state;
	char path[128];

	run(f, "write");
	assert_string_equal(buf_text(&f->output),
	    "wrote /work/rw/x\nwrote /tmp/x\nwrote /dev/shm/x\n");
	snprintf(path, sizeof(path), "%s/x", f->rw);
	assert_int_equal(access(path, F_OK), 0);
}

static void
there_is_no_network(void **state)
{
	struct fixture *f = *state;

	run(f, "network");
	assert_non_null(strstr(buf_text(&f->output), "no network"));
}

static void
a_fork_bomb_is_contained(void **state)
{
	struct fixture *f = *state;
	int status = -1;

	begin(f, "bomb");
	if (!watch(f, 2000, &status)) {
		cage_kill(f->cage);
		assert_true(watch(f, 5000, &status));
	}
	cage_ended(f->cage, status);
	assert_null(strstr(buf_text(&f->output), "never stopped"));
	assert_true(f->over != NULL ||
	    strstr(buf_text(&f->output), "stopped after") != NULL);
}

static void
a_memory_hog_is_killed(void **state)
{
	struct fixture *f = *state;
	struct cage_end end = run(f, "eat");

	assert_null(strstr(buf_text(&f->output), "ate 1 GiB"));
	assert_true(end.signo == SIGKILL);
	assert_true(end.out_of_memory ||
	    (f->over != NULL && strcmp(f->over, "memory") == 0));
}

static void
exit_codes_and_signals_come_through(void **state)
{
	struct fixture *f = *state;
	struct cage_end end;

	end = run(f, "77");
	assert_int_equal(end.code, 77);
	assert_int_equal(end.signo, 0);
	end = run(f, "signal");
	assert_int_equal(end.signo, SIGUSR1);
}

static void
killing_a_cage_ends_everything_in_it(void **state)
{
	struct fixture *f = *state;
	uint64_t since;
	int status = -1;

	begin(f, "daemons");
	await_ready(f);
	cage_look(f->cage, &f->most);
	assert_true(f->most.processes >= 8);
	since = clock_up_ms();
	cage_kill(f->cage);
	assert_true(watch(f, 5000, &status));
	assert_true(clock_up_ms() - since < 2000);
	/* The pipe has no writer left: nobody lives on. */
	assert_int_equal(cage_ended(f->cage, status).signo, SIGKILL);
}

static void
when_a_cage_has_ended_nobody_writes_any_more(void **state)
{
	struct fixture *f = *state;
	struct stat before, after;
	char path[128];
	int i;

	snprintf(path, sizeof(path), "%s/growing", f->rw);
	for (i = 0; i < 10; i++) {
		assert_int_equal(run(f, "writer").code, 0);
		assert_int_equal(stat(path, &before), 0);
		usleep(20000);
		assert_int_equal(stat(path, &after), 0);
		assert_int_equal(before.st_size, after.st_size);
	}
}

static void
a_signal_reaches_the_program_and_not_its_walls(void **state)
{
	struct fixture *f = *state;
	struct cage_end end;
	int status = -1;

	begin(f, "term");
	await_ready(f);
	cage_signal(f->cage, SIGTERM);
	assert_true(watch(f, 5000, &status));
	end = cage_ended(f->cage, status);
	assert_int_equal(end.code, 5);
	assert_non_null(strstr(buf_text(&f->output), "told to end"));
}

static void
its_processor_time_is_seen(void **state)
{
	struct fixture *f = *state;

	run(f, "spin");
	assert_in_range(f->most.cpu_ms, 300, 1000);
}

static void
it_is_as_nice_as_it_is_told(void **state)
{
	struct fixture *f = *state;
	int ours = getpriority(PRIO_PROCESS, 0);
	char text[64];

	run(f, "nice");
	snprintf(text, sizeof(text), "nice=%d policy=%d\n", ours, SCHED_OTHER);
	assert_non_null(strstr(buf_text(&f->output), text));
	f->spec.nice = 19;
	f->spec.idle = true;
	run(f, "nice");
	snprintf(text, sizeof(text), "nice=19 policy=%d\n", SCHED_IDLE);
	assert_non_null(strstr(buf_text(&f->output), text));
	f->spec.none = true;
	f->spec.dir = f->ro;
	f->argv[0] = f->self;
	run(f, "nice");
	assert_non_null(strstr(buf_text(&f->output), text));
}

static void
without_walls_the_limits_remain(void **state)
{
	struct fixture *f = *state;
	struct cage_end end;

	f->spec.none = true;
	f->spec.dir = f->ro;
	f->argv[0] = f->self;
	end = run(f, "77");
	assert_int_equal(end.code, 77);
	end = run(f, "eat");
	assert_int_equal(end.signo, SIGKILL);
}

int
main(int argc, char **argv)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_probe_finds_that_cages_can_be_made),
#define CAGED(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	    CAGED(the_program_is_nobody_with_no_capability_and_a_clean_environment),
	    CAGED(only_its_own_folders_can_be_written),
	    CAGED(there_is_no_network),
	    CAGED(a_fork_bomb_is_contained),
	    CAGED(a_memory_hog_is_killed),
	    CAGED(exit_codes_and_signals_come_through),
	    CAGED(killing_a_cage_ends_everything_in_it),
	    CAGED(when_a_cage_has_ended_nobody_writes_any_more),
	    CAGED(a_signal_reaches_the_program_and_not_its_walls),
	    CAGED(its_processor_time_is_seen),
	    CAGED(it_is_as_nice_as_it_is_told),
	    CAGED(without_walls_the_limits_remain),
	};
	/* clang-format on */

	if (argc > 1)
		return prisoner(argv[1]);
	return cmocka_run_group_tests_name("botd/cage", tests, NULL, NULL);
}
