#ifndef MASTERD_PLAN_MATCH_H
#define MASTERD_PLAN_MATCH_H

#include "masterd/plan/schedule.h"

/*
 * Which bots can run which jobs.  Engine, sanitizer, architecture, tags and
 * marked builds are words that a bot must have or must not have; so is that it
 * rests.  Bots that
 * can run the same jobs are one class, jobs that run on the same bots one
 * group, so that what follows is about few classes and groups.
 */
struct match {
	size_t classes, groups, word_count;
	unsigned *bot_class;  /* of in->bots[i] */
	unsigned *job_group;  /* of in->jobs[i] */
	unsigned *task_group; /* of in->tasks[i] */
	bool *fits;           /* groups x classes */
	struct match_words *words;
};

struct match *match_new(const struct schedule_input *in);
void match_free(struct match *m); /* NULL is fine */

static inline bool
match_fits(const struct match *m, unsigned group, unsigned class)
{
	return m->fits[group * m->classes + class];
}

/* Why a bot cannot run a job: each word that is at fault.  Begin with *from 0
 * and call until MISS_NONE. */
enum match_miss {
	MISS_NONE,
	MISS_ENGINE,    /* lacks */
	MISS_SANITIZER, /* lacks */
	MISS_ARCH,      /* is not */
	MISS_TAG,       /* lacks */
	MISS_TAG_BAN,   /* has */
	MISS_HOST,      /* is of that class, which cannot run the build */
	MISS_REST       /* rests, and takes no work of jobs */
};
enum match_miss match_miss(const struct match *m, size_t job, size_t bot,
    unsigned *from, const char **word);

#endif
