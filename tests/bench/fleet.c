/*
 * Many bots: fleet [SECONDS [BOTS ...]].  For each number of bots a masterd in
 * a ROOT of its own and as many simulated bots (fleet.h); when all have joined
 * and settled, what masterd needs is measured for so many seconds.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "tests/bench/bench.h"
#include "tests/bench/fleet.h"

#define SECONDS   40
#define SETTLE_S  (2 * FLEET_BEAT_S + 5)
#define MORE_S    (FLEET_BEAT_S)
#define DRAIN_S   30
#define BAR_COUNT 1000 /* the size that the bars are for */

struct ticks {
	unsigned long long own, children;
};

struct disk {
	pid_t pid;
	int samples;
};

struct row {
	double disk_p99;
	double seconds, own, children, rss_mib;
	int beats, findings;
	double beat_p50, beat_p99, finding_p50, finding_p99, p99, most;
};

struct run {
	struct fleet fleet;
	struct loop_source *timer;
	double until;
	double rss_kib; /* the most that was seen */
	void (*each)(struct run *r);
};

/* ---- processor time -------------------------------------------------- */

static bool
read_ticks(int pid, unsigned long long t[4])
{
	char path[64], text[1024], *close;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	return (close = strrchr(text, ')')) != NULL &&
	    sscanf(close + 1,
		" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu "
		"%llu",
		&t[0], &t[1], &t[2], &t[3]) == 4;
}

/* masterd's, and that of all its children, gone or not. */
static struct ticks
ticks_of(int pid)
{
	unsigned long long t[4];
	struct ticks all = {0, 0};
	char path[64], text[4096], *p = text, *end;
	FILE *f;
	size_t n;
	long child;

	if (!read_ticks(pid, t))
		bench_die("masterd has gone");
	all.own = t[0] + t[1];
	all.children = t[2] + t[3];
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	if ((f = fopen(path, "re")) == NULL)
		return all;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	for (; (child = strtol(p, &end, 10)) > 0; p = end)
		if (read_ticks((int)child, t))
			all.children += t[0] + t[1] + t[2] + t[3];
	return all;
}

static double
percent(unsigned long long ticks, double seconds)
{
	return 100.0 * (double)ticks / (double)sysconf(_SC_CLK_TCK) / seconds;
}

/* ---- the disk ---------------------------------------------------------- */

/* What a commit waits for at least: bytes and their folder on the disk. */
static _Noreturn void
sample_disk(const char *folder, int out)
{
	static const char bytes[4096];
	double took;
	int fd = -1, dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dir != -1)
		fd = openat(
		    dir, "disk-sample", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		_exit(1);
	for (;;) {
		took = bench_now();
		if (pwrite(fd, bytes, sizeof(bytes), 0) == -1 ||
		    fsync(fd) == -1 || syncfs(dir) == -1)
			_exit(1);
		took = (bench_now() - took) * 1000;
		if (write(out, &took, sizeof(took)) != sizeof(took))
			_exit(0);
		bench_sleep(0.5);
	}
}

/* A process apart: the bench must not wait for it. */
static void
disk_start(struct disk *d, const char *folder)
{
	int pair[2];

	if (pipe(pair) == -1 || (d->pid = fork()) == -1)
		bench_die("cannot ask the disk");
	if (d->pid == 0) {
		close(pair[0]);
		sample_disk(folder, pair[1]);
	}
	close(pair[1]);
	d->samples = pair[0];
}

static double
disk_stop(struct disk *d)
{
	struct fleet_times t = {NULL, 0, 0};
	double p99, one;

	kill(d->pid, SIGKILL);
	waitpid(d->pid, NULL, 0);
	while (read(d->samples, &one, sizeof(one)) == sizeof(one)) {
		t.v = mem_resize(t.v, (size_t)t.count + 1, sizeof(*t.v));
		t.v[t.count++] = one;
	}
	close(d->samples);
	p99 = t.count == 0 ? 0 : bench_share(t.v, t.count, 0.99);
	free(t.v);
	return p99;
}

/* ---- phases ---------------------------------------------------------- */

static void
on_second(void *arg)
{
	struct run *r = arg;

	if (r->each != NULL)
		r->each(r);
	if (bench_now() >= r->until)
		loop_quit(r->fleet.loop, 0);
	else
		loop_timer_set(r->timer, 1000, NULL);
}

static void
go_on(struct run *r, double seconds, void (*each)(struct run *))
{
	struct err e;

	r->until = bench_now() + seconds;
	r->each = each;
	loop_timer_set(r->timer, 1000, NULL);
	if (loop_run(r->fleet.loop, &e) == -1)
		bench_die_err(&e);
}

static void
look_at_memory(struct run *r)
{
	double kib = (double)master_memory(&r->fleet.master, "VmRSS");

	if (kib > r->rss_kib)
		r->rss_kib = kib;
}

/* Had work for each slot: of many bots some are always between two leases. */
static bool
all_joined(const struct fleet *f)
{
	const struct fleet_bot *b;
	int i;

	for (i = 0, b = f->bots; i < f->count; i++, b++)
		if (b->done_at + (unsigned)b->lease_count < FLEET_SLOTS)
			return false;
	return true;
}

static void
wait_for_all(struct run *r)
{
	double give_up = bench_now() + 120;

	go_on(r, SETTLE_S, NULL);
	while (!all_joined(&r->fleet)) {
		if (bench_now() > give_up) {
			bench_note("not every bot has work");
			return;
		}
		go_on(r, MORE_S, NULL);
	}
}

/* Nothing new is said; what was said is to be taken in. */
static void
drain(struct run *r)
{
	struct fleet *f = &r->fleet;
	double give_up = bench_now() + DRAIN_S;
	bool waits;
	int i;

	for (i = 0; i < f->count; i++)
		loop_timer_off(f->bots[i].timer);
	do {
		go_on(r, 1, NULL);
		waits = false;
		for (i = 0; i < f->count; i++)
			waits |= f->bots[i].pending_count > 0 ||
			    f->bots[i].beat_pushed != 0;
	} while (waits && bench_now() < give_up);
	if (!waits)
		fleet_verify(f);
	else if (f->count > BAR_COUNT)
		bench_note("masterd does not keep up with so many");
	else
		bench_die("masterd does not keep up with %d bots", f->count);
}

/* ---- figures --------------------------------------------------------- */

static double
share(struct fleet_times *t, double share)
{
	return t->count == 0 ? 0 : bench_share(t->v, t->count, share);
}

static void
fill_row(struct row *row, struct fleet *f)
{
	struct fleet_times all = {NULL, 0, 0};

	row->beats = f->beats.count;
	row->findings = f->findings.count;
	row->beat_p50 = share(&f->beats, 0.5);
	row->beat_p99 = share(&f->beats, 0.99);
	row->finding_p50 = share(&f->findings, 0.5);
	row->finding_p99 = share(&f->findings, 0.99);
	all.room = all.count = f->beats.count + f->findings.count;
	all.v = mem_array((size_t)all.room + 1, sizeof(*all.v));
	memcpy(all.v, f->beats.v, (size_t)f->beats.count * sizeof(*all.v));
	memcpy(all.v + f->beats.count, f->findings.v,
	    (size_t)f->findings.count * sizeof(*all.v));
	row->p99 = share(&all, 0.99);
	row->most = share(&all, 1);
	free(all.v);
}

static void
tell(const struct row *row, int count)
{
	char name[4][48];
	bool barred = count == BAR_COUNT;

	snprintf(name[0], sizeof(name[0]), "fleet.%d.p99", count);
	snprintf(name[1], sizeof(name[1]), "fleet.%d.cpu", count);
	snprintf(name[2], sizeof(name[2]), "fleet.%d.memory", count);
	bench_figure(&(struct figure){name[0], "ms", row->p99, NO_FIGURE,
	    NO_FIGURE, BELOW, barred ? 1000 : NO_FIGURE});
	snprintf(name[3], sizeof(name[3]), "fleet.%d.disk-p99", count);
	bench_figure(&(struct figure){name[3], "ms", row->disk_p99, NO_FIGURE,
	    NO_FIGURE, BELOW, NO_FIGURE});
	bench_figure(
	    &(struct figure){name[1], "% of core", row->own + row->children,
		NO_FIGURE, NO_FIGURE, BELOW, barred ? 50 : NO_FIGURE});
	bench_figure(&(struct figure){name[2], "MiB", row->rss_mib, NO_FIGURE,
	    NO_FIGURE, BELOW, barred ? 64 : NO_FIGURE});
}

static void
measure(int count, double seconds, struct row *row)
{
	static struct run r;
	struct ticks before, after;
	struct disk disk;
	struct err e;
	double began;

	r.rss_kib = 0;
	fleet_open(&r.fleet, count);
	if ((r.timer = loop_timer(r.fleet.loop, on_second, &r, &e)) == NULL)
		bench_die_err(&e);
	wait_for_all(&r);
	disk_start(&disk, r.fleet.path);
	before = ticks_of(r.fleet.master.pid);
	began = bench_now();
	r.fleet.measuring = true;
	go_on(&r, seconds, look_at_memory);
	r.fleet.measuring = false;
	row->seconds = bench_now() - began;
	row->disk_p99 = disk_stop(&disk);
	after = ticks_of(r.fleet.master.pid);
	row->own = percent(after.own - before.own, row->seconds);
	row->children = percent(after.children - before.children, row->seconds);
	row->rss_mib = r.rss_kib / 1024;
	fill_row(row, &r.fleet);
	drain(&r);
	bench_note("%d bots: %d leases taken, %d completed, %d status.json "
		   "read, %d beats overtaken%s",
	    count, r.fleet.taken, r.fleet.completed, r.fleet.statuses,
	    r.fleet.overtaken,
	    r.fleet.lost ? "; events were lost, times are longer than true"
			 : "");
	fleet_close(&r.fleet);
}

static void
tell_row(const struct row *r, int count)
{
	bench_note("%5d %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f %7.1f %7.1f "
		   "%6.1f %8.1f",
	    count, r->beats / r->seconds, r->findings / r->seconds, r->beat_p50,
	    r->beat_p99, r->finding_p50, r->finding_p99, r->most, r->own,
	    r->children, r->rss_mib, r->disk_p99);
}

int
main(int argc, char **argv)
{
	static const int sizes[] = {10, 100, 1000, 5000};
	struct rlimit files = {65536, 65536};
	struct row rows[8];
	int counts[8], n, i;
	double seconds = argc > 1 ? atof(argv[1]) : SECONDS;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	n = argc > 2 ? argc - 2 : 4;
	for (i = 0; i < n && i < 8; i++) {
		counts[i] = argc > 2 ? atoi(argv[i + 2]) : sizes[i];
		if (counts[i] < 1 || counts[i] > 50000)
			bench_die("usage: fleet [SECONDS [BOTS ...]]");
		measure(counts[i], seconds, &rows[i]);
		tell(&rows[i], counts[i]);
	}
	bench_note("                           beats, ms      findings, ms"
		   "               CPU, %%");
	bench_note(" bots  beats/s findgs/s      p50      p99      p50      "
		   "p99     most masterd childrn    MiB disk p99");
	for (i = 0; i < n && i < 8; i++)
		tell_row(&rows[i], counts[i]);
	return 0;
}
