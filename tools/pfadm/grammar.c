/*
 * From words to a command, and the help: all from the table of commands.
 */
#include <limits.h>
#include <string.h>

#include "lib/base/nearest.h"
#include "tools/pfadm/commands.h"

#define MAX_WORDS 128

/* What people type for it. */
static bool
same_word(const char *typed, const char *word, size_t len)
{
	if (strlen(typed) == len && strncmp(typed, word, len) == 0)
		return true;
	if (strcmp(typed, "ls") == 0)
		return len == 4 && strncmp(word, "list", len) == 0;
	if (strcmp(typed, "rm") == 0)
		return (len == 6 && strncmp(word, "remove", len) == 0) ||
		    (len == 4 && strncmp(word, "drop", len) == 0);
	return false;
}

/* Number of leading words that are the command's, 0 when they are not. */
static int
matches(const struct command *c, int count, char **words)
{
	const char *p = c->words;
	size_t n;
	int i;

	for (i = 0; *p != '\0'; i++) {
		n = strcspn(p, " ");
		if (i == count || !same_word(words[i], p, n))
			return 0;
		p += n;
		p += *p == ' ';
	}
	return i;
}

static bool
is_noun(const char *word)
{
	size_t n = strlen(word);
	int i;

	for (i = 0; i < command_count; i++)
		if (strncmp(commands[i].words, word, n) == 0 &&
		    commands[i].words[n] == ' ')
			return true;
	return false;
}

/* First words of all commands, or second words of one noun. */
static int
candidates(
    const char *noun, const char *names[MAX_WORDS], char text[MAX_WORDS][24])
{
	size_t skip = noun == NULL ? 0 : strlen(noun) + 1;
	int i, count = 0;

	for (i = 0; i < command_count && count < MAX_WORDS; i++) {
		if (commands[i].words[0] == '_' ||
		    (noun != NULL &&
			(strncmp(commands[i].words, noun, skip - 1) != 0 ||
			    commands[i].words[skip - 1] != ' ')))
			continue;
		snprintf(text[count], sizeof(text[count]), "%.*s",
		    (int)strcspn(commands[i].words + skip, " "),
		    commands[i].words + skip);
		names[count] = text[count];
		count++;
	}
	return count;
}

static void
complain_word(const char *noun, const char *word)
{
	char text[MAX_WORDS][24];
	const char *names[MAX_WORDS] = {NULL};
	int count = candidates(noun, names, text);
	const char *near = nearest_word(word, names, (size_t)count);

	if (noun != NULL)
		complain_usage("'%s %s' is no command", noun, word);
	else
		complain_usage("'%s' is no command", word);
	if (near != NULL)
		fprintf(stderr, "hint: did you mean '%s%s%s'?\n",
		    noun == NULL ? "" : noun, noun == NULL ? "" : " ", near);
	else
		fprintf(stderr, "hint: pfadm %s%s--help lists them\n",
		    noun == NULL ? "" : noun, noun == NULL ? "" : " ");
}

const struct command *
grammar_find(int count, char **words, int *used)
{
	int i;

	for (i = 0; i < command_count; i++)
		if ((*used = matches(&commands[i], count, words)) > 0)
			return &commands[i];
	if (!is_noun(words[0]))
		complain_word(NULL, words[0]);
	else if (count > 1)
		complain_word(words[0], words[1]);
	else {
		complain_usage("%s what?", words[0]);
		fprintf(stderr, "hint: pfadm %s --help lists its commands\n",
		    words[0]);
	}
	return NULL;
}

static int
most_arguments(const struct command *c)
{
	if (strstr(c->argument, "...") != NULL)
		return INT_MAX;
	return c->argument[0] == '\0' ? 0 : 1;
}

int
grammar_argument(struct pfadm *pf, int count, char **words)
{
	const struct command *c = pf->command;
	bool needed = c->argument[0] != '\0' && c->argument[0] != '[';
	const char *unwanted;
	int i;

	options_settle(&pf->o, c->options);
	unwanted = options_unwanted(&pf->o, c->options);

	if (unwanted != NULL) {
		complain_usage("'%s' has no option --%s", c->words, unwanted);
		fprintf(stderr, "hint: pfadm %s --help shows them\n", c->words);
		return EXIT_USAGE;
	}
	for (i = 0; i < count && c->words[0] != '_'; i++)
		if (words[i][0] == '\0') /* a variable that nobody set */
			return complain_usage(
			    "%s: an empty word is no name", c->words);
	if (needed && count == 0)
		return complain_usage("%s: which %.*s?", c->words,
		    (int)strcspn(c->argument, ". "), c->argument);
	if (count > most_arguments(c)) {
		if (is_noun(c->words)) /* "log", and there is "log check" */
			complain_word(c->words, words[0]);
		else
			complain_usage(
			    "%s: what is '%s'?", c->words, words[count - 1]);
		return EXIT_USAGE;
	}
	pf->arg = count > 0 ? words[0] : NULL;
	pf->args = words;
	pf->arg_count = count;
	return EXIT_DONE;
}

/* ---- help ------------------------------------------------------------ */

#define WIDTH 78

static void
print_line(FILE *out, const struct command *c)
{
	char left[60];

	snprintf(left, sizeof(left), "%s %s", c->words, c->argument);
	fprintf(out, "  %-28s %s\n", left, c->summary);
}

/* "job  create|list|show ...", wrapped. */
static void
print_noun(FILE *out, const char *noun)
{
	char text[MAX_WORDS][24];
	const char *names[MAX_WORDS];
	int i, at, count = candidates(noun, names, text);

	at = fprintf(out, "  %-9s ", noun);
	for (i = 0; i < count; i++) {
		if (at + (int)strlen(names[i]) + 1 > WIDTH)
			at = fprintf(out, "\n%12s", "") - 1;
		at += fprintf(out, "%s%s", names[i], i + 1 < count ? "|" : "");
	}
	fputc('\n', out);
}

static bool
has_noun_before(int index, const char *noun, size_t len)
{
	return index > 0 &&
	    strncmp(commands[index - 1].words, noun, len) == 0 &&
	    commands[index - 1].words[len] == ' ';
}

void
help_all(FILE *out)
{
	const char *words;
	char noun[24];
	int i;

	fputs("pfadm asks the master of PandaFuzz, and tells it what to do.\n"
	      "usage: pfadm [-H URL | --root ROOT | --socket PATH] [--json] "
	      "COMMAND\n\n",
	    out);
	for (i = 0; i < command_count; i++) {
		words = commands[i].words;
		if (words[0] == '_')
			continue;
		snprintf(noun, sizeof(noun), "%.*s", (int)strcspn(words, " "),
		    words);
		if (words[strlen(noun)] == '\0')
			print_line(out, &commands[i]);
		else if (!has_noun_before(i, noun, strlen(noun)))
			print_noun(out, noun);
	}
	fputs("\n"
	      "A target is [project/]target[@revision][:sanitizer]; of ids a "
	      "unique beginning\n"
	      "is enough.  pfadm NOUN --help and pfadm COMMAND --help say "
	      "more, pfadm(1) all.\n"
	      "\n"
	      "examples:\n"
	      "  pfadm run ./out --for 10m\n"
	      "      fuzz every target in ./out for ten minutes\n"
	      "  pfadm crash list --json | jq -r '.items[].id'\n"
	      "      the ids of all crashes\n",
	    out);
}

/* The noun's commands, and the one that it is itself ("log"). */
bool
help_noun(FILE *out, const char *noun)
{
	size_t n = strlen(noun);
	int i;

	if (!is_noun(noun))
		return false;
	fprintf(out, "usage: pfadm %s COMMAND\n\n", noun);
	for (i = 0; i < command_count; i++)
		if (strncmp(commands[i].words, noun, n) == 0 &&
		    (commands[i].words[n] == ' ' ||
			commands[i].words[n] == '\0'))
			print_line(out, &commands[i]);
	fprintf(out, "\npfadm %s COMMAND --help says more.\n", noun);
	return true;
}

static void
print_option(FILE *out, const struct option_spec *s)
{
	char left[40], letter[6] = "    ";

	if (s->letter != '\0')
		snprintf(letter, sizeof(letter), "-%c, ", s->letter);
	snprintf(left, sizeof(left), "--%s%s%s", s->name,
	    s->argument == NULL ? "" : " ",
	    s->argument == NULL ? "" : s->argument);
	fprintf(out, "  %s%-18s %s\n", letter, left, s->help);
}

/* What every command takes, by name alone: --help must fit a screen. */
static void
print_common(FILE *out)
{
	const struct option_spec *s;
	int i, at;

	at = fprintf(out, "everywhere:");
	for (i = 0; i < option_spec_count; i++) {
		s = &option_specs[i];
		if (s->bit != O_ANY)
			continue;
		if (at + (int)strlen(s->name) + 3 > WIDTH)
			at = fprintf(out, "\n   ") - 1;
		at += fprintf(out, " --%s", s->name);
	}
	fputc('\n', out);
}

void
help_command(FILE *out, const struct command *c)
{
	int i;

	fprintf(out, "usage: pfadm %s%s%s%s\n%s.\n", c->words,
	    c->argument[0] == '\0' ? "" : " ", c->argument, " [OPTIONS]",
	    c->summary);
	if (c->options != 0)
		fputs("\noptions:\n", out);
	for (i = 0; i < option_spec_count; i++)
		if ((option_specs[i].bit & c->options) != 0)
			print_option(out, &option_specs[i]);
	print_common(out);
	fputs("\nexamples:\n", out);
	for (i = 0; i < 2; i++)
		fprintf(out, "  %s\n      %s\n", c->examples[i][0],
		    c->examples[i][1]);
}

int
help_words(struct pfadm *pf, int count, char **words)
{
	const struct command *c;
	int used;

	if (count == 0) {
		help_all(stdout);
		return EXIT_DONE;
	}
	if (count == 1 && help_noun(stdout, words[0]))
		return EXIT_DONE;
	if ((c = grammar_find(count, words, &used)) == NULL)
		return EXIT_USAGE;
	pf->command = c;
	help_command(stdout, c);
	return EXIT_DONE;
}

int
cmd_help(struct pfadm *pf)
{
	return help_words(pf, pf->arg_count, pf->args);
}
