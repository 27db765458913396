/*
 * Cages: start one, look at what it uses, end it.  bubblewrap makes the
 * walls; limits come from rlimits, from a cgroup where there may be one, and
 * from looking where not.
 */
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/cage/cage_internal.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/spawn.h"

#define OPEN_FILES 4096
#define INSIDE_MAX 64
/* bubblewrap, its init, prlimit and a symbolizer are not the target's. */
#define OWN_PROCESSES 8
/* A target over its own limit is told so by its engine first. */
#define MEMORY_SLACK(limit) ((limit) + (limit) / 4)

#define EXIT_NO_START 127

struct cage {
	pid_t pid; /* the keeper; without walls the program */
	bool walls;
	struct cgroup group;
	uint64_t memory, processes;
	uint64_t cpu_ms;    /* most seen so far, */
	uint64_t looked_ms; /* and when */
};

struct start {
	const struct cage_spec *spec;
	const struct cgroup *group;
	const char *const *argv;
	bool fixed_addresses;
};

static void
limit(int what, rlim_t n)
{
	struct rlimit r = {n, n}, now;

	/* A plain user cannot raise what is lower already. */
	if (getrlimit((__rlimit_resource_t)what, &now) == 0 &&
	    now.rlim_max != RLIM_INFINITY && now.rlim_max < n)
		return;
	(void)setrlimit((__rlimit_resource_t)what, &r);
}

/* Of all on this machine the kernel shall end the target first. */
static void
be_first_to_go(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	ssize_t ignored;

	if (fd == -1)
		return;
	ignored = write(fd, "500", 3);
	(void)ignored;
	close(fd);
}

/* Never less nice than we are ourselves. */
static int
step_back(const struct cage_spec *s)
{
	const struct sched_param none = {0};
	int now;

	errno = 0;
	now = getpriority(PRIO_PROCESS, 0);
	if (s->nice > now && errno == 0 &&
	    setpriority(PRIO_PROCESS, 0, s->nice) == -1)
		return -1;
	return s->idle ? sched_setscheduler(0, SCHED_IDLE, &none) : 0;
}

static int
fail_start(const char *what)
{
	dprintf(2, "cage: cannot %s: %s\n", what, strerror(errno));
	return EXIT_NO_START;
}

/* In the child, before the program. */
static int
start_inside(void *arg)
{
	static const char *const no_env[] = {"PATH=/usr/bin:/bin", NULL};
	const struct start *s = arg;
	const char *const *env = s->spec->none ? s->spec->env : no_env;

	if (s->spec->talks)
		dup2(1, 0);
	dup2(1, 2);
	setsid();
	if (cgroup_enter(s->group) == -1)
		return fail_start("enter the cgroup");
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, OPEN_FILES);
	if (s->spec->file_size != 0)
		limit(RLIMIT_FSIZE, s->spec->file_size);
	be_first_to_go();
	if (step_back(s->spec) == -1)
		return fail_start("be nice");
	if (s->fixed_addresses)
		personality(ADDR_NO_RANDOMIZE);
	if (s->spec->none && s->spec->dir != NULL && chdir(s->spec->dir) == -1)
		return fail_start("enter the build's folder");
	/* Not execvpe() for a path: what the kernel does not know as a program
	 * it would hand to a shell. */
	if (strchr(s->argv[0], '/') != NULL)
		execve(s->argv[0], (char *const *)s->argv, (char *const *)env);
	else
		execvpe(s->argv[0], (char *const *)s->argv, (char *const *)env);
	return fail_start("run the program");
}

static int
start_kept(void *arg)
{
	return keeper_run(start_inside, arg);
}

/*
 * ASan of clang before 18 dies at random starts, in a loop of DEADLYSIGNAL,
 * where mmap uses more random bits than its shadow leaves room for.
 */
static bool
addresses_too_random(void)
{
	char text[16] = "";
	ssize_t n;
	int fd;

	fd = open("/proc/sys/vm/mmap_rnd_bits", O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 && atoi(text) > 28;
}

static void
cage_free(struct cage *c)
{
	cgroup_remove(&c->group);
	free(c);
}

struct cage *
cage_start(const struct cage_spec *s, int out, struct err *e)
{
	struct strings argv = {NULL, 0, NULL, 0};
	struct start start = {s, NULL, s->argv, addresses_too_random()};
	struct cage *c = mem_alloc(sizeof(*c));

	c->walls = !s->none;
	c->memory = s->memory == 0 ? 0 : MEMORY_SLACK(s->memory);
	c->processes = s->processes;
	cgroup_make(&c->group, s->name, c->memory,
	    s->processes == 0 ? 0 : s->processes + OWN_PROCESSES);
	start.group = &c->group;
	if (c->walls) {
		bwrap_command(&argv, s);
		start.argv = argv.list;
	}
	c->looked_ms = clock_up_ms();
	c->pid =
	    spawn_call(s->none ? start_inside : start_kept, &start, -1, out, e);
	strings_release(&argv);
	if (c->pid == -1) {
		cage_free(c);
		return NULL;
	}
	return c;
}

pid_t
cage_pid(const struct cage *c)
{
	return c->pid;
}

void
cage_look(struct cage *c, struct cage_usage *u)
{
	tree_look(c->pid, c->walls, u);
	if (u->cpu_ms > c->cpu_ms)
		c->cpu_ms = u->cpu_ms;
	u->cpu_ms = c->cpu_ms;
	c->looked_ms = clock_up_ms();
}

uint64_t
cage_cpu_ms(const struct cage *c)
{
	return c->cpu_ms + (clock_up_ms() - c->looked_ms);
}

bool
cage_over(const struct cage *c, const struct cage_usage *u, const char **what)
{
	/* The kernel counts better, where it was asked to. */
	if (c->memory != 0 && c->group.memory[0] == '\0' &&
	    u->memory > c->memory) {
		*what = "memory";
		return true;
	}
	if (c->processes != 0 && u->processes > c->processes + OWN_PROCESSES) {
		*what = "processes";
		return true;
	}
	return false;
}

void
cage_signal(struct cage *c, int signo)
{
	pid_t pids[INSIDE_MAX];
	int i, n;

	n = tree_inside(c->pid, c->walls, pids, INSIDE_MAX);
	for (i = 0; i < n; i++)
		kill(pids[i], signo);
}

void
cage_kill(struct cage *c)
{
	if (c->walls) {
		kill(c->pid, SIGTERM); /* it ends when all of it has */
		return;
	}
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
}

struct cage_end
cage_ended(struct cage *c, int status)
{
	struct cage_end end = {0, 0, false};

	if (WIFSIGNALED(status))
		end.signo = WTERMSIG(status);
	else
		end.code = WEXITSTATUS(status);
	/* bubblewrap and its keeper say 128 + signal, as a shell does. */
	if (c->walls && end.code > 128 && end.code <= 128 + SIGRTMAX) {
		end.signo = end.code - 128;
		end.code = 0;
	}
	if (!c->walls)
		kill(-c->pid, SIGKILL); /* whatever it left behind */
	end.out_of_memory = cgroup_oom(&c->group);
	cage_free(c);
	return end;
}
