/*
 * A master that has 1,000,000 crashes: how long the first page of the list of
 * bugs takes, how much memory it holds then, and what it costs to take one more
 * in.  Rows are made through masterd/db as bundles make them; files lie there
 * for the last 10,000.  Bugs are few and crashes many, as it is: half of all
 * crashes are of 25 of the 5,000 bugs.
 *
 * CRASHES in the environment makes it smaller, to try it.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "masterd/db/bots.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/facts.h"
#include "tests/bench/bench.h"
#include "tests/bench/master.h"

#define BUGS     5000
#define MANY     25 /* that half of all crashes are of */
#define TARGETS  20
#define FILES    10000
#define A_COMMIT 2000
#define ASKED    21
#define BASE_MS  1790000000000ull

static struct err e;

struct million {
	struct db *db;
	int root;
	int64_t bot;
	uint64_t crashes, random;
	struct facts_place places[TARGETS];
	struct triage *triage; /* of each bug */
	struct buf *facts;
};

static void
must(int result)
{
	if (result == -1)
		bench_die_err(&e);
}

static uint64_t
rnd(struct million *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random;
}

/* A report of its own for each bug, through the real triage. */
static void
make_bug(struct million *m, int bug)
{
	static const char *const kinds[] = {"heap-buffer-overflow",
	    "heap-use-after-free", "stack-buffer-overflow", "SEGV"};
	static struct facts facts;
	struct buf report = BUF_INIT;
	int i;

	buf_printf(&report,
	    "==7==ERROR: AddressSanitizer: %s on address 0x602000000%03x at pc "
	    "0x55 bp 0x7f sp 0x7f\nREAD of size 4 at 0x602000000010 thread "
	    "T0\n",
	    kinds[bug % 4], (unsigned)bug % 0xfff);
	for (i = 0; i < 12; i++)
		buf_printf(&report,
		    "    #%d 0x55%06x in part%d::function_%d(char const*, "
		    "int) /src/project/part%d.cc:%d:7\n",
		    i, (unsigned)(bug * 16 + i), bug / 40,
		    i < 3 ? bug * 3 + i : i, bug / 40, bug % 900 + i);
	buf_printf(&report, "SUMMARY: AddressSanitizer: %s part.cc:1\n",
	    kinds[bug % 4]);
	(void)facts_read(&facts, report.data, report.len);
	facts_write(&m->facts[bug], &facts);
	triage_settle(
	    &m->triage[bug], &facts, rules_of(rules_base(), "p0"), "target");
	buf_release(&report);
}

static void
make_places(struct million *m)
{
	struct facts_place *p;
	int i;

	for (i = 0; i < TARGETS; i++) {
		p = &m->places[i];
		snprintf(p->project.text, sizeof(p->project.text), "p%d",
		    i * 2 / TARGETS);
		snprintf(p->name.text, sizeof(p->name.text), "target-%d", i);
		must(facts_make_target(m->db, p, BASE_MS, &e));
	}
}

/* ---- crashes --------------------------------------------------------- */

static void
put(int dir, const char *name, const void *bytes, size_t len)
{
	must(fs_replace(dir, name, bytes, len, 0640, false, &e));
}

static void
make_files(struct million *m, const struct facts_place *p,
    const struct digest *sha256, const struct buf *facts)
{
	char path[PATH_MAX];
	int dir;

	snprintf(path, sizeof(path), "crashes/%s/%s/%s", p->project.text,
	    p->name.text, digest_hex(sha256).text);
	dir = fs_make_dir_open(m->root, path, 0750, &e);
	must(dir);
	put(dir, "input", sha256->bytes, DIGEST_SIZE);
	put(dir, "meta.json", "{}\n", 3);
	put(dir, "report.txt", facts->data, facts->len);
	close(dir);
}

static void
add_crash(struct million *m, uint64_t n)
{
	int bug = (int)(rnd(m) % (rnd(m) % 2 ? MANY : BUGS));
	struct facts_place *p = &m->places[bug % TARGETS];
	struct bundle_header h = {.epoch = 7, .seq = n + 1, .job = 9};
	struct record r = {.type = REC_CRASH, .has_payload = true};
	struct facts_crash c = {.place = p,
	    .header = &h,
	    .record = &r,
	    .triage = &m->triage[bug],
	    .line = 2,
	    .bot = m->bot,
	    .has_input = n + FILES >= m->crashes,
	    .now_ms = BASE_MS + n * 1000,
	    .facts = buf_text(&m->facts[bug]),
	    .command = "target\n-timeout=25\ninput",
	    .environment = "ASAN_OPTIONS=exitcode=77",
	    .parents = "mutation ChangeByte"};
	struct facts_bucket b;

	digest_of(&r.sha256, &n, sizeof(n));
	snprintf(r.word, sizeof(r.word), "libfuzzer");
	snprintf(r.word2, sizeof(r.word2), "address");
	r.n[CRASH_INPUT_SIZE] = 20 + rnd(m) % 4000;
	r.n[CRASH_TRIES] = 10;
	r.n[CRASH_REPRODUCED] = rnd(m) % 11;
	r.n[CRASH_FOUND_MS] = c.now_ms;
	must(facts_add_crash(m->db, &c, &b, &e));
	if (c.has_input)
		make_files(m, p, &r.sha256, &m->facts[bug]);
}

static void
commit(struct million *m)
{
	must(db_commit(m->db, &e));
	if (db_checkpoint_due(m->db))
		must(db_checkpoint(m->db, &e));
	must(db_begin(m->db, &e));
}

/* Nothing is owed: copies are written, links are made. */
static void
be_up_to_date(struct million *m)
{
	char last[24];

	snprintf(last, sizeof(last), "%ju", (uintmax_t)m->crashes);
	must(db_set_setting(m->db, "linked_crash", last, &e));
	must(db_run(m->db, &e, "DELETE FROM dirty", ""));
	must(fs_make_dirs(m->root, "buckets", 0750, &e));
}

static void
fill(struct million *m)
{
	double began, last = 0;
	uint64_t n;
	int i;

	m->triage = mem_array(BUGS, sizeof(*m->triage));
	m->facts = mem_array(BUGS, sizeof(*m->facts));
	for (i = 0; i < BUGS; i++)
		make_bug(m, i);
	must(db_leave_out_syncs(m->db, &e));
	must(db_begin(m->db, &e));
	must(bots_get(m->db, "local", "b1", BASE_MS, &m->bot, &e));
	make_places(m);
	began = bench_now();
	for (n = 0; n < m->crashes; n++) {
		if (n + A_COMMIT == m->crashes)
			last = bench_now();
		add_crash(m, n);
		if (n % A_COMMIT == A_COMMIT - 1)
			commit(m);
	}
	bench_note("%ju crashes in %.0f s", (uintmax_t)m->crashes,
	    bench_now() - began);
	bench_figure(&(struct figure){"million.crash", "ms",
	    (bench_now() - last) * 1000 / A_COMMIT, NO_FIGURE, NO_FIGURE, BELOW,
	    1});
	be_up_to_date(m);
	must(db_commit(m->db, &e));
	must(db_checkpoint(m->db, &e));
}

/* ---- what a person asks ---------------------------------------------- */

/* Milliseconds of one request, its answer read in full. */
static double
ask(const struct master *m, const char *what)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char request[256], answer[65536];
	double began = bench_now();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good = false;
	ssize_t n;

	snprintf(to.sun_path, sizeof(to.sun_path),
	    "/proc/self/fd/%d/run/admin.sock", m->root);
	snprintf(request, sizeof(request),
	    "GET /api/v1/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	    what);
	if (fd == -1 || connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1 ||
	    write(fd, request, strlen(request)) != (ssize_t)strlen(request))
		bench_die("the admin socket does not answer");
	while ((n = read(fd, answer, sizeof(answer))) > 0)
		if (!good)
			good =
			    n >= 12 && memcmp(answer, "HTTP/1.1 200", 12) == 0;
	close(fd);
	if (!good)
		bench_die("GET %s: not answered", what);
	return (bench_now() - began) * 1000;
}

static void
figure(const struct master *m, const char *name, const char *what, double bar)
{
	double took[ASKED];
	int i;

	for (i = 0; i < ASKED; i++)
		took[i] = ask(m, what);
	bench_figure(&(struct figure){name, "ms", bench_median(took, ASKED),
	    NO_FIGURE, NO_FIGURE, AT_MOST, bar});
}

int
main(void)
{
	struct million m = {.crashes = 1000000, .random = 88172645463325252u};
	struct feed f = {.bot = "b1", .epoch = 0x3e3};
	struct master master;
	char path[PATH_MAX];
	int fd;

	if (getenv("CRASHES") != NULL &&
	    (text_to_u64(&m.crashes, getenv("CRASHES")) == -1 ||
		m.crashes < A_COMMIT))
		bench_die("CRASHES is no number, or below %d", A_COMMIT);
	snprintf(path, sizeof(path), "%s/master", bench_folder_in_memory(&fd));
	must(fs_make_dirs(fd, "master", 0750, &e));
	must(m.root = fs_open_dir(fd, "master", &e));
	if ((m.db = db_open(m.root, &e)) == NULL)
		bench_die_err(&e);
	fill(&m);
	db_close(m.db);
	master_start(&master, path, &f);
	figure(&master, "million.bucket-list", "buckets", 100);
	figure(&master, "million.crash-list", "crashes?order=newest", 100);
	figure(&master, "million.bucket", "buckets/p0-1", NO_FIGURE);
	figure(&master, "million.status", "status", NO_FIGURE);
	bench_figure(&(struct figure){"million.memory", "MiB",
	    (double)master_memory(&master, "VmRSS") / 1024, NO_FIGURE,
	    NO_FIGURE, AT_MOST, 64});
	master_stop(&master);
	close(m.root);
	return 0;
}
