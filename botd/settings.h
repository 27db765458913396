#ifndef BOTD_SETTINGS_H
#define BOTD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/config.h"
#include "lib/base/config_command.h"
#include "lib/base/config_retry.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/wire/ids.h"
#include "botd/courier/courier.h"
#include "botd/off.h"
#include "botd/rates.h"
#include "botd/runner/runner.h"

/*
 * What the bot is told: every key of botd.yaml(5), from the sources that
 * lib/base/config.h names.
 *
 *	settings_load, settings_finish, settings_courier / settings_runner,
 *	settings_reload*, settings_release
 */
#define SETTINGS_FILE "/etc/pandafuzz/botd.yaml"

enum settings_sandbox { SANDBOX_BWRAP, SANDBOX_NONE };

struct settings {
	char *root, *name, *account, *link, *key, *known_hosts;
	uint64_t slots;
	int sandbox;    /* enum settings_sandbox */
	int log_level;  /* enum log_level */
	int log_format; /* enum log_format */
	uint64_t poll, timeout, operation_timeout, confirm;
	uint64_t acked_for, acked_quota;
	uint64_t outbox_quota, seal_after, stats_after;
	uint64_t memory, work_quota, processes, cache;
	struct config_retry retry; /* of the courier */
	char **tags;               /* words that jobs may ask for */
	char *hours, *pool;
	int only_when; /* enum off_when */
	uint64_t idle_after, nice, rate;
	bool sched_idle, ephemeral;
	char **rates;
	char **retryable; /* words of err_class_name() */
	uint64_t breaker_failures, breaker_reset;
	/* By settings_finish(): */
	char *folder; /* the root, as its template means it here */
	struct name bot_name, account_name, pool_name; /* pool: "" for none */
};

/* The link of a bot that has no courier: a relay carries for it. */
#define LINK_RELAY "relay"

extern const struct config_table settings_table;

void settings_release(struct settings *s);

/*
 * Read all sources again (SIGHUP): takes over what may change, and logs it as
 * "config.reloaded" and "config.needs_restart" at "level", or why nothing was
 * taken as "config.refused".  Strings may have moved afterwards.
 */
bool settings_reload(struct settings *s, const struct config_sources *from,
    struct config_said *said, enum log_level level);

/* Log the warnings of config_start(). */
void settings_warn(const struct config_said *said);

/*
 * Fill in what was not given and check what goes together.  Root, name and
 * pool may be templates (template.h).  The name is the one given, else, unless
 * the bot is ephemeral, that of the file "identity" in the root, else the
 * host's made to fit.  The account is the one given, else the last folder of
 * dir:, else the user of sftp:.  REFUSED with a sentence.
 */
int settings_finish(struct settings *s, struct err *e);

/* The parts of that. */
int settings_folder(const struct settings *s, char **folder, struct err *e);
int settings_name(const struct settings *s, struct name *n, struct err *e);
int settings_pool(const struct settings *s, struct name *n, struct err *e);
int settings_account(const struct settings *s, struct name *n, struct err *e);
bool settings_given(const char *text); /* not NULL and not "" */
bool settings_relayed(const struct settings *s);

/* The host's name as a bot's: up to the first dot, lower case, '-' for what
 * may not be there. */
struct name settings_host_name(const char *host);

/* Hours and rates as they are asked; again after a reload. */
void settings_off(const struct settings *s, struct off *o);
void settings_rates(const struct settings *s, struct rates *r);

/* Both borrow from "s", and leave the hooks as they are. */
void settings_courier(const struct settings *s, struct courier_config *c);
void settings_runner(const struct settings *s, struct runner_config *r);

#endif
