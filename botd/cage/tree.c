/*
 * What a cage uses, seen from outside: the processes below one, by
 * /proc/<pid>/task/<tid>/children.  Everything in a pid namespace stays below
 * its init, so nothing gets away from this walk.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/cage/cage_internal.h"

/* A fork bomb is over its limit long before. */
#define TREE_MAX 4096

struct tree {
	pid_t pids[TREE_MAX];
	int count;
};

/* A small file of /proc as text; 0 when it is gone. */
static size_t
read_proc(const char *path, char *text, size_t size)
{
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return 0;
	n = read(fd, text, size - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return (size_t)n;
}

static void
add_children(struct tree *t, pid_t pid, const char *tid)
{
	char path[96], text[16384], *p = text, *end;
	long child;

	snprintf(
	    path, sizeof(path), "/proc/%d/task/%.20s/children", (int)pid, tid);
	if (read_proc(path, text, sizeof(text)) == 0)
		return;
	while (t->count < TREE_MAX && (child = strtol(p, &end, 10)) > 0) {
		t->pids[t->count++] = (pid_t)child;
		p = end;
	}
}

static void
add_all_children(struct tree *t, pid_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			add_children(t, pid, entry->d_name);
	closedir(dir);
}

static void
tree_fill(struct tree *t, pid_t top)
{
	int i;

	t->pids[0] = top;
	t->count = 1;
	for (i = 0; i < t->count; i++)
		add_all_children(t, t->pids[i]);
}

static uint64_t
resident(pid_t pid)
{
	unsigned long long size, pages;
	char path[64], text[128];

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	if (read_proc(path, text, sizeof(text)) == 0 ||
	    sscanf(text, "%llu %llu", &size, &pages) != 2)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Own time and that of children it has waited for. */
static uint64_t
cpu_ms(pid_t pid)
{
	unsigned long long ut, st, cut, cst;
	char path[64], text[1024], *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (read_proc(path, text, sizeof(text)) == 0)
		return 0;
	/* The name may hold anything, also ") ": the last one ends it. */
	p = strrchr(text, ')');
	if (p == NULL ||
	    sscanf(p + 1,
		" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
		"%llu %llu %llu %llu",
		&ut, &st, &cut, &cst) != 4)
		return 0;
	return (ut + st + cut + cst) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

void
tree_look(pid_t top, bool walls, struct cage_usage *u)
{
	struct tree t;
	int i, first = walls ? 1 : 0; /* the keeper is a copy of ourselves */

	tree_fill(&t, top);
	*u = (struct cage_usage){0, 0, (unsigned)(t.count - first)};
	for (i = first; i < t.count; i++) {
		u->memory += resident(t.pids[i]);
		u->cpu_ms += cpu_ms(t.pids[i]);
	}
}

int
tree_children(pid_t pid, pid_t *pids, int max)
{
	struct tree t = {.count = 0};
	int i;

	add_all_children(&t, pid);
	for (i = 0; i < t.count && i < max; i++)
		pids[i] = t.pids[i];
	return i;
}

int
tree_inside(pid_t top, bool walls, pid_t *pids, int max)
{
	pid_t bwrap, init;

	if (!walls) {
		pids[0] = top;
		return 1;
	}
	if (tree_children(top, &bwrap, 1) == 0 ||
	    tree_children(bwrap, &init, 1) == 0)
		return 0;
	return tree_children(init, pids, max);
}
