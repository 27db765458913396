#ifndef LIB_BASE_LOG_INTERNAL_H
#define LIB_BASE_LOG_INTERNAL_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/log.h"

/* One event and what every line of this process carries. */
struct log_entry {
	enum log_level level;
	const char *event, *component, *trace; /* "": none */
	const struct log_field *fields;
	int count;
};

const char *log_level_name(enum log_level level);
int log_priority(enum log_level level); /* syslog's */

/* "bundle.ingested bot=b07 units=12 trace=..." */
void log_text_words(struct buf *out, const struct log_entry *l);

/* One value, cleaned and cut. */
void log_clean(struct buf *out, const char *value);

/* To the file of log_copy_to(), if any. */
void log_copy(const struct log_entry *l);

/* Is standard error what JOURNAL_STREAM ("device:inode") names? */
bool log_on_journal(const char *journal_stream);

/* The fields of an entry of the journal, NAME=value, each ended by NUL. */
int log_journal_fields(struct buf *out, const struct log_entry *l);

/* Send them; -1: the journal does not answer. */
int log_journal_send(const struct log_entry *l);

#endif
