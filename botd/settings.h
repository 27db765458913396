#ifndef BOTD_SETTINGS_H
#define BOTD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/config.h"
#include "lib/base/err.h"
#include "lib/wire/ids.h"
#include "botd/courier/courier.h"
#include "botd/runner/runner.h"

/*
 * What the bot is told: /etc/pandafuzz/botd.yaml or another file, and over it
 * the command line, whose options are the same keys with '-' for '_'.
 *
 *	settings_init, settings_read?, settings_set*, settings_finish,
 *	settings_courier / settings_runner, settings_release
 */
#define SETTINGS_FILE "/etc/pandafuzz/botd.yaml"

enum settings_sandbox { SANDBOX_BWRAP, SANDBOX_NONE };

struct settings {
	char *root, *name, *account, *link, *key, *known_hosts;
	uint64_t slots;
	int sandbox;   /* enum settings_sandbox */
	int log_level; /* enum log_level */
	uint64_t poll, timeout, confirm, acked_for, acked_quota;
	uint64_t outbox_quota, seal_after, stats_after;
	uint64_t memory, work_quota, processes, cache;
	/* By settings_finish(): */
	struct name bot_name, account_name;
};

extern const struct config_key settings_keys[];
extern const size_t settings_key_count;

void settings_init(struct settings *s); /* the defaults */
void settings_release(struct settings *s);

/* As config_read() and config_set(). */
int settings_read(
    struct settings *s, const char *path, char **complaints, struct err *e);
int settings_set(
    struct settings *s, const char *key, const char *text, struct err *e);

/*
 * Fill in what was not given and check what goes together.  The name is the
 * one given, else that of the file "identity" in the root, else the host's
 * made to fit.  The account is the one given, else the last folder of dir:,
 * else the user of sftp:.  REFUSED with a sentence.
 */
int settings_finish(struct settings *s, struct err *e);

/* The host's name as a bot's: up to the first dot, lower case, '-' for what
 * may not be there. */
struct name settings_host_name(const char *host);

/* Both borrow from "s". */
void settings_courier(const struct settings *s, struct courier_config *c);
void settings_runner(const struct settings *s, struct runner_config *r);

#endif
