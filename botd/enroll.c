/*
 * From a line that somebody pasted to a bot that needs no more than to be
 * started.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "lib/wire/invitation.h"
#include "botd/courier/link.h"
#include "botd/courier/link_sftp_host.h"
#include "botd/enroll.h"
#include "botd/enroll_files.h"
#include "botd/settings.h"

#define LINK_MS   20000
#define POLL_MS   1000
#define SOON_MS   300
#define RETRY_MAX 15000
#define REFUSALS  3  /* of a key that was good, before it is believed */
#define TRIES     20 /* a second each, until an admitted key is in force */
#define LEFT      "left"

struct enroll {
	struct enroll_files files;
	struct invitation line;
	char invite[24];
	const char *name; /* of the bot; NULL: as the host */
	bool no_wait;
	uint64_t until; /* up-time; 0: for as long as it takes */
	struct sshkey secret;
	char url[400];
	bool said_waiting;
	unsigned visits;
	struct enrol_answer answer;
	struct link *link;
};

/* ---- before anything is sent ----------------------------------------- */

static int
check_host(struct enroll *en, struct err *e)
{
	char at[LINK_HOST_TEXT], print[SSHKEY_FINGERPRINT];
	uint8_t pub[SSHKEY_BYTES];

	if (link_sftp_host_key(en->url, LINK_MS, pub, at, e) == -1)
		return -1;
	sshkey_fingerprint(print, pub);
	if (strcmp(print, en->line.fingerprint) != 0)
		return err_set(e, ERR_REFUSED,
		    "'%s' is not the host of this invitation: it shows %s, "
		    "the invitation says %s; nothing was sent, nothing is "
		    "kept",
		    at, print, en->line.fingerprint);
	return enroll_files_host(&en->files, at, pub, e);
}

/* ---- the request ----------------------------------------------------- */

/* No name where it is a template: each bot of many gets its own. */
static struct name
bot_name(const struct enroll *en)
{
	char host[256] = "";
	struct name n = {""};

	if (en->name == NULL) {
		gethostname(host, sizeof(host) - 1);
		return settings_host_name(host);
	}
	if (name_ok(en->name))
		text_copy(n.text, sizeof(n.text), en->name);
	return n;
}

static int
write_request(struct enroll *en, int *fd, uint64_t *size, struct err *e)
{
	struct enrol_request r = {.account = en->line.account};
	struct buf text = BUF_INIT;
	char host[256] = "";
	size_t i;
	int rc;

	r.bot = bot_name(en);
	memcpy(r.key, en->files.pub, sizeof(r.key));
	gethostname(host, sizeof(host) - 1);
	for (i = 0; host[i] != '\0' && i + 1 < sizeof(r.host); i++)
		r.host[i] =
		    (char)(host[i] > ' ' && host[i] < 0x7f ? host[i] : '?');
	rc = enrol_request_format(&text, &r, &en->secret, e);
	if (rc == 0)
		rc = fs_replace(en->files.dir, "request", text.data, text.len,
		    0600, false, e);
	*size = text.len;
	buf_release(&text);
	if (rc == 0)
		rc = *fd = fs_open_foreign(en->files.dir, "request", NULL, e);
	return rc == -1 ? -1 : 0;
}

/* Our request was left, in this life or an earlier one. */
static bool
was_left(const struct enroll *en)
{
	return faccessat(en->files.dir, LEFT, F_OK, 0) == 0;
}

static int
leave_request(struct enroll *en, const char *fresh, struct err *e)
{
	char tmp[64];
	uint64_t size;
	int fd = -1, rc;

	snprintf(tmp, sizeof(tmp), "incoming/tmp/%s" ENROL_SUFFIX, en->invite);
	if (write_request(en, &fd, &size, e) == -1)
		return -1;
	rc = link_put(en->link, tmp, fd, size, e);
	close(fd);
	if (rc == 0)
		rc = link_rename(en->link, tmp, fresh, e);
	return rc == -1
	    ? -1
	    : fs_replace(en->files.dir, LEFT, "", 0, 0600, false, e);
}

/* ---- the answer ------------------------------------------------------ */

static int
sink(void *arg, const void *bytes, size_t len, struct err *e)
{
	struct buf *text = arg;

	if (text->len + len > ENROL_MAX)
		return err_set(e, ERR_REFUSED, "the answer is too long");
	buf_add(text, bytes, len);
	return 0;
}

/* 1 when there is one. */
static int
read_answer(struct enroll *en, struct err *e)
{
	struct buf text = BUF_INIT;
	struct link_sink to = {sink, &text};
	char path[64];
	int rc;

	snprintf(path, sizeof(path), "outgoing/%s/answer.json", en->invite);
	rc = link_get(en->link, path, ENROL_MAX, &to, e);
	if (rc == 0)
		rc = enrol_answer_parse(
		    &en->answer, buf_text(&text), text.len, e);
	else if (e->cls == ERR_NOT_FOUND && link_up(en->link)) {
		buf_release(&text);
		return 0;
	}
	buf_release(&text);
	return rc == -1 ? -1 : 1;
}

static void
say_waiting(struct enroll *en)
{
	char print[SSHKEY_FINGERPRINT];

	if (en->said_waiting)
		return;
	en->said_waiting = true;
	sshkey_fingerprint(print, en->files.pub);
	printf("The request is there.  Waiting for somebody to approve the "
	       "key\n  %s\non the master: pfadm account approve %s\n",
	    print, en->line.account.text);
	fflush(stdout);
}

/* ---- talking --------------------------------------------------------- */

/* A link as "user" with the key "key" of the pending folder; as "other" where
 * that user is not let in. */
static int
call(struct enroll *en, const char *key, const char *user, const char *other,
    struct err *e)
{
	struct buf path = BUF_INIT, hosts = BUF_INIT, url = BUF_INIT;
	struct link_config c;
	int rc = -1;

	buf_printf(&path, "%s/%s", en->files.pending, key);
	buf_printf(&hosts, "%s/known_hosts", en->files.pending);
	buf_printf(&url, "sftp://%s@%s:%u", user, en->line.host, en->line.port);
	c = (struct link_config){
	    url.data, path.data, hosts.data, LINK_MS, other};
	link_free(en->link);
	en->link = link_new(&c, e);
	if (en->link != NULL)
		rc = link_open(en->link, e);
	buf_release(&path);
	buf_release(&hosts);
	buf_release(&url);
	return rc;
}

static void
hang_up(struct enroll *en)
{
	link_free(en->link);
	en->link = NULL;
}

static void
rest(uint64_t ms)
{
	struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

/*
 * The one-time key is not let in (any more).  Then our own is, if an answer
 * was given that we never saw.
 */
static int
try_own_key(struct enroll *en, struct err *e)
{
	const char *user = strcmp(en->line.user, ENROL_ACCOUNT) == 0
	    ? en->line.account.text
	    : en->line.user;

	if (call(en, "key", user, en->line.account.text, e) == -1)
		return -1;
	en->answer.state = ENROL_ADMITTED;
	en->answer.account = en->line.account;
	text_copy(en->answer.user, sizeof(en->answer.user), user);
	return 0;
}

/* An answer says that a machine is admitted, and not which; and sshd's side
 * needs a moment. */
static int
prove(struct enroll *en, struct err *e)
{
	int i;

	for (i = 0; i < TRIES; i++) {
		if (call(en, "key", en->answer.user, en->answer.account.text,
			e) == 0)
			return 0;
		if (e->cls != ERR_DENIED)
			return -1;
		rest(POLL_MS);
	}
	return err_set(e, ERR_REFUSED,
	    "the key of this machine is not let in, though the master has "
	    "admitted one by this invitation: was it used by another machine? "
	    "Ask for a new one");
}

/* Somebody else came with our invitation after us. */
static bool
meant_for_another(const struct enroll *en)
{
	char print[SSHKEY_FINGERPRINT];

	sshkey_fingerprint(print, en->files.pub);
	return strstr(en->answer.reason, print) != NULL;
}

/* 1 decided, 0 not yet. */
static int
look(struct enroll *en, struct err *e)
{
	char fresh[64];
	struct link_stat st;
	int rc;

	snprintf(
	    fresh, sizeof(fresh), "incoming/new/%s" ENROL_SUFFIX, en->invite);
	if (link_stat(en->link, fresh, &st, e) == -1)
		return -1;
	if (st.exists) /* not looked at yet: no answer is to it */
		return 0;
	if (!was_left(en))
		return leave_request(en, fresh, e);
	rc = read_answer(en, e);
	if (rc == 0)
		return leave_request(en, fresh, e);
	if (rc == 1 &&
	    (en->answer.state == ENROL_WAITING ||
		(en->answer.state == ENROL_REFUSED && meant_for_another(en))))
		return 0;
	if (rc == 1 && en->answer.state == ENROL_ADMITTED)
		return prove(en, e) == -1 ? -1 : 1;
	return rc;
}

/* One visit: 1 when it is decided, 0 to come again. */
static int
visit(struct enroll *en, struct err *e)
{
	int rc = 0;

	if (en->link == NULL || !link_up(en->link)) {
		rc = call(en, "once", en->line.user, ENROL_ACCOUNT, e);
		if (rc == -1 && e->cls == ERR_DENIED)
			return try_own_key(en, e) == -1 ? -1 : 1;
	}
	if (rc == 0)
		rc = look(en, e);
	/* An invitation that admits by itself takes no more than two. */
	if (rc == 0 && was_left(en) && (en->no_wait || ++en->visits > 3))
		say_waiting(en);
	return rc;
}

static int
gave_up(struct enroll *en, unsigned denied, struct err *e)
{
	if (denied < REFUSALS)
		return -1;
	/* Nobody has seen its key: nobody can let it in later. */
	if (!was_left(en))
		enroll_files_drop(&en->files);
	return err_set(e, ERR_DENIED,
	    "the master does not let this invitation in: it was used by "
	    "another machine, has expired or was taken back, or the account "
	    "'%s' is disabled; ask for a new one",
	    en->line.account.text);
}

/* Until there is an answer.  1 with it, 0 when that is for another time. */
static int
talk(struct enroll *en, struct err *e)
{
	unsigned denied = 0;
	uint64_t wait = POLL_MS;
	int rc;

	for (;;) {
		rc = visit(en, e);
		if (rc == 1)
			return 1;
		if (rc == 0 && en->no_wait)
			return 0;
		if (rc == -1) {
			hang_up(en);
			denied = e->cls == ERR_DENIED ? denied + 1 : 0;
			/* Who never got through hears it at once. */
			if (denied >= REFUSALS || e->cls == ERR_REFUSED ||
			    (en->visits == 0 && e->cls == ERR_AGAIN))
				return gave_up(en, denied, e);
			wait = wait * 2 > RETRY_MAX ? RETRY_MAX : wait * 2;
		} else {
			denied = 0;
			wait = en->visits > 3 ? POLL_MS : SOON_MS;
		}
		if (en->until != 0 && clock_up_ms() + wait > en->until)
			return 0;
		rest(denied > 0 ? POLL_MS : wait);
	}
}

/* ---- the end --------------------------------------------------------- */

static int
finish(struct enroll *en, struct err *e)
{
	struct enroll_words w = {.account = en->answer.account.text,
	    .name = en->name,
	    .link = en->url};
	char url[sizeof(en->url)];

	if (en->answer.state == ENROL_REFUSED) {
		enroll_files_drop(&en->files);
		return err_set(e, ERR_REFUSED, "the master refuses: %s",
		    en->answer.reason[0] == '\0' ? "no reason given"
						 : en->answer.reason);
	}
	snprintf(url, sizeof(url), "sftp://%s@%s:%u", en->answer.user,
	    en->line.host, en->line.port);
	w.link = url;
	if (enroll_files_finish(&en->files, &w, e) == -1)
		return -1;
	printf("Enrolled in account '%s'.  Start the bot: pandafuzz-botd%s%s"
	       "%s\n",
	    w.account, en->files.plain ? "" : " --config ",
	    en->files.plain ? "" : en->files.folder,
	    en->files.plain ? "" : "/botd.yaml");
	return 0;
}

static int
enroll(struct enroll *en)
{
	struct err e;
	int rc;

	rc = enroll_files_check(&en->files, &e);
	if (rc == 0)
		rc = check_host(en, &e);
	if (rc == 0)
		rc = enroll_files_key(&en->files, &en->secret, &e);
	if (rc == 0)
		rc = talk(en, &e);
	hang_up(en);
	if (rc == 1)
		rc = finish(en, &e) == -1 ? -1 : 1;
	enroll_files_close(&en->files);
	if (rc == -1)
		fprintf(stderr, "pandafuzz-botd: enroll: %s\n", e.text);
	else if (rc == 0)
		puts("Nobody has approved it yet; run the same line again "
		     "later.");
	return rc == 1 || (rc == 0 && en->no_wait) ? 0 : 1;
}

/* ---- the command line ------------------------------------------------ */

static int
usage(FILE *to)
{
	fputs("usage: pandafuzz-botd enroll LINE [option ...]\n"
	      "\n"
	      "LINE is what `pfadm account invite` has printed for this "
	      "machine:\n"
	      "  sftp://USER@HOST:PORT#SHA256:FINGERPRINT#ACCOUNT#SECRET\n"
	      "or - for one on standard input, where nobody else sees it.\n"
	      "\n"
	      "  --name N          the bot's name (the host's)\n"
	      "  --root DIR        the bot's folder, as in botd.yaml(5)\n"
	      "  --config-dir DIR  where settings go (/etc/pandafuzz)\n"
	      "  --key FILE        where its own key goes (bot.key there)\n"
	      "  --timeout T       how long to wait for approval (for ever)\n"
	      "  --no-wait         leave the request; run it again for the "
	      "answer\n"
	      "\n"
	      "  pandafuzz-botd enroll 'sftp://enroll@fuzz:22#SHA256:...#office"
	      "#...'\n",
	    to);
	return to == stdout ? 0 : 2;
}

static int
complain(const char *text)
{
	fprintf(stderr, "pandafuzz-botd: enroll: %s\n", text);
	return 2;
}

/* clang-format off */
static const struct option options[] = {
	{ "name",	required_argument, NULL, 'n' },
	{ "root",	required_argument, NULL, 'r' },
	{ "config-dir",	required_argument, NULL, 'c' },
	{ "key",	required_argument, NULL, 'k' },
	{ "timeout",	required_argument, NULL, 't' },
	{ "no-wait",	no_argument,	   NULL, 'w' },
	{ "help",	no_argument,	   NULL, 'h' },
	{ NULL,		0,		   NULL, 0 },
};
/* clang-format on */

/* -1 to go on, else the exit code. */
static int
take_options(struct enroll *en, int argc, char **argv)
{
	uint64_t ms = 0;
	struct err e;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'n')
			en->name = optarg;
		else if (option == 'r')
			en->files.root = optarg;
		else if (option == 'c')
			en->files.folder = optarg;
		else if (option == 'k')
			en->files.key = optarg;
		else if (option == 'w')
			en->no_wait = true;
		else if (option == 'h')
			return usage(stdout);
		else if (option != 't')
			return usage(stderr);
		else if (text_to_duration(&ms, optarg, &e) == -1)
			return complain(e.text);
	}
	en->until = ms == 0 ? 0 : clock_up_ms() + ms;
	return optind + 1 == argc ? -1 : usage(stderr);
}

static int
take_line(struct enroll *en, const char *text, struct err *e)
{
	if (invitation_parse(&en->line, text, e) == -1)
		return err_wrap(e, "this is no invitation");
	if (sshkey_from_seed(&en->secret, en->line.secret, e) == -1)
		return -1;
	text_copy(en->invite, sizeof(en->invite),
	    text_hex64(invitation_id(en->secret.pub)).text);
	en->files.invite = en->invite;
	snprintf(en->url, sizeof(en->url), "sftp://%s@%s:%u", en->line.user,
	    en->line.host, en->line.port);
	if (en->name != NULL && strchr(en->name, '%') == NULL &&
	    !name_ok(en->name))
		return err_set(e, ERR_REFUSED,
		    "bot name '%s' is not of a-z, 0-9 and '-', at most %d",
		    en->name, NAME_MAX_LEN);
	return 0;
}

/* Arguments are everybody's to see; what is left of them is whom we ask. */
static void
hide(char *argument)
{
	char *secret = strrchr(argument, '#');

	if (secret != NULL)
		memset(secret + 1, '*', strlen(secret + 1));
}

/* "-": the first line of standard input. */
static int
read_line(struct enroll *en, char *argument, struct err *e)
{
	char line[1024];
	int rc;

	if (strcmp(argument, "-") != 0) {
		rc = take_line(en, argument, e);
		hide(argument);
		return rc;
	}
	if (fgets(line, sizeof(line), stdin) == NULL)
		return err_set(
		    e, ERR_REFUSED, "there is no invitation on standard input");
	rc = take_line(en, line, e);
	explicit_bzero(line, sizeof(line));
	return rc;
}

int
enroll_main(int argc, char **argv)
{
	static struct enroll en = {.files = {.folder = "/etc/pandafuzz"}};
	struct err e;
	int code;

	umask(022);
	if ((code = take_options(&en, argc, argv)) != -1)
		return code;
	/* Without a buffer in which the secret would stay. */
	setvbuf(stdin, NULL, _IONBF, 0);
	if (read_line(&en, argv[optind], &e) == -1)
		return complain(e.text);
	code = enroll(&en);
	explicit_bzero(&en, sizeof(en));
	return code;
}
