/*
 * Events for the journal: entries with fields, so that `journalctl BOT=b07`
 * finds what concerns one bot.
 */
#include <sys/stat.h>
#include <sys/uio.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "lib/base/log_internal.h"

/* Where libsystemd sends to.  Without it, as in a container that only inherited
 * the stream, it drops what it is given and says that all is well. */
#define JOURNAL "/run/systemd/journal/socket"

bool
log_on_journal(const char *journal_stream)
{
	unsigned long long dev, ino;
	struct stat st;
	char *end;

	if (journal_stream == NULL)
		return false;
	dev = strtoull(journal_stream, &end, 10);
	if (end == journal_stream || *end != ':')
		return false;
	journal_stream = end + 1;
	ino = strtoull(journal_stream, &end, 10);
	return end != journal_stream && *end == '\0' &&
	    fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev &&
	    st.st_ino == ino;
}

static void
add_name(struct buf *out, const char *key)
{
	for (; *key != '\0'; key++)
		buf_addc(out,
		    *key >= 'a' && *key <= 'z' ? (char)(*key - 'a' + 'A')
					       : *key);
	buf_addc(out, '=');
}

static void
add_clean(struct buf *out, const char *key, const char *text)
{
	add_name(out, key);
	log_clean(out, text);
	buf_addc(out, '\0');
}

int
log_journal_fields(struct buf *out, const struct log_entry *l)
{
	const struct log_field *f = l->fields;
	int i, n = 4;

	buf_adds(out, "MESSAGE=");
	log_text_words(out, l);
	buf_addc(out, '\0');
	buf_printf(out, "PRIORITY=%d", log_priority(l->level));
	buf_addc(out, '\0');
	add_clean(out, "PANDAFUZZ_EVENT", l->event);
	add_clean(out, "PANDAFUZZ_COMPONENT", l->component);
	for (i = 0; i < l->count; i++, f++, n++) {
		if (f->text != NULL) {
			add_clean(out, f->key, f->text);
			continue;
		}
		add_name(out, f->key);
		buf_printf(out, "%ju", (uintmax_t)f->number);
		buf_addc(out, '\0');
	}
	if (l->trace[0] != '\0') {
		add_clean(out, "TRACE", l->trace);
		n++;
	}
	return n;
}

int
log_journal_send(const struct log_entry *l)
{
	struct buf fields = BUF_INIT;
	struct iovec *v;
	int n, i, rc;
	char *at;

	if (access(JOURNAL, F_OK) == -1)
		return -1;
	n = log_journal_fields(&fields, l);
	v = mem_array((size_t)n, sizeof(*v));
	at = fields.data;
	for (i = 0; i < n; i++) {
		v[i] = (struct iovec){at, strlen(at)};
		at += v[i].iov_len + 1;
	}
	rc = sd_journal_sendv(v, n);
	free(v);
	buf_release(&fields);
	return rc < 0 ? -1 : 0;
}
