/*
 * Which keys of the master's JSON are shown, in what order and how.
 */
#include "tools/pfadm/commands.h"

/* clang-format off */
static const struct column build_columns[] = {
	{"BUILD",	"id",		CELL_ID},
	{"PROJECT",	"project",	CELL_TEXT},
	{"BRANCH",	"branch",	CELL_TEXT},
	{"ORDER",	"order",	CELL_TEXT},
	{"REVISION",	"revision",	CELL_TEXT},
	{"ENGINE",	"engine",	CELL_TEXT},
	{"SANITIZER",	"sanitizer",	CELL_TEXT},
	{"STATE",	"state",	CELL_STATE},
	{"GOOD",	"targets_good",	CELL_NUMBER},
	{"BAD",		"targets_bad",	CELL_NUMBER},
	{"SIZE",	"bytes",	CELL_SIZE},
	{"ADDED",	"added",	CELL_TIME},
	{"TARGETS",	"targets",	CELL_LIST},
	{"REASON",	"reason",	CELL_LINE},
	{"ARCH",	"arch",	CELL_WIDE | CELL_TEXT},
	{"FILES",	"files",	CELL_WIDE | CELL_NUMBER},
	{"ADDED BY",	"added_by",	CELL_WIDE | CELL_TEXT},
	{"CHECKED",	"judged",	CELL_WIDE | CELL_TIME},
	{"REMOVED",	"removed",	CELL_WIDE | CELL_TIME},
	{NULL, NULL, CELL_TEXT}
};
static const struct column build_fields[] = {
	{"build",	"id",		CELL_TEXT},
	{"project",	"project",	CELL_TEXT},
	{"branch",	"branch",	CELL_TEXT},
	{"revision",	"revision",	CELL_TEXT},
	{"order",	"order",	CELL_TEXT},
	{"engine",	"engine",	CELL_TEXT},
	{"sanitizer",	"sanitizer",	CELL_TEXT},
	{"arch",	"arch",		CELL_TEXT},
	{"state",	"state",	CELL_TEXT},
	{"reason",	"reason",	CELL_LINE},
	{"files",	"files",	CELL_NUMBER},
	{"size",	"bytes",	CELL_SIZE},
	{"jobs",	"jobs",		CELL_NUMBER},
	{"added",	"added",	CELL_TIME},
	{"added by",	"added_by",	CELL_TEXT},
	{"checked",	"judged",	CELL_TIME},
	{"removed",	"removed",	CELL_TIME},
	{"manifest",	"manifest",	CELL_TEXT},
	{NULL, NULL, CELL_TEXT}
};
static const struct column build_targets[] = {
	{"TARGET",	"name",		CELL_TEXT},
	{"STATE",	"state",	CELL_TEXT},
	{"EDGES",	"edges",	CELL_NUMBER},
	{"CALLS",	"calls",	CELL_NUMBER},
	{"DICT",	"dict",		CELL_NUMBER},
	{"SEEDS",	"seeds",	CELL_NUMBER},
	{"CHECKED ON",	"checked_on",	CELL_TEXT},
	{"REASON",	"reason",	CELL_LINE},
	{"WARNINGS",	"warnings",	CELL_LINE},
	{NULL, NULL, CELL_TEXT}
};
static const struct column build_hosts[] = {
	{"HOSTS",	"host_class",	CELL_TEXT},
	{"REASON",	"reason",	CELL_LINE},
	{"SINCE",	"at",		CELL_TIME},
	{NULL, NULL, CELL_TEXT}
};
static const struct column target_columns[] = {
	{"TARGET",	"target",	CELL_TEXT},
	{"JOBS",	"jobs",		CELL_NUMBER},
	{"UNITS",	"units",	CELL_NUMBER},
	{"SIZE",	"unit_bytes",	CELL_SIZE},
	{"EDGES",	"edges",	CELL_NUMBER},
	{"CRASHES",	"crashes",	CELL_NUMBER},
	{"BUCKETS",	"buckets",	CELL_NUMBER},
	{"BUILD",	"build",	CELL_ID},
	{"VANISHED",	"vanished",	CELL_BOOL},
	{"LAST FOUND",	"last_found",	CELL_TIME},
	{"FEATURES",	"features",	CELL_WIDE | CELL_NUMBER},
	{"FUNCTIONS",	"functions",	CELL_WIDE | CELL_NUMBER},
	{"GENERATION",	"generation",	CELL_WIDE | CELL_NUMBER},
	{"BUILDS",	"builds",	CELL_WIDE | CELL_NUMBER},
	{"PROJECT",	"project",	CELL_WIDE | CELL_TEXT},
	{"ADDED",	"added",	CELL_WIDE | CELL_TIME},
	{NULL, NULL, CELL_TEXT}
};
static const struct column target_fields[] = {
	{"target",	"target",	CELL_TEXT},
	{"of",		"of",		CELL_TEXT},
	{"units",	"units",	CELL_NUMBER},
	{"size",	"unit_bytes",	CELL_SIZE},
	{"edges",	"edges",	CELL_NUMBER},
	{"features",	"features",	CELL_NUMBER},
	{"crashes",	"crashes",	CELL_NUMBER},
	{"buckets",	"buckets",	CELL_NUMBER},
	{"builds",	"builds",	CELL_NUMBER},
	{"jobs",	"jobs",		CELL_NUMBER},
	{"vanished",	"vanished",	CELL_BOOL},
	{"last found",	"last_found",	CELL_TIME},
	{"added",	"added",	CELL_TIME},
	{"corpus",	"corpus",	CELL_TEXT},
	{"crash folder", "crash_folder", CELL_TEXT},
	{NULL, NULL, CELL_TEXT}
};
static const struct column target_lines[] = {
	{"BRANCH",	"branch",	CELL_TEXT},
	{"ENGINE",	"engine",	CELL_TEXT},
	{"SANITIZER",	"sanitizer",	CELL_TEXT},
	{"BUILD",	"build",	CELL_ID},
	{"REVISION",	"revision",	CELL_TEXT},
	{"BUILD IS",	"build_state",	CELL_TEXT},
	{"STATE",	"state",	CELL_TEXT},
	{"EDGES",	"edges",	CELL_NUMBER},
	{"DICT",	"dict",		CELL_NUMBER},
	{"SEEDS",	"seeds",	CELL_NUMBER},
	{"ADDED",	"added",	CELL_TIME},
	{"REASON",	"reason",	CELL_LINE},
	{NULL, NULL, CELL_TEXT}
};
static const struct column target_jobs[] = {
	{"JOB",		"id",		CELL_ID},
	{"STATUS",	"status",	CELL_STATE},
	{"BRANCH",	"branch",	CELL_TEXT},
	{"ENGINE",	"engine",	CELL_TEXT},
	{"SANITIZER",	"sanitizer",	CELL_TEXT},
	{"CREATED",	"created",	CELL_TIME},
	{"REASON",	"reason",	CELL_LINE},
	{NULL, NULL, CELL_TEXT}
};
static const struct column job_columns[] = {
	{"JOB",		"id",		CELL_ID},
	{"TARGET",	"target",	CELL_TEXT},
	{"STATUS",	"status",	CELL_STATE},
	{"SLOTS",	"running",	CELL_NUMBER},
	{"USED",	"used_ms",	CELL_SPAN},
	{"EXECS",	"execs",	CELL_NUMBER},
	{"EXECS/S",	"execs_per_second", CELL_NUMBER},
	{"EDGES",	"edges",	CELL_NUMBER},
	{"CRASHES",	"crashes",	CELL_NUMBER},
	{"BUCKETS",	"buckets",	CELL_NUMBER},
	{"CREATED",	"created",	CELL_TIME},
	{"REASON",	"reason",	CELL_LINE},
	{"ST",	"status",	CELL_WIDE | CELL_SHORT},
	{"ENGINE",	"engine",	CELL_WIDE | CELL_TEXT},
	{"SANITIZER",	"sanitizer",	CELL_WIDE | CELL_TEXT},
	{"BRANCH",	"branch",	CELL_WIDE | CELL_TEXT},
	{"BUILD",	"build",	CELL_WIDE | CELL_ID},
	{"TEMPLATE",	"template",	CELL_WIDE | CELL_TEXT},
	{"WEIGHT",	"weight",	CELL_WIDE | CELL_NUMBER},
	{"MOST",	"slots",	CELL_WIDE | CELL_NUMBER},
	{"FOR",	"for_ms",	CELL_WIDE | CELL_SPAN},
	{"UNITS",	"units",	CELL_WIDE | CELL_NUMBER},
	{"TAGS",	"tags",	CELL_WIDE | CELL_LIST},
	{"CREATED BY",	"created_by",	CELL_WIDE | CELL_TEXT},
	{"STARTED",	"started",	CELL_WIDE | CELL_TIME},
	{"ENDED",	"ended",	CELL_WIDE | CELL_TIME},
	{"PROJECT",	"project",	CELL_WIDE | CELL_TEXT},
	{"TRACE",	"trace",	CELL_WIDE | CELL_TEXT},
	{NULL, NULL, CELL_TEXT}
};
static const struct column job_fields[] = {
	{"job",		"id",		CELL_TEXT},
	{"target",	"target",	CELL_TEXT},
	{"status",	"status",	CELL_STATE},
	{"reason",	"reason",	CELL_TEXT},
	{"build",	"build",	CELL_TEXT},
	{"pinned",	"pinned",	CELL_BOOL},
	{"branch",	"branch",	CELL_TEXT},
	{"engine",	"engine",	CELL_TEXT},
	{"sanitizer",	"sanitizer",	CELL_TEXT},
	{"template",	"template",	CELL_TEXT},
	{"corpus",	"corpus",	CELL_TEXT},
	{"tags",	"tags",		CELL_LIST},
	{"weight",	"weight",	CELL_NUMBER},
	{"boost until",	"boost_until",	CELL_TIME},
	{"slots",	"slots",	CELL_NUMBER},
	{"for",		"for_ms",	CELL_SPAN},
	{"used",	"used_ms",	CELL_SPAN},
	{"executions",	"execs",	CELL_NUMBER},
	{"execs/s",	"execs_per_second", CELL_NUMBER},
	{"edges",	"edges",	CELL_NUMBER},
	{"units",	"units",	CELL_NUMBER},
	{"crashes",	"crashes",	CELL_NUMBER},
	{"buckets",	"buckets",	CELL_NUMBER},
	{"created",	"created",	CELL_TIME},
	{"created by",	"created_by",	CELL_TEXT},
	{"started",	"started",	CELL_TIME},
	{"ended",	"ended",	CELL_TIME},
	{"folder",	"folder",	CELL_TEXT},
	{"trace",	"trace",	CELL_TEXT},
	{NULL, NULL, CELL_TEXT}
};
static const struct column job_value_fields[] = {
	{"job",		"id",		CELL_TEXT},
	{"target",	"target",	CELL_TEXT},
	{"status",	"status",	CELL_STATE},
	{"template",	"template",	CELL_TEXT},
	{"engine",	"engine",	CELL_TEXT},
	{"sanitizer",	"sanitizer",	CELL_TEXT},
	{NULL, NULL, CELL_TEXT}
};
static const struct column job_values[] = {
	{"VALUE",	"key",		CELL_TEXT},
	{"IS",		"value",	CELL_TEXT},
	{"FORCED",	"forced",	CELL_BOOL},
	{"FROM",	"source",	CELL_TEXT},
	{NULL, NULL, CELL_TEXT}
};
const struct column top_columns[] = {
	{"JOB",		"id",		CELL_ID},
	{"TARGET",	"target",	CELL_TEXT},
	{"STATUS",	"status",	CELL_STATE},
	{"SLOTS",	"running",	CELL_NUMBER},
	{"WEIGHT",	"weight",	CELL_NUMBER},
	{"USED",	"used_ms",	CELL_SPAN},
	{"EXECS/S",	"execs_per_second", CELL_NUMBER},
	{"EXECS",	"execs",	CELL_NUMBER},
	{"EDGES",	"edges",	CELL_NUMBER},
	{"UNITS",	"units",	CELL_NUMBER},
	{"CRASHES",	"crashes",	CELL_NUMBER},
	{"BUCKETS",	"buckets",	CELL_NUMBER},
	{"REASON",	"reason",	CELL_LINE},
	{NULL, NULL, CELL_TEXT}
};
static const struct column job_leases[] = {
	{"LEASE",	"id",		CELL_ID},
	{"BOT",		"bot",		CELL_TEXT},
	{"STATE",	"state",	CELL_TEXT},
	{"SECONDS",	"seconds",	CELL_NUMBER},
	{"EXECS",	"execs",	CELL_NUMBER},
	{"EXECS/S",	"execs_per_second", CELL_NUMBER},
	{"EDGES",	"edges",	CELL_NUMBER},
	{"RSS MB",	"rss_mb",	CELL_NUMBER},
	{"OFFERED",	"offered",	CELL_TIME},
	{"REASON",	"reason",	CELL_LINE},
	{NULL, NULL, CELL_TEXT}
};
static const struct column crash_columns[] = {
	{"CRASH",	"id",		CELL_ID},
	{"TARGET",	"target",	CELL_TEXT},
	{"BUCKET",	"bucket",	CELL_TEXT},
	{"SECURITY",	"security",	CELL_BOOL},
	{"SEVERITY",	"severity",	CELL_STATE},
	{"REPRO",	"",		CELL_TRIES},
	{"SEEN",	"observations",	CELL_NUMBER},
	{"SIZE",	"bytes",	CELL_SIZE},
	{"FIRST",	"first",	CELL_TIME},
	{"TYPE",	"type",		CELL_LINE},
	{"AT",		"state",	CELL_PLACE},
	{"CLASS",	"class",	CELL_WIDE | CELL_TEXT},
	{"ACCESS",	"access",	CELL_WIDE | CELL_TEXT},
	{"ADDRESS",	"address",	CELL_WIDE | CELL_TEXT},
	{"ENGINE",	"engine",	CELL_WIDE | CELL_TEXT},
	{"SANITIZER",	"sanitizer",	CELL_WIDE | CELL_TEXT},
	{"FOUND BY",	"tool",		CELL_WIDE | CELL_TEXT},
	{"HERE",	"has_input",	CELL_WIDE | CELL_BOOL},
	{"LAST",	"last",		CELL_WIDE | CELL_TIME},
	{NULL, NULL, CELL_TEXT}
};
static const struct column crash_fields[] = {
	{"found by",	"tool",		CELL_TEXT},
	{"engine",	"engine",	CELL_TEXT},
	{"sanitizer",	"sanitizer",	CELL_TEXT},
	{"access",	"access",	CELL_TEXT},
	{"access size",	"access_size",	CELL_NUMBER},
	{"address",	"address",	CELL_TEXT},
	{"signal",	"signal",	CELL_NUMBER},
	{"exit",	"exit",		CELL_NUMBER},
	{"size",	"bytes",	CELL_SIZE},
	{"input here",	"has_input",	CELL_BOOL},
	{"seen",	"observations",	CELL_NUMBER},
	{"first",	"first",	CELL_TIME},
	{"last",	"last",		CELL_TIME},
	{"job",		"job",		CELL_TEXT},
	{"bot",		"bot",		CELL_TEXT},
	{"strategies",	"strategies",	CELL_LIST},
	{"parents",	"parents",	CELL_SENTENCES},
	{"needs before", "series",	CELL_SENTENCES},
	{"signature",	"signature",	CELL_TEXT},
	{"folder",	"folder",	CELL_TEXT},
	{NULL, NULL, CELL_TEXT}
};
static const struct column submission_columns[] = {
	{"ADDED",	"id",		CELL_TEXT},
	{"TARGET",	"target",	CELL_TEXT},
	{"STATE",	"state",	CELL_STATE},
	{"REPRO",	"",		CELL_TRIES},
	{"SIZE",	"bytes",	CELL_SIZE},
	{"NAME",	"name",		CELL_LINE},
	{"WHO",		"who",		CELL_TEXT},
	{"AT",		"at",		CELL_TIME},
	{"CRASHED AS",	"crashes",	CELL_LIST},
	{"REASON",	"reason",	CELL_LINE},
	{"INPUT",	"input",	CELL_WIDE | CELL_TEXT},
	{"ENDED",	"ended",	CELL_WIDE | CELL_TIME},
	{NULL, NULL, CELL_TEXT}
};
const struct column sibling_columns[] = {
	{"CRASH",	"id",		CELL_ID},
	{"TARGET",	"target",	CELL_TEXT},
	{"BUCKET",	"bucket",	CELL_TEXT},
	{"SAME INPUT",	"same_input",	CELL_BOOL},
	{"SIZE",	"bytes",	CELL_SIZE},
	{"TYPE",	"type",		CELL_LINE},
	{NULL, NULL, CELL_TEXT}
};
static const struct column crash_seen[] = {
	{"BOT",		"bot",		CELL_TEXT},
	{"JOB",		"job",		CELL_ID},
	{"BUILD",	"build",	CELL_ID},
	{"EXIT",	"exit",		CELL_NUMBER},
	{"SIGNAL",	"signal",	CELL_NUMBER},
	{"REPRO",	"",		CELL_TRIES},
	{"FOUND",	"found",	CELL_TIME},
	{NULL, NULL, CELL_TEXT}
};
static const struct column bucket_columns[] = {
	{"BUCKET",	"id",		CELL_TEXT},
	{"STATUS",	"status",	CELL_STATE},
	{"SECURITY",	"security",	CELL_BOOL},
	{"SEVERITY",	"severity",	CELL_STATE},
	{"CRASHES",	"crashes",	CELL_NUMBER},
	{"HITS",	"hits",		CELL_NUMBER},
	{"FIRST",	"first",	CELL_TIME},
	{"LAST",	"last",		CELL_TIME},
	{"TARGETS",	"targets",	CELL_LIST},
	{"TYPE",	"type",		CELL_LINE},
	{"AT",		"state",	CELL_PLACE},
	{"OWNER",	"owner",	CELL_WIDE | CELL_TEXT},
	{"ISSUE",	"issue",	CELL_WIDE | CELL_TEXT},
	{"LABELS",	"labels",	CELL_WIDE | CELL_LIST},
	{"CLASS",	"class",	CELL_WIDE | CELL_TEXT},
	{"REASON",	"reason",	CELL_WIDE | CELL_TEXT},
	{"MUTED UNTIL",	"muted_until",	CELL_WIDE | CELL_TEXT},
	{"PROJECT",	"project",	CELL_WIDE | CELL_TEXT},
	{"NUMBER",	"number",	CELL_WIDE | CELL_NUMBER},
	{"BEST CRASH",	"crash",	CELL_WIDE | CELL_TEXT},
	{NULL, NULL, CELL_TEXT}
};
static const struct column bucket_fields[] = {
	{"bucket",	"id",		CELL_TEXT},
	{"also called",	"aliases",	CELL_LIST},
	{"status",	"status",	CELL_STATE},
	{"reason",	"reason",	CELL_TEXT},
	{"muted until",	"muted_until",	CELL_TEXT},
	{"type",	"type",		CELL_TEXT},
	{"at",		"state",	CELL_TEXT},
	{"class",	"class",	CELL_TEXT},
	{"security",	"security",	CELL_BOOL},
	{"severity",	"severity",	CELL_STATE},
	{"targets",	"targets",	CELL_LIST},
	{"owner",	"owner",	CELL_TEXT},
	{"issue",	"issue",	CELL_TEXT},
	{"labels",	"labels",	CELL_LIST},
	{"crashes",	"crashes",	CELL_NUMBER},
	{"hits",	"hits",		CELL_NUMBER},
	{"best crash",	"crash",	CELL_TEXT},
	{"first",	"first",	CELL_TIME},
	{"last",	"last",		CELL_TIME},
	{"folder",	"folder",	CELL_TEXT},
	{NULL, NULL, CELL_TEXT}
};
const struct column signature_columns[] = {
	{"SIGNATURE",	"signature",	CELL_ID},
	{"BY",		"rule",		CELL_TEXT},
	{"APART",	"apart",	CELL_BOOL},
	{"HITS",	"hits",		CELL_NUMBER},
	{"FIRST",	"first",	CELL_TIME},
	{"LAST",	"last",		CELL_TIME},
	{"TYPE",	"type",		CELL_LINE},
	{"AT",		"state",	CELL_LIST},
	{NULL, NULL, CELL_TEXT}
};
const struct column decision_columns[] = {
	{"DECISION",	"id",		CELL_TEXT},
	{"AT",		"at",		CELL_TIME},
	{"WHO",		"who",		CELL_TEXT},
	{"WHAT",	"verb",		CELL_TEXT},
	{"WITH",	"other",	CELL_TEXT},
	{"CHANGED",	"changed",	CELL_LINE},
	{"TAKEN BACK BY", "undone",	CELL_TEXT},
	{"REASON",	"reason",	CELL_LINE},
	{NULL, NULL, CELL_TEXT}
};
static const struct column bucket_crashes[] = {
	{"CRASH",	"id",		CELL_ID},
	{"TARGET",	"target",	CELL_TEXT},
	{"SIZE",	"bytes",	CELL_SIZE},
	{"REPRO",	"",		CELL_TRIES},
	{"LAST",	"last",		CELL_TIME},
	{NULL, NULL, CELL_TEXT}
};
const struct column unit_columns[] = {
	{"UNIT",	"sha256",	CELL_TEXT},
	{"SIZE",	"bytes",	CELL_SIZE},
	{"FEATURES",	"features",	CELL_NUMBER},
	{"BOT",		"bot",		CELL_TEXT},
	{"ADDED",	"added",	CELL_TIME},
	{NULL, NULL, CELL_TEXT}
};

static const struct section build_sections[] = {
	{"targets", "target_list", build_targets},
	{"hosts that cannot run it", "hosts", build_hosts},
	{NULL, NULL, NULL}
};
static const struct section job_sections[] = {
	{"leases (newest first)", "leases", job_leases},
	{NULL, NULL, NULL}
};
static const struct section job_value_sections[] = {
	{"values", "values", job_values},
	{NULL, NULL, NULL}
};
static const struct section target_sections[] = {
	{"newest builds", "lines", target_lines},
	{"jobs (newest first)", "job_list", target_jobs},
	{NULL, NULL, NULL}
};
static const struct section crash_sections[] = {
	{"seen (newest first)", "seen", crash_seen},
	{NULL, NULL, NULL}
};
static const struct section bucket_sections[] = {
	{"together because", "signatures", signature_columns},
	{"crashes (best first)", "crash_list", bucket_crashes},
	{"decisions (newest first)", "decisions", decision_columns},
	{NULL, NULL, NULL}
};

const struct listing list_builds = {"builds", build_columns,
	"no builds: pfadm build add DIR --project P", true, false, NULL};
const struct listing list_targets = {"targets", target_columns,
	"no targets: pfadm build add DIR --project P", false, false, NULL};
const struct listing list_jobs = {"jobs", job_columns,
	"no jobs: pfadm job create TARGET", true, false, NULL};
const struct listing list_crashes = {"crashes", crash_columns,
	"no crashes", true, false, NULL};
const struct listing list_buckets = {"buckets", bucket_columns,
	"no buckets", true, false, buckets_tell_hidden};
const struct listing list_submissions = {"submissions", submission_columns,
	"nothing was handed in", true, false, NULL};

const struct sheet sheet_build = {"builds", build_fields, build_sections};
const struct sheet sheet_target = {"targets", target_fields, target_sections};
const struct sheet sheet_job_values = {"jobs", job_value_fields,
	job_value_sections};
const struct sheet sheet_job = {"jobs", job_fields, job_sections};
const struct sheet sheet_crash = {"crashes", crash_fields, crash_sections};
const struct sheet sheet_bucket = {"buckets", bucket_fields, bucket_sections};
/* clang-format on */
