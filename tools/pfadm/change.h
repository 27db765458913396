#ifndef TOOLS_PFADM_CHANGE_H
#define TOOLS_PFADM_CHANGE_H

#include "tools/pfadm/pfadm.h"

/*
 * A command that changes things by their names, a request each: the data of
 * cmd_change().  All names are tried, each result is told, and the worst exit
 * code is ours.
 *
 * --dry-run only looks whether the thing is there.  With "ask" a person on a
 * terminal is asked once for all of them, unless --yes is given; where nobody
 * can be asked, --yes must be given.
 */
struct change {
	const char *method; /* "PUT" */
	const char *path;   /* "bots/%s/drain"; without %s: see "key" */
	const char *key;    /* of the name in the body, or NULL */
	const char *look;   /* "bots/%s" */
	const char *noun;   /* "bot" */
	const char *verb;   /* "drain" */
	const char *done;   /* "drained" */
	bool ask;
	bool ranges; /* names may be b[1-3] */
	/* What the answer says, or NULL: "bot b1: drained". */
	void (*tell)(struct pfadm *pf, const struct json_value *item);
	/* Puts more into the body, or NULL; of cmd_change(), without "arg". */
	void (*add)(struct pfadm *pf, struct buf *body, void *arg);
};

int cmd_change(struct pfadm *pf);
/* For names of which some were taken already. */
int change_names(
    struct pfadm *pf, const struct change *c, int count, char **words);

/* The same, for a command whose names are not all that was said: "name" is
 * what is changed, "add" puts more into the body. */
int change_one(struct pfadm *pf, const struct change *c, const char *name,
    void (*add)(struct pfadm *pf, struct buf *body, void *arg), void *arg);

/* 0 when it may go on; else the exit code, after a sentence. */
int change_confirm(
    struct pfadm *pf, const struct change *c, int count, char **names);

#endif
