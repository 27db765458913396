#ifndef MASTERD_SETTINGS_H
#define MASTERD_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/config.h"
#include "lib/base/config_command.h"
#include "lib/base/config_retry.h"

/*
 * What masterd is told: every key of masterd.yaml(5), from the sources that
 * lib/base/config.h names.  Times are in milliseconds, sizes in bytes.
 *
 * After settings_reload() the fields of reloadable keys may have other values;
 * who copied one asks again.  Strings may have moved.
 */
#define SETTINGS_FILE "/etc/pandafuzz/masterd.yaml"

struct settings {
	char *root;          /* the master's folder */
	char *socket;        /* "": ROOT/run/admin.sock */
	bool as_root;        /* may run as uid 0 */
	bool new_generation; /* of a restored database (PROTOCOL 26) */
	bool nosync;         /* power-cut harness only */
	int log_level;       /* enum log_level */
	int log_format;      /* enum log_format */
	char *templates;     /* folder or file of job templates */
	char *rules;         /* file of triage rules; "": rules.h */
	bool metadata;       /* write metadata/ */

	/* Time (DESIGN 11). */
	uint64_t heartbeat;
	uint64_t request_timeout; /* admin.: of one request */
	uint64_t busy_timeout;    /* database.: wait for its lock */
	uint64_t lease_slice;     /* leases.: longest session */
	uint64_t lease_lost;      /* expires when no beat named it so long */
	uint64_t lease_gap;       /* master away so long: counts start anew */
	uint64_t bot_late;        /* bots.: heartbeats without one, a factor */
	uint64_t bot_lost;

	uint64_t jobs_stuck; /* jobs.stuck: nothing done so long */

	uint64_t keep_inputs, keep_inputs_days; /* crashes.: of a bucket */
	uint64_t crashes_saturated; /* crashes.: of a bucket, that are enough */

	/* Programs that run for events. */
	char *hooks_folder;
	uint64_t hooks_timeout;
	struct config_retry hooks_retry;

	/* Failure. */
	struct config_retry bot_retry;  /* bots.retry: rest of bots */
	uint64_t forget_ephemeral;      /* bots.: folded when gone so long */
	struct config_retry task_retry; /* tasks.retry */
	uint64_t poison_after; /* tasks.: bots lost in a row with a task */

	/* Builds. */
	uint64_t check_timeout; /* builds.: of a check task */
	uint64_t keep_all;      /* all builds so long ... */
	uint64_t keep_weekly;   /* ... then one a week so long */
	uint64_t build_grace;   /* unreferenced files stay so long */

	/* Accounts: how machines reach sshd here, what it reads, and limits of
	 * those that have none of their own. */
	char *account_url, *account_user, *account_host_key;
	char *account_keys, *account_command; /* authorized_keys */
	uint64_t account_bytes, account_files, account_rate;
	uint64_t invitation;

	/* Disk. */
	struct config_share disk_soft, disk_hard; /* free bytes below which */
	uint64_t reserve_file;

	/* How long rows and files are kept. */
	uint64_t keep_events, keep_leases, keep_statistics, keep_refused;

	/* Keys that the last reload took over, and that wait for a restart;
	 * blanks between. */
	char taken[400], waiting[400];
	/* Why the files as they are now do not count, or which keys wait for a
	 * restart; "": nothing to say.  For status. */
	char problem[200];
	struct config_command command; /* where all this came from */
	struct config_said said;
};

extern const struct config_table settings_table;

/*
 * Read all sources.  Returns -1 to go on, else an exit code: 0 after --help,
 * --version, --check-config and --print-config, 2 after complaints on standard
 * error.
 */
int settings_load(struct settings *s, int argc, char **argv);

/*
 * Read them again (SIGHUP): takes over what may change and logs it
 * ("config.reloaded", "config.needs_restart").  False when anything is wrong:
 * then the old settings stay in force and "problem" and the log say why.
 */
bool settings_reload(struct settings *s);

void settings_release(struct settings *s);

#endif
