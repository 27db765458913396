#ifndef LIB_BASE_RETRY_H
#define LIB_BASE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Backoff and circuit breaker as pure functions: time and randomness are
 * passed in (DESIGN 11).
 */
struct retry_policy {
	uint64_t initial_ms;
	uint64_t cap_ms;
	uint32_t factor; /* delay grows by this each time, >= 1 */
	uint32_t tries;  /* 0: for ever */
};

extern const struct retry_policy RETRY_INTERACTIVE; /* 10 tries, 1 s .. 5 min */
extern const struct retry_policy RETRY_COURIER;     /* for ever, 1 s .. 5 min */
extern const struct retry_policy RETRY_STATUS; /* 11 tries, 1 s .. 10 min */

/*
 * Delay before try number "failures" + 1, full jitter: uniform between 0 and
 * min(cap, initial * factor^(failures - 1)).  "random" is any 64 random bits.
 * failures 0 gives 0.
 */
uint64_t retry_delay(
    const struct retry_policy *p, uint32_t failures, uint64_t random);

/* Upper bound of that delay, before jitter. */
uint64_t retry_ceiling(const struct retry_policy *p, uint32_t failures);

/* True when "failures" tries have used the policy up. */
bool retry_exhausted(const struct retry_policy *p, uint32_t failures);

/* Opens after 5 failures in a row; half-open 60 s later: one probe. */
struct breaker {
	uint32_t failures;
	uint64_t opened_ms; /* up-time; meaningful when open */
	bool open;
};

bool breaker_allows(const struct breaker *b, uint64_t now_ms);
void breaker_success(struct breaker *b);
void breaker_failure(struct breaker *b, uint64_t now_ms);

#endif
