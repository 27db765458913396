/*
 * A target that tries to leave its cage, and prints what it managed: a line
 * "escape: NAME yes|no DETAIL" for each probe and "escape: managed N" last.
 * Harmless outside a cage too: what it makes it removes, what it forks it
 * ends.
 *
 * As a fuzz target it probes once, with the first input, and then aborts if
 * it managed anything: a job over it finds no crash when the cage holds.  As
 * a program (-DESCAPE_MAIN) its arguments name the probes, none means all;
 * the exit code is 1 when it managed something.  Two more words are for tests
 * of stopping: "linger" leaves a child in a session of its own behind, and
 * "sleep" ignores SIGTERM; both for ten minutes.
 *
 * The test says what must not be reached:
 *
 *	ESCAPE_PORT	a TCP port on the host's loopback that listens
 *	ESCAPE_SOCKET	a Unix socket of the host that listens
 *	ESCAPE_FILE	a file of the host that can be read
 *	ESCAPE_PID	a process of the host
 */
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORKS     500
#define HUGE_FILE ((off_t)16 << 30)

static int managed;

static void
say(const char *probe, bool yes, const char *detail)
{
	fprintf(
	    stderr, "escape: %s %s %s\n", probe, yes ? "yes" : "no", detail);
	if (yes)
		managed++;
}

/* Say how a call went: r of -1 is no, with errno. */
static void
say_call(const char *probe, int r)
{
	say(probe, r != -1, r == -1 ? strerror(errno) : "done");
}

static long
number_from(const char *name)
{
	const char *text = getenv(name);

	return text != NULL ? atol(text) : 0;
}

/* ---- files --------------------------------------------------------------- */

static void
write_in(const char *folder)
{
	char path[512], probe[600];
	int fd;

	snprintf(path, sizeof(path), "%s/pandafuzz-escape-%d", folder,
	    (int)getpid());
	snprintf(probe, sizeof(probe), "write:%s", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	say_call(probe, fd);
	if (fd != -1) {
		unlink(path);
		close(fd);
	}
}

static void
probe_write(void)
{
	static const char *const folders[] = {"/", "/etc", "/usr", "/usr/bin",
	    "/var", "/var/tmp", "/var/lib", "/root", "/home", "/opt", "/boot",
	    "/proc/sys/kernel", "/sys", "/run"};
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		write_in(folders[i]);
}

static void
read_from(const char *path)
{
	char probe[600];
	int fd;

	snprintf(probe, sizeof(probe), "read:%s", path);
	fd = open(path, O_RDONLY);
	say_call(probe, fd);
	if (fd != -1)
		close(fd);
}

static void
probe_read(void)
{
	const char *file = getenv("ESCAPE_FILE");

	read_from("/etc/shadow");
	read_from("/root/.ssh");
	read_from("/dev/kmsg");
	read_from("/dev/mem");
	if (file != NULL)
		read_from(file);
}

/* One byte far out: sparse, so that a success costs nothing. */
static void
probe_huge(void)
{
	char path[64];
	int fd, r;

	signal(SIGXFSZ, SIG_IGN);
	snprintf(path, sizeof(path), "/tmp/pandafuzz-huge-%d", (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd == -1) {
		say_call("huge", -1);
		return;
	}
	r = pwrite(fd, "x", 1, HUGE_FILE) == 1 ? 0 : -1;
	say_call("huge", r);
	unlink(path);
	close(fd);
}

/* ---- network ------------------------------------------------------------- */

static int
connect_to(const char *address, int port)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	int fd, r;

	in.sin_port = htons((uint16_t)port);
	inet_pton(AF_INET, address, &in.sin_addr);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	r = connect(fd, (struct sockaddr *)&in, sizeof(in));
	if (r == -1 && errno == EINPROGRESS) {
		/* On loopback the answer is there at once. */
		usleep(50000);
		r = connect(fd, (struct sockaddr *)&in, sizeof(in));
		if (r == -1 && (errno == EALREADY || errno == EISCONN))
			r = 0;
	}
	close(fd);
	return r;
}

static void
probe_net(void)
{
	const char *path = getenv("ESCAPE_SOCKET");
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct if_nameindex *names = if_nameindex();
	char found[256] = "";
	int i, fd, r;

	for (i = 0; names != NULL && names[i].if_index != 0; i++)
		if (strcmp(names[i].if_name, "lo") != 0 &&
		    strlen(found) + strlen(names[i].if_name) + 2 <
			sizeof(found)) {
			strcat(found, names[i].if_name);
			strcat(found, " ");
		}
	if (names != NULL)
		if_freenameindex(names);
	say("interfaces", found[0] != '\0', found[0] != '\0' ? found : "none");
	/* TEST-NET: nobody is there, but a route to it would be one out, and
	 * a refusal comes from somebody outside. */
	r = connect_to("192.0.2.1", 9);
	say_call("route", r == -1 && errno == ECONNREFUSED ? 0 : r);
	if (number_from("ESCAPE_PORT") > 0)
		say_call("port",
		    connect_to("127.0.0.1", (int)number_from("ESCAPE_PORT")));
	if (path == NULL || strlen(path) >= sizeof(un.sun_path))
		return;
	strcpy(un.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	r = connect(fd, (struct sockaddr *)&un, sizeof(un));
	say_call("unix", r);
	close(fd);
}

/* ---- processes and rights ------------------------------------------------ */

/* The bomb, small: it is a yes when FORKS children can live at a time. */
static void
probe_fork(void)
{
	static pid_t children[FORKS];
	char detail[64];
	int n, i, why = 0;

	for (n = 0; n < FORKS; n++) {
		children[n] = fork();
		if (children[n] == -1) {
			why = errno;
			break;
		}
		if (children[n] == 0) {
			alarm(60); /* should the parent die */
			pause();
			_exit(0);
		}
	}
	for (i = 0; i < n; i++)
		kill(children[i], SIGKILL);
	for (i = 0; i < n; i++)
		waitpid(children[i], NULL, 0);
	snprintf(detail, sizeof(detail), "%d children, then %s", n,
	    why != 0 ? strerror(why) : "enough");
	say("fork", n == FORKS, detail);
}

static void
probe_rights(void)
{
	pid_t pid = (pid_t)number_from("ESCAPE_PID");
	int child, status;

	say("root", geteuid() == 0, geteuid() == 0 ? "uid 0" : "another uid");
	say_call("setuid", geteuid() == 0 ? 0 : setuid(0));
	say_call("mount", mount("none", "/tmp", "tmpfs", 0, "size=4k"));
	if (pid > 0) {
		say_call("signal", kill(pid, 0));
		say_call("ptrace", (int)ptrace(PTRACE_ATTACH, pid, NULL, NULL));
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
	/* In a child, because it changes who we are. */
	child = fork();
	if (child == 0)
		_exit(unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
	if (child > 0 && waitpid(child, &status, 0) == child)
		say("userns", status == 0,
		    status == 0 ? "done" : "not permitted");
}

static void
probe_environment(void)
{
	static const char *const names[] = {"SSH_AUTH_SOCK", "SSH_CONNECTION",
	    "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "NOTIFY_SOCKET"};
	char probe[64];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(probe, sizeof(probe), "env:%s", names[i]);
		say(probe, getenv(names[i]) != NULL,
		    getenv(names[i]) != NULL ? "set" : "not set");
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} probes[] = {
    {"write", probe_write},
    {"read", probe_read},
    {"huge", probe_huge},
    {"net", probe_net},
    {"fork", probe_fork},
    {"rights", probe_rights},
    {"env", probe_environment},
};

/* Run the probe of that name, or all. */
static void
probe(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		if (name == NULL || strcmp(name, probes[i].name) == 0)
			probes[i].run();
}

#ifdef ESCAPE_MAIN
static void
linger(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		sleep(600);
		_exit(0);
	}
	fprintf(stderr, "escape: linger pid %d\n", (int)pid);
}

int
main(int argc, char **argv)
{
	int i;

	if (argc == 1)
		probe(NULL);
	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "linger") == 0)
			linger();
		else if (strcmp(argv[i], "sleep") == 0) {
			signal(SIGTERM, SIG_IGN);
			signal(SIGINT, SIG_IGN);
			sleep(600);
		} else
			probe(argv[i]);
	}
	fprintf(stderr, "escape: managed %d\n", managed);
	return managed > 0 ? 1 : 0;
}
#else
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool probed;

	(void)data;
	if (probed || size == 0)
		return 0;
	probed = true;
	probe(NULL);
	fprintf(stderr, "escape: managed %d\n", managed);
	if (managed > 0)
		abort();
	return 0;
}
#endif
