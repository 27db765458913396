/*
 * The bot's settings: one table of keys, and what follows from them when they
 * are not given.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "botd/settings.h"

#define DRAIN_MS 12000 /* of the supervisor's 30 s */

#define AT(field) offsetof(struct settings, field)
#define MIB       (UINT64_C(1) << 20)

static const char *const sandboxes[] = {"bwrap", "none", NULL};
static const char *const levels[] = {"debug", "info", "warn", "error", NULL};

/* clang-format off */
#define STRING(name, field, fallback) \
	{ name, CONFIG_STRING, AT(field), fallback, NULL, 0, 0 }
#define NUMBER(name, type, field, fallback, least, most) \
	{ name, CONFIG_##type, AT(field), fallback, NULL, least, most }
#define CHOICE(name, field, fallback, words) \
	{ name, CONFIG_ENUM, AT(field), fallback, words, 0, 0 }

const struct config_key settings_keys[] = {
	STRING("root",		root,		"/var/lib/pandafuzz-bot"),
	STRING("name",		name,		NULL),
	STRING("account",	account,	NULL),
	STRING("link",		link,		NULL),
	STRING("key",		key,		"/etc/pandafuzz/bot.key"),
	STRING("known_hosts",	known_hosts,	"/etc/pandafuzz/known_hosts"),
	CHOICE("sandbox",	sandbox,	"bwrap",	sandboxes),
	CHOICE("log_level",	log_level,	"info",		levels),
	NUMBER("slots",		U64,		slots,	"0", 0, 1024),
	NUMBER("processes",	U64,		processes, "64", 4, 65536),
	NUMBER("poll",		DURATION,	poll,		"1s", 10, 0),
	NUMBER("timeout",	DURATION,	timeout,	"30s", 1000, 0),
	NUMBER("confirm",	DURATION,	confirm,	"60s", 100, 0),
	NUMBER("acked_for",	DURATION,	acked_for,	"24h", 0, 0),
	NUMBER("seal_after",	DURATION,	seal_after,	"60s", 100, 0),
	NUMBER("stats_after",	DURATION,	stats_after,	"60s", 1000, 0),
	NUMBER("acked_quota",	SIZE,	acked_quota,	"1GiB", 0, 0),
	NUMBER("outbox_quota",	SIZE,	outbox_quota,	"4GiB", 64 * MIB, 0),
	NUMBER("memory",	SIZE,	memory,		"2560MiB", 64 * MIB, 0),
	NUMBER("work_quota",	SIZE,	work_quota,	"2GiB", 16 * MIB, 0),
	NUMBER("cache",		SIZE,	cache,		"20GiB", 64 * MIB, 0),
};
/* clang-format on */

const size_t settings_key_count =
    sizeof(settings_keys) / sizeof(settings_keys[0]);

void
settings_init(struct settings *s)
{
	memset(s, 0, sizeof(*s));
	config_defaults(settings_keys, settings_key_count, s);
}

void
settings_release(struct settings *s)
{
	config_release(settings_keys, settings_key_count, s);
}

int
settings_read(
    struct settings *s, const char *path, char **complaints, struct err *e)
{
	return config_read(
	    path, settings_keys, settings_key_count, s, complaints, e);
}

int
settings_set(
    struct settings *s, const char *key, const char *text, struct err *e)
{
	return config_set(settings_keys, settings_key_count, s, key, text, e);
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

/* ---- handing out ----------------------------------------------------- */

void
settings_courier(const struct settings *s, struct courier_config *c)
{
	memset(c, 0, sizeof(*c));
	c->root = s->root;
	c->bot = s->bot_name;
	c->link = s->link;
	c->key = s->key;
	c->known_hosts = s->known_hosts;
	c->poll_ms = s->poll;
	c->timeout_ms = s->timeout;
	c->confirm_ms = s->confirm;
	c->drain_ms = DRAIN_MS;
	c->acked_bytes = s->acked_quota;
	c->acked_ms = s->acked_for;
}

void
settings_runner(const struct settings *s, struct runner_config *r)
{
	memset(r, 0, sizeof(*r));
	r->root = s->root;
	r->bot = s->bot_name;
	r->account = s->account_name;
	r->slots = (unsigned)s->slots;
	r->no_sandbox = s->sandbox == SANDBOX_NONE;
	r->outbox_bytes = s->outbox_quota;
	r->seal_ms = s->seal_after;
	r->stats_ms = s->stats_after;
	r->memory_mb = s->memory / MIB;
	r->work_bytes = s->work_quota;
	r->processes = s->processes;
	r->cache_bytes = s->cache;
}
