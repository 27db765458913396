/*
 * Many bots at one sshd: fleet_ssh PORT USER KEY SSHD-PID.  150 log in at once,
 * and all are to get in; then 50 stay connected and do each 10 s what a
 * courier does for a beat (put, rename, look at status.json), and what the
 * processes below sshd need is printed.  tests/bench/fleet-ssh starts the sshd.
 *
 * A process a bot: libssh2 is told to block, so that nobody waits for another.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libssh2.h>
#include <libssh2_sftp.h>

#include "tests/bench/bench.h"

#define LOGINS    150
#define BOTS      50
#define BEAT_S    10.0
#define MEASURE_S 30.0
#define LOGIN_S   120.0 /* patience */
#define BEAT_SIZE 600

static const char *port, *user, *key;

struct session {
	int fd;
	LIBSSH2_SESSION *ssh;
	LIBSSH2_SFTP *sftp;
};

static bool
log_in(struct session *s)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)atoi(port)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char public[512];

	snprintf(public, sizeof(public), "%s.pub", key);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	s->ssh = libssh2_session_init();
	if (s->fd == -1 || s->ssh == NULL)
		return false;
	libssh2_session_set_timeout(s->ssh, (long)(LOGIN_S * 1000));
	return connect(s->fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	    libssh2_session_handshake(s->ssh, s->fd) == 0 &&
	    libssh2_userauth_publickey_fromfile(
		s->ssh, user, public, key, NULL) == 0 &&
	    (s->sftp = libssh2_sftp_init(s->ssh)) != NULL;
}

static bool
beat(struct session *s, int number, int beats)
{
	static const char bytes[BEAT_SIZE];
	char from[64], to[64];
	LIBSSH2_SFTP_ATTRIBUTES a;
	LIBSSH2_SFTP_HANDLE *h;
	bool good;

	snprintf(from, sizeof(from), "incoming/tmp/b%d-%d", number, beats);
	snprintf(to, sizeof(to), "incoming/new/b%d-%d", number, beats);
	h = libssh2_sftp_open(s->sftp, from,
	    LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | LIBSSH2_FXF_EXCL, 0640);
	good = h != NULL &&
	    libssh2_sftp_write(h, bytes, sizeof(bytes)) == sizeof(bytes);
	if (h != NULL)
		libssh2_sftp_close(h);
	good = good &&
	    libssh2_sftp_rename_ex(s->sftp, from, (unsigned)strlen(from), to,
		(unsigned)strlen(to), 0) == 0 &&
	    libssh2_sftp_stat(s->sftp, "outgoing/b/status.json", &a) == 0;
	/* Nobody takes it here. */
	return libssh2_sftp_unlink(s->sftp, to) == 0 && good;
}

/* Says "1" when it is in, "x" when something went wrong; ends with us. */
static _Noreturn void
be_a_bot(int out, int number, bool beats)
{
	struct session s = {-1, NULL, NULL};
	char said = '0';
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (log_in(&s))
		said = '1';
	if (write(out, &said, 1) != 1 || said != '1')
		_exit(1);
	bench_sleep(BEAT_S * number / BOTS);
	if (!beats)
		for (;;)
			pause();
	for (i = 0;; i++) {
		if (!beat(&s, number, i))
			(void)!write(out, "x", 1);
		bench_sleep(BEAT_S);
	}
}

struct crowd {
	pid_t pids[LOGINS];
	int count, in;
	int words; /* what they say */
	double took;
};

static void
gather(struct crowd *c, int count, bool beats)
{
	int pair[2], i;
	char said;

	*c = (struct crowd){.count = count};
	if (pipe(pair) == -1)
		bench_die("no pipe");
	c->took = -bench_now();
	for (i = 0; i < count; i++) {
		if ((c->pids[i] = fork()) == -1)
			bench_die("cannot fork");
		if (c->pids[i] == 0) {
			close(pair[0]);
			be_a_bot(pair[1], i, beats);
		}
	}
	close(pair[1]);
	c->words = pair[0];
	for (i = 0; i < count && read(c->words, &said, 1) == 1; i++)
		c->in += said == '1';
	c->took += bench_now();
}

/* How many beats went wrong. */
static int
scatter(struct crowd *c)
{
	int i, wrong = 0;
	char said;

	for (i = 0; i < c->count; i++)
		kill(c->pids[i], SIGKILL);
	for (i = 0; i < c->count; i++)
		waitpid(c->pids[i], NULL, 0);
	while (read(c->words, &said, 1) == 1)
		wrong++;
	close(c->words);
	return wrong;
}

/* ---- sshd's side ----------------------------------------------------- */

struct load {
	double pss_kib;
	unsigned long long ticks;
	int processes;
};

static double
pss_of(int pid)
{
	char path[64], line[256];
	double kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "Pss:", 4) == 0)
			kib = strtod(line + 4, NULL);
	fclose(f);
	return kib;
}

static unsigned long long
ticks_of(int pid)
{
	unsigned long long t[4] = {0, 0, 0, 0};
	char path[64], text[1024], *close;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	if ((close = strrchr(text, ')')) != NULL)
		(void)!sscanf(close + 1,
		    " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu "
		    "%llu %llu",
		    &t[0], &t[1], &t[2], &t[3]);
	return t[0] + t[1] + t[2] + t[3];
}

static void
look_below(int pid, struct load *all)
{
	char path[64], text[16384], *p = text, *end;
	FILE *f;
	size_t n;
	long child;

	all->pss_kib += pss_of(pid);
	all->ticks += ticks_of(pid);
	all->processes++;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	if ((f = fopen(path, "re")) == NULL)
		return;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	for (; (child = strtol(p, &end, 10)) > 0; p = end)
		look_below((int)child, all);
}

static void
tell(const char *name, const char *unit, double value, double bar)
{
	bench_figure(&(struct figure){
	    name, unit, value, NO_FIGURE, NO_FIGURE, AT_LEAST, bar});
}

int
main(int argc, char **argv)
{
	struct load before = {0, 0, 0}, after = {0, 0, 0};
	struct crowd c;
	int sshd, wrong;

	if (argc != 5)
		bench_die("usage: fleet_ssh PORT USER KEY SSHD-PID");
	port = argv[1];
	user = argv[2];
	key = argv[3];
	sshd = atoi(argv[4]);
	if (libssh2_init(0) != 0)
		bench_die("no libssh2");
	gather(&c, LOGINS, false);
	scatter(&c);
	bench_note("%d of %d logins at once got in, after %.1f s", c.in, LOGINS,
	    c.took);
	tell("fleet.ssh.logins", "of 150", c.in, LOGINS);
	tell("fleet.ssh.login", "s", c.took, NO_FIGURE);
	bench_sleep(2);
	gather(&c, BOTS, true);
	if (c.in != BOTS)
		bench_die("%d of %d bots are in", c.in, BOTS);
	bench_sleep(BEAT_S);
	look_below(sshd, &before);
	bench_sleep(MEASURE_S);
	look_below(sshd, &after);
	if ((wrong = scatter(&c)) > 0)
		bench_die("%d beats could not be pushed", wrong);
	bench_note("%d bots connected: %d processes below sshd", BOTS,
	    after.processes);
	tell("fleet.ssh.memory", "MiB PSS", after.pss_kib / 1024, NO_FIGURE);
	tell("fleet.ssh.cpu", "% of core",
	    100.0 * (double)(after.ticks - before.ticks) /
		(double)sysconf(_SC_CLK_TCK) / MEASURE_S,
	    NO_FIGURE);
	return 0;
}
