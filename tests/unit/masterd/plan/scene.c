/* Farms in words, as scene.h says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "masterd/plan/share.h"
#include "tests/unit/masterd/plan/scene.h"

#define MINUTE 60000

/* Calls "fn" with each thing, a copy that it may take apart. */
static void
each(struct schedule_input *in, const char *text,
    void (*fn)(struct schedule_input *in, char *thing))
{
	char *copy = mem_strdup(text), *save = NULL, *p;

	for (p = strtok_r(copy, " ", &save); p != NULL;
	     p = strtok_r(NULL, " ", &save))
		fn(in, p);
	free(copy);
}

/* The next "key=value" of a thing, kept; NULL at the end. */
static const char *
next_key(struct schedule_input *in, char **rest, const char **value)
{
	char *key = strsep(rest, ","), *p;

	if (key == NULL)
		return NULL;
	p = strchr(key, '=');
	if (p != NULL)
		*p++ = '\0';
	*value = schedule_keep(in, p == NULL ? "" : p);
	for (p = (char *)*value; *p != '\0'; p++)
		if (*p == '+')
			*p = ' ';
	return key;
}

static void
unknown(const char *key)
{
	fail_msg("no key '%s' in a scene", key);
}

static void
read_bot(struct schedule_input *in, char *thing)
{
	size_t i = in->bot_count++;
	const char *key, *value;
	struct schedule_bot *b;
	char name[16];

	snprintf(name, sizeof(name), "b%zu", i + 1);
	in->bots = mem_resize(in->bots, i + 1, sizeof(*in->bots));
	b = &in->bots[i];
	*b = (struct schedule_bot){(int64_t)i + 1, schedule_keep(in, name),
	    (unsigned)atoi(strsep(&thing, ",")), true, false, "up", "libfuzzer",
	    "", "x86_64", "", "deb12"};
	while ((key = next_key(in, &thing, &value)) != NULL) {
		if (strcmp(key, "engines") == 0)
			b->engines = value;
		else if (strcmp(key, "san") == 0)
			b->sanitizers = value;
		else if (strcmp(key, "arch") == 0)
			b->arch = value;
		else if (strcmp(key, "tags") == 0)
			b->tags = value;
		else if (strcmp(key, "host") == 0)
			b->host_class = value;
		else if (strcmp(key, "rests") == 0)
			b->rests = true;
		else if (strcmp(key, "state") == 0)
			b->takes = false, b->state = value;
		else
			unknown(key);
	}
}

static bool
set_text(struct schedule_job *j, const char *key, const char *value)
{
	if (strcmp(key, "engine") == 0)
		j->engine = value;
	else if (strcmp(key, "san") == 0)
		j->sanitizer = value;
	else if (strcmp(key, "arch") == 0)
		j->arch = value;
	else if (strcmp(key, "tags") == 0)
		j->tags = value;
	else if (strcmp(key, "stop") == 0)
		j->stopped = *value == '\0' ? "stopped" : value;
	else
		return false;
	return true;
}

static bool
set_number(struct schedule_job *j, const char *key, unsigned long n)
{
	if (strcmp(key, "build") == 0)
		j->build = (int64_t)n;
	else if (strcmp(key, "mult") == 0)
		j->multiplier = (unsigned)n;
	else if (strcmp(key, "boost") == 0)
		j->boost = (unsigned)n;
	else if (strcmp(key, "ceiling") == 0)
		j->ceiling = (unsigned)n;
	else if (strcmp(key, "floor") == 0)
		j->floor = (unsigned)n;
	else if (strcmp(key, "slice") == 0)
		j->slice_ms = n;
	else if (strcmp(key, "left") == 0)
		j->left_ms = n;
	else if (strcmp(key, "wait") == 0)
		j->wait_ms = n;
	else if (strcmp(key, "retry") == 0)
		j->retry = true, j->avoid = (int64_t)n;
	else if (strcmp(key, "tasks") == 0)
		j->no_new = true, j->tasks = (unsigned)n;
	else if (strcmp(key, "spent") == 0)
		j->spent_ms = n * MINUTE;
	else
		return false;
	return true;
}

static void
read_job(struct schedule_input *in, char *thing)
{
	size_t i = in->job_count++;
	const char *key, *value;
	unsigned long had = 0;
	struct schedule_job *j;
	bool is_new = false, back = false;

	in->jobs = mem_resize(in->jobs, i + 1, sizeof(*in->jobs));
	j = &in->jobs[i];
	*j = (struct schedule_job){.id = (int64_t)i + 1,
	    .name = "job",
	    .engine = "libfuzzer",
	    .sanitizer = "address",
	    .arch = "",
	    .tags = "",
	    .weight = (unsigned)atoi(strsep(&thing, ",")),
	    .multiplier = SCHEDULE_PERMILLE,
	    .boost = SCHEDULE_PERMILLE,
	    .left_ms = UINT64_MAX};
	while ((key = next_key(in, &thing, &value)) != NULL) {
		if (strcmp(key, "had") == 0)
			had = strtoul(value, NULL, 10);
		else if (strcmp(key, "new") == 0)
			is_new = true;
		else if (strcmp(key, "back") == 0)
			back = true;
		else if (!set_text(j, key, value) &&
		    !set_number(j, key, strtoul(value, NULL, 10)))
			unknown(key);
	}
	j->contends = !is_new && !back;
	if (!is_new)
		j->vtime = 1 + share_vtime(had * MINUTE, schedule_effective(j));
}

static void
read_lease(struct schedule_input *in, char *thing)
{
	size_t i = in->lease_count++;
	int job = 0, bot = 0, age = 0, left = 3600;

	in->leases = mem_resize(in->leases, i + 1, sizeof(*in->leases));
	if (sscanf(thing, "%*c%db%d:%d/%d", &job, &bot, &age, &left) < 2)
		fail_msg("'%s' is no lease of a scene", thing);
	in->leases[i] = (struct schedule_lease){(int64_t)i + 1, job, bot,
	    (uint64_t)age * 1000, (int64_t)left * 1000};
}

static void
read_task(struct schedule_input *in, char *thing)
{
	size_t i = in->task_count++;
	const char *key, *value;
	struct schedule_task *t;

	in->tasks = mem_resize(in->tasks, i + 1, sizeof(*in->tasks));
	t = &in->tasks[i];
	*t = (struct schedule_task){
	    (int64_t)i + 1, "libfuzzer", "address", "", 0, 0, false};
	while ((key = next_key(in, &thing, &value)) != NULL) {
		if (strcmp(key, "engine") == 0)
			t->engine = value;
		else if (strcmp(key, "patient") == 0)
			t->patient = *value == '1';
		else if (strcmp(key, "san") == 0)
			t->sanitizer = value;
		else if (strcmp(key, "arch") == 0)
			t->arch = value;
		else if (strcmp(key, "build") == 0)
			t->build = atoi(value);
		else if (strcmp(key, "avoid") == 0)
			t->avoid = atoi(value);
		else
			unknown(key);
	}
}

static void
read_mark(struct schedule_input *in, char *thing)
{
	size_t i = in->mark_count++;
	const char *class;
	const char *build = next_key(in, &thing, &class);

	in->marks = mem_resize(in->marks, i + 1, sizeof(*in->marks));
	in->marks[i] = (struct schedule_mark){
	    atoi(build), schedule_keep(in, build), class};
}

void
scene_read(struct schedule_input *in, const char *bots, const char *jobs,
    const char *leases, const char *tasks, const char *marks)
{
	memset(in, 0, sizeof(*in));
	each(in, bots, read_bot);
	each(in, jobs, read_job);
	each(in, leases, read_lease);
	each(in, tasks, read_task);
	each(in, marks, read_mark);
}
