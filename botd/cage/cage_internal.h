#ifndef BOTD_CAGE_CAGE_INTERNAL_H
#define BOTD_CAGE_CAGE_INTERNAL_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "botd/cage/cage.h"

/* ---- cgroup.c: limits that the kernel keeps ---- */
/*
 * A cgroup of our own below the one we live in, where that may be made; all
 * paths are empty otherwise.  v1 has two hierarchies, v2 one.
 */
struct cgroup {
	char memory[512]; /* folder */
	char pids[512];
	bool v2;
};

void cgroup_make(
    struct cgroup *g, const char *name, uint64_t memory, uint64_t processes);
/* Move the calling process in.  Only system calls: runs after a fork. */
int cgroup_enter(const struct cgroup *g);
bool cgroup_oom(const struct cgroup *g); /* has it killed for memory? */
void cgroup_remove(struct cgroup *g);

/* ---- keeper.c: a process between us and bubblewrap ---- */
/*
 * In a child: runs "inside" in a child of its own, and returns that one's exit
 * code (128 + signal) when nothing that came of it lives any more.  SIGTERM,
 * and the death of whoever started it, end all of it at once.
 */
int keeper_run(int (*inside)(void *arg), void *arg);

/* ---- tree.c: what all processes below one use ---- */
/* With "walls" "top" is the keeper, which is not counted. */
void tree_look(pid_t top, bool walls, struct cage_usage *u);
/*
 * The processes that bubblewrap's init, below "top", started; with "walls"
 * false: "top" itself.  Returns how many.
 */
int tree_inside(pid_t top, bool walls, pid_t *pids, int max);

int tree_children(pid_t pid, pid_t *pids, int max);

/* ---- bwrap.c: the command ---- */
struct strings {
	const char **list;
	int count;
	char **owned; /* those to be freed */
	int owned_count;
};

void bwrap_command(struct strings *argv, const struct cage_spec *s);
void strings_add(struct strings *v, const char *text);
void strings_release(struct strings *v);

#endif
