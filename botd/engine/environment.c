/*
 * A program's environment, the same for all engines: variables of ours, those
 * of the job over them, and for each sanitizer one string in which what may
 * not be undone comes last (facts 4.9, 6.2).
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "botd/engine/environment.h"
#include "lib/wire/sanitizers.h"

/*
 * What a sanitizer is told when the ticket says nothing of it (facts 5.3,
 * OSS-Fuzz's base runner), by section of .options.
 */
static const struct {
	const char *section, *options;
} base[] = {
    {"asan",
	"alloc_dealloc_mismatch=0:allocator_release_to_os_interval_ms=500:"
	"check_malloc_usable_size=0:detect_container_overflow=1:"
	"detect_odr_violation=0:detect_leaks=1:"
	"detect_stack_use_after_return=1:fast_unwind_on_fatal=0:"
	"handle_segv=1:handle_sigill=1:max_uar_stack_size_log=16:"
	"print_scariness=1:quarantine_size_mb=10:strict_memcmp=1:"
	"use_sigaltstack=1:dedup_token_length=3"},
    {"ubsan",
	"print_summary=1:silence_unsigned_overflow=1:dedup_token_length=3"},
    {"msan", "print_stats=0:dedup_token_length=3"},
    {"tsan", "history_size=3:report_signal_unsafe=0"},
};

/* In a check a leak is no bad build, and an unknown instruction is shown. */
#define CHECK_OPTIONS "detect_leaks=0:handle_sigill=1:dump_instruction_bytes=1"

/* A quote would swallow what is forced after it. */
static bool
value_ok(const char *v)
{
	return strpbrk(v, "'\"\\\n") == NULL;
}

static bool
name_ok(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!isalpha((unsigned char)name[i]) && name[i] != '_' &&
		    (i == 0 || !isdigit((unsigned char)name[i])))
			return false;
	return len > 0;
}

static bool
is_variable(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, name, len) == 0 && word[len] == '=';
}

/*
 * The master's list has what is forced as well, and there a quote is ours:
 * such an option is taken out of the job's, it comes last again.
 */
static void
drop_our_quotes(char *value, const struct sanitizer_tool *tool)
{
	const char *at = tool->forced;
	struct sanitizer_option o;
	char *found;
	size_t len;

	while (sanitizer_option_next(&at, &o)) {
		if (memchr(o.value, '\'', o.value_len) == NULL)
			continue;
		len = (size_t)(o.value + o.value_len - o.name);
		found = memmem(value, strlen(value), o.name, len);
		if (found == NULL)
			continue;
		len += found[len] == ':';
		memmove(found, found + len, strlen(found + len) + 1);
	}
	len = strlen(value);
	if (len > 0 && value[len - 1] == ':')
		value[len - 1] = '\0';
}

/* What the job says to a tool, else what we would.  "*mine" is the caller's. */
static const char *
first_options(struct engine_plan *p, const struct sanitizer_tool *tool,
    const struct engine_target *t, char **mine)
{
	const char *value;
	size_t i;
	int n;

	for (n = t->environment_count - 1; n >= 0; n--) {
		if (!is_variable(t->environment[n], tool->variable))
			continue;
		free(*mine);
		value = *mine = mem_strdup(strchr(t->environment[n], '=') + 1);
		drop_our_quotes(*mine, tool);
		if (value_ok(value))
			return value;
		buf_printf(&p->notes, "ignored %s of the job: a quote in it\n",
		    tool->variable);
	}
	for (i = 0; i < sizeof(base) / sizeof(base[0]); i++)
		if (strcmp(base[i].section, tool->section) == 0)
			return base[i].options;
	return "";
}

static void
join(struct buf *text, const char *options)
{
	if (text->len > 0 && options[0] != '\0')
		buf_addc(text, ':');
	buf_adds(text, options);
}

/* Defaults, the job's, the target's, and last what is forced (facts 4.9). */
static void
add_tool(struct engine_plan *p, const struct sanitizer_tool *tool,
    const struct options *o, const struct engine_target *t, bool check)
{
	struct buf text = BUF_INIT;
	const struct option *w;
	char *mine = NULL;
	int i;

	join(&text, first_options(p, tool, t, &mine));
	free(mine);
	for (i = 0; i < o->count; i++) {
		w = &o->list[i];
		if (strcmp(w->section, tool->section) != 0)
			continue;
		if (option_key_ok(w->key, strlen(w->key)) && value_ok(w->value))
			buf_printf(&text, "%s%s=%s", text.len > 0 ? ":" : "",
			    w->key, w->value);
		else
			buf_printf(&p->notes, "ignored %s option '%s'\n",
			    tool->section, w->key);
	}
	if (check)
		join(&text, CHECK_OPTIONS);
	join(&text, tool->forced);
	if (t->symbolizer != NULL)
		buf_printf(
		    &text, ":external_symbolizer_path=%s", t->symbolizer);
	strv_add(&p->env, "%s=%s", tool->variable, text.data);
	buf_release(&text);
}

/* Replaces a variable of the same name: who comes last, wins. */
static void
put_env(struct engine_plan *p, const char *word)
{
	size_t len = strcspn(word, "=") + 1;
	int i;

	for (i = 0; i < p->env.count; i++)
		if (strncmp(p->env.list[i], word, len) == 0) {
			free(p->env.list[i]);
			p->env.list[i] = mem_strdup(word);
			return;
		}
	strv_add(&p->env, "%s", word);
}

static bool
is_tool(const char *word)
{
	int i;

	for (i = 0; i < SANITIZER_TOOLS; i++)
		if (is_variable(word, sanitizer_tools[i].variable))
			return true;
	return false;
}

void
environment_add(struct engine_plan *p, const struct options *o,
    const struct engine_target *t, bool check)
{
	const char *word;
	int i;

	strv_add(&p->env, "PATH=/usr/local/bin:/usr/bin:/bin");
	strv_add(&p->env, "HOME=/tmp");
	strv_add(&p->env, "TMPDIR=/tmp");
	strv_add(&p->env, "LANG=C.UTF-8");
	strv_add(&p->env, "LD_LIBRARY_PATH=%s/lib", t->build);
	strv_add(&p->env, "OUT=%s", t->build);
	for (i = 0; i < t->environment_count; i++) {
		word = t->environment[i];
		if (!name_ok(word, strcspn(word, "=")))
			buf_printf(&p->notes,
			    "ignored '%s': no name of a variable\n", word);
		else if (!is_tool(word))
			put_env(p, word);
	}
	for (i = 0; i < SANITIZER_TOOLS; i++)
		add_tool(p, &sanitizer_tools[i], o, t, check);
}
