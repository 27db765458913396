/*
 * How the program was run: the recorded environment and arguments, with places
 * of the kit for those of the bot.  They stay lists of words, one a line, and
 * never become a command line.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/wire/sanitizers.h"
#include "tools/pfadm/kit.h"

struct words {
	struct kit *k;
	struct buf environment, arguments;
	bool has_input;
	uint64_t seen; /* bits: variables of our own that were set */
	uint64_t tools;
	int series;
	const struct json_value *series_list;
	const char *sha256; /* of the input */
};

/* Without them a program may not start, whatever was recorded. */
static const char *const own[] = {"PATH=/usr/local/bin:/usr/bin:/bin",
    "HOME=" KIT_HOME, "TMPDIR=" KIT_HOME, "LANG=C.UTF-8",
    "LD_LIBRARY_PATH=" KIT_BUILD "/lib", "OUT=" KIT_BUILD};
#define OWN ((int)(sizeof(own) / sizeof(own[0])))

/* What names people and machines. */
static const char *const personal[] = {"USER", "LOGNAME", "USERNAME", "HOST",
    "HOSTNAME", "MAIL", "PWD", "OLDPWD", NULL};

/* What repro.sh says itself, or what would lead its output away. */
static const char *const dropped[] = {"external_symbolizer_path", "symbolize",
    "stack_trace_format", "log_path", "coverage_dir", NULL};

static bool
in_list(const char *const *list, const char *word, size_t len)
{
	for (; *list != NULL; list++)
		if (strlen(*list) == len && memcmp(*list, word, len) == 0)
			return true;
	return false;
}

static bool
starts_at(const char *text, const char *folder)
{
	size_t len = strlen(folder);

	return len > 1 && strncmp(text, folder, len) == 0 &&
	    (text[len] == '/' || text[len] == ':' || text[len] == '\0');
}

/* The kit's places for the bot's. */
static void
add_placed(const struct kit *k, struct buf *out, const char *text)
{
	struct buf placed = BUF_INIT;

	while (*text != '\0') {
		if (starts_at(text, k->build_dir)) {
			buf_adds(&placed, KIT_BUILD);
			text += strlen(k->build_dir);
		} else if (starts_at(text, k->work_dir)) {
			buf_adds(&placed, KIT_WORK);
			text += strlen(k->work_dir);
		} else {
			buf_addc(&placed, *text++);
		}
	}
	kit_text(k, out, buf_text(&placed), placed.len);
	buf_release(&placed);
}

static bool
is_variable(const char *word)
{
	const char *p = word;

	if (!isalpha((unsigned char)*p) && *p != '_')
		return false;
	while (isalnum((unsigned char)*p) || *p == '_')
		p++;
	return *p == '=';
}

/* Options end at a colon that is not quoted. */
static size_t
option_length(const char *text)
{
	char quote = '\0';
	size_t n;

	for (n = 0; text[n] != '\0'; n++)
		if (quote != '\0')
			quote = text[n] == quote ? '\0' : quote;
		else if (text[n] == '\'' || text[n] == '"')
			quote = text[n];
		else if (text[n] == ':')
			break;
	return n;
}

static void
add_tool(struct words *w, int tool, const char *value)
{
	const char *name = sanitizer_tools[tool].variable;
	struct buf kept = BUF_INIT;
	size_t n;

	for (; *value != '\0'; value += n + (value[n] == ':')) {
		n = option_length(value);
		if (n == 0 || in_list(dropped, value, strcspn(value, "=:")))
			continue;
		if (kept.len > 0)
			buf_addc(&kept, ':');
		buf_add(&kept, value, n);
	}
	buf_printf(&w->environment, "%s=", name);
	add_placed(w->k, &w->environment, buf_text(&kept));
	buf_addc(&w->environment, '\n');
	w->tools |= UINT64_C(1) << tool;
	buf_release(&kept);
}

static void
add_variable(struct words *w, const char *word)
{
	size_t len = strcspn(word, "=");
	int i;

	if (!is_variable(word) || strchr(word, '\n') != NULL ||
	    strlen(word) > KIT_WORD)
		return;
	if (w->k->scrub &&
	    (in_list(personal, word, len) || strncmp(word, "SSH_", 4) == 0 ||
		strncmp(word, "SUDO_", 5) == 0))
		return;
	for (i = 0; i < SANITIZER_TOOLS; i++)
		if (strlen(sanitizer_tools[i].variable) == len &&
		    memcmp(sanitizer_tools[i].variable, word, len) == 0) {
			if ((w->tools & UINT64_C(1) << i) == 0)
				add_tool(w, i, word + len + 1);
			return;
		}
	for (i = 0; i < OWN; i++)
		if (strncmp(own[i], word, len + 1) == 0) {
			if ((w->seen & UINT64_C(1) << i) != 0)
				return;
			w->seen |= UINT64_C(1) << i;
			/* The bot's home is not ours. */
			if (strncmp(word, "HOME=", 5) == 0 ||
			    strncmp(word, "TMPDIR=", 7) == 0)
				word = own[i];
		}
	add_placed(w->k, &w->environment, word);
	buf_addc(&w->environment, '\n');
}

/* ---- arguments ----------------------------------------------------------- */

static void
add_series(struct words *w)
{
	for (; w->series < json_count(w->series_list); w->series++)
		buf_printf(&w->arguments, KIT_SERIES "/%04d\n", w->series + 1);
}

static bool
names_file(const char *word, const char *hex)
{
	size_t len = strlen(word), n = hex == NULL ? 0 : strlen(hex);

	return n == DIGEST_HEX && len >= n &&
	    strcmp(word + len - n, hex) == 0 &&
	    (len == n || word[len - n - 1] == '/');
}

static void
add_argument(struct words *w, const char *word)
{
	if (strchr(word, '\n') != NULL || strlen(word) > KIT_WORD)
		return;
	if (strcmp(word, "INPUT") == 0 || names_file(word, w->sha256)) {
		add_series(w);
		buf_adds(&w->arguments, KIT_INPUT "\n");
		w->has_input = true;
	} else if (names_file(word,
		       json_string(json_item(w->series_list, w->series)))) {
		buf_printf(&w->arguments, KIT_SERIES "/%04d\n", ++w->series);
	} else {
		add_placed(w->k, &w->arguments, word);
		buf_addc(&w->arguments, '\n');
	}
}

/* "env NAME=value ... ./program argument ..." */
static void
read_command(struct words *w, bool has_environment)
{
	const struct json_value *v =
	    json_first(json_get(w->k->crash, "command"));
	bool inside = false;
	const char *word;
	int n = 0;

	for (; v != NULL && n++ < KIT_WORDS; v = json_next(v)) {
		if ((word = json_string(v)) == NULL)
			continue;
		if (inside) {
			add_argument(w, word);
		} else if (strcmp(word, "env") == 0 && n == 1) {
			continue;
		} else if (is_variable(word)) {
			if (!has_environment)
				add_variable(w, word);
		} else {
			inside = true; /* the program's own name */
		}
	}
	if (!w->has_input) {
		add_series(w);
		buf_adds(&w->arguments, KIT_INPUT "\n");
	}
}

static void
find_folders(struct kit *k, const struct json_value *environment)
{
	const struct json_value *v;
	const char *word;
	char *slash;

	text_copy(k->build_dir, sizeof(k->build_dir), "/work/build");
	for (v = json_first(environment); v != NULL; v = json_next(v)) {
		word = json_string(v);
		if (word != NULL && strncmp(word, "OUT=/", 5) == 0)
			(void)text_copy(
			    k->build_dir, sizeof(k->build_dir), word + 4);
	}
	text_copy(k->work_dir, sizeof(k->work_dir), k->build_dir);
	slash = strrchr(k->work_dir, '/');
	if (slash != NULL && strcmp(slash, "/build") == 0)
		*slash = '\0';
	else
		k->work_dir[0] = '\0';
}

static void
complete(struct words *w)
{
	int i;

	for (i = 0; i < OWN; i++)
		if ((w->seen & UINT64_C(1) << i) == 0)
			buf_printf(&w->environment, "%s\n", own[i]);
	for (i = 0; i < SANITIZER_TOOLS; i++)
		if ((w->tools & UINT64_C(1) << i) == 0)
			add_tool(w, i, sanitizer_tools[i].forced);
}

int
kit_words(struct kit *k, struct err *e)
{
	const struct json_value *environment =
	    json_get(k->crash, "environment");
	struct words w = {.k = k,
	    .environment = BUF_INIT,
	    .arguments = BUF_INIT,
	    .series_list = json_get(k->crash, "series"),
	    .sha256 = json_get_string(
		k->crash, "sha256", json_get_string(k->crash, "hash", NULL))};
	const struct json_value *v;
	int n = 0, got;

	find_folders(k, environment);
	for (v = json_first(environment); v != NULL && n++ < KIT_WORDS;
	     v = json_next(v))
		if (json_string(v) != NULL)
			add_variable(&w, json_string(v));
	read_command(&w, n > 0);
	complete(&w);
	got = kit_put(k, "environment", &w.environment, "as recorded", e);
	if (got == 0)
		got = kit_put(k, "arguments", &w.arguments, "as recorded", e);
	buf_release(&w.environment);
	buf_release(&w.arguments);
	return got;
}
