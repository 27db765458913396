/*
 * What is shown of bots, accounts, the spool, the ledger and the logs; sheets.c
 * has what they work on.
 */
#include "tools/pfadm/commands.h"

/* clang-format off */
static const struct column bot_columns[] = {
	{"BOT",		"name",		CELL_TEXT},
	{"ACCOUNT",	"account",	CELL_TEXT},
	{"STATE",	"state",	CELL_STATE},
	{"DRAINED",	"drained",	CELL_BOOL},
	{"SLOTS",	"slots",	CELL_NUMBER},
	{"FREE",	"free",		CELL_NUMBER},
	{"LEASES",	"leases",	CELL_NUMBER},
	{"EXECS/S",	"execs_per_second", CELL_NUMBER},
	{"OUTBOX",	"outbox_files",	CELL_NUMBER},
	{"DISK FREE",	"disk_free",	CELL_SIZE},
	{"SANDBOX",	"sandbox",	CELL_TEXT},
	{"SEEN",	"seen",		CELL_TIME},
	{"REASON",	"reason",	CELL_LINE},
	{"POOL",	"pool",		CELL_WIDE | CELL_TEXT},
	{"BOTS",	"bots",		CELL_WIDE | CELL_JSON},
	{"ENDED",	"ended_leases",	CELL_WIDE | CELL_NUMBER},
	{"EXECS",	"execs",	CELL_WIDE | CELL_NUMBER},
	{"CPU",		"cpu_ms",	CELL_WIDE | CELL_SPAN},
	{"OFF UNTIL",	"off_until",	CELL_WIDE | CELL_TIME},
	{"FAILURES",	"failures",	CELL_WIDE | CELL_NUMBER},
	{"CORES",	"cores",	CELL_WIDE | CELL_NUMBER},
	{"MEMORY",	"memory",	CELL_WIDE | CELL_SIZE},
	{"LOAD %",	"load_percent",	CELL_WIDE | CELL_NUMBER},
	{"ARCH",	"arch",		CELL_WIDE | CELL_TEXT},
	{"SYSTEM",	"os",		CELL_WIDE | CELL_TEXT},
	{"ENGINES",	"engines",	CELL_WIDE | CELL_LIST},
	{"TAGS",	"tags",		CELL_WIDE | CELL_LIST},
	{"PROGRAM",	"program",	CELL_WIDE | CELL_TEXT},
	{"OUTBOX SIZE",	"outbox_bytes",	CELL_WIDE | CELL_SIZE},
	{"EPOCH",	"epoch",	CELL_WIDE | CELL_TEXT},
	{"ADDED",	"added",	CELL_WIDE | CELL_TIME},
	{NULL, NULL, CELL_TEXT}
};
const struct column dead_columns[] = {
	{"BOT",		"name",		CELL_TEXT},
	{"ACCOUNT",	"account",	CELL_TEXT},
	{"STATE",	"state",	CELL_STATE},
	{"OUTBOX",	"outbox_files",	CELL_NUMBER},
	{"SEEN",	"seen",		CELL_TIME},
	{"REASON",	"reason",	CELL_LINE},
	{NULL, NULL, CELL_TEXT}
};
static const struct column bot_fields[] = {
	{"bot",		"name",		CELL_TEXT},
	{"account",	"account",	CELL_TEXT},
	{"owner",	"owner",	CELL_BOOL},
	{"pool",	"pool",		CELL_TEXT},
	{"state",	"state",	CELL_STATE},
	{"off until",	"off_until",	CELL_TIME},
	{"why idle",	"why_idle",	CELL_SENTENCES},
	{"holds",	"holds",	CELL_BOOL},
	{"reason",	"reason",	CELL_TEXT},
	{"drained",	"drain",	CELL_JSON},
	{"failures",	"failures",	CELL_NUMBER},
	{"slots",	"slots",	CELL_NUMBER},
	{"free",	"free",		CELL_NUMBER},
	{"load %",	"load_percent",	CELL_NUMBER},
	{"execs/s",	"execs_per_second", CELL_NUMBER},
	{"sandbox",	"sandbox",	CELL_TEXT},
	{"engines",	"engines",	CELL_LIST},
	{"tags",	"tags",		CELL_LIST},
	{"cores",	"cores",	CELL_NUMBER},
	{"memory",	"memory",	CELL_SIZE},
	{"arch",	"arch",		CELL_TEXT},
	{"system",	"os",		CELL_TEXT},
	{"program",	"program",	CELL_TEXT},
	{"disk free",	"disk_free",	CELL_SIZE},
	{"outbox files", "outbox_files", CELL_NUMBER},
	{"outbox",	"outbox_bytes",	CELL_SIZE},
	{"epoch",	"epoch",	CELL_TEXT},
	{"epochs",	"epochs",	CELL_NUMBER},
	{"capabilities", "capabilities", CELL_JSON},
	{"added",	"added",	CELL_TIME},
	{"seen",	"seen",		CELL_TIME},
	{NULL, NULL, CELL_TEXT}
};
static const struct column bot_leases[] = {
	{"LEASE",	"id",		CELL_ID},
	{"JOB",		"job",		CELL_ID},
	{"TARGET",	"target",	CELL_TEXT},
	{"STATE",	"state",	CELL_STATE},
	{"SECONDS",	"seconds",	CELL_NUMBER},
	{"EXECS",	"execs",	CELL_NUMBER},
	{"EXECS/S",	"execs_per_second", CELL_NUMBER},
	{NULL, NULL, CELL_TEXT}
};
static const struct column bot_last_leases[] = {
	{"LEASE",	"id",		CELL_ID},
	{"JOB",		"job",		CELL_ID},
	{"KIND",	"kind",		CELL_TEXT},
	{"TARGET",	"target",	CELL_TEXT},
	{"STATE",	"state",	CELL_STATE},
	{"SECONDS",	"seconds",	CELL_NUMBER},
	{"EXECS",	"execs",	CELL_NUMBER},
	{"ENDED",	"ended",	CELL_TIME},
	{"REASON",	"reason",	CELL_LINE},
	{NULL, NULL, CELL_TEXT}
};
static const struct column account_columns[] = {
	{"ACCOUNT",	"name",		CELL_TEXT},
	{"KIND",	"kind",		CELL_TEXT},
	{"STATE",	"state",	CELL_STATE},
	{"PROJECTS",	"projects",	CELL_LIST},
	{"KEYS",	"keys",		CELL_NUMBER},
	{"PENDING",	"pending",	CELL_NUMBER},
	{"INVITED",	"invitations",	CELL_NUMBER},
	{"BOTS",	"bots",		CELL_NUMBER},
	{"WAITING",	"files",	CELL_NUMBER},
	{"SIZE",	"bytes",	CELL_SIZE},
	{"LAST USED",	"last_used",	CELL_TIME},
	{"ADDED BY",	"added_by",	CELL_TEXT},
	{"OLDEST KEY, DAYS", "key_age_days", CELL_NUMBER},
	{"NEWEST KEY",	"fingerprint",	CELL_TEXT},
	{"REASON",	"reason",	CELL_LINE},
	{"ADDED",	"added",	CELL_WIDE | CELL_TIME},
	{"MAX SIZE",	"max_bytes",	CELL_WIDE | CELL_SIZE},
	{"MAX FILES",	"max_files",	CELL_WIDE | CELL_NUMBER},
	{"MAX RATE",	"max_rate",	CELL_WIDE | CELL_NUMBER},
	{"HOLD",	"hold",		CELL_WIDE | CELL_LINE},
	{NULL, NULL, CELL_TEXT}
};
static const struct column account_fields[] = {
	{"account",	"name",		CELL_TEXT},
	{"kind",	"kind",		CELL_TEXT},
	{"state",	"state",	CELL_STATE},
	{"reason",	"reason",	CELL_TEXT},
	{"hold",	"hold",		CELL_TEXT},
	{"projects",	"projects",	CELL_LIST},
	{"bots",	"bots",		CELL_NUMBER},
	{"waiting",	"files",	CELL_NUMBER},
	{"size",	"bytes",	CELL_SIZE},
	{"own max size",	"max_bytes",	CELL_SIZE},
	{"own max files",	"max_files",	CELL_NUMBER},
	{"own max a minute", "max_rate",	CELL_NUMBER},
	{"added",	"added",	CELL_TIME},
	{"added by",	"added_by",	CELL_TEXT},
	{"last used",	"last_used",	CELL_TIME},
	{NULL, NULL, CELL_TEXT}
};
static const struct column account_keys[] = {
	{"FINGERPRINT",	"fingerprint",	CELL_TEXT},
	{"STATE",	"state",	CELL_STATE},
	{"BOT",		"bot",		CELL_TEXT},
	{"HOST",	"host",		CELL_TEXT},
	{"AGE DAYS",	"age_days",	CELL_NUMBER},
	{"LAST USED",	"last_used",	CELL_TIME},
	{"ADDED",	"added",	CELL_TIME},
	{"ADDED BY",	"added_by",	CELL_TEXT},
	{NULL, NULL, CELL_TEXT}
};
static const struct column account_invitations[] = {
	{"INVITATION",	"invite",	CELL_TEXT},
	{"STATE",	"state",	CELL_STATE},
	{"MADE",	"made",		CELL_TIME},
	{"MADE BY",	"made_by",	CELL_TEXT},
	{"GOOD UNTIL",	"expires",	CELL_TEXT},
	{NULL, NULL, CELL_TEXT}
};
static const struct column epoch_columns[] = {
	{"BOT",		"bot",		CELL_TEXT},
	{"ACCOUNT",	"account",	CELL_TEXT},
	{"EPOCH",	"epoch",	CELL_TEXT},
	{"STATE",	"state",	CELL_STATE},
	{"HIGHEST",	"highest",	CELL_NUMBER},
	{"OLDEST",	"oldest",	CELL_NUMBER},
	{"SEEN",	"max_seen",	CELL_NUMBER},
	{"FIRST",	"first",	CELL_TIME},
	{"LAST",	"last",		CELL_TIME},
	{NULL, NULL, CELL_TEXT}
};
static const struct column bundle_columns[] = {
	{"SEQ",		"seq",		CELL_NUMBER},
	{"COPY",	"copy",		CELL_NUMBER},
	{"KIND",	"kind",		CELL_TEXT},
	{"OUTCOME",	"outcome",	CELL_TEXT},
	{"RECORDS",	"records",	CELL_NUMBER},
	{"SIZE",	"bytes",	CELL_SIZE},
	{"AGAIN",	"duplicates",	CELL_NUMBER},
	{"TAKEN",	"taken",	CELL_TIME},
	{"REASON",	"reason",	CELL_LINE},
	{NULL, NULL, CELL_TEXT}
};
static const struct column spool_fields[] = {
	{"entry",	"id",		CELL_TEXT},
	{"queue",	"queue",	CELL_STATE},
	{"account",	"account",	CELL_TEXT},
	{"file",	"file",		CELL_TEXT},
	{"size",	"bytes",	CELL_SIZE},
	{"at",		"at",		CELL_TIME},
	{"reason",	"reason",	CELL_TEXT},
	{NULL, NULL, CELL_TEXT}
};
const struct column spool_columns[] = {
	{"ENTRY",	"id",		CELL_TEXT},
	{"QUEUE",	"queue",	CELL_STATE},
	{"ACCOUNT",	"account",	CELL_TEXT},
	{"WAITING",	"files",	CELL_NUMBER},
	{"SIZE",	"bytes",	CELL_SIZE},
	{"OLDEST",	"oldest",	CELL_TIME},
	{"AT",		"at",		CELL_TIME},
	{"REASON",	"reason",	CELL_LINE},
	{"FILE",	"file",		CELL_WIDE | CELL_TEXT},
	{NULL, NULL, CELL_TEXT}
};
const struct column incoming_columns[] = {
	{"ACCOUNT",	"account",	CELL_TEXT},
	{"WAITING",	"files",	CELL_NUMBER},
	{"SIZE",	"bytes",	CELL_SIZE},
	{"OLDEST",	"oldest",	CELL_TIME},
	{NULL, NULL, CELL_TEXT}
};
const struct column kept_columns[] = {
	{"ENTRY",	"id",		CELL_TEXT},
	{"QUEUE",	"queue",	CELL_STATE},
	{"SIZE",	"bytes",	CELL_SIZE},
	{"AT",		"at",		CELL_TIME},
	{"REASON",	"reason",	CELL_LINE},
	{NULL, NULL, CELL_TEXT}
};
const struct column gap_columns[] = {
	{"BOT",		"bot",		CELL_TEXT},
	{"ACCOUNT",	"account",	CELL_TEXT},
	{"EPOCH",	"epoch",	CELL_TEXT},
	{"SEALED",	"sealed",	CELL_NUMBER},
	{"RECORDED",	"recorded",	CELL_NUMBER},
	{"DROPPED",	"dropped",	CELL_NUMBER},
	{"UNDER WAY",	"under_way",	CELL_NUMBER},
	{"MISSING",	"missing",	CELL_NUMBER},
	{NULL, NULL, CELL_TEXT}
};
const struct column event_columns[] = {
	{"AT",		"at",		CELL_TIME},
	{"WHO",		"who",		CELL_TEXT},
	{"WHAT",	"what",		CELL_TEXT},
	{"SUBJECT",	"subject",	CELL_TEXT},
	{"DETAIL",	"detail",	CELL_LINE},
	{"ID",		"id",		CELL_WIDE | CELL_TEXT},
	{"TRACE",	"trace",	CELL_WIDE | CELL_TEXT},
	{NULL, NULL, CELL_TEXT}
};
static const struct column log_columns[] = {
	{"AT",		"at",		CELL_TIME},
	{"WHO",		"who",		CELL_TEXT},
	{"WHAT",	"what",		CELL_TEXT},
	{"SUBJECT",	"subject",	CELL_TEXT},
	{"BEFORE",	"before",	CELL_JSON},
	{"AFTER",	"after",	CELL_JSON},
	{"REASON",	"reason",	CELL_LINE},
	{"ID",		"id",		CELL_WIDE | CELL_TEXT},
	{"TRACE",	"trace",	CELL_WIDE | CELL_TEXT},
	{"HASH",	"hash",		CELL_WIDE | CELL_TEXT},
	{NULL, NULL, CELL_TEXT}
};

static const struct section bot_sections[] = {
	{"leases", "leases_in_hand", bot_leases},
	{"last leases (newest first)", "last_leases", bot_last_leases},
	{NULL, NULL, NULL}
};
static const struct section account_sections[] = {
	{"keys", "key_list", account_keys},
	{"invitations", "invitation_list", account_invitations},
	{NULL, NULL, NULL}
};

const struct listing list_bots = {"bots", bot_columns,
	"no bot has registered", false, false, NULL};
const struct listing list_accounts = {"accounts", account_columns,
	"no accounts: pfadm account add NAME", false, false, NULL};
const struct listing list_epochs = {"ledger", epoch_columns,
	"no bundles", false, false, NULL};
const struct listing list_bundles = {"ledger", bundle_columns,
	"no bundles", true, false, NULL};
const struct listing list_log = {"log", log_columns,
	"nothing was changed yet", true, false, NULL};

const struct sheet sheet_bot = {"bots", bot_fields, bot_sections};
const struct sheet sheet_account = {"accounts", account_fields,
	account_sections};
const struct sheet sheet_spool = {"spool", spool_fields, NULL};
/* clang-format on */
