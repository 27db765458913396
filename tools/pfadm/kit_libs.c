/*
 * The libraries that a target asks for and its build does not bring, from the
 * machine where the kit is made: what the loader would find here, by
 * ld.so.cache and its default folders.  Nothing is run to learn that.
 */
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "tools/pfadm/kit.h"
#include "tools/pfadm/kit_elf.h"

#define CACHE_FILE  "/etc/ld.so.cache"
#define CACHE_MOST  (16u << 20)
#define CACHE_MAGIC "glibc-ld.so.cache1.1"
#define LIBS_MOST   512
#define PATH_BYTES  1024

/* An object whose needs are looked up; "host": by its path on this machine,
 * else by its path in the build. */
struct object {
	char path[PATH_BYTES];
	bool host;
};

struct closure {
	struct kit *k;
	const struct manifest *build;
	struct buf cache;
	uint16_t machine;
	struct object list[LIBS_MOST];
	int count;
	char names[LIBS_MOST][256]; /* that were looked for */
	int name_count;
};

/* ---- where libraries are ------------------------------------------------- */

static int
open_host(const char *path)
{
	/* Follows links, as the loader does: libc.so.6 may be one. */
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Opens a library of the right machine; -1. */
static int
open_fitting(const struct closure *c, const char *path)
{
	struct kit_elf *elf = mem_alloc(sizeof(*elf));
	int fd = open_host(path);
	struct err e;

	if (fd != -1 &&
	    (kit_elf_read(elf, fd, &e) == -1 || !elf->is_elf ||
		elf->machine != c->machine)) {
		close(fd);
		fd = -1;
	}
	free(elf);
	return fd;
}

static uint32_t
number(const struct buf *b, size_t offset)
{
	uint32_t n;

	memcpy(&n, b->data + offset, sizeof(n));
	return n;
}

static const char *
text_at(const struct buf *b, uint32_t offset)
{
	if (offset >= b->len ||
	    memchr(b->data + offset, '\0', b->len - offset) == NULL)
		return "";
	return b->data + offset;
}

/* Entries of 24 bytes behind a head of 48: flags, key, value, version, and
 * what the processor must have, 0 for all. */
static int
open_cached(const struct closure *c, const char *name, char path[PATH_BYTES])
{
	const struct buf *b = &c->cache;
	uint32_t i, count;
	uint64_t hwcap;
	size_t at;
	int fd;

	if (b->len < 48 ||
	    memcmp(b->data, CACHE_MAGIC, strlen(CACHE_MAGIC)) != 0)
		return -1;
	count = number(b, 20);
	for (i = 0; i < count; i++) {
		at = 48 + (size_t)i * 24;
		if (at + 24 > b->len)
			return -1;
		memcpy(&hwcap, b->data + at + 16, sizeof(hwcap));
		if (hwcap != 0 ||
		    strcmp(text_at(b, number(b, at + 4)), name) != 0)
			continue;
		if (!text_copy(path, PATH_BYTES, text_at(b, number(b, at + 8))))
			continue;
		if ((fd = open_fitting(c, path)) != -1)
			return fd;
	}
	return -1;
}

static int
open_default(const struct closure *c, const char *name, char path[PATH_BYTES])
{
	static const char *const folders[] = {"/lib/x86_64-linux-gnu",
	    "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu",
	    "/usr/lib/aarch64-linux-gnu", "/lib64", "/usr/lib64", "/lib",
	    "/usr/lib", NULL};
	int i, fd;

	for (i = 0; folders[i] != NULL; i++) {
		snprintf(path, PATH_BYTES, "%s/%s", folders[i], name);
		if ((fd = open_fitting(c, path)) != -1)
			return fd;
	}
	return -1;
}

/* ---- one name after the other -------------------------------------------- */

static bool
add_object(struct closure *c, const char *path, bool host)
{
	struct object *o = &c->list[c->count];

	if (c->count == LIBS_MOST || !text_copy(o->path, sizeof(o->path), path))
		return false;
	o->host = host;
	c->count++;
	return true;
}

static bool
in_build(struct closure *c, const char *folder, const char *name)
{
	char path[PATH_BYTES + 300];

	snprintf(path, sizeof(path), "%s%s%s", folder,
	    folder[0] == '\0' ? "" : "/", name);
	return manifest_find(c->build, path) != NULL &&
	    add_object(c, path, false);
}

/* "$ORIGIN/../lib:/opt/lib" of an object of the build. */
static bool
by_path_of(struct closure *c, const struct object *o, const char *path,
    const char *name)
{
	char folder[PATH_BYTES], part[PATH_BYTES], *slash;
	const char *rest;
	size_t n;

	text_copy(folder, sizeof(folder), o->path);
	slash = strrchr(folder, '/');
	*(slash == NULL ? folder : slash) = '\0';
	for (; *path != '\0'; path += n + (path[n] == ':')) {
		n = strcspn(path, ":");
		if (n == 0 || n >= sizeof(part))
			continue;
		memcpy(part, path, n);
		part[n] = '\0';
		if (strncmp(part, "$ORIGIN", 7) == 0)
			rest = part + 7;
		else if (strncmp(part, "${ORIGIN}", 9) == 0)
			rest = part + 9;
		else
			continue;
		rest += *rest == '/';
		if (rest[0] == '\0'
			? in_build(c, folder, name)
			: folder[0] == '\0' && in_build(c, rest, name))
			return true;
	}
	return false;
}

static int
take_host(struct closure *c, const char *name, struct err *e)
{
	char path[PATH_BYTES], to[300], from[PATH_BYTES + 20];
	int fd, got;

	if ((fd = open_cached(c, name, path)) == -1)
		fd = open_default(c, name, path);
	if (fd == -1) {
		buf_adds(&c->k->missing, "\t");
		text_clean_line(&c->k->missing, name, strlen(name), 255);
		buf_addc(&c->k->missing, '\n');
		return 0;
	}
	snprintf(to, sizeof(to), "lib/%s", name);
	snprintf(from, sizeof(from), "this machine: %s", path);
	got = kit_copy(c->k, to, true, fd, from, e);
	close(fd);
	if (got == 0)
		(void)add_object(c, path, true);
	return got;
}

static int
need(struct closure *c, const struct object *o, const char *path,
    const char *name, struct err *e)
{
	int i;

	/* A name, not a path: it becomes one of ours. */
	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
		return 0;
	for (i = 0; i < c->name_count; i++)
		if (strcmp(c->names[i], name) == 0)
			return 0;
	if (c->name_count == LIBS_MOST)
		return err_set(e, ERR_REFUSED,
		    "the target asks for more than %d libraries", LIBS_MOST);
	text_copy(c->names[c->name_count++], sizeof(c->names[0]), name);
	if (!o->host &&
	    (by_path_of(c, o, path, name) || in_build(c, "lib", name)))
		return 0;
	return take_host(c, name, e);
}

static int
open_object(const struct closure *c, const struct object *o)
{
	char path[PATH_BYTES + 10];

	if (o->host)
		return open_host(o->path);
	snprintf(path, sizeof(path), "build/%s", o->path);
	return openat(c->k->dir, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

static int
needs_of(struct closure *c, int which, struct kit_elf *elf, struct err *e)
{
	struct object o = c->list[which];
	int fd = open_object(c, &o), got, i;

	if (fd == -1)
		return err_sys(e, "cannot open '%s'", o.path);
	got = kit_elf_read(elf, fd, e);
	close(fd);
	if (which == 0)
		c->machine = elf->machine;
	for (i = 0; i < elf->count && got == 0; i++)
		got = need(c, &o, elf->path, elf->needs[i], e);
	return got;
}

/* The loader is asked for by its path, and has a name as a library, too. */
static int
take_loader(struct closure *c, const char *path, struct err *e)
{
	const char *name = strrchr(path, '/');
	char to[300], from[300];
	struct buf line = BUF_INIT;
	int fd, got = 0, i;

	buf_printf(&line, "%s\n", path);
	got = kit_put(c->k, "loader", &line, "the program", e);
	buf_release(&line);
	if (got == -1 || name == NULL || name[1] == '\0')
		return got;
	for (i = 0; i < c->name_count; i++)
		if (strcmp(c->names[i], name + 1) == 0)
			return 0;
	if ((fd = open_fitting(c, path)) == -1) {
		buf_printf(&c->k->missing, "\t%s\n", name + 1);
		return 0;
	}
	snprintf(to, sizeof(to), "lib%s", name);
	snprintf(from, sizeof(from), "this machine: %s", path);
	got = kit_copy(c->k, to, true, fd, from, e);
	close(fd);
	return got;
}

/*
 * Where systems have loaders.  A program may name any file of this machine,
 * and what it names comes into the kit; a newline would be a line of its own.
 */
static bool
is_loader(const char *path)
{
	static const char *const folders[] = {
	    "/lib", "/usr/lib", "/usr/local/lib", NULL};
	size_t i, n;

	for (i = 0; path[i] != '\0'; i++)
		if (path[i] <= ' ' || path[i] > '~')
			return false;
	if (strstr(path, "/.") != NULL)
		return false;
	for (i = 0; folders[i] != NULL; i++) {
		n = strlen(folders[i]);
		if (strncmp(path, folders[i], n) == 0)
			return true;
	}
	return false;
}

static int
close_over(struct closure *c, struct err *e)
{
	struct kit_elf *elf = mem_alloc(sizeof(*elf));
	char loader[sizeof(elf->loader)] = "";
	int i, got = 0;

	for (i = 0; i < c->count && got == 0; i++) {
		got = needs_of(c, i, elf, e);
		if (i == 0)
			text_copy(loader, sizeof(loader), elf->loader);
	}
	free(elf);
	if (!is_loader(loader))
		loader[0] = '\0';
	return got == 0 ? take_loader(c, loader, e) : -1;
}

int
kit_libraries(struct kit *k, const struct manifest *build, struct err *e)
{
	struct closure *c = mem_alloc(sizeof(*c));
	struct err none;
	int got;

	c->k = k;
	c->build = build;
	if (fs_read_file(AT_FDCWD, CACHE_FILE, &c->cache, CACHE_MOST, &none) ==
	    -1)
		buf_reset(&c->cache);
	got = 0;
	if (add_object(c, k->program, false))
		got = close_over(c, e);
	buf_release(&c->cache);
	free(c);
	return got;
}
