/*
 * What a bot needs, checked by trying it.  A check writes what it found and
 * answers yes, or writes what is wrong and what to do about it.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "botd/cage/cage.h"
#include "botd/courier/link.h"
#include "botd/doctor.h"
#include "botd/engine/engine.h"
#include "botd/engine/probe.h"

#define RESERVE      (UINT64_C(1) << 30) /* or 5 %, DESIGN 11 */
#define YEAR_2025_MS UINT64_C(1735689600000)
#define SKEW_S       3600

typedef bool check_fn(const struct doctor_config *c, struct buf *say);

/* Every check uses it: "found", or "wrong: what to do". */
static bool
wrong(struct buf *say, const char *what, const char *fix)
{
	buf_printf(say, "%s: %s", what, fix);
	return false;
}

static bool
over_sftp(const struct doctor_config *c)
{
	return strncmp(c->link, "sftp://", 7) == 0;
}

/* ---- this machine ---------------------------------------------------- */

static bool
check_root(const struct doctor_config *c, struct buf *say)
{
	struct err e;
	int fd, rc;

	fd = fs_make_dir_open(AT_FDCWD, c->root, 0750, &e);
	if (fd == -1)
		return wrong(
		    say, e.text, "create it, or run as the user that owns it");
	rc = fs_replace(fd, ".doctor", "x", 1, 0600, true, &e);
	unlinkat(fd, ".doctor", 0);
	close(fd);
	if (rc == -1)
		return wrong(say, e.text,
		    "give it to the user that runs "
		    "pandafuzz-botd");
	buf_adds(say, c->root);
	return true;
}

static bool
check_space(const struct doctor_config *c, struct buf *say)
{
	uint64_t free_bytes = 0, total = 0, least;
	struct err e;
	int fd;

	fd = open(c->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || fs_space(fd, &free_bytes, &total, &e) == -1) {
		if (fd != -1)
			close(fd);
		return wrong(say, "cannot tell", "see the root above");
	}
	close(fd);
	least = total / 20 > RESERVE ? total / 20 : RESERVE;
	buf_printf(say, "%s free", text_size(free_bytes).text);
	if (free_bytes >= least)
		return true;
	buf_printf(say, ", less than %s", text_size(least).text);
	return wrong(say, "", "free some, or move the root elsewhere");
}

/* A program in PATH, its path into "say". */
static bool
find_program(const char *name, struct buf *say)
{
	const char *path = getenv("PATH"), *end;
	struct buf file = BUF_INIT;
	bool found = false;

	for (; path != NULL && !found; path = *end == ':' ? end + 1 : NULL) {
		end = path + strcspn(path, ":");
		buf_reset(&file);
		buf_add(&file, path, (size_t)(end - path));
		buf_printf(&file, "/%s", name);
		found = access(file.data, X_OK) == 0;
	}
	if (found)
		buf_adds(say, file.data);
	buf_release(&file);
	return found;
}

static bool
check_bwrap(const struct doctor_config *c, struct buf *say)
{
	if (c->no_sandbox) {
		buf_adds(say, "not used (sandbox: none)");
		return true;
	}
	return find_program("bwrap", say) ||
	    wrong(say, "not in PATH", "apt-get install bubblewrap");
}

static bool
check_cage(const struct doctor_config *c, struct buf *say)
{
	struct err e;

	if (c->no_sandbox) {
		buf_adds(say, "targets run without walls (sandbox: none)");
		return true;
	}
	if (cage_probe(&e) == 0) {
		buf_adds(say, "a cage starts");
		return true;
	}
	return wrong(say, e.text,
	    "change that, or set 'sandbox: none' if "
	    "targets may do all that this user may");
}

static bool
check_symbolizer(const struct doctor_config *c, struct buf *say)
{
	static const char *const names[] = {"llvm-symbolizer",
	    "llvm-symbolizer-19", "llvm-symbolizer-18", "llvm-symbolizer-17",
	    "llvm-symbolizer-16", "llvm-symbolizer-15", "llvm-symbolizer-14"};
	size_t i;

	(void)c;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (find_program(names[i], say))
			return true;
	return wrong(say, "not in PATH; crashes would have no function names",
	    "apt-get install llvm");
}

static bool
check_clock(const struct doctor_config *c, struct buf *say)
{
	uint64_t now = clock_wall_ms();

	(void)c;
	buf_adds(say, clock_rfc3339(now).text);
	if (now >= YEAR_2025_MS)
		return true;
	return wrong(say, "", "set the clock, it is years behind");
}

/* A remark only: the cage sets RLIMIT_CORE to 0. */
static bool
check_core_pattern(const struct doctor_config *c, struct buf *say)
{
	struct buf text = BUF_INIT;

	(void)c;
	fs_read_file(
	    AT_FDCWD, "/proc/sys/kernel/core_pattern", &text, 4096, NULL);
	if (buf_text(&text)[0] == '|')
		buf_adds(say,
		    "cores go to a program; that slows AFL++ down "
		    "(sysctl kernel.core_pattern=core)");
	else
		buf_adds(say, "cores go to files");
	buf_release(&text);
	return true;
}

/* Off is no fault: it is what somebody asked for. */
static bool
check_hours(const struct doctor_config *c, struct buf *say)
{
	struct runner_off off;

	off_now(c->off, 0, &off);
	if (off.off)
		buf_printf(say, "off now: %s", off.why);
	else if (c->off->hours_text[0] != '\0')
		buf_printf(say, "on now, by %s", c->off->hours_text);
	else
		buf_adds(say, "always on");
	return true;
}

/* What registers, and what is installed besides. */
static bool
check_engines(const struct doctor_config *c, struct buf *say)
{
	const struct engine *engine;
	struct buf text = BUF_INIT;
	char *line, *next;
	int i;

	(void)c;
	for (i = 0; (engine = engine_at(i)) != NULL; i++) {
		probe_engine(&text, engine);
		buf_printf(say, "%s%s (%s)", i > 0 ? ", " : "", engine->name,
		    buf_text(&text));
	}
	probe_programs(&text);
	if (text.len > 0)
		buf_printf(say, "; also installed: %s", text.data);
	probe_sanitizers(&text);
	buf_adds(say, "; sanitizers:");
	for (line = text.data; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		buf_printf(say, " %s", line);
	}
	buf_release(&text);
	return true;
}

/* ---- the way to the master ------------------------------------------- */

/* What whoever carries has last seen of its link. */
static bool
check_relay(const struct doctor_config *c, struct buf *say)
{
	struct buf text = BUF_INIT, path = BUF_INIT;
	struct json *j = NULL;
	bool up = false;

	buf_printf(&path, "%s/inbox/link.json", c->root);
	if (fs_read_file(AT_FDCWD, path.data, &text, 4096, NULL) == 0)
		j = json_parse(text.data, text.len, &JSON_LINE, NULL);
	if (j == NULL) {
		wrong(say, "no relay has come to this root yet",
		    "start 'pandafuzz-botd relay --roots' on a host that "
		    "sees it");
	} else if (json_bool(json_get(json_root(j), "up"), &up) == -1 || !up) {
		wrong(say,
		    json_get_string(
			json_root(j), "text", "the relay's link is down"),
		    "see the relay's log");
		up = false;
	} else {
		buf_printf(say, "a relay carries over %s",
		    json_get_string(json_root(j), "text", "its link"));
	}
	json_free(j);
	buf_release(&path);
	buf_release(&text);
	return up;
}

static bool
check_key(const struct doctor_config *c, struct buf *say)
{
	struct stat st;

	if (!over_sftp(c)) {
		buf_adds(say, "not needed for this link");
		return true;
	}
	buf_adds(say, c->key);
	if (stat(c->key, &st) == -1 || access(c->key, R_OK) == -1)
		return wrong(say, " cannot be read",
		    "ssh-keygen -t ed25519 -N '' -f that file, and give "
		    "its .pub to the master");
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0)
		return wrong(say, " can be read by others", "chmod 600");
	return true;
}

static bool
check_known_hosts(const struct doctor_config *c, struct buf *say)
{
	struct link_config l = {
	    c->link, c->key, c->known_hosts, c->timeout_ms, c->account};
	struct err e;

	if (!over_sftp(c)) {
		buf_adds(say, "not needed for this link");
		return true;
	}
	if (link_sftp_known(&l, &e) == -1)
		return wrong(say, e.text,
		    "copy the line from the master's ssh_host_ed25519_key.pub");
	buf_printf(say, "%s names the host", c->known_hosts);
	return true;
}

static bool
look_at_status(struct link *l, const struct doctor_config *c, struct buf *say)
{
	uint64_t now_s = clock_wall_ms() / 1000;
	struct link_stat st;
	char path[128];
	struct err e;

	snprintf(path, sizeof(path), "outgoing/%s/status.json", c->bot.text);
	if (link_stat(l, path, &st, &e) == -1)
		return wrong(say, e.text, "check the account's folder");
	/* Its time is its serial, never behind the master's clock. */
	if (st.exists && st.mtime > now_s + SKEW_S)
		return wrong(say,
		    "the master's clock is more than an hour ahead of ours",
		    "set the clock here, or there");
	buf_printf(say, "%s, the master %s", c->link,
	    st.exists ? "knows this bot" : "does not know this bot yet");
	return true;
}

static bool
check_link(const struct doctor_config *c, struct buf *say)
{
	struct link_config config = {
	    c->link, c->key, c->known_hosts, c->timeout_ms, c->account};
	struct link_stat st;
	struct link *l;
	struct err e;
	bool good = false;

	if (c->relayed)
		return check_relay(c, say);
	if (c->link[0] == '\0')
		return wrong(say, "no master is known yet",
		    "come to it with an invitation: pandafuzz-botd enroll "
		    "LINE; or give --link");
	if ((l = link_new(&config, &e)) == NULL)
		return wrong(say, e.text, "correct 'link' in the settings");
	if (link_open(l, &e) == -1)
		wrong(say, e.text,
		    "is the master's sshd up, the key with it, "
		    "and the account's shell not nologin?");
	else if (link_stat(l, "incoming/new", &st, &e) == -1)
		wrong(say, e.text, "check the account's folder");
	else if (!st.exists)
		wrong(say, "there is no 'incoming/new'",
		    "the session has to start in the account's folder");
	else
		good = look_at_status(l, c, say);
	link_free(l);
	return good;
}

/* clang-format off */
static const struct {
	const char *name;
	check_fn *fn;
} checks[] = {
	{ "root",		check_root },
	{ "disk",		check_space },
	{ "clock",		check_clock },
	{ "bwrap",		check_bwrap },
	{ "user namespaces",	check_cage },
	{ "llvm-symbolizer",	check_symbolizer },
	{ "engines",		check_engines },
	{ "hours",		check_hours },
	{ "core pattern",	check_core_pattern },
	{ "key",		check_key },
	{ "known_hosts",	check_known_hosts },
	{ "link",		check_link },
};
/* clang-format on */

int
doctor_run(const struct doctor_config *c)
{
	struct buf say = BUF_INIT;
	bool good, all = true;
	size_t i;

	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		buf_reset(&say);
		good = checks[i].fn(c, &say);
		printf("%-4s %s: %s\n", good ? "ok" : "FAIL", checks[i].name,
		    buf_text(&say));
		fflush(stdout); /* the next one may take a while */
		all = all && good;
	}
	buf_release(&say);
	return all ? 0 : 1;
}
