/* A bot's root, an account's folder, and the master's side by hand. */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/wire/bundle.h"
#include "tests/unit/lib/wire/bundles.h"
#include "tests/unit/botd/courier/scene.h"

/* A scene that cannot be made says so and ends the test program. */
static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static char *
path_of(const char *fmt, va_list args)
{
	static char path[256];

	vsnprintf(path, sizeof(path), fmt, args);
	return path;
}

/* ---- the scene ------------------------------------------------------- */

static void
configure(struct scene *w)
{
	struct courier_config *c = &w->config;

	snprintf(w->root, sizeof(w->root), "%s/root", w->path);
	snprintf(w->link, sizeof(w->link), "dir:%s/account", w->path);
	c->root = w->root;
	c->link = w->link;
	must(name_parse(&c->bot, "bot", "b1", NULL) == 0, "b1");
	c->timeout_ms = 5000;
	c->drain_ms = 1000;
	c->acked_bytes = 1 << 30;
	c->acked_ms = 24 * 3600 * 1000;
}

struct scene *
scene_open(const char *path)
{
	static const char *const folders[] = {"root/outbox/tmp",
	    "root/outbox/new", "root/state/serial", "account/incoming/tmp",
	    "account/incoming/new", "account/outgoing/b1/tickets",
	    "account/outgoing/b1/jobs", "account/outgoing/b1/blobs"};
	struct scene *w = mem_alloc(sizeof(*w));
	struct err e;
	size_t i;

	log_set_level(LEVEL_ERROR);
	snprintf(w->path, sizeof(w->path), "%s", path);
	w->fd = fs_open_dir(AT_FDCWD, w->path, NULL);
	must(w->fd != -1, path);
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		must(fs_make_dirs(w->fd, folders[i], 0750, NULL) == 0,
		    folders[i]);
	configure(w);
	w->status = status_new();
	w->status->generation = 0x1111;
	w->status->serial = 1000;
	w->status->wire_max = w->status->wire_min = 1;
	w->status->heartbeat_ms = 10000;
	w->status->epoch = SCENE_EPOCH;
	w->courier = courier_new(&w->config, &e);
	must(w->courier != NULL, "courier");
	return w;
}

void
scene_close(struct scene *w)
{
	courier_free(w->courier);
	status_free(w->status);
	close(w->fd);
	free(w);
}

int
scene_setup(void **state)
{
	char path[] = "/tmp/pf-courier-XXXXXX";

	must(mkdtemp(path) != NULL, path);
	*state = scene_open(path);
	return 0;
}

int
scene_teardown(void **state)
{
	struct scene *w = *state;
	char path[64];

	snprintf(path, sizeof(path), "%s", w->path);
	scene_close(w);
	return fs_remove_tree(AT_FDCWD, path, NULL);
}

uint64_t
scene_turn(struct scene *w)
{
	return courier_turn(w->courier);
}

void
scene_restart(struct scene *w)
{
	struct err e;

	courier_free(w->courier);
	w->courier = courier_new(&w->config, &e);
	must(w->courier != NULL, "courier");
}

/* ---- the runner's side ----------------------------------------------- */

static void
fill(int fd, const struct bundle_header *h, size_t bytes)
{
	struct bundle_writer *b;
	struct record r;
	uint64_t *noise = mem_array(bytes / 8 + 1, 8);
	size_t i;
	struct err e;

	for (i = 0; i < bytes / 8 + 1; i++)
		noise[i] = random_u64();
	b = bundle_writer_new(fd, h, &BUNDLE_LIMITS, &e);
	must(b != NULL, "bundle writer");
	if (h->kind == KIND_CRASH || h->kind == KIND_CORPUS) {
		r = sample_record(h->kind == KIND_CRASH ? REC_CRASH : REC_UNIT);
		digest_of(&r.sha256, noise, bytes);
		must(bundle_write(b, &r, noise, bytes, &e) == 0, "record");
	}
	must(bundle_writer_finish(b, NULL, &e) == 0, "bundle end");
	bundle_writer_free(b);
	free(noise);
}

const char *
scene_seal(struct scene *w, enum bundle_kind kind, uint64_t epoch, uint64_t seq,
    size_t bytes)
{
	static struct bundle_name name;
	struct bundle_header h = sample_header(kind);
	struct bundle_id id = {
	    w->config.bot, epoch, seq, bundle_kind_class(kind)};
	char tmp[160], fresh[160];
	int fd;

	h.bot = w->config.bot;
	h.epoch = epoch;
	h.seq = seq;
	name = bundle_id_format(&id);
	snprintf(tmp, sizeof(tmp), "root/outbox/tmp/%s", name.text);
	snprintf(fresh, sizeof(fresh), "root/outbox/new/%s", name.text);
	fd = openat(w->fd, tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	must(fd != -1, tmp);
	fill(fd, &h, bytes);
	close(fd);
	must(renameat(w->fd, tmp, w->fd, fresh) == 0, fresh);
	return name.text;
}

/* ---- the master's side ----------------------------------------------- */

static void
publish(struct scene *w, const char *path, const struct buf *text)
{
	struct timespec times[2] = {
	    {(time_t)w->status->serial, 0}, {(time_t)w->status->serial, 0}};

	must(fs_replace(
		 w->fd, path, text->data, text->len, 0444, false, NULL) == 0,
	    path);
	must(utimensat(w->fd, path, times, 0) == 0, path);
}

void
scene_publish(struct scene *w)
{
	struct buf text = BUF_INIT;

	w->status->serial++;
	status_format(&text, w->status);
	publish(w, "account/outgoing/b1/status.json", &text);
	buf_release(&text);
}

void
scene_cover(struct scene *w, uint64_t below)
{
	w->status->epoch_count = 1;
	w->status->epochs[0].epoch = SCENE_EPOCH;
	w->status->epochs[0].below = below;
	scene_publish(w);
}

struct ticket_file
scene_blob(struct scene *w, const char *text)
{
	struct ticket_file f = {"target", 0755, strlen(text), {{0}}};
	char path[256];

	digest_of(&f.sha256, text, f.size);
	snprintf(path, sizeof(path), "account/outgoing/b1/blobs/%s",
	    digest_hex(&f.sha256).text);
	scene_write(w, path, text);
	return f;
}

void
scene_ticket(struct scene *w, uint64_t lease, uint64_t job,
    const struct ticket_file *files, int count)
{
	struct ticket t = {.version = 1,
	    .lease = lease,
	    .task = 0x77,
	    .job = job,
	    .epoch = w->status->epoch,
	    .engine = "libfuzzer",
	    .sanitizer = "address",
	    .slice_ms = 60000,
	    .program = "target",
	    .file_count = count,
	    .bot = w->config.bot};
	struct buf text = BUF_INIT;
	char path[128];
	int i;

	text_copy(t.kind, sizeof(t.kind), job == 0 ? "check" : "fuzz");
	t.files = mem_array((size_t)count + 1, sizeof(*t.files));
	for (i = 0; i < count; i++) {
		t.files[i] = files[i];
		if (i > 0)
			snprintf(t.files[i].path, sizeof(t.files[i].path),
			    "file%d", i);
	}
	must(name_parse(&t.project, "project", "zlib", NULL) == 0, "zlib");
	must(target_name_parse(&t.target, "target", NULL) == 0, "target");
	digest_of(&t.build, "build", 5);
	ticket_format(&text, &t);
	snprintf(path, sizeof(path), "account/outgoing/b1/tickets/%s.json",
	    text_hex64(lease).text);
	publish(w, path, &text);
	w->status->leases[w->status->lease_count++] = lease;
	buf_release(&text);
	free(t.files);
}

void
scene_job(
    struct scene *w, uint64_t job, const struct ticket_file *blobs, int count)
{
	struct job_file f = {job, 1, count, NULL};
	struct buf text = BUF_INIT;
	char path[128];
	int i;

	f.segments = mem_array((size_t)count + 1, sizeof(*f.segments));
	for (i = 0; i < count; i++)
		f.segments[i] = (struct segment){blobs[i].sha256,
		    (uint64_t)i + 1, (uint64_t)i + 1, blobs[i].size};
	job_file_format(&text, &f);
	snprintf(path, sizeof(path), "account/outgoing/b1/jobs/%s.json",
	    text_hex64(job).text);
	publish(w, path, &text);
	buf_release(&text);
	job_file_release(&f);
}

/* ---- files ----------------------------------------------------------- */

bool
scene_has(struct scene *w, const char *fmt, ...)
{
	struct stat st;
	va_list args;
	int rc;

	va_start(args, fmt);
	rc = fstatat(w->fd, path_of(fmt, args), &st, AT_SYMLINK_NOFOLLOW);
	va_end(args);
	return rc == 0;
}

void
scene_write(struct scene *w, const char *path, const char *text)
{
	must(
	    fs_replace(w->fd, path, text, strlen(text), 0644, false, NULL) == 0,
	    path);
}

void
scene_remove(struct scene *w, const char *fmt, ...)
{
	va_list args;
	char *path;

	va_start(args, fmt);
	path = path_of(fmt, args);
	must(unlinkat(w->fd, path, 0) == 0, path);
	va_end(args);
}

static int
count_one(void *arg, int dirfd, const char *name)
{
	(void)dirfd;
	(void)name;
	++*(int *)arg;
	return 0;
}

int
scene_count(struct scene *w, const char *folder)
{
	int fd = fs_open_dir(w->fd, folder, NULL), n = 0;

	must(fd != -1, folder);
	fs_each(fd, count_one, &n, NULL);
	close(fd);
	return n;
}

bool
scene_holds(struct scene *w, const char *path, const char *text)
{
	struct buf got = BUF_INIT;
	bool same;

	same = fs_read_file(w->fd, path, &got, 1 << 20, NULL) == 0 &&
	    strcmp(buf_text(&got), text) == 0;
	buf_release(&got);
	return same;
}
