/* lib/wire/bundle_write: what it takes the reader takes, within 1 MiB. */
#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
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
#include "lib/base/random.h"
#include "tests/unit/lib/wire/bundles.h"

/* ---- everything that can be said, said and understood ---------------- */

static void
write_one_of_each(int fd, enum bundle_kind kind, int *records)
{
	struct bundle_header h = sample_header(kind);
	struct bundle_writer *w;
	struct record r;
	struct err e;
	int type;

	w = bundle_writer_new(fd, &h, &BUNDLE_LIMITS, &e);
	assert_non_null(w);
	for (type = 0; type < REC_COUNT; type++) {
		if (!record_allowed(kind, (enum record_type)type))
			continue;
		r = sample_record((enum record_type)type);
		digest_of(&r.sha256, "hello", 5);
		/* With a payload, and where it has no use for one without. */
		if (bundle_write(w, &r, "hello", 5, NULL) == -1)
			assert_int_equal(bundle_write(w, &r, NULL, 0, &e), 0);
		(*records)++;
	}
	assert_int_equal(bundle_writer_finish(w, NULL, &e), 0);
	assert_int_equal(bundle_writer_records(w), *records + 1);
	bundle_writer_free(w);
}

static void
assert_same_line(const struct record *got)
{
	struct record want = sample_record(got->type);
	struct buf a = BUF_INIT, b = BUF_INIT;

	digest_of(&want.sha256, "hello", 5);
	want.has_payload = got->has_payload;
	want.size = got->has_payload ? 5 : 0;
	assert_int_equal(record_format(&a, &want, NULL), 0);
	assert_int_equal(record_format(&b, got, NULL), 0);
	assert_string_equal(buf_text(&a), buf_text(&b));
	buf_release(&a);
	buf_release(&b);
}

static void
read_one_of_each(int fd, enum bundle_kind kind, int records)
{
	struct bundle_header want = sample_header(kind);
	struct bundle_item *item = mem_alloc(sizeof(*item));
	struct bundle_reader *r;
	struct err e;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	r = bundle_reader_new(bundle_source_fd, &fd, &BUNDLE_LIMITS);
	assert_int_equal(bundle_read(r, item, &e), 0);
	assert_int_equal(item->step, STEP_HEADER);
	assert_memory_equal(&item->header, &want, sizeof(want));
	while (bundle_read(r, item, &e) == 0 && item->step < STEP_OK) {
		if (item->step == STEP_RECORD) {
			assert_same_line(&item->record);
			records--;
		} else {
			assert_int_equal(item->len, 5);
			assert_memory_equal(item->bytes, "hello", 5);
		}
	}
	assert_int_equal(item->step, STEP_OK);
	assert_int_equal(records, 0);
	bundle_reader_free(r);
	free(item);
}

static void
every_kind_with_each_of_its_records_arrives(void **state)
{
	int kind, fd, records;

	(void)state;
	for (kind = 0; kind < KIND_COUNT; kind++) {
		records = 0;
		fd = memory_file();
		write_one_of_each(fd, (enum bundle_kind)kind, &records);
		assert_true(records > 0);
		read_one_of_each(fd, (enum bundle_kind)kind, records);
		close(fd);
	}
}

/* What people see with zcat: the format is a promise. */
static void
the_text_is_as_the_protocol_says(void **state)
{
	static const char want[] =
	    "{\"pfb\":1,\"kind\":\"stats\",\"account\":\"local\","
	    "\"bot\":\"b-1\",\"epoch\":\"5f3c9a01d2e4b677\",\"seq\":17,"
	    "\"lease\":null,\"job\":null,\"build\":null,\"target\":null,"
	    "\"sealed\":1795352981746,\"trace\":\"t-1\"}\n"
	    "{\"rec\":\"log\",\"lease\":\"00000000000000aa\",\"size\":5}\n"
	    "hello\n";
	struct bundle_header h = sample_header(KIND_STATS);
	struct record r = sample_record(REC_LOG);
	struct buf sealed = BUF_INIT, made = BUF_INIT;
	struct bundle_writer *w;
	struct bundle_end end;
	struct digest a, b;
	int fd = memory_file();

	(void)state;
	h.lease = h.job = 0;
	h.has_build = h.has_target = false;
	w = bundle_writer_new(fd, &h, &BUNDLE_LIMITS, NULL);
	assert_int_equal(bundle_write(w, &r, "hello", 5, NULL), 0);
	assert_int_equal(bundle_writer_bytes(w), strlen(want));
	assert_int_equal(bundle_writer_finish(w, &end, NULL), 0);
	bundle_writer_free(w);
	assert_int_equal(end.records, 2);
	digest_of(&a, want, strlen(want));
	assert_true(digest_equal(&a, &end.sha256));
	fetch_file(&made, fd);
	assert_int_equal(judge(&made, NULL, 0, &a, NULL), STEP_OK);
	seal_lines(&sealed, want, strlen(want), 2);
	assert_int_equal(judge(&sealed, NULL, 0, &b, NULL), STEP_OK);
	assert_true(digest_equal(&a, &b));
	buf_release(&sealed);
	buf_release(&made);
	close(fd);
}

/* ---- limits ---------------------------------------------------------- */

static struct bundle_limits
random_limits(void)
{
	struct bundle_limits l = {
	    .file = 20000 + random_below(60000),
	    .inflated = 10000 + random_below(60000),
	    .payload = random_below(20000),
	    .records = 1 + random_below(20),
	};

	return l;
}

#define NOISE (1 << 20)

/* Fill a bundle until the writer refuses; what came before must stand. */
static void
fill(int fd, const struct bundle_limits *limits, const uint8_t *noise)
{
	struct bundle_header h = sample_header(KIND_CORPUS);
	struct record r = sample_record(REC_UNIT);
	struct bundle_writer *w;
	int refused = 0, i;
	const uint8_t *bytes;
	struct err e;
	uint64_t size;

	w = bundle_writer_new(fd, &h, limits, &e);
	assert_non_null(w);
	for (i = 0; i < 40; i++) {
		size = random_below(i % 2 ? 300 : 24000);
		/* From another place each time, or it would deflate well. */
		bytes = noise + random_below(NOISE - 24000);
		digest_of(&r.sha256, bytes, size);
		if (bundle_writer_fits(w, size)) {
			assert_int_equal(
			    bundle_write(w, &r, bytes, size, &e), 0);
		} else {
			assert_int_equal(
			    bundle_write(w, &r, bytes, size, &e), -1);
			assert_int_equal(e.cls, ERR_REFUSED);
			refused++;
		}
	}
	assert_true(refused > 0);
	assert_int_equal(bundle_writer_finish(w, NULL, &e), 0);
	bundle_writer_free(w);
}

static void
what_the_writer_takes_the_reader_takes(void **state)
{
	struct buf b = BUF_INIT;
	struct bundle_limits l;
	static uint8_t noise[NOISE];
	struct err why;
	int fd, round;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)random_below(256);
	for (round = 0; round < 400; round++) {
		l = random_limits();
		fd = memory_file();
		fill(fd, &l, noise);
		fetch_file(&b, fd);
		close(fd);
		if (judge(&b, &l, 0, NULL, &why) != STEP_OK)
			fail_msg("file %ju inflated %ju payload %ju records "
				 "%ju: %s",
			    (uintmax_t)l.file, (uintmax_t)l.inflated,
			    (uintmax_t)l.payload, (uintmax_t)l.records,
			    why.text);
	}
	buf_release(&b);
}

/* ---- what goes wrong ------------------------------------------------- */

static void
an_odd_header_is_our_bug(void **state)
{
	struct bundle_header h = sample_header(KIND_CORPUS);
	struct err e = {0};
	int fd = memory_file();

	(void)state;
	h.epoch = 0;
	assert_null(bundle_writer_new(fd, &h, &BUNDLE_LIMITS, &e));
	assert_int_equal(e.cls, ERR_BUG);
	close(fd);
}

static void
a_full_disk_is_said(void **state)
{
	struct bundle_header h = sample_header(KIND_CORPUS);
	struct bundle_writer *w;
	struct err e = {0};
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	/* The first bytes go out at once, or later: zlib decides. */
	w = bundle_writer_new(fd, &h, &BUNDLE_LIMITS, &e);
	if (w != NULL)
		assert_int_equal(bundle_writer_finish(w, NULL, &e), -1);
	assert_int_equal(e.cls, ERR_AGAIN);
	assert_int_equal(e.sys, ENOSPC);
	bundle_writer_free(w);
	close(fd);
}

static void
a_payload_that_became_shorter_is_said(void **state)
{
	struct bundle_header h = sample_header(KIND_CORPUS);
	struct record r = sample_record(REC_UNIT);
	int fd = memory_file(), in = memory_file();
	struct bundle_writer *w;
	struct err e = {0};

	(void)state;
	assert_int_equal(write(in, "abc", 3), 3);
	w = bundle_writer_new(fd, &h, &BUNDLE_LIMITS, &e);
	assert_int_equal(bundle_write_file(w, &r, in, 4, &e), -1);
	assert_int_equal(e.cls, ERR_AGAIN);
	bundle_writer_free(w);
	close(fd);
	close(in);
}

static void
a_record_without_its_payload_leaves_the_bundle_as_it_was(void **state)
{
	struct bundle_header h = sample_header(KIND_CORPUS);
	struct record r = sample_record(REC_UNIT);
	struct buf b = BUF_INIT;
	struct bundle_writer *w;
	int fd = memory_file();

	(void)state;
	w = bundle_writer_new(fd, &h, &BUNDLE_LIMITS, NULL);
	assert_int_equal(bundle_write(w, &r, NULL, 0, NULL), -1);
	assert_int_equal(bundle_writer_records(w), 1);
	assert_int_equal(bundle_writer_finish(w, NULL, NULL), 0);
	bundle_writer_free(w);
	fetch_file(&b, fd);
	assert_int_equal(judge(&b, NULL, 0, NULL, NULL), STEP_OK);
	buf_release(&b);
	close(fd);
}

/* ---- memory ---------------------------------------------------------- */

/* Highest resident size of this process so far, in KiB. */
static long
high_water(void)
{
	char line[128];
	long kib = -1;
	FILE *f = fopen("/proc/self/status", "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmHWM: %ld kB", &kib) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return kib;
}

static void
write_big(int out, int in, uint64_t size)
{
	struct bundle_header h = sample_header(KIND_CRASH);
	struct record r = sample_record(REC_CRASH);
	struct bundle_writer *w;

	w = bundle_writer_new(out, &h, &BUNDLE_LIMITS, NULL);
	if (w == NULL || fs_hash(in, &r.sha256, NULL, NULL) == -1 ||
	    bundle_write_file(w, &r, in, size, NULL) == -1 ||
	    bundle_writer_finish(w, NULL, NULL) == -1)
		_exit(2);
	bundle_writer_free(w);
}

static void
read_big(int fd, uint64_t size)
{
	struct bundle_item *item = mem_alloc(sizeof(*item));
	struct bundle_reader *r;
	uint64_t got = 0;

	if (lseek(fd, 0, SEEK_SET) != 0)
		_exit(3);
	r = bundle_reader_new(bundle_source_fd, &fd, &BUNDLE_LIMITS);
	do {
		if (bundle_read(r, item, NULL) == -1)
			_exit(4);
		if (item->step == STEP_PAYLOAD)
			got += item->len;
	} while (item->step < STEP_OK);
	if (item->step != STEP_OK || got != size)
		_exit(5);
	bundle_reader_free(r);
	free(item);
}

static void
warm_up(uint64_t size)
{
	int in = memory_file(), out = memory_file();

	if (size > 65536)
		size = 65536;
	if (ftruncate(in, (off_t)size) == -1)
		_exit(8);
	write_big(out, in, size);
	read_big(out, size);
	close(in);
	close(out);
	malloc_trim(0);
}

/*
 * A child writes or reads and leaves with 0 when it needed less than 1 MiB
 * more than before.  Sanitizers have their own idea of memory.
 */
static void
assert_frugal(bool writing, int out, int in, uint64_t size)
{
	int status, fd;
	long before, need;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		/* Once before: the first use maps libraries. */
		warm_up(size);
		fd = open("/proc/self/clear_refs", O_WRONLY);
		if (fd == -1 || write(fd, "5", 1) != 1)
			_exit(6);
		before = high_water();
		if (writing)
			write_big(out, in, size);
		else
			read_big(out, size);
		need = high_water() - before;
#ifdef __SANITIZE_ADDRESS__
		need = 0;
#endif
		if (need >= 1024)
			fprintf(stderr, "%ld KiB\n", need);
		_exit(need < 1024 ? 0 : 7);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* An honest crash input, 1,000 times smaller when deflated (traps). */
static void
inputs_of_one_byte_arrive_in_little_memory(void **state)
{
	const uint64_t sizes[] = {64 << 10, 1 << 20, 64 << 20};
	char piece[4096];
	uint64_t done;
	int in, out;
	size_t i;

	(void)state;
	memset(piece, 'A', sizeof(piece));
	for (i = 0; i < 3; i++) {
		in = memory_file();
		out = memory_file();
		for (done = 0; done < sizes[i]; done += sizeof(piece))
			assert_int_equal(
			    write(in, piece, sizeof(piece)), sizeof(piece));
		assert_frugal(true, out, in, sizes[i]);
		assert_frugal(false, out, in, sizes[i]);
		close(in);
		close(out);
	}
}

static void
an_input_over_64_mib_is_refused(void **state)
{
	struct bundle_header h = sample_header(KIND_CRASH);
	struct record r = sample_record(REC_CRASH);
	int fd = memory_file();
	struct bundle_writer *w;
	struct err e = {0};

	(void)state;
	w = bundle_writer_new(fd, &h, &BUNDLE_LIMITS, NULL);
	assert_true(bundle_writer_fits(w, 64 << 20));
	assert_false(bundle_writer_fits(w, (64 << 20) + 1));
	assert_int_equal(bundle_write_file(w, &r, fd, (64 << 20) + 1, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	/* It travels as its digest and size (PROTOCOL 8). */
	assert_int_equal(bundle_write(w, &r, NULL, 0, &e), 0);
	assert_int_equal(bundle_writer_finish(w, NULL, &e), 0);
	bundle_writer_free(w);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_with_each_of_its_records_arrives),
	    cmocka_unit_test(the_text_is_as_the_protocol_says),
	    cmocka_unit_test(what_the_writer_takes_the_reader_takes),
	    cmocka_unit_test(an_odd_header_is_our_bug),
	    cmocka_unit_test(a_full_disk_is_said),
	    cmocka_unit_test(a_payload_that_became_shorter_is_said),
	    cmocka_unit_test(
		a_record_without_its_payload_leaves_the_bundle_as_it_was),
	    cmocka_unit_test(inputs_of_one_byte_arrive_in_little_memory),
	    cmocka_unit_test(an_input_over_64_mib_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
