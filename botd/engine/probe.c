/*
 * Engines and sanitizers of this host, by trying: programs say their version,
 * and the kernel whether it would give a shadow the room that it needs.
 */
#include <sys/mman.h>

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "botd/engine/probe.h"
#include "lib/base/spawn.h"
#include "lib/base/text.h"

#define LIMIT_MS    5000
#define OUTPUT_MOST 16384
#define TIB         (UINT64_C(1) << 40)

/* clang-format off */
static const struct program {
	const char *name, *argument;
	const char *mark;	/* the version follows */
	const char *engine;	/* that it belongs to; NULL: any */
	bool fuzzer;
} programs[] = {
	{ "clang", "--version", "clang version", "libfuzzer", false },
	{ "llvm-symbolizer", "--version", "LLVM version", NULL, false },
	{ "afl-fuzz", "-h", "afl-fuzz", "afl", true },
	{ "honggfuzz", "--help", "honggfuzz", "honggfuzz", true },
};

/* How much address space their shadows want, on 64 bits. */
static const struct {
	const char *name;
	uint64_t room;
} sanitizers[] = {
	{ "address", 16 * TIB },
	{ "memory", 32 * TIB },
	{ "thread", 32 * TIB },
	{ "undefined", 0 },
	{ "none", 0 },
};
/* clang-format on */

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

bool
probe_version(struct buf *out, const char *text, const char *mark)
{
	const char *p = strstr(text, mark), *end;

	if (p == NULL)
		return false;
	for (p += strlen(mark); *p != '\0' && *p != '\n'; p++)
		if (isdigit((unsigned char)*p))
			break;
	if (*p == '\0' || *p == '\n')
		return false;
	end = p + strcspn(p, " \t\n,;()\033");
	text_clean_line(out, p, (size_t)(end - p), 32);
	return true;
}

/* "clang 14.0.6", after a comma when there is something already. */
static void
add_program(struct buf *out, const struct program *p)
{
	const char *const argv[] = {p->name, p->argument, NULL};
	const struct spawn s = {
	    .argv = argv, .in = -1, .out = -1, .err = -1, .own_group = true};
	struct buf text = BUF_INIT, version = BUF_INIT;

	/* Not there: nothing to say.  How it ends says nothing either; some
	 * have no better answer than their usage. */
	if (spawn_run(&s, &text, OUTPUT_MOST, LIMIT_MS, NULL) != -1) {
		buf_printf(out, "%s%s", out->len > 0 ? ", " : "", p->name);
		if (probe_version(&version, buf_text(&text), p->mark))
			buf_printf(out, " %s", version.data);
	}
	buf_release(&text);
	buf_release(&version);
}

void
probe_engine(struct buf *out, const struct engine *engine)
{
	size_t i;

	buf_reset(out);
	if (strcmp(engine->name, "libfuzzer") == 0)
		buf_adds(out, "built into its targets");
	for (i = 0; i < COUNT(programs); i++)
		if (programs[i].engine == NULL ||
		    strcmp(programs[i].engine, engine->name) == 0)
			add_program(out, &programs[i]);
	if (out->len == 0)
		buf_adds(out, "unknown version");
}

void
probe_programs(struct buf *out)
{
	size_t i;

	buf_reset(out);
	for (i = 0; i < COUNT(programs); i++)
		if (programs[i].fuzzer)
			add_program(out, &programs[i]);
}

static bool
gives_room(uint64_t bytes)
{
	void *p;

	if (bytes == 0)
		return true;
	if (sizeof(void *) < 8)
		return false;
	p = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return false;
	munmap(p, (size_t)bytes);
	return true;
}

void
probe_sanitizers(struct buf *out)
{
	size_t i;

	buf_reset(out);
	for (i = 0; i < COUNT(sanitizers); i++)
		if (gives_room(sanitizers[i].room))
			buf_printf(out, "%s%s", out->len > 0 ? "\n" : "",
			    sanitizers[i].name);
}
