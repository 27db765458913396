/*
 * Lists in values: one key for each item.  Here are the rules for the names
 * and texts of items, the texts that hold several, and the way back to words
 * for tickets.  Nothing that a template says may break out of the word that it
 * ends up in.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/wire/flags.h"
#include "lib/wire/sanitizers.h"
#include "lib/wire/ticket.h"
#include "masterd/plan/values_internal.h"

#define NAME_LEN_MAX 64

/* ---- what items may be ----------------------------------------------- */

static bool
all_of(const char *name, bool (*ok)(char c))
{
	size_t i;

	for (i = 0; name[i] != '\0'; i++)
		if (i >= NAME_LEN_MAX || !ok(name[i]))
			return false;
	return i > 0;
}

static bool
is_flag_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static bool
is_variable_char(char c)
{
	return isupper((unsigned char)c) || isdigit((unsigned char)c) ||
	    c == '_';
}

static bool
is_option_char(char c)
{
	return islower((unsigned char)c) || isdigit((unsigned char)c) ||
	    c == '_';
}

static int
check_argument(const char *name, const char *text, struct err *e)
{
	const char *refusal, *flag = name + strspn(name, "-");

	(void)text;
	if (flag == name || flag - name > 2 || !all_of(flag, is_flag_char))
		return err_set(e, ERR_REFUSED,
		    "'%s' is no flag: '-' or '--', then letters, digits, '_' "
		    "and '-'",
		    value_shown(name).text);
	refusal = flag_refusal(flag);
	if (refusal != NULL)
		return err_set(
		    e, ERR_REFUSED, "'%s' may not be given: %s", name, refusal);
	return 0;
}

/* What the bot sets itself, or what would load code into the target. */
static const char *const not_theirs[] = {
    "PATH", "HOME", "TMPDIR", "LANG", "OUT", "AFL_PRELOAD", NULL};

static int
check_variable(const char *name, const char *text, struct err *e)
{
	size_t i, len = strlen(name);
	const struct sanitizer_tool *tool;

	(void)text;
	if (!all_of(name, is_variable_char) || isdigit((unsigned char)*name))
		return err_set(e, ERR_REFUSED,
		    "'%s' is no variable: capital letters, digits and '_', no "
		    "digit first",
		    value_shown(name).text);
	for (i = 0; i < SANITIZER_TOOLS; i++) {
		tool = &sanitizer_tools[i];
		if (strcmp(tool->variable, name) == 0)
			return err_set(e, ERR_REFUSED,
			    "'%s' may not be set: use %s_options", name,
			    tool->section);
	}
	for (i = 0; not_theirs[i] != NULL; i++)
		if (strcmp(not_theirs[i], name) == 0)
			break;
	if (not_theirs[i] != NULL || strncmp(name, "LD_", 3) == 0 ||
	    (len > 11 && strcmp(name + len - 11, "SAN_OPTIONS") == 0))
		return err_set(e, ERR_REFUSED,
		    "'%s' may not be set: the bot decides it", name);
	return 0;
}

/* As it stands in "a=1:b=2": a quote would swallow what is forced behind. */
static int
check_option(const char *name, const char *text, struct err *e)
{
	const char *p;

	if (!all_of(name, is_option_char))
		return err_set(e, ERR_REFUSED,
		    "'%s' is no option: small letters, digits and '_'",
		    value_shown(name).text);
	if (sanitizer_forces(name, text))
		return 0; /* as it stands in rows that we wrote */
	for (p = text; *p > ' ' && *p <= '~' && strchr("'\":\\,", *p) == NULL;)
		p++;
	if (*p != '\0' || p == text)
		return err_set(e, ERR_REFUSED,
		    "%s: '%s' is no option's value: no blanks, quotes, commas, "
		    "colons or backslashes, and not empty",
		    name, value_shown(text).text);
	return 0;
}

static int
check_tag(const char *name, const char *text, struct err *e)
{
	if (!word_ok(name))
		return err_set(e, ERR_REFUSED,
		    "'%s' is no tag: small letters, digits and +._-, at most "
		    "%d",
		    value_shown(name).text, WORD_MAX_LEN);
	if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
		return err_set(e, ERR_REFUSED,
		    "%s: '%s' is not yes (a bot must have it) or no (must not)",
		    name, value_shown(text).text);
	return 0;
}

/* ---- which list ------------------------------------------------------ */

struct list {
	const char *name;    /* the others are "asan_options" and so on */
	const char *between; /* items of a text; "": it is one item */
	int (*check)(const char *name, const char *text, struct err *e);
};

/* clang-format off */
static const struct list lists[] = {
	{ "tags", " ", check_tag },
	{ "arguments", " ", check_argument },
	{ "environment", "", check_variable },
};
static const struct list options = { "", ":", check_option };
/* clang-format on */

static const struct list *
find_list(const struct value_key *key)
{
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (strcmp(lists[i].name, key->name) == 0)
			return &lists[i];
	return &options;
}

/* ---- texts in -------------------------------------------------------- */

int
values_set_item(struct values *v, const struct value_key *list,
    const char *name, const char *text, const char *source, struct err *e)
{
	struct buf key = BUF_INIT;

	if (find_list(list)->check(name, text, e) == -1)
		return err_wrap(e, "%s", list->name);
	buf_printf(&key, "%s.%s", list->name, name);
	values_put(v, key.data, text, source);
	buf_release(&key);
	return 0;
}

/* "item" as it stands in a text: "-a=1", "NAME=a b", "!slow".  It is ours. */
static int
set_written(struct values *v, const struct value_key *list, char *item,
    const char *source, struct err *e)
{
	bool tag = strcmp(list->name, "tags") == 0;
	char *equals = strchr(item, '=');

	if (tag)
		return values_set_item(v, list, item + (item[0] == '!'),
		    item[0] == '!' ? "no" : "yes", source, e);
	if (equals != NULL)
		*equals = '\0';
	else if (strcmp(list->name, "arguments") != 0)
		return err_set(e, ERR_REFUSED, "%s: '%s' is no NAME=VALUE",
		    list->name, value_shown(item).text);
	return values_set_item(
	    v, list, item, equals == NULL ? "" : equals + 1, source, e);
}

int
values_set_items(struct values *v, const struct value_key *list,
    const char *text, const char *source, struct err *e)
{
	const char *between = find_list(list)->between;
	char *copy = mem_strdup(text), *item, *rest = copy;
	int rc = 0, count = 0;

	for (; rc == 0 && rest != NULL; count++) {
		rest += strspn(rest, between);
		item = rest;
		if (*item == '\0')
			break;
		rest = strpbrk(item, between);
		if (rest != NULL)
			*rest++ = '\0';
		rc = set_written(v, list, item, source, e);
	}
	if (count == 0)
		rc = err_set(e, ERR_REFUSED, "%s: no item", list->name);
	free(copy);
	return rc;
}

/* ---- words out ------------------------------------------------------- */

/* The first value whose key begins with "prefix" and '.', or later ones. */
static const struct value *
next_item(
    const struct values *v, const char *prefix, size_t *at, const char **name)
{
	size_t len = strlen(prefix);
	const struct value *w;

	for (; *at < v->count; ++*at) {
		w = &v->list[*at];
		if (strncmp(w->key, prefix, len) != 0 || w->key[len] != '.')
			continue;
		*name = w->key + len + 1;
		++*at;
		return w;
	}
	return NULL;
}

/* "name" + "=text", or the name alone when there is no text. */
static int
each_pair(const struct values *v, const char *list, bool always_equals,
    values_word_fn *fn, void *arg, struct err *e)
{
	struct buf word = BUF_INIT;
	const struct value *w;
	const char *name;
	size_t at = 0;
	int rc = 0;

	while (rc == 0 && (w = next_item(v, list, &at, &name)) != NULL) {
		buf_reset(&word);
		buf_adds(&word, name);
		if (always_equals || w->text[0] != '\0')
			buf_printf(&word, "=%s", w->text);
		rc = fn(arg, word.data, e);
	}
	buf_release(&word);
	return rc;
}

int
values_arguments(
    const struct values *v, values_word_fn *fn, void *arg, struct err *e)
{
	return each_pair(v, "arguments", false, fn, arg, e);
}

static int
tool_word(const struct values *v, const struct sanitizer_tool *tool,
    values_word_fn *fn, void *arg, struct err *e)
{
	struct buf list = BUF_INIT, word = BUF_INIT;
	const struct value *w;
	const char *name;
	size_t at = 0;
	int rc = 0;

	buf_printf(&list, "%s_options", tool->section);
	while ((w = next_item(v, list.data, &at, &name)) != NULL) {
		if (word.len == 0)
			buf_printf(&word, "%s=", tool->variable);
		else
			buf_addc(&word, ':');
		buf_printf(&word, "%s=%s", name, w->text);
	}
	if (word.len > 0)
		rc = fn(arg, word.data, e);
	buf_release(&word);
	buf_release(&list);
	return rc;
}

int
values_environment(
    const struct values *v, values_word_fn *fn, void *arg, struct err *e)
{
	int i, rc = each_pair(v, "environment", true, fn, arg, e);

	for (i = 0; rc == 0 && i < SANITIZER_TOOLS; i++)
		rc = tool_word(v, &sanitizer_tools[i], fn, arg, e);
	return rc;
}

int
values_tags(
    const struct values *v, values_word_fn *fn, void *arg, struct err *e)
{
	struct buf word = BUF_INIT;
	const struct value *w;
	const char *name;
	size_t at = 0;
	int rc = 0;

	while (rc == 0 && (w = next_item(v, "tags", &at, &name)) != NULL) {
		buf_reset(&word);
		buf_printf(
		    &word, "%s%s", strcmp(w->text, "no") == 0 ? "!" : "", name);
		rc = fn(arg, word.data, e);
	}
	buf_release(&word);
	return rc;
}

/* ---- does it fit ----------------------------------------------------- */

static int
count_word(void *arg, const char *word, struct err *e)
{
	int *count = arg;

	if (strlen(word) > TICKET_WORD_MAX)
		return err_set(e, ERR_REFUSED,
		    "%.*s is longer than %d bytes, which is the most",
		    (int)strcspn(word, "="), word, TICKET_WORD_MAX);
	++*count;
	return 0;
}

int
values_fit(const struct values *v, struct err *e)
{
	int arguments = 0, environment = 0;

	if (values_arguments(v, count_word, &arguments, e) == -1 ||
	    values_environment(v, count_word, &environment, e) == -1)
		return -1;
	if (arguments > TICKET_MAX_WORDS)
		return err_set(e, ERR_REFUSED,
		    "%d arguments are more than %d, which is the most",
		    arguments, TICKET_MAX_WORDS);
	if (environment > TICKET_MAX_WORDS)
		return err_set(e, ERR_REFUSED,
		    "%d variables are more than %d, which is the most",
		    environment, TICKET_MAX_WORDS);
	return 0;
}
