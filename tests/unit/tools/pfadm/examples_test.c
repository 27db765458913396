/*
 * Every line that tells somebody to type pfadm is one that pfadm would take:
 * the examples of --help, manuals, README, and what is said to help against a
 * problem.  Each goes through options and grammar, as if it had been typed.
 */
#include <ctype.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "tools/pfadm/pfadm.h"

#define WORDS 32

/* ---- a little of a shell --------------------------------------------- */

struct line {
	char text[1000];
	char *words[WORDS + 1];
	int count;
};

/* What "$(" opened. */
static const char *
skip_inner(const char *at)
{
	int depth = 0;

	for (; *at != '\0'; at++)
		if (*at == '(')
			depth++;
		else if (*at == ')' && --depth == 0)
			return at + 1;
	return at;
}

/* One word to "to"; where it ends. */
static const char *
read_word(const char *at, char *to, size_t size)
{
	char quote = '\0';
	size_t n = 0;

	for (; *at != '\0' && n + 1 < size; at++) {
		if (quote == '\0' && strchr(" \t|;&)<>", *at) != NULL)
			break;
		if (quote != '\'' && at[0] == '$' && at[1] == '(') {
			at = skip_inner(at + 1) - 1;
			to[n++] = '7';
		} else if (quote != '\'' && *at == '$') {
			to[n++] = '7';
			while (isalpha((unsigned char)at[1]))
				at++;
		} else if (*at == quote) {
			quote = '\0';
		} else if (quote == '\0' && (*at == '\'' || *at == '"')) {
			quote = *at;
		} else {
			to[n++] = *at;
		}
	}
	to[n] = '\0';
	return at;
}

/* The words of a command that begins at "at". */
static void
split(struct line *l, const char *at)
{
	char *to = l->text;
	const char *end = at;

	for (l->count = 0; l->count < WORDS; l->count++) {
		at = end + strspn(end, " \t");
		if (*at == '\0' || strchr("|;&)<>#", *at) != NULL)
			break;
		end =
		    read_word(at, to, (size_t)(l->text + sizeof(l->text) - to));
		l->words[l->count] = to;
		to += strlen(to) + 1;
	}
	l->words[l->count] = NULL;
}

/* ---- typed ----------------------------------------------------------- */

/* "xargs" brings an argument, and so does what follows in a sentence. */
static int
exit_of(struct line *l, bool xargs)
{
	static struct pfadm pf;
	int first, used, count;

	memset(&pf, 0, sizeof(pf));
	if (xargs && l->count < WORDS)
		l->words[l->count++] = (char *)"7f3";
	l->words[l->count] = NULL;
	if (options_read(&pf.o, l->count, l->words, &first) == -1)
		return EXIT_USAGE;
	count = l->count - first;
	if (pf.o.help || pf.o.version)
		return EXIT_DONE;
	pf.command = grammar_find(count, l->words + first, &used);
	return pf.command == NULL
	    ? EXIT_USAGE
	    : grammar_argument(&pf, count - used, l->words + first + used);
}

static bool
is_word_start(const char *line, const char *at)
{
	return at == line ||
	    (!isalnum((unsigned char)at[-1]) && strchr("-_/.", at[-1]) == NULL);
}

/* All commands of pfadm in a line of shell; how many. */
static int
check_line(const char *line)
{
	const char *at = line;
	struct line l;
	bool xargs;
	int n = 0;

	for (; (at = strstr(at, "pfadm ")) != NULL; at += 6) {
		if (!is_word_start(line, at))
			continue;
		split(&l, at);
		xargs = at - line >= 6 && strncmp(at - 6, "xargs ", 6) == 0;
		if (exit_of(&l, xargs) != EXIT_DONE)
			fail_msg("pfadm would not take: %s", line);
		n++;
	}
	return n;
}

static void
examples_of_help(void **state)
{
	int i, k;

	(void)state;
	for (i = 0; i < command_count; i++)
		for (k = 0; k < 2; k++)
			assert_true(
			    check_line(commands[i].examples[k][0]) > 0 ||
			    strstr(commands[i].examples[k][0], "socat"));
}

/* ---- pages ----------------------------------------------------------- */

/* Lines that go on are joined; mdoc's escapes are resolved. */
static void
next_line(const char **at, struct buf *line)
{
	size_t len;
	bool more;

	buf_reset(line);
	do {
		len = strcspn(*at, "\n");
		more = len > 0 && (*at)[len - 1] == '\\';
		if (len > 1 && strncmp(*at + len - 2, "\\e", 2) == 0) {
			more = true;
			len--;
		}
		buf_add(line, *at, len - (more ? 1 : 0));
		*at += strcspn(*at, "\n");
		*at += **at == '\n';
	} while (more && **at != '\0');
}

/* In pages literal blocks and .Dl, in Markdown what is indented. */
static int
check_page(const char *path, bool mdoc)
{
	struct buf page = BUF_INIT, line = BUF_INIT;
	const char *at, *text;
	bool literal = false;
	struct err e;
	int n = 0;

	if (fs_read_file(AT_FDCWD, path, &page, 1 << 20, &e) == -1)
		fail_msg("%s", e.text);
	for (at = buf_text(&page); *at != '\0';) {
		next_line(&at, &line);
		text = buf_text(&line);
		if (strncmp(text, ".Bd -literal", 12) == 0)
			literal = true;
		else if (strncmp(text, ".Ed", 3) == 0)
			literal = false;
		else if (mdoc ? literal || strncmp(text, ".Dl ", 4) == 0
			      : strncmp(text, "    ", 4) == 0)
			n += check_line(text);
	}
	buf_release(&page);
	buf_release(&line);
	return n;
}

/* `pfadm ...` in the text of Markdown, also over the end of a line. */
static int
check_spans(const char *path)
{
	struct buf page = BUF_INIT, span = BUF_INIT;
	const char *at, *end;
	struct err e;
	int n = 0;

	if (fs_read_file(AT_FDCWD, path, &page, 1 << 20, &e) == -1)
		fail_msg("%s", e.text);
	for (at = buf_text(&page); (at = strstr(at, "`pfadm ")) != NULL;
	     at = end) {
		buf_reset(&span);
		at++;
		end = at + strcspn(at, "`");
		for (; at < end; at++)
			buf_addc(&span, *at == '\n' ? ' ' : *at);
		n += check_line(span.data);
	}
	buf_release(&page);
	buf_release(&span);
	return n;
}

static void
examples_of_manuals(void **state)
{
	static const char *const pages[] = {"tools/pfadm/pfadm.1",
	    "tools/pf-local/pf-local.1", "tools/pf-account/pf-account.8",
	    "masterd/pandafuzz-masterd.8", "masterd/masterd.yaml.5",
	    "masterd/pandafuzz-templates.5", "masterd/pandafuzz-api.7",
	    "lib/triage/pandafuzz-rules.5", "tools/pf-triage/pf-triage.1",
	    "botd/pandafuzz-botd.8", "botd/botd.yaml.5"};
	size_t i;
	int n = 0;

	(void)state;
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		n += check_page(pages[i], true);
	assert_true(n > 10);
	assert_true(check_page("README.md", false) > 5);
	assert_true(check_spans("README.md") > 5);
}

/* ---- what helps against a problem ------------------------------------ */

/* Literals that go on in another line are one. */
static void
join(struct buf *out, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] != '"')
			buf_addc(out, text[i]);
		else
			for (i++; i < len && text[i] != '"'; i++)
				;
	}
}

/* The SQL of a sentence: values become a word. */
static void
unquote(struct buf *out, const char *text, size_t len)
{
	struct buf sql = BUF_INIT;
	const char *at;

	buf_reset(out);
	join(&sql, text, len);
	for (at = buf_text(&sql); *at != '\0'; at++) {
		if (strncmp(at, "' ||", 4) == 0) {
			buf_adds(out, "7f3");
			at += 4;
			at += strcspn(at, "'");
			if (*at == '\0')
				break;
		} else if (*at != '\'') {
			buf_addc(out, *at);
		}
	}
	buf_release(&sql);
}

/* A sentence goes on after a command: cut it where prose begins. */
static void
cut_prose(char *sentence)
{
	static const char *const prose[] = {", ", "; ", " says"};
	char *at = strstr(sentence, "pfadm "), *cut;
	size_t i;

	while (at != NULL) {
		for (i = 0; i < sizeof(prose) / sizeof(prose[0]); i++)
			if ((cut = strstr(at, prose[i])) != NULL)
				*cut = '|';
		at = strstr(at + 6, "pfadm ");
	}
}

static int
check_sentences(const char *path)
{
	struct buf page = BUF_INIT, one = BUF_INIT;
	const char *at, *begin, *end;
	struct err e;
	int n = 0;

	if (fs_read_file(AT_FDCWD, path, &page, 1 << 20, &e) == -1)
		fail_msg("%s", e.text);
	for (at = page.data; (at = strstr(at, "pfadm ")) != NULL;) {
		for (begin = at; begin > page.data && begin[-1] != '\n';)
			begin--;
		/* Up to the comma or semicolon that ends the C argument. */
		for (end = at; *end != '\0'; end++)
			if (end[0] == '"' && (end[1] == ',' || end[1] == ';'))
				break;
		unquote(&one, at, (size_t)(end - at));
		cut_prose(one.data);
		n += check_line(one.data);
		at = end;
	}
	buf_release(&page);
	buf_release(&one);
	return n;
}

static void
what_helps_can_be_typed(void **state)
{
	(void)state;
	assert_true(check_sentences("masterd/db/views_alarm.c") > 5);
	assert_true(check_sentences("masterd/admin/checks.c") > 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(examples_of_help),
	    cmocka_unit_test(examples_of_manuals),
	    cmocka_unit_test(what_helps_can_be_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
