/*
 * A link's ups and downs, whoever it serves.  A reason is logged once, however
 * often it comes, and told to all whose bundles wait for it.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "botd/courier/carry.h"
#include "botd/courier/line.h"

/* A speed that changes by the hour is asked for at each piece. */
static uint64_t
rate_now(void *arg)
{
	const struct courier_config *c = ((struct line *)arg)->config;

	return c->rate == NULL ? 0 : c->rate(c->rate_arg);
}

struct line *
line_new(const struct courier_config *config, struct err *e)
{
	struct link_config link = {config->link, config->key,
	    config->known_hosts, config->timeout_ms, config->account};
	struct line *l = mem_alloc(sizeof(*l));

	l->config = config;
	if ((l->link = link_new(&link, e)) == NULL) {
		free(l);
		return NULL;
	}
	link_set_rate(l->link, rate_now, l);
	return l;
}

void
line_free(struct line *l)
{
	if (l == NULL)
		return;
	link_free(l->link);
	free(l);
}

void
line_add(struct line *l, struct courier *c)
{
	c->line = l;
	c->link = l->link;
	c->peer = l->first;
	l->first = c;
}

void
line_remove(struct line *l, struct courier *c)
{
	struct courier **at = &l->first;

	while (*at != NULL && *at != c)
		at = &(*at)->peer;
	if (*at != NULL)
		*at = c->peer;
}

const struct retry_policy *
line_retry(const struct line *l)
{
	const struct retry_policy *p = &l->config->retry;

	return p->max_ms == 0 ? &RETRY_COURIER : p;
}

static const struct breaker_policy *
breaker_of(const struct line *l)
{
	const struct breaker_policy *p = &l->config->breaker;

	return p->rest_ms == 0 ? &BREAKER_DEFAULT : p;
}

void
line_lost(struct line *l, const struct err *why)
{
	uint64_t now = clock_up_ms(), delay;
	struct courier *c;

	link_close(l->link);
	l->open_failures++;
	breaker_failure(&l->breaker, breaker_of(l), now);
	delay = retry_delay(line_retry(l), l->open_failures, random_u64());
	l->gave_up = retry_exhausted(line_retry(l), l->open_failures) ||
	    !retry_wants(line_retry(l), why->cls);
	l->open_at = now + delay;
	if (strncmp(l->said, why->text, sizeof(l->said) - 1) == 0)
		return;
	text_copy(l->said, sizeof(l->said), why->text);
	log_warn(
	    "link.down", LOG_T("reason", why->text), LOG_N("delay_ms", delay));
	for (c = l->first; c != NULL; c = c->peer)
		courier_told(c, false, why->text);
}

void
line_good(struct line *l)
{
	l->open_failures = 0;
	breaker_success(&l->breaker);
}

static bool
may_open(struct line *l, uint64_t now)
{
	if (l->leave_at != 0)
		return l->open_failures == 0;
	return now >= l->open_at &&
	    breaker_try(&l->breaker, breaker_of(l), now);
}

/* On leaving, nothing may take longer than there is time. */
static void
limit_timeout(struct line *l, uint64_t now)
{
	uint64_t ms = l->config->timeout_ms;

	if (l->leave_at != 0 && l->leave_at < now + ms)
		ms = l->leave_at > now ? l->leave_at - now : 1;
	link_set_timeout(l->link, ms);
	link_set_operation(l->link, l->config->operation_ms);
}

bool
line_up(struct line *l, uint64_t now)
{
	struct err why;

	limit_timeout(l, now);
	if (link_up(l->link))
		return true;
	if (!may_open(l, now))
		return false;
	err_clear(&why);
	if (link_open(l->link, &why) == -1) {
		line_lost(l, &why);
		return false;
	}
	log_info("link.up", LOG_T("link", l->config->link));
	l->said[0] = '\0';
	l->connects++;
	return true;
}

uint64_t
line_due(const struct line *l)
{
	uint64_t open = breaker_due(&l->breaker, breaker_of(l));

	return l->open_at > open ? l->open_at : open;
}

void
line_leave(struct line *l)
{
	if (l->leave_at == 0)
		l->leave_at = clock_up_ms() + l->config->drain_ms;
	/* One more try, without waiting. */
	l->open_failures = 0;
	limit_timeout(l, clock_up_ms());
}
