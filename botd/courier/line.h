#ifndef BOTD_COURIER_LINE_H
#define BOTD_COURIER_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/retry.h"
#include "botd/courier/courier.h"
#include "botd/courier/link.h"

/*
 * One link and those it serves: the courier of a bot, or the many of a relay.
 * It is opened when it is due and closed when it fails, with backoff and a
 * breaker, for ever unless the policy says else.
 */
struct courier;

struct line {
	const struct courier_config *config;
	struct link *link;
	struct courier *first; /* all it serves, by their "peer" */
	uint64_t connects;     /* how often it was opened: each is news */
	uint64_t open_at;
	uint64_t leave_at;      /* end of the drain; 0: not leaving */
	uint32_t open_failures; /* in a row */
	struct breaker breaker;
	bool gave_up;   /* the retry policy is used up: the process ends */
	char said[256]; /* last reason that was logged */
};

/* REFUSED when the link cannot be understood.  Connects nowhere yet. */
struct line *line_new(const struct courier_config *c, struct err *e);
void line_free(struct line *l); /* NULL is fine */

void line_add(struct line *l, struct courier *c);
void line_remove(struct line *l, struct courier *c);

/* Open it if it is down and due.  True when it is up. */
bool line_up(struct line *l, uint64_t now_ms);
void line_lost(struct line *l, const struct err *why); /* it failed */
void line_good(struct line *l);                        /* it did its work */
uint64_t line_due(const struct line *l);               /* when it is down */

/* Push what is there, for at most drain_ms; then nothing takes longer. */
void line_leave(struct line *l);

/* How it waits, as configured. */
const struct retry_policy *line_retry(const struct line *l);

#endif
