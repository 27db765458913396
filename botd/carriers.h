#ifndef BOTD_CARRIERS_H
#define BOTD_CARRIERS_H

#include <stdbool.h>
#include <stdint.h>

#include "botd/courier/courier.h"
#include "botd/settings.h"

/*
 * The verbs that carry for other bots than their own, "push" and "relay", and
 * the options that are no settings: --outbox, --roots, and push's --timeout
 * (after the verb; before it, it is the link's).
 */
struct carriers {
	const char *outbox, *roots;
	uint64_t timeout_ms;
};

/* Take them out of argv; false after a complaint on standard error. */
bool carriers_options(struct carriers *c, int *argc, char **argv);

/* Their exit codes: deliver.h, relay.h; 2 when their option is missing. */
int carriers_push(const struct carriers *c, const struct settings *s,
    const struct courier_config *courier);
int carriers_relay(const struct carriers *c, const struct settings *s,
    const struct courier_config *courier);

#endif
