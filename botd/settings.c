/*
 * The bot's settings: one table of keys, and what follows from them when they
 * are not given.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "botd/courier/link.h"
#include "botd/settings.h"

#define DRAIN_MS 12000 /* of the supervisor's 30 s */

#define SECOND UINT64_C(1000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define MIB    (UINT64_C(1) << 20)
#define EIB    (UINT64_C(1) << 60)

static const char *const sandboxes[] = {"bwrap", "none", NULL};
static const char *const whens[] = {"always", "idle", "ac_power", NULL};
static const char *const levels[] = {"debug", "info", "warn", "error", NULL};

/* clang-format off */
#define AT(field)	offsetof(struct settings, field)
#define LIVE		false
#define RESTART		true
#define TEXT(name, field, fallback, when) \
	{ name, CONFIG_STRING, AT(field), fallback, NULL, 0, 0, when }
#define WORD(name, field, fallback, words, when) \
	{ name, CONFIG_ENUM, AT(field), fallback, words, 0, 0, when }
#define NUMBER(name, field, fallback, least, most, when) \
	{ name, CONFIG_U64, AT(field), fallback, NULL, least, most, when }
#define TIME(name, field, fallback, least, most) \
	{ name, CONFIG_DURATION, AT(field), fallback, NULL, least, most, LIVE }
#define SIZE(name, field, fallback, least) \
	{ name, CONFIG_SIZE, AT(field), fallback, NULL, least, EIB, LIVE }

static const struct config_key keys[] = {
	TEXT("root",		root,	"/var/lib/pandafuzz-bot", RESTART),
	TEXT("name",		name,		NULL,		RESTART),
	TEXT("account",		account,	NULL,		RESTART),
	TEXT("link",		link,		NULL,		RESTART),
	TEXT("key",		key,	"/etc/pandafuzz/bot.key", RESTART),
	TEXT("known_hosts", known_hosts, "/etc/pandafuzz/known_hosts", RESTART),
	WORD("sandbox",		sandbox,	"bwrap", sandboxes, RESTART),
	WORD("log_level",	log_level,	"info", levels,	LIVE),
	WORD("log_format",	log_format,	"auto", log_formats, LIVE),
	{ "tags", CONFIG_LIST, AT(tags), NULL, NULL, 0, 0, RESTART },
	{ "ephemeral", CONFIG_BOOL, AT(ephemeral), "no", NULL, 0, 0, RESTART },
	TEXT("pool",		pool,		NULL,		RESTART),
	TEXT("hours",		hours,		NULL,		LIVE),
	WORD("only_when",	only_when,	"always", whens, LIVE),
	TIME("idle_after",	idle_after,	"5m", SECOND, DAY),
	NUMBER("nice",		nice,		"0", 0, 19,	LIVE),
	{ "sched_idle", CONFIG_BOOL, AT(sched_idle), "no", NULL, 0, 0, LIVE },
	NUMBER("slots",		slots,		"0", 0, 1024,	RESTART),
	NUMBER("processes",	processes,	"64", 4, 65536,	LIVE),
	TIME("poll",		poll,		"1s", 10, HOUR),
	TIME("timeout",		timeout,	"30s", SECOND, HOUR),
	TIME("operation_timeout", operation_timeout, "5m", SECOND, DAY),
	TIME("confirm",		confirm,	"60s", 100, DAY),
	TIME("acked_for",	acked_for,	"24h", 0, 400 * DAY),
	TIME("seal_after",	seal_after,	"60s", 100, DAY),
	TIME("stats_after",	stats_after,	"60s", SECOND, DAY),
	SIZE("acked_quota",	acked_quota,	"1GiB", 0),
	SIZE("outbox_quota",	outbox_quota,	"4GiB", 64 * MIB),
	SIZE("memory",		memory,		"2560MiB", 64 * MIB),
	SIZE("work_quota",	work_quota,	"2GiB", 16 * MIB),
	SIZE("cache",		cache,		"20GiB", 64 * MIB),
	SIZE("courier.rate",	rate,		"0", 0),
	{ "courier.rates", CONFIG_LIST, AT(rates), NULL, NULL, 0, 0, LIVE },
	CONFIG_RETRY_KEYS("retry", struct settings, retry, "unlimited",
	    "1s", "5m"),
	{ "retry.retryable_errors", CONFIG_LIST, AT(retryable),
	    "again, refused, not_found, denied, conflict",
	    config_retry_classes, 0, 0, LIVE },
	NUMBER("breaker.failures", breaker_failures, "5", 1, 1000, LIVE),
	TIME("breaker.reset",	breaker_reset,	"60s", 100, DAY),
};
/* clang-format on */

static void check(const void *values, struct buf *complaints);

const struct config_table settings_table = {.program = "botd",
    .file = SETTINGS_FILE,
    .keys = keys,
    .count = sizeof(keys) / sizeof(keys[0]),
    .size = sizeof(struct settings),
    .check = check};

void
settings_release(struct settings *s)
{
	config_release(&settings_table, s);
	free(s->folder);
	s->folder = NULL;
}

/* ---- reading again --------------------------------------------------- */

/* Lines become events. */
static void
log_lines(const char *event, const char *lines)
{
	char line[512];
	size_t len;

	while (*lines != '\0') {
		len = strcspn(lines, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)len, lines);
		log_warn(event, LOG_T("reason", line));
		lines += len + (lines[len] == '\n');
	}
}

void
settings_warn(const struct config_said *said)
{
	log_lines("config.odd", buf_text(&said->warnings));
}

bool
settings_reload(struct settings *s, const struct config_sources *from,
    struct config_said *said, enum log_level level)
{
	struct config_changes changes = {BUF_INIT, BUF_INIT};
	int rc;

	rc = config_reload(&settings_table, from, s, said, &changes, NULL);
	if (rc == -1) {
		log_lines("config.refused", buf_text(&said->complaints));
	} else {
		log_set_level((enum log_level)s->log_level);
		log_set_format((enum log_format)s->log_format);
		LOG_EVENT(level, "config.reloaded",
		    LOG_T("keys", buf_text(&changes.taken)));
		settings_warn(said);
	}
	if (changes.waiting.len > 0)
		log_warn("config.needs_restart",
		    LOG_T("keys", changes.waiting.data));
	config_changes_release(&changes);
	return rc == 0;
}

/* ---- what goes together ----------------------------------------------- */

/* Only its form: nothing is connected to. */
static int
link_check(const char *url, struct err *e)
{
	/* Files are opened when it connects, not here. */
	struct link_config c = {url, "key", "known_hosts", 0, NULL};
	struct link *l;

	if (strcmp(url, LINK_RELAY) == 0)
		return 0;
	l = link_new(&c, e);
	link_free(l);
	return l == NULL ? -1 : 0;
}

static void
complain(struct buf *out, const char *key, const char *text)
{
	buf_adds(out, out->len == 0 ? "" : "\n");
	buf_printf(out, "key '%s': %s", key, text);
}

/* "gpu", "sanitizer=memory". */
static bool
tag_ok(const char *tag)
{
	size_t len = strlen(tag);

	return len >= 1 && len <= WORD_MAX_LEN &&
	    strspn(tag, "abcdefghijklmnopqrstuvwxyz0123456789._-=") == len &&
	    tag[0] != '-' && tag[0] != '=';
}

static void
check_where(const struct settings *s, struct buf *complaints)
{
	char *folder = NULL;
	struct name n;
	struct err e;

	if (s->root[0] != '/')
		complain(complaints, "root", "is not an absolute path");
	else if (settings_folder(s, &folder, &e) == -1)
		complain(complaints, "root", e.text);
	else if (settings_name(s, &n, &e) == -1)
		complain(complaints, "name", e.text);
	free(folder);
	if (settings_pool(s, &n, &e) == -1)
		complain(complaints, "pool", e.text);
	if (settings_given(s->link) && link_check(s->link, &e) == -1)
		complain(complaints, "link", e.text);
	if ((settings_given(s->account) ||
		(settings_given(s->link) && !settings_relayed(s))) &&
	    settings_account(s, &n, &e) == -1)
		complain(complaints, "account", e.text);
}

static void
check_when(const struct settings *s, struct buf *complaints)
{
	struct hours hours;
	struct rates rates;
	struct err e;

	if (s->hours != NULL && hours_parse(&hours, s->hours, &e) == -1)
		complain(complaints, "hours", e.text);
	if (rates_parse(&rates, s->rate, NULL, &e) == -1)
		complain(complaints, "courier.rate", e.text);
	else if (rates_parse(&rates, s->rate, s->rates, &e) == -1)
		complain(complaints, "courier.rates", e.text);
}

/* What can be said without a link: it may yet come as an option. */
static void
check(const void *values, struct buf *complaints)
{
	const struct settings s = *(const struct settings *)values;
	int i;

	for (i = 0; s.tags != NULL && s.tags[i] != NULL; i++)
		if (!tag_ok(s.tags[i]))
			complain(complaints, "tags",
			    "holds what is no word of a-z, 0-9, '.', '_', "
			    "'-' and '='");
	if (s.retry.max_delay < s.retry.initial_delay)
		complain(complaints, "retry.max_delay",
		    "is shorter than 'retry.initial_delay'");
	check_where(&s, complaints);
	check_when(&s, complaints);
}

/* ---- handing out ----------------------------------------------------- */

void
settings_courier(const struct settings *s, struct courier_config *c)
{
	c->root = s->folder;
	c->bot = s->bot_name;
	c->link = s->link;
	c->key = s->key;
	c->known_hosts = s->known_hosts;
	c->account = s->account_name.text;
	c->poll_ms = s->poll;
	c->timeout_ms = s->timeout;
	c->operation_ms = s->operation_timeout;
	c->confirm_ms = s->confirm;
	c->drain_ms = DRAIN_MS;
	c->acked_bytes = s->acked_quota;
	c->acked_ms = s->acked_for;
	c->retry =
	    config_retry_policy(&s->retry, config_retry_mask(s->retryable));
	c->breaker.failures = (uint32_t)s->breaker_failures;
	c->breaker.rest_ms = s->breaker_reset;
}

void
settings_runner(const struct settings *s, struct runner_config *r)
{
	r->root = s->folder;
	r->bot = s->bot_name;
	r->account = s->account_name;
	r->slots = (unsigned)s->slots;
	r->tags = s->tags;
	r->pool = s->pool_name;
	r->nice = (int)s->nice;
	r->sched_idle = s->sched_idle;
	r->no_sandbox = s->sandbox == SANDBOX_NONE;
	r->outbox_bytes = s->outbox_quota;
	r->seal_ms = s->seal_after;
	r->stats_ms = s->stats_after;
	r->memory_mb = s->memory / MIB;
	r->work_bytes = s->work_quota;
	r->processes = s->processes;
	r->cache_bytes = s->cache;
}
