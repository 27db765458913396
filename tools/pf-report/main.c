/*
 * pf-report: what a cron job tells people and monitoring.  It only reads, so
 * the group pandafuzz-read is enough.
 */
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "lib/base/version.h"
#include "tools/pf-report/pf_report.h"

#define DEFAULT_SOCKET "/run/pandafuzz/admin.sock"
#define IN_ROOT        "/run/admin.sock"
#define DAY_MS         (24ull * 60 * 60 * 1000)
#define LOCK_MS        20000
#define LOCK_STEP_US   50000

struct wish {
	char *socket;
	const char *state;
	uint64_t since_ms;
	bool quiet, check;
};

static const char usage_text[] =
    "usage: pf-report [OPTION]... text [--since 24h] [-q] [--state FILE]\n"
    "           [--check]\n"
    "       pf-report [OPTION]... prom FILE\n"
    "\n"
    "  text        what is new, what is wrong, how the farm is; the first\n"
    "              line can be a mail's subject\n"
    "  prom        write the master's metrics to FILE, for node_exporter's\n"
    "              textfile collector\n"
    "\n"
    "  --since T   look back so long: 24h, 7d (24h)\n"
    "  -q, --quiet print nothing when there is nothing new and nothing wrong\n"
    "  --state F   print only what FILE does not say was told within "
    "--since\n"
    "  --check     exit 10 when there is something to look at\n"
    "  --root DIR  the master's folder\n"
    "  --socket P  the master's socket (" DEFAULT_SOCKET ")\n"
    "  --help, --version\n"
    "\n"
    "examples:\n"
    "  pf-report text -q --since 24h\n"
    "  pf-report text --state ~/.pf-report\n"
    "  pf-report prom /var/lib/prometheus/node-exporter/pandafuzz.prom\n";

static int
usage(const char *what)
{
	fprintf(stderr, "pf-report: %s; see pf-report --help\n", what);
	return EXIT_USAGE;
}

static int
complain(const struct err *e, long status)
{
	fprintf(stderr, "pf-report: %s\n", e->text);
	if (e->cls == ERR_DENIED) {
		fputs("hint: members of the groups pandafuzz-admin and "
		      "pandafuzz-read may ask\n",
		    stderr);
		return EXIT_DENIED;
	}
	if (status != 0 || e->cls != ERR_AGAIN)
		return EXIT_BAD;
	fputs("hint: start it: pf-local up ROOT, or systemctl start "
	      "pandafuzz-masterd; --root ROOT says where it is\n",
	    stderr);
	return EXIT_NO_MASTER;
}

/* ---- one at a time --------------------------------------------------- */

/*
 * The lock is on the socket's folder: nothing is written, and whoever can
 * reach the socket can take it.  Given up with the process.
 */
static int
lock(const char *socket, struct err *e)
{
	uint64_t until = clock_up_ms() + LOCK_MS;
	char *folder = mem_strdup(socket), *slash = strrchr(folder, '/');
	int fd;

	if (slash == folder)
		slash++;
	if (slash != NULL)
		*slash = '\0';
	fd = open(
	    slash == NULL ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd == -1)
		return 0; /* no master: the socket will say so */
	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(e, "cannot lock the socket's folder");
		if (clock_up_ms() > until)
			return err_set(e, ERR_CONFLICT,
			    "another pf-report has been running for %d s",
			    LOCK_MS / 1000);
		usleep(LOCK_STEP_US);
	}
	return 0;
}

/* ---- what it does ---------------------------------------------------- */

/* Whoever reads may stop reading; a full disk is said. */
static int
print(const struct facts *f, struct err *e)
{
	struct buf out = BUF_INIT;
	int rc;

	text_write(f, &out);
	rc = fs_write_all(STDOUT_FILENO, out.data, out.len);
	if (rc == -1 && errno == EPIPE)
		rc = 0;
	else if (rc == -1)
		err_sys(e, "cannot write the report");
	buf_release(&out);
	return rc;
}

/* What was told is kept once it is told: rather twice than not at all. */
static int
tell(const struct wish *w, const struct facts *f, struct err *e)
{
	bool news = facts_findings(f);
	struct buf next = BUF_INIT;
	int got, rc = 0;

	if (w->state != NULL) {
		got = state_compare(f, w->state, clock_wall_ms(), &next, e);
		if (got == -1) {
			buf_release(&next);
			return -1;
		}
		news = got == 1;
	}
	if (news || (!w->quiet && w->state == NULL))
		rc = print(f, e);
	if (rc == 0 && w->state != NULL)
		rc = state_save(w->state, &next, e);
	buf_release(&next);
	return rc == -1 ? -1 : news;
}

static int
do_text(const struct wish *w, struct client *c, const char *file)
{
	struct facts f = {.since_ms = w->since_ms};
	int code = EXIT_DONE, news;
	long status = 0;
	struct err e;

	(void)file;
	if (facts_gather(&f, c, &status, &e) == -1)
		code = complain(&e, status);
	else if ((news = tell(w, &f, &e)) == -1)
		code = complain(&e, 1);
	else if (w->check && news)
		code = EXIT_FINDINGS;
	facts_release(&f);
	return code;
}

static int
do_prom(const struct wish *w, struct client *c, const char *file)
{
	long status = 0;
	struct err e;

	(void)w;
	return prom_write(c, file, &status, &e) == 0 ? EXIT_DONE
						     : complain(&e, status);
}

/* clang-format off */
static const struct verb {
	const char *name;
	int arguments;
	int (*fn)(const struct wish *w, struct client *c, const char *file);
} verbs[] = {
	{ "text",	0,	do_text },
	{ "prom",	1,	do_prom },
};
/* clang-format on */

static int
run(struct wish *w, int argc, char **argv)
{
	struct where where = {.socket = w->socket};
	const struct verb *verb = NULL;
	struct client *c;
	struct err e;
	size_t i;
	int code;

	for (i = 0; argc > 0 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[0], verbs[i].name) == 0)
			verb = &verbs[i];
	if (verb == NULL)
		return usage("say text or prom");
	if (argc - 1 != verb->arguments)
		return usage(verb->arguments == 1 ? "prom takes one FILE"
						  : "text takes no words");
	if (lock(w->socket, &e) == -1)
		return complain(&e, 1);
	c = client_open(&where, true);
	code = verb->fn(w, c, argv[1]);
	client_close(c);
	return code;
}

/* ---- the command line ------------------------------------------------ */

/* "inside": what is behind the folder of a root; "" for a socket's own path. */
static void
set_socket(struct wish *w, const char *path, const char *inside)
{
	struct buf text = BUF_INIT;

	free(w->socket);
	buf_printf(&text, "%s%s", path, inside);
	w->socket = buf_detach(&text);
}

static void
from_environment(struct wish *w)
{
	const char *socket = getenv("PANDAFUZZ_SOCKET");
	const char *root = getenv("PANDAFUZZ_ROOT");

	if (socket != NULL && *socket != '\0')
		set_socket(w, socket, "");
	else if (root != NULL && *root != '\0')
		set_socket(w, root, IN_ROOT);
	else
		set_socket(w, DEFAULT_SOCKET, "");
}

static const struct option options[] = {
    {"since", required_argument, NULL, 's'},
    {"quiet", no_argument, NULL, 'q'},
    {"state", required_argument, NULL, 't'},
    {"check", no_argument, NULL, 'c'},
    {"root", required_argument, NULL, 'r'},
    {"socket", required_argument, NULL, 'S'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'v'},
    {NULL, 0, NULL, 0},
};

/* -1 to go on, else the exit code. */
static int
take_option(struct wish *w, int option)
{
	struct err e;

	switch (option) {
	case 's':
		if (text_to_duration(&w->since_ms, optarg, &e) == -1 ||
		    w->since_ms > 400 * DAY_MS)
			return usage("--since takes a time such as 24h or 7d");
		return -1;
	case 'q':
		w->quiet = true;
		return -1;
	case 't':
		w->state = optarg;
		return -1;
	case 'c':
		w->check = true;
		return -1;
	case 'r':
		set_socket(w, optarg, IN_ROOT);
		return -1;
	case 'S':
		set_socket(w, optarg, "");
		return -1;
	case 'h':
		fputs(usage_text, stdout);
		return EXIT_DONE;
	case 'v':
		puts("pf-report " PANDAFUZZ_VERSION);
		return EXIT_DONE;
	default: /* getopt has named it */
		return usage("bad option");
	}
}

int
main(int argc, char **argv)
{
	struct wish w = {.since_ms = DAY_MS};
	int option, code = -1;

	signal(SIGPIPE, SIG_IGN);
	from_environment(&w);
	while (code == -1 &&
	    (option = getopt_long(argc, argv, "q", options, NULL)) != -1)
		code = take_option(&w, option);
	if (code == -1)
		code = run(&w, argc - optind, argv + optind);
	free(w.socket);
	return code;
}
