/*
 * The bot's settings: one table of keys, and what follows from them when they
 * are not given.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "botd/courier/link.h"
#include "botd/settings.h"

#define DRAIN_MS 12000 /* of the supervisor's 30 s */

#define SECOND UINT64_C(1000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define MIB    (UINT64_C(1) << 20)
#define EIB    (UINT64_C(1) << 60)

static const char *const sandboxes[] = {"bwrap", "none", NULL};
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
	{ "tags", CONFIG_LIST, AT(tags), NULL, NULL, 0, 0, RESTART },
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

/* ---- what was not given ---------------------------------------------- */

static bool
given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

struct name
settings_host_name(const char *host)
{
	struct name n = {""};
	size_t len = 0;
	char c;

	for (; *host != '\0' && *host != '.' && len < NAME_MAX_LEN; host++) {
		c = *host;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			c = '-';
		if (c != '-' || len > 0)
			n.text[len++] = c;
	}
	if (len == 0)
		snprintf(n.text, sizeof(n.text), "bot");
	return n;
}

/* ROOT/identity, written by the supervisor: a host may be renamed. */
static int
read_identity(const struct settings *s, struct name *n)
{
	struct buf path = BUF_INIT, text = BUF_INIT;
	int rc;

	buf_printf(&path, "%s/identity", s->root);
	rc = fs_read_file(AT_FDCWD, path.data, &text, 256, NULL);
	if (rc == 0) {
		text.data[strcspn(text.data, "\n")] = '\0';
		rc = name_parse(n, "bot", text.data, NULL);
	}
	buf_release(&path);
	buf_release(&text);
	return rc;
}

static int
finish_name(struct settings *s, struct err *e)
{
	char host[256] = "";

	if (given(s->name))
		return name_parse(&s->bot_name, "bot", s->name, e);
	if (read_identity(s, &s->bot_name) == 0)
		return 0;
	gethostname(host, sizeof(host) - 1);
	s->bot_name = settings_host_name(host);
	return 0;
}

/* The account is the folder on the master (P.3), so the link tells it. */
static int
finish_account(struct settings *s, struct err *e)
{
	char text[NAME_MAX_LEN + 2] = "";
	const char *from, *end;

	if (given(s->account))
		return name_parse(&s->account_name, "account", s->account, e);
	if (strncmp(s->link, "sftp://", 7) == 0) {
		from = s->link + 7;
		end = strchr(from, '@');
	} else {
		end = s->link + strlen(s->link);
		while (end > s->link && end[-1] == '/')
			end--;
		from = end;
		while (from > s->link && from[-1] != '/' && from[-1] != ':')
			from--;
	}
	if (end != NULL && (size_t)(end - from) < sizeof(text))
		memcpy(text, from, (size_t)(end - from));
	if (!name_ok(text))
		return err_set(e, ERR_REFUSED,
		    "no account is given, and link '%s' names none", s->link);
	return name_parse(&s->account_name, "account", text, e);
}

/* Only its form: nothing is connected to. */
static int
link_check(const char *url, struct err *e)
{
	/* Files are opened when it connects, not here. */
	struct link_config c = {url, "key", "known_hosts", 0};
	struct link *l = link_new(&c, e);

	link_free(l);
	return l == NULL ? -1 : 0;
}

int
settings_finish(struct settings *s, struct err *e)
{
	if (!given(s->root) || s->root[0] != '/')
		return err_set(e, ERR_REFUSED,
		    "root '%s' is not an absolute path", s->root);
	if (!given(s->link))
		return err_set(e, ERR_REFUSED,
		    "no link is given: sftp://user@host:port or dir:/path");
	if (finish_name(s, e) == -1)
		return -1;
	return finish_account(s, e);
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

/* What can be said without a link: it may yet come as an option. */
static void
check(const void *values, struct buf *complaints)
{
	struct settings s = *(const struct settings *)values;
	struct err e;
	int i;

	for (i = 0; s.tags != NULL && s.tags[i] != NULL; i++)
		if (!tag_ok(s.tags[i]))
			complain(complaints, "tags",
			    "holds what is no word of a-z, 0-9, '.', '_', "
			    "'-' and '='");
	if (s.retry.max_delay < s.retry.initial_delay)
		complain(complaints, "retry.max_delay",
		    "is shorter than 'retry.initial_delay'");
	if (s.root[0] != '/')
		complain(complaints, "root", "is not an absolute path");
	if (finish_name(&s, &e) == -1)
		complain(complaints, "name", e.text);
	if (given(s.link) && link_check(s.link, &e) == -1)
		complain(complaints, "link", e.text);
	if ((given(s.account) || given(s.link)) && finish_account(&s, &e) == -1)
		complain(complaints, "account", e.text);
}

/* ---- handing out ----------------------------------------------------- */

void
settings_courier(const struct settings *s, struct courier_config *c)
{
	c->root = s->root;
	c->bot = s->bot_name;
	c->link = s->link;
	c->key = s->key;
	c->known_hosts = s->known_hosts;
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
	r->root = s->root;
	r->bot = s->bot_name;
	r->account = s->account_name;
	r->slots = (unsigned)s->slots;
	r->tags = s->tags;
	r->no_sandbox = s->sandbox == SANDBOX_NONE;
	r->outbox_bytes = s->outbox_quota;
	r->seal_ms = s->seal_after;
	r->stats_ms = s->stats_after;
	r->memory_mb = s->memory / MIB;
	r->work_bytes = s->work_quota;
	r->processes = s->processes;
	r->cache_bytes = s->cache;
}
