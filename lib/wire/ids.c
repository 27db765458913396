/*
 * The gate for names.  Everything that becomes part of a path or a row's key
 * passes here first.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/wire/ids.h"

static bool
is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool
name_ok(const char *untrusted)
{
	size_t i;

	if (!is_lower_alnum(untrusted[0]))
		return false;
	for (i = 1; untrusted[i] != '\0'; i++)
		if (i >= NAME_MAX_LEN ||
		    !(is_lower_alnum(untrusted[i]) || untrusted[i] == '-'))
			return false;
	return true;
}

int
name_parse(
    struct name *n, const char *what, const char *untrusted, struct err *e)
{
	if (!name_ok(untrusted))
		return err_set(e, ERR_REFUSED,
		    "'%.64s' is not a%s %s name "
		    "(a-z, 0-9 and '-', at most %d, not starting with '-')",
		    untrusted, strchr("aeiou", what[0]) != NULL ? "n" : "",
		    what, NAME_MAX_LEN);
	text_copy(n->text, sizeof(n->text), untrusted);
	return 0;
}

bool
target_name_ok(const char *untrusted)
{
	size_t i;
	char c;

	if (untrusted[0] == '\0' || untrusted[0] == '.' || untrusted[0] == '-')
		return false;
	for (i = 0; (c = untrusted[i]) != '\0'; i++)
		if (i >= TARGET_MAX_LEN ||
		    !(is_lower_alnum(c) || (c >= 'A' && c <= 'Z') ||
			strchr("@_.-", c) != NULL))
			return false;
	return true;
}

int
target_name_parse(struct target_name *t, const char *untrusted, struct err *e)
{
	if (!target_name_ok(untrusted))
		return err_set(e, ERR_REFUSED,
		    "'%.140s' is not a target name "
		    "(letters, digits, '@', '_', '.' and '-', at most %d, not "
		    "starting with '.' or '-')",
		    untrusted, TARGET_MAX_LEN);
	text_copy(t->text, sizeof(t->text), untrusted);
	return 0;
}

int
target_path_parse(struct name *project, struct target_name *target,
    const char *untrusted, struct err *e)
{
	char head[NAME_MAX_LEN + 1];
	const char *slash = strchr(untrusted, '/');

	if (slash == NULL || (size_t)(slash - untrusted) > NAME_MAX_LEN)
		return err_set(e, ERR_REFUSED, "'%.170s' is not project/target",
		    untrusted);
	memcpy(head, untrusted, (size_t)(slash - untrusted));
	head[slash - untrusted] = '\0';
	if (strcmp(head, PROJECT_LOST) == 0)
		text_copy(project->text, sizeof(project->text), head);
	else if (name_parse(project, "project", head, e) == -1)
		return -1;
	return target_name_parse(target, slash + 1, e);
}

bool
word_ok(const char *untrusted)
{
	size_t i;

	if (!is_lower_alnum(untrusted[0]))
		return false;
	for (i = 1; untrusted[i] != '\0'; i++)
		if (i >= WORD_MAX_LEN ||
		    !(is_lower_alnum(untrusted[i]) ||
			strchr("+._-", untrusted[i]) != NULL))
			return false;
	return true;
}

/* Cut the last "-part" off "text" and return it, or NULL. */
static char *
cut_last(char *text)
{
	char *dash = strrchr(text, '-');

	if (dash == NULL)
		return NULL;
	*dash = '\0';
	return dash + 1;
}

static int
parse_parts(struct bundle_id *id, char *text)
{
	size_t len = strlen(text);
	char *letter, *seq, *epoch;

	if (len < 5 || strcmp(text + len - 4, ".pfb") != 0)
		return -1;
	text[len - 4] = '\0';
	if ((letter = cut_last(text)) == NULL ||
	    (seq = cut_last(text)) == NULL || (epoch = cut_last(text)) == NULL)
		return -1;
	if (strlen(letter) != 1 || strchr("cbh", letter[0]) == NULL)
		return -1;
	id->cls = (enum bundle_class)letter[0];
	if (text_to_u64(&id->seq, seq) == -1 || id->seq == 0 || seq[0] == '0' ||
	    id->seq > INT64_MAX)
		return -1;
	if (text_to_hex64(&id->epoch, epoch) == -1 || id->epoch == 0)
		return -1;
	return name_parse(&id->bot, "bot", text, NULL);
}

int
bundle_id_parse(struct bundle_id *id, const char *untrusted, struct err *e)
{
	char text[BUNDLE_NAME_MAX];

	memset(id, 0, sizeof(*id));
	if (text_copy(text, sizeof(text), untrusted) &&
	    parse_parts(id, text) == 0)
		return 0;
	return err_set(e, ERR_REFUSED,
	    "'%.100s' is not the name of a bundle "
	    "(<bot>-<epoch>-<seq>-<c|b|h>.pfb)",
	    untrusted);
}

struct bundle_name
bundle_id_format(const struct bundle_id *id)
{
	struct bundle_name name;

	snprintf(name.text, sizeof(name.text), "%s-%016jx-%ju-%c.pfb",
	    id->bot.text, (uintmax_t)id->epoch, (uintmax_t)id->seq,
	    (char)id->cls);
	return name;
}

static int
class_rank(enum bundle_class c)
{
	return c == BUNDLE_BEAT ? 0 : c == BUNDLE_CRASH ? 1 : 2;
}

static int
compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int
bundle_id_order(const struct bundle_id *a, const struct bundle_id *b)
{
	int order = class_rank(a->cls) - class_rank(b->cls);

	if (order == 0)
		order = strcmp(a->bot.text, b->bot.text);
	if (order == 0)
		order = compare_u64(a->epoch, b->epoch);
	if (order == 0)
		order = compare_u64(a->seq, b->seq);
	return order;
}

bool
bundle_name_ok(const char *untrusted)
{
	struct bundle_id id;

	return bundle_id_parse(&id, untrusted, NULL) == 0;
}

int
bundle_name_order(const char *a, const char *b)
{
	struct bundle_id x, y;

	if (bundle_id_parse(&x, a, NULL) == -1 ||
	    bundle_id_parse(&y, b, NULL) == -1)
		return strcmp(a, b);
	return bundle_id_order(&x, &y);
}
