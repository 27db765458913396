/*
 * Log lines.  A line leaves in one write(2), so lines of several processes
 * that share a file do not mix.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/log_internal.h"
#include "lib/base/text.h"

#define VALUE_MAX 1024

const char *const log_formats[] = {"text", "json", "auto", NULL};

/* clang-format off */
const char *const log_keys[] = {
	/* of what it is */
	"account", "bot", "bucket", "build", "bundle", "chore", "engine",
	"epoch", "file", "folder", "generation", "hook", "host", "input",
	"invite", "job", "key", "keys", "kind", "lease", "limit", "link",
	"mark", "name", "note", "path", "pid", "project", "root", "route",
	"rules", "serial", "sha256", "state", "target", "task", "ticket",
	"type", "verdict", "who", "worker",
	/* how much of it */
	"bundles", "builds", "bytes", "calls", "cancelled", "checks", "code",
	"count", "cpu_ms", "crashes", "deaths", "delay_ms", "dict", "edges",
	"ephemeral", "execs", "exit", "files", "free", "hard", "jobs", "kept",
	"known", "memory_mb", "missing", "ms", "over", "processes", "ready",
	"records", "reproduced", "restarts", "row", "seconds", "seeds",
	"series", "signal", "signatures", "slice_ms", "slots", "soft",
	"taken", "tries", "units", "units_over", "wanted_mb",
	/* why, from where, and what to do */
	"blame", "fix", "from", "reason",
	NULL
};
/* clang-format on */

static enum log_level least_level = LEVEL_INFO;
static enum log_format format = LOG_TEXT;
static bool on_journal;
static char component[32], trace[128];

void
log_set_level(enum log_level least)
{
	least_level = least;
}

void
log_set_format(enum log_format wanted)
{
	format = wanted;
	on_journal = log_on_journal(getenv("JOURNAL_STREAM"));
}

void
log_set_component(const char *name)
{
	text_copy(component, sizeof(component), name);
}

void
log_set_trace(const char *id)
{
	text_copy(trace, sizeof(trace), id == NULL ? "" : id);
}

const char *
log_level_name(enum log_level level)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};

	return names[level];
}

int
log_priority(enum log_level level)
{
	static const int priorities[] = {7, 6, 4, 3};

	return priorities[level];
}

void
log_clean(struct buf *out, const char *value)
{
	text_clean_line(out, value, strlen(value), VALUE_MAX);
}

/* ---- text ------------------------------------------------------------ */

static int
needs_quotes(const char *text)
{
	return text[0] == '\0' || strpbrk(text, " \"=\\\t\r\n") != NULL;
}

static void
add_value(struct buf *line, const char *text)
{
	struct buf clean = BUF_INIT;
	const char *p;

	log_clean(&clean, text);
	text = buf_text(&clean);
	if (!needs_quotes(text)) {
		buf_adds(line, text);
	} else {
		buf_addc(line, '"');
		for (p = text; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				buf_addc(line, '\\');
			buf_addc(line, *p);
		}
		buf_addc(line, '"');
	}
	buf_release(&clean);
}

void
log_text_words(struct buf *line, const struct log_entry *l)
{
	int i;

	buf_adds(line, l->event);
	for (i = 0; i < l->count; i++) {
		buf_printf(line, " %s=", l->fields[i].key);
		if (l->fields[i].text != NULL)
			add_value(line, l->fields[i].text);
		else
			buf_printf(line, "%ju", (uintmax_t)l->fields[i].number);
	}
	if (l->trace[0] != '\0') {
		buf_adds(line, " trace=");
		add_value(line, l->trace);
	}
}

static void
add_text(struct buf *line, const struct log_entry *l)
{
	if (on_journal)
		buf_printf(line, "<%d>", log_priority(l->level));
	buf_printf(line, "%s %s ", clock_rfc3339(clock_wall_ms()).text,
	    log_level_name(l->level));
	log_text_words(line, l);
	buf_addc(line, '\n');
}

/* ---- JSON ------------------------------------------------------------ */

static void
put_clean(struct buf *line, const char *key, const char *text)
{
	struct buf clean = BUF_INIT;

	log_clean(&clean, text);
	json_put_string(line, key, buf_text(&clean));
	buf_release(&clean);
}

static void
add_json(struct buf *line, const struct log_entry *l)
{
	const struct log_field *f = l->fields;
	int i;

	json_open(line, NULL, '{');
	json_put_string(line, "ts", clock_rfc3339(clock_wall_ms()).text);
	json_put_string(line, "level", log_level_name(l->level));
	json_put_string(line, "event", l->event);
	put_clean(line, "component", l->component);
	for (i = 0; i < l->count; i++, f++) {
		if (f->text != NULL)
			put_clean(line, f->key, f->text);
		else
			json_put_u64(line, f->key, f->number);
	}
	if (l->trace[0] != '\0')
		put_clean(line, "trace", l->trace);
	json_close(line, '}');
	buf_addc(line, '\n');
}

/* ---- out ------------------------------------------------------------- */

void
log_event(enum log_level level, const char *event,
    const struct log_field *fields, int count)
{
	struct log_entry l = {level, event,
	    component[0] != '\0' ? component : program_invocation_short_name,
	    trace, fields, count};
	struct buf line = BUF_INIT;
	ssize_t ignored;

	if (level < least_level)
		return;
	log_copy(&l);
	if (format == LOG_AUTO && on_journal && log_journal_send(&l) == 0)
		return;
	if (format == LOG_JSON)
		add_json(&line, &l);
	else
		add_text(&line, &l);
	ignored = write(STDERR_FILENO, line.data, line.len);
	(void)ignored; /* a full log disk must not stop the farm */
	buf_release(&line);
}
