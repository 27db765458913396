/*
 * Are two signatures one bug?  What the facts of both have in common, by two
 * rules, each of which also says in which bands its pairs lie: who shares no
 * band with another need not be compared with it.
 *
 * No function of libm is used: the sums are products of two constants, which
 * are the same to the last bit on any machine.
 */
#include <string.h>

#include "lib/triage/link.h"

#define LINES_MOST 64 /* that the measures look at */
#define RUN        2  /* frames that make a bug's place */
#define REACH      4  /* in the first so many frames of the other stack */
#define SHORT_LINE 6  /* shorter ones are like another only when equal */

static int
least(int a, int b)
{
	return a < b ? a : b;
}

/* ---- measures -------------------------------------------------------- */

int
link_common(const char *const *a, int an, const char *const *b, int bn)
{
	int row[LINES_MOST + 1] = {0}, i, j, before, above;

	an = least(an, LINES_MOST);
	bn = least(bn, LINES_MOST);
	for (i = 0; i < an; i++) {
		before = 0;
		for (j = 0; j < bn; j++) {
			above = row[j + 1];
			if (strcmp(a[i], b[j]) == 0)
				row[j + 1] = before + 1;
			else if (row[j] > above)
				row[j + 1] = row[j];
			before = above;
		}
	}
	return row[bn];
}

/* Levenshtein's distance; at most LINE characters of each count. */
#define LINE 256

static int
edits(const char *x, int xn, const char *y, int yn)
{
	int row[LINE + 1], i, j, before, above;

	for (j = 0; j <= yn; j++)
		row[j] = j;
	for (i = 0; i < xn; i++) {
		before = row[0];
		row[0] = i + 1;
		for (j = 0; j < yn; j++) {
			above = row[j + 1];
			row[j + 1] = least(
			    least(above, row[j]) + 1, before + (x[i] != y[j]));
			before = above;
		}
	}
	return row[yn];
}

double
link_line(const char *x, const char *y)
{
	int xn = (int)strnlen(x, LINE), yn = (int)strnlen(y, LINE);

	if (xn + yn == 0)
		return 1;
	return (double)(xn + yn - edits(x, xn, y, yn)) / (xn + yn);
}

double
link_lines(const char *const *a, int an, const char *const *b, int bn)
{
	int n = least(an, bn), i;
	double sum = 0;

	for (i = 0; i < n; i++)
		sum += link_line(a[i], b[i]);
	return n == 0 ? 0 : sum / n;
}

/* exp(-0.04) and exp(-0.13): what a frame is worth the deeper it lies, and the
 * further apart the two are. */
#define DEEPER 0.96078943915232320944
#define APART  0.87809543092056132373

static void
powers(double *p, double base)
{
	int i;

	p[0] = 1;
	for (i = 1; i <= LINES_MOST; i++)
		p[i] = p[i - 1] * base;
}

double
link_distance(
    const char *const *a, int an, const char *const *b, int bn, bool prefix)
{
	double deep[LINES_MOST + 1], apart[LINES_MOST + 1];
	double row[LINES_MOST + 1] = {0}, before, above, whole = 0;
	int i, j;

	an = least(an, LINES_MOST);
	bn = least(bn, LINES_MOST);
	powers(deep, DEEPER);
	powers(apart, APART);
	for (i = 1; i <= an; i++) {
		before = 0;
		for (j = 1; j <= bn; j++) {
			above = row[j];
			if (strcmp(a[i - 1], b[j - 1]) == 0)
				before += deep[least(i, j)] *
				    apart[i > j ? i - j : j - i];
			else
				before = 0;
			if (before > row[j])
				row[j] = before;
			if (row[j - 1] > row[j])
				row[j] = row[j - 1];
			before = above;
		}
	}
	j = (an < bn) == prefix ? an : bn;
	for (i = 1; i <= j; i++)
		whole += deep[i];
	if (whole == 0)
		return an == bn ? 0 : 1;
	return row[bn] >= whole ? 0 : 1 - row[bn] / whole;
}

/* ---- the decision ---------------------------------------------------- */

const char *
link_rule_name(enum link_rule r)
{
	static const char *const names[] = {"none", "frames", "lines"};

	return names[r];
}

/*
 * What holds for both rules: the same kind of bug in every respect that is not
 * a name of a function.  One-line states say too little.
 */
static const char *
differ(const struct link_item *a, const struct link_item *b)
{
	if (a->security != b->security)
		return "one is a security bug, the other is not";
	if (strcmp(a->family, b->family) != 0)
		return "their types differ";
	if (!a->linkable || !b->linkable)
		return "one was taken out by a split, or has no place in the "
		       "code: rules link neither";
	if (a->state_count < 2 || b->state_count < 2)
		return "a state of one line says too little";
	return NULL;
}

static int
run_at(const struct link_item *top, const struct link_item *in, int at)
{
	int n = 0;

	while (n < top->depth && at + n < in->depth &&
	    strcmp(top->stack[n], in->stack[at + n]) == 0)
		n++;
	return n;
}

/* The longest run that begins with the top frame of "top" and lies, as far as
 * it is needed, within the first frames of "in"; where in *at. */
static int
best_run(const struct link_item *top, const struct link_item *in, int *at)
{
	int best = 0, i, n;

	*at = 0;
	for (i = 0; i + RUN <= REACH && i < in->depth; i++)
		if ((n = run_at(top, in, i)) > best) {
			best = n;
			*at = i;
		}
	return best;
}

/*
 * FRAMES: a run of two frames or more, one directly below the other in both
 * stacks, that begins with the top frame of one of them and is within the
 * first four of the other; and the stacks as a whole, by the longer of them,
 * are nearer than limits->distance.  A stack that is the beginning of another
 * is so as far from it as what it lacks.
 */
static bool
by_frames(const struct link_item *a, const struct link_item *b,
    const struct rules_limits *limits, struct link *l)
{
	int at_b, at_a;
	int in_b = best_run(a, b, &at_b), in_a = best_run(b, a, &at_a);
	int start_a = in_b >= in_a ? 0 : at_a,
	    start_b = in_b >= in_a ? at_b : 0;

	l->common = in_b >= in_a ? in_b : in_a;
	/* It is dear, and of no use to those that have nothing in common. */
	if (l->common >= RUN)
		l->distance = link_distance(
		    a->stack, a->depth, b->stack, b->depth, false);
	l->differ_a = start_a + l->common < a->depth ? start_a + l->common : -1;
	l->differ_b = start_b + l->common < b->depth ? start_b + l->common : -1;
	if (l->common < RUN)
		l->why = "fewer than two frames at the top are the same";
	else if (l->distance >= limits->distance)
		l->why = "the stacks differ too much below";
	else
		l->why = "the same frames at the top, and stacks that are near";
	return l->common >= RUN && l->distance < limits->distance;
}

/* Their digits, one after another: read_16 and read_32 are two functions, how
 * ever long their names. */
static bool
same_digits(const char *x, const char *y)
{
	static const char digits[] = "0123456789";

	for (;;) {
		x += strcspn(x, digits);
		y += strcspn(y, digits);
		if (*x != *y)
			return false;
		if (*x == '\0')
			return true;
		x++;
		y++;
	}
}

static double
likeness(const char *x, const char *y)
{
	if (strcmp(x, y) == 0)
		return 1;
	if (strnlen(x, SHORT_LINE) < SHORT_LINE ||
	    strnlen(y, SHORT_LINE) < SHORT_LINE || !same_digits(x, y))
		return 0;
	return link_line(x, y);
}

/*
 * LINES: as many lines, the top ones begin with the same six characters, and
 * each line is like its counterpart by more than limits->likeness (and so is
 * the mean of them, which is what counts as distance).  Lines that are shorter
 * than six characters, or that have other digits, are like another only when
 * they are equal.
 */
static bool
by_lines(const struct link_item *a, const struct link_item *b,
    const struct rules_limits *limits, struct link *l)
{
	double sum = 0, one;
	int i;

	if (a->state_count != b->state_count ||
	    strncmp(a->state[0], b->state[0], SHORT_LINE) != 0)
		return false;
	l->common = 0;
	l->differ_a = l->differ_b = -1;
	for (i = 0; i < a->state_count; i++) {
		one = likeness(a->state[i], b->state[i]);
		if (one <= limits->likeness)
			return false;
		l->common += one == 1;
		if (one < 1 && l->differ_a == -1)
			l->differ_a = l->differ_b = i;
		sum += one;
	}
	l->distance = 1 - sum / a->state_count;
	l->why = "every line of the state is nearly the same";
	return true;
}

struct link
link_of(const struct link_item *a, const struct link_item *b,
    const struct rules_limits *limits)
{
	struct link l = {.distance = 1, .differ_a = -1, .differ_b = -1}, lines;
	const char *why = differ(a, b);

	if (by_frames(a, b, limits, &l) && why == NULL) {
		l.rule = LINK_FRAMES;
		return l;
	}
	lines = l;
	if (why == NULL && by_lines(a, b, limits, &lines)) {
		lines.rule = LINK_LINES;
		return lines;
	}
	if (why != NULL)
		l.why = why;
	return l;
}

int64_t
link_distance_stored(double distance)
{
	return (int64_t)(distance * LINK_DISTANCE_ONE + 0.5);
}

/* ---- bands ----------------------------------------------------------- */

/* FNV-1a over words and the zero bytes behind them. */
static uint64_t
hash(uint64_t h, const char *word, size_t most)
{
	size_t n = strnlen(word, most), i;

	for (i = 0; i <= n; i++) {
		h ^= i < n ? (unsigned char)word[i] : 0;
		h *= 0x100000001b3;
	}
	return h;
}

static int
add(uint64_t *bands, int count, uint64_t band)
{
	int i;

	for (i = 0; i < count; i++)
		if (bands[i] == band)
			return count;
	bands[count] = band;
	return count + 1;
}

int
link_bands(const struct link_item *a, uint64_t bands[LINK_BANDS])
{
	uint64_t start = 0xcbf29ce484222325, h;
	int count = 0, i;

	if (!a->linkable || a->state_count < 2)
		return 0;
	start = hash(start, a->security ? "s" : "-", 1);
	start = hash(start, a->family, TRIAGE_TYPE_MAX);
	for (i = 0; i + RUN <= REACH && i + RUN <= a->depth; i++) {
		h = hash(start, a->stack[i], TRIAGE_LINE_MAX);
		h = hash(h, a->stack[i + 1], TRIAGE_LINE_MAX);
		count = add(bands, count, h);
	}
	h = hash(start, "", 0);
	h = hash(h, a->state[0], SHORT_LINE);
	return add(bands, count, h);
}
