/*
 * Log lines.  A line leaves in one write(2), so lines of several processes
 * that share a file do not mix.
 */
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define VALUE_MAX 1024

static enum log_level least_level = LEVEL_INFO;

void
log_set_level(enum log_level least)
{
	least_level = least;
}

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

	text_clean_line(&clean, text, strlen(text), VALUE_MAX);
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
log_event(enum log_level level, const char *event,
    const struct log_field *fields, int count)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	struct buf line = BUF_INIT;
	ssize_t ignored;
	int i;

	if (level < least_level)
		return;
	buf_printf(&line, "%s %s %s", clock_rfc3339(clock_wall_ms()).text,
	    names[level], event);
	for (i = 0; i < count; i++) {
		buf_printf(&line, " %s=", fields[i].key);
		if (fields[i].text != NULL)
			add_value(&line, fields[i].text);
		else
			buf_printf(&line, "%ju", (uintmax_t)fields[i].number);
	}
	buf_addc(&line, '\n');
	ignored = write(STDERR_FILENO, line.data, line.len);
	(void)ignored; /* a full log disk must not stop the farm */
	buf_release(&line);
}
