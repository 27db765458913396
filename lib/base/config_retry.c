/*
 * Retry policies of settings as lib/base/retry wants them.
 */
#include <string.h>

#include "lib/base/config_retry.h"

const char *const config_unlimited[] = {"unlimited", NULL};

const char *const config_retry_classes[] = {
    "again", "refused", "not_found", "denied", "conflict", "bug", NULL};

uint32_t
config_retry_mask(char *const *names)
{
	uint32_t mask = 0;
	int c;

	for (; names != NULL && *names != NULL; names++)
		for (c = ERR_AGAIN; c <= ERR_BUG; c++)
			if (strcmp(*names, err_class_name((enum err_class)c)) ==
			    0)
				mask |= RETRY_ON(c);
	return mask;
}

struct retry_policy
config_retry_policy(const struct config_retry *c, uint32_t classes)
{
	struct retry_policy p = {.initial_ms = c->initial_delay,
	    .max_ms = c->max_delay,
	    .multiplier = (uint32_t)c->multiplier,
	    .jitter = c->jitter ? RETRY_FULL : RETRY_EXACT,
	    .retryable = classes};

	p.max_retries = c->max_retries == UINT64_MAX ? RETRY_FOR_EVER
						     : (uint32_t)c->max_retries;
	return p;
}
