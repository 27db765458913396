/*
 * Processor time by /proc/PID/stat, which the kernel counts exactly.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/text.h"
#include "tests/bench/bench.h"
#include "tests/bench/usage.h"

#define TOPS 16

struct seen {
	pid_t pid;
	uint64_t started; /* a pid may come again */
	char name[32];
	bool engine, new_now;
	uint64_t first, last; /* ticks; first 0 for one that came later */
};

struct usage {
	const char *engine;
	pid_t tops[TOPS];
	int top_count;
	bool looked;
	struct seen *list;
	int count;
};

struct usage *
usage_new(const char *engine)
{
	struct usage *u = mem_alloc(sizeof(*u));

	u->engine = engine;
	return u;
}

void
usage_free(struct usage *u)
{
	free(u->list);
	free(u);
}

void
usage_add(struct usage *u, pid_t top)
{
	if (u->top_count == TOPS)
		bench_die("more than %d processes to look at", TOPS);
	u->tops[u->top_count++] = top;
}

/* The file as text; false when it is gone. */
static bool
read_proc(pid_t pid, const char *what, char *text, size_t size)
{
	char path[64];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	n = fread(text, 1, size - 1, f);
	fclose(f);
	text[n] = '\0';
	return n > 0;
}

static struct seen *
find(struct usage *u, pid_t pid, uint64_t started)
{
	struct seen *s;
	int i;

	for (i = 0; i < u->count; i++)
		if (u->list[i].pid == pid && u->list[i].started == started)
			return &u->list[i];
	u->list = mem_resize(u->list, (size_t)u->count + 1, sizeof(*u->list));
	s = &u->list[u->count++];
	*s = (struct seen){.pid = pid, .started = started, .new_now = true};
	return s;
}

/* Names change with exec: the last one counts. */
static void
look_at(struct usage *u, pid_t pid)
{
	unsigned long long user, sys, started;
	char text[1024], *open, *close;
	struct seen *s;

	if (!read_proc(pid, "stat", text, sizeof(text)) ||
	    (open = strchr(text, '(')) == NULL ||
	    (close = strrchr(text, ')')) == NULL)
		return;
	*close = '\0';
	if (sscanf(close + 1,
		" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu "
		"%*d %*d %*d %*d %*d %*d %llu",
		&user, &sys, &started) != 3)
		return;
	s = find(u, pid, started);
	text_copy(s->name, sizeof(s->name), open + 1);
	s->engine = strcmp(s->name, u->engine) == 0;
	s->last = user + sys;
	if (s->new_now && !u->looked)
		s->first = s->last;
	s->new_now = false;
}

static void
look_below(struct usage *u, pid_t top)
{
	char what[64], text[4096], *p = text, *end;
	long child;

	look_at(u, top);
	snprintf(what, sizeof(what), "task/%d/children", (int)top);
	if (!read_proc(top, what, text, sizeof(text)))
		return;
	for (; (child = strtol(p, &end, 10)) > 0; p = end)
		look_below(u, (pid_t)child);
}

void
usage_look(struct usage *u)
{
	int i;

	for (i = 0; i < u->top_count; i++)
		look_below(u, u->tops[i]);
	u->looked = true;
}

static double
seconds(const struct seen *s)
{
	return (double)(s->last - s->first) / (double)sysconf(_SC_CLK_TCK);
}

static double
sum(const struct usage *u, bool engine)
{
	double all = 0;
	int i;

	for (i = 0; i < u->count; i++)
		if (u->list[i].engine == engine)
			all += seconds(&u->list[i]);
	return all;
}

double
usage_engine(const struct usage *u)
{
	return sum(u, true);
}

double
usage_others(const struct usage *u)
{
	return sum(u, false);
}

void
usage_tell(const struct usage *u)
{
	int i;

	for (i = 0; i < u->count; i++)
		if (!u->list[i].engine && seconds(&u->list[i]) > 0)
			bench_note("%6.2f s of %s (%d)", seconds(&u->list[i]),
			    u->list[i].name, (int)u->list[i].pid);
}
