/*
 * What a kit says of its crash: for repro.sh ("expected", a key and a value a
 * line, columns by tabs) and for a person (README.txt).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "tools/pfadm/kit.h"

#define LINE_MAX_BYTES 400
#define FRAMES_MOST    128

/* One line of text, whatever it was. */
static void
add_clean(const struct kit *k, struct buf *out, const char *text)
{
	struct buf line = BUF_INIT;

	text_clean_line(&line, text, strlen(text), LINE_MAX_BYTES);
	kit_text(k, out, buf_text(&line), line.len);
	buf_release(&line);
}

static void
add_field(
    const struct kit *k, struct buf *out, const char *name, const char *key)
{
	const char *text = json_get_string(k->crash, key, "");

	if (text[0] == '\0')
		return;
	buf_printf(out, "%s\t", name);
	add_clean(k, out, text);
	buf_addc(out, '\n');
}

static void
add_line(struct buf *out, const char *before, const char *text, size_t len)
{
	if (len == 0)
		return;
	buf_adds(out, before);
	text_clean_line(out, text, len, LINE_MAX_BYTES);
	buf_addc(out, '\n');
}

void
kit_lines(struct buf *out, const struct json_value *item, const char *key,
    const char *before)
{
	const struct json_value *v = json_get(item, key);
	const char *text = json_string(v), *end;

	if (text == NULL) {
		for (v = json_first(v); v != NULL; v = json_next(v))
			if ((text = json_string(v)) != NULL)
				add_line(out, before, text, strlen(text));
		return;
	}
	for (; *text != '\0'; text = *end == '\n' ? end + 1 : end) {
		end = text + strcspn(text, "\n");
		add_line(out, before, text, (size_t)(end - text));
	}
}

/* ---- expected -------------------------------------------------------- */

static bool
in_crash_stack(const struct json_value *frame)
{
	const struct json_value *stack = json_get(frame, "stack");
	const char *name = json_string(stack);
	uint64_t number;

	if (name != NULL)
		return strcmp(name, "crash") == 0;
	return json_u64(stack, &number) == -1 || number == 0;
}

static bool
is_state(const struct json_value *frame)
{
	bool state = false;

	return json_bool(json_get(frame, "state"), &state) == 0 && state;
}

/* As repro.sh reads it from a report: hex digits alone. */
static void
add_offset(struct buf *out, const struct json_value *frame)
{
	const char *text = json_get_string(frame, "offset", "");
	uint64_t offset = json_get_u64(frame, "offset", 0);

	if (strncmp(text, "0x", 2) == 0)
		offset = strtoull(text, NULL, 16);
	if (offset != 0)
		buf_printf(out, "%" PRIx64, offset);
}

static void
add_frame(const struct kit *k, struct buf *out, const struct json_value *f)
{
	const char *module = json_get_string(f, "module", "");
	const char *slash = strrchr(module, '/');

	buf_printf(out, "frame\t%s\t", is_state(f) ? "state" : "pass");
	text_clean_line(out, json_get_string(f, "function", ""),
	    strlen(json_get_string(f, "function", "")), LINE_MAX_BYTES);
	buf_addc(out, '\t');
	add_clean(k, out, slash == NULL ? module : slash + 1);
	buf_addc(out, '\t');
	if (!k->other_build)
		add_offset(out, f);
	buf_addc(out, '\n');
}

/* The crash's stack, down to the last frame of its state. */
static void
add_frames(const struct kit *k, struct buf *out)
{
	const struct json_value *list = json_get(k->crash, "frames"), *v;
	int n = 0, last = 0;

	for (v = json_first(list); v != NULL && n < FRAMES_MOST;
	     v = json_next(v))
		if (in_crash_stack(v)) {
			n++;
			last = is_state(v) ? n : last;
		}
	n = 0;
	for (v = json_first(list); v != NULL && n < last; v = json_next(v))
		if (in_crash_stack(v)) {
			n++;
			add_frame(k, out, v);
		}
}

/* Its state is the target's name: there is no place to compare. */
static bool
is_placeless(const struct kit *k)
{
	const char *class = json_get_string(k->crash, "class", "");
	const char *name = strchr(k->target, '/');
	struct buf state = BUF_INIT;
	bool is;

	kit_lines(&state, k->crash, "state", "");
	is = strcmp(class, "timeout") == 0 || strcmp(class, "memory") == 0 ||
	    (name != NULL && state.len == strlen(name) &&
		memcmp(buf_text(&state), name + 1, strlen(name) - 1) == 0);
	buf_release(&state);
	return is;
}

/* As the shell has it: 128 and the signal. */
static uint64_t
status(const struct kit *k)
{
	const struct json_value *of = k->crash;
	uint64_t signo;

	if (json_get(of, "exit") == NULL)
		of = json_first(json_get(of, "seen"));
	signo = json_get_u64(of, "signal", 0);
	return signo != 0 ? 128 + signo : json_get_u64(of, "exit", 0);
}

static int
put_expected(struct kit *k, struct err *e)
{
	struct buf text = BUF_INIT;
	int got;

	add_field(k, &text, "crash", "id");
	add_field(k, &text, "bucket", "bucket");
	add_field(k, &text, "target", "target");
	add_field(k, &text, "type", "type");
	kit_lines(&text, k->crash, "state", "line\t");
	add_field(k, &text, "signature", "signature");
	buf_printf(&text, "status\t%" PRIu64 "\n", status(k));
	if (is_placeless(k))
		buf_adds(&text, "placeless\tyes\n");
	add_frames(k, &text);
	got = kit_put(k, "expected", &text, "the master", e);
	buf_release(&text);
	return got;
}

/* ---- for people ------------------------------------------------------ */

static const char how[] =
    "\n"
    "See it again, ten times:\n"
    "\n"
    "\tsh repro.sh\n"
    "\n"
    "-n TIMES runs it so often, -m takes the smaller input.min, -k FILE keeps\n"
    "what the program said.  The last line is \"reproduced K of N: same\n"
    "bucket\", \"other crash\" or \"did not crash\"; exit 0: the same at "
    "least\n"
    "once, 1: never, 2: trouble.\n"
    "\n"
    "It needs a shell, awk and the usual small programs, /proc, and no\n"
    "network.  Where this machine's libraries fit the program they are used,\n"
    "else those of lib/.  With llvm-symbolizer installed, frames are compared\n"
    "by their functions, else by their places in the program's file.\n"
    "\n"
    "The program and the input are those of a fuzzer: run them where they can\n"
    "do no harm.\n"
    "\n"
    "program, environment, arguments, expected are read line by line;\n"
    "report.txt is what was said when it was found; MANIFEST has the digest\n"
    "of every file (sha256, mode, bytes, path) and where it came from.\n";

static int
put_readme(struct kit *k, struct err *e)
{
	struct buf text = BUF_INIT;
	int got;

	buf_adds(
	    &text, "A crash, with all that is needed to see it again.\n\n");
	add_field(k, &text, "crash", "id");
	add_field(k, &text, "bucket", "bucket");
	add_field(k, &text, "target", "target");
	add_field(k, &text, "type", "type");
	kit_lines(&text, k->crash, "state", "\t");
	add_field(k, &text, "severity", "severity");
	add_field(k, &text, "revision", "revision");
	buf_printf(&text, "build\t%s\n", digest_hex(&k->build).text);
	if (k->other_build)
		buf_adds(&text, "\tnot the one that found it: that is gone\n");
	buf_adds(&text, how);
	if (k->missing.len > 0)
		buf_printf(&text,
		    "\nFound neither in the build nor where the kit was made;\n"
		    "the machine that runs it has to have them:\n%s",
		    buf_text(&k->missing));
	got = kit_put(k, "README.txt", &text, "pfadm", e);
	buf_release(&text);
	return got;
}

static int
put_word(struct kit *k, const char *path, const char *word, struct err *e)
{
	struct buf text = BUF_INIT;
	int got;

	buf_printf(&text, "%s\n", word);
	got = kit_put(k, path, &text, "pfadm", e);
	buf_release(&text);
	return got;
}

int
kit_texts(struct kit *k, struct err *e)
{
	struct buf script = BUF_INIT;
	char runs[24];
	int got;

	snprintf(runs, sizeof(runs), "%" PRIu64, k->runs);
	buf_adds(&script, kit_script());
	got = kit_put(k, "repro.sh", &script, "pfadm", e);
	buf_release(&script);
	if (got == -1 || put_word(k, "runs", runs, e) == -1 ||
	    put_word(k, "program", k->program, e) == -1)
		return -1;
	return put_expected(k, e) == -1 ? -1 : put_readme(k, e);
}
