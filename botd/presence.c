/*
 * What tells that a machine is in use: times of terminals, counts of
 * interrupts, the load, and where the current comes from.  Each reader takes
 * what it finds; what is not there says nothing.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/presence.h"
#include "lib/base/buf.h"
#include "lib/base/fs.h"

#define FILE_MOST    (256u << 10)
#define CONSOLES     63
#define LEAST_OTHERS 100 /* percent of one core: always allowed */

static int
read_below(const char *root, const char *path, struct buf *out)
{
	struct buf full = BUF_INIT;
	ssize_t n = -1;
	int fd;

	buf_printf(&full, "%s/%s", root, path);
	fd = open(full.data, O_RDONLY | O_CLOEXEC);
	buf_release(&full);
	buf_reset(out);
	if (fd == -1)
		return -1;
	/* Files of /proc tell no size. */
	buf_grow(out, FILE_MOST + 1);
	n = fs_read_at(fd, out->data, FILE_MOST, 0);
	close(fd);
	if (n < 0)
		return -1;
	out->len = (size_t)n;
	out->data[n] = '\0';
	return 0;
}

/* ---- terminals ------------------------------------------------------- */

struct terminals {
	int64_t read_s; /* the latest */
};

static void
look_at_terminal(struct terminals *t, int dirfd, const char *name)
{
	struct stat st;

	/* A test's tree has plain files. */
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (S_ISCHR(st.st_mode) || S_ISREG(st.st_mode)) &&
	    st.st_atim.tv_sec > t->read_s)
		t->read_s = st.st_atim.tv_sec;
}

static int
look_at_pts(void *arg, int dirfd, const char *name)
{
	/* Not ptmx, which every terminal program opens. */
	if (name[strspn(name, "0123456789")] == '\0')
		look_at_terminal(arg, dirfd, name);
	return 0;
}

static int64_t
terminals_read(const char *root)
{
	struct terminals t = {0};
	struct buf path = BUF_INIT;
	char name[16];
	int dev, pts, i;

	buf_printf(&path, "%s/dev", root);
	dev = open(path.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	buf_release(&path);
	if (dev == -1)
		return 0;
	for (i = 1; i <= CONSOLES; i++) {
		snprintf(name, sizeof(name), "tty%d", i);
		look_at_terminal(&t, dev, name);
	}
	pts = openat(dev, "pts", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (pts != -1) {
		fs_each(pts, look_at_pts, &t, NULL);
		close(pts);
	}
	close(dev);
	return t.read_s;
}

/* ---- interrupts ------------------------------------------------------ */

static bool
is_input(const char *line)
{
	static const char *const devices[] = {"i8042", "xhci", "ehci", "ohci",
	    "uhci", "hid", "keyboard", "mouse", "touchpad"};
	size_t i;

	for (i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (strcasestr(line, devices[i]) != NULL)
			return true;
	return false;
}

/* " 12:  100  3  IR-IO-APIC 12-edge i8042": counts of all cores. */
static uint64_t
count_line(const char *line)
{
	const char *p = strchr(line, ':');
	uint64_t sum = 0;
	char *end;

	for (p = p == NULL ? "" : p + 1;; p = end) {
		p += strspn(p, " ");
		if (*p < '0' || *p > '9')
			return sum;
		sum += strtoull(p, &end, 10);
		if (*end != ' ')
			return sum; /* a word that begins with a digit */
	}
}

static uint64_t
count_input(const char *root)
{
	struct buf text = BUF_INIT;
	char *line, *next;
	uint64_t sum = 0;

	if (read_below(root, "proc/interrupts", &text) == 0)
		for (line = text.data; line != NULL; line = next) {
			next = strchr(line, '\n');
			if (next != NULL)
				*next++ = '\0';
			if (is_input(line))
				sum += count_line(line);
		}
	buf_release(&text);
	return sum;
}

/* ---- load and current ------------------------------------------------ */

static uint64_t
load_percent(const char *root)
{
	struct buf text = BUF_INIT;
	double load = 0;

	if (read_below(root, "proc/loadavg", &text) == 0)
		load = strtod(buf_text(&text), NULL);
	buf_release(&text);
	return load > 0 ? (uint64_t)(load * 100.0) : 0;
}

struct supplies {
	bool mains, online, draining;
};

static bool
says(int dirfd, const char *file, const char *word)
{
	char bytes[64] = "";
	ssize_t n;
	int fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return false;
	n = fs_read_at(fd, bytes, sizeof(bytes) - 1, 0);
	close(fd);
	bytes[n > 0 ? n : 0] = '\0';
	bytes[strcspn(bytes, "\n")] = '\0';
	return strcmp(bytes, word) == 0;
}

static int
look_at_supply(void *arg, int dirfd, const char *name)
{
	struct supplies *s = arg;
	/* Below /sys these are links. */
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return 0;
	if (says(fd, "type", "Mains") || says(fd, "type", "USB")) {
		s->mains |= says(fd, "type", "Mains");
		s->online |= says(fd, "online", "1");
	} else if (says(fd, "type", "Battery") &&
	    !says(fd, "scope", "Device")) {
		/* Not that of a mouse. */
		s->draining |= says(fd, "status", "Discharging");
	}
	close(fd);
	return 0;
}

static bool
on_battery(const char *root)
{
	struct supplies s = {false, false, false};
	struct buf path = BUF_INIT;
	int fd;

	buf_printf(&path, "%s/sys/class/power_supply", root);
	fd = open(path.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	buf_release(&path);
	if (fd == -1)
		return false;
	fs_each(fd, look_at_supply, &s, NULL);
	close(fd);
	if (s.online)
		return false;
	return s.mains || s.draining;
}

/* ---- together -------------------------------------------------------- */

void
presence_look(struct presence *p, struct presence_facts *f, const char *root,
    uint64_t now_ms, int64_t now_s)
{
	uint64_t count = count_input(root), quiet;
	int64_t read_s = terminals_read(root);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	/* Who starts a bot is there, as far as it knows. */
	if (!p->looked || count != p->interrupts)
		p->input_ms = now_ms;
	p->looked = true;
	p->interrupts = count;
	quiet = now_ms - p->input_ms;
	if (read_s != 0 && now_s - read_s >= 0 &&
	    (uint64_t)(now_s - read_s) * 1000 < quiet)
		quiet = (uint64_t)(now_s - read_s) * 1000;
	f->quiet_ms = quiet;
	f->load_percent = load_percent(root);
	f->cores = cores < 1 ? 1 : (unsigned)cores;
	f->on_battery = on_battery(root);
}

const char *
presence_why_busy(
    const struct presence_facts *f, uint64_t quiet_ms, unsigned busy)
{
	uint64_t ours = (uint64_t)busy * 100, most = (uint64_t)f->cores * 25;

	if (f->quiet_ms < quiet_ms)
		return "somebody is at the machine";
	if (most < LEAST_OTHERS)
		most = LEAST_OTHERS;
	if (f->load_percent > ours && f->load_percent - ours > most)
		return "the machine is busy with other things";
	return NULL;
}
