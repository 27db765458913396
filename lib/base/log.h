#ifndef LIB_BASE_LOG_H
#define LIB_BASE_LOG_H

#include <stdint.h>

/*
 * One event, one line on standard error (STYLE 15):
 *
 *   2026-11-22T10:02:11Z info bundle.ingested bot=b07 kind=corpus units=12
 *
 * The event is a noun and the state just reached.  Values with blanks, quotes
 * or control characters are quoted and escaped by the functions here, so that
 * a line is always one line.  Only daemons and tools log, libraries never do.
 */

enum log_level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR };

void log_set_level(enum log_level least);

/*
 * The form of a line.  JSON is one object a line, always valid:
 *
 *   {"ts":...,"level":"info","event":"bundle.ingested","component":"masterd",
 *    "bot":"b07","units":12,"trace":"4bf92f35..."}
 *
 * AUTO is text, but where standard error is the journal's stream (systemd's
 * JOURNAL_STREAM names it) each event goes to the journal as an entry with
 * fields: MESSAGE, PRIORITY, PANDAFUZZ_EVENT, PANDAFUZZ_COMPONENT, and each
 * key in capitals: BOT=b07.  Text on that stream has the prefix <N> that tells
 * the journal its level.
 */
enum log_format { LOG_TEXT, LOG_JSON, LOG_AUTO };

extern const char *const log_formats[]; /* "text", "json", "auto", NULL */

/* Of this process; looks at standard error as it is now. */
void log_set_format(enum log_format format);

/* Who speaks, as "courier"; copied.  Without it the program's own name. */
void log_set_component(const char *name);

/*
 * What is done from here on is done for this trace (the id of a request or a
 * bundle): each line ends in trace=...  NULL or "": for none.  Copied.
 */
void log_set_trace(const char *trace);

/*
 * Each line also goes to this file below "dirfd" (borrowed; -1: no more), as
 * text with the component after the level.  Several processes may share it;
 * over LOG_COPY_MOST it becomes NAME.1 and a new one is begun.
 */
#define LOG_COPY_MOST (1 << 20)
void log_copy_to(int dirfd, const char *name);

struct log_field {
	const char *key;
	const char *text; /* NULL: take "number" */
	uint64_t number;
};

/*
 * All keys that there are, NULL at the end: one word for one thing in every
 * event.  The pages of the daemons say what each means; a test greps that no
 * call uses another one.
 */
extern const char *const log_keys[];

void log_event(enum log_level level, const char *event,
    const struct log_field *fields, int count);

/* LOG_T("bot", name) and LOG_N("units", 12) make fields. */
#define LOG_T(k, v) ((struct log_field){(k), (v), 0})
#define LOG_N(k, v) ((struct log_field){(k), NULL, (uint64_t)(v)})

#define LOG_EVENT(level, event, ...)                                   \
	log_event((level), (event), (struct log_field[]){__VA_ARGS__}, \
	    (int)(sizeof((struct log_field[]){__VA_ARGS__}) /          \
		sizeof(struct log_field)))

#define log_debug(event, ...) LOG_EVENT(LEVEL_DEBUG, event, __VA_ARGS__)
#define log_info(event, ...)  LOG_EVENT(LEVEL_INFO, event, __VA_ARGS__)
#define log_warn(event, ...)  LOG_EVENT(LEVEL_WARN, event, __VA_ARGS__)
#define log_error(event, ...) LOG_EVENT(LEVEL_ERROR, event, __VA_ARGS__)

#endif
