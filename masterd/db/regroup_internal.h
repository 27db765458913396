#ifndef MASTERD_DB_REGROUP_INTERNAL_H
#define MASTERD_DB_REGROUP_INTERNAL_H

#include "masterd/db/buckets_internal.h"
#include "masterd/db/regroup.h"

/* For regroup*.c: every signature that there is or would be. */
struct again_sig {
	int64_t row;     /* 0: would be new */
	int64_t project; /* row */
	struct digest digest;
	bool security, placeless, seen; /* seen: with a report, now */
	int apart;
	int64_t bucket, number, home; /* numbers; 0: none */
	int64_t crashes, out, in;     /* of it now; that leave, that come */
	int64_t rated;                /* that stay and get another severity */
	enum triage_severity severity, worst; /* now; of what was judged */
	int first_out; /* where its first crash goes, or -1 */
	int64_t first_crash;
	char *family, *type, *state, *stack, *fresh; /* fresh: stack by now */
	const char *class;
	int group;
	int64_t to; /* number of its bucket then; below 0: a new one */
	bool apart_then, woken;
};

struct again_crash { /* of which the signature or the rating changes */
	int64_t id;
	int from, to, rating;
};

struct again_join {
	int a, b;
	int64_t again; /* the regroup that made it; 0: something else did */
};

/* What the report in hand is to one target. */
struct again_judged {
	int64_t target;
	int to, rating;
};
#define AGAIN_TARGETS 16

struct again_chosen { /* the signatures of one project, while grouped */
	struct link_item *items;
	char **texts;
	int *index, count;
};

struct regroup {
	struct db *db;
	const struct rules *rules;
	char project[64];
	enum {
		AGAIN_BEGIN,
		AGAIN_JOINS,
		AGAIN_READ,
		AGAIN_GROUPS,
		AGAIN_PLANNED
	} stage;
	struct again_sig *sigs;
	int count, room, known; /* known: rows, by id */
	int *slot;
	size_t mask;
	struct again_crash *crashes;
	int crash_count, crash_room;
	struct bucket_rating *ratings; /* each once */
	int rating_count;
	struct again_join *joins;
	int join_count;
	uint64_t read, stacks, changed; /* crashes, reports, crashes */
	/* where reading is */
	int64_t stack, crash, sig;
	struct facts *facts;
	struct buf text;
	bool in_hand; /* more crashes of that report */
	struct again_judged judged[AGAIN_TARGETS];
	int judged_count;
	regroup_watch_fn *watch;
	void *watch_arg;
	/* where planning is */
	int64_t grouped; /* projects up to this row */
	struct again_chosen chosen;
	struct rules_limits limits;
	struct group_search *search;
	int64_t made; /* new buckets */
	/* applying */
	int at, at_sig;
	int64_t decision, at_project;
	struct buf ops;
	bool settled;
};

int again_find_row(const struct regroup *r, int64_t row); /* -1 */
/* All its crashes go. */
bool again_retires(const struct again_sig *s);
/* It was left without crashes once, and gets some. */
bool again_wakes(const struct again_sig *s);
/* In slices: 1 there is more, 0. */
int again_plan(struct regroup *r, uint64_t until);
void again_plan_drop(struct regroup *r);

#endif
