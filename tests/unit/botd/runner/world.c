/* A runner on a scratch folder, for the tests of its parts. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "tests/unit/botd/runner/world.h"

static bool
gate(const char *name)
{
	struct bundle_id id;

	return bundle_id_parse(&id, name, NULL) == 0;
}

static int
order(const char *a, const char *b)
{
	return strcmp(a, b);
}

static int
folder(struct world *w, const char *path)
{
	int fd = fs_make_dir_open(w->scratch->fd, path, 0755, NULL);

	assert_true(fd != -1);
	return fd;
}

static const struct spool_names names = {gate, order};

int
world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct runner *r = &w->r;
	void *scratch;

	log_set_level(LEVEL_ERROR);
	assert_int_equal(scratch_setup(&scratch), 0);
	w->scratch = scratch;
	strcpy(w->config.bot.text, "b1");
	strcpy(w->config.account.text, "local");
	w->config.outbox_bytes = 1 << 20;
	w->config.seal_ms = 60000;
	w->config.memory_mb = 512;
	w->config.work_bytes = 64 << 20;
	w->config.processes = 16;
	w->config.cache_bytes = 1 << 20;
	r->config = &w->config;
	r->root_path = strdup(w->scratch->path);
	r->slots = 2;
	r->epoch = WORLD_EPOCH;
	r->next_seq = r->next_beat = 1;
	r->sandbox = true;
	r->loop = loop_new(NULL);
	assert_non_null(r->loop);
	r->root = folder(w, ".");
	r->outbox_fd = folder(w, "outbox");
	r->held = folder(w, "outbox/held");
	r->dropped = folder(w, "outbox/dropped");
	r->noted = folder(w, "outbox/noted");
	r->inbox = folder(w, "inbox");
	r->tickets = folder(w, "inbox/tickets");
	r->jobs = folder(w, "inbox/jobs");
	r->builds = folder(w, "builds");
	r->work = folder(w, "work");
	r->units = folder(w, "units");
	r->serial = folder(w, "state/serial");
	r->spool = spool_open(w->scratch->fd, "outbox", &names, true, NULL);
	assert_non_null(r->spool);
	*state = w;
	return 0;
}

int
world_teardown(void **state)
{
	struct world *w = *state;
	struct runner *r = &w->r;
	const int fds[] = {r->root, r->outbox_fd, r->held, r->dropped, r->noted,
	    r->inbox, r->tickets, r->jobs, r->builds, r->work, r->units,
	    r->serial};
	struct session *s;
	void *scratch = w->scratch;
	size_t i;

	while ((s = r->sessions) != NULL) {
		r->sessions = s->next;
		session_free(s);
	}
	loop_free(r->loop);
	spool_close(r->spool);
	outbox_release(&r->outbox);
	beat_probe_release(r);
	status_free(r->status);
	free(r->done);
	free(r->root_path);
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
	assert_int_equal(scratch_open_fds(), w->scratch->open_fds);
	free(w);
	return scratch_teardown(&scratch);
}

void
world_ticket(struct ticket *t, uint64_t lease)
{
	*t = (struct ticket){.version = 1,
	    .lease = lease,
	    .task = 0xee,
	    .job = 0xb1,
	    .epoch = WORLD_EPOCH,
	    .slice_ms = 60000,
	    .file_count = 1};
	strcpy(t->kind, "fuzz");
	strcpy(t->bot.text, "b1");
	strcpy(t->project.text, "png");
	strcpy(t->target.text, "read");
	strcpy(t->engine, "libfuzzer");
	strcpy(t->sanitizer, "address");
	strcpy(t->program, "read");
	t->files = calloc(1, sizeof(*t->files));
	strcpy(t->files[0].path, "read");
	t->files[0].mode = 0755;
}

struct session *
world_session(struct world *w, uint64_t lease)
{
	struct session *s;
	struct ticket t;
	struct err e;

	world_ticket(&t, lease);
	s = session_new(&w->r, &t);
	err_clear(&e);
	if (session_make_folder(s, &e) == -1)
		fail_msg("%s", e.text);
	return s;
}

static void
fill_record(struct record *rec, enum bundle_kind kind)
{
	static const enum record_type types[KIND_COUNT] = {
	    [KIND_REGISTER] = REC_OS,
	    [KIND_CRASH] = REC_REPORT,
	    [KIND_CORPUS] = REC_UNIT,
	    [KIND_STATS] = REC_LOG,
	    [KIND_COMPLETE] = REC_REASON,
	};

	memset(rec, 0, sizeof(*rec));
	rec->type = types[kind];
	rec->lease = 1;
}

uint64_t
world_seal(struct world *w, enum bundle_kind kind, size_t bytes)
{
	char *payload = malloc(bytes + 1);
	struct record rec;
	struct seal b;
	struct err e;
	size_t i;

	for (i = 0; i < bytes; i++)
		payload[i] = (char)random_u64();
	err_clear(&e);
	if (seal_begin(&b, &w->r, kind, NULL, &e) == -1)
		fail_msg("%s", e.text);
	fill_record(&rec, kind);
	digest_of(&rec.sha256, payload, bytes);
	if (seal_record(&b, &rec, payload, bytes, &e) == -1)
		fail_msg("%s", e.text);
	free(payload);
	assert_int_equal(seal_commit(&b, &e), 0);
	return b.seq;
}

bool
world_has(struct world *w, uint64_t seq, char cls)
{
	char name[128];

	snprintf(name, sizeof(name), "outbox/new/b1-%016jx-%ju-%c.pfb",
	    (uintmax_t)w->r.epoch, (uintmax_t)seq, cls);
	return faccessat(w->scratch->fd, name, F_OK, 0) == 0;
}

int
world_records(struct world *w, const char *name, enum record_type type,
    world_record_fn *each, void *arg)
{
	static struct bundle_item item;
	char payload[4097] = "";
	struct bundle_reader *reader;
	struct record rec;
	size_t len = 0;
	bool in_hand = false;
	int fd, n = 0;

	fd = openat(spool_new_fd(w->r.spool), name, O_RDONLY | O_CLOEXEC);
	assert_true(fd != -1);
	reader = bundle_reader_new(bundle_source_fd, &fd, &BUNDLE_LIMITS);
	do {
		assert_int_equal(bundle_read(reader, &item, NULL), 0);
		if (item.step == STEP_PAYLOAD && in_hand &&
		    len + item.len < sizeof(payload)) {
			memcpy(payload + len, item.bytes, item.len);
			len += item.len;
			payload[len] = '\0';
		}
		if (item.step == STEP_PAYLOAD)
			continue;
		if (in_hand && each != NULL)
			each(arg, &rec, payload);
		len = 0;
		payload[0] = '\0';
		in_hand = item.step == STEP_RECORD && item.record.type == type;
		n += in_hand;
		rec = item.record;
	} while (item.step == STEP_HEADER || item.step == STEP_RECORD ||
	    item.step == STEP_PAYLOAD);
	assert_int_equal(item.step, STEP_OK);
	bundle_reader_free(reader);
	close(fd);
	return n;
}

static char beat_name[BUNDLE_NAME_MAX];

static int
see_beat(void *arg, int dirfd, const char *name)
{
	struct bundle_id id;
	int *n = arg;

	(void)dirfd;
	if (bundle_id_parse(&id, name, NULL) == 0 && id.cls == BUNDLE_BEAT) {
		strcpy(beat_name, name);
		++*n;
	}
	return 0;
}

const char *
world_beat(struct world *w)
{
	int n = 0;

	fs_each(spool_new_fd(w->r.spool), see_beat, &n, NULL);
	assert_int_equal(n, 1);
	return beat_name;
}
