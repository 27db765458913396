/*
 * What need not be sent: crashes whose signature stands in inbox/jobs/<job>.
 * known are counted.  A count is a line in work/<lease>/seen, synced before
 * the engine's file goes, and travels as REC_SEEN.
 *
 * Before its bundle is sealed the file is renamed to seen.<epoch>-<seq>, the
 * bundle's number: a salvage that finds it so looks whether that bundle is
 * there, and counts it neither twice nor not at all.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/session.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define SEEN_FILE     "seen"
#define SEEN_BYTES    (64u << 20)
#define SEEN_EVERY_MS 60000
#define TALLIES_MOST  1000 /* in one bundle, with its header under 1,024 */

/* ---- the list ---------------------------------------------------------- */

static void
forget_list(struct session *s)
{
	if (s->has_known)
		known_release(&s->known);
	rules_free(s->rules);
	s->rules = NULL;
	s->has_known = false;
}

/* Taken whole, or nothing is known: then everything is sent. */
static int
read_list(struct session *s, const char *name, struct err *e)
{
	struct buf text = BUF_INIT;
	struct known known = {.count = 0};
	int rc;

	rc = fs_read_file(s->runner->jobs, name, &text, KNOWN_MAX_BYTES, e);
	if (rc == 0)
		rc = known_parse(&known, buf_text(&text), text.len, e);
	buf_release(&text);
	if (rc == -1)
		return -1;
	if (strcmp(known.project, s->ticket.project.text) != 0)
		rc = err_set(e, ERR_REFUSED, "it is of another project");
	else
		rc = rules_parse(&s->rules, known.rules, known.rules_len, e);
	if (rc == -1) {
		known_release(&known);
		s->rules = NULL;
		return -1;
	}
	s->known = known;
	s->has_known = true;
	return 0;
}

void
known_look(struct session *s)
{
	int64_t stamp[3] = {0, 0, 0};
	struct stat st;
	struct err e;
	char name[40];

	snprintf(
	    name, sizeof(name), "%s.known", text_hex64(s->ticket.job).text);
	if (fstatat(s->runner->jobs, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		stamp[0] = st.st_mtim.tv_sec;
		stamp[1] = st.st_mtim.tv_nsec;
		stamp[2] = (int64_t)st.st_ino;
	}
	if (memcmp(stamp, s->known_stamp, sizeof(stamp)) == 0)
		return;
	memcpy(s->known_stamp, stamp, sizeof(stamp));
	forget_list(s);
	if (stamp[2] == 0)
		return; /* it is gone */
	if (read_list(s, name, &e) == -1)
		log_warn("known.ignored", LOG_T("lease", s->lease),
		    LOG_T("file", name), LOG_T("reason", e.text));
	else
		log_info("known.read", LOG_T("lease", s->lease),
		    LOG_N("signatures", s->known.count));
}

bool
known_is_known(
    const struct session *s, const struct digest *signature, bool security)
{
	return s->has_known && known_has(&s->known, signature, security);
}

/* ---- counting ---------------------------------------------------------- */

static void
tally_add(struct session *s, const struct digest *signature, bool security,
    uint64_t now_ms)
{
	struct tally *t;
	int i;

	for (i = 0; i < s->tally_count; i++)
		if (s->tallies[i].security == security &&
		    digest_equal(&s->tallies[i].signature, signature))
			break;
	if (i == s->tally_count) {
		s->tallies = mem_resize(s->tallies, (size_t)s->tally_count + 1,
		    sizeof(s->tallies[0]));
		s->tallies[s->tally_count++] =
		    (struct tally){*signature, security, 0, now_ms, now_ms};
	}
	t = &s->tallies[i];
	t->count++;
	if (now_ms < t->first_ms)
		t->first_ms = now_ms;
	if (now_ms > t->last_ms)
		t->last_ms = now_ms;
}

/* A failed sync ends the process, as everywhere. */
static int
append(struct session *s, const struct buf *lines, struct err *e)
{
	bool fresh = s->tally_file[0] == '\0';
	struct err why;
	off_t before;
	int fd;

	if (fresh)
		text_copy(s->tally_file, sizeof(s->tally_file), SEEN_FILE);
	fd = openat(s->dir, s->tally_file,
	    O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_sys(e, "cannot count a crash");
	before = lseek(fd, 0, SEEK_END);
	if (fs_write_all(fd, lines->data, lines->len) == -1) {
		err_sys(e, "cannot count a crash");
		/* Half a line would swallow the next. */
		if (ftruncate(fd, before) == -1)
			runner_die("crash.uncounted", e);
		close(fd);
		return -1;
	}
	if (fsync(fd) == -1) {
		err_sys(&why, "cannot sync the count of crashes");
		runner_die("crash.uncounted", &why);
	}
	close(fd);
	if (fresh && fs_sync_dir(s->dir, &why) == -1)
		runner_die("crash.uncounted", &why);
	return 0;
}

struct line_name {
	char text[NAME_MAX + 1];
};

/* Of an engine's file, which a target may name as it likes: no line of it may
 * pass for a count. */
static struct line_name
line_name(const char *artifact)
{
	struct line_name n;
	char *p;

	(void)text_copy(
	    n.text, sizeof(n.text), artifact == NULL ? "" : artifact);
	for (p = n.text; *p != '\0'; p++)
		if (*p == '\n')
			*p = '?';
	return n;
}

/* With no list nobody knows these rules: nothing is counted. */
int
known_count(struct session *s, const struct find *f, struct err *e)
{
	struct buf lines = BUF_INIT;
	const struct shown *shown;
	int i, rc = 0;

	if (!s->has_known)
		return 0;
	for (i = 0; i < f->shown_count; i++) {
		shown = &f->shown[i];
		if (shown->left_out)
			buf_printf(&lines, "%s %d %ju %jd %s\n",
			    digest_hex(&shown->signature).text, shown->security,
			    (uintmax_t)f->found_ms, (intmax_t)f->mtime_ns,
			    line_name(f->artifact).text);
	}
	if (lines.len > 0)
		rc = append(s, &lines, e);
	for (i = 0; rc == 0 && i < f->shown_count; i++)
		if (f->shown[i].left_out)
			tally_add(s, &f->shown[i].signature,
			    f->shown[i].security, f->found_ms);
	buf_release(&lines);
	return rc;
}

/* ---- sealing ----------------------------------------------------------- */

static int
move_file(struct session *s, const char *name, struct err *e)
{
	if (renameat(s->dir, s->tally_file, s->dir, name) == -1)
		return err_sys(e, "cannot rename the count of crashes");
	text_copy(s->tally_file, sizeof(s->tally_file), name);
	if (fs_sync_dir(s->dir, e) == -1)
		runner_die("crash.uncounted", e);
	return 0;
}

int
known_seal(struct session *s, bool all, struct err *e)
{
	const struct runner *r = s->runner;
	struct err why;
	char name[64];

	if (s->tally_count == 0 || s->dir == -1 ||
	    (!all && s->tally_count < TALLIES_MOST &&
		clock_up_ms() < s->tally_next_ms))
		return 0;
	s->tally_next_ms = clock_up_ms() + SEEN_EVERY_MS;
	snprintf(name, sizeof(name), SEEN_FILE ".%s-%ju",
	    text_hex64(r->epoch).text, (uintmax_t)r->next_seq);
	if (move_file(s, name, e) == -1)
		return -1;
	if (seal_tallies(s, e) == -1) {
		/* Another bundle may get that number now. */
		if (move_file(s, SEEN_FILE, &why) == -1)
			runner_die("crash.uncounted", &why);
		return -1;
	}
	s->tally_count = 0;
	(void)unlinkat(s->dir, s->tally_file, 0);
	s->tally_file[0] = '\0';
	return 0;
}

/* ---- of a dead runner -------------------------------------------------- */

/* What is no line is half a one of a power cut: its crash is found again. */
static void
take_line(struct session *s, char *line)
{
	struct digest signature;
	char *rest = NULL, *word[3];
	uint64_t at;
	int i;

	for (i = 0; i < 3; i++)
		word[i] = strtok_r(i == 0 ? line : NULL, " ", &rest);
	if (word[0] == NULL || word[1] == NULL || word[2] == NULL ||
	    digest_parse(&signature, word[0]) == -1 ||
	    text_to_u64(&at, word[2]) == -1)
		return;
	tally_add(s, &signature, word[1][0] == '1', at);
	buf_printf(&s->counted_last, "%s\n", rest == NULL ? "" : rest);
}

static void
take_file(struct session *s, const char *name)
{
	struct buf text = BUF_INIT;
	char *line, *next;

	if (fs_read_file(s->dir, name, &text, SEEN_BYTES, NULL) == 0)
		for (line = text.data; line != NULL && *line != '\0';
		     line = next) {
			next = strchr(line, '\n');
			if (next == NULL)
				break;
			*next++ = '\0';
			take_line(s, line);
		}
	buf_release(&text);
}

static int
see_file(void *arg, int dirfd, const char *name)
{
	struct session *s = arg;
	uint64_t epoch, seq;
	char digits[17];
	bool sealed = false;

	if (strncmp(name, SEEN_FILE, strlen(SEEN_FILE)) != 0)
		return 0;
	if (name[strlen(SEEN_FILE)] == '.' && strlen(name) > 22 &&
	    name[21] == '-') {
		text_copy(digits, sizeof(digits), name + 5);
		sealed = text_to_hex64(&epoch, digits) == 0 &&
		    text_to_u64(&seq, name + 22) == 0 &&
		    crash_was_sealed(s->runner, epoch, seq);
	} else if (strcmp(name, SEEN_FILE) != 0) {
		return 0;
	}
	/* Its last file went before that bundle was begun. */
	if (sealed) {
		(void)unlinkat(dirfd, name, 0);
		return 0;
	}
	take_file(s, name);
	text_copy(s->tally_file, sizeof(s->tally_file), name);
	return 0;
}

void
known_salvage(struct session *s)
{
	fs_each(s->dir, see_file, s, NULL);
	known_look(s);
}

bool
known_had(const struct session *s, const char *name, int64_t mtime_ns)
{
	struct buf line = BUF_INIT;
	bool had;

	if (s->counted_last.len == 0)
		return false;
	buf_printf(&line, "%jd %s\n", (intmax_t)mtime_ns, line_name(name).text);
	had = memmem(s->counted_last.data, s->counted_last.len, line.data,
		  line.len) != NULL;
	buf_release(&line);
	return had;
}

void
known_end(struct session *s)
{
	forget_list(s);
	free(s->tallies);
	buf_release(&s->counted_last);
}
