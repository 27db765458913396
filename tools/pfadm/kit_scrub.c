/*
 * What a kit tells of people and machines is taken out of its texts when it is
 * to leave the house: folders above a file, names of hosts and users.
 */
#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "tools/pfadm/kit.h"

#define NAME_MIN 3

void
kit_hide(struct kit *k, const char *name, const char *word)
{
	int i;

	if (name == NULL || strlen(name) < NAME_MIN ||
	    strcmp(name, "root") == 0 || strcmp(name, "localhost") == 0 ||
	    k->name_count == KIT_NAMES)
		return;
	for (i = 0; i < k->name_count; i++)
		if (strcmp(k->names[i].name, name) == 0)
			return;
	if (!text_copy(
		k->names[k->name_count].name, sizeof(k->names[0].name), name))
		return;
	k->names[k->name_count++].word = word;
}

void
kit_hide_ours(struct kit *k)
{
	const struct passwd *user = getpwuid(geteuid());
	char host[256];

	if (gethostname(host, sizeof(host)) == 0) {
		host[sizeof(host) - 1] = '\0';
		kit_hide(k, host, "HOST");
		host[strcspn(host, ".")] = '\0';
		kit_hide(k, host, "HOST");
	}
	if (user != NULL)
		kit_hide(k, user->pw_name, "USER");
	kit_hide(k, getenv("USER"), "USER");
	kit_hide(k, getenv("LOGNAME"), "USER");
	kit_hide(k, getenv("SUDO_USER"), "USER");
}

/* What the bot's own environment says of its user and host. */
void
kit_hide_recorded(struct kit *k, const struct json_value *environment)
{
	static const struct {
		const char *variable, *word;
	} known[] = {{"USER=", "USER"}, {"LOGNAME=", "USER"},
	    {"USERNAME=", "USER"}, {"SUDO_USER=", "USER"}, {"HOST=", "HOST"},
	    {"HOSTNAME=", "HOST"}};
	const struct json_value *v;
	const char *text;
	size_t i, len;

	for (v = json_first(environment); v != NULL; v = json_next(v))
		for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
			text = json_string(v);
			len = strlen(known[i].variable);
			if (text != NULL &&
			    strncmp(text, known[i].variable, len) == 0)
				kit_hide(k, text + len, known[i].word);
		}
}

static bool
is_path_end(char c)
{
	return c == '\0' || isspace((unsigned char)c) ||
	    strchr(":;,()'\"<>=|&`", c) != NULL;
}

/* Folders of every system: they tell nothing. */
static bool
is_common(const char *path, size_t len)
{
	static const char *const common[] = {"/usr/", "/bin/", "/sbin/",
	    "/lib/", "/lib64/", "/lib32/", "/proc/", "/dev/", "/etc/", NULL};
	size_t i, n;

	for (i = 0; common[i] != NULL; i++) {
		n = strlen(common[i]);
		if (len >= n && strncmp(path, common[i], n) == 0)
			return true;
	}
	return len <= 1 || memchr(path + 1, '/', len - 1) == NULL;
}

/* Does an absolute path start here?  Not in "a/b", "@KIT_BUILD@/b", "//x". */
static bool
path_starts(const char *text, size_t i, size_t len)
{
	char before = i == 0 ? ' ' : text[i - 1];

	if (text[i] == '/' && i >= 2 && memcmp(text + i - 2, "//", 2) == 0)
		return true; /* file:///home */
	if (i + 1 < len && text[i + 1] == '/')
		return false;
	return text[i] == '/' && !isalnum((unsigned char)before) &&
	    strchr("_-./@\\", before) == NULL;
}

/* "/home/alice/zlib/inflate.c:10" -> "inflate.c:10" */
static void
cut_paths(struct buf *out, const char *text, size_t len)
{
	size_t i, n, last, j;

	for (i = 0; i < len; i += n) {
		n = 1;
		if (!path_starts(text, i, len)) {
			buf_addc(out, text[i]);
			continue;
		}
		for (n = last = 0; i + n < len && !is_path_end(text[i + n]);
		     n++)
			if (text[i + n] == '/' && i + n + 1 < len &&
			    !is_path_end(text[i + n + 1]))
				last = n + 1;
		j = is_common(text + i, n) ? 0 : last;
		buf_add(out, text + i + j, n - j);
	}
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void
replace_name(struct buf *text, const char *name, const char *word)
{
	struct buf out = BUF_INIT;
	const char *at, *from = buf_text(text);
	size_t len = strlen(name);

	while ((at = strstr(from, name)) != NULL) {
		buf_add(&out, from, (size_t)(at - from));
		if ((at > text->data && is_word(at[-1])) || is_word(at[len]))
			buf_add(&out, at, len);
		else
			buf_adds(&out, word);
		from = at + len;
	}
	buf_adds(&out, from);
	buf_release(text);
	*text = out;
}

void
kit_text(const struct kit *k, struct buf *out, const char *text, size_t len)
{
	struct buf cut = BUF_INIT;
	size_t i;
	int n;

	if (!k->scrub) {
		buf_add(out, text, len);
		return;
	}
	cut_paths(&cut, text, len);
	for (i = 0; i < cut.len; i++)
		if (cut.data[i] == '\0')
			cut.data[i] = ' '; /* names are looked for in text */
	for (n = 0; n < k->name_count && cut.len > 0; n++)
		replace_name(&cut, k->names[n].name, k->names[n].word);
	buf_add(out, buf_text(&cut), cut.len);
	buf_release(&cut);
}
