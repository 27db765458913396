/*
 * The two commands that replace a database.  They print for the person who
 * gave them, and log nothing.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/db/db.h"
#include "masterd/maintain.h"
#include "masterd/rebuild.h"

static int
complain(const char *text)
{
	fprintf(stderr, "pandafuzz-masterd: %s; see --help\n", text);
	return 2;
}

static int
take_schema(struct maintain *m, const char *text)
{
	uint64_t n;

	if (text == NULL || text_to_u64(&n, text) == -1 || n == 0 ||
	    n >= DB_SCHEMA)
		return complain("--downgrade-to takes the number of an older "
				"schema");
	m->downgrade_to = (int)n;
	return 0;
}

/* 1 when the word was ours, 2 with the next, 0 not ours, -1 wrong. */
static int
take_word(struct maintain *m, const char *word, const char *next)
{
	static const char option[] = "--downgrade-to";

	if (strcmp(word, "--rebuild") == 0)
		m->rebuild = true;
	else if (strcmp(word, "--verify") == 0)
		m->verify = true;
	else if (strcmp(word, option) == 0)
		return take_schema(m, next) == 0 ? 2 : -1;
	else if (strncmp(word, option, strlen(option)) == 0 &&
	    word[strlen(option)] == '=')
		return take_schema(m, word + sizeof(option)) == 0 ? 1 : -1;
	else
		return 0;
	return 1;
}

int
maintain_parse(struct maintain *m, int *argc, char **argv)
{
	int from, to = 1, got;

	memset(m, 0, sizeof(*m));
	for (from = 1; from<*argc; from += got> 0 ? got : 1) {
		got = take_word(m, argv[from], argv[from + 1]);
		if (got == -1)
			return 2;
		if (got == 0)
			argv[to++] = argv[from];
	}
	argv[to] = NULL;
	*argc = to;
	if (m->verify && !m->rebuild)
		return complain("--verify goes with --rebuild");
	if (m->rebuild && m->downgrade_to != 0)
		return complain("either --rebuild or --downgrade-to");
	return 0;
}

bool
maintain_wanted(const struct maintain *m)
{
	return m->rebuild || m->downgrade_to != 0;
}

static int
downgrade(int to, int root)
{
	struct db_downgrade d;
	struct err e;

	if (db_downgrade(root, to, &d, &e) == -1) {
		fprintf(stderr, "pandafuzz-masterd: cannot downgrade: %s\n",
		    e.text);
		return 1;
	}
	if (d.from == to) {
		printf("data/pandafuzz.db has schema %d already: nothing to "
		       "do\n",
		    to);
		return 0;
	}
	printf("data/pandafuzz.db is the copy of schema %d again, made at %s: "
	       "all that came into the database since then is lost to it\n",
	    to, clock_rfc3339(d.copied_ms).text);
	if (d.kept[0] != '\0')
		printf("the present one is kept as data/%s\n", d.kept);
	printf("at the next start a new generation is drawn, and bots push "
	       "again what they still keep (acked/: 24 hours or 1 GiB); files "
	       "of corpus/ and crashes/ stay as they are\n");
	return 0;
}

int
maintain_run(const struct maintain *m, int root)
{
	return m->rebuild ? rebuild_run(root, m->verify)
			  : downgrade(m->downgrade_to, root);
}
