/*
 * What the bot says of itself: register at each start and on a new generation
 * (P.29), deregister when it leaves.
 */
#include <sys/utsname.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "botd/engine/probe.h"
#include "botd/runner/runner_internal.h"
#include "botd/runner/session.h"
#include "lib/base/text.h"
#include "lib/base/version.h"

uint64_t
machine_cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : (uint64_t)n;
}

uint64_t
machine_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages < 1 || size < 1 ? 0 : (uint64_t)pages * (uint64_t)size;
}

static void
record_init(struct record *rec, enum record_type type)
{
	memset(rec, 0, sizeof(*rec));
	rec->type = type;
}

static int
add_host(struct seal *b, struct err *e)
{
	const struct runner *r = b->runner;
	struct utsname u;
	struct record rec;
	size_t i;

	record_init(&rec, REC_HOST);
	rec.n[HOST_CORES] = machine_cores();
	rec.n[HOST_MEMORY] = machine_memory();
	rec.n[HOST_SLOTS] = r->slots;
	text_copy(rec.word, sizeof(rec.word),
	    r->config->no_sandbox ? "none"
		: r->sandbox      ? "bwrap"
				  : "missing");
	uname(&u);
	text_copy(rec.word2, sizeof(rec.word2), u.machine);
	for (i = 0; rec.word2[i] != '\0'; i++)
		if (rec.word2[i] >= 'A' && rec.word2[i] <= 'Z')
			rec.word2[i] += 'a' - 'A';
	if (!word_ok(rec.word2))
		text_copy(rec.word2, sizeof(rec.word2), "unknown");
	return seal_record(b, &rec, NULL, 0, e);
}

static int
add_os(struct seal *b, struct err *e)
{
	struct buf text = BUF_INIT;
	char line[256], *name;
	struct utsname u;
	FILE *f;
	int rc;

	f = fopen("/etc/os-release", "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "PRETTY_NAME=", 12) != 0)
			continue;
		name = line + 12 + strspn(line + 12, "\"");
		name[strcspn(name, "\"\n")] = '\0';
		buf_printf(&text, "%s, ", name);
	}
	if (f != NULL)
		fclose(f);
	uname(&u);
	buf_printf(&text, "%s %s", u.sysname, u.release);
	rc = seal_text(b, REC_OS, 0, text.data, text.len, e);
	buf_release(&text);
	return rc;
}

static int
add_cpu(struct seal *b, struct err *e)
{
	struct buf model = BUF_INIT;
	int rc;

	machine_cpu(&model);
	rc = seal_text(b, REC_CPU, 0, model.data, model.len, e);
	buf_release(&model);
	return rc;
}

/* Programs are asked once in a life: it takes a while. */
void
beat_probe(struct runner *r)
{
	const struct engine *engine;
	int i;

	if (r->probed)
		return;
	r->probed = true;
	for (i = 0; i < ENGINES_MOST && (engine = engine_at(i)) != NULL; i++)
		probe_engine(&r->engine_facts[i], engine);
	probe_sanitizers(&r->sanitizers);
}

void
beat_probe_release(struct runner *r)
{
	int i;

	for (i = 0; i < ENGINES_MOST; i++)
		buf_release(&r->engine_facts[i]);
	buf_release(&r->sanitizers);
	r->probed = false;
}

/* Only those that this version can run: the master sends tickets for them. */
static int
add_engines(struct seal *b, struct err *e)
{
	const struct buf *facts = b->runner->engine_facts;
	const struct engine *engine;
	struct record rec;
	int i;

	for (i = 0; i < ENGINES_MOST && (engine = engine_at(i)) != NULL; i++) {
		record_init(&rec, REC_ENGINE);
		text_copy(rec.word, sizeof(rec.word), engine->name);
		if (seal_record(
			b, &rec, buf_text(&facts[i]), facts[i].len, e) == -1)
			return -1;
	}
	return 0;
}

static int
add_sanitizers(struct seal *b, struct err *e)
{
	const struct buf *text = &b->runner->sanitizers;

	return seal_text(b, REC_SANITIZERS, 0, buf_text(text), text->len, e);
}

static int
add_program(struct seal *b, struct err *e)
{
	static const char text[] = "pandafuzz-botd " PANDAFUZZ_VERSION;

	return seal_text(b, REC_PROGRAM, 0, text, strlen(text), e);
}

/* Of an ephemeral bot only. */
static int
add_pool(struct seal *b, struct err *e)
{
	const char *pool = b->runner->config->pool.text;

	if (pool[0] == '\0')
		return 0;
	return seal_text(b, REC_POOL, 0, pool, strlen(pool), e);
}

static int
add_tags(struct seal *b, char *const *tags, struct err *e)
{
	struct buf text = BUF_INIT;
	int i, rc;

	for (i = 0; tags != NULL && tags[i] != NULL; i++)
		buf_printf(&text, "%s%s", i > 0 ? "\n" : "", tags[i]);
	rc = seal_text(b, REC_TAGS, 0, buf_text(&text), text.len, e);
	buf_release(&text);
	return rc;
}

static int
add_wire(struct seal *b, struct err *e)
{
	struct record rec;

	record_init(&rec, REC_WIRE);
	rec.n[WIRE_N] = WIRE_VERSION;
	return seal_record(b, &rec, NULL, 0, e);
}

int
beat_register(struct runner *r, struct err *e)
{
	struct seal b;

	beat_probe(r);
	if (seal_begin(&b, r, KIND_REGISTER, NULL, e) == -1)
		return -1;
	if (add_host(&b, e) == -1 || add_os(&b, e) == -1 ||
	    add_cpu(&b, e) == -1 || add_engines(&b, e) == -1 ||
	    add_sanitizers(&b, e) == -1 ||
	    add_tags(&b, r->config->tags, e) == -1 || add_wire(&b, e) == -1 ||
	    add_program(&b, e) == -1 || add_pool(&b, e) == -1) {
		seal_give_up(&b);
		return -1;
	}
	return seal_commit(&b, e);
}

int
beat_deregister(struct runner *r, struct err *e)
{
	struct seal b;

	if (seal_begin(&b, r, KIND_DEREGISTER, NULL, e) == -1)
		return -1;
	return seal_commit(&b, e);
}
