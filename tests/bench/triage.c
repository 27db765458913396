/*
 * Triage of reports by one core: typical ones of AddressSanitizer (reading,
 * judging and signing), long ones of 1 MiB, and a hostile one of 10 MiB.  The
 * floor of a report is the least that reading it and naming it can be: its
 * lines found by memchr() and one SHA-256 of its bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/digest.h"
#include "lib/triage/triage.h"
#include "tests/bench/bench.h"

#define TURNS   15
#define TYPICAL 400 /* reports a turn */
#define LONG    8
#define HOSTILE 6

static const char FRAMES[] =
    "    #%d 0x5559b0537c%02d in png_handle_chunk_%d(png_struct_def*, "
    "png_info_def*, unsigned int) /src/libpng/pngrutil.c:%d:81\n";

static void
stack(struct buf *b, int depth, int salt)
{
	int i;

	buf_adds(b,
	    "    #0 0x5559b04d11a0 in __asan_memcpy (/out/png_fuzzer"
	    "+0x51a0) (BuildId: 6dad1c3f2b9c)\n");
	for (i = 1; i < depth - 2; i++)
		buf_printf(b, FRAMES, i, i, salt + i, 100 + i);
	buf_printf(b,
	    "    #%d 0x5559b0538260 in LLVMFuzzerTestOneInput /src/png_fuzzer"
	    ".cc:29:13\n"
	    "    #%d 0x5559b0460313 in fuzzer::Fuzzer::ExecuteCallback("
	    "unsigned char const*, unsigned long) (/out/png_fuzzer+0x43313) "
	    "(BuildId: 6dad1c3f2b9c)\n\n",
	    depth - 2, depth - 1);
}

static void
shadow(struct buf *b, int lines)
{
	int i;

	buf_adds(b, "Shadow bytes around the buggy address:\n");
	for (i = 0; i < lines; i++)
		buf_adds(b,
		    "  0x0c047fff7fb0: fa fa 00 00 fa fa 00 00 fa fa "
		    "00 00 fa fa fd fd\n");
}

/* As clang prints it: three stacks, the shadow and its legend. */
static void
report(struct buf *b, int salt)
{
	buf_reset(b);
	buf_printf(b,
	    "INFO: Running with entropic power schedule (0xFF, 100).\n"
	    "INFO: Seed: %d\n"
	    "==%d==ERROR: AddressSanitizer: heap-use-after-free on address "
	    "0x602000000053 at pc 0x5559b0537c2a bp 0x7ffd71a2c2b0 sp "
	    "0x7ffd71a2c2a8\n"
	    "WRITE of size 1 at 0x602000000053 thread T0\n",
	    salt, salt);
	stack(b, 14, salt);
	buf_adds(b,
	    "0x602000000053 is located 3 bytes inside of 16-byte region "
	    "[0x602000000050,0x602000000060)\n"
	    "freed by thread T0 here:\n");
	stack(b, 10, salt);
	buf_adds(b, "previously allocated by thread T0 here:\n");
	stack(b, 10, salt);
	buf_adds(b,
	    "SUMMARY: AddressSanitizer: heap-use-after-free /src/"
	    "libpng/pngrutil.c:101:81 in png_handle_chunk_1\n");
	shadow(b, 11);
	buf_printf(b, "==%d==ABORTING\n", salt);
}

static void
read_one(const struct buf *b)
{
	struct triage t;

	if (triage_report(&t, b->data, b->len, "png_fuzzer") != 0)
		bench_die("a report was not recognised");
}

static void
floor_one(const struct buf *b)
{
	const char *p = b->data, *end = b->data + b->len;
	struct digest d;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL)
		p++;
	digest_of(&d, b->data, b->len);
}

/* The fastest of all turns of each: theirs and ours by turns. */
static void
race(const struct buf *reports, int count, double *ours, double *theirs)
{
	double start, spent;
	int turn, i;

	*ours = *theirs = 1e9;
	for (turn = 0; turn < TURNS; turn++) {
		start = bench_now();
		for (i = 0; i < count; i++)
			read_one(&reports[i]);
		if ((spent = bench_now() - start) < *ours)
			*ours = spent;
		start = bench_now();
		for (i = 0; i < count; i++)
			floor_one(&reports[i]);
		if ((spent = bench_now() - start) < *theirs)
			*theirs = spent;
	}
}

static void
typical(void)
{
	static struct buf reports[TYPICAL];
	double ours, theirs;
	int i;

	for (i = 0; i < TYPICAL; i++)
		report(&reports[i], 1000 * i);
	bench_note("typical: %zu bytes", reports[0].len);
	race(reports, TYPICAL, &ours, &theirs);
	bench_figure(&(struct figure){"triage.typical", "1/s", TYPICAL / ours,
	    NO_FIGURE, NO_FIGURE, AT_LEAST, 5000});
	bench_figure(&(struct figure){"triage.floor", "1/s", TYPICAL / ours,
	    TYPICAL / theirs, NO_FIGURE, AT_LEAST, 0.03});
	for (i = 0; i < TYPICAL; i++)
		buf_release(&reports[i]);
}

/* What targets print before they crash, and a report behind it. */
static void
long_ones(void)
{
	struct buf reports[LONG] = {BUF_INIT}, one = BUF_INIT;
	double ours, theirs, bytes = 0;
	int i, line;

	for (i = 0; i < LONG; i++) {
		for (line = 0; reports[i].len < 1024u * 1024; line++)
			buf_printf(&reports[i],
			    "libpng warning: chunk %d of image %d: bad CRC, "
			    "it is left out\n#%d\tREDUCE cov: 1021 ft: 2817 "
			    "corp: 441/39Kb lim: 1060 exec/s: 21845 rss: "
			    "59Mb\n",
			    line, i, line);
		report(&one, i);
		buf_add(&reports[i], one.data, one.len);
		bytes += (double)reports[i].len;
	}
	race(reports, LONG, &ours, &theirs);
	bench_figure(&(struct figure){"triage.long", "MB/s", bytes / ours / 1e6,
	    NO_FIGURE, NO_FIGURE, AT_LEAST, 100});
	bench_figure(
	    &(struct figure){"triage.long-floor", "MB/s", bytes / ours / 1e6,
		bytes / theirs / 1e6, NO_FIGURE, AT_LEAST, 0.2});
	for (i = 0; i < LONG; i++)
		buf_release(&reports[i]);
	buf_release(&one);
}

static double
fastest(const struct buf *b)
{
	double best = 1e9, start, spent;
	struct triage t;
	int turn;

	for (turn = 0; turn < 5; turn++) {
		start = bench_now();
		triage_report(&t, b->data, b->len, "target");
		if ((spent = bench_now() - start) < best)
			best = spent;
	}
	return best;
}

/* Lines that look like what a report has, one after the other. */
static void
hostile(void)
{
	static const char *const lines[] = {
	    "==1==ERROR: AddressSanitizer: SEGV on unknown address 0x1 (pc "
	    "0x2 T0)\n",
	    "a.c:1:1: runtime error: shift exponent 40 is too large\n",
	    "    #0 0x5 in f<f<f<f<f<f<f<f<f<f<f<f<f((((((((((((((((( /a b/c\n",
	    "x: a.c:1: f: Assertion `a' failed.\n",
	    "Direct leak of 7 byte(s) in 1 object(s) allocated from:\n",
	    "WARNING: ERROR: ERROR: ERROR: ERROR: ERROR: ERROR: WARNING: \n",
	    "(((((((((((((((((((((((((((((((((((((((((((((((((((((\n"};
	const size_t size = 10u * 1024 * 1024;
	struct buf reports[HOSTILE] = {BUF_INIT};
	double worst = 0, spent;
	size_t n;
	int i;

	for (n = 0; reports[0].len < size; n++)
		buf_adds(&reports[0], lines[n * n % 7]);
	/* One line. */
	while (reports[1].len < size)
		buf_adds(&reports[1], "#0 0x1 in ERROR: (==1==ERROR: <");
	/* One frame after the other, of a stack that never ends. */
	buf_adds(&reports[2], lines[0]);
	for (n = 0; reports[2].len < size; n++)
		buf_printf(&reports[2],
		    "    #%zu 0x5 in f<f<f<f<f<f<f<((((((("
		    " [clone .isra] > > > /a b/(c)\n",
		    n);
	/* Heads without an end, and leaks, of which each may be the first. */
	buf_adds(&reports[3],
	    "==1==ERROR: LeakSanitizer: detected memory "
	    "leaks\n");
	for (n = 0; reports[3].len < size; n++)
		buf_printf(&reports[3],
		    "Indirect leak of %zu byte(s) in 1 "
		    "object(s) allocated from:\n    #0 0x5 in f /a.c:1\n\n",
		    n);
	/* The shortest lines there are, and half heads before many blanks. */
	buf_adds(&reports[4], lines[0]);
	while (reports[4].len < size)
		buf_adds(&reports[4], "b\n");
	while (reports[5].len < size / 2)
		buf_adds(&reports[5], ": A");
	while (reports[5].len < size)
		buf_adds(&reports[5], "                                ");
	for (i = 0; i < HOSTILE; i++) {
		if ((spent = fastest(&reports[i])) > worst)
			worst = spent;
		buf_release(&reports[i]);
	}
	bench_figure(&(struct figure){
	    "triage.hostile", "s", worst, NO_FIGURE, NO_FIGURE, AT_MOST, 0.2});
}

int
main(void)
{
	typical();
	long_ones();
	hostile();
	return 0;
}
