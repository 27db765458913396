/*
 * A child that fills work/<lease>/: the build's files, the bot's own copy of
 * the target's units, segments, seeds (P.33).  In a process of its own, since
 * it may take seconds and reads what others packed; what it found out comes
 * back as lines in work/<lease>/prepared.  Later it is started again when the
 * job's file lists more segments ("feed").
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/fill.h"
#include "botd/runner/session.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/spawn.h"
#include "lib/base/text.h"

#define RESULT_BYTES 65536
#define CPU_SECONDS  600
#define MEMORY_BYTES (4ull << 30)

static int
fill_child(void *arg)
{
	const struct rlimit cpu = {CPU_SECONDS, CPU_SECONDS};
	setrlimit(RLIMIT_CPU, &cpu);
#ifndef __SANITIZE_ADDRESS__ /* which takes terabytes of addresses */
	const struct rlimit memory = {MEMORY_BYTES, MEMORY_BYTES};

	setrlimit(RLIMIT_AS, &memory);
#endif
	return fill_run(arg);
}

/* ---- what it said ---------------------------------------------------- */

struct said {
	bool whole; /* it came to its end */
	char failure[320];
};

/* As fill.c wrote them. */
static void
take_elf_line(struct elf_facts *f, const char *line)
{
	if (strncmp(line, "machine ", 8) == 0) {
		f->is_elf = true;
		text_copy(f->machine, sizeof(f->machine), line + 8);
	} else if (strncmp(line, "loader ", 7) == 0) {
		text_copy(f->loader, sizeof(f->loader), line + 7);
	} else if (strncmp(line, "uncounted ", 10) == 0) {
		text_copy(f->why_not, sizeof(f->why_not), line + 10);
	} else if (strncmp(line, "calls ", 6) == 0 &&
	    text_to_u64(&f->calls, line + 6) == 0) {
		f->counted = true;
	} else if (strcmp(line, "whole") == 0) {
		f->whole = true;
	}
}

static void
take_line(struct session *s, struct said *said, const char *line)
{
	uint64_t n;

	if (strcmp(line, "ok") == 0)
		said->whole = true;
	else if (strncmp(line, "failed ", 7) == 0)
		text_copy(said->failure, sizeof(said->failure), line + 7);
	else if (strncmp(line, "note ", 5) == 0)
		check_note(s, line + 5);
	else if (strncmp(line, "seeds ", 6) == 0 &&
	    text_to_u64(&n, line + 6) == 0)
		s->seeds = n;
	else if (strncmp(line, "units ", 6) == 0 &&
	    text_to_u64(&n, line + 6) == 0)
		s->has_inputs = n > 0;
	else if (strncmp(line, "bytes ", 6) == 0 &&
	    text_to_u64(&n, line + 6) == 0)
		s->corpus_bytes += n;
	else if (strncmp(line, "serial ", 7) == 0 &&
	    text_to_u64(&n, line + 7) == 0)
		s->fed_serial = n;
	else
		take_elf_line(&s->elf, line);
}

static void
read_result(struct session *s, struct said *said)
{
	struct buf text = BUF_INIT;
	char *line, *next;
	ssize_t n;

	*said = (struct said){false, ""};
	buf_grow(&text, RESULT_BYTES);
	n = fs_read_at(s->prepare_out, text.data, RESULT_BYTES - 1, 0);
	text.data[n < 0 ? 0 : n] = '\0';
	for (line = text.data; *line != '\0'; line = next) {
		next = strchr(line, '\n');
		if (next == NULL)
			break;
		*next++ = '\0';
		take_line(s, said, line);
	}
	buf_release(&text);
}

static void
forget_child(struct session *s)
{
	loop_drop(s->prepare);
	s->prepare = NULL;
	s->prepare_pid = 0;
	if (s->prepare_out != -1)
		close(s->prepare_out);
	s->prepare_out = -1;
}

static void
on_child(void *arg, pid_t pid, int status)
{
	struct session *s = arg;
	bool feeding = s->feeding;
	struct said said;

	(void)pid;
	read_result(s, &said);
	if (!said.whole && said.failure[0] == '\0')
		snprintf(said.failure, sizeof(said.failure),
		    "the session's folder could not be filled (%s %d)",
		    WIFSIGNALED(status) ? "signal" : "exit",
		    WIFSIGNALED(status) ? WTERMSIG(status)
					: WEXITSTATUS(status));
	forget_child(s);
	s->feeding = false;
	if (feeding) {
		if (!said.whole)
			log_warn("segments.unfed", LOG_T("lease", s->lease),
			    LOG_T("reason", said.failure));
		return;
	}
	/* Kept under its name only when whole: a salvage asks for it. */
	if (said.whole)
		(void)renameat(s->dir, "prepare", s->dir, "prepared");
	session_prepared(s, said.whole ? NULL : said.failure);
}

int
prepare_start(struct session *s, bool feed, struct err *e)
{
	struct fill fill = {.root = s->runner->root_path,
	    .lease = s->lease,
	    .ticket = &s->ticket,
	    .feed = feed,
	    .fed_serial = s->fed_serial};

	s->prepare_out = openat(s->dir, feed ? "feed" : "prepare",
	    O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->prepare_out == -1)
		return err_sys(e, "cannot make the list of a session's folder");
	s->prepare_pid = spawn_call(fill_child, &fill, -1, s->prepare_out, e);
	if (s->prepare_pid == -1) {
		forget_child(s);
		return -1;
	}
	s->feeding = feed;
	s->prepare =
	    loop_child(s->runner->loop, s->prepare_pid, on_child, s, e);
	if (s->prepare == NULL) {
		prepare_stop(s);
		return -1;
	}
	return 0;
}

void
prepare_stop(struct session *s)
{
	if (s->prepare_pid <= 0)
		return;
	loop_drop(s->prepare);
	s->prepare = NULL;
	kill(s->prepare_pid, SIGKILL);
	waitpid(s->prepare_pid, NULL, 0);
	forget_child(s);
	s->feeding = false;
}

bool
prepare_news(struct session *s)
{
	struct stat st;
	char name[32];

	if (s->prepare_pid > 0)
		return false;
	snprintf(name, sizeof(name), "%s.json", text_hex64(s->ticket.job).text);
	if (fstatat(s->runner->jobs, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return false;
	if (s->job_stamp[0] == st.st_mtim.tv_sec &&
	    s->job_stamp[1] == st.st_mtim.tv_nsec &&
	    s->job_stamp[2] == (int64_t)st.st_ino)
		return false;
	s->job_stamp[0] = st.st_mtim.tv_sec;
	s->job_stamp[1] = st.st_mtim.tv_nsec;
	s->job_stamp[2] = (int64_t)st.st_ino;
	return true;
}
