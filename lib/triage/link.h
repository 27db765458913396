#ifndef LIB_TRIAGE_LINK_H
#define LIB_TRIAGE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/triage/rules.h"
#include "lib/triage/triage.h"

/*
 * Are two signatures one bug?  Pure arithmetic over names of frames.  A
 * signature is represented by its type, its state and one stack: of all stacks
 * that were seen with it, the one whose text is the smallest, so that it does
 * not matter which came first.
 */

/* ---- measures, each with its vectors in the tests ---- */
/* Longest common subsequence of whole lines. */
int link_common(const char *const *a, int an, const char *const *b, int bn);
/* (|x|+|y|-Levenshtein)/(|x|+|y|) of two lines; 1 for two empty ones. */
double link_line(const char *x, const char *y);
/* Its mean over the first min(an, bn) pairs of lines; 0 when there are none. */
double link_lines(const char *const *a, int an, const char *const *b, int bn);
/*
 * CASR's position-dependent distance: 1 - (best aligned sum of
 * exp(-(0.04 min(i,j) + 0.13 |i-j|))) / (sum over i of exp(-0.04 i)), the
 * latter up to the shorter stack's depth ("prefix" true) or the longer one's.
 */
double link_distance(
    const char *const *a, int an, const char *const *b, int bn, bool prefix);

/* ---- the decision ---- */
struct link_item {
	struct digest signature;
	bool security;
	bool linkable; /* not placeless, and not taken out by a person */
	char family[TRIAGE_TYPE_MAX]; /* the type without access and size */
	const char *state[TRIAGE_STATE_LINES];
	int state_count;
	const char *stack[TRIAGE_DEPTH]; /* frames that count */
	int depth;
};

enum link_rule { LINK_NONE, LINK_FRAMES, LINK_LINES };
const char *link_rule_name(enum link_rule r); /* "frames", "lines" */

struct link {
	enum link_rule rule;
	double distance; /* 0 to 1; of LINK_LINES 1 - likeness */
	/* For `why`: the lines that matched, or the first that differ. */
	int common;
	int differ_a, differ_b; /* indices; -1: none */
	const char *why;        /* a literal: "the flag differs", ... */
};

/*
 * The rules in full stand in lib/triage/DESIGN.  Symmetric; LINK_NONE across
 * security flags, types and for what is not linkable.
 */
struct link link_of(const struct link_item *a, const struct link_item *b,
    const struct rules_limits *limits);

/*
 * Distances are compared as whole millionths, so that what a database holds
 * orders links as memory does.
 */
#define LINK_DISTANCE_ONE 1000000
int64_t link_distance_stored(double distance);

/*
 * Which items can be linked at all: two that link share a band.  At most
 * LINK_BANDS numbers; returns how many.  Of a band that is too common only the
 * LINK_BAND_MOST smallest signatures take part.
 */
#define LINK_BANDS     6
#define LINK_BAND_MOST 256
int link_bands(const struct link_item *a, uint64_t bands[LINK_BANDS]);

/* ---- groups ---- */
/*
 * The partition of a set of items: a function of the set, not of its order.
 * All links between them are taken by distance, then by signatures; two groups
 * become one when each of one is linked to each of the other and both together
 * are at most limits->group.  group[i] is the smallest index (in order of
 * signatures, then flags) of i's group.  O(n + links log links).
 */
struct group_link {
	int a, b; /* indices, a != b */
	double distance;
};
void group_partition(const struct link_item *items, int count,
    const struct group_link *links, int link_count,
    const struct rules_limits *limits, int *group);

/*
 * All links of a set, by its bands, a part at a time: group_search_step() looks
 * at about so many pairs and says whether there are more; group_search_end()
 * gives what was found (caller frees) and frees the search.  Items are borrowed
 * until then.
 */
struct group_search;
struct group_search *group_search_new(const struct link_item *items, int count,
    const struct rules_limits *limits);
bool group_search_step(struct group_search *s, int pairs);
struct group_link *group_search_end(struct group_search *s, int *link_count);
/* At once. */
struct group_link *group_links(const struct link_item *items, int count,
    const struct rules_limits *limits, int *link_count);
/* Both in one: a folder of reports, a regroup. */
void group_all(const struct link_item *items, int count,
    const struct rules_limits *limits, int *group);

#endif
