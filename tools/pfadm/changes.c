/*
 * What can be done to things by their names: the data of cmd_change().
 */
#include "tools/pfadm/buckets.h"
#include "tools/pfadm/commands.h"
#include "tools/pfadm/jobs.h"

#define JOB(word)                                                    \
	.method = "PUT", .path = "jobs/%s/" word, .look = "jobs/%s", \
	.noun = "job", .verb = (word), .tell = tell_job
#define BOT(word)                                                    \
	.method = "PUT", .path = "bots/%s/" word, .look = "bots/%s", \
	.noun = "bot", .verb = (word), .ranges = true

const struct change change_job_pause = {JOB("pause"), .done = "paused"};
const struct change change_job_resume = {JOB("resume"), .done = "resumed"};
const struct change change_job_cancel = {JOB("cancel"), .done = "cancelled"};
const struct change change_job_retry = {JOB("retry"), .done = "pending"};

const struct change change_bot_drain = {BOT("drain"), .done = "drained"};
const struct change change_bot_resume = {BOT("resume"), .done = "resumed"};
const struct change change_bot_forget = {
    BOT("forget"), .done = "forgotten", .ask = true};
const struct change change_bot_write_off = {
    BOT("write-off"), .done = "what is missing is written off", .ask = true};

const struct change change_bucket_unmute = {.method = "PUT",
    .path = "buckets/%s/unmute",
    .look = "buckets/%s",
    .noun = "bucket",
    .verb = "unmute",
    .done = "shown again",
    .ranges = true,
    .tell = bucket_tell};

const struct change change_build_remove = {.method = "DELETE",
    .path = "builds/%s",
    .look = "builds/%s",
    .noun = "build",
    .verb = "remove",
    .done = "removed",
    .ask = true};

const struct change change_spool_retry = {.method = "POST",
    .path = "spool/retry",
    .key = "entry",
    .look = "spool/%s",
    .noun = "spool entry",
    .verb = "retry",
    .done = "taken in again"};
const struct change change_spool_drop = {.method = "POST",
    .path = "spool/drop",
    .key = "id",
    .look = "spool/%s",
    .noun = "spool entry",
    .verb = "drop",
    .done = "dropped",
    .ask = true};

const struct change change_account_remove = {.method = "DELETE",
    .path = "accounts/%s",
    .look = "accounts/%s",
    .noun = "account",
    .verb = "remove",
    .done = "removed",
    .ask = true};
