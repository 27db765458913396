/*
 * Fair shares.  Slot time over weight decides; ties go to the job with fewer
 * open leases, then to the older one, so that the answer is the same anywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "masterd/plan/schedule.h"

void
schedule_input_release(struct schedule_input *in)
{
	size_t i;

	for (i = 0; i < in->text_count; i++)
		free(in->texts[i]);
	free(in->texts);
	free(in->bots);
	free(in->jobs);
	memset(in, 0, sizeof(*in));
}

static bool
has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	const char *p = words;

	while ((p = strstr(p, word)) != NULL) {
		if ((p == words || p[-1] == ' ') &&
		    (p[len] == ' ' || p[len] == '\0'))
			return true;
		p += len;
	}
	return false;
}

/* The bot with the most free slots that can run this engine. */
static struct schedule_bot *
roomiest(struct schedule_input *in, const char *engine)
{
	struct schedule_bot *best = NULL, *b;
	size_t i;

	for (i = 0; i < in->bot_count; i++) {
		b = &in->bots[i];
		if (!b->takes || b->taken >= b->slots ||
		    !has_word(b->engines, engine))
			continue;
		if (best == NULL ||
		    b->slots - b->taken > best->slots - best->taken)
			best = b;
	}
	return best;
}

static bool
wants(const struct schedule_job *j)
{
	return j->ready && j->left_ms > 0 &&
	    (j->ceiling == 0 || j->open < j->ceiling);
}

/* Is "a" before "b"?  Cross-multiplied: a.spent/a.weight < b.spent/b.weight. */
static bool
before(const struct schedule_job *a, const struct schedule_job *b)
{
	unsigned __int128 left, right;

	/* First what is open now, by weight: shares are equal at once, not
	 * only once an hour's slice is over. */
	left = (unsigned __int128)a->open * b->weight;
	right = (unsigned __int128)b->open * a->weight;
	if (left != right)
		return left < right;
	left = (unsigned __int128)a->spent_ms * b->weight;
	right = (unsigned __int128)b->spent_ms * a->weight;
	if (left != right)
		return left < right;
	return a->id < b->id;
}

static bool
offer(struct schedule_input *in, struct schedule_step *step)
{
	struct schedule_job *best = NULL, *j;
	struct schedule_bot *bot;
	size_t i;

	for (i = 0; i < in->job_count; i++) {
		j = &in->jobs[i];
		if (wants(j) && (best == NULL || before(j, best)) &&
		    roomiest(in, j->engine) != NULL)
			best = j;
	}
	if (best == NULL)
		return false;
	bot = roomiest(in, best->engine);
	step->act = SCHEDULE_OFFER;
	step->job = best->id;
	step->bot = bot->id;
	step->lease = 0;
	step->slice_ms = best->left_ms < SCHEDULE_SLICE_MS ? best->left_ms
							   : SCHEDULE_SLICE_MS;
	best->open++;
	bot->taken++;
	return true;
}

/* Can any bot ever run it? */
static bool
has_host(const struct schedule_input *in, const struct schedule_job *j)
{
	size_t i;

	for (i = 0; i < in->bot_count; i++)
		if (in->bots[i].takes && in->bots[i].slots > 0 &&
		    has_word(in->bots[i].engines, j->engine))
			return true;
	return false;
}

static bool
withdraw(struct schedule_input *in, struct schedule_step *step)
{
	struct schedule_job *starved = NULL, *rich = NULL, *j;
	size_t i;

	for (i = 0; i < in->job_count; i++) {
		j = &in->jobs[i];
		if (wants(j) && j->open == 0 && has_host(in, j))
			starved = j;
		if (j->open >= 2 && j->newest_lease != 0 &&
		    (rich == NULL || before(rich, j)))
			rich = j;
	}
	if (starved == NULL || rich == NULL)
		return false;
	step->act = SCHEDULE_WITHDRAW;
	step->job = rich->id;
	step->bot = 0;
	step->lease = rich->newest_lease;
	step->slice_ms = 0;
	/* One a round for each starved job: its slot frees up later. */
	rich->open--;
	rich->newest_lease = 0;
	starved->ready = false;
	return true;
}

bool
schedule_next(struct schedule_input *in, struct schedule_step *step)
{
	return offer(in, step) || withdraw(in, step);
}
