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

struct log_field {
	const char *key;
	const char *text; /* NULL: take "number" */
	uint64_t number;
};

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
