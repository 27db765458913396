/*
 * Starting and stopping what outlives us.  lib/base/spawn is no use here: its
 * children die with their parent, and these must not.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/json.h"
#include "tools/pf-local/process.h"

#define LOG_ROTATE (64 << 20) /* bytes; a longer log becomes .log.old */

/* ---- what /proc says ---- */

struct proc_stat {
	pid_t parent;
	char state;
	uint64_t started;
};

/* The command's name in field 2 may hold blanks and brackets: fields are
 * counted from the last bracket. */
static int
read_stat(pid_t pid, struct proc_stat *s)
{
	char path[64], text[1024];
	const char *p;
	ssize_t n;
	int fd, field, parent;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	p = strrchr(text, ')');
	if (p == NULL || sscanf(p + 1, " %c %d", &s->state, &parent) != 2)
		return -1;
	s->parent = (pid_t)parent;
	for (field = 2; field < 22 && p != NULL; field++)
		p = strchr(p + 1, ' ');
	if (p == NULL || sscanf(p, " %" SCNu64, &s->started) != 1)
		return -1;
	return 0;
}

/* A zombie holds nothing and runs nothing: where pid 1 does not reap, it
 * would else be alive for ever. */
bool
process_alive(const struct process *p)
{
	struct proc_stat s;

	return read_stat(p->pid, &s) == 0 && s.started == p->started &&
	    s.state != 'Z' && s.state != 'X';
}

uint64_t
process_age_ms(const struct process *p)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t up = clock_up_ms();
	uint64_t began = p->started * 1000 / hz;

	return up > began ? up - began : 0;
}

/* ---- pid files ---- */

static void
pid_name(char *out, size_t size, const char *name)
{
	snprintf(out, size, "pids/%s.json", name);
}

int
process_find(const struct local *l, const char *name, struct process *p)
{
	const struct json_value *root;
	struct buf text = BUF_INIT;
	char file[64];
	struct json *j;
	bool same;

	pid_name(file, sizeof(file), name);
	if (fs_read_file(l->own, file, &text, 4096, NULL) == -1)
		return 0;
	j = json_parse(text.data, text.len, &JSON_FILE, NULL);
	buf_release(&text);
	if (j == NULL)
		return 0;
	root = json_root(j);
	p->pid = (pid_t)json_get_u64(root, "pid", 0);
	p->started = json_get_u64(root, "started", 0);
	same = strcmp(json_get_string(root, "boot", ""),
		   clock_boot_id().text) == 0;
	json_free(j);
	return p->pid > 1 && same && process_alive(p);
}

static int
pid_write(const struct local *l, const char *name, struct err *e)
{
	struct buf text = BUF_INIT;
	struct proc_stat s;
	char file[64];
	int r;

	if (read_stat(getpid(), &s) == -1)
		return err_set(e, ERR_BUG, "cannot read '/proc/self/stat'");
	json_open(&text, NULL, '{');
	json_put_u64(&text, "pid", (uint64_t)getpid());
	json_put_u64(&text, "started", s.started);
	json_put_string(&text, "boot", clock_boot_id().text);
	json_close(&text, '}');
	buf_addc(&text, '\n');
	pid_name(file, sizeof(file), name);
	r = fs_replace(l->own, file, text.data, text.len, 0600, false, e);
	buf_release(&text);
	return r;
}

/* ---- start ---- */

static int
open_log(const struct local *l, const char *name, struct err *e)
{
	char file[64], old[72];
	struct stat st;
	int fd;

	snprintf(file, sizeof(file), "logs/%s.log", name);
	snprintf(old, sizeof(old), "%s.old", file);
	if (fstatat(l->own, file, &st, 0) == 0 && st.st_size > LOG_ROTATE &&
	    renameat(l->own, file, l->own, old) == -1)
		return err_sys(e, "cannot rename '%s'", file);
	fd = openat(l->own, file,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return err_sys(e, "cannot open '%s'", file);
	return fd;
}

/* In the child; does not return. */
static void
become(const struct local *l, const char *name, const char *const *argv,
    process_before_fn *before, int log)
{
	struct err e = {0};
	sigset_t none;
	int null;

	/* Whoever called us may hold locks and pipes that no daemon may keep. */
	(void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null == -1 || dup2(null, 0) == -1 || dup2(log, 1) == -1 ||
	    dup2(log, 2) == -1 || chdir("/") == -1)
		err_sys(&e, "cannot set up '%s'", name);
	else if (pid_write(l, name, &e) == 0 &&
	    (before == NULL || before(l, &e) == 0)) {
		execvp(argv[0], (char *const *)argv);
		err_sys(&e, "cannot run '%s'", argv[0]);
	}
	/* Goes to the log, of which `up` shows the end. */
	fprintf(stderr, "pf-local: %s\n", e.text);
	fflush(stderr);
	_exit(127);
}

int
process_start(const struct local *l, const char *name, const char *const *argv,
    process_before_fn *before, struct err *e)
{
	int log, started[2];
	pid_t pid;
	char none;

	log = open_log(l, name, e);
	if (log == -1)
		return -1;
	/* Closed by its exec, when the pid file is written: until then nobody
	 * can tell "not there yet" from "ended at once". */
	if (pipe2(started, O_CLOEXEC) == -1) {
		close(log);
		return err_sys(e, "cannot make a pipe");
	}
	pid = fork();
	if (pid == 0)
		become(l, name, argv, before, log);
	if (pid == -1)
		err_sys(e, "cannot fork");
	close(log);
	close(started[1]);
	while (pid != -1 && read(started[0], &none, 1) == -1 && errno == EINTR)
		continue;
	close(started[0]);
	return pid == -1 ? -1 : 0;
}

/* ---- stop ---- */

struct process_set {
	struct process *list;
	size_t count, cap;
};

static bool
set_has(const struct process_set *s, pid_t pid, uint64_t started)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->list[i].pid == pid && s->list[i].started == started)
			return true;
	return false;
}

static void
set_add(struct process_set *s, pid_t pid, uint64_t started)
{
	if (set_has(s, pid, started))
		return;
	if (s->count == s->cap) {
		s->cap = s->cap == 0 ? 64 : s->cap * 2;
		s->list = mem_resize(s->list, s->cap, sizeof(*s->list));
	}
	s->list[s->count].pid = pid;
	s->list[s->count].started = started;
	s->count++;
}

/* Is "parent" in the set now, as the process the set means? */
static bool
set_has_parent(const struct process_set *s, pid_t parent)
{
	struct proc_stat st;

	return read_stat(parent, &st) == 0 && set_has(s, parent, st.started);
}

/*
 * Add whatever descends from the set.  /proc is not in order of birth, so
 * look again until a pass adds nothing.
 */
static void
set_add_descendants(struct process_set *s)
{
	struct proc_stat st;
	struct dirent *d;
	size_t before;
	pid_t pid;
	DIR *dir;

	do {
		before = s->count;
		dir = opendir("/proc");
		if (dir == NULL)
			return;
		while ((d = readdir(dir)) != NULL) {
			pid = (pid_t)atoi(d->d_name);
			if (pid > 1 && read_stat(pid, &st) == 0 &&
			    st.state != 'Z' && set_has_parent(s, st.parent))
				set_add(s, pid, st.started);
		}
		closedir(dir);
	} while (s->count != before);
}

/* Signal those of the first "count" that live; returns how many do. */
static size_t
set_signal(const struct process_set *s, size_t count, int signo)
{
	size_t i, alive = 0;

	for (i = 0; i < count; i++)
		if (process_alive(&s->list[i])) {
			alive++;
			if (signo != 0)
				kill(s->list[i].pid, signo);
		}
	return alive;
}

/* Our own children would stay as zombies of ours until we leave. */
static void
reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

static void
wait_for(struct process_set *s, uint64_t ms)
{
	static const struct timespec tick = {0, 50 * 1000 * 1000};
	uint64_t until = clock_up_ms() + ms;

	while (set_signal(s, s->count, 0) > 0 && clock_up_ms() < until) {
		set_add_descendants(s);
		nanosleep(&tick, NULL);
		reap();
	}
}

static void
forget(const struct local *l, const char *const *names)
{
	char file[64];

	for (; *names != NULL; names++) {
		pid_name(file, sizeof(file), *names);
		(void)unlinkat(l->own, file, 0);
	}
}

static int
stop(const struct local *l, const char *const *names, uint64_t grace_ms,
    bool all)
{
	struct process_set s = {NULL, 0, 0};
	const char *const *n;
	struct process p;
	size_t roots;
	int killed;

	for (n = names; *n != NULL; n++)
		if (process_find(l, *n, &p))
			set_add(&s, p.pid, p.started);
	roots = s.count;
	/* Who descends is to be known before they are orphans, but mostly only
	 * the daemons are told: they end their own. */
	set_add_descendants(&s);
	set_signal(&s, all ? s.count : roots, SIGTERM);
	if (roots > 0)
		wait_for(&s, grace_ms);
	killed = (int)set_signal(&s, s.count, SIGKILL);
	if (killed > 0)
		wait_for(&s, 5000);
	free(s.list);
	forget(l, names);
	return killed;
}

int
process_stop(const struct local *l, const char *const *names, uint64_t grace_ms)
{
	return stop(l, names, grace_ms, false);
}

int
process_stop_all(
    const struct local *l, const char *const *names, uint64_t grace_ms)
{
	return stop(l, names, grace_ms, true);
}

char *
process_log_tail(const struct local *l, const char *name, int lines)
{
	struct buf text = BUF_INIT;
	char file[64], bytes[4096];
	const char *p, *end;
	struct stat st;
	ssize_t n = -1;
	int fd;

	snprintf(file, sizeof(file), "logs/%s.log", name);
	fd = openat(l->own, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd != -1 && fstat(fd, &st) == 0)
		n = pread(fd, bytes, sizeof(bytes),
		    st.st_size > (off_t)sizeof(bytes)
			? st.st_size - (off_t)sizeof(bytes)
			: 0);
	if (fd != -1)
		close(fd);
	if (n <= 0)
		return mem_strdup("");
	end = bytes + n;
	for (p = end - 1; p > bytes; p--)
		if (p[-1] == '\n' && --lines == 0)
			break;
	buf_add(&text, p, (size_t)(end - p));
	return buf_detach(&text);
}
