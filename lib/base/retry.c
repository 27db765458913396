/*
 * Backoff and circuit breaker.  Pure: who calls brings clock and chance.
 */
#include "lib/base/retry.h"

/* clang-format off */
const struct retry_policy RETRY_INTERACTIVE =
	{ 9, 1000, 300000, 2000, RETRY_FULL, RETRY_ON_AGAIN };
const struct retry_policy RETRY_COURIER =
	{ RETRY_FOR_EVER, 1000, 300000, 2000, RETRY_FULL, RETRY_ON_ALL };
const struct retry_policy RETRY_STATUS =
	{ 10, 1000, 600000, 2000, RETRY_FULL, RETRY_ON_AGAIN };
const struct retry_policy RETRY_TASK =
	{ 2, 2000, 300000, 2000, RETRY_EXACT, RETRY_ON_ALL };

const struct breaker_policy BREAKER_DEFAULT = { 5, 60000 };
/* clang-format on */

/* delay * multiplier / 1000, at most max_ms. */
static uint64_t
grow(const struct retry_policy *p, uint64_t delay)
{
	if (delay > UINT64_MAX / p->multiplier)
		return p->max_ms;
	delay = delay * p->multiplier / 1000;
	return delay < p->max_ms ? delay : p->max_ms;
}

uint64_t
retry_ceiling(const struct retry_policy *p, uint32_t failures)
{
	uint64_t delay = p->initial_ms < p->max_ms ? p->initial_ms : p->max_ms;
	uint64_t next;

	if (failures == 0)
		return 0;
	while (--failures > 0 && p->multiplier > 1000) {
		if ((next = grow(p, delay)) == delay)
			break; /* at the top, or too small to grow */
		delay = next;
	}
	return delay;
}

uint64_t
retry_delay(const struct retry_policy *p, uint32_t failures, uint64_t random)
{
	uint64_t ceiling = retry_ceiling(p, failures);

	if (p->jitter == RETRY_EXACT)
		return ceiling;
	return ceiling == UINT64_MAX ? random : random % (ceiling + 1);
}

bool
retry_exhausted(const struct retry_policy *p, uint32_t failures)
{
	return p->max_retries != RETRY_FOR_EVER && failures > p->max_retries;
}

bool
retry_wants(const struct retry_policy *p, enum err_class cls)
{
	return cls != ERR_NONE && (p->retryable & RETRY_ON(cls)) != 0;
}

uint64_t
retry_total_ms(const struct retry_policy *p)
{
	uint64_t total = 0, delay, last = UINT64_MAX;
	uint32_t i;

	if (p->max_retries == RETRY_FOR_EVER)
		return UINT64_MAX;
	for (i = 1; i <= p->max_retries; i++) {
		delay = retry_ceiling(p, i);
		if (delay == last) /* all others are the same */
			return total + (p->max_retries - i + 1) * delay;
		total += last = delay;
	}
	return total;
}

bool
breaker_try(struct breaker *b, const struct breaker_policy *p, uint64_t now_ms)
{
	if (!b->open)
		return true;
	if (now_ms < breaker_due(b, p))
		return false;
	b->probing = true;
	b->opened_ms = now_ms;
	return true;
}

uint64_t
breaker_due(const struct breaker *b, const struct breaker_policy *p)
{
	return b->open ? b->opened_ms + p->rest_ms : 0;
}

void
breaker_success(struct breaker *b)
{
	b->failures = 0;
	b->open = b->probing = false;
}

void
breaker_failure(
    struct breaker *b, const struct breaker_policy *p, uint64_t now_ms)
{
	if (b->failures < UINT32_MAX)
		b->failures++;
	if (!b->open && (p->failures == 0 || b->failures < p->failures))
		return;
	/* Also after a failed probe: rest anew. */
	b->open = true;
	b->probing = false;
	b->opened_ms = now_ms;
}
