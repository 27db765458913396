/*
 * Filling work/<lease>/, in the child: files of the build out of builds/,
 * segments into units/, links to the units, seeds out of their archive.  For
 * the check of a build nothing of units.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/fs.h>

#include "botd/engine/check.h"
#include "botd/runner/fill.h"
#include "botd/runner/segments.h"
#include "lib/archive/seeds.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"

struct filling {
	const struct fill *f;
	int root, work, build; /* folders */
	int cache;             /* units/<project>/<corpus> */
	bool check, rerun;
	uint64_t linked, bytes;
};

__attribute__((format(printf, 1, 2))) static void
say(const char *fmt, ...)
{
	struct buf line = BUF_INIT, clean = BUF_INIT;
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_clean_line(&clean, text, strlen(text), 500);
	buf_printf(&line, "%s\n", buf_text(&clean));
	(void)fs_write_all(1, line.data, line.len);
	buf_release(&line);
	buf_release(&clean);
}

/* ---- the build ------------------------------------------------------- */

/* mkdir -p of the folder that "path" lies in. */
static int
make_parents(int at, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char folder[TICKET_PATH_MAX + 1];

	if (slash == NULL)
		return 0;
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	return fs_make_dirs(at, folder, 0755, e);
}

/* Shares the blocks where the file system can; else the bytes. */
static int
copy_file(int from, int to_at, const char *path, mode_t mode, struct err *e)
{
	int fd, rc;

	fd = openat(to_at, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd == -1)
		return err_sys(e, "cannot make '%s'", path);
	rc = ioctl(fd, FICLONE, from);
	close(fd);
	if (rc == 0)
		return 0;
	unlinkat(to_at, path, 0);
	return fs_copy(from, to_at, path, mode, NULL, NULL, e);
}

/*
 * A file of the cache has mode 0444 and is never written again: what is only
 * read is a link to it, what is run needs its x bit and so an inode of its
 * own.  A target that writes into its build's folder finds it read-only.
 */
static int
take_file(struct filling *s, const struct ticket_file *file, struct err *e)
{
	struct digest_hex hex = digest_hex(&file->sha256);
	const struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
	char name[96];
	uint64_t size;
	int fd, rc;

	snprintf(name, sizeof(name), "builds/%.2s/%s", hex.text, hex.text);
	fd = fs_open_foreign(s->root, name, &size, e);
	if (fd == -1)
		return err_wrap(e, "the build lacks '%s'", file->path);
	(void)futimens(fd, now); /* used now: evicted last */
	rc = make_parents(s->build, file->path, e);
	if (rc == 0 && size != file->size)
		rc = err_set(e, ERR_AGAIN, "the build's '%s' has a wrong size",
		    file->path);
	if (rc == 0 &&
	    ((file->mode & 0111) != 0 ||
		linkat(s->root, name, s->build, file->path, 0) == -1))
		rc = copy_file(fd, s->build, file->path,
		    (file->mode & 0111) != 0 ? 0755 : 0644, e);
	close(fd);
	return rc;
}

static int
take_build(struct filling *s, struct err *e)
{
	const struct ticket *t = s->f->ticket;
	int i;

	for (i = 0; i < t->file_count; i++)
		if (take_file(s, &t->files[i], e) == -1)
			return -1;
	return 0;
}

/* ---- inputs of a ticket ---------------------------------------------- */

/* The courier has verified them; the bytes that are run are hashed here. */
static int
take_blob(
    struct filling *s, int crashes, const struct digest *want, struct err *e)
{
	struct digest_hex hex = digest_hex(want);
	struct digest have;
	char name[96];
	int fd, rc;

	if (faccessat(crashes, hex.text, F_OK, 0) == 0)
		return 0; /* two may need the same unit */
	snprintf(name, sizeof(name), "builds/%.2s/%s", hex.text, hex.text);
	fd = fs_open_foreign(s->root, name, NULL, e);
	if (fd == -1)
		return err_wrap(e, "an input is not there");
	rc = fs_copy(fd, crashes, hex.text, 0444, &have, NULL, e);
	close(fd);
	if (rc == 0 && !digest_equal(&have, want))
		rc = err_set(e, ERR_AGAIN, "an input is not what it should be");
	return rc;
}

static int
take_inputs(struct filling *s, struct err *e)
{
	const struct ticket *t = s->f->ticket;
	int crashes = fs_open_dir(s->work, "crashes", e);
	int i, k, rc = 0;

	if (crashes == -1)
		return -1;
	for (i = 0; i < t->input_count && rc == 0; i++) {
		rc = take_blob(s, crashes, &t->inputs[i].sha256, e);
		for (k = 0; k < t->inputs[i].series_count && rc == 0; k++)
			rc = take_blob(s, crashes, &t->inputs[i].series[k], e);
	}
	close(crashes);
	return rc;
}

/* ---- units and seeds ------------------------------------------------- */

static int
link_unit(void *arg, int dirfd, const char *name)
{
	struct filling *s = arg;
	struct digest d;
	struct stat st;
	int fd, rc;

	if (digest_parse(&d, name) == -1)
		return 0; /* one that is being written */
	rc = linkat(dirfd, name, s->work, name, 0);
	if (rc == -1 && errno != EEXIST && errno != ENOENT) {
		fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd == -1)
			return 0;
		rc = fs_copy(fd, s->work, name, 0444, NULL, NULL, NULL);
		close(fd);
	}
	s->linked += rc == 0;
	if (s->f->ticket->limits.corpus_bytes != 0 &&
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		s->bytes += (uint64_t)st.st_size;
	return 0;
}

/* A folder of links: a unit that crashes this build is taken out of it, and
 * stays in the cache for other builds. */
static int
link_units(struct filling *s, struct err *e)
{
	struct filling inner = *s;
	int rc;

	inner.work = fs_open_dir(s->work, "units", e);
	if (inner.work == -1)
		return -1;
	rc = fs_each(s->cache, link_unit, &inner, e);
	close(inner.work);
	say("units %ju", (uintmax_t)inner.linked);
	say("bytes %ju", (uintmax_t)inner.bytes);
	return rc;
}

static int
open_seeds(struct filling *s, char *name, size_t size)
{
	const char *program = s->f->ticket->program;
	size_t n = strlen(program);
	int i, fd;

	if (n > 4 &&
	    (strcmp(program + n - 4, ".exe") == 0 ||
		strcmp(program + n - 4, ".par") == 0))
		n -= 4;
	for (i = 0; SEEDS_SUFFIXES[i] != NULL; i++) {
		snprintf(
		    name, size, "%.*s%s", (int)n, program, SEEDS_SUFFIXES[i]);
		fd = fs_open_foreign(s->build, name, NULL, NULL);
		if (fd != -1)
			return fd;
	}
	return -1;
}

static int
take_seeds(struct filling *s, struct err *e)
{
	char name[TICKET_PATH_MAX + 32];
	struct seeds_count n;
	struct err why;
	int fd, to;

	fd = open_seeds(s, name, sizeof(name));
	if (fd == -1)
		return 0;
	to = fs_open_dir(s->work, "seeds", e);
	if (to == -1) {
		close(fd);
		return -1;
	}
	err_clear(&why);
	/* A bad archive costs its seeds, not the session. */
	if (archive_seeds(fd, to, &SEEDS_LIMITS, &n, &why) == -1)
		say("note seeds of '%s' not used: %s", name, why.text);
	else if (n.cut || n.skipped > 0)
		say("note seeds of '%s': %ju taken, %ju skipped%s", name,
		    (uintmax_t)n.taken, (uintmax_t)n.skipped,
		    n.cut ? ", the rest left out" : "");
	say("seeds %ju", (uintmax_t)n.taken);
	close(to);
	close(fd);
	return 0;
}

/* ---- the target's file ------------------------------------------------ */

static void
say_elf(const struct elf_facts *f)
{
	if (f->is_elf)
		say("machine %s", f->machine);
	if (f->loader[0] != '\0')
		say("loader %s", f->loader);
	if (f->counted)
		say("calls %ju", (uintmax_t)f->calls);
	else
		say("uncounted %s", f->why_not);
	if (f->whole)
		say("whole");
}

/* Of a session only the head: it knows then what a loader's silence means. */
static void
read_program(const struct filling *s)
{
	const struct ticket *t = s->f->ticket;
	struct elf_facts facts = {.why_not = "the program could not be read"};
	uint64_t size = 0;
	void *bytes;
	int fd;

	fd = fs_open_foreign(s->build, t->program, &size, NULL);
	bytes = fd == -1 || size == 0
	    ? MAP_FAILED
	    : mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes != MAP_FAILED) {
		elf_calls(&facts, bytes, (size_t)size,
		    s->check ? check_runtime(t->sanitizer) : NULL);
		munmap(bytes, (size_t)size);
	}
	if (fd != -1)
		close(fd);
	say_elf(&facts);
}

/* ---- in order -------------------------------------------------------- */

static int
open_all(struct filling *s, struct err *e)
{
	const struct ticket *t = s->f->ticket;
	char path[256];

	s->root = fs_open_dir(AT_FDCWD, s->f->root, e);
	if (s->root == -1)
		return -1;
	snprintf(path, sizeof(path), "work/%s", s->f->lease);
	s->work = fs_open_dir(s->root, path, e);
	snprintf(path, sizeof(path), "work/%s/build", s->f->lease);
	s->build = fs_open_dir(s->root, path, e);
	if (s->work == -1 || s->build == -1 || s->check || s->rerun)
		return s->work == -1 || s->build == -1 ? -1 : 0;
	snprintf(
	    path, sizeof(path), "units/%s/%s", t->project.text, t->corpus.text);
	s->cache = fs_open_dir(s->root, path, e);
	return s->cache == -1 ? -1 : 0;
}

static int
take_segments(struct filling *s, struct err *e)
{
	struct segments g = {.root = s->root,
	    .cache = s->cache,
	    .ticket = s->f->ticket,
	    .also = -1,
	    .from = s->f->fed_serial};
	int rc;

	if (s->f->feed && (g.also = fs_open_dir(s->work, "corpus", e)) == -1)
		return -1;
	rc = segments_unpack(&g, e);
	if (g.also != -1)
		close(g.also);
	if (rc == 0) {
		say("serial %ju", (uintmax_t)g.last);
		say("bytes %ju", (uintmax_t)g.given);
	}
	return rc;
}

int
fill_run(const struct fill *f)
{
	struct filling s = {f, -1, -1, -1, -1, false, false, 0, 0};
	struct err e;
	int rc;

	umask(022);
	err_clear(&e);
	s.check = strcmp(f->ticket->kind, "check") == 0;
	s.rerun = strcmp(f->ticket->kind, "reproduce") == 0;
	rc = open_all(&s, &e);
	if (rc == 0 && !f->feed)
		rc = take_build(&s, &e);
	if (rc == 0 && !f->feed)
		read_program(&s);
	if (rc == 0 && s.rerun)
		rc = take_inputs(&s, &e);
	if (rc == 0 && !s.check && !s.rerun && take_segments(&s, &e) == -1) {
		/* More to start from, not a condition for starting. */
		say("note segments not used: %s", e.text);
		rc = f->feed ? -1 : 0;
	}
	if (rc == 0 && !f->feed && !s.check && !s.rerun)
		rc = link_units(&s, &e);
	if (rc == 0 && !f->feed && !s.rerun)
		rc = take_seeds(&s, &e);
	if (rc == -1)
		say("failed %s", e.text);
	else
		say("ok");
	return rc == 0 ? 0 : 1;
}
