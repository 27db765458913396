#ifndef LIB_BASE_CONFIG_RETRY_H
#define LIB_BASE_CONFIG_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/config.h"
#include "lib/base/retry.h"

/*
 * A retry policy as a section of settings.  A table of keys takes it in with
 *
 *	CONFIG_RETRY_KEYS("tasks.retry", struct settings, task_retry,
 *	    "3", "2s", "5m"),
 */
struct config_retry {
	uint64_t max_retries;   /* UINT64_MAX: unlimited */
	uint64_t initial_delay; /* ms */
	uint64_t max_delay;     /* ms */
	uint64_t multiplier;    /* thousandths */
	bool jitter;            /* between nothing and the delay */
};

/* "classes": RETRY_ON() or-ed, RETRY_ON_ALL. */
struct retry_policy config_retry_policy(
    const struct config_retry *c, uint32_t classes);

/* RETRY_ON() of a list of err_class_name()s, which the table allows alone. */
extern const char *const config_retry_classes[];
uint32_t config_retry_mask(char *const *names);

extern const char *const config_unlimited[];

#define CONFIG_RETRY_AT(type, field, part) \
	(offsetof(type, field) + offsetof(struct config_retry, part))

/* clang-format off */
#define CONFIG_RETRY_KEYS(prefix, type, field, retries, first, last)	\
	{ prefix ".max_retries", CONFIG_U64,				\
	    CONFIG_RETRY_AT(type, field, max_retries), retries,		\
	    config_unlimited, 0, 1000000, false },			\
	{ prefix ".initial_delay", CONFIG_DURATION,			\
	    CONFIG_RETRY_AT(type, field, initial_delay), first, NULL,	\
	    1, 86400000, false },					\
	{ prefix ".max_delay", CONFIG_DURATION,				\
	    CONFIG_RETRY_AT(type, field, max_delay), last, NULL,	\
	    1, 86400000, false },					\
	{ prefix ".multiplier", CONFIG_FACTOR,				\
	    CONFIG_RETRY_AT(type, field, multiplier), "2", NULL,	\
	    1000, 100000, false },					\
	{ prefix ".jitter", CONFIG_BOOL,				\
	    CONFIG_RETRY_AT(type, field, jitter), "yes", NULL,		\
	    0, 0, false }
/* clang-format on */

#endif
