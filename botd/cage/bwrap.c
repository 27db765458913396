/*
 * bubblewrap's command line.  Each flag is there for a reason that was seen:
 * as root it keeps uid 0 and all capabilities unless told otherwise, and its
 * own --dev gives tty, ptmx and pts away.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "botd/cage/cage_internal.h"
#include "lib/base/buf.h"

#define SHM_BYTES "67108864"
#define DEV_BYTES "65536"

void
strings_add(struct strings *v, const char *text)
{
	v->list = mem_resize(v->list, (size_t)v->count + 2, sizeof(v->list[0]));
	v->list[v->count++] = text;
	v->list[v->count] = NULL;
}

static void
add_owned(struct strings *v, char *text)
{
	v->owned = mem_resize(
	    v->owned, (size_t)v->owned_count + 1, sizeof(v->owned[0]));
	v->owned[v->owned_count++] = text;
	strings_add(v, text);
}

static void
add_number(struct strings *v, const char *before, uint64_t n)
{
	struct buf text = BUF_INIT;

	buf_printf(&text, "%s%ju", before, (uintmax_t)n);
	add_owned(v, buf_detach(&text));
}

void
strings_release(struct strings *v)
{
	int i;

	for (i = 0; i < v->owned_count; i++)
		free(v->owned[i]);
	free(v->owned);
	free(v->list);
	*v = (struct strings){NULL, 0, NULL, 0};
}

static void
add3(struct strings *v, const char *a, const char *b, const char *c)
{
	strings_add(v, a);
	strings_add(v, b);
	if (c != NULL)
		strings_add(v, c);
}

/* /lib, /bin ...: links into /usr on merged systems, else folders. */
static void
add_system(struct strings *v)
{
	static const char *const names[] = {
	    "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", NULL};
	char target[256];
	struct stat st;
	ssize_t n;
	int i;

	add3(v, "--ro-bind", "/usr", "/usr");
	for (i = 0; names[i] != NULL; i++) {
		if (lstat(names[i], &st) == -1)
			continue;
		if (S_ISDIR(st.st_mode)) {
			add3(v, "--ro-bind", names[i], names[i]);
			continue;
		}
		n = readlink(names[i], target, sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = '\0';
		strings_add(v, "--symlink");
		add_owned(v, mem_strdup(target));
		strings_add(v, names[i]);
	}
	/* Libraries outside the default folders, and Debian's alternatives. */
	add3(v, "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache");
	add3(v, "--ro-bind-try", "/etc/alternatives", "/etc/alternatives");
}

static void
add_devices(struct strings *v)
{
	static const char *const devices[] = {"/dev/null", "/dev/zero",
	    "/dev/full", "/dev/random", "/dev/urandom", NULL};
	int i;

	add3(v, "--size", DEV_BYTES, NULL);
	add3(v, "--tmpfs", "/dev", NULL);
	for (i = 0; devices[i] != NULL; i++)
		add3(v, "--dev-bind", devices[i], devices[i]);
	add3(v, "--symlink", "/proc/self/fd", "/dev/fd");
	add3(v, "--perms", "1777", NULL);
	add3(v, "--size", SHM_BYTES, NULL);
	add3(v, "--tmpfs", "/dev/shm", NULL);
}

static void
add_env(struct strings *v, const char *const *env)
{
	struct buf name = BUF_INIT;
	const char *p;

	strings_add(v, "--clearenv");
	for (; env != NULL && *env != NULL; env++) {
		for (p = *env; *p != '\0' && *p != '='; p++)
			buf_addc(&name, *p);
		if (*p == '\0' || name.len == 0) {
			buf_reset(&name);
			continue;
		}
		strings_add(v, "--setenv");
		add_owned(v, buf_detach(&name));
		strings_add(v, p + 1);
	}
	buf_release(&name);
}

void
bwrap_command(struct strings *v, const struct cage_spec *s)
{
	static const char *const walls[] = {"bwrap", "--unshare-all",
	    "--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop",
	    "ALL", "--disable-userns", "--die-with-parent", "--new-session",
	    "--hostname", "cage", NULL};
	int i;

	for (i = 0; walls[i] != NULL; i++)
		strings_add(v, walls[i]);
	add_env(v, s->env);
	add_system(v);
	/* Root outside still owns /proc/sys/ and the like inside, capabilities
	 * or not: nothing in /proc can be written. */
	add3(v, "--proc", "/proc", NULL);
	add3(v, "--remount-ro", "/proc", NULL);
	add_devices(v);
	add3(v, "--perms", "1777", NULL);
	strings_add(v, "--size");
	add_number(v, "", s->tmp_bytes);
	add3(v, "--tmpfs", "/tmp", NULL);
	for (i = 0; i < s->bind_count; i++)
		add3(v, s->binds[i].writable ? "--bind" : "--ro-bind",
		    s->binds[i].from, s->binds[i].to);
	add3(v, "--remount-ro", "/dev", NULL);
	add3(v, "--remount-ro", "/", NULL);
	if (s->dir != NULL)
		add3(v, "--chdir", s->dir, NULL);
	strings_add(v, "--");
	/* Counted in the new user namespace, so that only this cage's
	 * processes count; for root the cgroup does it. */
	if (s->processes != 0 && geteuid() != 0) {
		strings_add(v, "/usr/bin/prlimit");
		add_number(v, "--nproc=", s->processes);
		strings_add(v, "--");
	}
	for (i = 0; s->argv[i] != NULL; i++)
		strings_add(v, s->argv[i]);
}
