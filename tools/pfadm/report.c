/*
 * Reports as people read them: text of strangers, line by line, with what
 * triage made of it beside.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "tools/pfadm/plain.h"
#include "tools/pfadm/report.h"

#define NAME_MOST 200 /* letters of a frame's name that are looked for */

static bool
makes_state(const struct json_value *frame)
{
	bool yes = false;

	return frame != NULL &&
	    json_bool(json_get(frame, "state"), &yes) == 0 && yes;
}

static const char *
role_of(const struct json_value *frame)
{
	const char *role = json_get_string(frame, "role", "");

	return strcmp(role, "none") == 0 ? "" : role;
}

/* ---- which line is which frame --------------------------------------- */

/* "  #12 ..." is 12; -1 for every other line. */
static long
frame_number(const char *line, size_t len)
{
	size_t i = 0;
	long n = 0;

	while (i < len && (line[i] == ' ' || line[i] == '\t'))
		i++;
	if (i + 1 >= len || line[i] != '#' || line[i + 1] < '0' ||
	    line[i + 1] > '9')
		return -1;
	for (i++; i < len && line[i] >= '0' && line[i] <= '9' && n < 100000;
	     i++)
		n = n * 10 + (line[i] - '0');
	return n;
}

static bool
names(const char *line, size_t len, const char *word)
{
	size_t n = strnlen(word, NAME_MOST);

	return n > 0 && memmem(line, len, word, n) != NULL;
}

/* The first letters of a function, before what differs from form to form. */
static bool
names_function(const char *line, size_t len, const char *function)
{
	char head[NAME_MOST + 1];
	size_t n = strcspn(function, "(<");

	if (n == 0 || n > NAME_MOST)
		n = strnlen(function, NAME_MOST);
	memcpy(head, function, n);
	head[n] = '\0';
	return names(line, len, head);
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static bool
is_frame(const struct json_value *f, const char *line, size_t len, long number)
{
	const char *function = json_get_string(f, "function", "");
	const char *file = json_get_string(f, "file", "");
	const char *module = json_get_string(f, "module", "");

	if ((long)json_get_u64(f, "n", 0) != number)
		return false;
	if (*function != '\0')
		return names_function(line, len, function);
	return names(line, len, last_part(*file != '\0' ? file : module));
}

/* From *at on, which then stands behind it; NULL: none of them. */
static const struct json_value *
find_frame(
    const struct json_value **at, const char *line, size_t len, long number)
{
	const struct json_value *f;

	for (f = *at; f != NULL; f = json_next(f))
		if (is_frame(f, line, len, number)) {
			*at = json_next(f);
			return f;
		}
	return NULL;
}

/* ---- lines ----------------------------------------------------------- */

static void
add_marked(struct buf *out, const char *line, size_t len,
    const struct json_value *frame, const struct look *look)
{
	const char *role = frame == NULL ? "" : role_of(frame);
	bool state = makes_state(frame);
	const char *color = !look->color ? ""
	    : state                      ? "\033[1m"
	    : *role != '\0'              ? "\033[2m"
					 : "";

	buf_printf(out, "%s%s ", color, state ? ">" : " ");
	plain_add_line(out, line, len, PLAIN_LINE_MAX);
	if (*role != '\0') {
		buf_adds(out, "  [");
		plain_add_line(out, role, strlen(role), 40);
		buf_addc(out, ']');
	}
	buf_printf(out, "%s\n", *color == '\0' ? "" : color_end(look));
}

size_t
report_mark(struct buf *out, const char *text, size_t len,
    const struct json_value *frames, size_t most, const struct look *look)
{
	const struct json_value *at = json_first(frames), *frame;
	size_t lines = 0, left = 0, n;
	const char *end;
	long number;

	for (; len > 0; text += n, len -= n) {
		end = memchr(text, '\n', len);
		n = end == NULL ? len : (size_t)(end - text) + 1;
		if (most != 0 && lines >= most) {
			left++;
			continue;
		}
		lines++;
		number = frame_number(text, n);
		frame = number == -1 ? NULL : find_frame(&at, text, n, number);
		add_marked(out, text, n - (end == NULL ? 0 : 1), frame, look);
	}
	return left;
}

/* ---- without a report ------------------------------------------------ */

static void
describe(struct buf *line, const struct json_value *f)
{
	const char *file = json_get_string(f, "file", "");
	const char *module = json_get_string(f, "module", "");
	uint64_t number = json_get_u64(f, "line", 0);

	buf_printf(line, "#%ju ", (uintmax_t)json_get_u64(f, "n", 0));
	buf_adds(line, json_get_string(f, "function", ""));
	if (*file != '\0') {
		buf_printf(line, " %s", file);
		if (number != 0)
			buf_printf(line, ":%ju", (uintmax_t)number);
	} else if (*module != '\0') {
		buf_printf(line, " (%s+0x%jx)", module,
		    (uintmax_t)json_get_u64(f, "offset", 0));
	}
}

/* Stacks are told apart by a word or a number. */
static void
add_stack_title(struct buf *out, const struct json_value *f, struct buf *last)
{
	static const char *const by_number[] = {"crash", "freed", "allocated"};
	const char *stack = json_get_string(f, "stack", NULL);
	uint64_t n = json_get_u64(f, "stack", 0);

	if (stack == NULL)
		stack = by_number[n < 3 ? n : 0];
	if (last->len > 0 && strcmp(buf_text(last), stack) == 0)
		return;
	buf_reset(last);
	buf_adds(last, stack);
	buf_adds(out, "  ");
	plain_add_line(out, stack, strlen(stack), 40);
	buf_adds(out, ":\n");
}

void
report_frames(
    struct buf *out, const struct json_value *frames, const struct look *look)
{
	struct buf line = BUF_INIT, stack = BUF_INIT;
	const struct json_value *f;

	for (f = json_first(frames); f != NULL; f = json_next(f)) {
		add_stack_title(out, f, &stack);
		buf_reset(&line);
		buf_adds(&line, "    ");
		describe(&line, f);
		add_marked(out, buf_text(&line), line.len, f, look);
	}
	buf_release(&line);
	buf_release(&stack);
}
