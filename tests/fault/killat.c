/*
 * Run a master and kill it, or one of its children, at its N-th call.
 *
 *	killat [-a] [-n N] [-l] NEW PROGRAM [ARGUMENT]...
 *
 * Counts the file-system calls of PROGRAM and of all that it forks, in the
 * order in which they are made; -a: also those that only read.  The process
 * that is about to make the N-th is killed in its place (0: none is).  When
 * the folder NEW is empty PROGRAM gets SIGTERM; killat ends when all processes
 * have ended.  Prints "calls COUNT", and of the one that was killed "killed
 * CALL of master" or "of child K"; with -l each call on a line before.
 *
 * strace can kill at the N-th call of one name in each process, but not at the
 * N-th call of all: a child's fifth openat(2) is never reached when its parent
 * makes its own fifth before.  The filter stops nothing but what is counted.
 */
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

#define CHILDREN_MOST 256
#define LOOK_US       3000
#define GIVE_UP       (60 * 1000000 / LOOK_US)

static const char *const changing[] = {"open", "openat", "openat2", "creat",
    "write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "syncfs",
    "sync_file_range", "rename", "renameat", "renameat2", "link", "linkat",
    "symlink", "symlinkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir",
    "ftruncate", "fallocate", "chmod", "fchmod", "fchmodat", "utimensat",
    "copy_file_range", "sendmsg", "bind", "flock", NULL};
static const char *const reading[] = {"read", "pread64", "recvmsg", "close",
    "newfstatat", "fstat", "getdents64", "faccessat", "faccessat2", "lseek",
    "fcntl", "statfs", "fstatfs", NULL};

static pid_t root, children[CHILDREN_MOST];
static int child_count;
static volatile sig_atomic_t looks;

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "killat: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
on_alarm(int signo)
{
	(void)signo;
	looks++;
}

static void
stop_at(scmp_filter_ctx ctx, const char *const *names)
{
	int call;

	for (; *names != NULL; names++) {
		call = seccomp_syscall_resolve_name(*names);
		if (call >= 0 &&
		    seccomp_rule_add(ctx, SCMP_ACT_TRACE(1), call, 0) < 0)
			die(*names);
	}
}

static _Noreturn void
become(char **argv, bool all)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	stop_at(ctx, changing);
	if (all)
		stop_at(ctx, reading);
	raise(SIGSTOP);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    seccomp_load(ctx) < 0)
		die("cannot load the filter");
	execv(argv[0], argv);
	die(argv[0]);
}

static bool
is_empty(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	int n = 0;

	if (d == NULL)
		die(folder);
	while ((entry = readdir(d)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(d);
	return n == 0;
}

static const char *
who(pid_t pid)
{
	static char text[32];
	int i;

	if (pid == root)
		return "master";
	for (i = 0; i < child_count && children[i] != pid; i++)
		;
	if (i == child_count && child_count < CHILDREN_MOST)
		children[child_count++] = pid;
	snprintf(text, sizeof(text), "child %d", i + 1);
	return text;
}

static char *
call_name(pid_t pid)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) == -1)
		return NULL;
	return seccomp_syscall_resolve_num_arch(
	    SCMP_ARCH_NATIVE, (int)info.seccomp.nr);
}

/* At the entry of a call that counts; true when its process was killed. */
static bool
at_call(pid_t pid, long count, long n, bool list)
{
	char *name;

	if (!list && count != n)
		return false;
	name = call_name(pid);
	if (list)
		printf("%ld %s of %s\n", count, name, who(pid));
	if (count == n) {
		printf("killed %s of %s\n", name, who(pid));
		kill(pid, SIGKILL);
	}
	free(name);
	return count == n;
}

/* The signal that a stopped process is to be let on with. */
static int
signal_of(int status)
{
	if (status >> 16 != 0)
		return 0; /* an event, not a signal */
	return WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
}

static long
follow(const char *folder, long n, bool list)
{
	bool told = false;
	long count = 0;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (!told && is_empty(folder))
			told = kill(root, SIGTERM) == 0;
		if (looks > GIVE_UP) {
			fprintf(stderr, "killat: it does not come to an end\n");
			exit(1);
		}
		if (pid <= 0 || !WIFSTOPPED(status))
			continue;
		(void)who(pid);
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8) &&
		    at_call(pid, ++count, n, list))
			continue;
		ptrace(PTRACE_CONT, pid, 0, signal_of(status));
	}
	return count;
}

static void
start(char **argv, bool all)
{
	struct itimerval often = {{0, LOOK_US}, {0, LOOK_US}};
	struct sigaction alarmed = {.sa_handler = on_alarm};
	int status;

	if ((root = fork()) == -1)
		die("fork");
	if (root == 0)
		become(argv, all);
	if (waitpid(root, &status, WUNTRACED) != root ||
	    ptrace(PTRACE_SEIZE, root, 0,
		PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK |
		    PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
		    PTRACE_O_EXITKILL) == -1)
		die("cannot trace");
	kill(root, SIGCONT);
	sigaction(SIGALRM, &alarmed, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

int
main(int argc, char **argv)
{
	bool all = false, list = false;
	long n = 0;
	int c;

	while ((c = getopt(argc, argv, "+an:l")) != -1) {
		if (c == 'a')
			all = true;
		else if (c == 'l')
			list = true;
		else if (c == 'n')
			n = atol(optarg);
		else
			return 2;
	}
	if (argc - optind < 2) {
		fprintf(stderr,
		    "usage: killat [-a] [-n N] [-l] NEW PROGRAM "
		    "[ARGUMENT]...\n");
		return 2;
	}
	start(argv + optind + 1, all);
	printf("calls %ld\n", follow(argv[optind], n, list));
	return 0;
}
