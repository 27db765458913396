/*
 * Who waits for a cage.  bubblewrap's own --die-with-parent comes late: until
 * its init has asked for it, a bubblewrap that dies leaves that init behind,
 * and with it an engine that nobody knows.  So a process of ours stands between
 * the runner and bubblewrap.  What loses its parent below it becomes its child
 * (it is a subreaper), it is told when the runner is gone, and it ends when it
 * has no child left: then nothing of the cage lives any more.
 */
#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "botd/cage/cage_internal.h"

#define CHILDREN_MAX 64

/* Those it has now; who comes later is seen when one of these has ended. */
static void
kill_children(void)
{
	pid_t pids[CHILDREN_MAX];
	int i, n;

	n = tree_children(getpid(), pids, CHILDREN_MAX);
	for (i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
}

/* Until there is no child; "first"'s status as a shell's exit code. */
static int
keep(pid_t first, const sigset_t *watched)
{
	bool over = false;
	int status, code = 128 + SIGKILL;
	pid_t pid;

	for (;;) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
			if (pid != first)
				continue;
			over = true;
			code = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
						   : WEXITSTATUS(status);
		}
		if (pid == -1 && errno == ECHILD)
			return code;
		if (over)
			kill_children();
		if (sigwaitinfo(watched, NULL) == SIGTERM) {
			over = true;
			kill_children();
		}
	}
}

/* As any child of the runner: killed with its parent, all signals plain. */
static void
be_child(pid_t keeper, const sigset_t *plain)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != keeper)
		_exit(127);
	sigprocmask(SIG_SETMASK, plain, NULL);
}

int
keeper_run(int (*inside)(void *arg), void *arg)
{
	pid_t first, self = getpid();
	sigset_t all, plain, watched;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &plain);
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigaddset(&watched, SIGTERM);
	/* Until here the runner's death is ours; from here on we hear of it. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) == -1 ||
	    prctl(PR_SET_PDEATHSIG, SIGTERM) == -1)
		return 127;
	(void)prctl(PR_SET_NAME, "pandafuzz-cage");
	setsid();
	first = fork();
	if (first == 0) {
		be_child(self, &plain);
		return inside(arg);
	}
	if (first == -1)
		return 127;
	/* The output's reader must see its end. */
	close(0);
	close(1);
	return keep(first, &watched);
}
