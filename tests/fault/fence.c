/*
 * fence UNIT COMMAND [ARG ...]: runs a command behind the filters that systemd
 * would put up for this unit file, on machines where systemd is not process 1.
 *
 * What is done here: NoNewPrivileges, UMask, Limit*, and all that systemd does
 * by seccomp: SystemCallFilter (its groups as `systemd-analyze syscall-filter`
 * lists them), MemoryDenyWriteExecute, RestrictNamespaces,
 * RestrictAddressFamilies, RestrictSUIDSGID, RestrictRealtime, LockPersonality.
 * Users, mounts and networks are the caller's.  A key of a kind that belongs
 * here and is not known is an error: no fence is left out by accident.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

#define SPACES    " \t\r\n"
#define NAMES_MAX 1024
#define DEPTH_MAX 8
#define ALL_NAMESPACES                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
	    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static _Noreturn void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("fence: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

/* ---- groups of system calls -------------------------------------------- */

/* What systemd-analyze says: "@group" at a line's start, then its members. */
struct groups {
	char *text;
	struct {
		const char *group, *member;
	} list[8192];
	size_t count;
};

static struct groups groups;

static char *
read_all(FILE *f)
{
	size_t len = 0, room = 0, n;
	char *text = NULL;

	do {
		room += 65536;
		if ((text = realloc(text, room + 1)) == NULL)
			die("no memory");
		n = fread(text + len, 1, room - len, f);
		len += n;
	} while (n > 0 && len == room);
	text[len] = '\0';
	return text;
}

static void
load_groups(void)
{
	FILE *f = popen("systemd-analyze --no-pager syscall-filter", "re");
	const char *group = NULL;
	char *line, *rest = NULL, *word;

	if (f == NULL)
		die("cannot ask systemd-analyze");
	groups.text = read_all(f);
	if (pclose(f) != 0)
		die("systemd-analyze does not tell its groups");
	for (line = strtok_r(groups.text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		word = line + strspn(line, " ");
		word[strcspn(word, SPACES)] = '\0';
		if (word == line) {
			group = word;
			continue;
		}
		if (group == NULL || word[0] == '#')
			continue;
		if (groups.count ==
		    sizeof(groups.list) / sizeof(groups.list[0]))
			die("too many system calls");
		groups.list[groups.count].group = group;
		groups.list[groups.count++].member = word;
	}
}

/* ---- a list of them ------------------------------------------------------ */

struct calls {
	bool deny; /* a list of what is not allowed */
	bool given;
	const char *names[NAMES_MAX];
	size_t count;
};

static void
set_one(struct calls *c, const char *name, bool in)
{
	size_t i;

	for (i = 0; i < c->count && strcmp(c->names[i], name) != 0; i++)
		;
	if (in && i == c->count) {
		if (c->count == NAMES_MAX)
			die("too many system calls");
		c->names[c->count++] = name;
	} else if (!in && i < c->count)
		c->names[i] = c->names[--c->count];
}

static void
set_name(struct calls *c, const char *name, bool in, int depth)
{
	bool found = false;
	size_t i;

	if (name[0] != '@') {
		set_one(c, name, in);
		return;
	}
	for (i = 0; i < groups.count; i++)
		if (strcmp(groups.list[i].group, name) == 0) {
			found = true;
			if (depth < DEPTH_MAX)
				set_name(
				    c, groups.list[i].member, in, depth + 1);
		}
	if (!found)
		die("there is no group '%s'", name);
}

/* The first line says whether the list allows or denies; further ones add to
 * it and take from it (systemd.exec(5)). */
static void
read_filter(struct calls *c, char *value)
{
	bool inverted = value[0] == '~', in;
	char *word, *rest = NULL;

	if (!c->given) {
		c->given = true;
		c->deny = inverted;
		if (!inverted)
			set_name(c, "@default", true, 0);
	}
	in = inverted == c->deny;
	for (word = strtok_r(value + inverted, SPACES, &rest); word != NULL;
	     word = strtok_r(NULL, SPACES, &rest))
		set_name(c, word, in, 0);
}

/* ---- filters ------------------------------------------------------------- */

static void
load(scmp_filter_ctx ctx)
{
	int rc = seccomp_load(ctx);

	if (rc < 0)
		die("cannot load a filter: %s", strerror(-rc));
	seccomp_release(ctx);
}

static scmp_filter_ctx
open_filter(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (ctx == NULL)
		die("cannot make a filter");
	return ctx;
}

static void
deny(scmp_filter_ctx ctx, const char *name, int error, unsigned count, ...)
{
	struct scmp_arg_cmp args[3];
	int call = seccomp_syscall_resolve_name(name), rc;
	unsigned i;
	va_list ap;

	va_start(ap, count);
	for (i = 0; i < count && i < 3; i++)
		args[i] = va_arg(ap, struct scmp_arg_cmp);
	va_end(ap);
	rc = seccomp_rule_add_array(
	    ctx, SCMP_ACT_ERRNO((unsigned)error), call, count, args);
	if (rc < 0)
		die("cannot deny %s: %s", name, strerror(-rc));
}

#define HAS(arg, bits) SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, bits, bits)

static void
filter_calls(const struct calls *c)
{
	uint32_t no = SCMP_ACT_ERRNO(EPERM);
	scmp_filter_ctx ctx;
	size_t i;
	int call;

	if (!c->given)
		return;
	ctx = seccomp_init(c->deny ? SCMP_ACT_ALLOW : no);
	if (ctx == NULL)
		die("cannot make a filter");
	for (i = 0; i < c->count; i++) {
		call = seccomp_syscall_resolve_name(c->names[i]);
		if (call != __NR_SCMP_ERROR)
			(void)seccomp_rule_add(
			    ctx, c->deny ? no : SCMP_ACT_ALLOW, call, 0);
	}
	load(ctx);
}

static void
filter_executable_memory(void)
{
	scmp_filter_ctx ctx = open_filter();

	deny(ctx, "mmap", EPERM, 1, HAS(2, PROT_EXEC | PROT_WRITE));
	deny(ctx, "mprotect", EPERM, 1, HAS(2, PROT_EXEC));
	deny(ctx, "pkey_mprotect", EPERM, 1, HAS(2, PROT_EXEC));
	deny(ctx, "shmat", EPERM, 1, HAS(2, SHM_EXEC));
	load(ctx);
}

static int
namespace_bit(const char *word)
{
	static const struct {
		const char *word;
		int bit;
	} all[] = {{"cgroup", CLONE_NEWCGROUP}, {"ipc", CLONE_NEWIPC},
	    {"net", CLONE_NEWNET}, {"mnt", CLONE_NEWNS}, {"pid", CLONE_NEWPID},
	    {"user", CLONE_NEWUSER}, {"uts", CLONE_NEWUTS}};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].word, word) == 0)
			return all[i].bit;
	die("there is no namespace '%s'", word);
}

static void
filter_namespaces(char *value)
{
	scmp_filter_ctx ctx;
	char *word, *rest = NULL;
	uint64_t left = ALL_NAMESPACES, bit;

	if (strcmp(value, "no") == 0)
		return;
	if (strcmp(value, "yes") != 0)
		for (word = strtok_r(value, SPACES, &rest); word != NULL;
		     word = strtok_r(NULL, SPACES, &rest))
			left &= ~(uint64_t)namespace_bit(word);
	if (left == 0)
		return;
	ctx = open_filter();
	deny(ctx, "clone3", ENOSYS, 0); /* its flags lie in memory */
	for (bit = 1; bit <= CLONE_NEWNET; bit *= 2)
		if ((left & bit) != 0) {
			deny(ctx, "unshare", EPERM, 1, HAS(0, bit));
			deny(ctx, "clone", EPERM, 1, HAS(0, bit));
			deny(ctx, "setns", EPERM, 1, HAS(1, bit));
		}
	deny(ctx, "setns", EPERM, 1, SCMP_CMP(1, SCMP_CMP_EQ, 0));
	load(ctx);
}

static void
filter_families(char *value)
{
	static const struct {
		const char *word;
		int family;
	} all[] = {{"AF_UNIX", AF_UNIX}, {"AF_INET", AF_INET},
	    {"AF_INET6", AF_INET6}, {"AF_NETLINK", AF_NETLINK}};
	scmp_filter_ctx ctx = open_filter();
	char *word, *rest = NULL;
	bool allowed[AF_MAX] = {false};
	size_t i;
	int n;

	for (word = strtok_r(value, SPACES, &rest); word != NULL;
	     word = strtok_r(NULL, SPACES, &rest)) {
		for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			if (strcmp(all[i].word, word) == 0)
				break;
		if (i == sizeof(all) / sizeof(all[0]))
			die("no family '%s' is known here", word);
		allowed[all[i].family] = true;
	}
	for (n = 0; n < AF_MAX; n++)
		if (!allowed[n])
			deny(ctx, "socket", EAFNOSUPPORT, 1,
			    SCMP_CMP(0, SCMP_CMP_EQ, (scmp_datum_t)n));
	deny(ctx, "socket", EAFNOSUPPORT, 1, SCMP_CMP(0, SCMP_CMP_GE, AF_MAX));
	load(ctx);
}

static void
filter_setid_bits(void)
{
	static const struct {
		const char *call;
		unsigned mode; /* which argument */
	} all[] = {{"chmod", 1}, {"fchmod", 1}, {"fchmodat", 2}, {"mkdir", 1},
	    {"mkdirat", 2}, {"mknod", 1}, {"mknodat", 2}, {"creat", 1}};
	scmp_filter_ctx ctx = open_filter();
	const uint64_t bits[] = {S_ISUID, S_ISGID};
	size_t i, b;

	for (b = 0; b < 2; b++) {
		for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			deny(ctx, all[i].call, EPERM, 1,
			    HAS(all[i].mode, bits[b]));
		deny(ctx, "open", EPERM, 2, HAS(1, O_CREAT), HAS(2, bits[b]));
		deny(ctx, "openat", EPERM, 2, HAS(2, O_CREAT), HAS(3, bits[b]));
	}
	load(ctx);
}

static void
filter_realtime(void)
{
	scmp_filter_ctx ctx = open_filter();

	deny(ctx, "sched_setscheduler", EPERM, 1,
	    SCMP_CMP(1, SCMP_CMP_EQ, SCHED_FIFO));
	deny(ctx, "sched_setscheduler", EPERM, 1,
	    SCMP_CMP(1, SCMP_CMP_EQ, SCHED_RR));
	load(ctx);
}

static void
filter_personality(void)
{
	scmp_filter_ctx ctx = open_filter();

	deny(ctx, "personality", EPERM, 1, SCMP_CMP(0, SCMP_CMP_NE, 0));
	load(ctx);
}

/* ---- the unit ------------------------------------------------------------ */

static struct calls calls;

static bool
is_yes(const char *value)
{
	return strcmp(value, "yes") == 0;
}

static void
limit(int what, const char *value)
{
	struct rlimit now, want;

	want.rlim_cur = want.rlim_max = (rlim_t)strtoull(value, NULL, 10);
	if (getrlimit(what, &now) == 0 && want.rlim_max > now.rlim_max)
		want = now;
	if (setrlimit(what, &want) == -1)
		die("cannot set a limit: %s", strerror(errno));
}

static void
obey(const char *key, char *value)
{
	if (strcmp(key, "SystemCallFilter") == 0)
		read_filter(&calls, value);
	else if (strcmp(key, "SystemCallErrorNumber") == 0) {
		if (strcmp(value, "EPERM") != 0)
			die("only EPERM is known here");
	} else if (strcmp(key, "MemoryDenyWriteExecute") == 0) {
		if (is_yes(value))
			filter_executable_memory();
	} else if (strcmp(key, "RestrictNamespaces") == 0)
		filter_namespaces(value);
	else if (strcmp(key, "RestrictAddressFamilies") == 0)
		filter_families(value);
	else if (strcmp(key, "RestrictSUIDSGID") == 0) {
		if (is_yes(value))
			filter_setid_bits();
	} else if (strcmp(key, "RestrictRealtime") == 0) {
		if (is_yes(value))
			filter_realtime();
	} else if (strcmp(key, "LockPersonality") == 0) {
		if (is_yes(value))
			filter_personality();
	} else if (strcmp(key, "UMask") == 0)
		umask((mode_t)strtoul(value, NULL, 8));
	else if (strcmp(key, "LimitCORE") == 0)
		limit(RLIMIT_CORE, value);
	else if (strcmp(key, "LimitNOFILE") == 0)
		limit(RLIMIT_NOFILE, value);
	else if (strncmp(key, "Restrict", 8) == 0 &&
	    strncmp(key, "Restart", 7) != 0)
		die("'%s' is not known here", key);
	else if ((strncmp(key, "SystemCall", 10) == 0 &&
		     strcmp(key, "SystemCallArchitectures") != 0) ||
	    strncmp(key, "Limit", 5) == 0 || strncmp(key, "Memory", 6) == 0)
		die("'%s' is not known here", key);
}

static void
obey_all(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text, *line, *rest = NULL, *value;
	size_t len;

	if (f == NULL)
		die("cannot open '%s'", path);
	text = read_all(f);
	fclose(f);
	for (line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (line[0] == '#' || (value = strchr(line, '=')) == NULL)
			continue;
		*value++ = '\0';
		for (len = strlen(value);
		     len > 0 && strchr(SPACES, value[len - 1]) != NULL; len--)
			value[len - 1] = '\0';
		obey(line, value);
	}
	filter_calls(&calls);
	free(text);
}

int
main(int argc, char **argv)
{
	if (argc < 3) {
		fputs("usage: fence UNIT COMMAND [ARG ...]\n", stderr);
		return 2;
	}
	load_groups();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		die("cannot give up privileges");
	obey_all(argv[1]);
	execvp(argv[2], argv + 2);
	die("cannot run '%s': %s", argv[2], strerror(errno));
}
