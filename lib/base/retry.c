/*
 * Backoff and circuit breaker.  Pure: who calls brings clock and chance.
 */
#include "lib/base/retry.h"

#define BREAKER_FAILURES 5
#define BREAKER_REST_MS  60000

/* clang-format off */
const struct retry_policy RETRY_INTERACTIVE = { 1000, 300000, 2, 10 };
const struct retry_policy RETRY_COURIER =     { 1000, 300000, 2, 0 };
const struct retry_policy RETRY_STATUS =      { 1000, 600000, 2, 11 };
/* clang-format on */

uint64_t
retry_ceiling(const struct retry_policy *p, uint32_t failures)
{
	uint64_t delay = p->initial_ms;

	if (failures == 0)
		return 0;
	while (--failures > 0 && p->factor > 1 && delay < p->cap_ms) {
		if (delay == 0 || delay > UINT64_MAX / p->factor)
			break;
		delay *= p->factor;
	}
	return delay < p->cap_ms ? delay : p->cap_ms;
}

uint64_t
retry_delay(const struct retry_policy *p, uint32_t failures, uint64_t random)
{
	uint64_t ceiling = retry_ceiling(p, failures);

	return ceiling == UINT64_MAX ? random : random % (ceiling + 1);
}

bool
retry_exhausted(const struct retry_policy *p, uint32_t failures)
{
	return p->tries != 0 && failures >= p->tries;
}

bool
breaker_allows(const struct breaker *b, uint64_t now_ms)
{
	return !b->open || now_ms - b->opened_ms >= BREAKER_REST_MS;
}

void
breaker_success(struct breaker *b)
{
	b->failures = 0;
	b->open = false;
}

void
breaker_failure(struct breaker *b, uint64_t now_ms)
{
	if (b->failures < BREAKER_FAILURES)
		b->failures++;
	if (b->failures < BREAKER_FAILURES)
		return;
	/* Also after a failed probe: rest anew. */
	b->open = true;
	b->opened_ms = now_ms;
}
