/*
 * Kits without a master: words of bots as they stand in the files that
 * repro.sh reads, what is scrubbed, which files and libraries come along.
 */
#include <sys/stat.h>

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
#include "lib/base/text.h"
#include "tests/unit/scratch.h"
#include "tools/pfadm/kit.h"
#include "tools/pfadm/kit_elf.h"

#define SHA "00000000000000000000000000000000000000000000000000000000000000aa"
#define SHB "00000000000000000000000000000000000000000000000000000000000000bb"

static struct json *
parse(const char *text)
{
	struct err e;
	struct json *j = json_parse(text, strlen(text), &JSON_FILE, &e);

	if (j == NULL)
		fail_msg("%s", e.text);
	return j;
}

static char *
content(struct scratch *s, const char *name)
{
	struct buf text = BUF_INIT;
	struct err e;

	if (fs_read_file(s->fd, name, &text, 1 << 20, &e) == -1)
		fail_msg("%s", e.text);
	buf_addc(&text, '\0');
	return buf_detach(&text);
}

static void
expect_line(const char *text, const char *line)
{
	struct buf all = BUF_INIT, one = BUF_INIT;

	buf_printf(&all, "\n%s", text);
	buf_printf(&one, "\n%s\n", line);
	if (strstr(all.data, one.data) == NULL)
		fail_msg("no line '%s' in:\n%s", line, text);
	buf_release(&all);
	buf_release(&one);
}

static void
expect_none(const char *text, const char *word)
{
	if (strstr(text, word) != NULL)
		fail_msg("'%s' stands in:\n%s", word, text);
}

/* Words of "crash" into the scratch folder. */
static void
write_words(struct scratch *s, const char *crash, bool scrub)
{
	struct kit k = {.dir = s->fd, .scrub = scrub};
	struct json *j = parse(crash);
	struct err e;

	k.crash = json_root(j);
	if (scrub)
		kit_hide_recorded(&k, json_get(k.crash, "environment"));
	if (kit_words(&k, &e) == -1)
		fail_msg("%s", e.text);
	kit_release(&k);
	json_free(j);
}

static void
words_of_bots_stay_words(void **state)
{
	struct scratch *s = *state;
	char *text;

	write_words(s,
	    "{\"sha256\":\"" SHA "\",\"command\":[\"env\",\"A=1\",\"./t\","
	    "\"-x=$(id) `id`\",\"/var/w/7/corpus\",\"/var/w/7/crashes/" SHA
	    "\",\"two\\nlines\"],"
	    "\"environment\":[\"OUT=/var/w/7/build\",\"T='\\\"$(id);\","
	    "\"LD_LIBRARY_PATH=/var/w/7/build/lib:/var/w/7/buildings\","
	    "\"no name=1\",\"N=a\\nb\",\"HOME=/root\","
	    "\"ASAN_OPTIONS=a=1:log_path='x:y':stack_trace_format=\\\"%n:%p\\\""
	    ":b=2:symbolize=0\"]}",
	    false);
	text = content(s, "environment");
	expect_line(text, "OUT=@KIT_BUILD@");
	expect_line(text, "T='\"$(id);");
	expect_line(
	    text, "LD_LIBRARY_PATH=@KIT_BUILD@/lib:@KIT_WORK@/buildings");
	expect_line(text, "HOME=@KIT_HOME@");
	expect_line(text, "TMPDIR=@KIT_HOME@");
	expect_line(text, "ASAN_OPTIONS=a=1:b=2");
	expect_none(text, "no name");
	expect_none(text, "N=a");
	expect_none(text, "A=1"); /* the environment says it all */
	free(text);
	text = content(s, "arguments");
	assert_string_equal(
	    text, "-x=$(id) `id`\n@KIT_WORK@/corpus\n@KIT_INPUT@\n");
	free(text);
}

static void
an_input_that_nobody_named_comes_last(void **state)
{
	struct scratch *s = *state;
	char *text;

	write_words(s,
	    "{\"command\":[\"env\",\"B=2\",\"./t\",\"-runs=1\"],"
	    "\"series\":[\"" SHA "\",\"" SHB "\"]}",
	    false);
	text = content(s, "arguments");
	assert_string_equal(text,
	    "-runs=1\n@KIT_SERIES@/0001\n@KIT_SERIES@/0002\n@KIT_INPUT@\n");
	free(text);
	text = content(s, "environment");
	expect_line(text, "B=2");
	free(text);
}

static void
inputs_of_a_series_stand_where_they_stood(void **state)
{
	struct scratch *s = *state;
	char *text;

	write_words(s,
	    "{\"command\":[\"./t\",\"/w/units/" SHA "\",\"-x\",\"/w/units/" SHB
	    "\",\"INPUT\"],\"series\":[\"" SHA "\",\"" SHB "\"]}",
	    false);
	text = content(s, "arguments");
	assert_string_equal(
	    text, "@KIT_SERIES@/0001\n-x\n@KIT_SERIES@/0002\n@KIT_INPUT@\n");
	free(text);
}

static void
scrubbed_words_name_nobody(void **state)
{
	struct scratch *s = *state;
	char *text;

	write_words(s,
	    "{\"command\":[\"./t\",\"INPUT\"],\"environment\":["
	    "\"USER=alice\",\"HOSTNAME=fuzz-box\",\"SSH_AUTH_SOCK=/tmp/x\","
	    "\"SRC=/home/alice/zlib/a.c:/usr/lib/x\",\"WHO=alice@fuzz-box\","
	    "\"MALICE=malice\"]}",
	    true);
	text = content(s, "environment");
	expect_line(text, "SRC=a.c:/usr/lib/x");
	expect_line(text, "WHO=USER@HOST");
	expect_line(text, "MALICE=malice");
	expect_none(text, "USER=alice");
	expect_none(text, "HOSTNAME");
	expect_none(text, "SSH_");
	free(text);
}

static void
scrub_cuts_folders_and_names(void **state)
{
	static const char report[] =
	    "    #0 0x55 in f(int) /home/bob/src/zlib/inflate.c:10:5 "
	    "(/opt/out/t+0x1e5)\n"
	    "    #1 0x7f in g /usr/include/c++/12/x.h:1 "
	    "(/lib/x/libc.so.6+0x2)\n"
	    "a/b http://x/y bob bobby /bob (bob) file:///home/bob/a.c\n";
	struct kit k = {.scrub = true};
	struct buf out = BUF_INIT;

	(void)state;
	kit_hide(&k, "bob", "USER");
	kit_hide(&k, "xy", "HOST");   /* too short */
	kit_hide(&k, "root", "USER"); /* a word of programs */
	assert_int_equal(k.name_count, 1);
	kit_text(&k, &out, report, strlen(report));
	assert_string_equal(out.data,
	    "    #0 0x55 in f(int) inflate.c:10:5 (t+0x1e5)\n"
	    "    #1 0x7f in g /usr/include/c++/12/x.h:1 "
	    "(/lib/x/libc.so.6+0x2)\n"
	    "a/b http://x/y USER bobby /USER (USER) file://a.c\n");
	buf_release(&out);
	kit_release(&k);
}

static void
scrub_takes_any_bytes(void **state)
{
	struct kit k = {.scrub = true};
	struct buf out = BUF_INIT;

	(void)state;
	kit_hide(&k, "bob", "USER");
	kit_text(&k, &out, "", 0);
	kit_text(&k, &out, "/\0/a/\xff/bob\0bob", 14);
	assert_int_equal(memcmp(out.data, "/ ", 2), 0);
	assert_null(memmem(out.data, out.len, "bob", 3));
	buf_release(&out);
}

static void
expected_has_the_frames_of_the_state(void **state)
{
	struct scratch *s = *state;
	struct kit k = {.dir = s->fd, .runs = 10, .target = "png/read"};
	struct json *j = parse(
	    "{\"id\":\"x\",\"type\":\"Heap\\tx\\n\",\"state\":\"f\\ng\","
	    "\"exit\":77,\"signal\":0,\"frames\":["
	    "{\"stack\":\"crash\",\"function\":\"__asan_memcpy\","
	    "\"module\":\"/w/t\",\"offset\":\"0x1f\",\"state\":false},"
	    "{\"stack\":\"freed\",\"function\":\"h\",\"state\":true},"
	    "{\"stack\":\"crash\",\"function\":\"f\\t$(id)\",\"module\":\"/w/"
	    "t\","
	    "\"offset\":255,\"state\":true},"
	    "{\"stack\":\"crash\",\"function\":\"main\",\"state\":false}]}");
	struct err e;
	char *text;

	k.crash = json_root(j);
	assert_int_equal(kit_texts(&k, &e), 0);
	assert_int_equal(kit_close(&k, &e), 0);
	text = content(s, "expected");
	expect_line(text, "type\tHeap\\x09x\\x0a");
	expect_line(text, "line\tf");
	expect_line(text, "line\tg");
	expect_line(text, "status\t77");
	expect_line(text, "frame\tpass\t__asan_memcpy\tt\t1f");
	expect_line(text, "frame\tstate\tf\\x09$(id)\tt\tff");
	expect_none(text, "main");
	expect_none(text, "placeless");
	free(text);
	text = content(s, "MANIFEST");
	if (strstr(text, "repro.sh\tpfadm\n") == NULL)
		fail_msg("%s", text);
	free(text);
	kit_release(&k);
	json_free(j);
}

static void
a_timeout_has_no_place(void **state)
{
	struct scratch *s = *state;
	struct kit k = {.dir = s->fd, .target = "png/read"};
	struct json *j = parse("{\"class\":\"crash\",\"state\":[\"read\"],"
			       "\"seen\":[{\"exit\":0,\"signal\":9}]}");
	struct err e;
	char *text;

	k.crash = json_root(j);
	assert_int_equal(kit_texts(&k, &e), 0);
	text = content(s, "expected");
	expect_line(text, "placeless\tyes");
	expect_line(text, "status\t137");
	free(text);
	kit_release(&k);
	json_free(j);
}

static void
a_target_needs_what_is_not_another_targets(void **state)
{
	const char *const programs[] = {"a", "b", "sub/c"};

	(void)state;
	assert_true(kit_needs("a", "a", programs, 3));
	assert_true(kit_needs("a.options", "a", programs, 3));
	assert_true(kit_needs("lib/libx.so", "a", programs, 3));
	assert_true(kit_needs("bb", "a", programs, 3));
	assert_false(kit_needs("a_seed_corpus.zip", "a", programs, 3));
	assert_false(kit_needs("b", "a", programs, 3));
	assert_false(kit_needs("b.dict", "a", programs, 3));
	assert_false(kit_needs("sub/c", "a", programs, 3));
}

/* This test is a program with libraries, and no library of ours. */
static void
libraries_come_from_this_machine(void **state)
{
	struct scratch *s = *state;
	struct kit k = {.dir = s->fd, .program = "t"};
	struct ticket_file file = {.path = "t", .mode = 0755};
	struct manifest m = {NULL, 0, 0};
	struct err e;
	char *text;
	int fd = open("/proc/self/exe", O_RDONLY);

	manifest_add(&m, &file);
	assert_int_equal(kit_copy(&k, "build/t", true, fd, "a test", &e), 0);
	if (kit_libraries(&k, &m, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(faccessat(s->fd, "lib/libc.so.6", X_OK, 0), 0);
	text = content(s, "loader");
	assert_int_equal(text[0], '/');
	free(text);
	assert_true(scratch_count(s->fd, "lib") >= 3);
	close(fd);
	manifest_release(&m);
	kit_release(&k);
}

/* It would come into the kit, and its name to a terminal. */
static void
a_loader_is_no_file_that_a_program_may_name(void **state)
{
	static const char *const odd[] = {"/etc/passwd", "/lib/../etc/x",
	    "/lib/\033[31mred", "/lib/a\nb", "lib/ld.so", "/home/x/ld.so"};
	struct scratch *s = *state;
	struct ticket_file file = {.path = "t", .mode = 0755};
	struct buf self = BUF_INIT;
	struct kit_elf elf;
	struct stat st;
	struct err e;
	int fd = open("/proc/self/exe", O_RDONLY);
	char *at, *text;
	size_t i;

	assert_int_equal(kit_elf_read(&elf, fd, &e), 0);
	assert_int_equal(fstat(fd, &st), 0);
	buf_grow(&self, (size_t)st.st_size);
	assert_int_equal(
	    fs_read_at(fd, self.data, (size_t)st.st_size, 0), st.st_size);
	self.len = (size_t)st.st_size;
	close(fd);
	at = memmem(self.data, self.len, elf.loader, strlen(elf.loader) + 1);
	assert_non_null(at);
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct kit k = {.dir = s->fd, .program = "t"};
		struct manifest m = {NULL, 0, 0};

		assert_true(strlen(odd[i]) <= strlen(elf.loader));
		memcpy(at, odd[i], strlen(odd[i]) + 1);
		assert_int_equal(fs_make_dirs(s->fd, "build", 0755, &e), 0);
		scratch_file(s->fd, "build/t", self.data, self.len);
		manifest_add(&m, &file);
		assert_int_equal(kit_libraries(&k, &m, &e), 0);
		text = content(s, "loader");
		assert_string_equal(text, "\n");
		free(text);
		assert_null(strchr(buf_text(&k.missing), '\033'));
		manifest_release(&m);
		kit_release(&k);
		assert_int_equal(fs_remove_tree(s->fd, "build", &e), 0);
		assert_int_equal(fs_remove_tree(s->fd, "lib", &e), 0);
		assert_int_equal(unlinkat(s->fd, "loader", 0), 0);
	}
	buf_release(&self);
}

static void
any_bytes_are_an_elf_or_none(void **state)
{
	struct scratch *s = *state;
	unsigned char bytes[4096];
	struct kit_elf elf;
	struct err e;
	int fd = open("/proc/self/exe", O_RDONLY), i;

	assert_int_equal(kit_elf_read(&elf, fd, &e), 0);
	assert_true(elf.is_elf);
	assert_true(elf.count > 0);
	assert_int_equal(fs_read_at(fd, bytes, sizeof(bytes), 0), 4096);
	close(fd);
	/* Cut, and with a byte of its heads turned. */
	for (i = 0; i < 1024; i++) {
		bytes[i] ^= 0xff;
		scratch_file(s->fd, "x", bytes, sizeof(bytes) - (size_t)i);
		fd = openat(s->fd, "x", O_RDONLY);
		assert_int_equal(kit_elf_read(&elf, fd, &e), 0);
		close(fd);
		unlinkat(s->fd, "x", 0);
		bytes[i] ^= 0xff;
	}
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(words_of_bots_stay_words),
	    TEST(an_input_that_nobody_named_comes_last),
	    TEST(inputs_of_a_series_stand_where_they_stood),
	    TEST(scrubbed_words_name_nobody),
	    cmocka_unit_test(scrub_cuts_folders_and_names),
	    cmocka_unit_test(scrub_takes_any_bytes),
	    TEST(expected_has_the_frames_of_the_state),
	    TEST(a_timeout_has_no_place),
	    cmocka_unit_test(a_target_needs_what_is_not_another_targets),
	    TEST(libraries_come_from_this_machine),
	    TEST(a_loader_is_no_file_that_a_program_may_name),
	    TEST(any_bytes_are_an_elf_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
