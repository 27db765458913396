#ifndef LIB_BASE_RETRY_H
#define LIB_BASE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

/*
 * Backoff and circuit breaker as pure functions over data: time and
 * randomness are passed in (DESIGN 11).
 *
 * A retry is a try after the first one, so a policy with max_retries 10 makes
 * 11 tries with 10 delays between them.
 */
enum retry_jitter {
	RETRY_EXACT, /* wait the whole delay */
	RETRY_FULL   /* any time between nothing and the delay */
};

#define RETRY_FOR_EVER UINT32_MAX

struct retry_policy {
	uint32_t max_retries; /* RETRY_FOR_EVER: no end */
	uint64_t initial_ms;
	uint64_t max_ms;
	uint32_t multiplier; /* in thousandths: 1500 is 1.5; least 1000 */
	enum retry_jitter jitter;
	uint32_t retryable; /* RETRY_ON() of classes, or-ed */
};

#define RETRY_ON(cls)  (1u << (cls))
#define RETRY_ON_AGAIN RETRY_ON(ERR_AGAIN)
#define RETRY_ON_ALL   (~0u)

/* clang-format off */
extern const struct retry_policy RETRY_INTERACTIVE; /* 10 tries, 1 s .. 5 min */
extern const struct retry_policy RETRY_COURIER;     /* for ever, 1 s .. 5 min */
extern const struct retry_policy RETRY_STATUS;      /* 11 tries, 1 s .. 10 min */
extern const struct retry_policy RETRY_TASK;        /* 3 tries, 2 s, 4 s */
/* clang-format on */

/*
 * Delay after failure number "failures" in a row, with the policy's jitter;
 * "random" is any 64 random bits.  failures 0 gives 0.
 */
uint64_t retry_delay(
    const struct retry_policy *p, uint32_t failures, uint64_t random);

/* That delay before jitter. */
uint64_t retry_ceiling(const struct retry_policy *p, uint32_t failures);

/* True when no try may follow "failures" in a row. */
bool retry_exhausted(const struct retry_policy *p, uint32_t failures);

/* Is a failure of this class worth another try? */
bool retry_wants(const struct retry_policy *p, enum err_class cls);

/* All delays before jitter: how long somebody waits at most until the last
 * try.  UINT64_MAX for ever. */
uint64_t retry_total_ms(const struct retry_policy *p);

/*
 * Circuit breaker: closed, open, half-open.  It opens after some failures in
 * a row; once it has rested it is half-open, where exactly one caller may try.
 * That probe closes it by its success or opens it anew by its failure.  Each
 * breaker_try() that says yes must be answered by breaker_success() or
 * breaker_failure(); a probe whose answer never comes is given up after
 * another rest.
 */
struct breaker_policy {
	uint32_t failures; /* in a row, then it opens; 0: never */
	uint64_t rest_ms;
};

extern const struct breaker_policy BREAKER_DEFAULT; /* 5, 60 s */

struct breaker { /* all zero: closed */
	uint32_t failures;
	uint64_t opened_ms; /* up-time; of the probe while half-open */
	bool open;
	bool probing; /* half-open: somebody tries */
};

/* May the caller try now?  A yes of an open breaker is the probe. */
bool breaker_try(
    struct breaker *b, const struct breaker_policy *p, uint64_t now_ms);

/* When breaker_try() will say yes; 0: it does now. */
uint64_t breaker_due(const struct breaker *b, const struct breaker_policy *p);

void breaker_success(struct breaker *b);
void breaker_failure(
    struct breaker *b, const struct breaker_policy *p, uint64_t now_ms);

#endif
