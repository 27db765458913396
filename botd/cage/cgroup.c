/*
 * cgroups where the machine lets us have one: v2 below our own or the root
 * group, v1 below our own.  Where not, cage.c falls back to looking.  A group
 * is a folder; it can go when the last process in it has been reaped.
 */
#include <sys/stat.h>
#include <sys/vfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/magic.h>

#include "botd/cage/cage_internal.h"

#define MOUNT    "/sys/fs/cgroup"
#define PREFIX   "pandafuzz-"
#define LEFT_MAX 64

/* Groups whose last process was still dying; tried again later. */
static char *left[LEFT_MAX];

static int
write_text(const char *folder, const char *file, const char *text)
{
	char path[640];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

static int
write_number(const char *folder, const char *file, uint64_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "%ju", (uintmax_t)n);
	return write_text(folder, file, text);
}

static bool
file_says(const char *folder, const char *file, const char *word)
{
	char path[640], text[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return strstr(text, word) != NULL;
}

/*
 * Our own group's path in the hierarchy of "controller" ("" for v2), as
 * /proc/self/cgroup lists them: "4:memory:/a/b", "0::/a/b".
 */
static bool
own_path(const char *controller, char *path, size_t size)
{
	char line[1024], *name, *at;
	bool found = false;
	FILE *f;

	f = fopen("/proc/self/cgroup", "re");
	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		name = strchr(line, ':');
		at = name == NULL ? NULL : strchr(name + 1, ':');
		if (at == NULL)
			continue;
		*at++ = '\0';
		if (strcmp(name + 1, controller) != 0)
			continue;
		found = (size_t)snprintf(path, size, "%s",
			    strcmp(at, "/") == 0 ? "" : at) < size;
	}
	fclose(f);
	return found;
}

static void
retry_left(void)
{
	int i;

	for (i = 0; i < LEFT_MAX; i++)
		if (left[i] != NULL &&
		    (rmdir(left[i]) == 0 || errno == ENOENT)) {
			free(left[i]);
			left[i] = NULL;
		}
}

static void
remove_folder(char *folder)
{
	int i;

	if (folder[0] == '\0')
		return;
	if (rmdir(folder) == -1 && errno == EBUSY)
		for (i = 0; i < LEFT_MAX; i++)
			if (left[i] == NULL) {
				left[i] = strdup(folder);
				break;
			}
	folder[0] = '\0';
}

/*
 * Groups of a runner that was killed: empty by now, for its cages died with
 * it.  Their names begin with its pid; one that is alive is left alone.
 */
static void
sweep(const char *parent)
{
	struct dirent *entry;
	long pid;
	DIR *dir;

	dir = opendir(parent);
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		pid = strtol(entry->d_name + strlen(PREFIX), NULL, 10);
		if (pid > 0 && kill((pid_t)pid, 0) == -1 && errno == ESRCH)
			(void)unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	closedir(dir);
}

/* Once for each of the two or three parents there can be. */
static void
sweep_once(const char *parent)
{
	static char swept[3][512];
	int i;

	for (i = 0; i < 3 && swept[i][0] != '\0'; i++)
		if (strcmp(swept[i], parent) == 0)
			return;
	if (i == 3)
		return;
	snprintf(swept[i], sizeof(swept[i]), "%s", parent);
	sweep(parent);
}

/* MOUNT/<controller><own>/pandafuzz-<name>; "" when it cannot be. */
static void
make_v1(char *folder, size_t size, const char *controller, const char *name)
{
	char own[256], parent[512];

	folder[0] = '\0';
	if (!own_path(controller, own, sizeof(own)))
		return;
	snprintf(parent, sizeof(parent), MOUNT "/%s%s", controller, own);
	sweep_once(parent);
	snprintf(
	    folder, size, MOUNT "/%s%s/" PREFIX "%s", controller, own, name);
	if (mkdir(folder, 0755) == -1 && errno != EEXIST)
		folder[0] = '\0';
}

static void
limit_v1(
    struct cgroup *g, const char *name, uint64_t memory, uint64_t processes)
{
	if (memory != 0)
		make_v1(g->memory, sizeof(g->memory), "memory", name);
	if (g->memory[0] != '\0' &&
	    write_number(g->memory, "memory.limit_in_bytes", memory) == -1)
		remove_folder(g->memory);
	/* Without swap accounting there is no such file. */
	if (g->memory[0] != '\0')
		(void)write_number(
		    g->memory, "memory.memsw.limit_in_bytes", memory);
	if (processes != 0)
		make_v1(g->pids, sizeof(g->pids), "pids", name);
	if (g->pids[0] != '\0' &&
	    write_number(g->pids, "pids.max", processes) == -1)
		remove_folder(g->pids);
}

/* A group may give controllers to its children if it is the root, or has no
 * process of its own: trying is the only way to know. */
static bool
gives_controllers(const char *folder)
{
	if (file_says(folder, "cgroup.subtree_control", "memory") &&
	    file_says(folder, "cgroup.subtree_control", "pids"))
		return true;
	return write_text(folder, "cgroup.subtree_control", "+memory +pids") ==
	    0;
}

static void
limit_v2(struct cgroup *g, const char *parent, const char *name,
    uint64_t memory, uint64_t processes)
{
	if (!gives_controllers(parent))
		return;
	sweep_once(parent);
	snprintf(g->memory, sizeof(g->memory), "%s/" PREFIX "%s", parent, name);
	if (mkdir(g->memory, 0755) == -1 && errno != EEXIST) {
		g->memory[0] = '\0';
		return;
	}
	if ((memory != 0 &&
		write_number(g->memory, "memory.max", memory) == -1) ||
	    (processes != 0 &&
		write_number(g->memory, "pids.max", processes) == -1)) {
		remove_folder(g->memory);
		return;
	}
	(void)write_text(g->memory, "memory.swap.max", "0");
	memcpy(g->pids, g->memory, sizeof(g->pids));
	g->v2 = true;
}

void
cgroup_make(
    struct cgroup *g, const char *name, uint64_t memory, uint64_t processes)
{
	char parent[320], own[256];
	struct statfs fs;

	retry_left();
	*g = (struct cgroup){"", "", false};
	if (statfs(MOUNT, &fs) == -1)
		return;
	if (fs.f_type != CGROUP2_SUPER_MAGIC) {
		limit_v1(g, name, memory, processes);
		return;
	}
	if (own_path("", own, sizeof(own))) {
		snprintf(parent, sizeof(parent), MOUNT "%s", own);
		limit_v2(g, parent, name, memory, processes);
	}
	if (!g->v2 && geteuid() == 0)
		limit_v2(g, MOUNT, name, memory, processes);
}

int
cgroup_enter(const struct cgroup *g)
{
	if (g->memory[0] != '\0' &&
	    write_text(g->memory, "cgroup.procs", "0") == -1)
		return -1;
	if (g->pids[0] != '\0' && !g->v2 &&
	    write_text(g->pids, "cgroup.procs", "0") == -1)
		return -1;
	return 0;
}

bool
cgroup_oom(const struct cgroup *g)
{
	if (g->memory[0] == '\0')
		return false;
	if (g->v2)
		return !file_says(g->memory, "memory.events", "oom_kill 0") &&
		    file_says(g->memory, "memory.events", "oom_kill ");
	return !file_says(g->memory, "memory.oom_control", "oom_kill 0") &&
	    file_says(g->memory, "memory.oom_control", "oom_kill ");
}

void
cgroup_remove(struct cgroup *g)
{
	if (g->v2)
		g->pids[0] = '\0';
	remove_folder(g->memory);
	remove_folder(g->pids);
	retry_left();
}
