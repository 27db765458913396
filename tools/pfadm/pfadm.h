#ifndef TOOLS_PFADM_PFADM_H
#define TOOLS_PFADM_PFADM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base/err.h"
#include "tools/pfadm/client.h"
#include "tools/pfadm/options.h"
#include "tools/pfadm/table.h"

/*
 * pfadm: the administrator's side of the admin socket.  One table of commands
 * (commands.c) drives grammar, help and dispatch; every command asks the
 * master over HTTP and prints what it said, for people or as JSON.
 *
 * Standard output is data only; everything else goes to standard error.
 */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2, /* also an ambiguous prefix */
	EXIT_NOT_FOUND = 3,
	EXIT_DENIED = 4,
	EXIT_NO_MASTER = 5,
	EXIT_TIMEOUT = 6,
	EXIT_CONFLICT = 7,
	EXIT_FINDINGS = 10,
	EXIT_INTERRUPTED = 130
};

struct pfadm {
	struct options o;
	const struct command *command;
	const char *arg; /* the command's first, or NULL */
	char **args;     /* all of them */
	int arg_count;
	struct where where;
	struct client *client;
	bool tty;         /* standard output is a terminal */
	struct look look; /* how tables are drawn there */
};

struct command {
	const char *words; /* "job list" */
	/* "TARGET", "[BOT]", "JOB...", "JOB KEY=VALUE...", or "" */
	const char *argument;
	const char *summary; /* one line */
	uint64_t options;    /* bits of options.h */
	int (*run)(struct pfadm *pf);
	const void *data; /* of "run" */
	/* Two examples, each a command line and what it is for. */
	const char *examples[2][2];
};

extern const struct command commands[];
extern const int command_count;

/* ---- grammar.c ---- */
/* The command whose words "words" begin with; *used words belong to it.  NULL
 * after a complaint, with the nearest one as a hint. */
const struct command *grammar_find(int count, char **words, int *used);
/* Check the rest against the command's argument. */
int grammar_argument(struct pfadm *pf, int count, char **words);
void help_all(FILE *out);
/* Help of every command of a noun: "job". */
bool help_noun(FILE *out, const char *noun);
void help_command(FILE *out, const struct command *c);
/* Of all, of a noun, of a command; the exit code. */
int help_words(struct pfadm *pf, int count, char **words);

/* ---- screen.c ---- */
/* What standard output is and how it may look; "color" is the user's wish from
 * the file, or NULL.  0, or the exit code after a complaint. */
int screen_open(struct pfadm *pf, const char *color);
/* What is printed from here on may be long: on a terminal it goes through
 * $PAGER, or less, which shows it at once when it fits. */
void screen_page(struct pfadm *pf);
/* All is printed: wait for the reader.  -1 when it could not be written. */
int screen_close(void);

/* ---- complain.c ---- */
/*
 * Say that something failed, and return the exit code for it.  "reply" may be
 * NULL.  With --json the error also goes to standard output as JSON, as the
 * master sent it or in the same form.
 */
int complain(struct pfadm *pf, const struct err *e, const struct reply *reply);
/* Usage errors, too, go out as JSON from here on, when "yes". */
void complain_as_json(bool yes);
int complain_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
