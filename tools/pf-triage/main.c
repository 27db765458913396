/*
 * pf-triage: lib/triage for anybody's reports, as the master does it, without
 * a master: no folder, no socket, no network.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "lib/base/version.h"
#include "tools/pf-triage/pf_triage.h"

/* Of a longer report the rest is not looked at. */
#define REPORT_MAX ((size_t)64 * 1024 * 1024)
#define PIECE      ((size_t)64 * 1024)

static const char usage_text[] =
    "usage: pf-triage [--json] [--target NAME] [--rules FILE]\n"
    "           [--project NAME] [FILE]...\n"
    "       pf-triage [OPTION]... --cluster DIR\n"
    "\n"
    "  reads reports of sanitizers, libFuzzer, gdb and others, or standard\n"
    "  input, and says what bug each is\n"
    "\n"
    "  --json          one JSON object a line and file\n"
    "  --target NAME   what stands for the place of timeouts and the like\n"
    "                  (the file's name)\n"
    "  --rules FILE    rules beside the built-in ones: pandafuzz-rules(5)\n"
    "  --project NAME  those of this project, too\n"
    "  --cluster DIR   group the reports of a folder\n"
    "  --help, --version\n"
    "\n"
    "exit status: 0 done, 1 some file had no crash, 2 wrong options or\n"
    "something could not be read\n";

static int
usage(const char *what)
{
	fprintf(stderr, "pf-triage: %s; see pf-triage --help\n", what);
	return EXIT_USAGE;
}

void
put_out(struct buf *out)
{
	if (fs_write_all(STDOUT_FILENO, out->data, out->len) == -1) {
		/* Whoever reads may stop reading. */
		if (errno == EPIPE)
			exit(0);
		fprintf(
		    stderr, "pf-triage: cannot write: %s\n", strerror(errno));
		exit(EXIT_USAGE);
	}
	buf_reset(out);
}

static int
slurp(struct buf *b, int fd)
{
	ssize_t n;

	buf_reset(b);
	while (b->len < REPORT_MAX) {
		buf_grow(b, PIECE);
		n = read(fd, b->data + b->len, PIECE);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		b->len += (size_t)n;
	}
	return 0;
}

/* The file's name stands for a target that was not named; of a folder, whose
 * reports are compared, the folder's does. */
static const char *
target_of(const struct wish *w, const char *file)
{
	const char *slash;

	if (w->target != NULL)
		return w->target;
	if (w->cluster != NULL)
		return w->cluster;
	slash = strrchr(file, '/');
	if (strcmp(file, "-") == 0)
		return "unknown";
	return slash != NULL ? slash + 1 : file;
}

bool
report_read(struct report *r, const struct wish *w, const char *file)
{
	bool standard = strcmp(file, "-") == 0;
	struct buf name = BUF_INIT;
	int fd = STDIN_FILENO, rc;

	r->file = file;
	if (!standard)
		fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	rc = fd == -1 ? -1 : slurp(&r->text, fd);
	if (rc == -1) {
		text_clean_line(&name, file, strlen(file), 4096);
		fprintf(stderr, "pf-triage: cannot read '%s': %s\n",
		    buf_text(&name), strerror(errno));
		buf_release(&name);
	}
	if (fd != -1 && !standard)
		close(fd);
	if (rc == -1)
		return false;
	r->crash = facts_read(&r->facts, buf_text(&r->text), r->text.len) == 0;
	triage_settle(&r->triage, &r->facts, w->named, target_of(w, file));
	return true;
}

static int
each_file(const struct wish *w, char **files, int count)
{
	struct report *r = mem_alloc(sizeof(*r));
	struct buf out = BUF_INIT;
	int i, status = 0;

	for (i = 0; i < count; i++) {
		if (!report_read(r, w, files[i])) {
			status = EXIT_USAGE;
			continue;
		}
		if (!r->crash && status == 0)
			status = EXIT_NO_CRASH;
		if (w->json)
			show_json(&out, r, w, 0);
		else
			show_text(&out, r, w);
		put_out(&out);
	}
	buf_release(&out);
	buf_release(&r->text);
	free(r);
	return status;
}

/* ---- options ----------------------------------------------------------- */

static int
load_rules(struct rules **rules, const char *path)
{
	struct buf text = BUF_INIT, complaints = BUF_INIT;
	struct err e;
	int rc, fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	rc = fd == -1 ? -1 : slurp(&text, fd);
	if (rc == -1) {
		fprintf(stderr, "pf-triage: cannot read '%s': %s\n", path,
		    strerror(errno));
	} else if (rules_complaints(&complaints, buf_text(&text), text.len) >
	    0) {
		fprintf(stderr, "pf-triage: '%s' is not used:\n%s", path,
		    buf_text(&complaints));
		rc = -1;
	} else {
		rc = rules_parse(rules, buf_text(&text), text.len, &e);
	}
	if (fd != -1)
		close(fd);
	buf_release(&complaints);
	buf_release(&text);
	return rc;
}

struct options {
	const char *rules, *project;
};

/* Returns -1, or the status to end with at once. */
static int
read_options(struct wish *w, struct options *o, int argc, char **argv)
{
	/* clang-format off */
	static const struct option options[] = {
		{ "json",	no_argument,		NULL, 'j' },
		{ "target",	required_argument,	NULL, 't' },
		{ "rules",	required_argument,	NULL, 'r' },
		{ "project",	required_argument,	NULL, 'p' },
		{ "cluster",	required_argument,	NULL, 'c' },
		{ "help",	no_argument,		NULL, 'h' },
		{ "version",	no_argument,		NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	/* clang-format on */
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'j')
			w->json = true;
		else if (c == 't')
			w->target = optarg;
		else if (c == 'r')
			o->rules = optarg;
		else if (c == 'p')
			o->project = optarg;
		else if (c == 'c')
			w->cluster = optarg;
		else if (c == 'h')
			return fputs(usage_text, stdout) == EOF;
		else if (c == 'V')
			return puts("pf-triage " PANDAFUZZ_VERSION) == EOF;
		else
			return EXIT_USAGE;
	}
	if (w->cluster != NULL && optind < argc)
		return usage("--cluster takes a folder and no files");
	return -1;
}

int
main(int argc, char **argv)
{
	char dash[] = "-", *standard[] = {dash};
	struct options o = {NULL, NULL};
	struct wish w = {.json = false};
	struct rules *rules = NULL;
	int status;

	signal(SIGPIPE, SIG_IGN);
	if ((status = read_options(&w, &o, argc, argv)) != -1)
		return status;
	if (o.rules != NULL && load_rules(&rules, o.rules) == -1)
		return EXIT_USAGE;
	w.rules = rules != NULL ? rules : rules_base();
	w.named = rules_of(w.rules, o.project);
	if (w.cluster != NULL)
		status = cluster_run(&w);
	else if (optind < argc)
		status = each_file(&w, argv + optind, argc - optind);
	else
		status = each_file(&w, standard, 1);
	rules_free(rules);
	return status;
}
