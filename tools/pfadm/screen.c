/*
 * Standard output as a person's screen: what it can do, and the pager for what
 * may be longer than it.  Pages are for data only; whatever failed was said
 * before the first one.
 */
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/spawn.h"
#include "tools/pfadm/pfadm.h"

static pid_t pager; /* 0: none */

static bool
wants_color(const char *when, bool tty)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (strcmp(when, "always") == 0)
		return true;
	if (strcmp(when, "never") == 0 || !tty)
		return false;
	return (no == NULL || *no == '\0') &&
	    (term == NULL || strcmp(term, "dumb") != 0);
}

static int
check_color(const char *when)
{
	if (strcmp(when, "auto") == 0 || strcmp(when, "always") == 0 ||
	    strcmp(when, "never") == 0)
		return 0;
	return complain_usage(
	    "color: auto, always or never, not '%.40s'", when);
}

static int
width(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		return w.ws_col;
	return 80;
}

int
screen_open(struct pfadm *pf, const char *color)
{
	const char *when = pf->o.color != NULL ? pf->o.color
	    : color != NULL                    ? color
					       : "auto";

	if (check_color(when) != 0)
		return EXIT_USAGE;
	setlocale(LC_CTYPE, "");
	pf->tty = isatty(STDOUT_FILENO);
	pf->look = (struct look){.tty = pf->tty,
	    .color = wants_color(when, pf->tty),
	    .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	    .no_header = pf->o.no_header,
	    .wide = pf->o.wide,
	    .width = pf->tty ? width() : 0};
	return 0;
}

/* ---- pager ----------------------------------------------------------- */

/* A pager that is not there is none. */
static void
start(const char *command)
{
	const char *const argv[] = {"sh", "-c", command, NULL};
	struct spawn s = {.argv = argv, .err = -1};
	int pipes[2];
	struct err e;

	if (pipe(pipes) == -1)
		return;
	s.in = pipes[0];
	s.out = STDOUT_FILENO;
	fflush(stdout);
	pager = spawn(&s, &e);
	close(pipes[0]);
	if (pager > 0 && dup2(pipes[1], STDOUT_FILENO) != -1)
		signal(SIGINT, SIG_IGN); /* it is the pager's now */
	if (pager < 0)
		pager = 0;
	close(pipes[1]);
}

void
screen_page(struct pfadm *pf)
{
	const char *command = getenv("PAGER"), *term = getenv("TERM");

	if (!pf->tty || pf->o.no_pager || pf->o.json || pager != 0)
		return;
	if (command == NULL)
		command = access("/usr/bin/less", X_OK) == 0 ||
			access("/bin/less", X_OK) == 0
		    ? "less -FRX"
		    : "";
	if (*command == '\0' || strcmp(command, "cat") == 0 ||
	    (term != NULL && strcmp(term, "dumb") == 0))
		return;
	setenv("LESS", "FRX", 0);
	start(command);
}

int
screen_close(void)
{
	bool failed = fflush(stdout) == EOF || ferror(stdout) != 0;
	int error = errno, status;

	if (pager == 0) {
		errno = error;
		return failed ? -1 : 0;
	}
	fclose(stdout); /* the end of what it reads */
	while (waitpid(pager, &status, 0) == -1 && errno == EINTR)
		;
	pager = 0;
	return 0;
}
