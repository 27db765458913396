/*
 * Which processor is this?  The master tells kinds of hosts apart by it: what
 * one cannot run (SIGILL), others of its kind are not asked to.
 */
#include <sys/utsname.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/runner_internal.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"

#define CPUINFO_BYTES 65536 /* of the first processors; they are alike */
#define MODEL_MOST    120

/* The value of the first "key : value"; false when there is none. */
static bool
value_of(struct buf *out, const char *text, size_t len, const char *key)
{
	const char *p = text, *end = text + len, *newline, *colon;
	size_t n = strlen(key);

	for (; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == NULL)
			newline = end;
		colon = memchr(p, ':', (size_t)(newline - p));
		if (colon == NULL || (size_t)(colon - p) < n ||
		    memcmp(p, key, n) != 0 ||
		    (p[n] != ' ' && p[n] != '\t' && p[n] != ':'))
			continue;
		for (colon++; colon < newline && *colon == ' '; colon++)
			;
		text_clean_line(
		    out, colon, (size_t)(newline - colon), MODEL_MOST);
		return out->len > 0;
	}
	return false;
}

void
cpu_model(struct buf *out, const char *cpuinfo, size_t len, const char *arch)
{
	struct buf implementer = BUF_INIT, part = BUF_INIT;

	buf_reset(out);
	if (!value_of(out, cpuinfo, len, "model name")) {
		buf_adds(out, arch);
		if (value_of(&implementer, cpuinfo, len, "CPU implementer") &&
		    value_of(&part, cpuinfo, len, "CPU part"))
			buf_printf(out, " %s/%s", implementer.data, part.data);
	}
	buf_release(&implementer);
	buf_release(&part);
}

void
machine_cpu(struct buf *out)
{
	struct utsname u = {.machine = "unknown"};
	struct buf text = BUF_INIT;
	ssize_t n = -1;
	int fd;

	(void)uname(&u);
	fd = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		buf_grow(&text, CPUINFO_BYTES);
		n = fs_read_at(fd, text.data, CPUINFO_BYTES, 0);
		close(fd);
	}
	cpu_model(out, buf_text(&text), n < 0 ? 0 : (size_t)n, u.machine);
	buf_release(&text);
}
